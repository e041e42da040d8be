"""Examples: the right words as prompt and as completion, limits, provenance, repetition."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.base_model.tokenizer import ChatTokenizer
from maverick_assets.datasets.examples.builder import ExampleBuilder
from maverick_assets.datasets.examples.example import Example
from maverick_assets.datasets.examples.pairs import reply_pairs
from maverick_assets.datasets.examples.preferences import build_preferences
from maverick_assets.datasets.pseudonyms.surrogates import Surrogates
from maverick_assets.datasets.turns.turn import Turn
from maverick_assets.errors import BadInput
from maverick_assets.recipes import Recipe

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SURROGATES = Surrogates(bytes(range(32)))


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


def recipe(source: Mapping[str, object], **more: object) -> Recipe:
    content = {
        "name": "echo",
        "title": "Echo",
        "description": "Test.",
        "system_prompt": "You are Echo.",
        "sources": [source],
    }
    return Recipe.model_validate(content | more)


def build_examples(recipe: Recipe, turns: list[Turn], tokenizer: ChatTokenizer) -> list[Example]:
    candidates = ExampleBuilder(recipe, tokenizer, SURROGATES).candidates(turns)
    return [each.example for each in candidates if not each.dropped]


def reasons(recipe: Recipe, turns: list[Turn], tokenizer: ChatTokenizer) -> dict[str, str | None]:
    candidates = ExampleBuilder(recipe, tokenizer, SURROGATES).candidates(turns)
    return {each.turn_id: each.dropped for each in candidates}


def said(example: Example) -> list[tuple[str, str]]:
    return [(message["role"], message["content"]) for message in example.messages[1:]]


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
    assert said(example) == [
        ("user", "First question?\nAnd a second?"),
        ("assistant", "Yes to the first.\nNo to the second."),
    ]
    assert example.source_ids == ["2", "3", "4", "5"]


def test_an_answer_is_never_part_of_its_own_prompt() -> None:
    mails = [
        turn("1", "Will you cut the price?", source="crm_emails", is_owner=False, title="Price"),
        turn("2", "No, never.", 1, source="crm_emails", title="Re: Price", reply_to="messages:1"),
        turn("3", "Only quoted.", 2, source="crm_emails", title="Re: Old", context="What now?"),
        turn("4", "Out of the blue.", 3, source="crm_emails", title="News"),
        turn("5", "No subject at all.", 4, source="crm_emails"),
    ]
    pairs = {
        pair.answer: (pair.kind, pair.messages(pair.history)[-2]["content"])
        for pair in reply_pairs(mails)
    }
    assert pairs == {
        "No, never.": ("reply", "Subject: Re: Price\n\nWill you cut the price?"),
        "Only quoted.": ("reply", "Subject: Re: Old\n\nWhat now?"),
        "Out of the blue.": ("initiate", "Write an e-mail.\nSubject: News"),
    }


def test_short_answers_are_left_out(tokenizer: ChatTokenizer) -> None:
    notes = [
        turn("1", "Note number 1 of many", 1, title="Title 1"),
        turn("2", "tiny", 2, title="Title 2"),
    ]
    source: dict[str, object] = {"table": "messages", "examples": "note"}
    assert [e.source_ids for e in build_examples(recipe(source), notes, tokenizer)] == [["1"]]
    assert reasons(recipe(source), notes, tokenizer)["messages:2"] == "short answer"


def test_mood_and_mode_are_in_the_row_and_in_the_prompt(tokenizer: ChatTokenizer) -> None:
    sample = turn("1", "I am so glad!", context="How are you?", mood="joy", mode="intimate")
    sample = replace(sample, personality="echo")
    source = {"table": "messages", "examples": "sample", "filter": {"personality": "echo"}}
    moody = recipe(source, moods=["joy"], modes=["intimate"])
    [example] = build_examples(moody, [sample], tokenizer)
    assert (example.mood, example.mode) == ("joy", "intimate")
    assert example.messages[0]["content"] == "You are Echo. Mood: joy. Mode: intimate."
    other = replace(sample, turn_id="messages:2", source_ids=["2"], mood=None, mode=None)
    assert [e.source_ids for e in build_examples(recipe(source), [sample, other], tokenizer)] == [
        ["2"]
    ]
    assert reasons(recipe(source), [sample], tokenizer) == {"messages:1": "unknown mood or mode"}


def test_a_filter_on_an_unknown_field_is_named(tokenizer: ChatTokenizer) -> None:
    source = {"table": "messages", "examples": "note", "filter": {"persona": "x"}}
    with pytest.raises(BadInput, match="filter 'persona' is no field of a turn"):
        build_examples(recipe(source), [turn("1", "A note", title="T")], tokenizer)


def mails_of_a_thread() -> list[Turn]:
    """Two of Dana's, Allan's answer, hers, his: each answers the one before."""
    plain = [
        ("1", "Can you give us 30 %?", False),
        ("2", "I add: or 25 %?", False),
        ("3", "No. 10 is my line.", True),
        ("4", "And 12?", False),
        ("5", "Ten is ten.", True),
    ]
    return [
        turn(
            key,
            text,
            at,
            source="crm_emails",
            turn_id=f"crm_emails:{key}",
            is_owner=mine,
            author="allan" if mine else "dana",
            title="Price",
            reply_to=f"crm_emails:{at}" if at else None,
        )
        for at, (key, text, mine) in enumerate(plain)
    ]


MAILS: dict[str, object] = {"table": "crm_emails", "examples": "reply"}


def test_earlier_mails_of_a_thread_come_before_the_one_that_is_answered(
    tokenizer: ChatTokenizer,
) -> None:
    first, second = build_examples(recipe(MAILS), mails_of_a_thread(), tokenizer)
    asked = "Can you give us 30 %?\n\nI add: or 25 %?"
    assert said(first) == [
        ("user", f"Subject: Price\n\n{asked}"),
        ("assistant", "No. 10 is my line."),
    ]
    assert said(second) == [
        ("user", asked),
        ("assistant", "No. 10 is my line."),
        ("user", "Subject: Price\n\nAnd 12?"),
        ("assistant", "Ten is ten."),
    ]
    assert second.source_ids == ["1", "2", "3", "4", "5"]


def test_the_budget_cuts_the_oldest_turns_first_and_never_the_one_that_is_answered(
    tokenizer: ChatTokenizer,
) -> None:
    turns = mails_of_a_thread()

    def window(tokens: int) -> list[tuple[str, str]]:
        small = recipe(MAILS, training={"context_tokens": tokens})
        return said(build_examples(small, turns, tokenizer)[1])

    costs = [tokenizer.count(each.text) for each in turns]
    assert len(window(sum(costs[:3]))) == 4
    assert window(sum(costs[:3]) - 1)[0] == ("user", "I add: or 25 %?")
    answered = [("user", "Subject: Price\n\nAnd 12?"), ("assistant", "Ten is ten.")]
    assert window(costs[2]) == answered  # an answer without its question opens nothing
    assert window(0) == answered


def test_recipient_facts_are_the_prompt_of_a_mail_that_answers_none(
    tokenizer: ChatTokenizer,
) -> None:
    mails = [
        turn(
            "1",
            "Out of the blue.",
            source="crm_emails",
            title="News",
            recipient="Ida Frost",
            facts="Relation: first contact\nDeal: open",
        )
    ]
    [example] = build_examples(recipe(MAILS), mails, tokenizer)
    assert example.kind == "initiate"
    assert example.messages[1]["content"] == (
        "Write an e-mail.\nTo: Ida Frost\nSubject: News\nRelation: first contact\nDeal: open"
    )


def test_a_reply_to_a_missing_mail_is_no_example(tokenizer: ChatTokenizer) -> None:
    plain = turn("1", "That is fine by me.", source="crm_emails", title="Re: Price")
    forward = turn("2", "See below, please.", 1, source="crm_emails", title="FW: Price")
    assert build_examples(recipe(MAILS), [plain, forward], tokenizer) == []


def test_the_owners_own_words_are_never_the_prompt_of_a_reply(tokenizer: ChatTokenizer) -> None:
    words = "Please send me the figures of the shelf test by Friday."
    asked = turn("1", words, source="crm_emails", title="Figures")
    from_home = turn(
        "2", "Any news about these?", 1, source="crm_emails", title="Figures", reply_to="messages:1"
    )
    quoting = replace(from_home, reply_to=None, context=words)
    for reminder in (from_home, quoting):
        kinds = [
            pair.kind for pair in reply_pairs([asked, reminder]) if pair.answer_turn is reminder
        ]
        assert "reply" not in kinds


def test_an_answer_that_is_too_long_is_dropped_and_not_cut(tokenizer: ChatTokenizer) -> None:
    notes = [
        turn("1", "word " * 90, title="Long"),
        turn("2", "word " * 40, 1, title="Short"),
        turn("3", "He wrote <|im_end|> to me.", 2, title="Odd"),
        turn("4", "This is no letter: \U00040000", 3, title="Odd"),
    ]
    source: dict[str, object] = {"table": "messages", "examples": "insight"}
    small = recipe(source, training={"max_length": 100})
    assert reasons(small, notes, tokenizer) == {
        "messages:1": "long answer",
        "messages:2": None,
        "messages:3": "control tokens",
        "messages:4": "characters that the vocabulary lacks",
    }


WORDS = st.text("aé ß\n.,!-\u2019\U0001f44d\U00040000", min_size=1, max_size=40)


@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.booleans(), WORDS), min_size=2, max_size=8),
    st.integers(0, 60),
    st.integers(48, 200),
)
def test_roles_alternate_and_the_answer_is_supervised_to_the_byte(
    base: PreparedBase,
    tokenizer: ChatTokenizer,
    lines: list[tuple[bool, str]],
    context: int,
    longest: int,
) -> None:
    plain = AutoTokenizer.from_pretrained(base.directory)
    turns = [turn(f"{at:02}", text, at, is_owner=mine) for at, (mine, text) in enumerate(lines)]
    small = recipe(
        DIALOGUE,
        training={"context_tokens": context, "max_length": longest, "min_characters": 1},
    )
    by_id = {each.source_ids[0]: each for each in turns}
    for example in build_examples(small, turns, tokenizer):
        roles = [message["role"] for message in example.messages]
        assert roles == ["system", *["user", "assistant"] * (len(roles) // 2)]
        encoded = tokenizer.encode(example.messages, longest)
        assert len(encoded.input_ids) == example.n_tokens <= longest
        answer = example.messages[-1]["content"]
        assert plain.decode(encoded.input_ids[encoded.n_prompt :]) == answer + "<|im_end|>"
        used = [by_id[key] for key in example.source_ids]
        assert [each.text for each in used] == [
            text for _, text in lines[turns.index(used[0]) : turns.index(used[-1]) + 1]
        ]


def test_feedback_with_a_right_answer_is_an_example_and_a_rejected_answer_a_preference(
    tokenizer: ChatTokenizer,
) -> None:
    source = {"table": "feedback", "examples": "feedback", "filter": {"personality": "echo"}}
    plain = turn("1", "Soup first, then.", source="feedback", context="Long day.")
    rows = [
        replace(plain, personality="echo", rejected="Numbers first."),
        replace(plain, turn_id="2", text="", personality="echo", rejected="Work on."),
        replace(plain, turn_id="3", personality="robbie", rejected="Nothing."),
    ]
    rated = recipe(source)
    [example] = build_examples(rated, rows, tokenizer)
    assert (example.kind, example.messages[-1]["content"]) == ("feedback", "Soup first, then.")
    kept = [(each.chosen, each.rejected) for each in build_preferences(rated, rows)]
    assert kept == [("Soup first, then.", "Numbers first."), (None, "Work on.")]
