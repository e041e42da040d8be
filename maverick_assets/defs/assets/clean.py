"""`clean/turns`: one table of cleaned, threaded, attributed, protected utterances."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    DataVersion,
    MaterializeResult,
    MetadataValue,
    asset,
)

from maverick_assets.crm.schema import Table
from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.turns.refresh import refresh_mails, refresh_turns
from maverick_assets.datasets.turns.turn import TURN_SCHEMA
from maverick_assets.defs.assets.display import sample_table
from maverick_assets.lake.delta import open_table
from maverick_assets.lake.paths import turns_path
from maverick_assets.settings import load_settings

# To be raised when turns, mails or candidates come out otherwise from the same rows: all are then
# derived again.
DATA_CODE_VERSION = "4"


def clean_asset(tables: Sequence[Table]) -> AssetsDefinition:
    """`tables`: those with text, the CRM's (`schema.TEXT_TABLES`) and those of other sources."""

    @asset(
        key=["clean", "turns"],
        deps=[AssetKey(["raw", table.name]) for table in tables],
        description="Utterances: quotes and signatures off, threads linked, third parties renamed.",
    )
    def clean_turns(context: AssetExecutionContext) -> MaterializeResult:
        settings = load_settings()
        owner = Owner(settings.owner_emails, settings.owner_user_ids)
        mails = refresh_mails(settings.lake, DATA_CODE_VERSION, tables)
        gap = timedelta(hours=settings.session_hours)
        turns = refresh_turns(settings.lake, owner, DATA_CODE_VERSION, tables, gap)
        target = turns_path(settings.lake)
        table = open_table(target)
        assert table is not None
        rows = table.to_pyarrow_table(columns=["source", "is_owner"]).to_pylist()
        context.log.info(
            f"{turns.commit.rows} turns: {turns.commit.changed} new or changed; "
            f"{turns.derived} derived, {mails.derived} mails cleaned"
        )
        return MaterializeResult(
            metadata={
                "dagster/row_count": turns.commit.rows,
                "changed": turns.commit.changed,
                "derived": turns.derived,
                "mails_cleaned": mails.derived,
                "turns": MetadataValue.json(dict(Counter(row["source"] for row in rows))),
                "by the owner": MetadataValue.json(
                    dict(Counter(row["source"] for row in rows if row["is_owner"]))
                ),
                "delta_version": turns.commit.version,
                "path": MetadataValue.path(target),
                "sample": sample_table(
                    table.to_pyarrow_dataset().head(5, columns=TURN_SCHEMA.names)
                ),
            },
            data_version=DataVersion(str(turns.commit.version)),
        )

    return clean_turns
