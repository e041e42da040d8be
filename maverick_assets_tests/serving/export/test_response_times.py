"""Response times from llama.cpp's clock, and their figures."""

from pathlib import Path

import pytest

from maverick_assets.serving.export.response_times import (
    Timing,
    machine_name,
    response_times,
    timing_of,
)

# As llama.cpp's server gave them for a prompt of 37 tokens.
TIMINGS = {
    "cache_n": 0,
    "prompt_n": 37,
    "prompt_ms": 200.0,
    "predicted_n": 8,
    "predicted_ms": 70.0,
    "predicted_per_second": 114.28,
}


def test_eight_tokens_took_seven_steps_after_the_first() -> None:
    assert timing_of(TIMINGS) == Timing(37, 200.0, pytest.approx(100.0))


@pytest.mark.parametrize(
    "changed", [{"predicted_n": 1, "predicted_ms": 0.001}, {"predicted_ms": 0}]
)
def test_an_answer_of_one_token_has_no_rate(changed: dict[str, float]) -> None:
    assert timing_of(TIMINGS | changed).tokens_per_second is None


def test_of_times_the_long_ones_count_and_of_rates_the_low_ones() -> None:
    timings = [Timing(10 * n, 100.0 * n, 10.0 * n) for n in range(1, 21)]
    times = response_times(timings, threads=1, machine="a processor")
    assert times is not None
    assert (times.n, times.prompt_tokens) == (20, 105)
    assert (times.first_token_ms.p50, times.first_token_ms.p95) == (1000.0, 1900.0)
    assert (times.tokens_per_second.p50, times.tokens_per_second.p95) == (110.0, 20.0)


def test_one_answer_is_both_quantiles() -> None:
    times = response_times([Timing(5, 80.0, 50.0)], threads=2, machine="a processor")
    assert times is not None
    assert times.first_token_ms.p50 == times.first_token_ms.p95 == 80.0
    assert times.tokens_per_second.p50 == times.tokens_per_second.p95 == 50.0


@pytest.mark.parametrize("timings", [[], [Timing(5, 80.0, None)]])
def test_without_a_second_token_nothing_is_said(timings: list[Timing]) -> None:
    assert response_times(timings, threads=1, machine="a processor") is None


def test_a_machine_is_named_by_its_processor(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nmodel name\t: Some CPU 9\nmodel name\t: Some CPU 9\n")
    assert machine_name(cpuinfo).startswith("Some CPU 9, ")
    assert machine_name(tmp_path / "none").endswith(" cores")
