"""The gates: which adapter passes, and the reasons that are recorded."""

import math

import pytest

from maverick_assets.evaluation.gates import apply_gates
from maverick_assets.recipes import Gates
from maverick_assets.records import Metrics, Score

GATES = Gates(max_perplexity_ratio=0.9, max_regression=1.02, min_validation_examples=3)


def score(perplexity: float) -> Score:
    return Score(loss=math.log(perplexity), perplexity=perplexity)


def measured(adapter: float, in_service: float | None = None, n_examples: int = 10) -> Metrics:
    base = 40.0
    return Metrics(
        split="validation",
        n_examples=n_examples,
        n_supervised=100,
        base=score(base),
        adapter=score(adapter),
        in_service=None if in_service is None else score(in_service),
        ratio=adapter / base,
        seconds=1.0,
        base_digest="d",
    )


def test_a_better_adapter_passes_and_every_gate_has_its_reason() -> None:
    decision = apply_gates(measured(20), GATES)
    assert decision.passed
    assert decision.reasons == (
        "10 held-out examples, at least the 3 required",
        "held-out perplexity 20.00 is 0.500 of the base's 40.00, below the limit 0.9",
        "no version in service to compare with",
    )


@pytest.mark.parametrize(("adapter", "passed"), [(35.9, True), (36.0, False), (80.0, False)])
def test_the_ratio_to_the_base_must_be_below_its_limit(adapter: float, passed: bool) -> None:
    decision = apply_gates(measured(adapter), GATES)
    assert decision.passed is passed
    assert ("not below the limit 0.9" in decision.reasons[1]) is not passed


@pytest.mark.parametrize(("in_service", "passed"), [(20.0, True), (19.7, True), (19.0, False)])
def test_a_version_worse_than_the_one_in_service_is_refused(
    in_service: float, passed: bool
) -> None:
    decision = apply_gates(measured(20, in_service=in_service), GATES)
    assert decision.passed is passed
    assert ("above the limit 1.02" in decision.reasons[2]) is not passed


def test_too_few_validation_examples_do_not_pass() -> None:
    decision = apply_gates(measured(20, n_examples=2), GATES)
    assert not decision.passed
    assert decision.reasons[0] == "2 held-out examples, fewer than the 3 required"


def test_a_metric_that_is_not_a_number_does_not_pass() -> None:
    assert not apply_gates(measured(math.nan), GATES).passed
    assert not apply_gates(measured(20, in_service=math.nan), GATES).passed
