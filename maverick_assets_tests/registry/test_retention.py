"""Retention: which versions keep their weights, and what is left of those that do not."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maverick_assets.errors import BadInput
from maverick_assets.pipeline.retention import prune
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.records import GateDecision
from maverick_assets.registry.manifest import Manifest, VersionState
from maverick_assets.registry.plan import unfinished_version
from maverick_assets.registry.recorded_recipe import RecordedRecipe
from maverick_assets.registry.retention import without_weights
from maverick_assets.registry.store import Registry
from maverick_assets.registry.versions import Version
from maverick_assets.settings import Settings
from maverick_assets_tests.recording_log import RecordingLog
from maverick_assets_tests.registry.conftest import PASSED, AddVersion, recipe_of
from maverick_assets_tests.registry.test_kill_points import kill_everywhere

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def version(number: str, state: VersionState = "archived", parent: str | None = None) -> Manifest:
    return Manifest(
        personality="robbie",
        version=Version.parse(number),
        state=state,
        kind="incremental" if parent else "full",
        created_at=NOW,
        released_at=None if state == "candidate" else NOW,
        fingerprint=number,
        base_digest="b",
        dataset_version=1,
        recipe=RecordedRecipe.model_validate(recipe_of("robbie")),
        parent=Version.parse(parent) if parent else None,
        code_version="1",
    )


def numbers(manifests: Iterable[Manifest]) -> list[str]:
    return [str(manifest.version) for manifest in manifests]


def test_the_newest_versions_and_the_newest_releases_keep_their_weights() -> None:
    versions = [version(f"v1.{n}") for n in range(5)]
    versions += [version(f"v1.{n}", "candidate") for n in range(5, 8)]
    assert numbers(without_weights(versions, 2)) == ["v1.0", "v1.1", "v1.2", "v1.5"]


def test_the_version_in_service_stays_however_old_it_is() -> None:
    versions = [version("v1.0", "released"), *(version(f"v1.{n}", "candidate") for n in (1, 2, 3))]
    assert numbers(without_weights(versions, 1)) == ["v1.1", "v1.2"]


def test_what_a_kept_version_was_trained_on_top_of_stays_the_whole_chain() -> None:
    versions = [
        version("v1.0"),
        version("v1.1"),
        version("v1.1.1", parent="v1.1"),
        version("v1.1.2", parent="v1.1.1"),
        version("v2.0", "released", parent="v1.1.2"),
    ]
    assert numbers(without_weights(versions, 1)) == ["v1.0"]


@given(st.data())
def test_no_rule_is_broken_whatever_the_history(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 12))
    in_service = data.draw(st.integers(0, n - 1))
    versions: list[Manifest] = []
    for at in range(n):
        others: list[VersionState] = ["candidate", "archived"]
        state = "released" if at == in_service else data.draw(st.sampled_from(others))
        parents = [None, *(str(each.version) for each in versions)]
        versions.append(version(f"v1.{at}", state, data.draw(st.sampled_from(parents))))
    keep = data.draw(st.integers(1, 12))
    gone = set(numbers(without_weights(versions, keep)))
    kept = [each for each in versions if str(each.version) not in gone]
    assert f"v1.{in_service}" not in gone
    assert not gone & set(numbers(versions[-keep:]))
    assert not gone & {str(each.parent) for each in kept}
    if data.draw(st.booleans()):  # once more: nothing else goes
        assert without_weights(kept, keep) == []


@pytest.fixture
def five(registry: Registry, add_version: AddVersion) -> Registry:
    for number in range(5):
        add_version(f"v1.{number}")
        registry.release("robbie", f"v1.{number}")
    return registry


@pytest.fixture
def run(registry: Registry, tmp_path: Path) -> RunContext:
    return RunContext(Settings(home=tmp_path, keep_versions=2), "run", RecordingLog())


def test_pruned_versions_lose_their_weights_and_keep_their_figures(
    five: Registry, run: RunContext
) -> None:
    planned = prune(run, "robbie", dry_run=True)
    assert numbers(five.list("robbie")) == [f"v1.{n}" for n in range(5)]
    five.weights("robbie", "v1.0", "adapter")  # a dry run deletes nothing
    done = prune(run, "robbie")
    assert planned == done
    assert [row.version for row in done] == ["v1.0", "v1.1", "v1.2"]
    assert all(row.size > 10_000 for row in done)
    manifest = five.verified("robbie", "v1.0")
    assert manifest.metrics is not None
    assert manifest.pruned is not None
    assert not (five.directory("robbie", "v1.0") / "adapter").exists()
    five.verify("robbie", "v1.0")
    with pytest.raises(BadInput, match=r"the weights of robbie v1\.0 were removed by retention on"):
        five.weights("robbie", "v1.0", "adapter")
    assert prune(run, "robbie") == []


def test_a_rollback_passes_over_pruned_versions_and_one_by_name_says_why(
    five: Registry, run: RunContext
) -> None:
    prune(run, "robbie")
    assert str(five.rollback("robbie").version) == "v1.3"
    with pytest.raises(BadInput, match="is the first release"):
        five.rollback("robbie")
    with pytest.raises(BadInput, match="were removed by retention"):
        five.rollback("robbie", "v1.1")


def test_a_pruned_candidate_is_not_taken_up_again(
    registry: Registry, add_version: AddVersion, run: RunContext
) -> None:
    add_version("v1.0")  # passed its gate, and was never released
    for number in (1, 2, 3):
        add_version(f"v1.{number}", gate=GateDecision(passed=False, decided_at=PASSED.decided_at))
    before = unfinished_version(registry, "robbie", "b")
    assert before is not None
    prune(run, "robbie")
    assert unfinished_version(registry, "robbie", "b") is None


def test_a_version_that_does_not_verify_is_left_alone_with_a_warning(
    five: Registry, run: RunContext
) -> None:
    path = five.directory("robbie", "v1.1") / "manifest.json"
    path.write_text(path.read_text() + " ")
    assert [row.version for row in prune(run, "robbie")] == ["v1.0", "v1.2"]
    assert isinstance(run.log, RecordingLog)
    assert run.log.of_level("warning") == ["robbie v1.1 keeps its weights: it does not verify"]


def test_pruning_can_be_killed_at_any_change(
    registry: Registry, add_version: AddVersion, tmp_path: Path
) -> None:
    for number in ("v1.0", "v1.1"):
        add_version(number)
        registry.release("robbie", number)

    def check() -> None:
        for number in ("v1.0", "v1.1"):
            registry.verify("robbie", number)

    def act() -> None:
        registry.prune("robbie", 1)
        manifest = registry.verified("robbie", "v1.0")
        assert manifest.pruned is not None
        assert not (registry.directory("robbie", "v1.0") / "adapter").exists()

    assert kill_everywhere(tmp_path / "models", act, check) > 5
