"""`crm/<table>` (external) and `raw/<table>`: CRM and other sources as Delta tables."""

from collections.abc import Iterator, Sequence
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

from maverick_assets.crm.extraction import ExtractionResult
from maverick_assets.crm.schema import TABLES, Table
from maverick_assets.crm.sources.source import Source, SourceTable
from maverick_assets.defs.runs.context import run_context
from maverick_assets.errors import BadInput
from maverick_assets.lake.delta import Commit
from maverick_assets.lake.paths import raw_path
from maverick_assets.pipeline.ingest import extract_table, land_table
from maverick_assets.printable import one_line

CHECK = "readable"


def crm_specs() -> list[AssetSpec]:
    """The tables of the CRM; other programs write them."""
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
        with run_context(context) as run:
            try:
                extraction = extract_table(run, table)
            except BadInput as error:
                yield _readable(str(error))
                raise
        # When the CRM has changed, its own asset shows it, too.
        if extraction.commit.changed or extraction.method == "full":
            rows = {"dagster/row_count": extraction.rows}
            context.log_event(AssetMaterialization(["crm", table.name], metadata=rows))
        yield MaterializeResult(
            metadata=_metadata(extraction, raw_path(run.settings.lake, table.name))
            | {"skipped_names": MetadataValue.path(run.settings.skipped / table.name)},
            data_version=DataVersion(str(extraction.commit.version)),
            check_results=[_readable()],
        )

    return raw


def source_asset(source: Source, source_table: SourceTable) -> AssetsDefinition:
    """A source that cannot be read fails its check, and stops neither others nor training."""
    key = AssetKey(["raw", source_table.name])

    @asset(
        key=key,
        check_specs=[AssetCheckSpec(CHECK, asset=key)],
        description=f"Rows of {source.name} in the shape {source_table.shape}, with tombstones.",
    )
    def raw(context: AssetExecutionContext) -> Iterator[MaterializeResult | AssetCheckResult]:
        try:
            with run_context(context) as run:
                landing = land_table(run, source, source_table)
        except Exception as error:
            context.log.warning(
                f"{source.name} was not read: {one_line(str(error))}; "
                "what it brought before stays, and everything else goes on"
            )
            yield MaterializeResult(
                metadata={"problem": MetadataValue.text(str(error))},
                check_results=[_readable(str(error), type(error).__name__)],
            )
            return
        yield MaterializeResult(
            metadata={
                "dagster/row_count": landing.commit.rows,
                "rows_read": landing.read,
                "tombstones": landing.tombstones,
                "skipped": len(landing.skipped),
                "skipped_names": MetadataValue.path(run.settings.skipped / source_table.name),
                **_table_metadata(raw_path(run.settings.lake, source_table.name), landing.commit),
            },
            data_version=DataVersion(str(landing.commit.version)),
            check_results=[_readable()],
        )

    return raw


def raw_assets(sources: Sequence[Source]) -> list[AssetsDefinition]:
    return [
        *(raw_asset(table) for table in TABLES.values()),
        *(source_asset(source, table) for source in sources for table in source.tables),
    ]


def _metadata(extraction: ExtractionResult, target: Path) -> dict[str, Any]:
    return {
        "dagster/row_count": extraction.rows,
        "rows_read": extraction.read,
        "tombstones": extraction.tombstones,
        "skipped": len(extraction.skipped),
        "row_security": extraction.has_row_security,
        "method": extraction.method,
        "reason": extraction.reason,
        "oldest_open_transaction_seconds": round(extraction.oldest_transaction_seconds, 1),
        **_table_metadata(target, extraction.commit),
    }


def _table_metadata(target: Path, commit: Commit) -> dict[str, Any]:
    """Counts. Rows are as the CRM has them, with every name: none is shown."""
    return {
        "inserted": commit.inserted,
        "updated": commit.updated,
        "delta_version": commit.version,
        "path": MetadataValue.path(target),
    }


def _readable(problem: str | None = None, error_class: str = "BadInput") -> AssetCheckResult:
    """The result of the check `readable`: passed unless there is a problem."""
    about = {"problem": problem, "error_class": error_class}
    return AssetCheckResult(
        passed=problem is None,
        check_name=CHECK,
        severity=AssetCheckSeverity.ERROR,
        metadata={name: MetadataValue.text(text) for name, text in about.items() if text}
        if problem
        else None,
    )
