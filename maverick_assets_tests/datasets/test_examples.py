"""Examples: the right words as prompt and as completion, limits, provenance, repetition."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from maverick_assets.datasets.examples import (
    Example,
    build_candidates,
    dataset_problems,
    reply_pairs,
)
from maverick_assets.datasets.tokens import ChatTokenizer
from maverick_assets.datasets.turns import Turn
from maverick_assets.errors import BadInput
from maverick_assets.recipes import Recipe
from maverick_assets.training.base_model import BaseModel

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def tokenizer(base: BaseModel) -> ChatTokenizer:
    return ChatTokenizer(base.directory)


def turn(key: str, text: str, minutes: int = 0, **more: object) -> Turn:
    plain = Turn(
        turn_id=f"messages:{key}",
        source="messages",
        source_ids=[key],
        thread_id="chat:1",
        reply_to=None,
        author="allan",
        is_owner=True,
        occurred_at=START + timedelta(minutes=minutes),
        title="",
        text=text,
    )
    return replace(plain, **more)  # type: ignore[arg-type]


def recipe(source: dict[str, object], **more: object) -> Recipe:
    content = {
        "name": "echo",
        "title": "Echo",
        "description": "Test.",
        "system_prompt": "You are Echo.",
        "sources": [source],
    }
    return Recipe.model_validate(content | more)


def build_examples(recipe: Recipe, turns: list[Turn], tokenizer: ChatTokenizer) -> list[Example]:
    return [each.example for each in build_candidates(recipe, turns, tokenizer)]


DIALOGUE: dict[str, object] = {"table": "messages", "examples": "dialogue"}


def test_messages_in_a_row_count_as_one(tokenizer: ChatTokenizer) -> None:
    turns = [
        turn("1", "An opening of mine", 0),
        turn("2", "First question?", 1, is_owner=False),
        turn("3", "And a second?", 2, is_owner=False),
        turn("4", "Yes to the first.", 3),
        turn("5", "No to the second.", 4),
    ]
    [example] = build_examples(recipe(DIALOGUE), turns, tokenizer)
    assert [message["role"] for message in example.messages] == ["system", "user", "assistant"]
    assert example.messages[1]["content"] == "First question?\nAnd a second?"
    assert example.messages[2]["content"] == "Yes to the first.\nNo to the second."
    assert example.source_ids == ["2", "3", "4", "5"]


def test_an_answer_never_stands_in_its_own_prompt() -> None:
    mails = [
        turn("1", "Will you cut the price?", source="crm_emails", is_owner=False, title="Price"),
        turn("2", "No, never.", 1, source="crm_emails", title="Re: Price", reply_to="messages:1"),
        turn("3", "Only quoted.", 2, source="crm_emails", title="Re: Old", context="What now?"),
        turn("4", "Out of the blue.", 3, source="crm_emails", title="News"),
        turn("5", "No subject at all.", 4, source="crm_emails"),
    ]
    pairs = {pair.answer: pair.prompt for pair in reply_pairs(mails)}
    assert pairs == {
        "No, never.": "Subject: Re: Price\n\nWill you cut the price?",
        "Only quoted.": "Subject: Re: Old\n\nWhat now?",
        "Out of the blue.": "Write an e-mail. Subject: News",
    }


def test_short_answers_are_left_out(tokenizer: ChatTokenizer) -> None:
    notes = [
        turn("1", "Note number 1 of many", 1, title="Title 1"),
        turn("2", "tiny", 2, title="Title 2"),
    ]
    source: dict[str, object] = {"table": "messages", "examples": "note"}
    assert [e.source_ids for e in build_examples(recipe(source), notes, tokenizer)] == [["1"]]


def test_mood_and_mode_stand_in_the_row_and_in_the_prompt(tokenizer: ChatTokenizer) -> None:
    sample = turn("1", "I am so glad!", context="How are you?", mood="joy", mode="intimate")
    source = {"table": "messages", "examples": "sample"}
    moody = recipe(source, moods=["joy"], modes=["intimate"])
    [example] = build_examples(moody, [sample], tokenizer)
    assert (example.mood, example.mode) == ("joy", "intimate")
    assert example.messages[0]["content"] == "You are Echo. Mood: joy. Mode: intimate."
    with pytest.raises(BadInput, match="messages row 1: echo has no mood 'joy'"):
        build_examples(recipe(source), [sample], tokenizer)


def test_a_filter_on_an_unknown_field_is_named(tokenizer: ChatTokenizer) -> None:
    source = {"table": "messages", "examples": "note", "filter": {"persona": "x"}}
    with pytest.raises(BadInput, match="filter 'persona' is no field of a turn"):
        build_examples(recipe(source), [turn("1", "A note", title="T")], tokenizer)


def test_problems_of_a_dataset_are_said(tokenizer: ChatTokenizer) -> None:
    notes = [turn(str(at), f"Note number {at}", at, title=f"Title {at}") for at in range(2)]
    source = {"table": "messages", "examples": "note"}
    first, second = build_examples(recipe(source), notes, tokenizer)
    assert dataset_problems([]) == [
        f"no {split} examples: give it more rows, or another source or filter in its recipe"
        for split in ("train", "validation")
    ]
    held_out = replace(second, split="validation")
    assert dataset_problems([first, held_out]) == [
        "thread chat:1 is both in train and in validation"
    ]
    assert dataset_problems([first, replace(held_out, thread_id="chat:2")]) == []
