"""Turns and datasets brought up to date at the cost of what changed.

Each table of the lake remembers, in its newest commit, what it was made from: the versions of its
inputs and a digest of settings, recipe and code. What the inputs' change data feeds name since
then is derived again, together with all that it is connected with; the rest stays. Without such a
memory, or when the digest is another, everything is derived. Both ways give the same rows.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from maverick_assets.crm.extraction import live_rows
from maverick_assets.datasets.contacts import (
    MANY,
    Contact,
    read_contacts,
    refresh_contacts,
    rows_holding,
)
from maverick_assets.datasets.examples import (
    EXAMPLE_SCHEMA,
    PREFERENCE_SCHEMA,
    Candidate,
    build_candidates,
    preferences,
)
from maverick_assets.datasets.mails import MAIL_SCHEMA, cleaned, connected, mail_rows, read_mails
from maverick_assets.datasets.privacy import ThirdParties
from maverick_assets.datasets.quarantine import released
from maverick_assets.datasets.relations import mail_facts
from maverick_assets.datasets.secrets import excerpt, find_secrets
from maverick_assets.datasets.splits import Entry, judge, long_sentences, signature
from maverick_assets.datasets.surrogates import fingerprint, key_path, load_key
from maverick_assets.datasets.tokens import ChatTokenizer
from maverick_assets.datasets.turns import (
    ROW_TURNS,
    SESSION_GAP,
    TURN_SCHEMA,
    Owner,
    Turn,
    chat_turns,
    mail_turns,
    read_turns,
    turn_rows,
)
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.lake import (
    ROW_HASH,
    Commit,
    Where,
    arrow_table,
    only_writer,
    open_table,
    read_changes,
    read_state,
    read_table,
    row_hash,
    sync_table,
)
from maverick_assets.recipes import Recipe

Row = dict[str, Any]

# What the rows of a raw table are; `message` tables have their conversations beside them.
SHAPES = {
    "crm_emails": "mail",
    "conversations": "conversation",
    "messages": "message",
    "crm_deals": "deal",
    "sticky_notes": "note",
    "personality_samples": "sample",
    "feedback": "feedback",
}

CANDIDATE_SCHEMA = pa.schema(
    [
        ("candidate_id", pa.string()),
        ("rank", pa.int64()),
        ("turn_id", pa.string()),
        *(field for field in EXAMPLE_SCHEMA if field.name != "split"),
        ("contact", pa.string()),
        ("dropped", pa.string()),
        ("signature", pa.binary()),
        ("said", pa.list_(pa.int64())),
        ("heard", pa.list_(pa.int64())),
        ("rules", pa.list_(pa.string())),
        ("excerpt", pa.string()),
    ]
)
_ENTRY_COLUMNS = [field.name for field in fields(Entry) if field.name != "split"]


@dataclass(frozen=True)
class Refreshed:
    """A table after its refresh. `derived` rows were made again, `full`: all of them."""

    commit: Commit
    derived: int
    full: bool


@dataclass(frozen=True)
class _Inputs:
    """Tables by name, their versions now (-1: no such table), and those at the last refresh."""

    paths: Mapping[str, Path]
    versions: Mapping[str, int]
    before: Mapping[str, int] | None
    basis: str
    key: str | None = None

    @property
    def state(self) -> dict[str, Any]:
        return {"basis": self.basis, "versions": dict(self.versions), "key": self.key}

    def changes(self, columns: Mapping[str, list[str]]) -> dict[str, list[Row]] | None:
        """Rows of each table before and after what changed; None when all must be derived."""
        if self.before is None or self.before.keys() != self.versions.keys():
            return None
        found: dict[str, list[Row]] = {}
        for name, path in self.paths.items():
            changed = read_changes(path, self.before[name], columns[name])
            if changed is None:
                return None
            found[name] = changed.to_pylist()
        return found


def refresh_mails(lake: Path, code: str, shapes: Mapping[str, str] = SHAPES) -> Refreshed:
    """Bring `clean/mails` up to date with the raw tables of mails."""
    target = lake / "clean" / "mails"
    paths = {name: lake / "raw" / name for name, shape in shapes.items() if shape == "mail"}
    with only_writer(target):
        inputs = _inputs(target, MAIL_SCHEMA, paths, row_hash([code]))
        changes = inputs.changes({name: ["id"] for name in paths})
        mails = [
            cleaned(name, row)
            for name, path in paths.items()
            for row in live_rows(path, _among("id", changes and _values(changes[name], "id")))
        ]
        scope = changes and {f"{name}:{row['id']}" for name in paths for row in changes[name]}
        table = arrow_table(mail_rows(mails), MAIL_SCHEMA)
        commit = sync_table(target, table, "id", scope, inputs.state)
    return Refreshed(commit, len(mails), changes is None)


def refresh_turns(
    lake: Path,
    owner: Owner,
    code: str,
    shapes: Mapping[str, str] = SHAPES,
    gap: timedelta = SESSION_GAP,
) -> Refreshed:
    """Bring `clean/turns` up to date with `clean/mails` and the other raw tables.

    Third parties are those of `clean/contacts`, which is brought up to date first; a text is
    derived again when a name that it holds comes or goes, and all are with another key. `gap`: the
    silence that ends a session of a chat. Raises `BadInput` when there is no text at all.
    """
    target = lake / "clean" / "turns"
    paths = {name: lake / "raw" / name for name, shape in shapes.items() if shape != "mail"}
    paths["mails"] = lake / "clean" / "mails"
    paths["contacts"] = lake / "clean" / "contacts"
    columns = {name: ["id"] for name in paths}
    columns["mails"] = ["id", "link_keys"]
    columns["contacts"] = ["kind", "name"]
    columns |= {
        name: ["id", "conversation_id"] for name, shape in shapes.items() if shape == "message"
    }
    deals = [name for name, shape in shapes.items() if shape == "deal"]
    refresh_contacts(lake, shapes)
    with only_writer(target):
        key = load_key(key_path(lake), _key_used(target))
        owner = replace(owner, others=ThirdParties(key, read_contacts(lake), owner.emails))
        made_by = [owner.emails, owner.user_ids, sorted(shapes.items()), str(gap), fingerprint(key)]
        inputs = _inputs(target, TURN_SCHEMA, paths, row_hash([code, *made_by]))
        inputs = replace(inputs, key=fingerprint(key))
        changes = _with_renamed(paths, inputs.changes(columns), columns)
        scope: set[str] = set()
        turns: list[Turn] = []
        if changes is None or any(changes[name] for name in ("mails", *deals)):
            facts = _facts(paths, deals, owner)
            scope, turns = _mails(paths["mails"], changes, owner, facts, target)
        for name, shape in shapes.items():
            if shape in ROW_TURNS:
                more = _rows(name, shape, paths[name], changes, owner)
            elif shape == "message":
                more = _chats(name, paths, changes, owner, gap)
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
        table = arrow_table(turn_rows(turns), TURN_SCHEMA)
        commit = sync_table(
            target, table, "turn_id", None if changes is None else scope, inputs.state
        )
    return Refreshed(commit, len(turns), changes is None)


def refresh_candidates(
    lake: Path,
    recipe: Recipe,
    tokenizer: Callable[[], ChatTokenizer],
    basis: Sequence[str],
) -> Refreshed:
    """Bring `candidates/<personality>` up to date with `clean/turns`.

    `basis`: what the candidates depend on besides recipe and turns (tokenizer, code).
    """
    target = lake / "candidates" / recipe.name
    path = lake / "clean" / "turns"
    with only_writer(target):
        made_by = row_hash([recipe.model_dump(), *basis])
        inputs = _inputs(target, CANDIDATE_SCHEMA, {"turns": path}, made_by)
        changes = inputs.changes({"turns": ["thread_id"]})
        scope: set[str] = set()
        turns: list[Turn] = []
        if changes is None or changes["turns"]:
            threads = _among("thread_id", changes and _values(changes["turns"], "thread_id"))
            tables = {source.table for source in recipe.sources}
            turns = [turn for turn in read_turns(path, threads) if turn.source in tables]
            held = read_table(target, columns=["candidate_id"], where=threads)
            scope = set(held["candidate_id"].to_pylist()) if held else set()
        found = build_candidates(recipe, turns, tokenizer()) if turns else []
        table = arrow_table([_candidate_row(each) for each in found], CANDIDATE_SCHEMA)
        scope |= {each.candidate_id for each in found}
        commit = sync_table(
            target, table, "candidate_id", None if changes is None else scope, inputs.state
        )
    return Refreshed(commit, len(found), changes is None)


def refresh_dataset(lake: Path, recipe: Recipe) -> tuple[Commit, list[Entry]]:
    """Bring `datasets/<personality>` up to date with its candidates; returns all of these too,
    with their split or the reason why they were dropped.

    Candidates with a secret are none, but for those that an operator released.
    Choosing looks at every candidate without its words; only examples that are new, or change
    sides, are read and written.
    """
    target, path = lake / "datasets" / recipe.name, lake / "candidates" / recipe.name
    with only_writer(target):
        light = read_table(path, columns=[*_ENTRY_COLUMNS, ROW_HASH])
        assert light is not None
        hashes = dict(
            zip(light["candidate_id"].to_pylist(), light[ROW_HASH].to_pylist(), strict=True)
        )
        known = [Entry(**row) for row in light.drop_columns(ROW_HASH).to_pylist()]
        judged = judge(_without_secrets(known, released(lake)), recipe)
        entries = [entry for entry in judged if not entry.dropped]
        wanted = {e.example_id: row_hash([hashes[e.candidate_id], e.split]) for e in entries}
        held = _held(target)
        changed = [e for e in entries if held.get(e.example_id) != wanted[e.example_id]]
        table = _examples(path, changed, wanted)
        gone = held.keys() - wanted.keys()
        commit = sync_table(target, table, "example_id", gone | {e.example_id for e in changed})
    return commit, judged


def judged_candidates(lake: Path, recipe: Recipe) -> list[Entry]:
    """All candidates as `refresh_dataset` judged them; `MaverickError` when there are none."""
    held = read_table(lake / "candidates" / recipe.name, columns=_ENTRY_COLUMNS)
    if held is None:
        raise MaverickError(f"{recipe.name} has no dataset yet; `maverick run ingest` makes it")
    known = [Entry(**row) for row in held.to_pylist()]
    return judge(_without_secrets(known, released(lake)), recipe)


def _without_secrets(entries: Iterable[Entry], free: Collection[str]) -> list[Entry]:
    """Those with a secret dropped, but for the ids that are `free`."""
    return [
        replace(entry, dropped=entry.dropped or "secret")
        if entry.rules and entry.example_id not in free
        else entry
        for entry in entries
    ]


def refresh_preferences(lake: Path, recipe: Recipe) -> Commit:
    """Bring `preferences/<personality>` up to date with the feedback in `clean/turns`.

    What holds a secret, in prompt or either answer, is left out.
    """
    target = lake / "preferences" / recipe.name
    with only_writer(target):
        turns = read_turns(lake / "clean" / "turns", {"personality": [recipe.name]})
        safe = [turn for turn in turns if not find_secrets(_said_in(turn))]
        rows = arrow_table(preferences(recipe, safe), PREFERENCE_SCHEMA)
        return sync_table(target, rows, "preference_id")


def _said_in(turn: Turn) -> str:
    return "\n".join(filter(None, (turn.context, turn.text, turn.rejected)))


def _inputs(target: Path, schema: pa.Schema, paths: Mapping[str, Path], basis: str) -> _Inputs:
    """`schema` is that of the table at `target` without `_row_hash`."""
    tables = {name: open_table(path) for name, path in paths.items()}
    versions = {name: table.version() if table else -1 for name, table in tables.items()}
    state = read_state(target, schema.append(pa.field(ROW_HASH, pa.string())))
    before = state["versions"] if state and state["basis"] == basis else None
    return _Inputs(paths, versions, before, basis)


def _key_used(target: Path) -> str | None:
    """Fingerprint of the key that the turns at `target` were made with, if there are any."""
    state = read_state(target, TURN_SCHEMA.append(pa.field(ROW_HASH, pa.string())))
    return state.get("key") if state else None


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
    name: str, shape: str, path: Path, changes: Mapping[str, list[Row]] | None, owner: Owner
) -> tuple[set[str], list[Turn]]:
    ids = None if changes is None else _values(changes[name], "id")
    turns = [ROW_TURNS[shape](name, row, owner) for row in live_rows(path, _among("id", ids))]
    return {f"{name}:{each}" for each in ids or ()}, turns


def _chats(
    name: str,
    paths: Mapping[str, Path],
    changes: Mapping[str, list[Row]] | None,
    owner: Owner,
    gap: timedelta,
) -> tuple[set[str], list[Turn]]:
    """Turns of the conversations that changed, whole."""
    parents = name.removesuffix("messages") + "conversations"
    if changes is None:
        conversations, messages = live_rows(paths[parents]), live_rows(paths[name])
        return set(), chat_turns(name, conversations, messages, owner, gap)
    touched = _values(changes[parents], "id") | _values(changes[name], "conversation_id")
    scope = {f"{name}:{row['id']}" for row in changes[name]}
    conversations = live_rows(paths[parents], _among("id", touched))
    messages = live_rows(paths[name], _among("conversation_id", touched))
    turns = chat_turns(name, conversations, messages, owner, gap)
    return scope | {turn.turn_id for turn in turns}, turns


def _candidate_row(candidate: Candidate) -> Row:
    example = asdict(candidate.example)
    _system, *heard, said = candidate.example.messages
    text = "\n".join(message["content"] for message in candidate.example.messages[1:])
    findings = find_secrets(text)
    return {
        **example,
        "candidate_id": candidate.candidate_id,
        "rank": candidate.rank,
        "turn_id": candidate.turn_id,
        "contact": candidate.contact,
        "dropped": candidate.dropped,
        "signature": signature(candidate.example.messages),
        "said": long_sentences(said["content"]),
        "heard": [code for message in heard for code in long_sentences(message["content"])],
        "rules": sorted({finding.rule for finding in findings}),
        "excerpt": excerpt(text, findings),
    }


def _examples(path: Path, entries: Sequence[Entry], hashes: Mapping[str, str]) -> pa.Table:
    """Rows of the dataset for `entries`, from the candidates at `path`."""
    schema = EXAMPLE_SCHEMA.append(pa.field(ROW_HASH, pa.string()))
    split = {entry.candidate_id: entry.split for entry in entries}
    where = _among("candidate_id", split.keys())
    rows = read_table(path, columns=["candidate_id", *_example_columns()], where=where)
    assert rows is not None
    records = [
        row | {"split": split[row["candidate_id"]], ROW_HASH: hashes[row["example_id"]]}
        for row in rows.to_pylist()
    ]
    return pa.Table.from_pylist(
        [{name: record[name] for name in schema.names} for record in records], schema=schema
    )


def _example_columns() -> list[str]:
    return [name for name in EXAMPLE_SCHEMA.names if name != "split"]


def _held(target: Path) -> dict[str, str]:
    held = read_table(target, columns=["example_id", ROW_HASH])
    if held is None:
        return {}
    return dict(zip(held["example_id"].to_pylist(), held[ROW_HASH].to_pylist(), strict=True))


def _values(rows: Sequence[Row], column: str) -> set[str]:
    return {row[column] for row in rows if row[column] is not None}


def _among(column: str, values: Collection[str] | None) -> Where | None:
    """A filter on `column`; None for no filter."""
    return None if values is None else {column: values}
