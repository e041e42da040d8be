"""Ingestion: from rows of the CRM and other sources to raw tables, turns and datasets."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path

from maverick_assets.base_model.tokenizer import ChatTokenizer
from maverick_assets.crm.connection import crm_url
from maverick_assets.crm.extraction import ExtractionResult, extract
from maverick_assets.crm.foreign_input import SkippedInput
from maverick_assets.crm.landing import LandingResult, land
from maverick_assets.crm.schema import Table
from maverick_assets.crm.sources.source import Source, SourceTable
from maverick_assets.crm.watermark import LONG_TRANSACTION_SECONDS
from maverick_assets.datasets.authorship.judgement import WAITING
from maverick_assets.datasets.examples.builder import ExampleFilter
from maverick_assets.datasets.examples.example import read_examples
from maverick_assets.datasets.examples.preferences import refresh_preferences
from maverick_assets.datasets.examples.refresh import refresh_candidates, refresh_dataset
from maverick_assets.datasets.examples.select import CandidateSummary
from maverick_assets.datasets.examples.withheld import count_withheld
from maverick_assets.datasets.mail.cleaning import MAX_TEXT_CHARACTERS
from maverick_assets.datasets.owner import owner_of
from maverick_assets.datasets.pseudonyms.phones.regions import regions_of_owner
from maverick_assets.datasets.pseudonyms.unlisted_names import unlisted_names
from maverick_assets.datasets.quality.card import Card, make_card, with_fates, write_card
from maverick_assets.datasets.quality.checks import Check, check_dataset
from maverick_assets.datasets.quality.fates import row_fates
from maverick_assets.datasets.quality.unused_tables import write_warnings
from maverick_assets.datasets.secrets.quarantine import (
    QuarantinedExample,
    quarantined_examples,
    refresh_quarantine,
)
from maverick_assets.datasets.turns.mail_authors import authorship_counts
from maverick_assets.datasets.turns.refresh import refresh_mails, refresh_turns
from maverick_assets.datasets.turns.unclear import unclear_rows
from maverick_assets.files import write_atomically
from maverick_assets.lake.delta import Commit
from maverick_assets.lake.incremental import RefreshResult
from maverick_assets.lake.paths import dataset_path
from maverick_assets.pipeline import code_versions
from maverick_assets.pipeline.base.prepare import require_base
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.recipes import Recipe

NAMED_ROWS = 20  # of those left out, in the log


def extract_table(run: RunContext, table: Table) -> ExtractionResult:
    """Bring the raw table of a CRM table up to date.

    Raises `BadInput` when the CRM's table cannot be read, as when a column is missing.
    """
    settings = run.settings
    extraction = extract(crm_url(settings), table, settings.lake)
    commit = extraction.commit
    run.log.info(
        f"{extraction.rows} rows: {commit.inserted} new, {commit.updated} changed, "
        f"{extraction.tombstones} deleted; {extraction.read} read "
        f"({extraction.method}: {extraction.reason})"
    )
    _name_skipped(run, table.name, extraction.skipped)
    if extraction.has_row_security:
        run.log.warning(
            f"row security is on for the CRM's table {table.name}: rows that no policy shows to "
            "this role are not read; give it a policy that shows all rows, or BYPASSRLS"
        )
    if extraction.oldest_transaction_seconds > LONG_TRANSACTION_SECONDS:
        run.log.warning(
            "a transaction of the CRM has been open for "
            f"{extraction.oldest_transaction_seconds:.0f} s: until it ends, the same rows are read "
            "again and again"
        )
    return extraction


def land_table(run: RunContext, source: Source, table: SourceTable) -> LandingResult:
    """Bring up to date a raw table that a source fills. Raises what `Source.fetch` raises."""
    landing = land(source, table, run.settings.lake)
    _name_skipped(run, table.name, landing.skipped)
    run.log.info(
        f"{landing.read} rows read: {landing.commit.inserted} new, {landing.commit.updated} "
        f"changed, {landing.tombstones} deleted, {len(landing.skipped)} skipped"
    )
    return landing


def _name_skipped(run: RunContext, table: str, skipped: Sequence[SkippedInput]) -> None:
    """Name what was left out on a page, and count it in the log.

    Names and reasons quote file names, subjects and values, which no log may keep.
    """
    page = run.settings.skipped / table
    if skipped:
        lines = [f"{each.name}: {each.reason}\n" for each in skipped]
        write_atomically(page, "".join(lines).encode("utf-8", "replace"))
        run.log.warning(f"{len(lines)} skipped; {page} names each, and says why")


@dataclass(frozen=True)
class CleanTables:
    """What the refresh of each clean table changed."""

    mails: RefreshResult
    turns: RefreshResult
    authorship: Counter[str]  # mails that are not taken for their sender's words, by reason
    unclear: Mapping[str, Sequence[str]]  # what is not known, and of which rows


def refresh_clean(run: RunContext, tables: Sequence[Table]) -> CleanTables:
    """Bring `clean/mails` and `clean/turns` up to date with the raw `tables` of text."""
    settings = run.settings
    regions = regions_of_owner(settings.timezone, settings.language_codes)
    owner = replace(owner_of(settings), regions=regions)
    gap = timedelta(hours=settings.session_hours)
    mails = refresh_mails(settings.lake, code_versions.DATA, tables)
    turns = refresh_turns(settings.lake, owner, code_versions.DATA, tables, gap)
    run.log.info(
        f"{turns.commit.rows} turns: {turns.commit.changed} new or changed; "
        f"{turns.derived} derived, {mails.derived} mails cleaned"
    )
    for rows, fate in (
        (mails.left_out, "no turn is made of them"),
        (turns.left_out, "their turns hold the first ones"),
    ):
        if rows:
            run.log.warning(
                f"{len(rows)} rows have more than {MAX_TEXT_CHARACTERS:,} characters of text; they "
                f"stay in raw/, and {fate}: {', '.join(rows[:NAMED_ROWS])}"
            )
    authorship = authorship_counts(settings.lake)
    if authorship:
        counts = ", ".join(f"{count} {reason}" for reason, count in authorship.most_common())
        run.log.info(f"mails that are not learnt as their sender's words: {counts}")
    waiting = sum(authorship[reason] for reason in WAITING)
    if waiting:
        run.log.warning(
            f"{waiting} mails say that the owner wrote them, and nothing shows it; they wait in "
            "`maverick datasets quarantine`"
        )
    unclear = unclear_rows(settings.lake, tables, owner)
    for what, names in unclear.items():
        run.log.warning(
            f"nothing says {what}. {len(names)} in all: {', '.join(sorted(names)[:NAMED_ROWS])}"
        )
    return CleanTables(mails, turns, authorship, unclear)


@dataclass(frozen=True)
class PersonalityDataset:
    """A personality's dataset after its refresh, and everything that was made along with it."""

    commit: Commit  # of the dataset's table
    candidates: RefreshResult  # of the table of candidates
    selection: list[CandidateSummary]  # every candidate with its split, or why it was dropped
    rejected: Commit  # of the table of rejected answers
    quarantine: list[QuarantinedExample]  # candidates with a secret that no operator released
    checks: list[Check]
    card: Card
    page: Path  # the card as HTML


def refresh_personality(run: RunContext, recipe: Recipe) -> PersonalityDataset:
    """Bring a personality's dataset up to date with `clean/turns`, check it, and write its card."""
    settings, lake = run.settings, run.settings.lake
    base = require_base(settings)
    depends_on = (base.digest, code_versions.DATA)
    example_filter = ExampleFilter(
        unlisted_names(lake, settings.owner_emails), settings.language_codes
    )
    tokenizer = partial(ChatTokenizer, base.directory)
    candidates = refresh_candidates(lake, recipe, tokenizer, depends_on, example_filter)
    commit, selection = refresh_dataset(lake, recipe)
    rejected = refresh_preferences(lake, recipe, depends_on, example_filter)
    refresh_quarantine(lake, recipe.name)
    with_secret = quarantined_examples(lake, [recipe.name])
    quarantine = [example for example in with_secret if not example.reason]
    run.log.info(
        f"{commit.rows} examples: {commit.changed} new or changed; "
        f"{candidates.derived} of {candidates.commit.rows} candidates derived, "
        f"{len(quarantine)} in quarantine"
    )
    withheld = count_withheld(lake, recipe)
    if withheld:
        reasons = ", ".join(f"{count} {reason}" for reason, count in withheld.most_common())
        run.log.info(f"{withheld.total()} turns are withheld from {recipe.name}: {reasons}")
    examples = read_examples(dataset_path(lake, recipe.name), commit.version)
    owner = owner_of(settings)
    checks = check_dataset(lake, recipe, owner, commit.version, examples)
    fates = row_fates(lake, recipe, owner, selection)
    card = with_fates(make_card(lake, recipe, commit.version, selection, examples), fates)
    for warning in card.warnings:
        run.log.warning(warning)
    cards = settings.dataset_cards(recipe.name)
    page = cards / f"{commit.version}.html"
    write_card(card, page)
    write_warnings(cards, card.warnings)
    return PersonalityDataset(
        commit=commit,
        candidates=candidates,
        selection=selection,
        rejected=rejected,
        quarantine=quarantine,
        checks=checks,
        card=card,
        page=page,
    )
