"""The benchmark for a card, rehearsed on the CPU: every section, on a base of two narrow layers."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks.card.candidates import grouped_lora
from benchmarks.card.sections import SECTIONS
from benchmarks.card.setting import CardSetting
from benchmarks.gpu import TABLES, Section, Table, main, measure
from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.errors import BadInput
from maverick_assets.training.device.hardware import Hardware

CPU = Hardware("cpu", torch.float32)

# What a section needs besides the package; without it, it says so.
EXTRAS = {"trl": "trl", "unsloth": "unsloth", "liger-norm": "liger_kernel"}


@pytest.fixture(scope="module")
def setting(base: PreparedBase, tmp_path_factory: pytest.TempPathFactory) -> CardSetting:
    folder = tmp_path_factory.mktemp("card")
    home = base.directory.parents[1]
    setting = CardSetting(device="cpu", tiny=True, folder=folder, home=home)
    (folder / "setting.json").write_text(setting.model_dump_json())
    SECTIONS["bases"](setting, CPU)
    return setting


def sections_of(tables: tuple[Table, ...]) -> list[tuple[Table, Section]]:
    return [(table, section) for table in tables for section in table.sections]


def test_every_section_has_a_place_on_the_page() -> None:
    assert {section.name for _, section in sections_of(TABLES)} == set(SECTIONS)


@pytest.mark.parametrize(
    ("table", "section"),
    [pytest.param(table, section, id=section.name) for table, section in sections_of(TABLES)],
)
def test_a_section_measures_what_its_columns_say(
    setting: CardSetting, table: Table, section: Section, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCHDYNAMO_DISABLE", "0")  # one compiles
    package = EXTRAS.get(section.name)
    if package and not importlib.util.find_spec(package):
        with pytest.raises((ImportError, BadInput), match=rf"{package.split('_')[0]}|datasets"):
            SECTIONS[section.name](setting, CPU)
        return
    rows = SECTIONS[section.name](setting, CPU)
    columns = set(table.columns) - ({"reserved"} | ({table.columns[0]} if section.label else set()))
    for row in rows:
        assert set(row) - {"candidate"} <= set(table.columns)
        assert columns - {"peak memory"} <= set(row)


def test_a_section_that_fails_or_hangs_leaves_the_others_and_a_page(
    setting: CardSetting, tmp_path: Path
) -> None:
    """The page is there after each section, and says what became of it."""
    out = tmp_path / "docs" / "page.md"
    missing, late = Section("none", 100, "nobody"), Section("equality", 0, "late")
    chatty = {"PYTHONVERBOSE": "1"}  # Python prints to the end what it does
    tables = (
        Table("Right", ("base", "digest"), [Section("bases", 100, environment=chatty)]),
        Table("Wrong", ("what", "why"), [missing, late]),
    )
    measure(setting, setting.folder / "setting.json", out, tables)
    lines = out.read_text().splitlines()
    assert any(line.startswith("| tiny | ") for line in lines)
    assert "| nobody | failed: KeyError: 'none' |" in lines
    assert "| late | cut off after 0 s |" in lines
    assert "**A rehearsal" in lines[2]
    measure(setting, setting.folder / "setting.json", out, tables, minutes_allowed=0)
    assert out.read_text().count("left out: the time was used up") == 3


def test_without_a_gpu_it_says_how_to_rehearse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(BadInput, match="rehearse with --device cpu --tiny"):
        main([])


def test_grouped_products_that_differ_are_not_timed(
    setting: CardSetting, monkeypatch: pytest.MonkeyPatch
) -> None:
    true = torch.nn.functional.grouped_mm

    def wrong(*arguments: Any, **named: Any) -> torch.Tensor:
        return true(*arguments, **named) + 10

    monkeypatch.setattr(torch.nn.functional, "grouped_mm", wrong)
    with pytest.raises(AssertionError, match="not close"):
        grouped_lora(setting, CPU)
