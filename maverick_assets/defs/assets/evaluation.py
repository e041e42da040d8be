"""`<p>/evaluation`: perplexity of base and adapter on held-out examples, sample answers, gate."""

from pathlib import Path
from typing import Any

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    MaterializeResult,
    MetadataValue,
    TableMetadataValue,
    TableRecord,
    asset,
)

from maverick_assets.defs.assets.display import data_version, inline_image
from maverick_assets.defs.runs.context import run_context
from maverick_assets.pipeline.evaluate import evaluate_next
from maverick_assets.recipes import Recipe
from maverick_assets.records import GateDecision
from maverick_assets.registry.manifest import Manifest
from maverick_assets.web.report_links import evaluation_link


def evaluation_asset(recipe: Recipe) -> AssetsDefinition:
    key = AssetKey([recipe.asset_prefix, "evaluation"])

    @asset(
        key=key,
        deps=[AssetKey([recipe.asset_prefix, part]) for part in ("adapter", "dataset")],
        check_specs=[AssetCheckSpec("gate", asset=key, blocking=True)],
        description=f"How well {recipe.title}'s next version does on held-out examples.",
    )
    def evaluation(context: AssetExecutionContext) -> MaterializeResult:
        with run_context(context) as run:
            evaluated = evaluate_next(run, recipe)
            metadata = _metadata(evaluated, run.registry.directory(recipe.name, evaluated.version))
            metadata["page"] = MetadataValue.url(
                evaluation_link(run.settings.serving_origin, recipe.name, str(evaluated.version))
            )
        assert evaluated.gate is not None
        return MaterializeResult(
            metadata=metadata,
            data_version=data_version(evaluated),
            check_results=[_check(evaluated.gate)],
        )

    return evaluation


def _check(gate: GateDecision) -> AssetCheckResult:
    """A refusal blocks the release, and the run fails; a tie only warns: nothing is wrong."""
    return AssetCheckResult(
        passed=gate.passed,
        check_name="gate",
        severity=AssetCheckSeverity.WARN if gate.is_tie else AssetCheckSeverity.ERROR,
        description=gate.verdict,
        metadata={
            "reasons": MetadataValue.json(list(gate.reasons)),
            "gates": _table_of_gates(gate),
        },
    )


def _table_of_gates(decision: GateDecision) -> TableMetadataValue:
    """A line for each gate: what was measured, the limit, and whether it passed."""
    records = [
        TableRecord(
            {
                "gate": result.gate,
                "passed": result.passed,
                "value": "not measured" if result.value is None else f"{result.value:.4g}",
                "interval": result.shown_interval,
                "limit": result.limit,
            }
        )
        for result in decision.gates
    ]
    return MetadataValue.table(records) if records else MetadataValue.table([TableRecord({})])


def _metadata(evaluated: Manifest, directory: Path) -> dict[str, Any]:
    """Figures. The answers stand in the report, a file of the run home."""
    metrics, report = evaluated.metrics, directory / "report"
    assert metrics is not None
    return {
        "version": str(evaluated.version),
        "perplexity_base": metrics.base.perplexity,
        "perplexity_adapter": metrics.adapter.perplexity,
        "perplexity_ratio": metrics.ratio,
        "held_out_examples": metrics.n_examples,
        "held_out_supervised_tokens": metrics.n_supervised,
        "loss": inline_image(report / "loss.png", "training and held-out loss"),
        "report": MetadataValue.path(report / "report.md"),
    }
