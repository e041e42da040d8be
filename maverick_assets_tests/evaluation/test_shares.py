"""Shares and their intervals."""

import pytest
from scipy.stats import binomtest

from maverick_assets.evaluation.shares import change, share, wilson


@pytest.mark.parametrize(("hits", "n"), [(0, 8), (3, 8), (8, 8), (1, 200), (1, 1)])
def test_the_interval_is_wilsons(hits: int, n: int) -> None:
    known = binomtest(hits, n).proportion_ci(method="wilson")
    found = wilson(hits / n, n)
    assert (found.low, found.high) == pytest.approx((known.low, known.high), abs=1e-9)


def test_none_of_ten_has_the_interval_of_the_paper() -> None:
    # Brown, Cai and DasGupta (2001): for 0 of 10 its upper end is z^2 / (n + z^2).
    none = wilson(0, 10)
    assert (none.value, none.low, none.n) == (0, pytest.approx(0), 10)
    assert none.high == pytest.approx(3.8415 / 13.8415, abs=1e-4)


def test_texts_of_one_thread_count_as_one_trial() -> None:
    apart = share([True, False] * 10, list(range(20)))
    together = share([True, False] * 10, [number // 10 for number in range(20)])
    assert apart.value == together.value == 0.5
    assert together.n == 2
    assert together.high - together.low > apart.high - apart.low


def test_all_hits_are_no_certainty() -> None:
    assert share([True] * 5, list(range(5))).low < 0.6


def test_a_share_needs_texts() -> None:
    with pytest.raises(ValueError, match="needs texts"):
        share([], [])


def test_a_change_has_newcombes_interval() -> None:
    """Newcombe 1998, table II (a): 56/70 - 48/80 = 0.2, method 10: 0.0524 to 0.3339."""
    after = share([True] * 56 + [False] * 14, list(range(70)))
    before = share([True] * 48 + [False] * 32, list(range(80)))
    found = change(before, after)
    assert (found.value, found.low, found.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=1e-4)
