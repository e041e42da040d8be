"""Splits: by thread and time, no near-duplicate on both sides."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from maverick_assets.datasets.examples import Example
from maverick_assets.datasets.splits import split_examples
from maverick_assets.datasets.tokens import Message

START = datetime(2026, 1, 1, tzinfo=UTC)


def example(key: str, thread: str, hour: int, text: str, source: str = "messages") -> Example:
    return Example(
        example_id=key,
        personality="echo",
        messages=[
            Message(role="system", content="You are Echo."),
            Message(role="user", content=f"question {thread.strip()}"),
            Message(role="assistant", content=text),
        ],
        source=source,
        source_ids=[key],
        thread_id=thread,
        occurred_at=START + timedelta(hours=hour),
        split="train",
        mood=None,
        mode=None,
        n_tokens=30,
        n_supervised=10,
    )


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 500)), min_size=2, max_size=60),
    st.sampled_from([0.1, 0.3]),
)
def test_no_thread_is_on_both_sides_and_held_out_threads_ended_last(
    places: list[tuple[int, int]], fraction: float
) -> None:
    examples = [
        example(str(at), f"t{thread}", hour, f"unique{at} words{at} here{at} now{at}")
        for at, (thread, hour) in enumerate(places)
    ]
    done = split_examples(examples, fraction)
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
        example(
            f"{source}{at}", f"{source}{at}", at, f"{source} word{at} other{at} more{at}", source
        )
        for source in ("messages", "crm_deals")
        for at in range(20)
    ]
    done = split_examples(examples, 0.1)
    held = sorted(e.example_id for e in done if e.split == "validation")
    assert held == ["crm_deals18", "crm_deals19", "messages18", "messages19"]


def test_a_training_example_that_nearly_repeats_a_held_out_one_is_dropped() -> None:
    words = (
        "we never discount more than ten per cent and nothing changes that for any client at all"
    )
    twin = [
        example("old", "same", 0, words + " today"),
        *(
            example(f"f{at}", f"f{at}", at, f"filler{at} of{at} another{at} kind{at}")
            for at in range(1, 9)
        ),
        example("new", "same ", 99, words),
    ]
    done = {e.example_id: e.split for e in split_examples(twin, 0.1)}
    assert done["new"] == "validation"
    assert "old" not in done
    assert len(done) == 9
