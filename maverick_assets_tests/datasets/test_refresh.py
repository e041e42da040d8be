"""Incremental and full derivation give the same rows; the former costs what has changed."""

import json
import random
import shutil
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable

from maverick_assets.base_model.tokenizer import ChatTokenizer
from maverick_assets.crm.raw_table import ARROW_TYPES
from maverick_assets.crm.sample import sample_crm
from maverick_assets.crm.schema import TABLES, TEXT_TABLES
from maverick_assets.datasets.examples.builder import ExampleFilter
from maverick_assets.datasets.examples.example import read_examples
from maverick_assets.datasets.examples.preferences import refresh_preferences
from maverick_assets.datasets.examples.refresh import refresh_candidates, refresh_dataset
from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.pseudonyms.unlisted_names import unlisted_names
from maverick_assets.datasets.turns.refresh import refresh_mails, refresh_turns
from maverick_assets.datasets.turns.turn import read_turns
from maverick_assets.errors import BadInput
from maverick_assets.lake.delta import read_table
from maverick_assets.lake.incremental import RefreshResult
from maverick_assets.lake.paths import (
    candidates_path,
    dataset_path,
    key_path,
    preferences_path,
    turns_path,
)
from maverick_assets.recipes import Recipe, load_recipes
from maverick_assets_tests.raw_tables import RowsByTable, replace_raw_tables, table_bytes

OWNER = Owner(("allan@testpilot.example",), ("allan",))
NAMES = ("allan-maverick", "robbie")


@pytest.fixture(scope="module")
def sample() -> RowsByTable:
    """A fifth of the sample's threads and conversations, and as much of the rest."""
    rows = sample_crm()
    threads = set(sorted({str(row["thread_id"]) for row in rows["crm_emails"]})[:40])
    talks = {row["id"] for row in rows["conversations"][:16]}
    kept = {
        "crm_emails": [row for row in rows["crm_emails"] if row["thread_id"] in threads],
        "conversations": [row for row in rows["conversations"] if row["id"] in talks],
        "messages": [row for row in rows["messages"] if row["conversation_id"] in talks],
        "crm_deals": rows["crm_deals"][:40],
        "sticky_notes": rows["sticky_notes"][:30],
        "personality_samples": rows["personality_samples"][:60],
        "feedback": rows["feedback"],
    }
    return {name: {str(row["id"]): row for row in content} for name, content in kept.items()}


def refresh(lake: Path, tokenizer: ChatTokenizer) -> dict[str, RefreshResult]:
    done = {"mails": refresh_mails(lake, "1"), "turns": refresh_turns(lake, OWNER, "1")}
    for name in NAMES:
        recipe = small_recipe(name)
        depends_on = ["base", "1"]
        texts = ExampleFilter(unlisted_names(lake, OWNER.emails), ("en",))
        done[name] = refresh_candidates(lake, recipe, lambda: tokenizer, depends_on, texts)
        refresh_dataset(lake, recipe)
        refresh_preferences(lake, recipe, depends_on, texts)
    return done


def small_recipe(name: str) -> Recipe:
    """With a limit that the sample exceeds."""
    recipe = load_recipes()[name]
    sources = [source.model_copy(update={"limit": 25}) for source in recipe.sources]
    return recipe.model_copy(update={"sources": sources})


def night(rows: RowsByTable, rng: random.Random) -> RowsByTable:
    """What a day changes: replies, edits, deletions, moves between threads, in every table."""
    new = {name: dict(table) for name, table in rows.items()}
    for name, table in new.items():
        keys = sorted(table)
        for key in rng.sample(keys, 2):
            del table[key]
        for key in rng.sample(sorted(table), 3):
            table[key] = changed(name, table[key], rows[name], rng)
        for at in range(2):
            copied = rows[name][rng.choice(keys)]
            key = f"new-{rng.getrandbits(32):x}-{at}"
            table[key] = changed(name, copied | {"id": key}, rows[name], rng)
    return new


def changed(
    name: str, row: dict[str, Any], table: dict[str, dict[str, Any]], rng: random.Random
) -> dict[str, Any]:
    other = table[rng.choice(sorted(table))]
    later = datetime(2026, 9, 1, tzinfo=UTC) + timedelta(minutes=rng.randrange(10**5))
    edits: dict[str, list[dict[str, Any]]] = {
        "crm_emails": [
            {"body": f"{row.get('body')}\nPS: {rng.random()}"},
            {"body": "", "sent_at": later},
            {"thread_id": other.get("thread_id"), "in_reply_to": other.get("message_id")},
            {"thread_id": None, "message_id": None, "subject": other.get("subject")},
            {"sent_at": datetime(2025, 3, 1, tzinfo=UTC) + timedelta(days=rng.randrange(500))},
            {"sender_email": other.get("recipients"), "recipients": other.get("sender_email")},
        ],
        "conversations": [{"user_id": "someone"}, {"user_id": "allan"}],
        "messages": [
            {"content": f"{rng.random()} or so, I would say", "created_at": later},
            {"conversation_id": other.get("conversation_id")},
        ],
        "feedback": [{"rating": rng.randrange(1, 11)}, {"correction": f"Rather {rng.random()}."}],
        "crm_deals": [
            {"deal_name": _company(rng), "stage": rng.choice(["open", "won"])},
            {"notes": f"Facts {rng.random()}.\n\nI say no to this.", "created_at": later},
        ],
        "sticky_notes": [{"content": f"A thought: {rng.random()}", "created_at": later}],
        "personality_samples": [{"response": f"Surely {rng.random()}.", "created_at": later}],
    }
    return row | rng.choice(edits[name])


@cache
def _addresses() -> list[str]:
    return sorted({str(row["sender_email"]) for row in sample_crm()["crm_emails"]})


def _company(rng: random.Random) -> str:
    """A deal's name with the company of one of the sample's contacts."""
    return rng.choice(_addresses()).partition("@")[2].partition(".")[0] + ": shelf test"


@pytest.mark.parametrize("seed", range(3))
def test_night_after_night_the_rows_are_those_of_a_full_rebuild(
    sample: RowsByTable, tokenizer: ChatTokenizer, tmp_path: Path, seed: int
) -> None:
    rng = random.Random(seed)
    rows, lake = sample, tmp_path / "lake"
    replace_raw_tables(lake, rows)
    refresh(lake, tokenizer)
    for at in range(3):
        rows = night(rows, rng)
        replace_raw_tables(lake, rows)
        done = refresh(lake, tokenizer)
        assert not any(result.full for result in done.values())
        rebuilt = tmp_path / f"rebuilt{at}"
        shutil.copytree(lake / "raw", rebuilt / "raw")
        assert all(result.full for result in refresh(rebuilt, tokenizer).values())
        for table, key in (
            ("clean/mails", "id"),
            ("clean/turns", "turn_id"),
            *((f"datasets/{name}", "example_id") for name in NAMES),
            *((f"preferences/{name}", "preference_id") for name in NAMES),
        ):
            assert table_bytes(lake, table, key) == table_bytes(rebuilt, table, key), table


def test_one_new_mail_costs_its_own_thread(
    sample: RowsByTable, tokenizer: ChatTokenizer, tmp_path: Path
) -> None:
    replace_raw_tables(tmp_path, sample)
    first = refresh(tmp_path, tokenizer)
    assert first["mails"].derived == len(sample["crm_emails"])
    last = max(sample["crm_emails"].values(), key=lambda row: row["sent_at"])
    new = last | {"id": "new", "message_id": "<new@x>", "body": "And one more thing, in brief."}
    emails = sample["crm_emails"] | {"new": new}
    replace_raw_tables(tmp_path, sample | {"crm_emails": emails})
    done = refresh(tmp_path, tokenizer)
    assert done["mails"].derived == 1
    assert done["mails"].commit.inserted == 1
    assert 1 <= done["turns"].derived <= 25
    assert done["robbie"].derived == 0
    again = refresh(tmp_path, tokenizer)
    assert all(result.commit.changed == 0 and result.derived == 0 for result in again.values())


def test_another_owner_recipe_or_code_is_a_full_rebuild(
    sample: RowsByTable, tokenizer: ChatTokenizer, tmp_path: Path
) -> None:
    replace_raw_tables(tmp_path, sample)
    refresh(tmp_path, tokenizer)
    assert refresh_mails(tmp_path, "2").full
    assert refresh_turns(tmp_path, Owner(("someone@else.example",), ("x",)), "1").full
    recipe = small_recipe("robbie")
    build = partial(refresh_candidates, tmp_path, tokenizer=lambda: tokenizer)
    other = recipe.model_copy(update={"system_prompt": "You are Robbie indeed."})
    assert build(recipe=other, depends_on=["base", "1"]).full
    assert build(recipe=other, depends_on=["another base", "1"]).full
    english = ExampleFilter(None, ("en",))
    assert build(recipe=other, depends_on=["another base", "1"], example_filter=english).full


def test_a_rebuild_that_changes_nothing_is_not_repeated(
    sample: RowsByTable, tokenizer: ChatTokenizer, tmp_path: Path
) -> None:
    replace_raw_tables(tmp_path, sample)
    refresh(tmp_path, tokenizer)
    tables = [("clean/mails", "id"), ("clean/turns", "turn_id")]
    before = [table_bytes(tmp_path, table, key) for table, key in tables]
    assert refresh_mails(tmp_path, "2").full
    assert refresh_turns(tmp_path, OWNER, "2").full
    for again in (refresh_mails(tmp_path, "2"), refresh_turns(tmp_path, OWNER, "2")):
        assert (again.full, again.derived) == (False, 0)
    assert [table_bytes(tmp_path, table, key) for table, key in tables] == before


def test_a_source_change_without_effect_is_looked_at_once(
    sample: RowsByTable, tokenizer: ChatTokenizer, tmp_path: Path
) -> None:
    """Mails are no source of robbie."""
    replace_raw_tables(tmp_path, sample)
    refresh(tmp_path, tokenizer)
    last = max(sample["crm_emails"].values(), key=lambda row: row["sent_at"])
    new = last | {"id": "new", "message_id": "<new@x>", "body": "And one more thing, in brief."}
    emails = sample["crm_emails"] | {"new": new}
    replace_raw_tables(tmp_path, sample | {"crm_emails": emails})
    refresh(tmp_path, tokenizer)
    turns = DeltaTable(turns_path(tmp_path)).version()
    for name in NAMES:
        state = DeltaTable(candidates_path(tmp_path, name)).history(1)[0]["maverick.state"]
        assert json.loads(state)["versions"] == {"turns": turns}


def test_a_deleted_row_takes_its_turns_and_examples_along(
    sample: RowsByTable, tokenizer: ChatTokenizer, tmp_path: Path
) -> None:
    replace_raw_tables(tmp_path, sample)
    refresh(tmp_path, tokenizer)
    note = max(sample["sticky_notes"].values(), key=lambda row: row["created_at"])
    notes = {key: row for key, row in sample["sticky_notes"].items() if key != note["id"]}
    dataset = dataset_path(tmp_path, "allan-maverick")

    def used() -> set[str]:
        table = read_table(dataset, columns=["source", "source_ids"])
        assert table is not None
        rows = table.to_pylist()
        return {i for row in rows if row["source"] == "sticky_notes" for i in row["source_ids"]}

    assert note["id"] in used()
    replace_raw_tables(tmp_path, sample | {"sticky_notes": notes})
    refresh(tmp_path, tokenizer)
    assert note["id"] not in used()
    turns = read_turns(turns_path(tmp_path))
    assert f"sticky_notes:{note['id']}" not in {turn.turn_id for turn in turns}
    assert read_examples(dataset, 0)


def test_a_crm_without_text_is_bad_input_and_leaves_no_turns(tmp_path: Path) -> None:
    replace_raw_tables(tmp_path, {table.name: {} for table in TEXT_TABLES})
    refresh_mails(tmp_path, "1")
    with pytest.raises(BadInput, match="holds no text to learn from"):
        refresh_turns(tmp_path, OWNER, "1")
    assert not turns_path(tmp_path).exists()


def test_every_type_of_the_schema_has_an_arrow_type() -> None:
    kinds = {kind for table in TABLES.values() for kind in table.columns.values()}
    assert kinds == set(ARROW_TYPES)


def test_intimate_words_and_health_data_stay_with_their_personality(
    tokenizer: ChatTokenizer, tmp_path: Path
) -> None:
    rows = sample_crm()
    samples = {str(row["id"]): row for row in rows["personality_samples"]}
    replace_raw_tables(tmp_path, {"personality_samples": samples})
    refresh_turns(tmp_path, OWNER, "1")
    for recipe in load_recipes().values():
        refresh_candidates(tmp_path, recipe, lambda: tokenizer, ["base", "1"])
        refresh_dataset(tmp_path, recipe)
        for example in read_examples(dataset_path(tmp_path, recipe.name), 0):
            assert {samples[key]["personality"] for key in example.source_ids} == {recipe.name}
            assert example.mode is None or recipe.name == "robbie"


def test_rejected_answers_are_preferences_and_go_with_their_rows(
    sample: RowsByTable, tokenizer: ChatTokenizer, tmp_path: Path
) -> None:
    """The table is then the same as where there never were any."""
    low = {key: row | {"rating": 2} for key, row in sample["feedback"].items()}
    mine = {key: row for key, row in low.items() if row["personality"] == "robbie"}
    replace_raw_tables(tmp_path / "a", sample | {"feedback": low})
    replace_raw_tables(tmp_path / "b", sample | {"feedback": {}})
    refresh(tmp_path / "a", tokenizer)
    table = read_table(preferences_path(tmp_path / "a", "robbie"))
    assert table is not None
    assert set(table["rejected"].to_pylist()) == {row["response"] for row in mine.values()}
    replace_raw_tables(tmp_path / "a", sample | {"feedback": {}})
    for lake in (tmp_path / "a", tmp_path / "b"):
        refresh(lake, tokenizer)
    tables = [table_bytes(tmp_path / lake, "preferences/robbie", "preference_id") for lake in "ab"]
    assert tables[0] == tables[1]


def test_a_rejected_answer_with_a_secret_in_any_part_is_no_preference(
    sample: RowsByTable, tokenizer: ChatTokenizer, tmp_path: Path
) -> None:
    model = next(row for row in sample["feedback"].values() if row["personality"] == "robbie")
    plain = {"prompt": "Hi?", "response": "Go away.", "correction": "Hello!", "rating": 1}
    parts = {"prompt", "response", "correction"}
    with_secret = {part: model | plain | {"id": part, part: "pw is hunter2!!"} for part in parts}
    feedback = with_secret | {"plain": model | plain | {"id": "plain"}}
    replace_raw_tables(tmp_path, sample | {"feedback": feedback})
    refresh(tmp_path, tokenizer)
    table = read_table(preferences_path(tmp_path, "robbie"))
    assert table is not None
    assert table["source_ids"].to_pylist() == [["plain"]]


def test_the_contact_of_a_candidate_cannot_be_identified_without_the_key(
    sample: RowsByTable, tokenizer: ChatTokenizer, tmp_path: Path
) -> None:
    lake = tmp_path / "lake"
    replace_raw_tables(lake, sample)

    def contacts() -> set[str]:
        assert refresh(lake, tokenizer)["allan-maverick"].full
        table = read_table(candidates_path(lake, "allan-maverick"), columns=["contact"])
        assert table is not None
        return set(table["contact"].to_pylist())

    before = contacts()
    assert len(before) > 5
    key_path(lake).write_bytes(b"another key of thirty-two bytes!")
    assert before.isdisjoint(contacts())


def test_a_mail_with_too_much_text_becomes_no_turn_a_book_becomes_its_beginning_and_both_are_named(
    sample: RowsByTable, tmp_path: Path
) -> None:
    columns = {"crm_emails": "body", "messages": "content", "sticky_notes": "content"}
    rows = {name: dict(sample[name]) for name in columns}
    long = {}
    for name, column in columns.items():
        key, row = next((key, row) for key, row in rows[name].items() if row[column])
        rows[name][key] = row | {column: "word " * 100_001}
        long[name] = f"{name}:{key}"
    replace_raw_tables(tmp_path, sample | rows)
    for derived in (True, False):  # the second night derives nothing, and still says it
        mails = refresh_mails(tmp_path, "1")
        turns = refresh_turns(tmp_path, OWNER, "1")
        assert bool(mails.derived and turns.derived) is derived
        assert mails.left_out == (long["crm_emails"],)
        assert set(turns.left_out) == {long["messages"], long["sticky_notes"]}
    texts = {turn.turn_id: turn.text for turn in read_turns(turns_path(tmp_path))}
    assert long["crm_emails"] not in texts
    for name in ("messages", "sticky_notes"):
        assert texts[long[name]] == ("word " * 100_000).rstrip()


def test_hidden_characters_reach_no_turn(sample: RowsByTable, tmp_path: Path) -> None:
    hidden = "\x1b[2J\u202e\u200b\U000e0041\x9b"
    note = next(iter(sample["sticky_notes"].values()))
    row = note | {"title": f"Oats{hidden}", "content": f"Buy{hidden} oats"}
    replace_raw_tables(tmp_path, sample | {"sticky_notes": {note["id"]: row}})
    refresh_mails(tmp_path, "1")
    refresh_turns(tmp_path, OWNER, "1")
    turns = {turn.turn_id: turn for turn in read_turns(turns_path(tmp_path))}
    turn = turns[f"sticky_notes:{note['id']}"]
    assert (turn.title, turn.text) == ("Oats[2J\u203a", "Buy[2J\u203a oats")
