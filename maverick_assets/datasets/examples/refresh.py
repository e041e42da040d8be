"""Candidates, datasets and preferences brought up to date with the turns."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path

import pyarrow as pa

from maverick_assets.base_model.tokenizer import ChatTokenizer
from maverick_assets.datasets.examples.example import (
    EXAMPLE_SCHEMA,
    PREFERENCE_SCHEMA,
    Candidate,
    Screen,
    build_candidates,
    preferences,
)
from maverick_assets.datasets.examples.select import Entry, judge, long_sentences, signature
from maverick_assets.datasets.pseudonyms.surrogates import Surrogates, key_fingerprint
from maverick_assets.datasets.secrets.find import excerpt, find_secrets
from maverick_assets.datasets.secrets.quarantine import released
from maverick_assets.datasets.turns.refresh import lake_key
from maverick_assets.datasets.turns.turn import (
    Turn,
    read_turns,
)
from maverick_assets.errors import MaverickError
from maverick_assets.lake.delta import (
    ROW_HASH,
    Commit,
    arrow_table,
    only_writer,
    read_table,
    row_hash,
    sync_table,
    with_row_hash,
)
from maverick_assets.lake.incremental import (
    ChangedRow,
    RefreshResult,
    column_values,
    read_sources,
    where_in,
)
from maverick_assets.lake.paths import candidates_path, dataset_path, preferences_path, turns_path
from maverick_assets.recipes import Recipe

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


def refresh_candidates(
    lake: Path,
    recipe: Recipe,
    tokenizer: Callable[[], ChatTokenizer],
    basis: Sequence[str],
    screen: Screen | None = None,
) -> RefreshResult:
    """Bring `candidates/<personality>` up to date with `clean/turns`.

    `basis`: what the candidates depend on besides recipe, turns and screen (tokenizer, code).
    """
    target = candidates_path(lake, recipe.name)
    path = turns_path(lake)
    with only_writer(target):
        key = lake_key(lake)
        made_by = _made_by(recipe, [key_fingerprint(key), *basis], screen)
        sources = read_sources(target, CANDIDATE_SCHEMA, {"turns": path}, made_by)
        changes = sources.changed_rows({"turns": ["thread_id"]})
        scope: set[str] = set()
        turns: list[Turn] = []
        if changes is None or changes["turns"]:
            threads = where_in(
                "thread_id", changes and column_values(changes["turns"], "thread_id")
            )
            tables = {source.table for source in recipe.sources}
            turns = [turn for turn in read_turns(path, threads) if turn.source in tables]
            held = read_table(target, columns=["candidate_id"], where=threads)
            scope = set(held["candidate_id"].to_pylist()) if held else set()
        surrogates = Surrogates(key)
        found = build_candidates(recipe, turns, tokenizer(), surrogates, screen) if turns else []
        table = arrow_table([_candidate_row(each) for each in found], CANDIDATE_SCHEMA)
        scope |= {each.candidate_id for each in found}
        commit = sync_table(
            target, table, "candidate_id", None if changes is None else scope, sources.state
        )
    return RefreshResult(commit, len(found), changes is None)


def refresh_dataset(lake: Path, recipe: Recipe) -> tuple[Commit, list[Entry]]:
    """Bring `datasets/<personality>` up to date with its candidates; returns all of these too,
    with their split or the reason why they were dropped.

    Candidates with a secret are none, but for those that an operator released.
    Choosing looks at every candidate without its words; only examples that are new, or change
    sides, are read and written.
    """
    target, path = dataset_path(lake, recipe.name), candidates_path(lake, recipe.name)
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
    held = read_table(candidates_path(lake, recipe.name), columns=_ENTRY_COLUMNS)
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


def refresh_preferences(
    lake: Path, recipe: Recipe, basis: Sequence[str] = (), screen: Screen | None = None
) -> Commit:
    """Bring `preferences/<personality>` up to date with the feedback in `clean/turns`.

    What holds a secret, in prompt or either answer, is left out. `basis` as for candidates.
    """
    target = preferences_path(lake, recipe.name)
    path = turns_path(lake)
    with only_writer(target):
        made_by = _made_by(recipe, basis, screen)
        sources = read_sources(target, PREFERENCE_SCHEMA, {"turns": path}, made_by)
        changes = sources.changed_rows({"turns": ["personality", "rejected"]})
        if changes is not None and not any(
            row["rejected"] and row["personality"] == recipe.name for row in changes["turns"]
        ):
            return sync_table(target, arrow_table([], PREFERENCE_SCHEMA), "preference_id", ())
        turns = read_turns(path, {"personality": [recipe.name]})
        safe = [turn for turn in turns if not find_secrets(_said_in(turn))]
        rows = preferences(recipe, safe, screen.names if screen else None)
        table = arrow_table([asdict(row) for row in rows], PREFERENCE_SCHEMA)
        return sync_table(target, table, "preference_id", None, sources.state)


def _made_by(recipe: Recipe, basis: Sequence[str], screen: Screen | None) -> str:
    return row_hash([recipe.model_dump(), *basis, *(screen.basis if screen else ())])


def _said_in(turn: Turn) -> str:
    return "\n".join(filter(None, (turn.context, turn.text, turn.rejected)))


def _candidate_row(candidate: Candidate) -> ChangedRow:
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
    schema = with_row_hash(EXAMPLE_SCHEMA)
    split = {entry.candidate_id: entry.split for entry in entries}
    where = where_in("candidate_id", split.keys())
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
