"""Mails and turns brought up to date with the raw tables."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyarrow as pa

from maverick_assets.crm.raw_table import live_rows
from maverick_assets.crm.schema import TEXT_TABLES, Table
from maverick_assets.datasets.mail.table import (
    MAIL_SCHEMA,
    cleaned,
    connected,
    mail_rows,
    read_mails,
)
from maverick_assets.datasets.pseudonyms.contacts import (
    MANY,
    Contact,
    read_contacts,
    refresh_contacts,
    rows_holding,
)
from maverick_assets.datasets.pseudonyms.surrogates import fingerprint, key_path, load_key
from maverick_assets.datasets.pseudonyms.third_parties import ThirdParties
from maverick_assets.datasets.turns.recipient_facts import mail_facts
from maverick_assets.datasets.turns.turn import (
    ROW_TURNS,
    SESSION_GAP,
    TURN_SCHEMA,
    Owner,
    Turn,
    chat_turns,
    mail_turns,
    turn_rows,
)
from maverick_assets.errors import BadInput
from maverick_assets.lake.delta import (
    ROW_HASH,
    arrow_table,
    only_writer,
    read_state,
    read_table,
    row_hash,
    sync_table,
)
from maverick_assets.lake.incremental import Refreshed, Row, among, read_inputs, values_of


def refresh_mails(lake: Path, code: str, tables: Sequence[Table] = TEXT_TABLES) -> Refreshed:
    """Bring `clean/mails` up to date with the raw tables of mails."""
    target = lake / "clean" / "mails"
    paths = {table.name: lake / "raw" / table.name for table in tables if table.shape == "mail"}
    with only_writer(target):
        inputs = read_inputs(target, MAIL_SCHEMA, paths, row_hash([code]))
        changes = inputs.changes({name: ["id"] for name in paths})
        mails = [
            cleaned(name, row)
            for name, path in paths.items()
            for row in live_rows(path, among("id", changes and values_of(changes[name], "id")))
        ]
        scope = changes and {f"{name}:{row['id']}" for name in paths for row in changes[name]}
        table = arrow_table(mail_rows(mails), MAIL_SCHEMA)
        commit = sync_table(target, table, "id", scope, inputs.state)
    return Refreshed(commit, len(mails), changes is None)


def refresh_turns(
    lake: Path,
    owner: Owner,
    code: str,
    tables: Sequence[Table] = TEXT_TABLES,
    gap: timedelta = SESSION_GAP,
) -> Refreshed:
    """Bring `clean/turns` up to date with `clean/mails` and the other raw tables.

    Third parties are those of `clean/contacts`, which is brought up to date first; a text is
    derived again when a name that it holds comes or goes, and all are with another key. `gap`: the
    silence that ends a session of a chat. Raises `BadInput` when there is no text at all.
    """
    target = lake / "clean" / "turns"
    paths = {table.name: lake / "raw" / table.name for table in tables if table.shape != "mail"}
    paths["mails"] = lake / "clean" / "mails"
    paths["contacts"] = lake / "clean" / "contacts"
    columns = {name: ["id"] for name in paths}
    columns["mails"] = ["id", "link_keys"]
    columns["contacts"] = ["kind", "name"]
    columns |= {table.name: ["id", "conversation_id"] for table in tables if table.parent}
    deals = [table.name for table in tables if table.shape == "deal"]
    refresh_contacts(lake, tables)
    with only_writer(target):
        key = lake_key(lake)
        owner = replace(owner, others=ThirdParties(key, read_contacts(lake), owner.emails))
        shapes = sorted((table.name, table.shape) for table in tables)
        made_by = [owner.emails, owner.user_ids, shapes, str(gap), fingerprint(key)]
        inputs = read_inputs(target, TURN_SCHEMA, paths, row_hash([code, *made_by]))
        inputs = replace(inputs, key=fingerprint(key))
        changes = _with_renamed(paths, inputs.changes(columns), columns)
        scope: set[str] = set()
        turns: list[Turn] = []
        if changes is None or any(changes[name] for name in ("mails", *deals)):
            facts = _facts(paths, deals, owner)
            scope, turns = _mails(paths["mails"], changes, owner, facts, target)
        for table in tables:
            if table.shape in ROW_TURNS:
                more = _rows(table, paths[table.name], changes, owner)
            elif table.parent:
                more = _chats(table.name, table.parent, paths, changes, owner, gap)
            else:
                continue
            scope |= more[0]
            turns += more[1]
        turns = sorted(
            (turn for turn in turns if turn.text or turn.rejected), key=lambda turn: turn.turn_id
        )
        if changes is None and not turns:
            raise BadInput(
                "the CRM holds no text to learn from: its tables are empty; import mail with "
                "`maverick crm import`, or point MAVERICK_CRM_URL to a CRM with rows"
            )
        rows = arrow_table(turn_rows(turns), TURN_SCHEMA)
        commit = sync_table(
            target, rows, "turn_id", None if changes is None else scope, inputs.state
        )
    return Refreshed(commit, len(turns), changes is None)


def lake_key(lake: Path) -> bytes:
    """The key of surrogates; a new one where the lake has no turns that were made with one."""
    schema = TURN_SCHEMA.append(pa.field(ROW_HASH, pa.string()))
    state = read_state(lake / "clean" / "turns", schema)
    return load_key(key_path(lake), state.get("key") if state else None)


def _with_renamed(
    paths: Mapping[str, Path],
    changes: dict[str, list[Row]] | None,
    columns: Mapping[str, list[str]],
) -> dict[str, list[Row]] | None:
    """`changes`, with the rows whose texts hold a name that came or went; None: all of them."""
    if changes is None:
        return None
    known = changes.pop("contacts")
    contacts = sorted({Contact(row["kind"], row["name"]) for row in known}, key=lambda c: c.id)
    if len(contacts) > MANY:
        return None
    return {
        name: rows + rows_holding(paths[name], contacts, columns[name]).to_pylist()
        for name, rows in changes.items()
    }


def _mails(
    path: Path,
    changes: Mapping[str, list[Row]] | None,
    owner: Owner,
    facts: Mapping[str, str],
    target: Path,
) -> tuple[set[str], list[Turn]]:
    """Turns of the mails that changed, that have other facts now, or are connected with these."""
    if changes is None:
        return set(), mail_turns(read_mails(path), owner, facts)
    held = read_table(target, columns=["turn_id", "facts"])
    before = {} if held is None else dict(zip(*held.to_pydict().values(), strict=True))
    other = [mail for mail, known in before.items() if facts.get(mail) != known]
    moved: list[Row] = [{"id": mail, "link_keys": []} for mail in other]
    affected = connected(path, [*changes["mails"], *moved])
    return affected, mail_turns(read_mails(path, affected), owner, facts) if affected else []


def _facts(paths: Mapping[str, Path], deals: Sequence[str], owner: Owner) -> dict[str, str]:
    mails = read_table(paths["mails"], columns=["id", "sender", "recipients", "sent_at"])
    rows = [row for name in deals for row in live_rows(paths[name])]
    return mail_facts([] if mails is None else mails.to_pylist(), rows, owner)


def _rows(
    table: Table, path: Path, changes: Mapping[str, list[Row]] | None, owner: Owner
) -> tuple[set[str], list[Turn]]:
    ids = None if changes is None else values_of(changes[table.name], "id")
    make_turn = ROW_TURNS[table.shape or ""]
    turns = [make_turn(table.name, row, owner) for row in live_rows(path, among("id", ids))]
    return {f"{table.name}:{each}" for each in ids or ()}, turns


def _chats(
    name: str,
    parent: str,
    paths: Mapping[str, Path],
    changes: Mapping[str, list[Row]] | None,
    owner: Owner,
    gap: timedelta,
) -> tuple[set[str], list[Turn]]:
    """Turns of the conversations that changed, whole."""
    if changes is None:
        conversations, messages = live_rows(paths[parent]), live_rows(paths[name])
        return set(), chat_turns(name, conversations, messages, owner, gap)
    touched = values_of(changes[parent], "id") | values_of(changes[name], "conversation_id")
    scope = {f"{name}:{row['id']}" for row in changes[name]}
    conversations = live_rows(paths[parent], among("id", touched))
    messages = live_rows(paths[name], among("conversation_id", touched))
    turns = chat_turns(name, conversations, messages, owner, gap)
    return scope | {turn.turn_id for turn in turns}, turns
