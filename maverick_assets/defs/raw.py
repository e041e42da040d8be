"""`crm/<table>` (external) and `raw/<table>`: the CRM's tables as Delta tables."""

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    AssetSpec,
    DataVersion,
    MaterializeResult,
    MetadataValue,
    asset,
)

from maverick_assets.crm.database import connect
from maverick_assets.crm.extraction import extract
from maverick_assets.crm.schema import TABLES, Table
from maverick_assets.defs.display import sample_table
from maverick_assets.lake import read_table
from maverick_assets.settings import load_settings


def crm_specs() -> list[AssetSpec]:
    """The source tables, which others write."""
    return [
        AssetSpec(["crm", table.name], description=f"Table {table.name} of the CRM.")
        for table in TABLES.values()
    ]


def raw_asset(table: Table) -> AssetsDefinition:
    columns = ", ".join(table.columns)

    @asset(
        key=["raw", table.name],
        deps=[AssetKey(["crm", table.name])],
        description=f"Every row of {table.name} with tombstones: {columns}.",
    )
    def raw(context: AssetExecutionContext) -> MaterializeResult:
        settings = load_settings()
        target = settings.lake / "raw" / table.name
        with connect(settings) as connection:
            done = extract(connection, table, target)
        context.log.info(
            f"{done.rows} rows: {done.commit.inserted} new, {done.commit.updated} changed"
        )
        newest = read_table(target)
        assert newest is not None
        return MaterializeResult(
            metadata={
                "dagster/row_count": done.rows,
                "inserted": done.commit.inserted,
                "updated": done.commit.updated,
                "tombstones": done.tombstones,
                "delta_version": done.commit.version,
                "path": MetadataValue.path(target),
                "sample": sample_table(newest.slice(0, 5)),
            },
            data_version=DataVersion(str(done.commit.version)),
        )

    return raw


def raw_assets() -> list[AssetsDefinition]:
    return [raw_asset(table) for table in TABLES.values()]
