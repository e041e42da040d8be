"""A share of the benchmark's damaged versions: none loads, and each error names the file."""

from benchmarks.corruption import KINDS, run


def test_no_damaged_version_loads_and_each_error_names_the_file() -> None:
    outcomes = run(100, seed=19)
    assert {outcome.kind for outcome in outcomes} == set(KINDS)
    assert [outcome for outcome in outcomes if outcome.loaded or outcome.unnamed] == []
