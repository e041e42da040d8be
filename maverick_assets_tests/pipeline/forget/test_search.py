"""The search that ends a forgetting finds every spelling that is taken out."""

import json
import unicodedata
from pathlib import Path

import pytest

from maverick_assets.crm.forgotten import Identity
from maverick_assets.crm.people.mentions import name_forms
from maverick_assets.pipeline.forget.search import Leftover, Search

JOERG = Identity("joerg.mueller@kunde.example", tuple(name_forms("joerg mueller")))


@pytest.mark.parametrize(
    "text",
    [
        "ask jörg müller",
        "MÜLLER, JÖRG",
        "Joerg Mueller",
        unicodedata.normalize("NFD", "Jörg Müller"),
        json.dumps({"notes": "jörg müller"}),
        "J%C3%B6rg%20M%C3%BCller",
        "J&ouml;rg M&uuml;ller",
    ],
)
def test_a_name_is_found_however_its_umlauts_are_written(tmp_path: Path, text: str) -> None:
    (tmp_path / "kept").write_text(text, encoding="utf-8")
    assert Search([JOERG]).in_files(tmp_path) == [Leftover("kept", 1)]


def test_another_name_of_almost_the_same_letters_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("Jorg Muller, Jörg Müllerson, Joerg Maier", encoding="utf-8")
    assert Search([JOERG]).in_files(tmp_path) == []


@pytest.mark.parametrize("shift", range(0, 34, 3))
def test_a_long_text_names_each_as_often_as_a_short_one_does(tmp_path: Path, shift: int) -> None:
    """Wherever the pieces end that it is read in."""
    (tmp_path / "others").write_text("-" * shift + "\nx-joerg.mueller@kunde.example" * 1000)
    (tmp_path / "his").write_text("-" * shift + "\njoerg.mueller@kunde.example" * 1000)
    assert Search([JOERG]).in_files(tmp_path) == [Leftover("his", 1000)]
