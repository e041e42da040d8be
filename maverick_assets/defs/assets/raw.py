"""`crm/<table>` (external) and `raw/<table>`: CRM and other sources as Delta tables."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetMaterialization,
    AssetsDefinition,
    AssetSpec,
    DataVersion,
    MaterializeResult,
    MetadataValue,
    asset,
)

from maverick_assets.crm.connection import crm_url
from maverick_assets.crm.extraction import ExtractionResult, extract
from maverick_assets.crm.landing import land
from maverick_assets.crm.schema import TABLES, Table
from maverick_assets.crm.sources.source import Source, SourceTable
from maverick_assets.crm.watermark import LONG_TRANSACTION_SECONDS
from maverick_assets.defs.assets.display import sample_table
from maverick_assets.errors import BadInput
from maverick_assets.lake.delta import Commit, open_table
from maverick_assets.lake.paths import raw_path
from maverick_assets.settings import load_settings

CHECK = "readable"


def crm_specs() -> list[AssetSpec]:
    """The source tables, which others write."""
    return [
        AssetSpec(["crm", table.name], description=f"Table {table.name} of the CRM.")
        for table in TABLES.values()
    ]


def raw_asset(table: Table) -> AssetsDefinition:
    key = AssetKey(["raw", table.name])

    @asset(
        key=key,
        deps=[AssetKey(["crm", table.name])],
        check_specs=[AssetCheckSpec(CHECK, asset=key)],
        description=f"Every row of {table.name} with tombstones: {', '.join(table.columns)}.",
    )
    def raw(context: AssetExecutionContext) -> Iterator[MaterializeResult | AssetCheckResult]:
        settings = load_settings()
        try:
            done = extract(crm_url(settings), table, settings.lake)
        except BadInput as error:
            yield _check(False, problem=str(error))
            raise
        if done.commit.changed or done.method == "full":  # others wrote; this is how we know
            rows = {"dagster/row_count": done.rows}
            context.log_event(AssetMaterialization(["crm", table.name], metadata=rows))
        context.log.info(
            f"{done.rows} rows: {done.commit.inserted} new, {done.commit.updated} changed, "
            f"{done.tombstones} deleted; {done.read} read ({done.method}: {done.reason})"
        )
        if done.oldest_transaction_seconds > LONG_TRANSACTION_SECONDS:
            context.log.warning(
                "a transaction of the CRM has been open for "
                f"{done.oldest_transaction_seconds:.0f} s: until it ends, the same rows are read "
                "again and again"
            )
        yield MaterializeResult(
            metadata=_metadata(done, table),
            data_version=DataVersion(str(done.commit.version)),
            check_results=[_check(True)],
        )

    return raw


def source_asset(source: Source, fills: SourceTable) -> AssetsDefinition:
    key = AssetKey(["raw", fills.name])

    @asset(
        key=key,
        check_specs=[AssetCheckSpec(CHECK, asset=key)],
        description=f"What {source.name} has of the shape {fills.shape}, with tombstones.",
    )
    def raw(context: AssetExecutionContext) -> Iterator[MaterializeResult | AssetCheckResult]:
        lake = load_settings().lake
        try:
            done = land(source, fills, lake)
        except BadInput as error:
            yield _check(False, problem=str(error))
            raise
        for skipped in done.skipped:
            context.log.warning(f"skipped {skipped.name}: {skipped.reason}")
        context.log.info(
            f"{done.read} rows read: {done.commit.inserted} new, {done.commit.updated} changed, "
            f"{done.tombstones} deleted, {len(done.skipped)} skipped"
        )
        yield MaterializeResult(
            metadata={
                "dagster/row_count": done.commit.rows,
                "rows_read": done.read,
                "tombstones": done.tombstones,
                "skipped": MetadataValue.json([asdict(skipped) for skipped in done.skipped]),
                **_stored(raw_path(lake, fills.name), done.commit),
            },
            data_version=DataVersion(str(done.commit.version)),
            check_results=[_check(True)],
        )

    return raw


def raw_assets(sources: Sequence[Source]) -> list[AssetsDefinition]:
    return [
        *(raw_asset(table) for table in TABLES.values()),
        *(source_asset(source, fills) for source in sources for fills in source.tables),
    ]


def _metadata(done: ExtractionResult, table: Table) -> dict[str, Any]:
    return {
        "dagster/row_count": done.rows,
        "rows_read": done.read,
        "tombstones": done.tombstones,
        "method": done.method,
        "reason": done.reason,
        "oldest_open_transaction_seconds": round(done.oldest_transaction_seconds, 1),
        **_stored(raw_path(load_settings().lake, table.name), done.commit),
    }


def _stored(target: Path, commit: Commit) -> dict[str, Any]:
    held = open_table(target)
    assert held is not None
    return {
        "inserted": commit.inserted,
        "updated": commit.updated,
        "delta_version": commit.version,
        "path": MetadataValue.path(target),
        "sample": sample_table(held.to_pyarrow_dataset().head(5)),
    }


def _check(passed: bool, **metadata: str) -> AssetCheckResult:
    return AssetCheckResult(
        passed=passed,
        check_name=CHECK,
        severity=AssetCheckSeverity.ERROR,
        metadata={name: MetadataValue.text(text) for name, text in metadata.items()},
    )
