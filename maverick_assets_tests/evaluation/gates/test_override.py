"""A refused version goes into service only by an operator who says why, whichever gate refused."""

from collections.abc import Mapping

import pytest

from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.evaluation.gates.decision import apply_gates
from maverick_assets.figures.comparison import Generalisation, Provenance
from maverick_assets.figures.decisions import Decider, DecisionFigures, DecisionScores
from maverick_assets.figures.figure import Interval
from maverick_assets.figures.memorisation import MemorisationFigures
from maverick_assets.figures.personality import Bleed, PersonalityFigures, PrivateWords
from maverick_assets.recipes import Gates, Limit
from maverick_assets.records import GateDecision, Metrics
from maverick_assets.registry.store import Registry
from maverick_assets_tests.evaluation.gates.measured import (
    comparison,
    forgetful,
    interval,
    measured,
)
from maverick_assets_tests.registry.conftest import (
    AddVersion,
    adapter_dir,
    add_version,
    make_manifest,
    registry,
)

__all__ = ["adapter_dir", "add_version", "make_manifest", "registry"]


def bleeding(words_of: str) -> PersonalityFigures:
    """Figures of a version whose answers hold private words of others."""
    leaked = PrivateWords(words_of=words_of, words=1, answers=2)
    counts = {"answers": 24, "answers_with": 12, "known_words": 9, "others": 40, "others_with": 0}
    return PersonalityFigures(bleed=Bleed(leaked=(leaked,), p_value=1e-6, **counts))


def repeating(leaks: int, beyond_owner: bool) -> MemorisationFigures:
    """Figures of a version whose answers name contacts, or repeat training text."""
    counts = {"n_answers": 24, "verbatim": 6, "verbatim_of_owner": 0, "longest": 90}
    return MemorisationFigures(leaks=leaks, beyond_owner=beyond_owner, **counts)


def deciding(**against: Interval) -> DecisionFigures:
    """Figures of a twin whose log-loss is that much above another one's."""
    accuracy = interval(0.5, 0.7, 40)
    deals = DecisionScores(
        options=("accept", "decline"),
        twin=Decider(name="twin", accuracy=accuracy, log_loss=0.8, brier=0.6),
        beside=(),
        expected_calibration_error=0.1,
        calibration_error_by_chance=0.1,
        reliability=(),
        order_flips=0,
        twin_entropy=0.6,
        owner_entropy=0.6,
        **against,
    )
    return DecisionFigures(temperature=1, deals=deals)


BETTER = comparison("in_service", "held_out", -0.5, -0.3)
TIE = comparison("in_service", "held_out", -0.1, 0.1)
# Metrics that one gate alone refuses, by its name.
REFUSED: Mapping[str, Metrics] = {
    "enough examples": measured(20, n_examples=1),
    "better than the base": measured(50),
    "no regression": measured(20, 15),
    "held-out examples not learned": measured(20, provenance=Provenance(overlap="thread t1")),
    "provenance.surplus": measured(20, provenance=Provenance(surplus=1)),
    "generalisation.share": measured(
        20, generalisation=Generalisation(share=0.1, excess=interval(-2, -1))
    ),
    "generalisation.excess": measured(
        20, generalisation=Generalisation(share=1.5, excess=interval(0.1, 1))
    ),
    "comparisons.base.newest": measured(20, None, [comparison("base", "newest", 0.1, 0.2)]),
    "comparisons.base.frozen": measured(20, None, [comparison("base", "frozen", 0.1, 0.2)]),
    "comparisons.in_service.newest": measured(
        20, 20, [BETTER, comparison("in_service", "newest", 0.1, 0.2)]
    ),
    "comparisons.in_service.frozen": measured(
        20, 20, [BETTER, comparison("in_service", "frozen", 0.1, 0.2)]
    ),
    "worth a release": measured(20, 20, [TIE]),
    "text.skills.difference": measured(20, text=forgetful(-0.3, -0.06)),
    "personality.bleed.p_value": measured(20, personality=bleeding("health")),
    "memorisation.leaks": measured(20, memorisation=repeating(leaks=1, beyond_owner=False)),
    "memorisation.beyond_owner": measured(20, memorisation=repeating(leaks=0, beyond_owner=True)),
    "decisions.deals.against_majority": measured(
        20, decisions=deciding(against_majority=interval(0.1, 0.2))
    ),
    "decisions.deals.against_in_service": measured(
        20, decisions=deciding(against_in_service=interval(0.1, 0.2))
    ),
    "text.skills.n": measured(20),
}
OWN = Limit(metric="text.skills.n", at_least=1, required=True)


def decided(gate: str) -> GateDecision:
    decision = apply_gates(REFUSED[gate], Gates(limits=[OWN] if gate == OWN.metric else []))
    assert [result.gate for result in decision.gates if not result.passed] == [gate]
    return decision


@pytest.mark.parametrize("gate", REFUSED)
def test_an_operator_must_say_why_a_version_that_a_gate_refused_is_released(
    registry: Registry, add_version: AddVersion, gate: str
) -> None:
    decision = decided(gate)
    [result] = [each for each in decision.gates if each.gate == gate]
    add_version("v1.0", gate=decision)
    with pytest.raises(MaverickError, match="is not released") as refusal:
        registry.release("robbie", "v1.0")
    assert result.reason in str(refusal.value)
    with pytest.raises(BadInput, match="an override needs a reason"):
        registry.release("robbie", "v1.0", " ")
    assert registry.in_service("robbie") is None
    released = registry.release("robbie", "v1.0", "seen by hand")
    assert released.state == "released"
    assert released.gate == decision.model_copy(update={"override": "seen by hand"})


def test_each_gate_of_every_recipe_is_overridden_here() -> None:
    names = {result.gate for result in apply_gates(measured(20), Gates()).gates}
    assert names <= REFUSED.keys()


def test_a_twin_that_decides_a_little_worse_on_few_deals_is_not_refused() -> None:
    """The interval holds a loss within the margin."""
    figures = deciding(against_majority=interval(0.04, 0.5), against_in_service=interval(-0.1, 0.3))
    assert apply_gates(measured(20, decisions=figures), Gates()).passed
