"""Training without Dagster and without a model: planned, refused, skipped, resumed, registered."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from maverick_assets.datasets.examples.example import read_examples
from maverick_assets.errors import MaverickError
from maverick_assets.fleets import Node
from maverick_assets.lake.paths import dataset_path
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.pipeline.train import train_on_node
from maverick_assets.recipes import Recipe, load_recipes
from maverick_assets.records import GateDecision
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.versions import Kind
from maverick_assets.training.spec import AdapterJobSpec, TrainingSpec, read_json
from maverick_assets_tests.pipeline.conftest import WriteDataset
from maverick_assets_tests.raw_tables import write_turns
from maverick_assets_tests.recording_log import RecordingLog
from maverick_assets_tests.registry.conftest import PASSED, SCORES, SUMMARY

NODE = Node(name="laptop")
RECIPES = load_recipes()
ROBBIE, GATEKEEPER = RECIPES["robbie"], RECIPES["gatekeeper"]


@dataclass
class FakeDriver:
    """Leaves an adapter for every job of a spec, except of the personalities that it refuses."""

    refusals: Mapping[str, str] = field(default_factory=dict)
    silent: bool = False
    jobs: list[AdapterJobSpec] = field(default_factory=list)
    runs: int = 0

    def __call__(self, path: Path) -> Mapping[str, str]:
        spec = read_json(path, TrainingSpec)
        self.runs += 1
        self.jobs += spec.jobs
        for job in spec.jobs:
            if not self.silent and job.personality not in self.refusals:
                (job.out / "adapter").mkdir(parents=True)
                (job.out / "adapter" / "adapter_config.json").write_text("{}")
                (job.out / "training.json").write_text(SUMMARY.model_dump_json())
        return self.refusals


@pytest.fixture
def driver() -> FakeDriver:
    return FakeDriver()


def train_these(
    run: RunContext, driver: FakeDriver, *recipes: Recipe, kind: Kind = "full"
) -> list[str]:
    """Train, and name the versions that are to be evaluated."""
    versions = train_on_node(run, NODE, recipes, kind, driver)
    return [f"{manifest.personality} {manifest.version}" for manifest in versions]


def release(run: RunContext, version: str) -> Manifest:
    run.registry.record_evaluation("robbie", version, SCORES, PASSED)
    return run.registry.release("robbie", version)


def test_personalities_of_a_node_are_trained_by_one_process_and_registered(
    run: RunContext, driver: FakeDriver, write_dataset: WriteDataset
) -> None:
    write_dataset("robbie")
    write_dataset("gatekeeper")
    assert train_these(run, driver, ROBBIE, GATEKEEPER) == ["robbie v1.0", "gatekeeper v1.0"]
    assert driver.runs == 1
    manifest = run.registry.get("robbie", "v1.0")
    run.registry.verify("robbie", "v1.0")
    assert (manifest.kind, manifest.dataset_version, manifest.dataset_rows) == ("full", 0, 15)
    assert manifest.code_version == "1"
    assert manifest.training == SUMMARY
    assert manifest.recipe.stored == ROBBIE.model_dump(mode="json")
    assert not (run.folder / "robbie").exists()


def test_an_unfit_dataset_is_refused_and_the_others_are_trained(
    run: RunContext, driver: FakeDriver, write_dataset: WriteDataset, log: RecordingLog
) -> None:
    write_dataset("robbie", train=2)
    write_dataset("gatekeeper")
    assert train_these(run, driver, ROBBIE, GATEKEEPER) == ["gatekeeper v1.0"]
    [error] = log.of_level("error")
    assert error.startswith("robbie: not trained: 2 train examples, fewer than 10")
    assert run.registry.personalities() == ["gatekeeper"]


def test_a_personality_without_a_dataset_is_an_error(run: RunContext, driver: FakeDriver) -> None:
    with pytest.raises(MaverickError, match="robbie has no dataset; materialize robbie/dataset"):
        train_these(run, driver, ROBBIE)


@pytest.mark.parametrize("kind", ["full", "incremental"])
def test_nothing_is_trained_when_nothing_is_new(
    run: RunContext,
    driver: FakeDriver,
    write_dataset: WriteDataset,
    log: RecordingLog,
    kind: Kind,
) -> None:
    write_dataset()
    train_these(run, driver, ROBBIE)
    release(run, "v1.0")
    assert train_these(run, driver, ROBBIE, kind=kind) == []
    assert driver.runs == 1
    assert f"robbie: skip ({kind}): v1.0 was trained on this dataset" in log.of_level("info")[-1]


def test_a_refused_version_is_not_trained_again(
    run: RunContext, driver: FakeDriver, write_dataset: WriteDataset
) -> None:
    write_dataset()
    train_these(run, driver, ROBBIE)
    refused = GateDecision(passed=False, decided_at=datetime(2026, 11, 1, tzinfo=UTC))
    run.registry.record_evaluation("robbie", "v1.0", SCORES, refused)
    assert train_these(run, driver, ROBBIE) == []


def test_a_version_that_was_trained_but_never_evaluated_is_resumed(
    run: RunContext, driver: FakeDriver, write_dataset: WriteDataset, log: RecordingLog
) -> None:
    write_dataset()
    train_these(run, driver, ROBBIE)
    assert train_these(run, driver, ROBBIE) == ["robbie v1.0"]
    assert driver.runs == 1
    assert "robbie: resume (full): v1.0 is trained but not evaluated" in log.of_level("info")


@pytest.mark.parametrize(
    ("driver", "reason"),
    [
        (FakeDriver(refusals={"robbie": "its loss is not a number"}), "its loss is not a number"),
        (FakeDriver(silent=True), "its process said nothing"),
    ],
)
def test_what_the_process_refuses_or_does_not_report_is_no_version(
    run: RunContext,
    driver: FakeDriver,
    write_dataset: WriteDataset,
    log: RecordingLog,
    reason: str,
) -> None:
    write_dataset()
    assert train_these(run, driver, ROBBIE) == []
    assert log.of_level("error") == [f"robbie: not trained: {reason}"]
    assert run.registry.personalities() == []


def test_a_night_trains_on_top_of_the_version_in_service(
    run: RunContext, driver: FakeDriver, write_dataset: WriteDataset
) -> None:
    write_dataset(train=12)
    train_these(run, driver, ROBBIE)
    release(run, "v1.0")
    write_dataset(train=14)
    assert train_these(run, driver, ROBBIE, kind="incremental") == ["robbie v1.0.1"]
    night = driver.jobs[-1]
    assert (night.mode, night.dataset_version, night.parent_dataset_version) == (
        "incremental",
        1,
        0,
    )
    assert night.parent_adapter == run.registry.directory("robbie", "v1.0") / "adapter"


CHAIN = ["v1.0 full 0", "v1.0.1 incremental 1", "v1.0.2 incremental 2"]


@pytest.fixture
def nights(run: RunContext, driver: FakeDriver, write_dataset: WriteDataset) -> list[Manifest]:
    """A full training and two nights, each released."""
    released = []
    for number in range(3):
        write_dataset(train=12 + number)
        [version] = train_on_node(run, NODE, [ROBBIE], "incremental", driver)
        released.append(release(run, str(version.version)))
    return released


def chain(manifest: Manifest) -> list[str]:
    return [f"{link.version} {link.kind} {link.dataset_version}" for link in manifest.chain]


def test_a_night_does_not_go_on_from_a_version_that_learned_words_of_another(
    run: RunContext, driver: FakeDriver, write_dataset: WriteDataset, log: RecordingLog
) -> None:
    """An adapter keeps what it learned, although its dataset has lost it."""
    first = write_dataset(train=14)
    train_these(run, driver, ROBBIE)
    release(run, "v1.0")
    examples = read_examples(dataset_path(run.settings.lake, "robbie"), first, "train")
    [lost] = [example for example in examples if example.example_id == "train 13"]
    write_dataset(train=13)
    write_turns(run.settings.lake, [lost], personality="health-monitor")
    assert train_these(run, driver, ROBBIE, kind="incremental") == ["robbie v1.1"]
    assert [job.mode for job in driver.jobs] == ["full", "full"]
    assert any("learned words that are another's" in line for line in log.of_level("warning"))


def test_a_dataset_with_words_of_another_is_refused(
    run: RunContext, driver: FakeDriver, write_dataset: WriteDataset, log: RecordingLog
) -> None:
    version = write_dataset()
    examples = read_examples(dataset_path(run.settings.lake, "robbie"), version)
    write_turns(run.settings.lake, examples[:1], personality="health-monitor")
    assert train_these(run, driver, ROBBIE) == []
    assert any("of health-monitor" in line for line in log.of_level("error"))


def test_a_manifest_has_the_whole_chain_also_when_its_middle_is_deleted(
    run: RunContext, nights: list[Manifest]
) -> None:
    assert [chain(manifest) for manifest in nights] == [CHAIN[:1], CHAIN[:2], CHAIN]
    shutil.rmtree(run.registry.directory("robbie", "v1.0.1"))
    newest = run.registry.get("robbie", "final")
    assert chain(newest) == CHAIN
    assert [link.fingerprint for link in newest.chain] == [m.fingerprint for m in nights]


def test_the_chain_of_earlier_manifests_is_known_as_far_as_they_are_there(
    run: RunContext, nights: list[Manifest]
) -> None:
    registry = run.registry
    for manifest in nights:
        path = registry.directory("robbie", manifest.version) / "manifest.json"
        content = json.loads(path.read_text())
        del content["ancestors"]
        path.write_text(json.dumps(content))
    assert chain(registry.get("robbie", "final")) == CHAIN
    shutil.rmtree(registry.directory("robbie", "v1.0"))
    assert chain(registry.get("robbie", "final")) == CHAIN[1:]
    shutil.rmtree(registry.directory("robbie", "v1.0.1"))
    assert chain(registry.get("robbie", "final")) == CHAIN[2:]
