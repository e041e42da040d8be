"""Splits: by thread and time, no near-duplicate on both sides."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from maverick_assets.datasets.splits import Entry, choose, signature
from maverick_assets.datasets.tokens import Message
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
    )


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


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 500)), min_size=2, max_size=60),
    st.sampled_from([0.1, 0.3]),
)
def test_no_thread_is_on_both_sides_and_held_out_threads_ended_last(
    places: list[tuple[int, int]], fraction: float
) -> None:
    examples = [
        entry(str(at), f"t{thread}", hour, f"unique{at} words{at} here{at} now{at}")
        for at, (thread, hour) in enumerate(places)
    ]
    done = choose(examples, recipe(fraction))
    train = {e.thread_id: e for e in done if e.split == "train"}
    held = [e for e in done if e.split == "validation"]
    assert not train.keys() & {e.thread_id for e in held}
    assert len(done) == len(examples)
    assert train
    if len({thread for thread, _ in places}) == 1:
        return
    assert len(held) >= fraction * len(examples) or len(train) == 1
    ended = {t: max(e.occurred_at for e in done if e.thread_id == t) for t in train}
    for one in held:
        last = max(e.occurred_at for e in done if e.thread_id == one.thread_id)
        assert last >= max(ended.values())


def test_every_source_is_held_out_in_part() -> None:
    examples = [
        entry(f"{source}{at}", f"{source}{at}", at, f"{source} word{at} other{at} more{at}", source)
        for source in ("messages", "crm_deals")
        for at in range(20)
    ]
    done = choose(examples, recipe())
    held = sorted(e.example_id for e in done if e.split == "validation")
    assert held == ["crm_deals18", "crm_deals19", "messages18", "messages19"]


def test_a_training_example_that_nearly_repeats_a_held_out_one_is_dropped() -> None:
    words = (
        "we never discount more than ten per cent and nothing changes that for any client at all"
    )
    twin = [
        entry("old", "same", 0, words + " today"),
        *(
            entry(f"f{at}", f"f{at}", at, f"filler{at} of{at} another{at} kind{at}")
            for at in range(1, 9)
        ),
        entry("new", "same ", 99, words),
    ]
    done = {e.example_id: e.split for e in choose(twin, recipe())}
    assert done["new"] == "validation"
    assert "old" not in done
    assert len(done) == 9
