"""HubSpot as a source: e-mails, deals and conversations, and an account that is busy."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maverick_assets.crm.html_text import MAX_PAGE_CHARACTERS
from maverick_assets.crm.sources.hubspot import HubSpotEntry, HubSpotSource
from maverick_assets.datasets.mail.table import clean_row
from maverick_assets.datasets.owner import Owner
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets_tests.crm.sources.fetched_table import FetchedTable
from maverick_assets_tests.crm.sources.hubspot_simulation import (
    DAILY,
    TEN_SECONDS,
    TOKEN,
    Answer,
    HubSpotSimulation,
    JsonObject,
    iso,
)
from maverick_assets_tests.datasets.turn_builders import builder_for

ALLAN = "allan@testpilot.example"
HEADERS = {
    "from": {"email": "Allan@TestPilot.example", "firstName": "Allan"},
    "to": [{"email": "Dana <dana@client.example>"}],
    "cc": [{"email": "kim@client.example"}],
}


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBSPOT_TOKEN", TOKEN)


@pytest.fixture
def account() -> Iterator[HubSpotSimulation]:
    with HubSpotSimulation().running() as simulation:
        yield simulation


def source(account: HubSpotSimulation, pauses: list[float] | None = None) -> HubSpotSource:
    entry = HubSpotEntry(
        kind="hubspot",
        name="hubspot",
        user="allan",
        token="HUBSPOT_TOKEN",
        addresses=(ALLAN,),
        url=account.url,
    )
    return HubSpotSource(entry, ([] if pauses is None else pauses).append)


def fetched_table(account: HubSpotSimulation, kind: str) -> FetchedTable:
    return FetchedTable(source(account), f"hubspot_{kind}")


def write(account: HubSpotSimulation, identity: int, text: str, **properties: str) -> None:
    account.save(
        "emails",
        identity,
        **{
            "hs_timestamp": iso(account.now),
            "hs_email_subject": "Trial",
            "hs_email_text": text,
            "hs_email_headers": json.dumps(HEADERS),
            "hs_email_thread_id": "t-1",
        }
        | properties,
    )


def test_an_e_mail_keeps_its_people_its_thread_and_its_moment(account: HubSpotSimulation) -> None:
    write(
        account,
        7,
        "Let us start on Monday.\r\n",
        hs_email_message_id="<7@testpilot.example>",
        hs_email_direction="EMAIL",
    )
    emails = fetched_table(account, "emails")
    emails.fetch()
    assert emails.rows["7"] == {
        "id": "7",
        "thread_id": "t-1",
        "message_id": "<7@testpilot.example>",
        "in_reply_to": None,
        "sender_email": ALLAN,
        "recipients": "dana@client.example, kim@client.example",
        "subject": "Trial",
        "body": "Let us start on Monday.",
        "sent_at": account.now,
        "updated_at": account.now,
        "headers": json.dumps(
            {
                "from": ["Allan <allan@testpilot.example>"],
                "to": ["Dana <dana@client.example>"],
                "cc": ["kim@client.example"],
            }
        ),
        "folder": None,
        "flags": None,
        "direction": "outgoing",
    }


def test_an_e_mail_without_text_or_headers_is_read_from_its_other_properties(
    account: HubSpotSimulation,
) -> None:
    write(
        account,
        7,
        "",
        hs_email_html="<p>Hello</p><p>Dana</p>",
        hs_email_headers="",
        hs_email_from_email=ALLAN,
        hs_email_to_email="a@x.example; b@x.example",
        hs_timestamp="1767225600000",
    )
    emails = fetched_table(account, "emails")
    emails.fetch()
    row = emails.rows["7"]
    assert (row["body"], row["sender_email"]) == ("Hello\n\nDana", ALLAN)
    assert row["recipients"] == "a@x.example, b@x.example"
    assert row["sent_at"] == datetime(2026, 1, 1, tzinfo=UTC)


def test_an_e_mail_without_a_sender_is_named_and_skipped(account: HubSpotSimulation) -> None:
    write(account, 7, "Who am I?", hs_email_headers="not json")
    fetched = fetched_table(account, "emails").fetch()
    assert [(skip.name, skip.reason) for skip in fetched.skipped] == [
        ("e-mail 7", "no sender address")
    ]


def test_objects_that_cannot_be_read_are_skipped_and_cost_no_other(
    account: HubSpotSimulation,
) -> None:
    page = f"<p>{'word ' * (MAX_PAGE_CHARACTERS // 5 + 1)}</p>"
    write(account, 7, "", hs_email_html=page)
    write(account, 8, "Let us start on Monday.")
    emails = fetched_table(account, "emails")
    skipped = emails.fetch().skipped
    account.save("deals", 3, dealname="Oat bars", amount="a lot")
    account.say(5, "m1", "V-9", "", richText=page)
    account.say(5, "m2", "V-9", "Do you ship to Norway?")
    skipped += fetched_table(account, "deals").fetch().skipped
    messages = fetched_table(account, "messages")
    skipped += messages.fetch().skipped
    assert [skip.name for skip in skipped] == ["emails 7", "deals 3", "message m1"]
    assert skipped[0].reason == "HTML of more than 2,000,000 characters"
    assert (list(emails.rows), list(messages.rows)) == (["8"], ["m2"])


@pytest.mark.parametrize(
    ("stage", "properties", "end"),
    [
        ({"isClosed": "true", "probability": "1.0"}, {}, (True, True)),
        ({"isClosed": "true", "probability": "0.0"}, {}, (True, False)),
        ({"isClosed": "false", "probability": "0.4"}, {}, (False, None)),
        ({"isClosed": "true", "probability": "0.5"}, {}, (True, None)),
        ({}, {}, (None, None)),
        ({}, {"hs_is_closed": "true", "hs_is_closed_won": "true"}, (True, True)),
        ({}, {"hs_is_closed": "true", "hs_is_closed_won": "false"}, (True, False)),
        (
            {"isClosed": "true", "probability": "1.0"},
            {"hs_is_closed": "false", "hs_is_closed_won": "false"},
            (False, False),
        ),
    ],
)
def test_closed_and_won_come_from_the_deal_or_its_stage(
    account: HubSpotSimulation,
    stage: JsonObject,
    properties: JsonObject,
    end: tuple[bool | None, bool | None],
) -> None:
    label = {"id": "9911", "label": "Archiv", **({"metadata": stage} if stage else {})}
    account.pipelines = [{"id": "default", "stages": [label]}]
    account.save("deals", 3, dealname="Oat bars", dealstage="9911", **properties)
    deals = fetched_table(account, "deals")
    deals.fetch()
    assert (deals.rows["3"]["is_closed"], deals.rows["3"]["is_won"]) == end


def test_a_deal_has_the_address_of_its_owner_and_the_name_of_its_stage(
    account: HubSpotSimulation,
) -> None:
    account.owners = [{"id": "41", "email": ALLAN, "userId": 9, "archived": True}]
    account.pipelines = [{"id": "p", "stages": [{"id": "9134", "label": "Pilot agreed"}]}]
    account.save(
        "deals",
        3,
        dealname="Oat bars",
        dealstage="9134",
        amount="12500.50",
        description="Two stores.\n\nGo, without a discount.",
        hubspot_owner_id="41",
    )
    deals = fetched_table(account, "deals")
    deals.fetch()
    row = deals.rows["3"]
    assert (row["deal_name"], row["stage"], row["amount"]) == ("Oat bars", "Pilot agreed", 12500.5)
    assert (row["owner_email"], row["created_at"]) == (ALLAN, account.now)


def test_only_messages_of_the_owner_have_the_role_user(
    account: HubSpotSimulation,
) -> None:
    account.actors = {
        "A-1": {"id": "A-1", "type": "AGENT", "email": ALLAN.upper()},
        "A-2": {"id": "A-2", "type": "AGENT", "email": "kim@testpilot.example"},
    }
    account.say(5, "m1", "V-9", "Do you ship to Norway?")
    account.say(5, "m2", "A-1", "", richText="<p>Yes, <b>weekly</b>.</p>")
    account.say(5, "m3", "A-2", "I send you the list.")
    account.say(5, "m4", "A-1", "ask Kim", type="COMMENT")
    account.say(6, "m5", "V-9", "Buy followers", archived=True)
    account.threads[6]["spam"] = True
    messages, conversations = (
        fetched_table(account, "messages"),
        fetched_table(account, "conversations"),
    )
    messages.fetch()
    conversations.fetch()
    spoken = {key: (row["role"], row["content"]) for key, row in messages.rows.items()}
    assert spoken == {
        "m1": ("visitor", "Do you ship to Norway?"),
        "m2": ("user", "Yes, weekly."),
        "m3": ("agent", "I send you the list."),
    }
    assert {key: row["user_id"] for key, row in conversations.rows.items()} == {"5": "allan"}


def test_a_conversation_names_its_visitor_so_that_he_can_be_forgotten(
    account: HubSpotSimulation,
) -> None:
    dana = {"id": "V-9", "type": "VISITOR", "email": "dana@acme.example", "name": "Dana Cole"}
    account.actors = {"V-9": dana}
    account.say(5, "m1", "V-9", "Do you ship to Norway?")
    account.say(6, "m2", "V-8", "Hello?")
    account.threads[5]["associatedContactId"] = "9"
    conversations = fetched_table(account, "conversations")
    conversations.fetch()
    metadata = {key: json.loads(row["metadata"]) for key, row in conversations.rows.items()}
    assert metadata["5"]["contact"] == {"email": "dana@acme.example", "name": "Dana Cole"}
    assert "contact" not in metadata["6"]


def test_e_mails_become_turns_of_the_owner_and_of_others(account: HubSpotSimulation) -> None:
    theirs = HEADERS | {"from": {"email": "dana@client.example"}, "to": [{"email": ALLAN}]}
    write(account, 1, "When do we start?", hs_email_headers=json.dumps(theirs))
    account.now += timedelta(minutes=5)
    write(account, 2, "On Monday.")
    emails = fetched_table(account, "emails")
    emails.fetch()
    mails = [clean_row("hubspot_emails", row) for row in emails.rows.values()]
    question, answer = builder_for(Owner((ALLAN,), ("allan",))).mail_turns(mails)
    assert (question.is_owner, answer.is_owner) == (False, True)
    assert answer.thread_id == question.thread_id


def test_a_second_fetch_reads_changes_since_an_hour_before_the_first(
    account: HubSpotSimulation,
) -> None:
    write(account, 1, "old")
    account.now += timedelta(hours=2)
    write(account, 2, "an hour ago")
    account.now += timedelta(minutes=50)
    emails = fetched_table(account, "emails")
    assert emails.fetch().complete
    write(account, 3, "new")
    account.requests.clear()
    fetched = emails.source.fetch("hubspot_emails", emails.state)
    assert [row["id"] for row in fetched.rows] == ["2", "3"]
    assert not fetched.complete
    assert "POST /crm/v3/objects/emails/search" in account.requests


def test_an_object_that_the_index_shows_late_is_found_by_the_next_fetch(
    account: HubSpotSimulation,
) -> None:
    account.lag = timedelta(minutes=30)
    emails = fetched_table(account, "emails")
    emails.fetch()
    write(account, 1, "just logged")
    account.now += timedelta(minutes=20)
    emails.fetch()
    assert emails.rows == {}
    account.now += timedelta(minutes=20)
    emails.fetch()
    assert list(emails.rows) == ["1"]


def test_archived_objects_are_deleted_and_purged_ones_vanish_within_a_week(
    account: HubSpotSimulation,
) -> None:
    for identity in (1, 2, 3):
        write(account, identity, "words")
    emails = fetched_table(account, "emails")
    emails.fetch()
    account.archive("emails", 1)
    account.purge("emails", 2)
    assert emails.fetch().deleted == ["1"]
    assert list(emails.rows) == ["2", "3"]
    assert emails.state
    emails.state["full"] = iso(account.now - timedelta(days=8))
    assert emails.fetch().complete
    assert list(emails.rows) == ["3"]


def test_more_changes_of_one_moment_than_a_query_gives_are_all_found(
    account: HubSpotSimulation,
) -> None:
    account.search_page, account.search_cap = 10, 200
    emails = fetched_table(account, "emails")
    emails.fetch()
    for identity in range(1, 251):
        write(account, identity, "imported in one go")
    emails.fetch()
    assert len(emails.rows) == 250


def test_an_object_that_is_changed_between_pages_hides_no_other(
    account: HubSpotSimulation,
) -> None:
    account.search_page = 2
    emails = fetched_table(account, "emails")
    emails.fetch()
    for identity in range(1, 7):
        write(account, identity, "changed")
        account.now += timedelta(minutes=30)
    account.before_answer = lambda: write(account, 1, "changed again")
    emails.fetch()
    assert list(emails.rows) == ["1", "2", "3", "4", "5", "6"]


@settings(max_examples=30, suppress_health_check=list(HealthCheck))
@given(
    changes=st.lists(
        st.tuples(
            st.sampled_from(["save", "save", "archive", "nothing"]),
            st.integers(1, 12),
            st.integers(0, 25),
        ),
        max_size=40,
    ),
    fetches=st.integers(1, 4),
    lag=st.integers(0, 20),
)
def test_whatever_changes_between_pages_is_neither_lost_nor_kept_too_long(
    changes: list[tuple[str, int, int]], fetches: int, lag: int
) -> None:
    simulation = HubSpotSimulation(page=2, search_page=2, lag=timedelta(minutes=lag))
    pending = list(changes)

    def change() -> None:
        if pending:
            what, identity, minutes = pending.pop()
            simulation.now += timedelta(minutes=minutes)
            exists = identity in simulation.objects["emails"]
            if what == "archive" and exists:
                simulation.archive("emails", identity)
            elif what == "save" and not (exists and _latest(simulation, identity)["archived"]):
                write(simulation, identity, f"version {len(pending)}")

    for identity in range(1, 8):
        write(simulation, identity, "first")
    with simulation.running():
        emails = fetched_table(simulation, "emails")
        simulation.before_answer = change
        for _ in range(fetches):
            emails.fetch()
        simulation.before_answer = lambda: None
        simulation.now += timedelta(minutes=lag)
        emails.fetch()
    expected = {
        str(identity): _latest(simulation, identity)["properties"]["hs_email_text"]
        for identity in simulation.objects["emails"]
        if not _latest(simulation, identity)["archived"]
    }
    assert {key: row["body"] for key, row in emails.rows.items()} == expected


def _latest(simulation: HubSpotSimulation, identity: int) -> JsonObject:
    return simulation.objects["emails"][identity][-1]


def test_new_messages_of_known_threads_are_found_on_every_page(account: HubSpotSimulation) -> None:
    account.page = 2
    for thread in range(1, 6):
        account.say(thread, f"{thread}-a", "V-1", "Hello?")
    messages = fetched_table(account, "messages")
    messages.fetch()
    account.now += timedelta(hours=3)

    def answered_meanwhile() -> None:
        if len(account.requests) == asked + 2:
            account.now += timedelta(minutes=1)
            account.say(2, "2-c", "V-1", "Still there?")

    for thread in (2, 4, 5):
        account.say(thread, f"{thread}-b", "V-1", "Anyone?")
    asked = len(account.requests)
    account.before_answer = answered_meanwhile
    messages.fetch()
    assert sorted(set(messages.rows) - {f"{n}-a" for n in range(1, 6)}) == [
        "2-b",
        "2-c",
        "4-b",
        "5-b",
    ]


def test_a_thread_that_vanishes_between_list_and_messages_does_not_end_the_fetch(
    account: HubSpotSimulation,
) -> None:
    account.say(1, "a", "V-1", "Hello?")
    account.say(2, "b", "V-1", "Hello?")

    def remove_the_first_thread() -> None:
        if len(account.requests) == 2:
            account.threads.pop(1, None)

    account.before_answer = remove_the_first_thread
    messages = fetched_table(account, "messages")
    messages.fetch()
    assert list(messages.rows) == ["b"]


def test_a_busy_hubspot_is_retried_after_the_time_that_it_names(account: HubSpotSimulation) -> None:
    write(account, 1, "words")
    status, body, _ = TEN_SECONDS
    account.refusals.extend([(status, body, {"Retry-After": "9"}), TEN_SECONDS, (502, {}, {})])
    pauses: list[float] = []
    emails = FetchedTable(source(account, pauses), "hubspot_emails")
    emails.fetch()
    assert list(emails.rows) == ["1"]
    assert pauses == [9.0, 2.0, 4.0]


def test_a_hubspot_that_stays_busy_ends_the_fetch_with_one_error(
    account: HubSpotSimulation,
) -> None:
    account.refusals.extend([TEN_SECONDS] * 10)
    with pytest.raises(MaverickError, match=r"table hubspot_emails: .* 6 attempts \(status 429\)"):
        fetched_table(account, "emails").fetch()
    assert len(account.requests) == 6


@pytest.mark.parametrize(
    ("refusal", "message"),
    [
        (DAILY, "used up its requests of the day; run it again tomorrow"),
        ((429, {}, {"Retry-After": "3600"}), "no request for 3600 s"),
        ((400, {"message": "bad filter"}, {}), "refuses /crm/v3/objects/emails: 400 bad filter"),
    ],
)
def test_a_refusal_that_waiting_does_not_change_is_not_repeated(
    account: HubSpotSimulation, refusal: Answer, message: str
) -> None:
    account.refusals.append(refusal)
    with pytest.raises(MaverickError, match=message):
        fetched_table(account, "emails").fetch()
    assert len(account.requests) == 1


def test_a_missing_scope_is_named(account: HubSpotSimulation) -> None:
    account.missing_scopes = {"/crm/v3/objects/emails": ["sales-email-read"]}
    with pytest.raises(BadInput, match=r"HUBSPOT_TOKEN may not read .*: sales-email-read"):
        fetched_table(account, "emails").fetch()


def test_a_wrong_or_missing_token_names_its_variable(
    account: HubSpotSimulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUBSPOT_TOKEN", "expired")
    with pytest.raises(BadInput, match="refuses the token in HUBSPOT_TOKEN"):
        fetched_table(account, "emails").fetch()
    monkeypatch.delenv("HUBSPOT_TOKEN")
    with pytest.raises(BadInput, match="source hubspot: HUBSPOT_TOKEN is not set"):
        fetched_table(account, "emails").fetch()


def test_an_unreachable_hubspot_ends_the_fetch_with_one_error() -> None:
    pauses: list[float] = []
    nowhere = HubSpotSimulation(url="http://127.0.0.1:9")
    with pytest.raises(MaverickError, match=r"no answer.*; run it again later"):
        FetchedTable(source(nowhere, pauses), "hubspot_emails").fetch()
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0]


def test_an_address_where_no_hubspot_is_ends_the_fetch_with_one_error(
    account: HubSpotSimulation,
) -> None:
    account.refusals.append((200, "<html>Welcome</html>", {}))
    with pytest.raises(BadInput, match=r"no HubSpot answers at .*; correct the url"):
        fetched_table(account, "emails").fetch()


def test_searches_keep_below_the_limit_of_five_a_second(account: HubSpotSimulation) -> None:
    account.search_page = 2
    pauses: list[float] = []
    emails = FetchedTable(source(account, pauses), "hubspot_emails")
    emails.fetch()
    for identity in range(1, 6):
        write(account, identity, "words")
    emails.fetch()
    assert pauses == [0.25, 0.25]
