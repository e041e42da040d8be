"""What the owner knew about a recipient, from older rows alone."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.turns.recipient_facts import recipient_facts

OWNER = Owner(("allan@testpilot.example",), ("allan",))
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ALLAN, DANA, LEE = "allan@testpilot.example", "dana@oat-bars.example", "lee@else.example"


def mail(key: str, sender: str, recipients: list[str], hour: int) -> dict[str, Any]:
    moment = START + timedelta(hours=hour)
    return {"id": key, "sender": sender, "recipients": recipients, "sent_at": moment}


def deal(name: str, stage: str | None, hour: int, updated: int | None = None) -> dict[str, Any]:
    return {
        "deal_name": name,
        "stage": stage,
        "created_at": START + timedelta(hours=hour),
        "updated_at": None if updated is None else START + timedelta(hours=updated),
    }


def test_the_relation_counts_mails_of_both_directions_that_came_before() -> None:
    mails = [
        mail("first", ALLAN, [DANA], 0),
        mail("same moment", ALLAN, [DANA], 0),
        *(mail(f"hers {at}", DANA, [ALLAN], at) for at in range(1, 9)),
        mail("tenth", ALLAN, [LEE, DANA], 20),
        mail("regular", ALLAN, [ALLAN, DANA], 21),
        mail("to himself", ALLAN, [ALLAN], 22),
    ]
    assert recipient_facts(mails, [], OWNER) == {
        "first": "Relation: first contact",
        "same moment": "Relation: first contact",
        "tenth": "Relation: first contact",
        "regular": "Relation: regular contact",
    }


def test_a_deal_is_known_by_the_company_and_as_it_stood_then() -> None:
    deals = [
        deal("Oat Bars: shelf test", "open", 0),
        deal("Concept screen for Oat Bars", "won", 0, updated=5),
        deal("Elsewhere: shelf test", "lost", 0),
        deal("Oat Bars, again", None, 0),
    ]
    mails = [mail(f"{hour}", ALLAN, [DANA], hour) for hour in (0, 4, 6)]
    facts = recipient_facts([*mails, mail("lee", ALLAN, [LEE], 7)], deals, OWNER)
    assert [fact.partition("\n")[2] for fact in facts.values()] == [
        "Deal: open",
        "Deal: open",
        "Deal: won",
        "",
    ]


@given(
    st.lists(
        st.tuples(st.sampled_from([ALLAN, DANA, LEE]), st.sampled_from([ALLAN, DANA, LEE])),
        max_size=30,
    ),
    st.lists(st.integers(0, 40), max_size=4),
    st.integers(0, 30),
)
def test_facts_of_a_mail_do_not_change_with_what_comes_later(
    pairs: list[tuple[str, str]], changes: list[int], now: int
) -> None:
    mails = [mail(f"{at}", one, [other], at) for at, (one, other) in enumerate(pairs)]
    deals = [deal("Oat Bars", f"stage {at}", hour) for at, hour in enumerate(changes)]
    begun = START + timedelta(hours=now)
    then = recipient_facts(
        [row for row in mails if row["sent_at"] <= begun],
        [row for row in deals if row["created_at"] <= begun],
        OWNER,
    )
    later = recipient_facts(mails, deals, OWNER)
    assert {key: later[key] for key in then} == then
