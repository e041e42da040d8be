"""Lines that recur where no person types them are programs', and what people repeat stays."""

import json
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


BLOCK = "Boat Crates\nTel 0131 496 0021"


@pytest.mark.parametrize(
    "introduction",
    [
        '"Marsh, Paul" <pm77@crates.example> on 06/03/2025 10:02:11 AM\nTo: n@hale.example\n',
        "Paul Marsh\n06/03/2025 10:02 AM\nTo: Nora Hale/LEI/HALE@HALE\ncc:\n",
        '-----Original Message-----\nFrom: "Paul Marsh" <sales77@crates.example>\n'
        "Sent: Tuesday, June 3, 2025 10:02 AM\nTo: Hale, Nora\n",
        "-----Original Message-----\nFrom: Marsh, Paul\nSent: Tuesday, June 3, 2025 10:02 AM\n",
        "-----Original Message-----\nFrom: pmarsh@crates.example\nTo: Hale, Nora\n",
    ],
)
@pytest.mark.parametrize("above", ["", "Say when.  Take care,\n\n", "Paul\n\n"])
def test_a_block_goes_below_the_name_that_introduces_a_quoted_mail(
    tmp_path: Path, introduction: str, above: str
) -> None:
    asked = f"Subject: crates\n\nWe have forty.\n\n{above}Paul Marsh\n\n{BLOCK}\n"
    body = f"Fine.\n\n{introduction}{asked}"
    quoted = cleaned(tmp_path, [mail_row(1, body, NORA)])["1"][1] or ""
    assert quoted.startswith("We have forty.")
    assert "Paul" in quoted
    assert "Boat Crates" not in quoted
    assert "0131" not in quoted


def test_a_block_goes_below_the_name_of_the_header_from(tmp_path: Path) -> None:
    asked = "Please contact Lee for the lids."
    body = f"{asked}\n\nPaul Marsh\n{BLOCK}"
    sender = "office77@crates.example"
    named = {"headers": json.dumps({"from": [f'"Marsh, Paul" <{sender}>']})}
    rows = [mail_row(1, body, sender, **named), mail_row(2, body, sender, headers=None)]
    texts = cleaned(tmp_path, rows)
    assert texts["1"][0] == f"{asked}\n\nPaul Marsh"
    assert texts["2"][0] == body  # whose block it is, nothing says


def test_a_number_stays_where_others_sign_with_theirs(tmp_path: Path) -> None:
    names = ("nora hale", "lee finch", "kim brook", "ada moss")
    signed = [
        mail_row(n, f"{own(n)}\n\n{name.title()}\n131-496-00{n}1", f"{name[:3]}@crates.example")
        for n, name in enumerate(names)
    ]
    asked = "Lee\n131-496-0077"  # answers "whom do I ask, and how?"
    texts = cleaned(tmp_path, [*signed, mail_row(9, asked)])
    assert texts["9"][0] == asked


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (f"Forty will do.\n\n{PAUL}", "Forty will do."),
        (f"Please mail the list to me at:\n\n{PAUL}", None),
        (PAUL, None),
        (f"It is best to ask for it at\n{PAUL}", None),
        (f"Ask Nora.\n\n{NORA}", None),
    ],
)
def test_an_own_address_at_the_end_goes_unless_it_is_what_the_mail_says(
    tmp_path: Path, body: str, text: str | None
) -> None:
    assert cleaned(tmp_path, [mail_row(1, body)])["1"][0] == (text or body)
