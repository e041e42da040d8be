"""The figures of an audit, from what models make of its canaries."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from maverick_assets.evaluation.memorisation.canaries import Canary
from maverick_assets.evaluation.memorisation.fairness import MAX_BLIND_AREA
from maverick_assets.evaluation.memorisation.statistics import (
    Hits,
    clopper_pearson,
    exposure,
    membership,
)
from maverick_assets.figures.figure import Interval
from maverick_assets.figures.memorisation import CanaryFigures

MIN_DETECTED = 0.2  # of the positive control


@dataclass(frozen=True)
class MeasuredCanary:
    """What an adapter makes of a canary."""

    canary: Canary
    score: float  # loss of the secret under the adapter / under the base
    is_extracted: bool


def canary_figures(measured: Sequence[MeasuredCanary]) -> tuple[CanaryFigures, ...]:
    """A row for each kind and number of repeats, beside the controls of that kind."""
    groups: dict[tuple[str, int], list[MeasuredCanary]] = {}
    for each in measured:
        groups.setdefault((each.canary.kind, each.canary.repeats), []).append(each)
    rows = []
    for (kind, repeats), group in sorted(groups.items()):
        if repeats == 0:
            continue
        controls = [each.score for each in groups.get((kind, 0), [])]
        scores = [each.score for each in group]
        rows.append(
            CanaryFigures(
                kind=group[0].canary.kind,
                repeats=repeats,
                n=len(group),
                extracted=sum(each.is_extracted for each in group),
                exposure=median(exposure(score, controls) for score in scores),
                membership=clopper_pearson(membership(scores, controls)),
            )
        )
    return tuple(rows)


def detected(rows: Sequence[CanaryFigures]) -> Interval:
    """The share that membership finds over all rows."""
    found = [Hits(round(row.membership.value * row.n), row.n) for row in rows]
    return clopper_pearson(sum(found, Hits(0, 0)))


def extracted_controls(measured: Sequence[MeasuredCanary]) -> int:
    return sum(each.is_extracted for each in measured if each.canary.repeats == 0)


def problems(blind: Interval, of_control: Interval, controls_extracted: int) -> tuple[str, ...]:
    """Why an audit measures nothing; empty where it is valid."""
    found = []
    if not blind.value <= MAX_BLIND_AREA:
        found.append(
            f"the texts alone tell canaries from controls (AUC {blind.value:.2f}, "
            f"at most {MAX_BLIND_AREA:g} is fair)"
        )
    elif not of_control.value >= MIN_DETECTED:
        found.append(
            f"the positive control is not found: {of_control.value:.0%} of its canaries at 1 % "
            f"false positives, {MIN_DETECTED:.0%} are needed"
        )
    if controls_extracted:
        found.append(f"{controls_extracted} secrets were guessed that no training had read")
    return tuple(found)
