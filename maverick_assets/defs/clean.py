"""`clean/turns`: one table of cleaned, threaded, attributed, protected utterances."""

from collections import Counter

from dagster import (
    AssetExecutionContext,
    AssetKey,
    DataVersion,
    MaterializeResult,
    MetadataValue,
    asset,
)

from maverick_assets.crm.extraction import live_rows
from maverick_assets.datasets.turns import TURN_SCHEMA, Owner, build_turns, turn_rows
from maverick_assets.defs.display import sample_table
from maverick_assets.errors import BadInput
from maverick_assets.lake import arrow_table, sync_table
from maverick_assets.settings import load_settings

TURN_SOURCES = (
    "crm_emails",
    "conversations",
    "messages",
    "crm_deals",
    "sticky_notes",
    "personality_samples",
)


@asset(
    key=["clean", "turns"],
    deps=[AssetKey(["raw", table]) for table in TURN_SOURCES],
    description="Utterances: quotes and signatures off, threads linked, third parties renamed.",
)
def clean_turns(context: AssetExecutionContext) -> MaterializeResult:
    settings = load_settings()
    owner = Owner(settings.owner_emails, settings.owner_user_ids)
    raw = {table: live_rows(settings.lake / "raw" / table) for table in TURN_SOURCES}
    turns = build_turns(raw, owner)
    if not turns:
        raise BadInput(
            "the CRM holds no text to learn from: its tables are empty; import mail with "
            "`maverick crm import`, or point MAVERICK_CRM_URL to a CRM with rows"
        )
    target = settings.lake / "clean" / "turns"
    table = arrow_table(turn_rows(turns), TURN_SCHEMA)
    commit = sync_table(target, table, key="turn_id")
    context.log.info(f"{commit.rows} turns: {commit.changed} new or changed")
    by_source = Counter(turn.source for turn in turns)
    by_owner = Counter(turn.source for turn in turns if turn.is_owner)
    return MaterializeResult(
        metadata={
            "dagster/row_count": commit.rows,
            "changed": commit.changed,
            "turns": MetadataValue.json(dict(by_source)),
            "by the owner": MetadataValue.json(dict(by_owner)),
            "delta_version": commit.version,
            "path": MetadataValue.path(target),
            "sample": sample_table(table.slice(0, 5).drop_columns("_row_hash")),
        },
        data_version=DataVersion(str(commit.version)),
    )
