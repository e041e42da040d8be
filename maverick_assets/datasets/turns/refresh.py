"""Bringing `clean/mails` and `clean/turns` up to date with the raw tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

from maverick_assets.crm.raw_table import LIVE, live_rows
from maverick_assets.crm.schema import TEXT_TABLES, Table
from maverick_assets.datasets.authorship.judgement import NOBODYS
from maverick_assets.datasets.mail.clean_mail import CleanMail
from maverick_assets.datasets.mail.cleaning import MAX_TEXT_CHARACTERS
from maverick_assets.datasets.mail.programs.line_keys import LineKeys
from maverick_assets.datasets.mail.programs.recurrence import RecurringLines, has_any
from maverick_assets.datasets.mail.table import (
    MAIL_SCHEMA,
    TOO_LONG,
    clean_row,
    linked_mails,
    mail_rows,
    programs_of,
    read_common_keys,
    read_mails,
)
from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.pseudonyms.contact_table import (
    MAX_RENAMED_CONTACTS,
    read_contacts,
    refresh_contacts,
    rows_that_may_name,
)
from maverick_assets.datasets.pseudonyms.contacts import Contact, regions_of_contacts
from maverick_assets.datasets.pseudonyms.surrogates import key_fingerprint, load_key
from maverick_assets.datasets.pseudonyms.third_parties import ThirdParties
from maverick_assets.datasets.turns.builder import SESSION_GAP, TurnBuilder
from maverick_assets.datasets.turns.fields import ROW_FIELDS, RawRow
from maverick_assets.datasets.turns.mail_authors import judge_mails
from maverick_assets.datasets.turns.marks import known_personalities
from maverick_assets.datasets.turns.recipient_facts import recipient_facts
from maverick_assets.datasets.turns.turn import TURN_SCHEMA, Turn, turn_rows
from maverick_assets.datasets.turns.unclear import roles_of_tables
from maverick_assets.errors import BadInput
from maverick_assets.lake.delta import (
    Where,
    arrow_table,
    long_rows,
    only_writer,
    read_state,
    read_table,
    row_hash,
    sync_table,
)
from maverick_assets.lake.incremental import (
    ChangedRow,
    RefreshResult,
    column_values,
    read_sources,
    where_in,
)
from maverick_assets.lake.paths import contacts_path, mails_path, raw_path, turns_path

# Names of the derived tables that turns are made from. Commits of `clean/turns` hold these names:
# with another spelling, every turn would be derived again.
MAILS, CONTACTS = "mails", "contacts"

Changes = Mapping[str, list[ChangedRow]] | None  # changed rows by table; None: derive everything


def refresh_mails(lake: Path, code: str, tables: Sequence[Table] = TEXT_TABLES) -> RefreshResult:
    """Bring `clean/mails` up to date with the raw tables of mails.

    `code` is the version of the code that cleans. Another version cleans every mail again.
    """
    target = mails_path(lake)
    paths = {table.name: raw_path(lake, table.name) for table in tables if table.shape == "mail"}
    with only_writer(target):
        sources = read_sources(target, MAIL_SCHEMA, paths, row_hash([code]))
        changes = sources.changed_rows({name: ["id"] for name in paths})
        ids = {
            name: None if changes is None else column_values(changes[name], "id") for name in paths
        }
        mails = [
            clean_row(name, row)
            for name, path in paths.items()
            for row in live_rows(path, where_in("id", ids[name]))
        ]
        scope = {f"{name}:{row_id}" for name in paths for row_id in ids[name] or ()}
        programs = programs_of(target, mails, None if changes is None else scope)
        lines = {mail.id: mail.lines for mail in mails if has_any(mail.lines, programs.lines.keys)}
        again: dict[str, tuple[LineKeys, ...] | None] = lines | dict.fromkeys(programs.outdated)
        cleaned = {mail.id: mail for mail in mails} | _cleaned_again(paths, again, programs.lines)
        rows = arrow_table(mail_rows(cleaned.values()), MAIL_SCHEMA)
        commit = sync_table(target, rows, "id", None if changes is None else scope, sources.state)
    # Of the table, not of this refresh: what is left out is said as long as it is so.
    too_long = read_table(target, columns=["id"], where={"automatic": [TOO_LONG]})
    left_out = tuple(sorted(too_long["id"].to_pylist())) if too_long else ()
    return RefreshResult(commit, len(cleaned), changes is None, left_out)


def _cleaned_again(
    paths: Mapping[str, Path],
    lines: Mapping[str, tuple[LineKeys, ...] | None],
    programs: RecurringLines,
) -> dict[str, CleanMail]:
    """Mails by id, cleaned of the lines that recur; `lines` of each, None where they are stored."""
    mails = {}
    for name, path in paths.items():
        of_table = [mail.partition(":")[2] for mail in lines if mail.startswith(f"{name}:")]
        for row in live_rows(path, {"id": of_table}) if of_table else ():
            mail = f"{name}:{row['id']}"
            mails[mail] = clean_row(name, row, programs, lines[mail])
    return mails


def refresh_turns(
    lake: Path,
    owner: Owner,
    code: str,
    tables: Sequence[Table] = TEXT_TABLES,
    gap: timedelta = SESSION_GAP,
) -> RefreshResult:
    """Bring `clean/turns` up to date with `clean/mails` and the other raw tables.

    What `clean/mails` says of who wrote them, and `clean/contacts`, which names the third parties,
    are brought up to date first. A text is derived again when a name that it holds comes or goes,
    and every text with another key, owner, `code`, or where personalities or their moods come or
    go, or the owner's roles in chats change.
    `gap`: the silence that ends a session of a chat. Raises `BadInput` when there is no text at
    all.
    """
    target = turns_path(lake)
    paths = {table.name: raw_path(lake, table.name) for table in tables if table.shape != "mail"}
    paths[MAILS] = mails_path(lake)
    paths[CONTACTS] = contacts_path(lake)
    judge_mails(lake, owner)
    with only_writer(target):
        key = lake_key(lake)
        refresh_contacts(lake, tables, key, owner.emails)
        builder = _turn_builder(lake, owner, tables, key)
        fingerprint = key_fingerprint(key)
        cache_key = row_hash([code, str(gap), fingerprint, *_inputs(builder, tables)])
        sources = read_sources(target, TURN_SCHEMA, paths, cache_key, fingerprint)
        columns = _columns_read(tables)
        changes = _with_renamed(paths, sources.changed_rows(columns), columns)
        affected = _AffectedTurns(paths, changes, builder, gap)
        scope, turns = affected.of_tables(tables, target)
        if changes is None and not turns:
            raise BadInput(
                "the CRM holds no text to learn from: its tables are empty; import mail with "
                "`maverick crm import`, or point MAVERICK_CRM_URL to a CRM with rows"
            )
        rows = arrow_table(turn_rows(turns), TURN_SCHEMA)
        commit = sync_table(
            target, rows, "turn_id", None if changes is None else scope, sources.state
        )
    return RefreshResult(commit, len(turns), changes is None, _shortened_rows(lake, tables))


def _turn_builder(lake: Path, owner: Owner, tables: Sequence[Table], key: bytes) -> TurnBuilder:
    """The builder of turns, which knows the contacts and the roles of chats of the lake."""
    contacts = read_contacts(lake)
    regions = sorted({*owner.regions, *regions_of_contacts(contacts)})
    third_parties = ThirdParties(key, contacts, owner.emails, regions)
    classes = {table.name: table.sensitivity for table in tables if table.sensitivity}
    roles = roles_of_tables(lake, tables, owner)
    return TurnBuilder(owner, third_parties, known_personalities(), classes, roles)


def _inputs(builder: TurnBuilder, tables: Sequence[Table]) -> list[object]:
    """All that every turn depends on, besides rows, key and code."""
    owner = builder.owner
    return [
        *(owner.emails, owner.user_ids, owner.names),
        sorted((table.name, table.shape, *_class_of(table)) for table in tables),
        [sorted(builder.known.names), sorted(builder.known.moods)],
        builder.third_parties.regions,
        [
            [name, sorted(role.direct), sorted(role.in_own)]
            for name, role in builder.chat_roles.items()
        ],
    ]


def _shortened_rows(lake: Path, tables: Sequence[Table]) -> tuple[str, ...]:
    """The rows of which turns hold the first part alone; see `_AffectedTurns._moderate_rows`."""
    return tuple(
        f"{table.name}:{row_id}"
        for table in tables
        if table.shape not in ("mail", "conversation")
        for row_id in long_rows(raw_path(lake, table.name), MAX_TEXT_CHARACTERS, LIVE)
    )


def _class_of(table: Table) -> tuple[str, ...]:
    """The class of a table's rows. Tables without one keep the cache key of earlier releases."""
    return (table.sensitivity,) if table.sensitivity else ()


def lake_key(lake: Path) -> bytes:
    """The key of the lake's surrogates; a new one if no turns were made with one yet.

    Raises what `load_key` raises.
    """
    # The key stays the key where a release adds a column to the turns.
    state = read_state(turns_path(lake), None)
    return load_key(lake, state.get("key") if state else None)


def _columns_read(tables: Sequence[Table]) -> dict[str, list[str]]:
    """By table, the columns of changed rows that show which turns are affected."""
    columns = {table.name: ["id"] for table in tables if table.shape != "mail"}
    columns |= {table.name: ["id", "conversation_id"] for table in tables if table.parent}
    return columns | {MAILS: ["id", "link_keys"], CONTACTS: ["kind", "name"]}


def _with_renamed(
    paths: Mapping[str, Path],
    changes: dict[str, list[ChangedRow]] | None,
    columns: Mapping[str, list[str]],
) -> Changes:
    """`changes`, and the rows whose texts may hold a name that came or went.

    None, to derive everything, when there are too many such names.
    """
    if changes is None:
        return None
    rows = changes.pop(CONTACTS)
    contacts = sorted({Contact(row["kind"], row["name"]) for row in rows}, key=lambda c: c.id)
    if len(contacts) > MAX_RENAMED_CONTACTS:
        return None
    return {
        name: rows + rows_that_may_name(paths[name], contacts, columns[name]).to_pylist()
        for name, rows in changes.items()
    }


@dataclass(frozen=True)
class _AffectedTurns:
    """Derives the turns again that changed rows affect."""

    paths: Mapping[str, Path]  # tables that turns are made from, by name
    changes: Changes
    builder: TurnBuilder
    gap: timedelta  # silence that ends a session of a chat

    def of_tables(self, tables: Sequence[Table], target: Path) -> tuple[set[str], list[Turn]]:
        """Ids of the affected turns, and those of them that exist now, ordered by id.

        A turn with nothing to learn is left out. `target` is the table of turns, as the last
        refresh left it.
        """
        scope, turns = self._of_mails(tables, target)
        for table in tables:
            if table.shape in ROW_FIELDS:
                more_ids, more = self._of_rows(table)
            elif table.parent:
                more_ids, more = self._of_chats(table, table.parent)
            else:  # mails are done, and conversations come with their messages
                continue
            scope |= more_ids
            turns += more
        with_text = [turn for turn in turns if turn.text or turn.rejected]
        return scope, sorted(with_text, key=lambda turn: turn.turn_id)

    def _of_mails(self, tables: Sequence[Table], target: Path) -> tuple[set[str], list[Turn]]:
        """Turns of mails that changed, of mails whose facts changed, and of all linked with these.

        Facts come from mails and deals, so a change of one of those may change the facts of a mail
        that is not linked with it.
        """
        # Facts reach the mails of other tables: none may come from health or intimate words.
        deals = [
            table.name
            for table in tables
            if table.shape == "deal" and table.sensitivity in (None, "business")
        ]
        if self.changes is not None and not any(self.changes[name] for name in (MAILS, *deals)):
            return set(), []
        facts = self._recipient_facts(deals)
        mails = self.paths[MAILS]
        if self.changes is None:
            everything = read_mails(mails)
            return set(), self.builder.mail_turns(everything, facts, read_common_keys(mails))
        turns = read_table(target, columns=["turn_id", "facts"])
        old_facts = {} if turns is None else dict(zip(*turns.to_pydict().values(), strict=True))
        outdated: list[ChangedRow] = [
            {"id": mail, "link_keys": []}
            for mail, old in old_facts.items()
            if facts.get(mail) != old
        ]
        linked = linked_mails(mails, [*self.changes[MAILS], *outdated])
        if not linked.ids:
            return set(), []
        some = read_mails(mails, linked.ids)
        return linked.ids, self.builder.mail_turns(some, facts, linked.common)

    def _recipient_facts(self, deals: Sequence[str]) -> dict[str, str]:
        columns = ["id", "sender", "recipients", "sent_at", "authorship"]
        mails = read_table(self.paths[MAILS], columns=columns)
        rows = [row for name in deals for row in live_rows(self.paths[name])]
        classes = self.builder.table_classes
        known = [
            mail
            for mail in (mails.to_pylist() if mails else ())
            if classes.get(mail["id"].partition(":")[0], "business") == "business"
            and mail["authorship"] not in NOBODYS
        ]
        facts = recipient_facts(known, rows, self.builder.owner)
        # Stages are free text: "waiting for Dana Cole"
        protect = cache(self.builder.third_parties.protect)
        return {mail: protect(text) for mail, text in facts.items()}

    def _of_rows(self, table: Table) -> tuple[set[str], list[Turn]]:
        """Turns of changed rows that stand alone."""
        ids = None if self.changes is None else column_values(self.changes[table.name], "id")
        rows = self._moderate_rows(table, where_in("id", ids))
        turns = [self.builder.row_turn(table, row) for row in rows]
        return {f"{table.name}:{row_id}" for row_id in ids or ()}, turns

    def _of_chats(self, table: Table, parent: str) -> tuple[set[str], list[Turn]]:
        """Turns of whole conversations: after any change, sessions may begin at other messages."""
        ids, scope = None, set()
        if self.changes is not None:
            ids = column_values(self.changes[parent], "id")
            ids |= column_values(self.changes[table.name], "conversation_id")
            scope = {f"{table.name}:{row['id']}" for row in self.changes[table.name]}
        conversations = live_rows(self.paths[parent], where_in("id", ids))
        messages = self._moderate_rows(table, where_in("conversation_id", ids))
        turns = self.builder.chat_turns(table, conversations, messages, self.gap)
        return scope | {turn.turn_id for turn in turns}, turns

    def _moderate_rows(self, table: Table, where: Where | None) -> Sequence[RawRow]:
        """The live rows of a raw table, with the first `MAX_TEXT_CHARACTERS` of each text.

        A book is its owner's words, so its beginning is learned from, at a bounded cost.
        """
        return [
            {
                name: value[:MAX_TEXT_CHARACTERS] if isinstance(value, str) else value
                for name, value in row.items()
            }
            for row in live_rows(self.paths[table.name], where)
        ]
