"""`<p>/dataset`: prompt-completion examples of each personality, with their checks."""

from collections import Counter
from typing import Any

import pyarrow as pa
from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    DataVersion,
    MaterializeResult,
    MetadataValue,
    asset,
)

from maverick_assets.datasets.quality.card import Card
from maverick_assets.datasets.quality.checks import CHECKS, Check
from maverick_assets.defs.assets.display import small_table
from maverick_assets.defs.runs.context import recipe_of_run, run_context
from maverick_assets.lake.paths import dataset_path
from maverick_assets.pipeline.ingest import PersonalityDataset, refresh_personality
from maverick_assets.recipes import Recipe


def dataset_asset(recipe: Recipe) -> AssetsDefinition:
    key = AssetKey([recipe.asset_prefix, "dataset"])

    @asset(
        key=key,
        deps=[AssetKey(["clean", "turns"]), AssetKey("base_model")],
        check_specs=[AssetCheckSpec(name, asset=key) for name in CHECKS],
        description=f"Examples for {recipe.title}: {recipe.description}",
    )
    def dataset(context: AssetExecutionContext) -> MaterializeResult:
        with run_context(context) as run:
            refreshed = refresh_personality(run, recipe_of_run(context, recipe))
        return MaterializeResult(
            metadata={
                **_counts(refreshed),
                **_tables(refreshed.card),
                "examples": f"maverick datasets show {recipe.name}",  # none is shown here
                "card": MetadataValue.path(refreshed.page),
                "path": MetadataValue.path(dataset_path(run.settings.lake, recipe.name)),
            },
            data_version=DataVersion(str(refreshed.commit.version)),
            check_results=[_check_result(check) for check in refreshed.checks],
        )

    return dataset


def _counts(refreshed: PersonalityDataset) -> dict[str, Any]:
    examples = [entry for entry in refreshed.selection if not entry.dropped]
    by_split = Counter(entry.split for entry in examples)
    by_rule = Counter(rule for example in refreshed.quarantine for rule in example.rules)
    return {
        "dagster/row_count": refreshed.commit.rows,
        "changed": refreshed.commit.changed,
        "candidates": refreshed.candidates.commit.rows,
        "candidates_derived": refreshed.candidates.derived,
        **{split: by_split[split] for split in ("train", "validation", "test")},
        "tokens": sum(entry.n_tokens for entry in examples),
        "supervised_tokens": sum(entry.n_supervised for entry in examples),
        "delta_version": refreshed.commit.version,
        "rejected_answers": refreshed.rejected.rows,
        "quarantined": len(refreshed.quarantine),
        "quarantined_by_rule": MetadataValue.json(dict(by_rule)),
    }


def _tables(card: Card) -> dict[str, MetadataValue]:
    tables: dict[str, list[dict[str, Any]]] = {
        "funnel": [{"step": step, "left": left} for step, left in card.funnel],
        "lengths": [
            {"tokens": f"<= {edge}", "examples": count} for edge, count in card.histogram()
        ],
    }
    tables["fates"] = [
        {"table": table.table, "what became of it": fate, "rows": count}
        for table in card.fates
        for fate, count in table.counts.items()
    ]
    shares = {column: dict(counts) for column, counts in card.shares.items()}
    links = {table.table: dict(table.links) for table in card.fates if table.links}
    warnings = "\n".join(f"- {warning}" for warning in card.warnings)
    return {
        **{name: small_table(pa.Table.from_pylist(rows)) for name, rows in tables.items()},
        "shares": MetadataValue.json(shares),
        "links": MetadataValue.json(links),
        **({"warnings": MetadataValue.md(warnings)} if warnings else {}),
    }


def _check_result(check: Check) -> AssetCheckResult:
    return AssetCheckResult(
        passed=check.problem is None,
        check_name=check.name,
        severity=AssetCheckSeverity.WARN if check.only_warns else AssetCheckSeverity.ERROR,
        metadata={"problem": MetadataValue.text(check.problem)} if check.problem else None,
    )
