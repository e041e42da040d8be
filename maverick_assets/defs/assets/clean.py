"""`clean/turns`: one table of cleaned, threaded, attributed, protected utterances."""

from collections import Counter
from collections.abc import Sequence

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
from maverick_assets.datasets.authorship.judgement import WAITING
from maverick_assets.defs.runs.context import run_context
from maverick_assets.lake.delta import read_table
from maverick_assets.lake.paths import turns_path
from maverick_assets.pipeline.ingest import refresh_clean


def clean_asset(tables: Sequence[Table]) -> AssetsDefinition:
    """`tables` are those with text: the CRM's (`schema.TEXT_TABLES`) and those of other sources."""

    @asset(
        key=["clean", "turns"],
        deps=[AssetKey(["raw", table.name]) for table in tables],
        description="Utterances: quotes and signatures removed, threads linked, third parties "
        "under surrogates.",
    )
    def clean_turns(context: AssetExecutionContext) -> MaterializeResult:
        with run_context(context) as run:
            clean = refresh_clean(run, tables)
            commit, target = clean.turns.commit, turns_path(run.settings.lake)
            table = read_table(target, columns=["source", "is_owner", "link"])
            rows = table.to_pylist() if table else []
        return MaterializeResult(
            metadata={
                "dagster/row_count": commit.rows,
                "changed": commit.changed,
                "derived": clean.turns.derived,
                "mails_cleaned": clean.mails.derived,
                "unclear": MetadataValue.json(
                    {what: len(names) for what, names in clean.unclear.items()}
                ),
                "left_out": len(clean.mails.left_out) + len(clean.turns.left_out),
                "mails_not_their_senders_words": MetadataValue.json(dict(clean.authorship)),
                "mails_waiting_in_quarantine": sum(clean.authorship[name] for name in WAITING),
                "turns": MetadataValue.json(dict(Counter(row["source"] for row in rows))),
                "by the owner": MetadataValue.json(
                    dict(Counter(row["source"] for row in rows if row["is_owner"]))
                ),
                "links of the owner's mails": MetadataValue.json(
                    dict(Counter(row["link"] for row in rows if row["is_owner"] and row["link"]))
                ),
                "delta_version": commit.version,
                "path": MetadataValue.path(target),
            },
            data_version=DataVersion(str(commit.version)),
        )

    return clean_turns
