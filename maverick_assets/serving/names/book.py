"""The names of the lake, read anew when it changes."""

import asyncio
import logging
import secrets
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow.compute as pc

from maverick_assets.crm.raw_table import live_rows
from maverick_assets.crm.schema import TEXT_TABLES
from maverick_assets.datasets.mail.table import read_mails
from maverick_assets.datasets.pseudonyms.contact_table import ADDRESS_COLUMNS, read_contacts
from maverick_assets.datasets.pseudonyms.contacts import (
    is_role_account,
    regions_of_contacts,
    written_companies,
)
from maverick_assets.datasets.pseudonyms.name_lists import is_dictionary_word
from maverick_assets.datasets.pseudonyms.phones.regions import region_of_domain, regions_of_owner
from maverick_assets.datasets.pseudonyms.phones.search import phone_numbers
from maverick_assets.datasets.pseudonyms.surrogates import PHONE_PREFIX
from maverick_assets.datasets.pseudonyms.third_parties import ThirdParties
from maverick_assets.datasets.pseudonyms.unlisted_names import UnlistedNames, owner_names
from maverick_assets.errors import MaverickError
from maverick_assets.lake.delta import read_table
from maverick_assets.lake.paths import contacts_path, key_path, mails_path, raw_path, turns_path
from maverick_assets.private.keys import read_key
from maverick_assets.serving.names.at_the_door import Names, NoNames
from maverick_assets.serving.names.table import NameTable, contact_table
from maverick_assets.settings import Settings

_WATCH_SECONDS = 5.0  # how soon new contacts are taken in
_log = logging.getLogger(__name__)


class NameBook:
    """The names of the settings' lake."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._read_at: object = None  # the state of the lake that `names` is of
        self.names: Names | NoNames = NoNames()

    def refresh(self) -> None:
        """Take in what has changed. It takes seconds where there are many contacts."""
        state = _state(self._settings.lake)
        if state != self._read_at:
            self.names = read_names(self._settings)
            self._read_at = state

    async def watch(self) -> None:
        """Take in changes until the task is cancelled; requests go on meanwhile."""
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            try:
                await asyncio.to_thread(self.refresh)
            except (MaverickError, OSError) as error:
                # No words of the error: it may quote a row.
                _log.warning("new contacts are not taken in: %s", type(error).__name__)


def read_names(settings: Settings) -> Names | NoNames:
    """The names that a lake knows.

    Where the key is gone, a passing one hides names from the model, and none comes back.
    """
    lake = settings.lake
    has_key = key_path(lake).exists()
    contacts = read_contacts(lake)
    if not has_key and not contacts:
        return NoNames()
    key = read_key(key_path(lake)) if has_key else secrets.token_bytes(32)
    regions = regions_of_owner(settings.timezone, settings.language_codes)
    regions = tuple(sorted({*regions, *regions_of_contacts(contacts)}))
    third_parties = ThirdParties(key, contacts, settings.owner_emails, regions)
    known = NameTable()
    if has_key:
        addresses = {third_parties.address(address): address for address in _addresses(lake)}
        written = {contact.identity: name for contact, name in written_companies(_deals(lake))}
        known = contact_table(contacts, third_parties.surrogates, addresses, written)
        for surrogate, number in _phones(lake, third_parties):
            known.add_phone(surrogate, number)
    unlisted = UnlistedNames(key, owner_names(settings.owner_emails))
    names = Names(third_parties, unlisted, known, threading.Lock())
    # Lists that the first question would wait for.
    known.begins_with("")
    third_parties.protect("Dana Cole")
    is_dictionary_word("cole")
    return names


def _addresses(lake: Path) -> Iterator[str]:
    """The addresses of people in the lake's mails, and in the columns of the CRM that hold one."""
    columns = []
    mails = read_table(mails_path(lake), columns=["sender", "recipients"])
    if mails is not None:
        columns += [mails["sender"], pc.list_flatten(mails["recipients"])]
    for table in TEXT_TABLES:
        for name in ADDRESS_COLUMNS & set(table.columns):
            rows = read_table(raw_path(lake, table.name), columns=[name])
            columns += [] if rows is None else [rows[name]]
    values = {value or "" for column in columns for value in pc.unique(column).to_pylist()}
    for address in sorted(values):
        local, at, _ = address.rpartition("@")
        if at and not is_role_account(local):
            yield address


def _deals(lake: Path) -> list[str]:
    """The names of the CRM's deals."""
    deals = read_table(raw_path(lake, "crm_deals"), columns=["deal_name"])
    return (
        []
        if deals is None
        else [name for name in pc.unique(deals["deal_name"]).to_pylist() if name]
    )


def _phones(lake: Path, third_parties: ThirdParties) -> Iterator[tuple[str, str]]:
    """Surrogates of phone numbers in turns, and the numbers in the texts that these are of."""
    columns = ["turn_id", "source", "title", "text", "context"]
    turns = read_table(turns_path(lake), columns=columns)
    if turns is None:
        return
    ids: defaultdict[str, list[str]] = defaultdict(list)
    for name in columns[2:]:
        hits = turns.filter(pc.fill_null(pc.match_substring(turns[name], PHONE_PREFIX), False))
        for row in hits.select(columns[:2]).to_pylist():
            ids[row["source"]].append(row["turn_id"])
    of_mails = {turn_id for of_source in ids.values() for turn_id in of_source}
    found = {}
    for text, domains in (*_mail_texts(lake, of_mails), *_row_texts(lake, ids)):
        near = {region for domain in domains if (region := region_of_domain(domain))}
        for start, end, digits in phone_numbers(text, sorted({*third_parties.regions, *near})):
            found[third_parties.surrogates.phone(digits)] = text[start:end]
    yield from found.items()


def _mail_texts(lake: Path, ids: set[str]) -> Iterator[tuple[str, set[str]]]:
    """Texts of mails, with the domains of those who take part."""
    if not ids or read_table(mails_path(lake), columns=[]) is None:
        return
    for mail in read_mails(mails_path(lake), ids):
        domains = {address.rpartition("@")[2] for address in (mail.sender, *mail.recipients)}
        for text in (mail.subject, mail.text, mail.quoted or ""):
            yield text, domains


def _row_texts(lake: Path, ids: dict[str, list[str]]) -> Iterable[tuple[str, set[str]]]:
    for source, turn_ids in ids.items():
        rows = live_rows(raw_path(lake, source), {"id": [t.partition(":")[2] for t in turn_ids]})
        for row in rows:
            for value in row.values():
                if isinstance(value, str):
                    yield value, set()


def _state(lake: Path) -> object:
    """What changes with every commit of a table that names are read from, and with the key."""
    logs = [path / "_delta_log" for path in (contacts_path(lake), mails_path(lake))]
    newest = [max((file.name for file in log.glob("*.json")), default="") for log in logs]
    key = key_path(lake)
    return (*newest, key.stat().st_mtime_ns if key.exists() else 0)
