"""`maverick base`: what its user sees, against a simulation of the hub."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.base_model.tested_bases import recommend
from maverick_assets.cli.app import app
from maverick_assets.cli.demo import CARDS_GB, what_to_expect
from maverick_assets.errors import BadInput
from maverick_assets_tests.base_model.hub_simulation import Hub, running_hub
from maverick_assets_tests.command import Maverick
from maverick_assets_tests.training.conftest import tiny_base

__all__ = ["tiny_base"]


@pytest.fixture
def hub() -> Iterator[Hub]:
    with running_hub() as hub:
        yield hub


def base_command(home: Path, *arguments: str) -> str:
    """The output of `maverick base` in this process; errors are raised."""
    environment = {"MAVERICK_HOME": str(home)}
    return (
        CliRunner()
        .invoke(app, ["base", *arguments], env=environment, catch_exceptions=False)
        .stdout
    )


def test_a_pulled_base_is_checked_and_may_be_named_by_both_its_names(
    hub: Hub, tiny_base: PreparedBase, tmp_path: Path
) -> None:
    files = {path.name: path.read_bytes() for path in tiny_base.directory.iterdir()}
    commit = hub.publish("someone/tiny", files)
    maverick = Maverick(tmp_path / "home", {"HF_ENDPOINT": hub.url})
    pulled = json.loads(maverick.ok("base", "pull", "someone/tiny", "--json"))
    assert pulled["hub_id"] == f"someone/tiny@{commit}"
    assert pulled["identity"].endswith(pulled["directory"])
    asked = len(hub.requests)
    by_name = json.loads(base_command(maverick.home, "check", "someone/tiny", "--json"))
    by_path = json.loads(base_command(maverick.home, "check", pulled["directory"], "--json"))
    assert {"identity", "model", "template", "tokens", "llama.cpp", "arithmetic"} <= set(by_name)
    assert by_name == by_path == {key: pulled[key] for key in by_name}
    assert len(hub.requests) == asked


def test_the_list_has_what_is_tested_and_what_is_prepared(
    base: PreparedBase, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "base").symlink_to(base.directory.parent)
    listed = json.loads(base_command(home, "list", "--json"))
    assert {"licence", "gated", "training_gib", "serving_gib", "tested"} <= set(listed["tested"][0])
    [embedded] = [row for row in listed["prepared"] if row["in_use"]]
    assert (embedded["source"], embedded["digest"]) == ("embedded", base.digest)
    text = base_command(home, "list")
    [llama] = [line.split() for line in text.splitlines() if "Llama-3.1-8B" in line]
    assert llama[0] == "meta-llama/Llama-3.1-8B-Instruct*"
    row = next(row for row in listed["tested"] if row["name"] == "Llama 3.1 8B")
    sizes = [*row["training_gib"].values(), *row["serving_gib"].values()]
    assert llama[-5:] == [f"{size:.1f}" for size in sizes]
    assert "in use    b179c9523d0e  embedded" in text


def test_a_base_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    done = Maverick(tmp_path, {"HF_ENDPOINT": "http://127.0.0.1:9"})("base", "pull", "a/b")
    assert done.returncode == 2
    assert "http://127.0.0.1:9 cannot be reached for a/b" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["check", "models/tiny"], "models/tiny is no directory and was not pulled; `maverick"),
        (["check", "/nowhere/at all"], "/nowhere/at all is no directory"),
        (["pull", "tiny"], "tiny is no hub id; write org/name or org/name@revision"),
    ],
)
def test_a_name_that_names_nothing_says_what_to_do(
    tmp_path: Path, arguments: list[str], line: str
) -> None:
    with pytest.raises(BadInput, match=line):
        base_command(tmp_path, *arguments)


def test_a_base_that_cannot_be_used_is_refused_with_the_remedy(
    tiny_base: PreparedBase, tmp_path: Path
) -> None:
    own = Path(shutil.copytree(tiny_base.directory, tmp_path / "own"))
    (own / "chat_template.jinja").unlink()
    with pytest.raises(BadInput, match="has no chat template; take its instruct or chat version"):
        base_command(tmp_path / "home", "check", str(own))


def test_the_demo_ends_with_what_its_base_cannot_do_and_what_to_take_instead() -> None:
    lines = "\n".join(what_to_expect())
    assert "does not reason" in lines
    for card in CARDS_GB:
        base, _ = recommend(card)
        assert f"{card} GB {base.hub_id}" in lines
