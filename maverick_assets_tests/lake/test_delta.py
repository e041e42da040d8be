"""Delta tables: one commit brings a table to its wanted content, none when it is there."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from hypothesis import given, settings
from hypothesis import strategies as st

from maverick_assets.errors import MaverickError
from maverick_assets.lake.delta import (
    Commit,
    arrow_table,
    open_table,
    purge,
    read_changes,
    read_state,
    read_table,
    sync_table,
    write_stream,
)

SCHEMA = pa.schema([("id", pa.string()), ("text", pa.string()), ("tags", pa.list_(pa.string()))])
Rows = dict[str, tuple[str, Sequence[str]]]


def table(rows: Rows) -> pa.Table:
    return arrow_table(
        [{"id": key, "text": text, "tags": list(tags)} for key, (text, tags) in rows.items()],
        SCHEMA,
    )


def content(path: Path, version: int | None = None) -> Rows:
    held = read_table(path, version)
    assert held is not None
    return {row["id"]: (row["text"], tuple(row["tags"])) for row in held.to_pylist()}


def test_inserts_updates_and_deletes_are_one_commit(tmp_path: Path) -> None:
    first = sync_table(tmp_path, table({"a": ("1", ["x"]), "b": ("2", []), "c": ("3", [])}), "id")
    second = sync_table(
        tmp_path, table({"a": ("1", ["x"]), "b": ("two", []), "d": ("4", [])}), "id"
    )
    assert first == Commit(version=0, rows=3, inserted=3, updated=0, deleted=0)
    assert second == Commit(version=1, rows=3, inserted=1, updated=1, deleted=1)
    assert content(tmp_path) == {"a": ("1", ("x",)), "b": ("two", ()), "d": ("4", ())}
    assert content(tmp_path, version=0)["b"] == ("2", ())


def test_equal_content_makes_no_commit(tmp_path: Path) -> None:
    rows: Rows = {"a": ("1", ["x", "y"]), "b": ("", [])}
    sync_table(tmp_path, table(rows), "id")
    assert sync_table(tmp_path, table(rows), "id") == Commit(0, 2, 0, 0, 0)


def test_rows_outside_the_scope_stay(tmp_path: Path) -> None:
    sync_table(tmp_path, table({"a": ("1", []), "b": ("2", []), "c": ("3", [])}), "id")
    commit = sync_table(tmp_path, table({"b": ("4", [])}), "id", scope=["b", "c", "unknown"])
    assert (commit.rows, commit.updated, commit.deleted) == (2, 1, 1)
    assert content(tmp_path) == {"a": ("1", ()), "b": ("4", ())}


def test_a_new_state_is_written_with_rows_and_without_them(tmp_path: Path) -> None:
    assert read_state(tmp_path, table({}).schema) is None
    sync_table(tmp_path, table({"a": ("1", [])}), "id", state={"upto": 1})
    assert sync_table(tmp_path, table({"a": ("1", [])}), "id", state={"upto": 1}).version == 0
    assert sync_table(tmp_path, table({"a": ("1", [])}), "id", state={"upto": 2}).version == 1
    assert read_state(tmp_path, table({}).schema) == {"upto": 2}
    assert sync_table(tmp_path, table({}), "id", (), {"upto": 3}) == Commit(2, 1, 0, 0, 0)
    assert read_state(tmp_path, table({}).schema) == {"upto": 3}
    sync_table(tmp_path, table({"a": ("2", [])}), "id", state={"upto": 4})
    sync_table(tmp_path, table({"a": ("3", [])}), "id")
    assert read_state(tmp_path, table({}).schema) == {"upto": 4}
    assert content(tmp_path) == {"a": ("3", ())}


def test_a_state_without_rows_is_no_change(tmp_path: Path) -> None:
    sync_table(tmp_path, table({"a": ("1", [])}), "id", state={"upto": 1})
    sync_table(tmp_path, table({}), "id", (), state={"upto": 2})
    changes = read_changes(tmp_path, 0, ["id"])
    assert changes is not None
    assert changes.num_rows == 0
    purge(tmp_path)
    assert read_state(tmp_path, table({}).schema) == {"upto": 2}
    assert content(tmp_path) == {"a": ("1", ())}


def test_a_table_of_another_schema_has_no_state_and_no_rows_pass_an_empty_filter(
    tmp_path: Path,
) -> None:
    sync_table(tmp_path, table({"a": ("1", [])}), "id", state={"upto": 1})
    assert read_state(tmp_path, pa.schema([*table({}).schema, ("n", pa.int64())])) is None
    held = read_table(tmp_path, columns=["text"], where={"id": []})
    assert held is not None
    assert (held.num_rows, held.column_names) == (0, ["text"])


def test_changes_hold_rows_before_and_after(tmp_path: Path) -> None:
    sync_table(tmp_path, table({"a": ("1", []), "b": ("2", [])}), "id")
    sync_table(tmp_path, table({"a": ("one", []), "c": ("3", [])}), "id")
    changes = read_changes(tmp_path, 0, ["id", "text"])
    assert changes is not None
    found = {(row["id"], row["text"]) for row in changes.to_pylist()}
    assert found == {("a", "1"), ("a", "one"), ("b", "2"), ("c", "3")}
    unchanged = read_changes(tmp_path, 1, ["id"])
    assert unchanged is not None
    assert unchanged.num_rows == 0
    assert read_changes(tmp_path, 7, ["id"]) is None


def test_a_stream_that_breaks_leaves_the_table_as_it_was(tmp_path: Path) -> None:
    def broken() -> Iterator[pa.RecordBatch]:
        yield from table({"b": ("2", [])}).to_batches()
        raise ValueError("the source is gone")

    schema = table({}).schema
    sync_table(tmp_path, table({"a": ("1", [])}), "id", state={"upto": 1})
    with pytest.raises(MaverickError, match="not written"):
        write_stream(tmp_path, pa.RecordBatchReader.from_batches(schema, broken()), {"upto": 2})
    assert content(tmp_path) == {"a": ("1", ())}
    assert read_state(tmp_path, table({}).schema) == {"upto": 1}


def test_another_schema_replaces_the_table(tmp_path: Path) -> None:
    sync_table(tmp_path, table({"a": ("1", [])}), "id")
    wider = pa.schema([*SCHEMA, ("n", pa.int64())])
    sync_table(tmp_path, arrow_table([{"id": "a", "text": "1", "tags": [], "n": 5}], wider), "id")
    held = read_table(tmp_path)
    assert held is not None
    assert held["n"].to_pylist() == [5]


def test_a_missing_version_is_one_clear_line(tmp_path: Path) -> None:
    sync_table(tmp_path, table({"a": ("1", [])}), "id")
    with pytest.raises(MaverickError, match="cannot be read"):
        open_table(tmp_path, version=7)


rows = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=2),
    st.tuples(st.text(max_size=5), st.lists(st.text(max_size=3), max_size=2).map(tuple)),
    max_size=6,
)


@settings(max_examples=25)
@given(states=st.lists(rows, min_size=2, max_size=4))
def test_any_sequence_of_states_is_reached_exactly(
    tmp_path_factory: pytest.TempPathFactory, states: list[Rows]
) -> None:
    path = tmp_path_factory.mktemp("lake")
    for state in states:
        sync_table(path, table(state), "id")
        assert content(path) == state


def names(path: Path) -> list[str]:
    return sorted(str(each.relative_to(path)) for each in path.rglob("*") if each.is_file())


def test_no_value_of_a_row_is_in_the_log(tmp_path: Path) -> None:
    sync_table(tmp_path / "t", table({"a": ("forget me", ["x"])}), "id")
    assert b"forget me" not in (tmp_path / "t/_delta_log/00000000000000000000.json").read_bytes()


def test_a_purged_table_keeps_its_rows_state_and_named_versions_alone(tmp_path: Path) -> None:
    path = tmp_path / "t"
    sync_table(path, table({"a": ("1", []), "b": ("2", [])}), "id", state={"mark": 1})
    sync_table(path, table({"a": ("1", []), "b": ("3", [])}), "id")
    sync_table(path, table({"a": ("1", [])}), "id")
    purge(path, keep=[0])
    assert content(path) == {"a": ("1", ())}
    assert content(path, 0) == {"a": ("1", ()), "b": ("2", ())}
    assert not any("_change_data" in name for name in names(path))
    with pytest.raises(MaverickError, match="cannot be read"):
        read_table(path, 1)
    assert read_state(path, table({}).schema) == {"mark": 1}
    assert read_changes(path, 0, ["id"]) is None
    left = names(path)
    purge(path, keep=[0])
    assert names(path) == left
    since = DeltaTable(path).version()
    sync_table(path, table({"a": ("1", []), "c": ("4", [])}), "id")
    changes = read_changes(path, since, ["id"])
    assert changes is not None
    assert changes["id"].to_pylist() == ["c"]


def test_a_table_whose_log_holds_values_is_purged_of_its_log_too(tmp_path: Path) -> None:
    path = tmp_path / "t"
    write_deltalake(path, table({"a": ("1", []), "b": ("forget me", [])}))
    sync_table(path, table({"a": ("1", [])}), "id", state={"mark": 1})
    for _ in range(2):
        purge(path, keep=[0])
        assert content(path) == {"a": ("1", ())}
        assert read_state(path, table({}).schema) == {"mark": 1}
        assert not [each for each in names(path) if b"forget me" in (path / each).read_bytes()]
        with pytest.raises(MaverickError, match="no version 0"):
            read_table(path, 0)
    assert read_changes(path, 0, ["id"]) is None
    assert sync_table(path, table({"a": ("2", [])}), "id").updated == 1


def test_purging_a_missing_table_is_no_error(tmp_path: Path) -> None:
    purge(tmp_path / "t")
    assert open_table(tmp_path / "t") is None
