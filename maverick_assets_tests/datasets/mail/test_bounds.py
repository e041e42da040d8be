"""A cut ends where the writer's words begin, and programs' blocks go by what they are."""

import re
from typing import Any

import pytest

from maverick_assets.datasets.mail.cleaning import clean_body
from maverick_assets_tests.corpora.files import read_list

LAYOUTS = read_list("bounded_cuts.yaml")
BLOCKS = read_list("program_blocks.yaml")


def paragraphs(text: str | None) -> str:
    """A text in which only its blank lines and its margins are not compared."""
    return re.sub(r"\n\s*\n+", "\n\n", (text or "").strip())


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout["name"])
def test_a_cut_keeps_what_stands_above_it_and_between(layout: dict[str, Any]) -> None:
    mail = clean_body(layout["body"])
    assert paragraphs(mail.text) == paragraphs(layout["text"])
    assert paragraphs(mail.quoted) == paragraphs(layout.get("quoted"))


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block["name"])
def test_what_programs_add_goes_and_what_looks_like_it_stays(block: dict[str, Any]) -> None:
    assert paragraphs(clean_body(block["body"]).text) == paragraphs(block["text"])
