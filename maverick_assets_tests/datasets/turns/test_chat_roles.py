"""Who the owner of a chat is comes from evidence; where there is none, nobody is."""

from pathlib import Path

import pytest

from maverick_assets.crm.schema import TEXT_TABLES
from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.turns.chat_roles import chat_roles
from maverick_assets.datasets.turns.refresh import refresh_mails, refresh_turns
from maverick_assets.datasets.turns.turn import read_turns
from maverick_assets.datasets.turns.unclear import unclear_rows
from maverick_assets.lake.paths import turns_path
from maverick_assets_tests.raw_tables import upsert_raw_rows

OWNER = Owner(("allan.reyes@testpilot.example",), ("u-17", "allan"))
MINE, HERS = "u-17", "u-99"


@pytest.mark.parametrize(
    ("user", "chats", "owners"),
    [
        # as documented
        (MINE, [["user", "assistant"]], {"user"}),
        (MINE, [["user", "assistant"], ["user", "agent"]], {"user"}),
        (HERS, [["user", "assistant"]], set()),
        # ids, addresses and names of the owner
        (HERS, [["allan", "visitor"]], {"allan"}),
        (HERS, [["U-17", "c-3"], ["u-17", "c-4"]], {"u-17"}),
        (
            None,
            [["allan.reyes@testpilot.example", "dana@acme.example"]],
            {"allan.reyes@testpilot.example"},
        ),
        (HERS, [["Allan Reyes", "Dana Cole"]], {"allan reyes"}),
        # the one who is always there
        (MINE, [["k7", "dana"], ["k7", "lee"], ["k7", "kim"]], {"k7"}),
        # words
        (MINE, [["me", "them"]], {"me"}),
        (MINE, [["Owner", "Customer"]], {"owner"}),
        (MINE, [["human", "ai"]], {"human"}),
        (MINE, [["ich", "kunde"]], {"ich"}),
        (MINE, [["operator", "visitor"], ["operator", "lead"]], {"operator"}),
        (MINE, [["agent", "visitor", "bot"]], {"agent"}),
        # ambiguous: nobody
        (MINE, [["visitor", "assistant"]], set()),
        (MINE, [["agent", "operator", "visitor"]], set()),
        (MINE, [["k7", "k8"], ["k7", "k8"]], set()),
        (MINE, [["k7", "dana"], ["k8", "lee"]], set()),
        (MINE, [["me", "ich"]], set()),
        (HERS, [["agent", "visitor"]], set()),
        (MINE, [["visitor", "a"], ["visitor", "b"], ["visitor", "c"]], set()),
    ],
)
def test_the_owners_role_is_found_by_evidence(
    user: str | None, chats: list[list[str]], owners: set[str]
) -> None:
    owners_of = {str(key): user for key in range(len(chats))}
    pairs = [(str(key), role) for key, roles in enumerate(chats) for role in roles]
    roles = chat_roles(owners_of, pairs, OWNER)
    found = {role.lower() for _, role in pairs if roles.is_owner(role, user == MINE)}
    assert found == owners
    assert roles.is_unclear == (not owners and user == MINE)


def write(lake: Path, roles: list[str]) -> None:
    for table in ("crm_emails", "crm_deals", "sticky_notes", "feedback", "personality_samples"):
        upsert_raw_rows(lake, table, [])
    upsert_raw_rows(lake, "conversations", [{"id": "c1", "user_id": MINE}])
    upsert_raw_rows(
        lake,
        "messages",
        [
            {"id": str(at), "conversation_id": "c1", "role": role, "content": f"Words {at}."}
            for at, role in enumerate(roles)
        ],
    )


def owned(lake: Path) -> list[str]:
    refresh_mails(lake, "1")
    refresh_turns(lake, OWNER, "1")
    return [turn.turn_id for turn in read_turns(turns_path(lake)) if turn.is_owner]


def test_messages_of_an_unclear_role_are_not_learnt_and_counted_until_it_is_clear(
    tmp_path: Path,
) -> None:
    lake = tmp_path / "lake"
    write(lake, ["k7", "k8", "k7"])
    assert owned(lake) == []
    [(what, rows)] = unclear_rows(lake, TEXT_TABLES, OWNER).items()
    assert (what[:24], rows) == ("which role of k7, k8 is ", ["messages"])
    named = Owner(OWNER.emails, (*OWNER.user_ids, "k7"))
    refresh_turns(lake, named, "1")
    turns = read_turns(turns_path(lake))
    assert [turn.turn_id for turn in turns if turn.is_owner] == ["messages:0", "messages:2"]
    assert unclear_rows(lake, TEXT_TABLES, named) == {}


def test_a_deal_that_is_closed_in_no_known_way_is_counted(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    upsert_raw_rows(
        lake,
        "crm_deals",
        [{"id": "1", "stage": "Archiv", "is_closed": True}, {"id": "2", "stage": "Closed Won"}],
    )
    assert list(unclear_rows(lake, TEXT_TABLES, OWNER).values()) == [["crm_deals:1"]]
