"""The order of forgetting in lake and registry.

Every step may be repeated, and finds what an earlier attempt left: a call that was cut short is
completed by the same call.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from maverick_assets.crm.forgotten import (
    Identity,
    add_contacts,
    clear_contacts,
    contact_digest,
    read_forgotten,
    replace_clear_contacts,
)
from maverick_assets.crm.people.addresses import addresses_of, normalized
from maverick_assets.crm.schema import Table
from maverick_assets.datasets.owner import owner_of
from maverick_assets.lake.delta import purge
from maverick_assets.lake.paths import forgotten_path
from maverick_assets.pipeline.deploy import Deployment, withdraw_revoked
from maverick_assets.pipeline.forget.history import purge_history
from maverick_assets.pipeline.forget.identity import identify
from maverick_assets.pipeline.forget.kept_rows import (
    QuotingMail,
    clean_rows,
    cut_quotes,
    quoting_mails,
)
from maverick_assets.pipeline.forget.reports import purge_judgements, purge_reports
from maverick_assets.pipeline.forget.tombstone import (
    RowIds,
    RowRef,
    tombstone_contacts,
    tombstone_row,
)
from maverick_assets.pipeline.forget.trace import Trace, revoke, trace
from maverick_assets.pipeline.forget.work_areas import purge_runs
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.store import Registry
from maverick_assets.settings import Settings

_log = logging.getLogger(__name__)
REVOCATION_REASON = "it learned from rows that were forgotten"


@dataclass(frozen=True)
class Forgetting:
    """What was forgotten, where it had been used, and what is in service now."""

    rows: RowIds
    trace: Trace
    in_service: Mapping[str, Manifest | None]  # of the personalities with a revoked version
    named: RowIds  # rows that stay, and named a contact until now
    quoting: RowIds  # mails of others that quote a contact, or did so until now
    too_long: RowIds  # mails of others that may quote one, and are too long to look
    nodes: Sequence[Deployment] = ()  # what became of revoked versions on the fleet's nodes


def forget_rows(
    settings: Settings,
    tables: Sequence[Table],
    target: Sequence[Identity] | RowRef,
    rebuild: Callable[[], object],
    also_quotes: bool = False,
) -> Forgetting:
    """Forget the rows of contacts, or one row.

    `tables` are the raw tables; `rebuild` ingests, so that the tables of the lake are made again
    without the rows. `also_quotes`: what mails of others quote of the contacts goes, too. Raises
    `BadInput` for a row that does not exist.
    """
    lake, registry = settings.lake, Registry(settings.models)
    migrate_list(settings, tables)
    named: RowIds = {}
    quoting: RowIds = {}
    too_long: RowIds = {}
    # 1. The rows go on the list of the forgotten first, so that no extraction brings them back.
    if isinstance(target, RowRef):
        rows = cut = tombstone_row(lake, tables, target)
    else:
        add_contacts(lake, target)
        # Quotes are found by the mails that they quote, so they come before these go.
        quoting, too_long = _quotes(lake, tables, target, also_quotes)
        rows = tombstone_contacts(lake, tables, target)
        named = clean_rows(lake, tables, read_forgotten(lake).finder)
        cut = _together(rows, quoting) if also_quotes else rows
    # 2. Find what learned from them while the old versions of datasets can still be read.
    traced = trace(lake, registry, cut)
    # 3. Take that out of service before anything slow.
    in_service = revoke(registry, traced, REVOCATION_REASON)
    nodes = withdraw_revoked(RunContext(settings, "forget", _log))
    # 4. Remove the texts that people can read, and what unfinished trainings left.
    purge_reports(traced, registry, settings.reports, settings.runs)
    purge_judgements(traced, settings.judgements)
    purge_runs(traced, settings)
    # 5. Make tables whose newest versions no longer hold the rows ...
    rebuild()
    # 6. ... and then delete the older versions from the disk.
    purge_history(lake, registry, cut)
    purge(forgotten_path(lake))
    return Forgetting(rows, traced, in_service, named, quoting, too_long, nodes)


def is_listed(lake: Path, address: str) -> bool:
    """Whether a contact was forgotten before."""
    contacts = read_forgotten(lake).contacts
    return bool(contacts) and contact_digest(lake, address) in contacts


def _quotes(
    lake: Path, tables: Sequence[Table], identities: Sequence[Identity], also_quotes: bool
) -> tuple[RowIds, RowIds]:
    """Mails that quote contacts, and those that are too long to look for quotes."""
    mails = quoting_mails(lake, tables, identities)
    too_long = _ids([mail for mail in mails if mail.body is None])
    if also_quotes:
        return cut_quotes(lake, tables, mails, identities), too_long
    return _ids([mail for mail in mails if mail.body is not None]), too_long


def _ids(mails: Sequence[QuotingMail]) -> RowIds:
    by_table: dict[str, list[str]] = {}
    for mail in mails:
        by_table.setdefault(mail.table, []).append(mail.id)
    return by_table


def _together(rows: RowIds, others: RowIds) -> RowIds:
    return {name: [*rows.get(name, ()), *others.get(name, ())] for name in {*rows, *others}}


def migrate_list(settings: Settings, tables: Sequence[Table]) -> list[str]:
    """Bring the list of an earlier release up to date, which named its contacts in clear.

    Texts of others lose what names them first: the list is what gave these names surrogates.
    Returns the contacts that stay in clear, because they are the owner's addresses now.
    """
    lake = settings.lake
    owner = owner_of(settings)
    listed = clear_contacts(lake)
    kept = [contact for contact in listed if owner.has_email(normalized(contact))]
    clear = [contact for contact in listed if contact not in kept]
    if clear:
        addresses = [contact for contact in clear if addresses_of(normalized(contact))]
        # The release before took user ids for contacts, too, which no text spells.
        user_ids = [Identity(normalized(each)) for each in clear if each not in addresses]
        add_contacts(lake, [*identify(lake, tables, addresses, owner).identities, *user_ids])
        finder = read_forgotten(lake).finder
        others = replace(finder, is_address=lambda a: a not in kept and finder.is_address(a))
        clean_rows(lake, tables, others)
        replace_clear_contacts(lake, clear)
        purge(forgotten_path(lake))
    return kept
