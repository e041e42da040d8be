"""Quarantine: an example with a secret is left out until an operator releases it."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from maverick_assets.base_model.tokenizer import ChatTokenizer, Message
from maverick_assets.crm.sample import sample_crm
from maverick_assets.crm.schema import TEXT_TABLES
from maverick_assets.datasets.examples.example import Example, read_examples
from maverick_assets.datasets.examples.refresh import refresh_candidates, refresh_dataset
from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.quality.leaked_secrets import leaked_secrets
from maverick_assets.datasets.secrets.quarantine import (
    find_quarantined,
    quarantined_examples,
    refresh_quarantine,
    release_example,
    released_ids,
)
from maverick_assets.datasets.turns.refresh import refresh_mails, refresh_turns
from maverick_assets.errors import BadInput
from maverick_assets.lake.delta import open_table, read_table
from maverick_assets.lake.paths import dataset_path, raw_path
from maverick_assets.recipes import load_recipes
from maverick_assets_tests.command import Maverick
from maverick_assets_tests.raw_tables import RowsByTable, replace_raw_tables, table_bytes

OWNER = Owner(("allan@testpilot.example",), ("allan",))
NAME = "robbie"
SECRET = "hunter2!!"
WHEN = datetime(2026, 9, 1, tzinfo=UTC)


def sample_row(key: str, prompt: str, response: str) -> dict[str, Any]:
    rows = sample_crm()["personality_samples"]
    model = next(row for row in rows if row["personality"] == NAME)
    return model | {"id": key, "prompt": prompt, "response": response, "created_at": WHEN}


@pytest.fixture
def lake(tokenizer: ChatTokenizer, tmp_path: Path) -> Path:
    """A lake with a secret in a prompt, one in an answer, and text that only looks like one."""
    rows = [
        *(row for row in sample_crm()["personality_samples"] if row["personality"] == NAME),
        sample_row("in-prompt", f"The wifi password is {SECRET}, can you tell Dana?", "She knows."),
        sample_row(
            "in-answer", "How do I get into the office?", "The door code is 4711#, my dear."
        ),
        sample_row("is-none", "Which ship was it?", "Her PIN was 20417 in the fleet register."),
    ]
    tables: RowsByTable = {table.name: {} for table in TEXT_TABLES}
    lake = tmp_path / "home" / "lake"
    replace_raw_tables(lake, {**tables, "personality_samples": {row["id"]: row for row in rows}})
    refresh(lake, tokenizer)
    return lake


def refresh(lake: Path, tokenizer: ChatTokenizer) -> None:
    recipe = load_recipes()[NAME]
    refresh_mails(lake, "1")
    refresh_turns(lake, OWNER, "1")
    refresh_candidates(lake, recipe, lambda: tokenizer, ["base", "1"])
    refresh_dataset(lake, recipe)
    refresh_quarantine(lake, NAME)


def examples(lake: Path) -> list[Example]:
    table = open_table(dataset_path(lake, NAME))
    assert table is not None
    return read_examples(dataset_path(lake, NAME), table.version())


def sources(lake: Path) -> set[str]:
    return {row for example in examples(lake) for row in example.source_ids}


def held_ids(lake: Path) -> dict[str, str]:
    return {each.source_ids[0]: each.example_id for each in quarantined_examples(lake, [NAME])}


def test_an_example_with_a_secret_is_held_back_and_shown_without_it(
    lake: Path,
) -> None:
    held = {each.source_ids[0]: each for each in quarantined_examples(lake, [NAME])}
    assert held.keys() == {"in-prompt", "in-answer", "is-none"}
    assert held["in-prompt"].rules == ["password"]
    assert held["in-answer"].rules == ["code"]
    assert "The wifi password is [password], can you tell" in held["in-prompt"].excerpt
    assert held["in-prompt"].personality == NAME
    assert held["in-prompt"].occurred_at == WHEN
    assert not sources(lake) & held.keys()
    for table, column in (("datasets", "messages"), ("quarantine", "excerpt")):
        content = read_table(lake / table / NAME, columns=[column])
        assert content is not None
        assert SECRET not in str(content.to_pylist())
        assert "4711" not in str(content.to_pylist())


def test_a_released_example_is_in_the_next_dataset_as_after_a_rebuild(
    lake: Path, tokenizer: ChatTokenizer
) -> None:
    release_example(
        lake, find_quarantined(lake, [NAME], held_ids(lake)["is-none"][:10]), "a ship's number"
    )
    assert "is-none" not in sources(lake)
    refresh(lake, tokenizer)
    assert "is-none" in sources(lake)
    assert not sources(lake) & {"in-prompt", "in-answer"}
    found = find_quarantined(lake, [NAME], held_ids(lake)["is-none"])
    assert found.reason == "a ship's number"
    assert found.released_at is not None
    rebuilt = lake.with_name(f"{lake.name}-rebuilt")  # with the same key
    for kept in ("raw", "releases"):
        (rebuilt / kept).parent.mkdir(exist_ok=True)
        (lake / kept).rename(rebuilt / kept)
    refresh(rebuilt, tokenizer)
    for table in ("datasets", "quarantine"):
        assert table_bytes(lake, f"{table}/{NAME}", "example_id") == table_bytes(
            rebuilt, f"{table}/{NAME}", "example_id"
        )


def test_a_changed_text_is_held_back_again_and_one_without_its_secret_is_free(
    lake: Path, tokenizer: ChatTokenizer
) -> None:
    release_example(
        lake, find_quarantined(lake, [NAME], held_ids(lake)["is-none"]), "a ship's number"
    )
    rows = {
        "is-none": sample_row("is-none", "Which ship?", "Her PIN was 20418 in the register."),
        "in-prompt": sample_row("in-prompt", "Can you tell Dana the password?", "She knows."),
    }
    held = read_table(raw_path(lake, "personality_samples"))
    assert held is not None
    columns = [name for name in held.column_names if not name.startswith("_")]
    kept = {row["id"]: row for row in held.select(columns).to_pylist()} | rows
    replace_raw_tables(lake, {"personality_samples": kept})
    refresh(lake, tokenizer)
    assert held_ids(lake).keys() == {"in-answer", "is-none"}
    assert "in-prompt" in sources(lake)
    assert "is-none" not in sources(lake)


def test_a_secret_that_a_message_asks_for_and_the_next_one_gives_is_held_back(
    lake: Path, tokenizer: ChatTokenizer
) -> None:
    held = read_table(raw_path(lake, "personality_samples"))
    assert held is not None
    columns = [name for name in held.column_names if not name.startswith("_")]
    rows = {
        "chat": sample_row("chat", "What is the wifi password again?", "Kestrel.Harbor.88"),
        "mail": sample_row("mail", "Can you send me the login of the wiki?", "nora / Plum-Tart-41"),
        "safe": sample_row("safe", "How do I open the safe?", "Turn the dial to 31-07-22, dear."),
    }
    kept = {row["id"]: row for row in held.select(columns).to_pylist()} | rows
    replace_raw_tables(lake, {"personality_samples": kept})
    refresh(lake, tokenizer)
    assert held_ids(lake).keys() >= rows.keys()
    for excerpt in (each.excerpt for each in quarantined_examples(lake, [NAME])):
        assert not any(value in excerpt for value in ("Kestrel", "Plum", "31-07"))


def test_an_ambiguous_id_and_an_empty_reason_are_bad_input(lake: Path) -> None:
    for unknown in ("feedbeef", ""):
        with pytest.raises(BadInput, match="in quarantine with id"):
            find_quarantined(lake, [NAME], unknown)
    held = find_quarantined(lake, [NAME], held_ids(lake)["is-none"])
    with pytest.raises(BadInput, match="--reason is empty"):
        release_example(lake, held, " ")
    assert released_ids(lake) == frozenset()


def test_the_scanner_stops_a_dataset_with_a_key_unless_it_was_released(lake: Path) -> None:
    key = "ghp_" + "a1B2" * 9
    example = examples(lake)[0]
    messages = [*example.messages[:-1], Message(role="assistant", content=f"Use {key}.")]
    leaky = replace(example, messages=messages)
    assert leaked_secrets(examples(lake)) == []
    assert leaked_secrets([leaky]) == [f"example {leaky.example_id}: GitHub Token"]
    assert leaked_secrets([leaky], {leaky.example_id}) == []


def test_an_operator_lists_shows_and_releases(lake: Path) -> None:
    maverick = Maverick(lake.parent)
    listed = json.loads(maverick.ok("datasets", "quarantine", "--json"))
    assert {each["source_ids"][0] for each in listed} == {"in-prompt", "in-answer", "is-none"}
    assert "[code]" in maverick.ok("datasets", "quarantine", "--personality", NAME)
    key = held_ids(lake)["is-none"]
    shown = maverick.ok("datasets", "quarantine", "show", key[:12])
    assert key in shown and "20417" not in shown
    maverick.ok("datasets", "quarantine", "release", key, "--reason", "a ship's number")
    assert released_ids(lake) == {key}
    failed = maverick("datasets", "quarantine", "show", "feedbeef")
    assert failed.returncode == 2
    assert failed.stderr.count("\n") == 1
