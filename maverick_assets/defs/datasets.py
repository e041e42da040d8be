"""`<p>/dataset`: prompt-completion examples of each personality, with their checks."""

from collections import Counter
from dataclasses import asdict

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

from maverick_assets.datasets.examples import (
    EXAMPLE_SCHEMA,
    Example,
    build_examples,
    dataset_problems,
)
from maverick_assets.datasets.splits import split_examples
from maverick_assets.datasets.tokens import ChatTokenizer
from maverick_assets.datasets.turns import read_turns
from maverick_assets.defs.display import sample_table
from maverick_assets.errors import MaverickError
from maverick_assets.lake import Commit, arrow_table, sync_table
from maverick_assets.recipes import Recipe
from maverick_assets.settings import load_settings
from maverick_assets.training.base_model import find_base


def dataset_asset(recipe: Recipe) -> AssetsDefinition:
    key = AssetKey([recipe.asset_prefix, "dataset"])

    @asset(
        key=key,
        deps=[AssetKey(["clean", "turns"]), AssetKey("base_model")],
        check_specs=[AssetCheckSpec("fit_for_training", asset=key)],
        description=f"Examples for {recipe.title}: {recipe.description}",
    )
    def dataset(context: AssetExecutionContext) -> MaterializeResult:
        settings = load_settings()
        base = find_base(settings)
        if base is None:
            raise MaverickError("the base model is not unpacked yet; materialize base_model first")
        turns = read_turns(settings.lake / "clean" / "turns")
        examples = build_examples(recipe, turns, ChatTokenizer(base.directory))
        examples = split_examples(examples, recipe.training.validation_fraction)
        examples.sort(key=lambda example: example.example_id)
        target = settings.lake / "datasets" / recipe.name
        table = arrow_table([asdict(example) for example in examples], EXAMPLE_SCHEMA)
        commit = sync_table(target, table, key="example_id")
        context.log.info(f"{commit.rows} examples: {commit.changed} new or changed")
        problems = dataset_problems(examples)
        return MaterializeResult(
            metadata={
                **_counts(examples, commit),
                "path": MetadataValue.path(target),
                "sample": sample_table(
                    table.slice(0, 5).select(["messages", "source", "split", "n_tokens"])
                ),
            },
            data_version=DataVersion(str(commit.version)),
            check_results=[
                AssetCheckResult(
                    passed=not problems,
                    check_name="fit_for_training",
                    severity=AssetCheckSeverity.ERROR,
                    metadata={"problems": MetadataValue.json(problems)},
                )
            ],
        )

    return dataset


def _counts(examples: list[Example], commit: Commit) -> dict[str, MetadataValue | int]:
    return {
        "dagster/row_count": commit.rows,
        "changed": commit.changed,
        "train": sum(example.split == "train" for example in examples),
        "validation": sum(example.split == "validation" for example in examples),
        "tokens": sum(example.n_tokens for example in examples),
        "supervised_tokens": sum(example.n_supervised for example in examples),
        "sources": MetadataValue.json(dict(Counter(example.source for example in examples))),
        "delta_version": commit.version,
    }
