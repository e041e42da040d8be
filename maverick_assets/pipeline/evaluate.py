"""Evaluation of a version: a child process scores it and applies the gates; here it is recorded.

The gates decide once, in that process; report and manifest both hold that decision.
"""

from maverick_assets.datasets.examples.example import read_examples
from maverick_assets.errors import MaverickError
from maverick_assets.evaluation.spec import EvaluationSpec
from maverick_assets.lake.paths import dataset_path, token_cache_path
from maverick_assets.pipeline.base_model import require_base
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.pipeline.unfinished import find_unfinished
from maverick_assets.processes import run_module, write_spec
from maverick_assets.recipes import Gates, Recipe
from maverick_assets.records import GateDecision, Metrics
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.test_sets import answer_row, frozen_test_set
from maverick_assets.training.spec import BaseSpec, read_json


def evaluate_next(run: RunContext, recipe: Recipe) -> Manifest:
    """Evaluate the version that is to be released next, or else the newest once more.

    A version that passed before an interrupted release is returned as it is. Raises
    `MaverickError` when there is no version.
    """
    unfinished = find_unfinished(run, recipe.name)
    version = unfinished or run.registry.newest(recipe.name)
    if version is None:
        raise MaverickError(f"{recipe.name} has no version; materialize its adapter first")
    if unfinished and unfinished.gate:
        run.log.info(f"{recipe.name} {unfinished.version} has passed its gate before")
        return unfinished
    return evaluate_version(run, version, recipe.gates)


def evaluate_version(run: RunContext, version: Manifest, gates: Gates) -> Manifest:
    """Score a version on examples that it was not trained on, and record report and decision.

    The examples are those of validation; for a major version the test set of the major version
    before it, where that has any. `gates` are those of today's recipe, which the version's own may
    differ from.
    """
    name = version.personality
    run.registry.verify(name, version.version)
    spec = _evaluation_spec(run, version, gates, _test_examples(run, version))
    path = write_spec(run.folder / name, "evaluate", spec)
    run_module("maverick_assets.evaluation.evaluate", str(path), log=run.log)
    metrics = read_json(spec.out / "metrics.json", Metrics)
    gate = read_json(spec.out / "gate.json", GateDecision)
    run.registry.attach(name, version.version, spec.out, "report")
    evaluated = run.registry.record_evaluation(name, version.version, metrics, gate)
    run.log.info(f"{name} {version.version}: {'; '.join(gate.reasons)}")
    return evaluated


def _evaluation_spec(
    run: RunContext, version: Manifest, gates: Gates, test_examples: list[str]
) -> EvaluationSpec:
    base = require_base(run.settings)
    name, registry, folder = version.personality, run.registry, run.folder / version.personality
    current = registry.in_service(name)
    in_service = current if current and current.version != version.version else None
    return EvaluationSpec(
        base=BaseSpec(directory=base.directory, digest=base.digest),
        personality=name,
        dataset=dataset_path(run.settings.lake, name),
        dataset_version=version.dataset_version,
        adapter=registry.directory(name, version.version) / "adapter",
        in_service_adapter=in_service and registry.directory(name, in_service.version) / "adapter",
        max_length=version.recipe.training.max_length,
        gates=gates,
        training=version.training and write_spec(folder, "training", version.training),
        out=folder / "report",
        split="test" if test_examples else "validation",
        example_ids=frozenset(test_examples) or None,
        tokens=token_cache_path(run.settings.lake),
    )


def _test_examples(run: RunContext, version: Manifest) -> list[str]:
    """Ids of the test set that a major version is measured on; none for other versions.

    The first evaluation of a major version freezes its test set.
    """
    name = version.personality
    dataset = dataset_path(run.settings.lake, name)
    examples = read_examples(dataset, version.dataset_version, "test")
    frozen_test_set(run.settings.models, name, version.version.major, examples)
    if version.kind != "major" or version.parent is None:
        return []
    rows = frozen_test_set(run.settings.models, name, version.parent.major, examples)
    return [example.example_id for example in examples if answer_row(example) in rows]
