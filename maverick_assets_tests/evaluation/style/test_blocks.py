"""Blocks hold enough text and the same mix of lengths; groups divide threads evenly."""

import numpy as np

from maverick_assets.evaluation.style.blocks import (
    BLOCK_CHARACTERS,
    StyleText,
    ThreadGroups,
    cut_alike,
    deal,
    spread,
)


def test_every_block_has_enough_text_and_a_mix_of_lengths() -> None:
    lengths = np.asarray([400.0] * 10 + [40.0] * 60)
    blocks, count = deal(lengths, np.random.default_rng(0))
    sums = np.bincount(blocks, lengths)
    long = np.bincount(blocks[:10], minlength=count)
    assert count == 10
    assert sums.min() >= BLOCK_CHARACTERS
    assert set(long) == {1}  # one of the long ones each


def test_no_block_of_too_little_text() -> None:
    assert deal(np.asarray([200.0, 100.0]), np.random.default_rng(0))[1] == 0
    assert deal(np.asarray([]), np.random.default_rng(0))[1] == 0


def test_texts_are_cut_to_the_lengths_of_others_between_words() -> None:
    like = [StyleText("x" * 10, ""), StyleText("x" * 30, "")]
    texts = [StyleText("word " * 20, "a"), StyleText("one two three four", "b"), StyleText("", "c")]
    cut = cut_alike(texts, like)
    assert [text.text for text in cut] == ["word word word word word word", "one two", ""]
    assert [text.thread for text in cut] == ["a", "b", "c"]


def test_groups_hold_about_equal_text_and_whole_threads() -> None:
    texts = [StyleText("x" * (50 * (at % 7 + 1)), f"t{at // 2}") for at in range(40)]
    groups = ThreadGroups(texts, 4)
    filled = [0] * 4
    for text in texts:
        filled[groups.of(text.thread)] += len(text.text)
    assert max(filled) < 1.2 * min(filled)
    assert ThreadGroups(list(reversed(texts)), 4).of("t3") == groups.of("t3")


def test_spread_takes_items_at_even_distances() -> None:
    assert list(spread(range(10), 3)) == [0, 3, 6]
    assert list(spread(range(2), 3)) == [0, 1]
