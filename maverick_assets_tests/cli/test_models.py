"""`maverick models`: shown, compared and pruned, for people and as JSON."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from maverick_assets.cli.models.diff import models_diff
from maverick_assets.cli.models.prune import models_prune
from maverick_assets.cli.models.show import models_show
from maverick_assets.datasets.examples.example import EXAMPLE_SCHEMA
from maverick_assets.errors import BadInput
from maverick_assets.lake.delta import arrow_table, sync_table
from maverick_assets.lake.paths import dataset_path
from maverick_assets.records import Score
from maverick_assets.registry.recorded_recipe import RecordedRecipe
from maverick_assets.registry.store import Registry
from maverick_assets_tests.datasets.example_template import EXAMPLE
from maverick_assets_tests.registry.conftest import (
    PASSED,
    SCORES,
    SUMMARY,
    TIMES,
    MakeManifest,
    adapter_dir,
    forget_signatures,
    make_manifest,
    parity,
    recipe_of,
    registry,
)

__all__ = ["adapter_dir", "make_manifest", "registry"]


@pytest.fixture
def two(
    registry: Registry,
    make_manifest: MakeManifest,
    adapter_dir: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Registry:
    """v1.0 in service, and v1.1 with another recipe, one example more and one less."""
    monkeypatch.setenv("MAVERICK_HOME", str(tmp_path))
    for number, (version, ids) in enumerate({"v1.0": "abc", "v1.1": "bcd"}.items()):
        dataset = write_dataset(tmp_path, ids)
        recipe = recipe_of("robbie")
        recipe["training"] = {"rank": 8 * (number + 1)}
        update = {
            "recipe": RecordedRecipe.model_validate(recipe),
            "dataset_version": dataset,
            "dataset_rows": len(ids),
            "training": SUMMARY,
        }
        registry.add_candidate(make_manifest(version).model_copy(update=update), adapter_dir)
        scores = SCORES.model_copy(update={"adapter": Score(loss=2.0, perplexity=12.5 - number)})
        registry.record_evaluation("robbie", version, scores, PASSED)
    registry.release("robbie", "v1.0")
    return registry


def write_dataset(home: Path, ids: str) -> int:
    rows = [asdict(replace(EXAMPLE, example_id=key, personality="robbie")) for key in ids]
    path = dataset_path(home / "lake", "robbie")
    return sync_table(path, arrow_table(rows, EXAMPLE_SCHEMA), "example_id").version


def test_show_says_what_a_person_asks_of_a_version(
    two: Registry, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    models_show("robbie", "v1.0")
    shown = capsys.readouterr().out
    assert "Robbie: robbie v1.0, released, last put in service" in shown
    assert "    adapter.perplexity: 12.5\n" in shown
    assert f"signature   verified with {tmp_path}/keys/versions.pub" in shown
    assert "5 examples, 50 tokens" in shown
    assert "gate        passed" in shown
    models_show("robbie", "v1.0", as_json=True)
    printed = json.loads(capsys.readouterr().out)
    assert printed["signed"] is True
    assert printed["metrics"]["adapter"]["perplexity"] == 12.5


def test_show_says_how_fast_an_exported_version_answers(
    two: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    two.record_parity("robbie", "v1.0", parity(True).model_copy(update={"response_times": TIMES}))
    models_show("robbie", "v1.0")
    line = "speed       first token 200 ms, p95 310 ms; 97 tokens/s, p95 71 (Some CPU 9, 2 cores, "
    assert line in capsys.readouterr().out


def test_show_says_that_an_earlier_release_signed_nothing(
    two: Registry, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    forget_signatures(tmp_path / "models")
    models_show("robbie")
    assert "signature   none: an earlier release made it" in capsys.readouterr().out


def test_diff_shows_recipe_examples_and_figures_side_by_side(
    two: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    models_diff("robbie", "v1.0", "v1.1")
    shown = capsys.readouterr().out
    assert "robbie: v1.0 (released) -> v1.1 (candidate)" in shown
    assert "    training.rank: 8 -> 16\n" in shown
    assert "examples: 1 added, 1 removed, 0 moved" in shown
    assert "    adapter.perplexity: 12.5 -> 11.5\n" in shown
    models_diff("robbie", "v1.0", "v1.1", as_json=True)
    printed = json.loads(capsys.readouterr().out)
    assert printed["examples"] == {"added": 1, "removed": 1, "moved": 0}
    assert printed["figures"]["adapter.perplexity"] == [12.5, 11.5]
    assert printed["same_measure"] is True


def test_diff_names_a_dataset_that_is_gone_and_compares_the_rest(
    two: Registry,
    capsys: pytest.CaptureFixture[str],
    make_manifest: MakeManifest,
    adapter_dir: Path,
) -> None:
    gone = {"dataset_version": 99, "dataset_rows": 3}
    two.add_candidate(make_manifest("v1.2").model_copy(update=gone), adapter_dir)
    models_diff("robbie", "v1.0", "v1.2")
    shown = capsys.readouterr().out
    assert "examples: cannot be compared: Delta table" in shown
    assert "figures (measured on other examples: not comparable)" in shown
    assert "    adapter.perplexity: 12.5 -> not measured\n" in shown


def test_diff_does_not_take_a_lake_that_was_built_again_for_the_same_dataset(
    two: Registry,
    capsys: pytest.CaptureFixture[str],
    make_manifest: MakeManifest,
    adapter_dir: Path,
) -> None:
    other = {"dataset_version": 0, "dataset_rows": 70}
    two.add_candidate(make_manifest("v1.2").model_copy(update=other), adapter_dir)
    models_diff("robbie", "v1.0", "v1.2")
    assert "v1.2 was made from 70: it is another dataset" in capsys.readouterr().out


def test_prune_shows_first_what_would_go(two: Registry, capsys: pytest.CaptureFixture[str]) -> None:
    two.release("robbie", "v1.1")
    models_prune("robbie", keep=1, dry_run=True)
    assert "robbie v1.0 would lose its weights" in capsys.readouterr().out
    models_prune(keep=1, as_json=True)
    [row] = json.loads(capsys.readouterr().out)
    assert (row["personality"], row["version"]) == ("robbie", "v1.0")
    models_prune()
    assert "no version has weights that may go" in capsys.readouterr().out
    with pytest.raises(BadInput, match="no personality 'nobody'"):
        models_prune("nobody")
