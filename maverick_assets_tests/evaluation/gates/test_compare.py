"""A candidate beside base and version in service, on each set of examples."""

import math
from dataclasses import replace

import pytest

from maverick_assets.evaluation.evidence import ScoredExamples
from maverick_assets.evaluation.gates.compare import compare, generalisation
from maverick_assets.evaluation.gates.decision import apply_gates
from maverick_assets.recipes import Gates
from maverick_assets.registry.compared_sets import ComparedSets
from maverick_assets_tests.datasets.example_template import EXAMPLE
from maverick_assets_tests.evaluation.gates.measured import measured

N = 8  # examples of each set, of 10 tokens each
SETS = ("newest", "frozen", "trained")
EXAMPLES = [
    replace(EXAMPLE, example_id=f"{name} {at}", thread_id=f"{name} {at}")
    for name in SETS
    for at in range(N)
]


def ids(name: str) -> frozenset[str]:
    return frozenset(e.example_id for e in EXAMPLES if e.example_id.startswith(name))


COMPARED = ComparedSets(newest=ids("newest"), frozen=ids("frozen"), trained=ids("trained"))


def scored(candidate: tuple[float, float, float], in_service: bool = True) -> ScoredExamples:
    """The candidate with these nats per token on the three sets; the others with 4 and 3."""
    losses = {
        "base": [40.0] * 3 * N,
        "candidate": [10 * loss for loss in candidate for _ in range(N)],
    }
    if in_service:
        losses["in_service"] = [30.0] * 3 * N
    return ScoredExamples(EXAMPLES, [10] * 3 * N, losses)  # type: ignore[arg-type]  # keys are text


def test_each_set_is_compared_with_each_model_that_was_scored() -> None:
    found = {
        (each.against, each.on): (each.difference.value, each.n_examples)
        for each in compare(scored((2.0, 3.5, 1.0)), COMPARED)
    }
    assert found == {
        ("base", "newest"): (pytest.approx(-2.0), N),
        ("in_service", "newest"): (pytest.approx(-1.0), N),
        ("base", "frozen"): (pytest.approx(-0.5), N),
        ("in_service", "frozen"): (pytest.approx(0.5), N),
        ("base", "held_out"): (pytest.approx(-1.25), 2 * N),
        ("in_service", "held_out"): (pytest.approx(-0.25), 2 * N),
        ("base", "trained"): (pytest.approx(-3.0), N),
        ("in_service", "trained"): (pytest.approx(-2.0), N),
    }


def test_without_a_version_in_service_only_the_base_is_compared() -> None:
    found = compare(scored((2.0, 2.0, 1.0), in_service=False), COMPARED)
    assert {each.against for each in found} == {"base"}


def test_without_sets_nothing_is_compared() -> None:
    assert compare(scored((2.0, 2.0, 1.0)), ComparedSets()) == ()
    assert generalisation(scored((2.0, 2.0, 1.0)), ComparedSets()) is None


@pytest.mark.parametrize(
    ("losses", "share", "excess"),
    [
        ((2.0, 2.0, 1.0), 2 / 3, -1.0),  # learns, and generalises
        ((3.8, 3.8, 0.0), 0.05, -3.8),  # knows its examples by heart
        ((1.0, 1.0, 2.0), 1.5, 1.0),  # learned what it is measured on
    ],
)
def test_the_gain_on_held_out_examples_stands_beside_that_on_learned_ones(
    losses: tuple[float, float, float], share: float, excess: float
) -> None:
    found = generalisation(scored(losses), COMPARED)
    assert found is not None
    assert found.share == pytest.approx(share)
    assert (found.excess.value, found.excess.n) == (pytest.approx(excess), N)


@pytest.mark.parametrize("on_learned", [4.0, 4.5])
def test_who_gains_on_held_out_examples_alone_has_seen_them(on_learned: float) -> None:
    """Trained on what it is measured on, and on nothing that its records name."""
    found = generalisation(scored((2.0, 2.0, on_learned)), COMPARED)
    assert found is not None
    assert found.share is None
    assert found.excess.low > 0
    decision = apply_gates(measured(20, generalisation=found), Gates())
    assert [each.gate for each in decision.gates if not each.passed] == ["generalisation.excess"]


def test_a_loss_on_learned_examples_that_is_not_a_number_passes_no_gate() -> None:
    found = generalisation(scored((2.0, 2.0, math.nan)), COMPARED)
    decision = apply_gates(measured(20, generalisation=found), Gates())
    refused = [each.gate for each in decision.gates if not each.passed]
    assert refused == ["generalisation.share", "generalisation.excess"]
