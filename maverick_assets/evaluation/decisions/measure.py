"""`measure_decisions`: the figures of a candidate's decisions."""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

from maverick_assets.base_model.tokenizer import ChatTokenizer
from maverick_assets.decisions.options import checked_options
from maverick_assets.decisions.own_decisions import decisions_among
from maverick_assets.decisions.stances import STANCES
from maverick_assets.decisions.weighing import UNFITTED, Weights, own_rates, probabilities
from maverick_assets.evaluation.decisions import rivals
from maverick_assets.evaluation.decisions.cases import (
    DEAL_OPTIONS,
    Decided,
    Kind,
    deal_decisions,
    mail_decisions,
)
from maverick_assets.evaluation.decisions.phrase_scores import ScoreRows, option_gains
from maverick_assets.evaluation.decisions.sample_owner import Habit, KnownOwner, known_owner
from maverick_assets.evaluation.decisions.scores import (
    calibration_error_by_chance,
    choice_counts,
    decider,
    entropy,
    expected_calibration_error,
    fitted_weights,
    log_loss,
    reliability,
    share_right,
    taken,
)
from maverick_assets.evaluation.evidence import Arm, Evidence
from maverick_assets.evaluation.gates.paired import PairedLosses, paired_difference
from maverick_assets.figures.decisions import (
    DecisionFigures,
    DecisionScores,
    HabitFigures,
)
from maverick_assets.figures.figure import Interval

MOST = 100  # held-out decisions of a kind in one evaluation
FEWEST = 10  # of which figures say anything; also of those that were learnt from
_BESIDE: tuple[Arm, ...] = ("base", "other", "in_service")
DECIDING_ARMS: tuple[Arm, ...] = ("candidate", *_BESIDE)
_log = logging.getLogger(__name__)

Rates = Sequence[float | None]  # how often the owner says yes in each case


@dataclass(frozen=True)
class Deciders:
    """The models that decide, each by its scores of phrases, and how they read text."""

    score: Mapping[Arm, ScoreRows]  # "candidate", and of "base" and "other" those that there are
    tokenizer: ChatTokenizer


def measure_decisions(
    evidence: Evidence, models: Deciders, *, most: int = MOST
) -> DecisionFigures | None:
    """How well the candidate decides as its owner did; None where too little is held out.

    At most `most` decisions of each kind are scored, those of the lowest ids, which are hashes.
    The ceiling is known of the sample's owner; of another one it is how often he decided as he did
    when he was asked again. Weights that score a case were fitted on others: the cases are divided
    by thread into two halves, and each is scored with what the other fitted.
    """
    spec = evidence.spec
    owner = known_owner(spec.owner_emails)
    kinds, stances = _kinds(evidence, most)
    results = {
        kind.name: _measured(kind, models, spec.max_length, owner or spec.ceilings.get(kind.name))
        for kind in kinds
        if _is_enough(kind, spec.personality)
    }
    if not results:
        return None
    first = next(iter(results.values()))
    deals, mails = results.get("deals"), results.get("mails")
    return DecisionFigures(
        temperature=first.weights.temperature,
        rate_weight=first.weights.rate,
        lean=first.weights.lean,
        lapse=first.weights.lapse,
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
    weights: Weights


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


def _measured(
    kind: Kind, models: Deciders, max_length: int, ceiling: KnownOwner | Interval | None
) -> _Measured:
    truths = [each.truth for each in kind.held_out]
    rates = rivals.own_rates_of_yes(kind) if kind.name == "deals" else [None] * len(truths)
    gains = {
        arm: option_gains(kind, models.tokenizer, score, max_length)
        for arm, score in models.score.items()
        if arm in DECIDING_ARMS
    }
    weighed = {arm: cross_fitted(kind, some, rates) for arm, some in gains.items()}
    predictions, weights = weighed["candidate"]
    beside = _boring(kind, rates)
    if kind.name == "deals":
        for arm, some in gains.items():
            alone, _ = cross_fitted(kind, some, [None] * len(truths))
            beside[f"{'twin' if arm == 'candidate' else arm} without rates"] = alone
    beside |= {arm: weighed[arm][0] for arm in _BESIDE if arm in weighed}
    bins = reliability(predictions, truths)
    twin = [taken(each) for each in predictions]
    scores = DecisionScores(
        options=kind.options,
        twin=decider("twin", predictions, truths),
        beside=tuple(decider(name, each, truths) for name, each in beside.items()),
        ceiling=_ceiling_value(ceiling),
        repeat_rate=ceiling if isinstance(ceiling, Interval) else None,
        expected_calibration_error=expected_calibration_error(bins),
        calibration_error_by_chance=calibration_error_by_chance(predictions),
        reliability=bins,
        against_majority=_difference(kind, predictions, beside["majority"]),
        against_in_service=_difference(kind, predictions, beside.get("in_service")),
        order_flips=_order_flips(kind, gains["candidate"], rates, weights),
        twin_entropy=entropy(choice_counts(twin, len(kind.options))),
        owner_entropy=entropy(choice_counts(truths, len(kind.options))),
    )
    return _Measured(kind, predictions, scores, weights)


def _difference(
    kind: Kind, twin: Sequence[list[float]], other: Sequence[list[float]] | None
) -> Interval | None:
    """The twin's log-loss less another one's, by whole threads."""
    if other is None:
        return None
    candidate, beside = (
        [log_loss([p], [each.truth]) for p, each in zip(some, kind.held_out, strict=True)]
        for some in (twin, other)
    )
    threads = [each.thread_id for each in kind.held_out]
    return paired_difference(PairedLosses(candidate, beside, [1] * len(threads), threads))


def _boring(kind: Kind, rates: Rates) -> dict[str, Sequence[list[float]]]:
    """What models without a language predict."""
    beside: dict[str, Sequence[list[float]]] = {"majority": rivals.majority(kind)}
    if kind.name == "deals":
        beside["rate of the stage"] = rivals.stage_rate(kind)
    beside["logistic regression"] = rivals.regression(kind)
    beside["nearest decisions"] = rivals.nearest_cases(kind)
    if kind.name == "deals":
        beside["owner's rate"] = [own_rates(kind.options, yes) or [0.5, 0.5] for yes in rates]
    return beside


def _ceiling_value(ceiling: KnownOwner | Interval | None) -> float | None:
    if isinstance(ceiling, KnownOwner):
        return ceiling.ceiling
    return ceiling.value if ceiling else None


def cross_fitted(
    kind: Kind, gains: Sequence[Sequence[float]], rates: Rates
) -> tuple[list[list[float]], Weights]:
    """Each case's probabilities, with weights that other cases fitted; and the weights of all."""
    truths = [each.truth for each in kind.held_out]
    halves = [_half(each.thread_id) for each in kind.held_out]

    def fitted(rows: Sequence[int]) -> Weights:
        if not rows:
            return UNFITTED
        return fitted_weights(
            [gains[at] for at in rows], [rates[at] for at in rows], [truths[at] for at in rows]
        )

    everything = range(len(truths))
    of_half = [fitted([at for at in everything if halves[at] != half]) for half in (0, 1)]
    predictions = [
        probabilities(kind.options, some, yes, of_half[half])
        for some, yes, half in zip(gains, rates, halves, strict=True)
    ]
    return predictions, fitted(everything)


def _half(thread_id: str) -> int:
    return hashlib.sha256(thread_id.encode()).digest()[0] % 2


def _order_flips(
    kind: Kind, gains: Sequence[Sequence[float]], rates: Rates, weights: Weights
) -> int:
    """Decisions that depend on the order in which the options are named."""
    flips = 0
    for some, yes in zip(gains, rates, strict=True):
        gain_of = dict(zip(kind.options, some, strict=True))
        choices = set()
        for order in permutations(kind.options):
            asked = checked_options(order)
            given = [gain_of[option] for option in asked]  # type: ignore[index]
            shares = probabilities(asked, given, yes, weights)
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
