"""Splits: by thread, the same whatever rows are added, no near-duplicate on two sides."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maverick_assets.base_model.tokenizer import Message
from maverick_assets.datasets.examples.select import Entry, judge, long_sentences, signature
from maverick_assets.recipes import Recipe

START = datetime(2026, 1, 1, tzinfo=UTC)


def entry(key: str, thread: str, hour: int, text: str, source: str = "messages") -> Entry:
    messages = [
        Message(role="system", content="You are Echo."),
        Message(role="user", content=f"question {thread.strip()}"),
        Message(role="assistant", content=text),
    ]
    return Entry(
        candidate_id=key,
        rank=0,
        turn_id=f"{source}:{key}",
        example_id=key,
        source=source,
        thread_id=thread,
        occurred_at=START + timedelta(hours=hour),
        n_tokens=30,
        n_supervised=10,
        signature=signature(messages),
        kind="dialogue",
    )


def choose(entries: Iterable[Entry], recipe: Recipe) -> list[Entry]:
    """Those that become examples."""
    return [each for each in judge(entries, recipe) if not each.dropped]


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
    entries = [entry(str(at), str(at), at, f"note{at} of{at} mine{at}") for at in range(5)]
    again = replace(entries[4], candidate_id="again", occurred_at=START, turn_id="messages:0")
    chosen = choose([*entries, again], recipe(limit=6))
    assert sorted(each.candidate_id for each in chosen) == ["0", "1", "2", "3", "4"]
    kept = choose(entries, recipe(limit=2))
    assert sorted(each.candidate_id for each in kept) == ["3", "4"]


PLACES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 500)), min_size=2, max_size=60)


def entries_at(places: list[tuple[int, int]], first: int = 0) -> list[Entry]:
    return [
        entry(str(at), f"t{thread}", hour, f"unique{at} words{at} here{at} now{at}")
        for at, (thread, hour) in enumerate(places, start=first)
    ]


@given(PLACES, st.sampled_from([0.1, 0.3]))
def test_no_thread_is_on_two_sides(places: list[tuple[int, int]], fraction: float) -> None:
    done = choose(entries_at(places), recipe(fraction))
    assert len(done) == len(places)
    splits = {each.thread_id: each.split for each in done}
    assert all(each.split == splits[each.thread_id] for each in done)
    if len(splits) > 1:
        assert "validation" in splits.values()


@given(PLACES, PLACES, st.integers(1, 40), st.data())
def test_what_is_held_out_once_is_never_trained_on_when_rows_are_added(
    places: list[tuple[int, int]],
    more: list[tuple[int, int]],
    limit: int,
    data: st.DataObject,
) -> None:
    """Rows of later moments, in old threads and new ones, some of them with words of before."""
    before = entries_at(places)
    after = [
        replace(
            each,
            thread_id=each.thread_id + data.draw(st.sampled_from(["", "new"])),
            occurred_at=each.occurred_at + timedelta(hours=600),
        )
        for each in entries_at(more, len(places))
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
def test_the_held_out_shares_are_about_those_of_the_recipe(count: int) -> None:
    many = [entry(f"{at}", f"t{at}", at, f"a{at} b{at} c{at} d{at}") for at in range(count)]
    found = Counter(each.split for each in choose(many, recipe(limit=count)))
    assert 0.1 * (count - 1) <= found["validation"] <= 0.1 * count + math.sqrt(count)
    assert abs(found["test"] - 0.05 * count) <= math.sqrt(count)
    assert sum(found.values()) == count


def test_every_source_is_held_out_in_part_and_a_single_thread_is_for_training() -> None:
    examples = [
        entry(f"{source}{at}", f"{source}{at}", at, f"{source} word{at} other{at} more{at}", source)
        for source in ("messages", "crm_deals")
        for at in range(2)
    ]
    done = {e.example_id: e.split for e in choose(examples, recipe())}
    assert (done["messages1"], done["crm_deals1"]) == ("validation", "validation")
    assert choose([entry("a", "only", 0, "just these words")], recipe())[0].split == "train"


def test_feedback_is_for_training_alone() -> None:
    rated = [
        replace(entry(f"{at}", f"feedback:{at}", at, f"a{at} b{at} c{at}"), kind="feedback")
        for at in range(60)
    ]
    assert {each.split for each in choose(rated, recipe())} == {"train"}


def test_near_duplicates_are_trained_on_once_the_newest() -> None:
    words = "we never discount more than ten per cent and nothing changes that for any client"
    twins = [entry(f"{at}", "same", at, f"{words} today") for at in (5, 3, 9)]
    other = [entry("other", "same", 4, "something else altogether, said on another day by me")]
    done = judge([*twins, *other], recipe())
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
    entries = [
        replace(entry(f"{at}", "t", at, f"a{at} b{at} c{at}"), contact="dana" if at < 5 else "lee")
        for at in range(7)
    ]
    assert sorted(each.example_id for each in choose(entries, capped)) == ["3", "4", "5", "6"]


def test_a_training_example_that_nearly_repeats_a_held_out_one_is_dropped() -> None:
    words = (
        "we never discount more than ten per cent and nothing changes that for any client at all"
    )
    entries = [
        entry("first", "other", 0, "quite other words, to be first"),
        entry("held", "b", 1, words),
        *(entry(f"{at}", "b" + at * " ", at, f"{words} today") for at in range(2, 12)),
    ]
    done = judge(entries, recipe())
    assert "held" in {each.example_id for each in done if each.split == "validation"}
    trained = {each.example_id: each.dropped for each in done if each.split == "train"}
    assert trained.pop("first") is None
    assert set(trained.values()) == {"near-duplicate"}


def test_a_training_example_that_holds_a_held_out_answer_is_dropped() -> None:
    answer = "The pallets leave on Tuesday at nine and the carrier wants two people on the ramp."
    quoting = long_sentences(
        f"You wrote:\n\n{answer.upper()} Is that so? Nobody told me that before."
    )
    entries = [entry(str(at), f"t{at}", at, f"Words of number {at}") for at in range(30)]
    held_out = next(each for each in judge(entries, recipe()) if each.split == "validation")
    trained = next(each for each in judge(entries, recipe()) if each.split == "train")
    said, heard = {"said": long_sentences(answer)}, {"heard": quoting}
    known = [
        replace(e, **(said if e == unsplit(held_out) else heard if e == unsplit(trained) else {}))
        for e in entries
    ]
    dropped = [each for each in judge(known, recipe()) if each.dropped]
    assert [(e.candidate_id, e.dropped) for e in dropped] == [
        (trained.candidate_id, "repeats a held-out answer")
    ]


def unsplit(entry: Entry) -> Entry:
    return replace(entry, split="train")


def test_long_sentences_are_found_however_they_are_wrapped() -> None:
    text = "Short one. This sentence has just enough words to be told apart! And this has not."
    assert len(long_sentences(text)) == 1
    assert long_sentences(text.replace(" ", "\n", 7)) == long_sentences(text.upper())
