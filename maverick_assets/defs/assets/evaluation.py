"""`<p>/evaluation`: held-out perplexity of base and adapter, samples, and the gate."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dagster import (
    AssetCheckResult,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    DataVersion,
    MaterializeResult,
    MetadataValue,
    asset,
)

from maverick_assets.datasets.examples.example import read_examples
from maverick_assets.defs.assets.display import inline_image
from maverick_assets.defs.assets.training import require_base
from maverick_assets.errors import MaverickError
from maverick_assets.evaluation.gates import Decision, decide
from maverick_assets.evaluation.spec import EvaluationSpec
from maverick_assets.lake.paths import dataset_path, token_cache_path
from maverick_assets.processes import Log, run_module, write_spec
from maverick_assets.recipes import Recipe
from maverick_assets.records import Metrics
from maverick_assets.registry.manifest import GateDecision, Manifest
from maverick_assets.registry.store import Registry
from maverick_assets.registry.test_sets import answer_row, frozen_rows
from maverick_assets.settings import Settings, load_settings
from maverick_assets.training.spec import BaseSpec, read_json


def evaluation_asset(recipe: Recipe) -> AssetsDefinition:
    key = AssetKey([recipe.asset_prefix, "evaluation"])

    @asset(
        key=key,
        deps=[AssetKey([recipe.asset_prefix, part]) for part in ("adapter", "dataset")],
        check_specs=[AssetCheckSpec("gate", asset=key, blocking=True)],
        description=f"How well {recipe.title}'s newest version does on held-out examples.",
    )
    def evaluation(context: AssetExecutionContext) -> MaterializeResult:
        settings = load_settings()
        registry = Registry(settings.models)
        version = registry.newest(recipe.name)
        if version is None:
            raise MaverickError(f"{recipe.name} has no version; materialize its adapter first")
        folder = settings.runs / context.run_id / recipe.name
        judged, decision = evaluate_version(
            settings, registry, recipe, version, folder, context.log
        )
        report = registry.directory(recipe.name, judged.version) / "report"
        context.log.info(f"{recipe.name} {judged.version}: {'; '.join(decision.reasons)}")
        return MaterializeResult(
            metadata=_metadata(judged, report),
            data_version=DataVersion(f"{judged.version} {judged.fingerprint[:12]}"),
            check_results=[
                AssetCheckResult(
                    passed=decision.passed,
                    check_name="gate",
                    metadata={"reasons": MetadataValue.json(list(decision.reasons))},
                )
            ],
        )

    return evaluation


def evaluate_version(
    settings: Settings,
    registry: Registry,
    recipe: Recipe,
    version: Manifest,
    folder: Path,
    log: Log,
    test_set_of: int | None = None,
) -> tuple[Manifest, Decision]:
    """Measure a version on its own held-out examples, judge it, and keep report and decision.

    They are those of validation, or of the test set of the major version `test_set_of`, where it
    has any.
    """
    base = require_base(settings)
    _test_examples(settings, version, version.version.major)  # frozen with the first of a major
    test = _test_examples(settings, version, test_set_of) if test_set_of else []
    adapter = registry.directory(recipe.name, version.version) / "adapter"
    registry.verify(recipe.name, version.version)
    serving = registry.in_service(recipe.name)
    rival = serving if serving and serving.version != version.version else None
    training = version.training and write_spec(folder, "training", version.training)
    spec = write_spec(
        folder,
        "evaluate",
        EvaluationSpec(
            base=BaseSpec(directory=base.directory, digest=base.digest),
            personality=recipe.name,
            dataset=dataset_path(settings.lake, recipe.name),
            dataset_version=version.dataset_version,
            adapter=adapter,
            in_service_adapter=rival and registry.directory(recipe.name, rival.version) / "adapter",
            recipe=version.recipe,
            training=training,
            out=folder / "report",
            split="test" if test else "validation",
            example_ids=frozenset(test) or None,
            tokens=token_cache_path(settings.lake),
        ),
    )
    run_module("maverick_assets.evaluation.evaluate", str(spec), log=log)
    metrics = read_json(folder / "report" / "metrics.json", Metrics)
    decision = decide(metrics, recipe.gates, metrics.in_service)
    registry.attach(recipe.name, version.version, folder / "report", "report")
    gate = GateDecision(
        passed=decision.passed, reasons=tuple(decision.reasons), decided_at=datetime.now(UTC)
    )
    return registry.record_evaluation(recipe.name, version.version, metrics, gate), decision


def _test_examples(settings: Settings, version: Manifest, major: int) -> list[str]:
    """Ids that the test set of a major version has in the dataset of a version."""
    dataset = dataset_path(settings.lake, version.personality)
    examples = read_examples(dataset, version.dataset_version, "test")
    rows = frozen_rows(settings.models, version.personality, major, examples)
    return [example.example_id for example in examples if answer_row(example) in rows]


def _metadata(manifest: Manifest, report: Path) -> dict[str, Any]:
    metrics = manifest.metrics
    assert metrics is not None
    samples = json.loads((report / "samples.json").read_text())
    return {
        "version": str(manifest.version),
        "perplexity_base": metrics.base.perplexity,
        "perplexity_adapter": metrics.adapter.perplexity,
        "perplexity_ratio": metrics.ratio,
        "held_out_examples": metrics.n_examples,
        "held_out_supervised_tokens": metrics.n_supervised,
        "loss": inline_image(report / "loss.png", "training and held-out loss"),
        "report": MetadataValue.path(report / "report.md"),
        "samples": MetadataValue.json(samples),
    }
