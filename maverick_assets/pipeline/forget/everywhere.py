"""Forgetting in the whole run home: lake, registry, CRM, Dagster's history, logs; then a search."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from maverick_assets.crm.connection import crm_url, dagster_url, is_own, open_database
from maverick_assets.crm.embedded import SUPERUSER, database_url
from maverick_assets.crm.forgotten import Identity, contact_digest, people_of, read_forgotten
from maverick_assets.crm.people.mentions import People
from maverick_assets.crm.raw_table import RAW_COLUMNS
from maverick_assets.crm.schema import Table
from maverick_assets.datasets.mail.table import stored_programs
from maverick_assets.datasets.owner import owner_of
from maverick_assets.errors import BadInput
from maverick_assets.files import write_atomically
from maverick_assets.lake.delta import open_table
from maverick_assets.lake.paths import mails_path, raw_paths
from maverick_assets.pipeline.forget.crm_rows import clean_crm, find_in_crm
from maverick_assets.pipeline.forget.databases import (
    clean_texts,
    discard_written,
    rewrite_tables,
)
from maverick_assets.pipeline.forget.identity import Identified, identify
from maverick_assets.pipeline.forget.kept_sessions import clean_sessions
from maverick_assets.pipeline.forget.order import Forgetting, forget_rows, is_listed
from maverick_assets.pipeline.forget.search import Leftover, Search
from maverick_assets.pipeline.forget.tombstone import RowRef
from maverick_assets.pipeline.forget.work_areas import clean_files
from maverick_assets.settings import Settings


@dataclass(frozen=True)
class Request:
    """What is to be forgotten: contacts (addresses) or a row, and how far."""

    target: Sequence[str] | RowRef
    also_quotes: bool = False
    in_crm: bool = False  # a CRM that Maverick made is cleaned, too


@dataclass(frozen=True)
class Outcome:
    """What was forgotten everywhere, and what is left."""

    forgetting: Forgetting
    shared: Mapping[str, Collection[str]]  # names that others have, too: these others, by contact
    shared_phones: Mapping[str, Collection[str]]  # the same of phone numbers
    left: Mapping[str, Mapping[str, int]]  # names that stay: how many other rows hold them
    crm: Mapping[str, int]  # rows of the CRM by table: of the contacts, and of those naming them
    crm_cleaned: bool
    quotes_cut: bool
    leftovers: Sequence[Leftover]  # what the search at the end found


def forget_everywhere(
    settings: Settings,
    tables: Sequence[Table],
    request: Request,
    rebuild: Callable[[], object],
) -> Outcome:
    """Forget contacts or a row in everything that the run home holds, and search it afterwards.

    The databases must be up. `rebuild` ingests. Raises `BadInput` when there is nothing to forget.
    """
    lake = settings.lake
    tables = [*tables, *_abandoned_tables(lake, tables)]
    if isinstance(request.target, RowRef):
        identified = Identified((), {}, {}, ())
    else:
        identified = _identified(settings, tables, request.target)
        _note_pending(settings, identified.identities)
    crm: dict[str, int] = {}
    in_crm = request.in_crm and is_own(settings)

    def clean_then_rebuild() -> None:
        crm.update(_clean_crm(settings, request, identified.identities, in_crm))
        rebuild()

    target = request.target if isinstance(request.target, RowRef) else identified.identities
    forgetting = forget_rows(settings, tables, target, clean_then_rebuild, request.also_quotes)
    people = read_forgotten(lake).finder
    search = Search(identified.identities)
    _clean_history(settings, search, people)
    _clean_logs(settings, search, people)
    clean_sessions(settings.sessions_file, people)
    if in_crm:
        rewrite_tables(crm_url(settings))
    if settings.crm_url is None or settings.dagster_url is None:
        discard_written(database_url(settings.postgres, SUPERUSER), settings.postgres)
    leftovers = _search(settings, search, in_crm)
    if not leftovers:
        _note_done(settings, identified.identities)
    return Outcome(
        forgetting,
        identified.shared,
        identified.shared_phones,
        identified.left,
        crm,
        in_crm,
        request.also_quotes,
        leftovers,
    )


def _identified(settings: Settings, tables: Sequence[Table], contacts: Sequence[str]) -> Identified:
    """The contacts as the lake knows them, and as an earlier call did that was cut short.

    Raises `BadInput` for one whom nothing names.
    """
    owner = owner_of(settings)
    found = identify(settings.lake, tables, contacts, owner)
    pending = _pending(settings)
    for address in found.unknown:
        if address not in pending and not is_listed(settings.lake, address):
            raise BadInput(
                f"no row of the lake names {address}: no mail, deal, note or chat; check the "
                "address, or forget single rows with --row"
            )
    identities = [
        replace(
            identity,
            names=tuple(sorted({*identity.names, *before.names})),
            phones=tuple(sorted({*identity.phones, *before.phones})),
        )
        for identity in found.identities
        for before in [pending.get(identity.address, identity)]
    ]
    return replace(found, identities=tuple(identities))


def _pending_file(settings: Settings) -> Path:
    """Who is being forgotten, in clear: the names are gone with the first rows, and a call that was
    cut short still has to look for them."""
    return settings.home / "keys" / "forgetting.json"


def _pending(settings: Settings) -> dict[str, Identity]:
    path = _pending_file(settings)
    entries = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return {entry["address"]: Identity(**entry) for entry in entries}


def _note_pending(settings: Settings, identities: Sequence[Identity]) -> None:
    new = {identity.address: identity for identity in identities}
    _write_pending(settings, _pending(settings) | new)


def _note_done(settings: Settings, identities: Sequence[Identity]) -> None:
    """Those whom another call was forgetting when it was cut short stay noted."""
    done = {identity.address for identity in identities}
    pending = _pending(settings)
    _write_pending(settings, {name: pending[name] for name in pending if name not in done})


def _write_pending(settings: Settings, pending: Mapping[str, Identity]) -> None:
    path = _pending_file(settings)
    if not pending:
        path.unlink(missing_ok=True)
        return
    write_atomically(path, json.dumps([asdict(identity) for identity in pending.values()]))
    path.chmod(0o600)


def _abandoned_tables(lake: Path, tables: Sequence[Table]) -> list[Table]:
    """Raw tables of sources that are no longer in the sources file."""
    known = {table.name for table in tables}
    abandoned = []
    for path in raw_paths(lake):
        delta = open_table(path) if path.name not in known else None
        if delta is not None:
            names = [field.name for field in delta.schema().fields]
            columns = {name: "text" for name in names if name not in RAW_COLUMNS}
            abandoned.append(Table(path.name, None, columns, {}))
    return abandoned


def _clean_crm(
    settings: Settings, request: Request, identities: Sequence[Identity], in_crm: bool
) -> dict[str, int]:
    """How many rows of the CRM are of this call's contacts or row, or name them.

    `in_crm`: they go. Rows of those who were forgotten before stay: nobody asks for that now.
    """
    # The list knows names that an earlier call took out of the lake.
    digests = [contact_digest(settings.lake, identity.address) for identity in identities]
    forgotten = read_forgotten(settings.lake, digests)
    people = forgotten.finder | people_of(identities)
    rows = forgotten.rows
    if isinstance(request.target, RowRef):
        rows = {request.target.table: frozenset([request.target.id])}
    with open_database(crm_url(settings), "MAVERICK_CRM_URL") as connection:
        cut_quotes = in_crm and request.also_quotes
        programs = stored_programs(mails_path(settings.lake)) if cut_quotes else None
        found = find_in_crm(connection, people, rows, programs)
        if in_crm:
            clean_crm(connection, found)
    return {name: rows.count for name, rows in found.items()}


def _clean_history(settings: Settings, search: Search, people: People) -> None:
    """Take the contacts out of Dagster's runs and events."""
    url = dagster_url(settings)
    with open_database(url, "MAVERICK_DAGSTER_URL") as connection:
        changed = clean_texts(connection, people, search.suspects)
    if changed:
        rewrite_tables(url)


def _clean_logs(settings: Settings, search: Search, people: People) -> None:
    for folder in (settings.home / "logs", settings.runs, settings.reports):
        named = search.in_files(folder)
        clean_files([folder / leftover.place for leftover in named], people)


def _search(settings: Settings, search: Search, in_crm: bool) -> list[Leftover]:
    """What is left. An embedded CRM that is not cleaned holds its rows: that is said elsewhere."""
    skip = [_pending_file(settings), settings.base_dir]
    urls = {"dagster": (dagster_url(settings), "MAVERICK_DAGSTER_URL")}
    if in_crm:
        urls["crm"] = (crm_url(settings), "MAVERICK_CRM_URL")
    elif settings.crm_url is None:
        skip.append(settings.postgres)
    leftovers = search.in_files(settings.home, skip)
    for name, (url, setting) in urls.items():
        with open_database(url, setting) as connection:
            leftovers += search.in_database(connection, name)
    return leftovers
