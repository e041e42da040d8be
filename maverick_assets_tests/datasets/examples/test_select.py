"""Splits: by thread, stable whatever rows are added, without a near-duplicate in two of them."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maverick_assets.base_model.tokenizer import Message
from maverick_assets.datasets.examples.repetition import long_sentences, minhash, packed, unpacked
from maverick_assets.datasets.examples.select import CandidateSummary, select_examples
from maverick_assets.recipes import Recipe

START = datetime(2026, 1, 1, tzinfo=UTC)


def candidate(
    key: str, thread: str, hour: int, text: str, source: str = "messages"
) -> CandidateSummary:
    messages = [
        Message(role="system", content="You are Echo."),
        Message(role="user", content=f"question {thread.strip()}"),
        Message(role="assistant", content=text),
    ]
    return CandidateSummary(
        candidate_id=key,
        rank=0,
        turn_id=f"{source}:{key}",
        example_id=key,
        source=source,
        thread_id=thread,
        occurred_at=START + timedelta(hours=hour),
        n_tokens=30,
        n_supervised=10,
        signature=minhash(messages),
        kind="dialogue",
    )


def choose(candidates: Iterable[CandidateSummary], recipe: Recipe) -> list[CandidateSummary]:
    """The candidates that become examples."""
    return [each for each in select_examples(candidates, recipe) if not each.dropped]


def recipe(fraction: float = 0.1, limit: int = 1000) -> Recipe:
    return Recipe.model_validate(
        {
            "name": "echo",
            "title": "Echo",
            "description": "Test.",
            "system_prompt": "You are Echo.",
            "sources": [{"table": "messages", "examples": "note", "limit": limit}],
            "training": {"validation_fraction": fraction},
        }
    )


def test_the_newest_are_kept_and_repetitions_once() -> None:
    candidates = [candidate(str(at), str(at), at, f"note{at} of{at} mine{at}") for at in range(5)]
    again = replace(candidates[4], candidate_id="again", occurred_at=START, turn_id="messages:0")
    chosen = choose([*candidates, again], recipe(limit=6))
    assert sorted(each.candidate_id for each in chosen) == ["0", "1", "2", "3", "4"]
    kept = choose(candidates, recipe(limit=2))
    assert sorted(each.candidate_id for each in kept) == ["3", "4"]


PLACES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 500)), min_size=2, max_size=60)


def candidates_at(places: list[tuple[int, int]], first: int = 0) -> list[CandidateSummary]:
    return [
        candidate(str(at), f"t{thread}", hour, f"unique{at} words{at} here{at} now{at}")
        for at, (thread, hour) in enumerate(places, start=first)
    ]


@given(PLACES, st.sampled_from([0.1, 0.3]))
def test_no_thread_is_in_two_splits(places: list[tuple[int, int]], fraction: float) -> None:
    done = choose(candidates_at(places), recipe(fraction))
    assert len(done) == len(places)
    splits = {each.thread_id: each.split for each in done}
    assert all(each.split == splits[each.thread_id] for each in done)
    if len(splits) > 1:
        assert "validation" in splits.values()


@given(PLACES, PLACES, st.integers(1, 40), st.data())
def test_a_validation_or_test_example_is_never_trained_on_when_rows_are_added(
    places: list[tuple[int, int]],
    more: list[tuple[int, int]],
    limit: int,
    data: st.DataObject,
) -> None:
    """The added rows are later, in old threads and new ones; some repeat earlier words."""
    before = candidates_at(places)
    after = [
        replace(
            each,
            thread_id=each.thread_id + data.draw(st.sampled_from(["", "new"])),
            occurred_at=each.occurred_at + timedelta(hours=600),
        )
        for each in candidates_at(more, len(places))
    ]
    after = [
        replace(each, example_id=twin.example_id, signature=twin.signature)
        if (twin := data.draw(st.sampled_from([None, *before])))
        else each
        for each in after
    ]
    first = choose(before, recipe(limit=limit))
    second = choose([*before, *after], recipe(limit=limit))
    sides = {each.thread_id: each.split for each in first}
    assert all(sides.get(each.thread_id, each.split) == each.split for each in second)
    held = {each.example_id for each in first if each.split != "train"}
    assert not held & {each.example_id for each in second if each.split == "train"}


@pytest.mark.parametrize("count", [2, 12, 30, 300, 2000])
def test_validation_and_test_have_about_the_shares_of_the_recipe(count: int) -> None:
    many = [candidate(f"{at}", f"t{at}", at, f"a{at} b{at} c{at} d{at}") for at in range(count)]
    found = Counter(each.split for each in choose(many, recipe(limit=count)))
    assert 0.1 * (count - 1) <= found["validation"] <= 0.1 * count + math.sqrt(count)
    assert abs(found["test"] - 0.05 * count) <= math.sqrt(count)
    assert sum(found.values()) == count


def test_every_source_has_a_validation_part_and_a_single_thread_is_for_training() -> None:
    examples = [
        candidate(
            f"{source}{at}", f"{source}{at}", at, f"{source} word{at} other{at} more{at}", source
        )
        for source in ("messages", "crm_deals")
        for at in range(2)
    ]
    done = {e.example_id: e.split for e in choose(examples, recipe())}
    assert (done["messages1"], done["crm_deals1"]) == ("validation", "validation")
    assert choose([candidate("a", "only", 0, "just these words")], recipe())[0].split == "train"


def test_feedback_is_for_training_alone() -> None:
    rated = [
        replace(candidate(f"{at}", f"feedback:{at}", at, f"a{at} b{at} c{at}"), kind="feedback")
        for at in range(60)
    ]
    assert {each.split for each in choose(rated, recipe())} == {"train"}


def test_only_the_newest_of_near_duplicates_is_trained_on() -> None:
    words = "we never discount more than ten per cent and nothing changes that for any client"
    twins = [candidate(f"{at}", "same", at, f"{words} today") for at in (5, 3, 9)]
    other = [candidate("other", "same", 4, "something else altogether, said on another day by me")]
    done = select_examples([*twins, *other], recipe())
    assert {each.example_id: each.dropped for each in done} == {
        "9": None,
        "other": None,
        "5": "near-duplicate",
        "3": "near-duplicate",
    }


def test_a_contact_has_no_more_examples_than_its_cap() -> None:
    chosen = recipe()
    source = chosen.sources[0].model_copy(update={"per_contact": 2})
    capped = chosen.model_copy(update={"sources": [source]})
    candidates = [
        replace(
            candidate(f"{at}", "t", at, f"a{at} b{at} c{at}"), contact="dana" if at < 5 else "lee"
        )
        for at in range(7)
    ]
    assert sorted(each.example_id for each in choose(candidates, capped)) == ["3", "4", "5", "6"]


def test_a_training_example_that_nearly_repeats_a_validation_example_is_dropped() -> None:
    words = (
        "we never discount more than ten per cent and nothing changes that for any client at all"
    )
    candidates = [
        candidate("first", "other", 0, "quite other words, to be first"),
        candidate("held", "b", 1, words),
        *(candidate(f"{at}", "b" + at * " ", at, f"{words} today") for at in range(2, 12)),
    ]
    done = select_examples(candidates, recipe())
    assert "held" in {each.example_id for each in done if each.split == "validation"}
    trained = {each.example_id: each.dropped for each in done if each.split == "train"}
    assert trained.pop("first") is None
    assert set(trained.values()) == {"near-duplicate"}


def test_a_training_example_that_quotes_a_validation_answer_is_dropped() -> None:
    answer = "The pallets leave on Tuesday at nine and the carrier wants two people on the ramp."
    quoting = long_sentences(
        f"You wrote:\n\n{answer.upper()} Is that so? Nobody told me that before."
    )
    candidates = [candidate(str(at), f"t{at}", at, f"Words of number {at}") for at in range(30)]
    selection = select_examples(candidates, recipe())
    held_out = next(each for each in selection if each.split == "validation").candidate_id
    trained = next(each for each in selection if each.split == "train").candidate_id
    quoted = [
        replace(each, completion_sentences=long_sentences(answer))
        if each.candidate_id == held_out
        else replace(each, prompt_sentences=quoting)
        if each.candidate_id == trained
        else each
        for each in candidates
    ]
    dropped = {
        each.candidate_id: each.dropped
        for each in select_examples(quoted, recipe())
        if each.dropped
    }
    assert dropped == {trained: "repeats a held-out answer"}


def test_long_sentences_are_found_however_they_are_wrapped() -> None:
    text = "Short one. This sentence has just enough words to be told apart! And this has not."
    assert len(long_sentences(text)) == 1
    assert long_sentences(text.replace(" ", "\n", 7)) == long_sentences(text.upper())


@given(st.text(alphabet="abcdefgh .", max_size=400))
def test_sentence_codes_survive_packing_and_fit_into_64_bits(text: str) -> None:
    sentences = long_sentences(text)
    assert unpacked(packed(sentences)) == sentences
    assert all(0 <= code < 2**63 for code in packed(sentences))
