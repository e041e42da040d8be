"""The file of sources: what its entries make, and how a mistake is reported."""

from pathlib import Path

import pytest

from maverick_assets.crm.schema import TABLES
from maverick_assets.crm.sources.source import Source
from maverick_assets.crm.sources.sources_file import load_sources
from maverick_assets.errors import BadInput

GOOD = """\
sources:
  - kind: hubspot
    name: hubspot
    user: allan
    token: HUBSPOT_TOKEN
    addresses: [Allan@TestPilot.example]
  - kind: calendar
    name: calendar
    user: allan
    files: [~/calendars]
  - kind: documents
    name: papers
    user: allan
    folder: /srv/papers
"""


def load(tmp_path: Path, text: str) -> list[Source]:
    path = tmp_path / "sources.yaml"
    path.write_text(text)
    return load_sources(path)


def test_one_entry_is_one_source_with_tables_of_known_shapes(tmp_path: Path) -> None:
    sources = load(tmp_path, GOOD)
    tables = {table.name: table for source in sources for table in source.tables}
    assert {name: table.shape for name, table in tables.items()} == {
        "hubspot_emails": "mail",
        "hubspot_deals": "deal",
        "hubspot_conversations": "conversation",
        "hubspot_messages": "message",
        "calendar_events": "note",
        "papers_documents": "note",
    }
    assert tables["hubspot_emails"].table.columns == TABLES["crm_emails"].columns
    assert tables["hubspot_emails"].table.name == "hubspot_emails"


def test_all_tables_of_an_entry_have_the_class_that_it_names(tmp_path: Path) -> None:
    for entry in ("hubspot", "calendar", "papers"):
        text = GOOD.replace(f"name: {entry}\n", f"name: {entry}\n    sensitivity: health\n")
        tables = [table for source in load(tmp_path, text) for table in source.tables]
        marked = {table.name for table in tables if table.table.sensitivity == "health"}
        assert marked == {table.name for table in tables if table.name.startswith(entry)}


def test_without_a_file_there_are_no_sources() -> None:
    assert load_sources(None) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("token: HUBSPOT_TOKEN", "token: X\n    tok: Y"), r"yaml:6: .*hubspot.tok: unknown key"),
        (("kind: calendar", "kind: ical"), r"sources.yaml:7: sources.1: Input tag 'ical'"),
        (("/srv/papers", "papers"), r"sources.yaml:14: .*folder: .*give an absolute path"),
        (("files: [~/calendars]", "timezone: Mars"), r"sources.yaml:10: .*no such time zone"),
        (("    files: [~/calendars]\n", ""), r"sources.yaml:7: .*give files, or caldav"),
        (("name: papers", "name: p\n    sensitivity: secret"), r"yaml:13: .*sensitivity: Input"),
        (("name: hubspot", "name: crm"), r"source crm: table crm_\w+ is taken; rename it"),
    ],
    ids=["unknown key", "unknown kind", "relative", "zone", "nothing", "class", "taken"],
)
def test_a_wrong_entry_is_named_with_its_line(
    tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        load(tmp_path, GOOD.replace(*change))


def test_two_entries_of_one_name_and_kind_are_refused(tmp_path: Path) -> None:
    entry = "\n".join(GOOD.splitlines()[-4:])
    with pytest.raises(BadInput, match="source papers: table papers_documents is taken"):
        load(tmp_path, f"{GOOD}{entry}\n")


def test_an_entry_whose_library_is_missing_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maverick_assets.crm.sources.sources_file.find_spec", {}.get)
    with pytest.raises(BadInput, match=r"source hubspot needs libraries .*pip install"):
        load(tmp_path, GOOD)
