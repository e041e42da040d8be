"""Every row that a recipe reads has one fate, and a table without examples says why."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from maverick_assets.base_model.tokenizer import ChatTokenizer
from maverick_assets.crm.sample import sample_crm
from maverick_assets.crm.schema import TABLES
from maverick_assets.datasets.examples.refresh import refresh_candidates, refresh_dataset
from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.quality.fates import (
    BY_OTHERS,
    EXAMPLE,
    TableFates,
    row_fates,
    unused_tables,
)
from maverick_assets.datasets.quality.unused_tables import read_warnings, write_warnings
from maverick_assets.datasets.turns.refresh import refresh_mails, refresh_turns
from maverick_assets.recipes import load_recipes
from maverick_assets_tests.raw_tables import replace_raw_rows

OWNER = Owner(("allan@testpilot.example",), ("allan",))
TWIN = "allan-maverick"
DANA = "dana@acme.example"
START = datetime(2026, 2, 2, 9, 0, tzinfo=UTC)
Rows = list[dict[str, Any]]


def fates_of(
    lake: Path, tokenizer: ChatTokenizer, rows: dict[str, Rows], name: str = TWIN
) -> dict[str, TableFates]:
    """The fates of a CRM's rows by table."""
    for table, content in rows.items():
        replace_raw_rows(lake, table, content)
    refresh_mails(lake, "1")
    refresh_turns(lake, OWNER, "1")
    recipe = load_recipes()[name]
    refresh_candidates(lake, recipe, lambda: tokenizer, ["base", "1"])
    _, selection = refresh_dataset(lake, recipe)
    fates = row_fates(lake, recipe, OWNER, selection)
    return {table.table: table for table in fates}


def mail(number: int, sender: str, subject: str, **columns: Any) -> dict[str, Any]:
    body = f"These are the words of mail number {number}, which says nothing else at all."
    plain = {"id": f"m{number}", "sender_email": sender, "subject": subject, "body": body}
    return plain | {"sent_at": START + timedelta(hours=number)} | columns


@pytest.fixture(scope="module")
def sample() -> dict[str, Rows]:
    """A part of the sample, without whole conversations being cut."""
    rows = sample_crm()
    threads = {row["thread_id"] for row in rows["crm_emails"][:60]}
    talks = {row["id"] for row in rows["conversations"][:12]}
    return {
        "crm_emails": [row for row in rows["crm_emails"] if row["thread_id"] in threads],
        "conversations": [row for row in rows["conversations"] if row["id"] in talks],
        "messages": [row for row in rows["messages"] if row["conversation_id"] in talks],
        "crm_deals": rows["crm_deals"][:30],
        "sticky_notes": rows["sticky_notes"][:30],
        "feedback": rows["feedback"][:30],
        "personality_samples": rows["personality_samples"][:100],
    }


@pytest.mark.parametrize("name", [TWIN, "robbie"])
def test_each_row_has_one_fate(
    sample: dict[str, Rows], tokenizer: ChatTokenizer, tmp_path: Path, name: str
) -> None:
    fates = fates_of(tmp_path, tokenizer, sample, name)
    assert set(fates) <= set(TABLES)
    for table, fate in fates.items():
        assert sum(fate.counts.values()) == len(sample[table]), table
        assert list(fate.counts)[-1] == EXAMPLE
    assert not unused_tables([*fates.values()])
    if name == TWIN:
        assert set(fates["crm_emails"].links) == {"reply-to"}
        messages = fates["messages"].counts
        assert messages["part of the next message"] and messages[BY_OTHERS]


def test_each_mail_of_the_owner_that_is_no_example_says_at_which_step_it_was_left(
    tokenizer: ChatTokenizer, tmp_path: Path
) -> None:
    allan = OWNER.emails[0]
    tagged = {"recipients": DANA}
    forward = "Do you know this one?\n\n-------- Forwarded Message --------\nFrom: Lee\n\nHi"
    mails = [
        mail(1, DANA, "Price of the rye", recipients=allan),
        mail(2, allan, "Re: Price of the rye", **tagged),
        mail(3, allan, "Re: Price of the rye", **tagged),
        mail(4, allan, "Re: Something that nobody asked", **tagged),
        mail(5, allan, "Fwd: Ovens", body=forward, **tagged),
        mail(6, allan, "Empty", body="> Is it?", **tagged),
        mail(7, allan, "Automatic reply: Ovens", **tagged),
        mail(8, allan, "A first mail", **tagged),
        mail(9, DANA, "A question of hers", recipients=allan),
        mail(10, allan, "Re: A question of hers", body="Yes.", **tagged),
        mail(11, DANA, "Twice", recipients=allan),
        mail(12, DANA, "Twice", recipients=allan),
        mail(13, allan, "Re: Twice", **tagged),
    ]
    counts = fates_of(tmp_path, tokenizer, {"crm_emails": mails})["crm_emails"].counts
    assert counts == {
        BY_OTHERS: 4,
        "a forward": 1,
        "answers a mail that is not here": 1,
        "follows a mail of its own author": 1,
        "may answer several mails, or none": 1,
        "no person's mail: out of office": 1,
        "no words of its own": 1,
        "short answer": 1,
        EXAMPLE: 2,
    }


@pytest.mark.parametrize(
    ("columns", "lacking"),
    [
        ({}, "no recipients, thread ids or Message-IDs"),
        ({"message_id": "<1@x>", "recipients": DANA}, "no thread ids"),
    ],
)
def test_mails_that_nothing_links_are_a_warning_with_the_columns_that_are_missing(
    tokenizer: ChatTokenizer, tmp_path: Path, columns: dict[str, Any], lacking: str
) -> None:
    mails = [mail(at, OWNER.emails[0], f"Re: Subject {at}", **columns) for at in range(9)]
    warning = fates_of(tmp_path, tokenizer, {"crm_emails": mails})["crm_emails"].warning
    assert warning == (
        "crm_emails: 9 mails of yours, 0 examples: none could be linked to what it answers "
        f"({lacking})"
    )


def test_first_mails_alone_are_a_warning_too(tokenizer: ChatTokenizer, tmp_path: Path) -> None:
    mails = [mail(at, OWNER.emails[0], f"Re: Subject {at}") for at in range(9)]
    mails += [mail(20, OWNER.emails[0], "A first mail")]
    warning = fates_of(tmp_path, tokenizer, {"crm_emails": mails})["crm_emails"].warning
    assert warning and warning.startswith(
        "crm_emails: 10 mails of yours, 1 first mails and 0 answers: none could be linked"
    )


def test_tables_of_every_shape_without_examples_say_why(
    sample: dict[str, Rows], tokenizer: ChatTokenizer, tmp_path: Path
) -> None:
    rows = {
        "crm_emails": [mail(at, DANA, f"Subject {at}") for at in range(3)],
        "conversations": sample["conversations"],
        "messages": [row | {"role": "visitor"} for row in sample["messages"]],
        "crm_deals": [row | {"notes": None} for row in sample["crm_deals"]],
        "sticky_notes": [row | {"title": None} for row in sample["sticky_notes"]],
        "feedback": [row | {"personality": "robbie"} for row in sample["feedback"]],
    }
    fates = fates_of(tmp_path, tokenizer, rows)
    notes = len(rows["sticky_notes"])
    assert unused_tables([*fates.values()]) == [
        "crm_emails: 3 mails, none of them yours: no sender is an address of MAVERICK_OWNER_EMAIL",
        f"messages: {len(rows['messages'])} messages, none of them yours: none is said by a user "
        "of MAVERICK_OWNER_USER_ID",
        "crm_deals: 30 deals of yours, 0 examples: 30 no words of its own",
        f"sticky_notes: {notes} rows of yours, 0 examples: {notes} no title",
    ]


def test_samples_for_other_personalities_alone_are_a_warning(
    sample: dict[str, Rows], tokenizer: ChatTokenizer, tmp_path: Path
) -> None:
    count = len(sample["personality_samples"])
    others = [row | {"personality": "someone"} for row in sample["personality_samples"]]
    rows = {"personality_samples": others}
    warnings = unused_tables([*fates_of(tmp_path, tokenizer, rows, "robbie").values()])
    assert f"personality_samples: {count} samples, none of them for this personality" in warnings


def test_warnings_are_kept_until_the_next_refresh(tmp_path: Path) -> None:
    assert read_warnings(tmp_path / "robbie") == []
    write_warnings(tmp_path / "robbie", ["crm_emails: nothing, said Zoë"])
    assert read_warnings(tmp_path / "robbie") == ["crm_emails: nothing, said Zoë"]
    write_warnings(tmp_path / "robbie", [])
    assert read_warnings(tmp_path / "robbie") == []
    (tmp_path / "robbie" / "warnings.json").write_text("{")
    assert read_warnings(tmp_path / "robbie") == []
