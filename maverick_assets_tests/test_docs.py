"""Pages written by hand name what there is: pages, commands, settings, modules, files, folders."""

import importlib.util
import inspect
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from maverick_assets.cli.app import app
from maverick_assets.lake import paths
from maverick_assets.settings import PREFIX, Settings

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SOURCES = ("compose", "docs", "benchmarks", "maverick_assets", "maverick_assets_tests")
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


def headings(page: Path) -> set[str]:
    """The anchors of a page, as GitHub makes them."""
    lines = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


def commands(page: Path) -> list[list[str]]:
    """The words behind `maverick`, of lines of code and of what stands between backticks."""
    text = page.read_text(encoding="utf-8")
    lines = re.findall(r"^(?: {4}|\$)(?:[^<\n]* )?maverick ([a-z].*)$", text, re.MULTILINE)
    quoted = re.findall(r"`maverick ([a-z][^`]*)`", text.replace("\n", " "))
    return [shlex.split(each, comments=True) for each in (*lines, *quoted)]


def problem_of(words: list[str]) -> str | None:
    """What the command line says to the words; not what a page left out."""
    command: Any = get_command(app)
    while words and words[0] in getattr(command, "commands", {}):
        command, *words = command.commands[words[0]], *words[1:]
    if words and hasattr(command, "commands") and not words[0].startswith("-"):
        return f"no command {words[0]}"
    try:
        command.make_context("maverick", words)
    except Exception as error:
        left_out = ("MissingParameter", "BadOptionUsage", "NoArgsIsHelpError")
        return None if type(error).__name__ in left_out else str(error)
    return None


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8").replace("\n", " ")
    broken = []
    for path, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)#?([^)\s]*)\)", text):
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in headings(target)):
            broken.append(f"{path}#{anchor}")
    assert broken == []


@each_page
def test_the_command_line_knows_each_command(page: Path) -> None:
    assert [words for words in commands(page) if problem_of(list(words))] == []


def test_a_command_that_does_not_exist_is_found() -> None:
    wrong = ("models forget robbie", "chat allan-maverick --colour red", "run yearly", "deliver")
    assert all(problem_of(words.split()) for words in wrong)


@each_page
def test_settings_exist(page: Path) -> None:
    named = set(re.findall(rf"{PREFIX}[A-Z_]+", page.read_text(encoding="utf-8")))
    settings = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    compose = (ROOT / "compose" / "example.env").read_text(encoding="utf-8")
    assert named - settings - set(re.findall(rf"{PREFIX}[A-Z_]+", compose)) == set()


@each_page
def test_modules_and_files_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    modules = set(re.findall(r"python -m ([\w.]*\w)", text))
    files = set(re.findall(r"`([\w.*/-]+/[\w.*-]+\.(?:py|yaml))`", text))
    assert [name for name in modules if importlib.util.find_spec(name) is None] == []
    assert [name for name in files if not is_file(name)] == []


def is_file(name: str) -> bool:
    """Whether the repository has such a file: pages leave out the first folders of a path."""
    return any(any((ROOT / folder).rglob(name)) for folder in SOURCES) or (ROOT / name).is_file()


def test_operations_names_every_folder_of_the_run_home(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    properties = [name for name, each in vars(Settings).items() if isinstance(each, property)]
    folders = {getattr(settings, name).relative_to(tmp_path).parts[0] for name in properties}
    for name, function in inspect.getmembers(paths, inspect.isfunction):
        if name.endswith("_path"):
            names = ["p"] * (len(inspect.signature(function).parameters) - 1)
            path = function(settings.lake, *names).relative_to(tmp_path)
            folders.add("/".join(path.parts[: 2 if path.parts[0] == "lake" else 1]))
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    table = page.partition("## The run home")[2]
    named = {each.partition("/<")[0].strip("/") for each in re.findall("`(.+?)`", table)}
    assert folders - named - {"lake"} == set()
