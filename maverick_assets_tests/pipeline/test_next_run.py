"""A run that stopped anywhere is completed by the next one, and what an operator decided stays."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial, wraps
from pathlib import Path
from typing import Any

import pytest

from maverick_assets.errors import MaverickError
from maverick_assets.pipeline.evaluate import evaluate_next
from maverick_assets.pipeline.promote import promote
from maverick_assets.pipeline.release import release_next
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.pipeline.train import train_on_node
from maverick_assets.recipes import Recipe, load_recipes
from maverick_assets.registry import store
from maverick_assets.registry.store import Registry
from maverick_assets.registry.versions import Kind, Version
from maverick_assets_tests.audits import FakeAudit
from maverick_assets_tests.pipeline.child_processes import FAILS, PASSES, FakeEvaluation, FakeExport
from maverick_assets_tests.pipeline.conftest import WriteDataset
from maverick_assets_tests.pipeline.test_train import NODE, FakeDriver
from maverick_assets_tests.registry.test_kill_points import restore_state, save_state

ROBBIE = load_recipes()["robbie"]


class Crash(BaseException):
    """The process ends here."""


@dataclass
class Graph:
    """The assets after the datasets, run one after another as the jobs run them.

    Those of robbie, unless `recipes` are given.
    """

    context: RunContext
    driver: FakeDriver
    evaluation: FakeEvaluation
    export: FakeExport
    runs: int = 0
    recipes: tuple[Recipe, ...] = (ROBBIE,)

    @property
    def registry(self) -> Registry:
        return self.context.registry

    def train(self, kind: Kind = "full") -> None:
        """A week or a night. The steps after training run only when it emits a version."""
        run = self._next_run()
        trained = train_on_node(run, NODE, self.recipes, kind, self.driver)
        emitted = {version.personality for version in trained}
        evaluated = [
            evaluate_next(run, recipe) for recipe in self.recipes if recipe.name in emitted
        ]
        for version in evaluated:
            if version.gate and version.gate.passed:
                release_next(run, version.personality)

    def week(self) -> None:
        self.train("full")

    def night(self) -> None:
        self.train("incremental")

    def month(self) -> None:
        promote(self._next_run(), self.recipes)

    def serving(self) -> str | None:
        manifest = self.registry.in_service("robbie")
        return manifest and str(manifest.version)

    def versions(self) -> list[str]:
        return [str(m.version) for m in self.registry.versions_of("robbie")]

    def _next_run(self) -> RunContext:
        self.runs += 1
        return replace(self.context, run_id=f"run-{self.runs}")


@pytest.fixture
def graph(
    run: RunContext, evaluation: FakeEvaluation, export: FakeExport, audits: FakeAudit
) -> Graph:
    return Graph(run, FakeDriver(), evaluation, export)


@contextmanager
def crash_after_write(n: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Inside, the n-th change of the registry is the last thing that the process does."""
    writes = 0

    def count() -> None:
        nonlocal writes
        writes += 1
        if writes == n:
            raise Crash

    def counted(write: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(write)
        def wrapper(*arguments: Any, **options: Any) -> Any:
            result = write(*arguments, **options)
            count()
            return result

        return wrapper

    stage_directory = store.staged_directory

    @contextmanager
    def staged(target: Path) -> Iterator[Path]:
        with stage_directory(target) as stage:
            yield stage
        count()

    with monkeypatch.context() as patch:
        patch.setattr(store, "write_atomically", counted(store.write_atomically))
        patch.setattr(store, "staged_directory", staged)
        patch.setattr(Registry, "_point_final", counted(Registry._point_final))
        patch.setattr(Registry, "_save", counted(Registry._save))
        yield


def stop_everywhere(
    graph: Graph,
    stopped: Callable[[], None],
    afterwards: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> int:
    """From the same state, stop `stopped` after each of its writes in turn; returns their number.

    `afterwards` is the next run, and the look at what it did.
    """
    models = graph.context.settings.models
    models.mkdir(exist_ok=True)
    save_state(models)
    n = 0
    while True:
        n += 1
        try:
            with crash_after_write(n, monkeypatch):
                stopped()
        except Crash:
            afterwards()
        else:
            return n - 1
        restore_state(models)


@pytest.mark.parametrize("next_run", ["full", "incremental"])
def test_a_first_week_stopped_after_any_write_is_completed(
    graph: Graph, write_dataset: WriteDataset, monkeypatch: pytest.MonkeyPatch, next_run: Kind
) -> None:
    write_dataset(test=1)

    def complete() -> None:
        trained = graph.driver.runs
        graph.train(next_run)
        assert (graph.versions(), graph.serving()) == (["v1.0"], "v1.0")
        assert graph.driver.runs == trained  # what was registered is not trained again
        evaluated = len(graph.evaluation.specs)
        graph.train(next_run)
        assert (graph.versions(), len(graph.evaluation.specs)) == (["v1.0"], evaluated)

    assert stop_everywhere(graph, graph.week, complete, monkeypatch) > 5


@pytest.mark.parametrize("next_run", ["full", "incremental"])
def test_a_night_stopped_after_any_write_is_completed(
    graph: Graph, write_dataset: WriteDataset, monkeypatch: pytest.MonkeyPatch, next_run: Kind
) -> None:
    write_dataset()
    graph.week()
    write_dataset(train=14)

    def complete() -> None:
        graph.night()
        assert (graph.versions(), graph.serving()) == (["v1.0", "v1.0.1"], "v1.0.1")
        graph.train(next_run)
        assert graph.serving() == ("v1.1" if next_run == "full" else "v1.0.1")

    assert stop_everywhere(graph, graph.night, complete, monkeypatch) > 5


@pytest.mark.parametrize("next_run", [Graph.month, Graph.week, Graph.night])
def test_a_month_stopped_after_any_write_is_completed(
    graph: Graph,
    write_dataset: WriteDataset,
    monkeypatch: pytest.MonkeyPatch,
    next_run: Callable[[Graph], None],
) -> None:
    write_dataset(test=2)
    graph.week()
    write_dataset(test=2)

    def complete() -> None:
        next_run(graph)
        assert (graph.versions(), graph.serving()) == (["v1.0", "v2.0"], "v2.0")
        assert graph.evaluation.specs[-1].split == "test"
        graph.month()
        assert graph.versions() == ["v1.0", "v2.0"]

    assert stop_everywhere(graph, graph.month, complete, monkeypatch) > 5


@pytest.mark.parametrize("stopped", [Graph.week, Graph.month])
def test_what_is_done_for_several_personalities_together_is_completed_for_each(
    graph: Graph,
    write_dataset: WriteDataset,
    monkeypatch: pytest.MonkeyPatch,
    stopped: Callable[[Graph], None],
) -> None:
    both = replace(graph, recipes=(load_recipes()["gatekeeper"], ROBBIE))
    for recipe in both.recipes:
        write_dataset(recipe.name, test=2)
    if stopped is Graph.month:
        both.week()
        for recipe in both.recipes:
            write_dataset(recipe.name, test=2)

    def complete() -> None:
        stopped(both)
        serving = [both.registry.in_service(recipe.name) for recipe in both.recipes]
        number = "v2.0" if stopped is Graph.month else "v1.0"
        assert [manifest and str(manifest.version) for manifest in serving] == [number, number]
        assert both.versions() == (["v1.0", "v2.0"] if stopped is Graph.month else ["v1.0"])

    assert stop_everywhere(both, partial(stopped, both), complete, monkeypatch) > 10


def test_a_month_after_a_stopped_week_releases_the_week_and_then_its_major_version(
    graph: Graph, write_dataset: WriteDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_dataset(test=1)
    graph.week()
    write_dataset(train=14, test=1)

    def complete() -> None:
        graph.month()
        assert (graph.versions(), graph.serving()) == (["v1.0", "v1.1", "v2.0"], "v2.0")
        assert graph.registry.get("robbie", "v2.0").parent == Version(1, 1)

    assert stop_everywhere(graph, graph.week, complete, monkeypatch) > 5


def test_new_examples_of_a_week_replace_a_version_that_was_cut_short(
    graph: Graph, write_dataset: WriteDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_dataset()
    with pytest.raises(Crash), crash_after_write(1, monkeypatch):
        graph.week()
    write_dataset(train=14)
    graph.week()
    assert (graph.versions(), graph.serving()) == (["v1.0", "v1.1"], "v1.1")
    graph.week()
    assert graph.serving() == "v1.1"


def test_new_examples_of_a_night_wait_until_the_week_before_it_is_in_service(
    graph: Graph, write_dataset: WriteDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_dataset()
    graph.week()
    write_dataset(train=14)
    with pytest.raises(Crash), crash_after_write(1, monkeypatch):
        graph.week()
    write_dataset(train=16)
    graph.night()
    assert graph.serving() == "v1.1"
    graph.night()
    assert graph.serving() == "v1.1.1"


def test_a_version_that_passed_goes_into_service_when_a_later_one_is_refused(
    graph: Graph, write_dataset: WriteDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_dataset()
    graph.export.fails = True
    with pytest.raises(MaverickError):
        graph.week()
    graph.export.fails = False
    write_dataset(train=14)
    graph.evaluation.gate = FAILS
    graph.week()
    assert graph.serving() is None
    graph.evaluation.gate = PASSES
    graph.week()
    assert (graph.versions(), graph.serving()) == (["v1.0", "v1.1"], "v1.0")


@pytest.fixture
def rolled_back(graph: Graph, write_dataset: WriteDataset) -> Graph:
    """v1.1 was in service, and an operator rolled back to v1.0."""
    write_dataset(test=1)
    graph.week()
    write_dataset(train=14, test=1)
    graph.week()
    graph.registry.rollback("robbie")
    return graph


def test_a_rollback_is_not_undone_by_the_next_run(rolled_back: Graph) -> None:
    for next_run in (rolled_back.night, rolled_back.week, rolled_back.night):
        next_run()
        assert (rolled_back.versions(), rolled_back.serving()) == (["v1.0", "v1.1"], "v1.0")
    with pytest.raises(MaverickError, match=r"v1\.1 was taken out of service; put it back with"):
        release_next(rolled_back.context, "robbie")


def test_a_major_version_that_was_rolled_back_is_not_made_again_in_its_month(
    graph: Graph, write_dataset: WriteDataset
) -> None:
    write_dataset(test=1)
    graph.week()
    graph.month()
    graph.registry.rollback("robbie")
    for next_run in (graph.month, graph.week, graph.night):
        next_run()
        assert (graph.versions(), graph.serving()) == (["v1.0", "v2.0"], "v1.0")


def test_a_night_after_a_rollback_is_completed_although_its_number_is_lower(
    rolled_back: Graph, write_dataset: WriteDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_dataset(train=16, test=1)

    def complete() -> None:
        rolled_back.night()
        assert rolled_back.serving() == "v1.0.1"

    assert stop_everywhere(rolled_back, rolled_back.night, complete, monkeypatch) > 5


def test_what_was_trained_on_top_of_a_version_goes_with_its_rollback(
    graph: Graph, write_dataset: WriteDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    for examples in (12, 14):
        write_dataset(train=examples)
        graph.week()
    write_dataset(train=16)
    with pytest.raises(Crash), crash_after_write(1, monkeypatch):
        graph.night()
    graph.registry.rollback("robbie")
    graph.night()
    assert (graph.versions()[-1], graph.serving()) == ("v1.1.1", "v1.0")


def test_a_revoked_a_refused_and_an_older_version_stay_out_of_service(
    graph: Graph, write_dataset: WriteDataset
) -> None:
    write_dataset()
    graph.export.fails = True
    with pytest.raises(MaverickError):
        graph.week()  # v1.0 passes and is not released
    graph.export.fails = False
    write_dataset(train=14)
    graph.week()  # v1.1 is
    graph.week()
    assert graph.serving() == "v1.1"
    write_dataset(train=16)
    graph.evaluation.gate = FAILS
    graph.week()  # v1.2 is refused
    graph.evaluation.gate = PASSES
    write_dataset(train=18)
    graph.export.fails = True
    with pytest.raises(MaverickError):
        graph.week()  # v1.3 passes and is not released
    graph.export.fails = False
    graph.registry.revoke("robbie", [Version(1, 3)], "it holds a secret")
    write_dataset(train=16)  # the examples of v1.2 once more
    graph.evaluation.gate = FAILS
    for _ in range(2):
        graph.week()
        assert graph.serving() == "v1.1"


def test_a_version_that_was_trained_on_another_base_is_not_taken_up(
    graph: Graph, write_dataset: WriteDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_dataset()
    with pytest.raises(Crash), crash_after_write(1, monkeypatch):
        graph.week()
    manifest = graph.registry.get("robbie", "v1.0")
    other = {"base_digest": "of another base", "fingerprint": "of another base"}
    graph.registry._save(manifest.model_copy(update=other))
    graph.night()
    assert (graph.versions(), graph.serving()) == (["v1.0", "v1.1"], "v1.1")
    graph.week()
    assert graph.serving() == "v1.1"
