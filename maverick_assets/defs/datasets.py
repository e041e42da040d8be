"""`<p>/dataset`: prompt-completion examples of each personality, with their checks."""

from collections import Counter
from functools import partial

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

from maverick_assets.datasets.examples import dataset_problems, read_examples
from maverick_assets.datasets.quarantine import Held, quarantined, refresh_quarantine, released
from maverick_assets.datasets.refresh import Refreshed, refresh_candidates, refresh_dataset
from maverick_assets.datasets.scanner import leaked_secrets
from maverick_assets.datasets.splits import Entry
from maverick_assets.datasets.tokens import ChatTokenizer
from maverick_assets.defs.clean import DATA_CODE_VERSION
from maverick_assets.defs.display import sample_table
from maverick_assets.errors import MaverickError
from maverick_assets.lake import Commit, open_table
from maverick_assets.recipes import Recipe
from maverick_assets.settings import load_settings
from maverick_assets.training.base_model import find_base


def dataset_asset(recipe: Recipe) -> AssetsDefinition:
    key = AssetKey([recipe.asset_prefix, "dataset"])

    @asset(
        key=key,
        deps=[AssetKey(["clean", "turns"]), AssetKey("base_model")],
        check_specs=[
            AssetCheckSpec("fit_for_training", asset=key),
            AssetCheckSpec("no_secret_found", asset=key),
        ],
        description=f"Examples for {recipe.title}: {recipe.description}",
    )
    def dataset(context: AssetExecutionContext) -> MaterializeResult:
        settings = load_settings()
        base = find_base(settings)
        if base is None:
            raise MaverickError("the base model is not unpacked yet; materialize base_model first")
        tokenizer = partial(ChatTokenizer, base.directory)
        basis = (base.digest, DATA_CODE_VERSION)
        candidates = refresh_candidates(settings.lake, recipe, tokenizer, basis)
        commit, entries = refresh_dataset(settings.lake, recipe)
        refresh_quarantine(settings.lake, recipe.name)
        held = [each for each in quarantined(settings.lake, [recipe.name]) if not each.reason]
        context.log.info(
            f"{commit.rows} examples: {commit.changed} new or changed; "
            f"{candidates.derived} of {candidates.commit.rows} candidates derived, "
            f"{len(held)} in quarantine"
        )
        target = settings.lake / "datasets" / recipe.name
        problems = dataset_problems(entries)
        leaks = leaked_secrets(read_examples(target, commit.version), released(settings.lake))
        table = open_table(target)
        assert table is not None
        shown = ["messages", "source", "split", "n_tokens"]
        return MaterializeResult(
            metadata={
                **_counts(entries, commit, candidates),
                **_held_back(held),
                "path": MetadataValue.path(target),
                "sample": sample_table(table.to_pyarrow_dataset().head(5, columns=shown)),
            },
            data_version=DataVersion(str(commit.version)),
            check_results=[
                AssetCheckResult(
                    passed=not problems,
                    check_name="fit_for_training",
                    severity=AssetCheckSeverity.ERROR,
                    metadata={"problems": MetadataValue.json(problems)},
                ),
                AssetCheckResult(
                    passed=not leaks,
                    check_name="no_secret_found",
                    severity=AssetCheckSeverity.ERROR,
                    metadata={"found": MetadataValue.json(leaks)},
                ),
            ],
        )

    return dataset


def _held_back(held: list[Held]) -> dict[str, MetadataValue | int]:
    by_rule = Counter(rule for each in held for rule in each.rules)
    return {"quarantined": len(held), "quarantined_by_rule": MetadataValue.json(dict(by_rule))}


def _counts(
    entries: list[Entry], commit: Commit, candidates: Refreshed
) -> dict[str, MetadataValue | int]:
    return {
        "dagster/row_count": commit.rows,
        "changed": commit.changed,
        "candidates": candidates.commit.rows,
        "candidates_derived": candidates.derived,
        "train": sum(entry.split == "train" for entry in entries),
        "validation": sum(entry.split == "validation" for entry in entries),
        "tokens": sum(entry.n_tokens for entry in entries),
        "supervised_tokens": sum(entry.n_supervised for entry in entries),
        "sources": MetadataValue.json(dict(Counter(entry.source for entry in entries))),
        "delta_version": commit.version,
    }
