"""The import contracts cover every module: one that a list leaves out would be free of its rule."""

import tomllib
from pathlib import Path
from typing import Any

PACKAGE = "maverick_assets"
ROOT = Path(__file__).parents[1]


def contract(name: str) -> dict[str, Any]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts: list[dict[str, Any]] = settings["tool"]["importlinter"]["contracts"]
    return next(each for each in contracts if each["name"] == name)


def layers() -> list[str]:
    house = contract("imports go down the house")["layers"]
    return [name for floor in house for name in floor.split(" | ")]


def test_every_module_has_a_floor() -> None:
    paths = [*(ROOT / PACKAGE).glob("*.py"), *(ROOT / PACKAGE).glob("*/__init__.py")]
    modules = {(path.parent if path.stem == "__init__" else path).stem for path in paths}
    assert {f"{PACKAGE}.{name}" for name in modules - {PACKAGE}} == set(layers())


def test_nothing_below_the_dagster_layer_may_know_dagster() -> None:
    below = layers()[layers().index(f"{PACKAGE}.defs") + 1 :]
    assert set(contract("only the Dagster layer knows Dagster")["source_modules"]) == set(below)
