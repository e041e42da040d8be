"""Evaluation: what is measured on what, and the gate's decision recorded once, with its reasons."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from maverick_assets.errors import MaverickError
from maverick_assets.evaluation.people.asked_again import RepeatedDecision, RepeatedDecisionFile
from maverick_assets.evaluation.people.line_file import OWNER
from maverick_assets.evaluation.spec import ANSWERS, THOROUGH_ANSWERS
from maverick_assets.figures.decisions import Stance
from maverick_assets.pipeline.candidates import add_candidates
from maverick_assets.pipeline.evaluate import evaluate_next, evaluate_version
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.recipes import Gates, load_recipes
from maverick_assets.registry.manifest import Manifest
from maverick_assets_tests.pipeline.child_processes import FAILS, PASSES, FakeEvaluation
from maverick_assets_tests.pipeline.conftest import WriteDataset
from maverick_assets_tests.recording_log import RecordingLog
from maverick_assets_tests.registry.conftest import AddVersion

ROBBIE = load_recipes()["robbie"]


@pytest.fixture(autouse=True)
def datasets(write_dataset: WriteDataset) -> None:
    """Versions 0 and 1 of a dataset; those of the registry were trained on 1."""
    write_dataset(test=2)
    write_dataset(test=3)


def test_the_decision_of_the_gates_is_recorded_with_metrics_and_reasons(
    run: RunContext, add_version: AddVersion, evaluation: FakeEvaluation
) -> None:
    add_version("v1.0", gate=None)
    evaluation.gate = FAILS
    evaluated = evaluate_next(run, ROBBIE)
    assert evaluated.gate == FAILS
    assert evaluated == run.registry.get("robbie", "v1.0")
    assert evaluated.metrics is not None
    assert evaluated.metrics.adapter.perplexity == 12.3
    assert {"report/gate.json", "report/report.md"} <= evaluated.files.keys()
    run.registry.verify("robbie", "v1.0")


def test_a_recipe_edited_meanwhile_cannot_make_report_and_manifest_disagree(
    run: RunContext, add_version: AddVersion, evaluation: FakeEvaluation
) -> None:
    """The limits of today's recipe go to the process that decides; nothing decides after it."""
    version = add_version("v1.0", gate=None)
    evaluation.gate = FAILS
    evaluated = evaluate_version(run, version, Gates(max_perplexity_ratio=100))
    assert evaluation.specs[0].gates.max_perplexity_ratio == 100
    assert evaluated.recipe.gates.max_perplexity_ratio == 1
    report = run.registry.directory("robbie", "v1.0") / "report" / "report.md"
    assert evaluated.gate is not None
    assert report.read_text() == "\n".join(evaluated.gate.reasons) == "worse than the base"


def test_the_newest_version_is_compared_with_the_one_in_service(
    run: RunContext, add_version: AddVersion, evaluation: FakeEvaluation
) -> None:
    add_version("v1.0")
    run.registry.release("robbie", "v1.0")
    version = add_version("v1.1", gate=None)
    evaluate_version(run, version, ROBBIE.gates)
    current = run.registry.directory("robbie", "v1.0") / "adapter"
    [spec] = evaluation.specs
    assert spec.in_service_adapter == current
    assert spec.adapter == run.registry.directory("robbie", "v1.1") / "adapter"
    assert (spec.split, spec.example_ids, spec.dataset_version) == ("validation", None, 1)


def test_the_version_in_service_is_not_compared_with_itself(
    run: RunContext, add_version: AddVersion, evaluation: FakeEvaluation
) -> None:
    add_version("v1.0")
    released = run.registry.release("robbie", "v1.0")
    evaluated = evaluate_version(run, released, ROBBIE.gates)
    assert evaluation.specs[0].in_service_adapter is None
    assert (evaluated.state, evaluated.gate) == ("released", PASSES)


def test_why_an_operator_released_a_version_is_kept_when_it_is_evaluated_again(
    run: RunContext, add_version: AddVersion, evaluation: FakeEvaluation
) -> None:
    add_version("v1.0", gate=FAILS)
    run.registry.release("robbie", "v1.0", "seen by hand")
    evaluation.gate = FAILS
    evaluated = evaluate_next(run, ROBBIE)
    assert evaluated.gate == FAILS.model_copy(update={"override": "seen by hand"})
    page = run.registry.directory("robbie", "v1.0") / "report" / "report.html"
    assert "released all the same: seen by hand" in page.read_text()


def test_the_first_evaluation_of_a_major_version_freezes_its_test_set(
    run: RunContext, add_version: AddVersion, evaluation: FakeEvaluation
) -> None:
    first = add_version("v1.0", gate=None).model_copy(update={"dataset_version": 0})
    evaluate_version(run, first, ROBBIE.gates)
    major = {"kind": "major", "parent": first.version}  # its dataset has a third test example
    later = add_version("v2.0", gate=None).model_copy(update=major)
    evaluate_version(run, later, ROBBIE.gates)
    spec = evaluation.specs[-1]
    assert spec.split == "test"
    assert spec.example_ids == frozenset({"test 15", "test 16"})
    assert (spec.thorough, spec.answers_each) == (True, THOROUGH_ANSWERS)
    assert evaluation.specs[0].answers_each == ANSWERS


def test_a_night_is_compared_on_todays_validation_and_on_the_set_frozen_with_its_major(
    run: RunContext, add_version: AddVersion, evaluation: FakeEvaluation
) -> None:
    first = add_version("v1.0", gate=None).model_copy(update={"dataset_version": 0})
    evaluate_version(run, first, ROBBIE.gates)
    run.registry.release("robbie", "v1.0")
    night = {"kind": "incremental", "parent": first.version, "ancestors": first.chain}
    later = add_version("v1.0.1", gate=None).model_copy(update=night)
    evaluate_version(run, later, ROBBIE.gates)
    sets = evaluation.specs[-1].compared
    assert sets.newest == frozenset({"validation 12", "validation 13", "validation 14"})
    assert sets.frozen == frozenset({"test 15", "test 16"})
    assert len(sets.trained) == 12


def test_the_ceiling_of_decisions_is_how_often_the_owner_decided_as_he_did(
    run: RunContext, add_version: AddVersion, evaluation: FakeEvaluation
) -> None:
    repeated = RepeatedDecisionFile(run.settings.judgements)
    for number in range(10):
        repeated.add(repeated_decision("robbie", number, "accept" if number < 8 else "decline"))
        repeated.add(repeated_decision("another", number, "decline"))
    evaluate_version(run, add_version("v1.0", gate=None), ROBBIE.gates)
    [spec] = evaluation.specs
    assert {kind: rate.value for kind, rate in spec.ceilings.items()} == {"deals": 0.8}


def repeated_decision(personality: str, number: int, option: Stance) -> RepeatedDecision:
    """On a deal that he had accepted."""
    return RepeatedDecision(
        at=datetime.now(UTC),
        judge=OWNER,
        personality=personality,
        example_id=f"example-{number}",
        seed=0,
        kind="deals",
        dataset_version=0,
        before="accept",
        option=option,
    )


def test_a_version_of_another_base_is_not_measured(
    run: RunContext, add_version: AddVersion, evaluation: FakeEvaluation
) -> None:
    version = add_version("v1.0", gate=None).model_copy(update={"base_digest": "other"})
    with pytest.raises(MaverickError, match=r"robbie v1\.0 was trained on another base model"):
        evaluate_version(run, version, ROBBIE.gates)
    assert evaluation.specs == []


def test_beside_a_corrupt_version_in_service_nothing_is_measured(
    run: RunContext, add_version: AddVersion, evaluation: FakeEvaluation
) -> None:
    add_version("v1.0")
    run.registry.release("robbie", "v1.0")
    version = add_version("v1.1", gate=None)
    weights = run.registry.directory("robbie", "v1.0") / "adapter" / "adapter_model.safetensors"
    weights.write_bytes(bytes(10))
    with pytest.raises(MaverickError, match=r"v1\.0/adapter/adapter_model\.safetensors is corrupt"):
        evaluate_version(run, version, ROBBIE.gates)
    assert evaluation.specs == []


def test_beside_a_version_of_another_base_a_candidate_is_compared_with_its_base_alone(
    run: RunContext, add_version: AddVersion, evaluation: FakeEvaluation, log: RecordingLog
) -> None:
    add_version("v1.0")
    run.registry.release("robbie", "v1.0")
    manifest = run.registry.directory("robbie", "v1.0") / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"base_digest": "b"', '"base_digest": "old"'))
    version = add_version("v1.1", gate=None)
    evaluate_version(run, version, ROBBIE.gates)
    assert evaluation.specs[0].in_service_adapter is None
    [warning] = log.of_level("warning")
    assert warning == (
        "robbie v1.0, in service, is of another base model: robbie v1.1 is compared with the base "
        "alone"
    )


def test_a_corrupt_adapter_is_not_measured(
    run: RunContext, add_version: AddVersion, evaluation: FakeEvaluation
) -> None:
    version = add_version("v1.0", gate=None)
    adapter = run.registry.directory("robbie", "v1.0") / "adapter"
    (adapter / "adapter_config.json").write_text("{")
    with pytest.raises(MaverickError, match="is corrupt"):
        evaluate_version(run, version, ROBBIE.gates)
    assert evaluation.specs == []


def test_without_a_version_there_is_nothing_to_evaluate(run: RunContext) -> None:
    with pytest.raises(MaverickError, match="robbie has no version; materialize its adapter"):
        evaluate_next(run, ROBBIE)


Candidates = dict[str, Manifest]


@pytest.fixture
def candidates(run: RunContext, add_version: AddVersion, write_dataset: WriteDataset) -> Candidates:
    """The versions that the run has trained, not evaluated yet."""
    names = ("gatekeeper", "robbie", "health-monitor")
    recipes = [load_recipes()[name] for name in names]
    for recipe in recipes:
        write_dataset(recipe.name)
        write_dataset(recipe.name, test=1)
    versions = [add_version("v1.0", recipe.name, gate=None) for recipe in recipes]
    add_candidates(run, versions, recipes)
    return {version.personality: version for version in versions}


def test_the_first_evaluation_of_a_run_is_that_of_all_its_candidates(
    run: RunContext, candidates: Candidates, evaluation: FakeEvaluation
) -> None:
    for name, version in candidates.items():
        evaluated = evaluate_next(run, load_recipes()[name])
        assert (evaluated.version, evaluated.gate) == (version.version, PASSES)
    assert evaluation.processes == 1
    assert [spec.personality for spec in evaluation.specs] == list(candidates)


def test_a_refused_candidate_is_not_evaluated_again_in_its_run(
    run: RunContext, candidates: Candidates, evaluation: FakeEvaluation
) -> None:
    evaluation.gate = FAILS
    for name in candidates:
        assert evaluate_next(run, load_recipes()[name]).gate == FAILS
    assert evaluation.processes == 1


def test_a_candidate_that_cannot_be_evaluated_stops_no_other(
    run: RunContext, candidates: Candidates, evaluation: FakeEvaluation
) -> None:
    adapter = run.registry.directory("gatekeeper", "v1.0") / "adapter"
    (adapter / "adapter_config.json").write_text("{")
    evaluation.problems["health-monitor"] = "no validation example"
    for name, problem in (("gatekeeper", "is corrupt"), ("health-monitor", "no validation")):
        with pytest.raises(MaverickError, match=problem):
            evaluate_next(run, load_recipes()[name])
    assert evaluate_next(run, ROBBIE).gate == PASSES
    assert evaluation.processes == 1


def test_a_killed_process_is_named_for_each_version_that_it_did_not_come_to(
    run: RunContext, candidates: Candidates, evaluation: FakeEvaluation
) -> None:
    evaluation.killed_before = "robbie"
    assert evaluate_next(run, load_recipes()["gatekeeper"]).gate == PASSES
    for name in ("robbie", "health-monitor"):
        with pytest.raises(MaverickError, match="the process was killed"):
            evaluate_next(run, load_recipes()[name])
    evaluation.killed_before = None
    later = replace(run, run_id="later")
    assert evaluate_next(later, ROBBIE).gate == PASSES


def test_an_evaluation_alone_is_of_its_own_version_alone(
    run: RunContext, candidates: Candidates, evaluation: FakeEvaluation
) -> None:
    evaluate_next(replace(run, run_id="by hand"), ROBBIE)
    assert [spec.personality for spec in evaluation.specs] == ["robbie"]
