"""Paths into metrics: which lead to a number, and to which."""

import re

import pytest

from maverick_assets import metric_paths
from maverick_assets.figures.comparison import Provenance
from maverick_assets.metric_paths import meaning, measured, path_problem
from maverick_assets.recipes import COMMON_LIMITS, Limit
from maverick_assets_tests.evaluation.gates.measured import comparison, interval
from maverick_assets_tests.evaluation.gates.measured import measured as metrics


@pytest.mark.parametrize(
    "path",
    [
        "n_examples",
        "ratio",
        "in_service.loss",
        "comparisons.in_service.frozen",
        "comparisons.base.new.value",
        "provenance.surplus",
        "provenance.is_copy",
        "provenance.unreadable",
        "text.arms.candidate.loops",
        "text.skills.difference",
        "generalisation.excess.low",
        *(limit.metric for limit in COMMON_LIMITS),
    ],
)
def test_a_path_to_a_number_or_an_interval_is_a_metric(path: str) -> None:
    assert path_problem(path) is None


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("perplexity", "perplexity is no metric: 'perplexity' is none; there are: split, "),
        ("base.los", "base.los is no metric: 'los' is none of base; there are: loss, perplexity"),
        ("base", "base is not a number; add one of: loss, perplexity"),
        ("split", "split is not a number"),
        ("provenance.overlap", "provenance.overlap is not a number"),
        ("comparisons", "comparisons is not a number; add one of: base, in_service"),
        ("comparisons.base", "is not a number; add one of: newest, frozen, held_out, trained, new"),
        ("comparisons.other.new", "'other' is none of comparisons; there are: base, in_service"),
        ("ratio.value", "ratio.value is no metric: 'value' is none of ratio"),
        ("", " is no metric: '' is none"),
    ],
)
def test_any_other_path_is_refused_with_what_there_is(path: str, problem: str) -> None:
    assert problem in (path_problem(path) or "")


def test_a_path_leads_to_what_was_measured() -> None:
    found = metrics(20, comparisons=[comparison("base", "frozen", -0.4, -0.2)])
    assert measured(found, "ratio") == 0.5
    assert measured(found, "n_examples") == 10
    assert measured(found, "comparisons.base.frozen") == interval(-0.4, -0.2)
    assert measured(found, "comparisons.base.frozen.high") == -0.2
    gone = metrics(20, provenance=Provenance(unreadable=(4, 5)))
    assert measured(gone, "provenance.unreadable") == 2
    for path in ("comparisons.base.newest", "in_service.loss", "generalisation.share"):
        assert measured(found, path) is None


@pytest.mark.parametrize("limit", COMMON_LIMITS, ids=lambda limit: limit.metric)
def test_what_a_version_may_be_refused_for_is_explained(limit: Limit) -> None:
    assert meaning(limit.metric)


def test_a_path_has_the_words_of_its_innermost_field() -> None:
    assert meaning("memorisation.leaks").startswith("answers with a contact's real name")
    assert meaning("comparisons.base.newest").startswith("loss in nats per token less")
    assert meaning("enough examples") == ""


def test_the_paths_that_the_module_names_lead_to_figures() -> None:
    named = re.findall(r"`(\w+(?:\.\w+)+)`", metric_paths.__doc__ or "")
    assert named
    assert [path for path in named if path_problem(path)] == []
