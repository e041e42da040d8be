"""`<p>/dataset`: prompt-completion examples of each personality, with their checks."""

from collections import Counter
from functools import partial

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

from maverick_assets.base_model.prepare import find_base
from maverick_assets.base_model.tokenizer import ChatTokenizer
from maverick_assets.datasets.examples.builder import ExampleFilter
from maverick_assets.datasets.examples.example import read_examples
from maverick_assets.datasets.examples.preferences import refresh_preferences
from maverick_assets.datasets.examples.refresh import refresh_candidates, refresh_dataset
from maverick_assets.datasets.examples.select import CandidateSummary
from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.pseudonyms.unlisted_names import unlisted_names
from maverick_assets.datasets.quality.card import Card, make_card, write_card
from maverick_assets.datasets.quality.checks import CHECKS, Check, check_dataset
from maverick_assets.datasets.secrets.quarantine import quarantined_examples, refresh_quarantine
from maverick_assets.defs.assets.clean import DATA_CODE_VERSION
from maverick_assets.defs.assets.display import sample_table
from maverick_assets.errors import MaverickError
from maverick_assets.lake.delta import Commit
from maverick_assets.lake.incremental import RefreshResult
from maverick_assets.lake.paths import dataset_path
from maverick_assets.recipes import Recipe
from maverick_assets.settings import load_settings


def dataset_asset(recipe: Recipe) -> AssetsDefinition:
    key = AssetKey([recipe.asset_prefix, "dataset"])

    @asset(
        key=key,
        deps=[AssetKey(["clean", "turns"]), AssetKey("base_model")],
        check_specs=[AssetCheckSpec(name, asset=key) for name in CHECKS],
        description=f"Examples for {recipe.title}: {recipe.description}",
    )
    def dataset(context: AssetExecutionContext) -> MaterializeResult:
        settings = load_settings()
        base = find_base(settings)
        if base is None:
            raise MaverickError("the base model is not unpacked yet; materialize base_model first")
        tokenizer = partial(ChatTokenizer, base.directory)
        depends_on = (base.digest, DATA_CODE_VERSION)
        names = unlisted_names(settings.lake, settings.owner_emails)
        texts = ExampleFilter(names, settings.language_codes)
        candidates = refresh_candidates(settings.lake, recipe, tokenizer, depends_on, texts)
        commit, selection = refresh_dataset(settings.lake, recipe)
        chosen = [candidate for candidate in selection if not candidate.dropped]
        rejected = refresh_preferences(settings.lake, recipe, depends_on, texts)
        refresh_quarantine(settings.lake, recipe.name)
        quarantined = quarantined_examples(settings.lake, [recipe.name])
        held = [example for example in quarantined if not example.reason]
        context.log.info(
            f"{commit.rows} examples: {commit.changed} new or changed; "
            f"{candidates.derived} of {candidates.commit.rows} candidates derived, "
            f"{len(held)} in quarantine"
        )
        owner = Owner(settings.owner_emails, settings.owner_user_ids)
        examples = read_examples(dataset_path(settings.lake, recipe.name), commit.version)
        checks = check_dataset(settings.lake, recipe, owner, commit.version, examples)
        card = make_card(settings.lake, recipe, commit.version, selection, examples)
        page = settings.reports / "datasets" / recipe.name / f"{commit.version}.html"
        write_card(card, page)
        return MaterializeResult(
            metadata={
                **_counts(chosen, commit, candidates),
                **_shown(card),
                "rejected_answers": rejected.rows,
                "quarantined": len(held),
                "quarantined_by_rule": MetadataValue.json(
                    dict(Counter(rule for example in held for rule in example.rules))
                ),
                "card": MetadataValue.path(page),
                "path": MetadataValue.path(dataset_path(settings.lake, recipe.name)),
            },
            data_version=DataVersion(str(commit.version)),
            check_results=[_result(check) for check in checks],
        )

    return dataset


def _counts(
    chosen: list[CandidateSummary], commit: Commit, candidates: RefreshResult
) -> dict[str, MetadataValue | int]:
    return {
        "dagster/row_count": commit.rows,
        "changed": commit.changed,
        "candidates": candidates.commit.rows,
        "candidates_derived": candidates.derived,
        "train": sum(each.split == "train" for each in chosen),
        "validation": sum(each.split == "validation" for each in chosen),
        "test": sum(each.split == "test" for each in chosen),
        "tokens": sum(each.n_tokens for each in chosen),
        "supervised_tokens": sum(each.n_supervised for each in chosen),
        "delta_version": commit.version,
    }


def _shown(card: Card) -> dict[str, MetadataValue]:
    tables = {
        "funnel": [{"step": step, "left": left} for step, left in card.funnel],
        "lengths": [{"tokens": f"<= {edge}", "examples": n} for edge, n in card.histogram()],
        "sample": [{"messages": e.messages, "split": e.split} for e, _ in card.shown[:5]],
    }
    shown = {name: sample_table(pa.Table.from_pylist(rows)) for name, rows in tables.items()}
    return {**shown, "shares": MetadataValue.json({k: dict(v) for k, v in card.shares.items()})}


def _result(check: Check) -> AssetCheckResult:
    return AssetCheckResult(
        passed=check.problem is None,
        check_name=check.name,
        severity=AssetCheckSeverity.WARN if check.only_warns else AssetCheckSeverity.ERROR,
        metadata={"problem": MetadataValue.text(check.problem)} if check.problem else None,
    )
