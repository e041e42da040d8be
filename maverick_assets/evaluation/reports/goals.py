"""The goals that the mission sets for a twin, each beside what was measured.

A goal without a figure says what is missing to measure it, and which command gets it.
"""

import math
from dataclasses import dataclass

from maverick_assets.evaluation.reports.tables import shown
from maverick_assets.figures.figure import Interval
from maverick_assets.figures.people import PeopleFigures
from maverick_assets.figures.personality import Consistency
from maverick_assets.registry.manifest import Manifest

_LAST_STEPS = 20  # of a training whose mean is its training loss


@dataclass(frozen=True)
class Goal:
    """A goal, and how far a version is: what was measured, or what is missing to measure it."""

    name: str
    goal: str  # empty where the mission names no figure
    measured: str = ""
    reached: bool | None = None  # None where it was not measured, or the goal has no figure
    missing: str = ""


def goals_of(manifest: Manifest, people: PeopleFigures | None) -> list[Goal]:
    """The goals of one version. `people` says what was judged so far."""
    metrics = manifest.metrics
    deals = metrics.decisions.deals if metrics and metrics.decisions else None
    voice = metrics.personality.consistency if metrics and metrics.personality else None
    score = metrics.adapter if metrics else None
    evaluated = "the version was not evaluated; the weekly and the monthly job evaluate"
    return [
        _at_least(
            "decision matching",
            0.9,
            deals.twin.accuracy if deals else None,
            "too few decisions of the owner are held out: it needs 10 deals that were won or lost, "
            "and 10 to learn from, in the table crm_deals; then `maverick run weekly`",
        ),
        _at_least(
            "user satisfaction",
            0.95,
            people.satisfaction if people else None,
            "no answer in use was rated: rate answers on the page of `maverick serve`, then "
            "`maverick run ingest`",
        ),
        Goal(
            "automation",
            "80 %",
            missing="Maverick sends nothing by itself, so it does not see what was sent unchanged: "
            "the program that sends must count it. Corrections are counted "
            "(`lake/metrics/days`)",
        ),
        _below(
            "training loss",
            0.5,
            _training_loss(manifest),
            "nats a token",
            "the manifest has no training; `maverick run weekly` trains",
        ),
        _below("validation loss", 0.6, score.loss if score else None, "nats a token", evaluated),
        _below("perplexity", 10, score.perplexity if score else None, "", evaluated),
        _preference(people),
        _consistency(voice),
        Goal(
            "business value",
            "",
            missing="the owner's own count of hours or deals, which no table of the CRM holds",
        ),
    ]


def _at_least(name: str, goal: float, figure: Interval | None, missing: str) -> Goal:
    if figure is None or not math.isfinite(figure.value):
        return Goal(name, f"{goal * 100:.0f} %", missing=missing)
    measured = f"{shown(figure)}, n {figure.n}"
    return Goal(name, f"{goal * 100:.0f} %", measured, figure.value >= goal)


def _below(name: str, goal: float, figure: float | None, unit: str, missing: str) -> Goal:
    text = f"below {goal:g} {unit}".strip()
    if figure is None or not math.isfinite(figure):
        return Goal(name, text, missing=missing)
    return Goal(name, text, f"{figure:.3g}", figure < goal)


def _training_loss(manifest: Manifest) -> float | None:
    """Mean of the last steps' losses; a single step is one mail, and says little."""
    if manifest.training is None or not manifest.training.losses:
        return None
    last = [loss for _, loss in manifest.training.losses[-_LAST_STEPS:] if math.isfinite(loss)]
    return sum(last) / len(last) if last else None


def _preference(people: PeopleFigures | None) -> Goal:
    if people is None or "version" not in people.ratings:
        missing = "nobody judged its answers blind: `maverick rate NAME`"
        return Goal("response accuracy", "", missing=missing)
    rating, taken = people.ratings["version"], people.taken_for_owner["version"]
    text = f"{shown(rating)} of 10 when judged blind, taken for the owner's in {shown(taken)}"
    return Goal("response accuracy", "", text)


def _consistency(voice: Consistency | None) -> Goal:
    if voice is None or not math.isfinite(voice.candidate.value):
        missing = (
            "no classifier of the personalities: it needs the texts of at least two, 20 to learn "
            "from and 3 held out each"
        )
        return Goal("personality consistency", "", missing=missing)
    text = f"{shown(voice.candidate)}; of its own held-out texts {shown(voice.own)}"
    return Goal("personality consistency", "", text)
