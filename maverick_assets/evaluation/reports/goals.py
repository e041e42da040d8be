"""The goals that the mission sets for a twin, each beside what was measured.

A goal without a figure says what is missing to measure it.
"""

import math
from dataclasses import dataclass

from maverick_assets.evaluation.reports.tables import shown
from maverick_assets.figures.figure import Interval
from maverick_assets.figures.people import PeopleFigures
from maverick_assets.registry.manifest import Manifest

_LAST_STEPS = 20  # of a training whose mean is its training loss


@dataclass(frozen=True)
class Goal:
    """A goal, and how far a version is."""

    name: str
    goal: str
    measured: str
    reached: bool | None  # None where it was not measured


def goals_of(manifest: Manifest, people: PeopleFigures | None) -> list[Goal]:
    """The goals of one version. `people` says what was judged so far."""
    metrics = manifest.metrics
    deals = metrics.decisions.deals if metrics and metrics.decisions else None
    voice = metrics.personality.consistency if metrics and metrics.personality else None
    loss = metrics.adapter.loss if metrics else None
    perplexity = metrics.adapter.perplexity if metrics else None
    return [
        _at_least(
            "decision matching",
            0.9,
            deals.twin.accuracy if deals else None,
            "no decision of his is held out; it needs more deals with an outcome",
        ),
        _at_least(
            "user satisfaction",
            0.95,
            people.satisfaction if people else None,
            "no answer in use was rated; rate answers on the page or over the API",
        ),
        Goal(
            "automation",
            "80 %",
            "not measured: Maverick sends nothing by itself, so nobody counts what was sent "
            "unchanged",
            None,
        ),
        _below("training loss", 0.5, _training_loss(manifest), "nats a token"),
        _below("validation loss", 0.6, loss, "nats a token"),
        _below("perplexity", 10, perplexity, ""),
        Goal(
            "response accuracy",
            "",
            _preference(people),
            None,
        ),
        _at_least(
            "personality consistency",
            0.9,
            voice.candidate if voice else None,
            "no classifier of the personalities; it needs texts of at least two",
        ),
        Goal(
            "business value",
            "",
            "not measured: it needs the owner's own count of hours or deals",
            None,
        ),
    ]


def _at_least(name: str, goal: float, figure: Interval | None, missing: str) -> Goal:
    if figure is None or not math.isfinite(figure.value):
        return Goal(name, f"{goal:.0%}", f"not measured: {missing}", None)
    return Goal(name, f"{goal:.0%}", f"{shown(figure)}, n {figure.n}", figure.value >= goal)


def _below(name: str, goal: float, figure: float | None, unit: str) -> Goal:
    text = f"below {goal:g} {unit}".strip()
    if figure is None or not math.isfinite(figure):
        return Goal(name, text, "not measured: the version was not evaluated", None)
    return Goal(name, text, f"{figure:.3g}", figure < goal)


def _training_loss(manifest: Manifest) -> float | None:
    """Mean of the last steps' losses; a single step is one mail, and says little."""
    if manifest.training is None or not manifest.training.losses:
        return None
    last = [loss for _, loss in manifest.training.losses[-_LAST_STEPS:] if math.isfinite(loss)]
    return sum(last) / len(last) if last else None


def _preference(people: PeopleFigures | None) -> str:
    if people is None or "version" not in people.ratings:
        return "not measured: nobody judged its answers blind; maverick rate asks for it"
    rating, taken = people.ratings["version"], people.taken_for_owner["version"]
    return f"{shown(rating)} of 10 when judged blind, taken for the owner's in {shown(taken)}"
