"""Evaluation of versions: a child process scores them and applies the gates; here it is recorded.

The gates decide once, in that process; report and manifest both hold that decision.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.errors import MaverickError
from maverick_assets.evaluation.kept_results import answers_file, losses_file
from maverick_assets.evaluation.people.asked_again import RepeatedDecisionFile, ceilings
from maverick_assets.evaluation.reports.page import PAGE, render_evaluation
from maverick_assets.evaluation.spec import (
    ANSWERS,
    THOROUGH_ANSWERS,
    EvaluationSpec,
    EvaluationsSpec,
)
from maverick_assets.lake.paths import dataset_path, token_cache_path
from maverick_assets.pipeline.base.prepare import require_base
from maverick_assets.pipeline.candidates import (
    Outcome,
    find_unfinished,
    other_candidates,
    outcome_of,
    outcomes_of_child,
    record_outcome,
)
from maverick_assets.pipeline.memorisation import version_audit
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.processes import run_module, write_spec
from maverick_assets.recipes import Gates, Recipe
from maverick_assets.records import GateDecision, Metrics
from maverick_assets.registry.catalog import label
from maverick_assets.registry.compared_sets import ComparedSets, compared_sets
from maverick_assets.registry.manifest import Manifest
from maverick_assets.training.spec import BaseSpec, read_json

_SHOWN_ELSEWHERE = ("internal", "private")  # classes of recipes whose adapter may answer others


def evaluate_next(run: RunContext, recipe: Recipe) -> Manifest:
    """Evaluate the version that is to be released next, or else the newest once more.

    A version that passed before an interrupted release is returned as it is. Raises
    `MaverickError` when there is no version.
    """
    unfinished = find_unfinished(run, recipe.name)
    version = unfinished or run.registry.newest(recipe.name)
    if version is None:
        raise MaverickError(f"{recipe.name} has no version; materialize its adapter first")
    if unfinished and unfinished.gate and not outcome_of(run, "evaluation", unfinished):
        run.log.info(f"{recipe.name} {unfinished.version} has passed its gate before")
        return unfinished
    return evaluate_version(run, version, recipe.gates)


def evaluate_version(run: RunContext, version: Manifest, gates: Gates) -> Manifest:
    """Score a version on examples that it was not trained on, and record report and decision.

    The examples are those of validation; for a major version the test set of the major version
    before it, where that has any. It is compared with the version in service on both. `gates` are
    those of today's recipe, which the version's own may differ from. The other candidates of the
    run are evaluated along with it, and each only once.
    """
    if not outcome_of(run, "evaluation", version):
        others = other_candidates(run, "evaluation", version.personality)
        waiting = [(other, its_gates) for other, its_gates in others if other.gate is None]
        evaluate_together(run, [(version, gates), *waiting])
    return _evaluated(run, version)


def evaluate_together(run: RunContext, versions: Sequence[tuple[Manifest, Gates]]) -> None:
    """Evaluate versions in one process. One that fails stops no other."""
    base = require_base(run.settings)
    specs: dict[str, EvaluationSpec] = {}
    for version, gates in versions:
        try:
            run.registry.usable(version.personality, version.version)
            run.registry.verify(version.personality, version.version)
            spec = _evaluation_spec(run, version, gates, base)
            other = _other_adapter(run, version, [each for each, _ in versions])
            specs[version.personality] = spec.model_copy(update={"other_adapter": other})
        except MaverickError as error:
            _record_problem(run, version, str(error))
    to_score = [version for version, _ in versions if version.personality in specs]
    if not to_score:
        return
    together = EvaluationsSpec(
        base=BaseSpec(directory=base.directory, digest=base.digest),
        evaluations=list(specs.values()),
    )
    path = write_spec(run.folder, "evaluate", together)
    module = "maverick_assets.evaluation.evaluate"
    outcomes = outcomes_of_child(to_score, partial(run_module, module, str(path), log=run.log))
    for version in to_score:
        name = version.personality
        _record(run, version, specs[name], outcomes[name])


def _record(run: RunContext, version: Manifest, spec: EvaluationSpec, outcome: Outcome) -> None:
    """Put what was measured and decided into the registry, and how it went into the folder."""
    name = version.personality
    if outcome.problem is None:
        try:
            metrics = read_json(spec.out / "metrics.json", Metrics)
            gate = read_json(spec.out / "gate.json", GateDecision)
            shown = {"metrics": metrics, "gate": gate.keeping_override(version.gate)}
            _write_page(run, version.model_copy(update=shown), spec.out)
            run.registry.attach(name, version.version, spec.out, "report")
            run.registry.record_evaluation(name, version.version, metrics, gate)
        except MaverickError as error:
            outcome = outcome.model_copy(update={"problem": str(error)})
        else:
            run.log.info(f"{name} {version.version}: {'; '.join(gate.reasons)}")
    record_outcome(run, "evaluation", version, outcome)


def _write_page(run: RunContext, evaluated: Manifest, folder: Path) -> None:
    """Add the page to the files of an evaluation."""
    versions = run.registry.versions_of(evaluated.personality)
    earlier = [each for each in versions if each.version < evaluated.version]
    page = render_evaluation(evaluated, earlier, folder, None)
    (folder / PAGE).write_text(page, encoding="utf-8")


def _record_problem(run: RunContext, version: Manifest, problem: str) -> None:
    outcome = Outcome(version=str(version.version), problem=problem)
    record_outcome(run, "evaluation", version, outcome)


def _evaluated(run: RunContext, version: Manifest) -> Manifest:
    """A version as its evaluation in this run left it. Raises `MaverickError` where it failed."""
    outcome = outcome_of(run, "evaluation", version)
    assert outcome is not None
    if outcome.problem:
        raise MaverickError(outcome.problem)
    return run.registry.get(version.personality, version.version)


def _evaluation_spec(
    run: RunContext, version: Manifest, gates: Gates, base: PreparedBase
) -> EvaluationSpec:
    """What is measured of a version. Raises `MaverickError` for one of another base."""
    name, registry, folder = version.personality, run.registry, run.folder / version.personality
    if version.base_digest != base.digest:
        raise MaverickError(
            f"{label(version)} was trained on another base model ({version.base_digest[:12]}); set "
            "MAVERICK_BASE_MODEL to it, or retrain"
        )
    in_service = _to_compare_with(run, version)
    dataset = dataset_path(run.settings.lake, name)
    compared = compared_sets(run.settings.models, dataset, version, in_service)
    is_major = version.kind == "major"  # once a month
    is_new_major = is_major and version.parent is not None
    audit = version_audit(run.settings, version, datetime.now(UTC)) if is_new_major else None
    split = "test" if is_new_major and compared.frozen else "validation"
    return EvaluationSpec(
        personality=name,
        dataset=dataset,
        dataset_version=version.dataset_version,
        adapter=registry.weights(name, version.version, "adapter"),
        in_service_adapter=in_service and registry.weights(name, in_service.version, "adapter"),
        max_length=version.recipe.training.max_length,
        answers_each=THOROUGH_ANSWERS if is_major else ANSWERS,
        thorough=is_major,
        gates=gates,
        audit=audit,
        ceilings=ceilings(RepeatedDecisionFile(run.settings.judgements).read(name)),
        training=version.training and write_spec(folder, "training", version.training),
        out=folder / "report",
        split=split,
        example_ids=_scored_ids(split, compared),
        compared=compared,
        lake=run.settings.lake,
        owner_emails=run.settings.owner_emails,
        checks=run.settings.engine_checks,
        tokens=token_cache_path(run.settings.lake),
        losses=losses_file(run.settings.lake, name, split),
        answers=answers_file(run.settings.lake, name, split),
    )


def _other_adapter(
    run: RunContext, version: Manifest, candidates: Sequence[Manifest]
) -> Path | None:
    """The adapter of another personality on this base: what a version owes to its own examples,
    this one cannot have.

    The next personality by name, so that evaluations of one fleet compare. Never one of health or
    intimacy, whose words belong nowhere else.
    """
    registry = run.registry
    in_service = [registry.in_service(name) for name in registry.personalities()]
    by_name = {
        each.personality: each
        for each in [*filter(None, in_service), *candidates]
        if each.personality != version.personality
        and each.base_digest == version.base_digest
        and each.recipe.sensitivity in _SHOWN_ELSEWHERE
    }
    for name in sorted(by_name, key=lambda name: (name < version.personality, name)):
        with suppress(MaverickError):  # a corrupt one: its own evaluation says so
            return registry.weights(name, by_name[name].version, "adapter")
    return None


def _scored_ids(split: str, compared: ComparedSets) -> frozenset[str] | None:
    """The examples of a split that are scored; None for all of them."""
    if split == "test":
        return compared.frozen
    return compared.newest if compared.provenance.left_out else None


def _to_compare_with(run: RunContext, version: Manifest) -> Manifest | None:
    """The version in service, where a candidate can be compared with it.

    One of another base answers nobody any more: an export refuses it, and so does every node.
    Raises `MaverickError` when its files are corrupt: beside a broken adapter every candidate
    looks better.
    """
    current = run.registry.in_service(version.personality)
    if current is None or current.version == version.version:
        return None
    if current.base_digest != version.base_digest:
        run.log.warning(
            f"{label(current)}, in service, is of another base model: {label(version)} is compared "
            "with the base alone"
        )
        return None
    run.registry.verify(version.personality, current.version)
    return current
