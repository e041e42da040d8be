"""`measure_decisions`: the figures of a candidate's decisions."""

import hashlib
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

from maverick_assets.base_model.tokenizer import ChatTokenizer
from maverick_assets.decisions.options import checked_options
from maverick_assets.decisions.own_decisions import decisions_among
from maverick_assets.decisions.stances import STANCES
from maverick_assets.decisions.weighing import own_rates, probabilities
from maverick_assets.evaluation.decisions import rivals
from maverick_assets.evaluation.decisions.cases import (
    DEAL_OPTIONS,
    Decided,
    Kind,
    deal_decisions,
    mail_decisions,
)
from maverick_assets.evaluation.decisions.phrase_scores import ScoreRows, option_gains
from maverick_assets.evaluation.decisions.sample_owner import Habit, known_owner
from maverick_assets.evaluation.decisions.scores import (
    calibration_error_by_chance,
    choice_counts,
    decider,
    entropy,
    expected_calibration_error,
    fitted_temperature,
    reliability,
    share_right,
    taken,
)
from maverick_assets.evaluation.evidence import Arm, Evidence
from maverick_assets.figures.decisions import (
    DecisionFigures,
    DecisionScores,
    HabitFigures,
)

MOST = 100  # held-out decisions of a kind in one evaluation
FEWEST = 10  # of which figures say anything; also of those that were learnt from
_BESIDE: tuple[Arm, ...] = ("base", "other")
DECIDING_ARMS: tuple[Arm, ...] = ("candidate", *_BESIDE)
_log = logging.getLogger(__name__)

Rates = Sequence[list[float] | None]  # the owner's rate of each option, for each case


@dataclass(frozen=True)
class Deciders:
    """The models that decide, each by its scores of phrases, and how they read text."""

    score: Mapping[Arm, ScoreRows]  # "candidate", and of "base" and "other" those that there are
    tokenizer: ChatTokenizer


def measure_decisions(
    evidence: Evidence, models: Deciders, *, ceiling: float | None = None, most: int = MOST
) -> DecisionFigures | None:
    """How well the candidate decides as its owner did; None where too little is held out.

    At most `most` decisions of each kind are scored, those of the lowest ids, which are hashes.
    `ceiling`: how often the owner decides as he did when he is asked again; that of the sample's
    owner is known. A temperature that scores a case was fitted on others: the cases are divided by
    thread into two halves, and each is scored with what the other fitted.
    """
    spec = evidence.spec
    owner = known_owner(spec.owner_emails)
    kinds, stances = _kinds(evidence, most)
    results = {
        kind.name: _measured(kind, models, spec.max_length, owner.ceiling if owner else ceiling)
        for kind in kinds
        if _is_enough(kind, spec.personality)
    }
    if not results:
        return None
    first = next(iter(results.values()))
    deals, mails = results.get("deals"), results.get("mails")
    return DecisionFigures(
        temperature=first.temperature,
        deals=deals.scores if deals else None,
        mails=mails.scores if mails else None,
        mail_stances=stances,
        habit=_habit_figures(deals, owner.habit) if deals and owner else None,
    )


@dataclass(frozen=True)
class _Measured:
    kind: Kind
    predictions: Sequence[list[float]]  # of the twin
    scores: DecisionScores
    temperature: float


def _kinds(evidence: Evidence, most: int) -> tuple[list[Kind], dict[str, int]]:
    lake = evidence.spec.lake
    train, held_out = (
        deal_decisions(decisions_among(some, lake)) for some in (evidence.train, evidence.examples)
    )
    learnt, _ = mail_decisions(evidence.train)
    asked, counts = mail_decisions(evidence.examples)
    kinds = [
        Kind("deals", DEAL_OPTIONS, _by_id(train), _by_id(held_out)[:most]),
        Kind("mails", STANCES, _by_id(learnt), _by_id(asked)[:most]),
    ]
    return kinds, dict(sorted(counts.items()))


def _by_id(decided: Sequence[Decided]) -> list[Decided]:
    """As a dataset is read for serving."""
    return sorted(decided, key=lambda each: each.own.example.example_id)


def _is_enough(kind: Kind, personality: str) -> bool:
    enough = min(len(kind.train), len(kind.held_out)) >= FEWEST
    if not enough and (kind.train or kind.held_out):
        _log.info(
            f"{personality}: decisions of {kind.name} are not measured: {len(kind.held_out)} held "
            f"out and {len(kind.train)} learnt from; {FEWEST} of each say something"
        )
    return enough


def _measured(kind: Kind, models: Deciders, max_length: int, ceiling: float | None) -> _Measured:
    truths = [each.truth for each in kind.held_out]
    by_near = rivals.nearest_cases(kind)
    rates: Rates = [
        own_rates(kind.options, p[0]) if kind.name == "deals" else None for p in by_near
    ]
    gains = {
        arm: option_gains(kind, models.tokenizer, score, max_length)
        for arm, score in models.score.items()
        if arm in DECIDING_ARMS
    }
    weighed = {arm: cross_fitted(kind, some, rates) for arm, some in gains.items()}
    predictions, temperature = weighed["candidate"]
    alone, _ = cross_fitted(kind, gains["candidate"], [None] * len(truths))
    beside: dict[str, Sequence[list[float]]] = {
        "majority": rivals.majority(kind),
        **({"rate of the stage": rivals.stage_rate(kind)} if kind.name == "deals" else {}),
        "logistic regression": rivals.regression(kind),
        "nearest decisions": by_near,
        "twin without rates": alone,
        **{arm: weighed[arm][0] for arm in _BESIDE if arm in weighed},
    }
    bins = reliability(predictions, truths)
    twin = [taken(each) for each in predictions]
    flips = _order_flips(kind, gains["candidate"], rates, temperature)
    scores = DecisionScores(
        options=kind.options,
        twin=decider("twin", predictions, truths),
        beside=tuple(decider(name, each, truths) for name, each in beside.items()),
        ceiling=ceiling,
        expected_calibration_error=expected_calibration_error(bins),
        calibration_error_by_chance=calibration_error_by_chance(predictions),
        reliability=bins,
        order_flips=flips,
        twin_entropy=entropy(choice_counts(twin, len(kind.options))),
        owner_entropy=entropy(choice_counts(truths, len(kind.options))),
    )
    return _Measured(kind, predictions, scores, temperature)


def cross_fitted(
    kind: Kind, gains: Sequence[Sequence[float]], rates: Rates
) -> tuple[list[list[float]], float]:
    """Each case's probabilities, with a temperature that other cases fitted; and that of all."""
    truths = [each.truth for each in kind.held_out]
    halves = [_half(each.thread_id) for each in kind.held_out]
    logs = [
        [math.log(rate) for rate in some] if some else [0.0] * len(kind.options) for some in rates
    ]

    def fitted(rows: Sequence[int]) -> float:
        if not rows:
            return 1.0
        return fitted_temperature(
            [gains[at] for at in rows], [logs[at] for at in rows], [truths[at] for at in rows]
        )

    everything = range(len(truths))
    of_half = [fitted([at for at in everything if halves[at] != half]) for half in (0, 1)]
    predictions = [
        probabilities(some, [0.0] * len(some), rate, of_half[half])
        for some, rate, half in zip(gains, rates, halves, strict=True)
    ]
    return predictions, fitted(everything)


def _half(thread_id: str) -> int:
    return hashlib.sha256(thread_id.encode()).digest()[0] % 2


def _order_flips(
    kind: Kind, gains: Sequence[Sequence[float]], rates: Rates, temperature: float
) -> int:
    """Decisions that depend on the order in which the options are named."""
    flips = 0
    for some, rate in zip(gains, rates, strict=True):
        gain_of = dict(zip(kind.options, some, strict=True))
        rate_of = dict(zip(kind.options, rate, strict=True)) if rate else None
        choices = set()
        for order in permutations(kind.options):
            asked = checked_options(order)
            given = [gain_of[option] for option in asked]  # type: ignore[index]
            own = [rate_of[option] for option in asked] if rate_of else None  # type: ignore[index]
            shares = probabilities(given, [0.0] * len(given), own, temperature)
            choices.add(asked[taken(shares)])
        flips += len(choices) > 1
    return flips


def _habit_figures(deals: _Measured, habit: Habit) -> HabitFigures | None:
    """How often the twin follows a habit in the held-out cases to which it applies."""
    wanted = deals.kind.options.index(habit.decision)
    cases = [
        (taken(p) == wanted, each.truth == wanted)
        for each, p in zip(deals.kind.held_out, deals.predictions, strict=True)
        if habit.applies(each.case)
    ]
    if not cases:
        return None
    return HabitFigures(
        habit=habit.text,
        followed=share_right([followed for followed, _ in cases]),
        by_rules=habit.by_rules,
        by_owner=sum(own for _, own in cases) / len(cases),
    )
