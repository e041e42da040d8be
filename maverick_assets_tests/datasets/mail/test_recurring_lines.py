"""Lines that recur where no person types them are programs', and what people repeat stays."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from maverick_assets.datasets.mail.table import read_mails
from maverick_assets.datasets.turns.refresh import refresh_mails
from maverick_assets.lake.paths import mails_path
from maverick_assets_tests.raw_tables import replace_raw_tables

PAUL = "paul.marsh@marsh.example"
NORA = "nora.hale@hale.example"
WORDS = (
    "lids",
    "crates",
    "pallets",
    "nails",
    "boards",
    "hinges",
    "labels",
    "straps",
    "wraps",
    "ink",
)


def mail_row(number: int, body: str, sender: str = PAUL, **columns: Any) -> dict[str, Any]:
    row = {
        "id": str(number),
        "sender_email": sender,
        "subject": f"Order {number}",
        "body": body,
        "sent_at": datetime(2025, 6, 1, tzinfo=UTC) + timedelta(hours=number),
        "thread_id": None,
        "message_id": f"<{number}@marsh.example>",
        "in_reply_to": None,
        "recipients": NORA if sender == PAUL else PAUL,
        "updated_at": None,
    }
    return row | columns


def cleaned(lake: Path, rows: Sequence[dict[str, Any]]) -> dict[str, tuple[str, str | None]]:
    """Text and quoted words of each mail, by the row's id."""
    replace_raw_tables(lake, {"crm_emails": {row["id"]: row for row in rows}})
    refresh_mails(lake, "1")
    mails = read_mails(mails_path(lake))
    return {mail.id.partition(":")[2]: (mail.text, mail.quoted) for mail in mails}


def own(number: int) -> str:
    return f"We need {number + 3} more {WORDS[number % len(WORDS)]} by the {number + 2}th."


@pytest.mark.parametrize(
    "footer",
    [
        "Zorbl-lähetin 4.2",
        "Hale & Sons of Leith since 1902",
        "Marsh Crates Ltd\nRegistered in Leith under 44120\nDirectors: P. Marsh, A. Marsh",
        "This text travelled through the Brim gateway.",
        "Follow the crates: https://crates.example/news?id=771",
    ],
)
def test_what_recurs_below_a_name_goes(tmp_path: Path, footer: str) -> None:
    rows = [mail_row(n, f"Nora,\n\n{own(n)}\n\nPaul\n\n{footer}\n") for n in range(4)]
    texts = cleaned(tmp_path, rows)
    assert [texts[str(n)][0] for n in range(4)] == [f"Nora,\n\n{own(n)}\n\nPaul" for n in range(4)]


@pytest.mark.parametrize(
    "banner",
    [
        "Kauniainen gateway: sender not on the list of partners",
        "[ NOT FROM HALE ]",
        "=== Checked by Brim 3 ===\nRead with care",
    ],
)
def test_what_recurs_above_a_greeting_goes(tmp_path: Path, banner: str) -> None:
    rows = [
        mail_row(n, f"{banner}\n\nHi Paul,\n\n{own(n)}\n", sender=f"{name}@{name}.example")
        for n, name in enumerate(("nora", "lee", "kim", "ada", "ben"))
    ]
    texts = cleaned(tmp_path, rows)
    assert [texts[str(n)][0] for n in range(5)] == [f"Hi Paul,\n\n{own(n)}" for n in range(5)]


def test_a_banner_over_mails_of_many_writers_goes_without_a_greeting(tmp_path: Path) -> None:
    banner = (
        "The Brim gateway has seen this text and keeps a copy of it for ninety days on its shelf."
    )
    names = ("nora", "lee", "kim", "ada", "ben")
    rows = [
        mail_row(n, f"{banner}\n\n{own(n)}\n", sender=f"{name}@{name}.example")
        for n, name in enumerate(names)
    ]
    assert [text for text, _ in cleaned(tmp_path, rows).values()] == [own(n) for n in range(5)]


@pytest.mark.parametrize(
    "habit",
    [
        "Thanks, Paul",
        "Thanks\nPaul",
        "Cheers\nPaul",
        "Let me know what you think.",
        "Let me know what you think.\n\nPaul",
        "Have a good week!\nPaul",
        "See below.",
        "Best,\nPaul",
        "Call me",
        "Talk soon\n\nPaul Marsh",
        "As ever,\n\nP.",
    ],
)
def test_what_a_person_repeats_stays(tmp_path: Path, habit: str) -> None:
    rows = [mail_row(n, f"Hi Nora,\n\n{own(n)}\n\n{habit}\n") for n in range(12)]
    texts = cleaned(tmp_path, rows)
    expected = [f"Hi Nora,\n\n{own(n)}\n\n{habit}" for n in range(12)]
    assert [texts[str(n)][0] for n in range(12)] == expected


def test_openings_that_a_person_repeats_stay(tmp_path: Path) -> None:
    bodies = [f"Good morning Nora,\n\nthanks for your mail.\n\n{own(n)}\n\nPaul" for n in range(8)]
    bodies += [f"Yes.\n\n{own(n)}\n\nPaul" for n in range(8)]
    bodies += ["Yes.", "Fine with me.", "See below", "Thanks, Paul", "Yes."]
    texts = cleaned(tmp_path, [mail_row(n, body) for n, body in enumerate(bodies)])
    assert [texts[str(n)][0] for n in range(len(bodies))] == bodies


def test_copies_of_one_mail_are_one_piece_of_evidence(tmp_path: Path) -> None:
    body = f"Nora,\n\n{own(1)}\n\nPaul\n\nThe blue crate is yours, by the way"
    texts = cleaned(tmp_path, [mail_row(n, body) for n in range(6)])
    assert {text for text, _ in texts.values()} == {body}


def test_a_signature_in_what_is_quoted_goes_as_well(tmp_path: Path) -> None:
    asked = [
        f"Paul,\n\n{own(n)}\n\nNora\n\nHale and daughters, boxes of all sizes" for n in range(4)
    ]
    rows = [
        mail_row(
            n,
            "Yes.\n\nOn 3 Jun 2025, Nora Hale <nora.hale@hale.example> wrote:\n"
            + "\n".join(f"> {line}" for line in asked[n].split("\n")),
        )
        for n in range(4)
    ]
    quoted = [words for _, words in cleaned(tmp_path, rows).values()]
    assert quoted == [f"Paul,\n\n{own(n)}\n\nNora" for n in range(4)]


@pytest.mark.parametrize("seed", range(2))
def test_night_after_night_and_in_any_order_the_mails_are_those_of_a_full_rebuild(
    tmp_path: Path, seed: int
) -> None:
    rng = random.Random(seed)
    footers = ("Zorbl-lähetin 4.2", "Hale & Sons of Leith since 1902", "On the road with Brim")
    rows = [
        mail_row(n, f"Hi,\n\n{own(n)}\n\n{name.title()}\n\n{footer}", f"{name}@{name}.example")
        for n in range(24)
        for name, footer in [(rng.choice(("nora", "lee", "kim")), rng.choice(footers))]
    ]
    lake = tmp_path / "lake"
    held: list[dict[str, Any]] = []
    for night in range(5):
        held = rng.sample(held, max(len(held) - 2, 0)) + rows[night * 4 : night * 4 + 4]
        rng.shuffle(held)
        incremental = cleaned(lake, held)
        assert incremental == cleaned(tmp_path / f"rebuilt{night}", held[::-1])
    kept = sum(any(footer in text for footer in footers) for text, _ in incremental.values())
    assert kept < len(held) / 2


@pytest.mark.parametrize(
    "body",
    [
        "Send forty, and mail me.\n\nPaul Marsh\n\nBoat Crates\nTel 0131 496 0021",
        "Here is all the info we have.\nBest,\nPaul\nBoat Crates\n0131 496 0021",
        "Please send forty.\nPaul Marsh, C.E.\nSales\npaul.marsh@marsh.example",
        'Ask for Dana.\n\n- Paul "Crate" Marsh\n  paul.marsh@marsh.example',
        "The numbers are below.\n\nPaul\nx4471",
        "Let us say forty then\nPaul Marsh\nBoat Crates\n0131 496 0021",
        "Forty will do.\n\nPaul Marsh\nBoat Crates\nSales and Repairs",
        "Forty will do.\n\nPaul\n#31203",
        "Forty will do.\n\nPaul Marsh\n31203",
        "Forty will do.\n\nPaul Marsh\nBoat Crates\n\nTel 0131 496 0021\n- ---------------",
    ],
)
def test_a_block_below_the_name_that_the_address_spells_goes_at_once(
    tmp_path: Path, body: str
) -> None:
    text = cleaned(tmp_path, [mail_row(1, body)])["1"][0]
    assert "Boat Crates" not in text
    assert not set("@0") & set(text)
    assert text.splitlines()[-1].startswith(("Paul", "- Paul"))


@pytest.mark.parametrize(
    "body",
    [
        "Please write to:\nPaul Marsh\n12 Mill Lane\nLeith 77002\n\nThanks,\nPaul",
        "Write to\nPaul Marsh\n12 Mill Lane\n0131 496 0021",
        "Here is what I know.\n\nNora Hale\nHale Boxes\n0131 496 0021\n\nPaul",
        "Forty will do.\n\nPaul\nDeal 517673.1 and 517674.1",
        "Forty will do.\n\nPaul\nCrates for Leith",
    ],
)
def test_an_address_that_the_mail_is_about_stays(tmp_path: Path, body: str) -> None:
    assert cleaned(tmp_path, [mail_row(1, body)])["1"][0] == body
