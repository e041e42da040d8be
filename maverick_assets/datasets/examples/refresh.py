"""Bringing candidates and datasets up to date with the turns."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from maverick_assets.base_model.tokenizer import ChatTokenizer
from maverick_assets.datasets.examples.builder import Candidate, ExampleBuilder, ExampleFilter
from maverick_assets.datasets.examples.example import EXAMPLE_SCHEMA
from maverick_assets.datasets.examples.repetition import long_sentences, minhash, packed
from maverick_assets.datasets.examples.select import (
    SUMMARY_COLUMNS,
    CandidateSummary,
    select_examples,
)
from maverick_assets.datasets.pseudonyms.surrogates import Surrogates, key_fingerprint
from maverick_assets.datasets.secrets.find import excerpt, find_secrets
from maverick_assets.datasets.secrets.quarantine import released_ids
from maverick_assets.datasets.turns.refresh import lake_key
from maverick_assets.datasets.turns.turn import Turn, read_turns
from maverick_assets.errors import MaverickError
from maverick_assets.lake.delta import (
    ROW_HASH,
    Commit,
    Where,
    arrow_table,
    only_writer,
    read_table,
    row_hash,
    sync_table,
    with_row_hash,
)
from maverick_assets.lake.incremental import (
    RefreshResult,
    column_values,
    read_sources,
    where_in,
)
from maverick_assets.lake.paths import candidates_path, dataset_path, turns_path
from maverick_assets.recipes import Recipe

_EXAMPLE_COLUMNS = [field for field in EXAMPLE_SCHEMA if field.name != "split"]
CANDIDATE_SCHEMA = pa.schema(
    [
        ("candidate_id", pa.string()),
        ("rank", pa.int64()),
        ("turn_id", pa.string()),
        *_EXAMPLE_COLUMNS,
        ("contact", pa.string()),
        ("dropped", pa.string()),
        ("signature", pa.binary()),  # `minhash` of the words
        ("said", pa.list_(pa.int64())),  # long sentences of the completion, packed
        ("heard", pa.list_(pa.int64())),  # long sentences of the messages before it, packed
        ("rules", pa.list_(pa.string())),  # names of the rules that found a secret
        ("excerpt", pa.string()),  # the text around the secrets
    ]
)


def refresh_candidates(
    lake: Path,
    recipe: Recipe,
    tokenizer: Callable[[], ChatTokenizer],
    depends_on: Sequence[str],
    example_filter: ExampleFilter | None = None,
) -> RefreshResult:
    """Bring `candidates/<personality>` up to date with `clean/turns`.

    `depends_on`: digests of what the candidates depend on besides recipe, turns and filter (base
    model, code). `tokenizer` is called only when there is something to derive.
    """
    example_filter = example_filter or ExampleFilter()
    target, path = candidates_path(lake, recipe.name), turns_path(lake)
    with only_writer(target):
        key = lake_key(lake)
        cache_key = row_hash(
            [recipe.model_dump(), key_fingerprint(key), *depends_on, *example_filter.cache_key]
        )
        sources = read_sources(target, CANDIDATE_SCHEMA, {"turns": path}, cache_key)
        changes = sources.changed_rows({"turns": ["thread_id"]})
        threads = None if changes is None else column_values(changes["turns"], "thread_id")
        where = where_in("thread_id", threads)
        turns = _turns_of(recipe, path, where) if changes is None or threads else []
        candidates = []
        if turns:
            builder = ExampleBuilder(recipe, tokenizer(), Surrogates(key), example_filter)
            candidates = builder.candidates(turns)
        scope = None if changes is None else _stored_ids(target, where)
        if scope is not None:
            scope |= {candidate.candidate_id for candidate in candidates}
        rows = [_candidate_row(candidate) for candidate in candidates]
        table = arrow_table(rows, CANDIDATE_SCHEMA)
        commit = sync_table(target, table, "candidate_id", scope, sources.state)
    return RefreshResult(commit, len(candidates), changes is None)


def refresh_dataset(lake: Path, recipe: Recipe) -> tuple[Commit, list[CandidateSummary]]:
    """Bring `datasets/<personality>` up to date with its candidates, which must exist.

    Also returns all candidates, each with its split or the reason why it is dropped. Candidates
    that hold a secret are dropped unless an operator released them. Selecting looks at every
    candidate without its words. Only examples that are new or change sides are read and written.
    """
    target, path = dataset_path(lake, recipe.name), candidates_path(lake, recipe.name)
    with only_writer(target):
        table = read_table(path, columns=[*SUMMARY_COLUMNS, ROW_HASH])
        assert table is not None
        ids, row_hashes = table["candidate_id"].to_pylist(), table[ROW_HASH].to_pylist()
        hash_of = dict(zip(ids, row_hashes, strict=True))
        selection = _select(lake, recipe, table.drop_columns(ROW_HASH))
        chosen = [candidate for candidate in selection if not candidate.dropped]
        wanted = {
            candidate.example_id: row_hash([hash_of[candidate.candidate_id], candidate.split])
            for candidate in chosen
        }
        stored = _stored_hashes(target)
        new = [c for c in chosen if stored.get(c.example_id) != wanted[c.example_id]]
        gone = stored.keys() - wanted.keys()
        scope = gone | {candidate.example_id for candidate in new}
        commit = sync_table(target, _example_rows(path, new, wanted), "example_id", scope)
    return commit, selection


def read_selection(lake: Path, recipe: Recipe) -> list[CandidateSummary]:
    """All candidates as `refresh_dataset` selects them.

    Raises `MaverickError` when there are none yet.
    """
    table = read_table(candidates_path(lake, recipe.name), columns=SUMMARY_COLUMNS)
    if table is None:
        raise MaverickError(f"{recipe.name} has no dataset yet; `maverick run ingest` makes it")
    return _select(lake, recipe, table)


def _select(lake: Path, recipe: Recipe, table: pa.Table) -> list[CandidateSummary]:
    candidates = [CandidateSummary.from_row(row) for row in table.to_pylist()]
    return select_examples(_without_secrets(candidates, released_ids(lake)), recipe)


def _without_secrets(
    candidates: Iterable[CandidateSummary], released: Collection[str]
) -> list[CandidateSummary]:
    """The candidates. Those with a secret are dropped, unless their example was released."""
    return [
        replace(candidate, dropped=candidate.dropped or "secret")
        if candidate.rules and candidate.example_id not in released
        else candidate
        for candidate in candidates
    ]


def _turns_of(recipe: Recipe, path: Path, where: Where | None) -> list[Turn]:
    tables = {source.table for source in recipe.sources}
    return [turn for turn in read_turns(path, where) if turn.source in tables]


def _stored_ids(target: Path, where: Where | None) -> set[str]:
    stored = read_table(target, columns=["candidate_id"], where=where)
    return set(stored["candidate_id"].to_pylist()) if stored else set()


def _stored_hashes(target: Path) -> dict[str, str]:
    """Example id -> row hash in a dataset."""
    stored = read_table(target, columns=["example_id", ROW_HASH])
    if stored is None:
        return {}
    return dict(zip(stored["example_id"].to_pylist(), stored[ROW_HASH].to_pylist(), strict=True))


def _candidate_row(candidate: Candidate) -> dict[str, Any]:
    _system, *prompt, completion = candidate.example.messages
    text = "\n".join(message["content"] for message in (*prompt, completion))
    findings = find_secrets(text)
    heard = [code for message in prompt for code in packed(long_sentences(message["content"]))]
    return {
        **asdict(candidate.example),
        "candidate_id": candidate.candidate_id,
        "rank": candidate.rank,
        "turn_id": candidate.turn_id,
        "contact": candidate.contact,
        "dropped": candidate.dropped,
        "signature": minhash(candidate.example.messages),
        "said": packed(long_sentences(completion["content"])),
        "heard": heard,
        "rules": sorted({finding.rule for finding in findings}),
        "excerpt": excerpt(text, findings),
    }


def _example_rows(
    path: Path, chosen: Sequence[CandidateSummary], hashes: Mapping[str, str]
) -> pa.Table:
    """Rows of the dataset for the chosen candidates, whose words the table at `path` holds."""
    schema = with_row_hash(EXAMPLE_SCHEMA)
    split = {candidate.candidate_id: candidate.split for candidate in chosen}
    columns = ["candidate_id", *(field.name for field in _EXAMPLE_COLUMNS)]
    table = read_table(path, columns=columns, where=where_in("candidate_id", split.keys()))
    assert table is not None
    rows = [
        row | {"split": split[row["candidate_id"]], ROW_HASH: hashes[row["example_id"]]}
        for row in table.to_pylist()
    ]
    return pa.Table.from_pylist(
        [{name: row[name] for name in schema.names} for row in rows], schema=schema
    )
