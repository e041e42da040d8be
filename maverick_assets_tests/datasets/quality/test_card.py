"""The dataset card: figures that add up, and a page that shows texts as they are."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lxml import html

from maverick_assets.base_model.tokenizer import Message
from maverick_assets.datasets.examples.example import Example
from maverick_assets.datasets.examples.select import CandidateSummary
from maverick_assets.datasets.mail.cleaning import RemovedPart
from maverick_assets.datasets.quality.card import (
    BINS,
    BodyPart,
    Card,
    body_parts,
    card_text,
    contact_share,
    random_examples,
    shares,
    with_fates,
    write_card,
)
from maverick_assets.datasets.quality.fates import TableFates
from maverick_assets_tests.datasets.example_template import EXAMPLE

START = datetime(2026, 1, 1, tzinfo=UTC)
BODY = "Hi Dana,\nyes, let's.\n\n> Shall we?\n-- \nAllan"


def example(number: int, **fields: Any) -> Example:
    messages = [
        Message(role="user", content="<b>Hi</b>"),
        Message(role="assistant", content="Yo"),
    ]
    own: dict[str, Any] = {"example_id": f"e{number:03}", "messages": messages, "n_tokens": number}
    return replace(EXAMPLE, **own | fields)


def card_of(examples: list[Example], parts: list[BodyPart]) -> Card:
    funnel = [("rows", 9), ("examples", len(examples))]
    lengths = [each.n_tokens for each in examples]
    shown = [(each, parts) for each in random_examples(examples, 1)]
    return Card("robbie", 3, funnel, shares(examples), lengths, shown)


def test_the_parts_of_a_mail_add_up_to_its_body() -> None:
    start = BODY.index(">")
    signature = BODY.index("--")
    removed = [
        RemovedPart(start, signature, "quote"),
        RemovedPart(signature, len(BODY), "signature"),
    ]
    parts = body_parts(BODY, removed)
    lengths = [int(part.text.strip("[]").removesuffix(" characters")) for part in parts]
    assert sum(lengths) == len(BODY)
    assert [part.removed for part in parts] == [None, "quote", "signature"]


def test_every_example_is_in_one_bin_of_the_histogram() -> None:
    card = card_of([example(number) for number in range(1, 101)], [])
    bins = card.histogram()
    assert len(bins) == BINS
    assert sum(count for _, count in bins) == 100
    assert bins[-1][0] >= 100


def test_shares_leave_out_what_no_example_has() -> None:
    found = shares([example(1), example(2, split="validation"), example(3, mood="joy")])
    assert found == {
        "split": {"train": 2, "validation": 1},
        "kind": {"reply": 3},
        "source": {"crm_emails": 3},
        "mood": {"none": 2, "joy": 1},
    }


def test_the_same_twenty_are_picked_again_whatever_the_order() -> None:
    examples = [example(number) for number in range(1, 60)]
    assert len(random_examples(examples, 7)) == 20
    assert (
        random_examples(examples, 7)
        == random_examples(examples[::-1], 7)
        != random_examples(examples, 8)
    )


def test_the_page_strikes_through_what_was_removed_and_escapes_what_people_wrote(
    tmp_path: Path,
) -> None:
    path = tmp_path / "card.html"
    write_card(card_of([example(1)], [BodyPart("Yo", None), BodyPart("<i>Bye", "signature")]), path)
    page = html.fromstring(path.read_text())
    assert [(each.text, each.get("title")) for each in page.iter("s")] == [("<i>Bye", "signature")]
    assert not list(page.iter("b")) and not list(page.iter("i"))
    assert "<b>Hi</b>" in page.text_content()
    cells = [[cell.text for cell in row] for row in page.iter("tr")]
    assert cells[:2] == [["rows", "9"], ["examples", "1"]]


def test_a_card_of_no_examples_is_a_page_too(tmp_path: Path) -> None:
    write_card(card_of([], []), tmp_path / "card.html")
    assert "0 random examples" in (tmp_path / "card.html").read_text()


def test_the_text_for_a_terminal_has_the_funnel_and_three_examples() -> None:
    text = card_text(card_of([example(number) for number in range(1, 30)], []))
    assert "robbie, dataset 3\n\n       9  rows\n      29  examples\n" in text
    assert text.count("[assistant] Yo") == 3


def test_page_and_text_have_the_fates_of_the_rows_and_the_warnings(tmp_path: Path) -> None:
    unread = TableFates("crm_emails", "reply", {"a forward": 7, "example": 0})
    used = TableFates("other", "reply", {"short answer": 2, "example": 3}, {"subject": 3})
    card = with_fates(card_of([], []), [unread, used])
    warning = "crm_emails: 7 mails of yours, 0 examples: 7 a forward"
    assert card.warnings == [warning]
    text = card_text(card)
    assert f"       3  answers linked by subject\nwarning   {warning}\n" in text
    path = tmp_path / "card.html"
    write_card(card, path)
    page = html.fromstring(path.read_text())
    assert warning in [each.text_content() for each in page.iter("strong")]
    cells = [[cell.text for cell in row] for row in page.iter("tr")]
    assert ["a forward", "7"] in cells and ["answers linked by subject", "3"] in cells


def test_the_share_of_contacts_adds_up_to_the_examples() -> None:
    plain = CandidateSummary("0", 0, "t", "e", "messages", "t", START, 9, 2, b"", "dialogue")
    candidates = [
        replace(plain, contact=f"{at % 15:02} and who he is", dropped="secret" if at > 30 else None)
        for at in range(40)
    ]
    counts = contact_share(candidates)["contact"]
    assert len(counts) == 11
    assert sum(counts.values()) == 31
