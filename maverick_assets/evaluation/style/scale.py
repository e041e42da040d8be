"""The scale of a measure: 0 is the best reference, 1 the owner himself; intervals by thread.

Threads, not texts, are drawn again (a cluster bootstrap: Davison and Hinkley 1997, 3.8), because
texts of one thread are alike. Sides that answer the same prompts are drawn alike, so that what is
compared is who answers and not which prompts were drawn.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from maverick_assets.evaluation.gates.paired import MIN_THREADS
from maverick_assets.evaluation.style.blocks import Array, Rng, StyleText
from maverick_assets.figures.figure import Interval
from maverick_assets.figures.style import SubScore

OWNER, CANDIDATE, PACK = "owner", "candidate", "prompt_pack"
# As a report calls them.
_IN_WORDS = {
    PACK: "the base with examples of his",
    "base": "the base",
    "other": "another personality",
}
DRAWS = 200
_TAILS = (2.5, 97.5)  # percentiles of a 95 % interval


@dataclass
class Draw:
    """One drawing of threads: the places of the texts that are in, for each side."""

    rng: Rng
    is_whole: bool = False  # all texts, once each
    _places: dict[tuple[str, ...], Array] = field(default_factory=dict)

    def places(self, threads: Sequence[str]) -> Array:
        """Places among the texts of these threads; the same for sides of the same threads."""
        key = tuple(threads)
        if key not in self._places:
            self._places[key] = self._drawn(key)
        return self._places[key]

    def _drawn(self, threads: tuple[str, ...]) -> Array:
        if self.is_whole:
            return np.arange(len(threads))
        texts_of: dict[str, list[int]] = {}
        for at, thread in enumerate(threads):
            texts_of.setdefault(thread, []).append(at)
        names = list(texts_of)
        chosen = self.rng.integers(0, len(names), len(names))
        return np.asarray([at for name in chosen for at in texts_of[names[name]]], int)


Measure = Callable[[str, Draw], float]  # of a side; NaN where it has too little text


@dataclass(frozen=True)
class Measured:
    """A measure of each side: on all texts, and on each drawing of threads."""

    whole: Mapping[str, float]
    draws: Mapping[str, Array]
    n_threads: int  # of the owner's held-out texts


def measure_sides(
    measure: Measure, sides: Sequence[str], held_out: Sequence[StyleText], seed: int
) -> Measured:
    """A measure of all sides with the same drawings. Sides with too little text are left out."""
    whole = Draw(np.random.default_rng(seed), is_whole=True)
    values = {side: measure(side, whole) for side in sides}
    usable = [side for side in sides if not math.isnan(values[side])]
    draws = [Draw(np.random.default_rng([seed, number])) for number in range(DRAWS)]
    return Measured(
        {side: values[side] for side in usable},
        {side: np.asarray([measure(side, draw) for draw in draws]) for side in usable},
        len({text.thread for text in held_out}),
    )


def sub_score(measured: Measured, nearer: int) -> SubScore:
    """The score of the candidate. `nearer`: 1 where more is nearer to the owner, -1 where less is.

    There is none where a side has too little text, the threads are too few, or the owner is no
    nearer to himself than the best reference is, beyond the interval: there is no scale between.
    """
    whole = measured.whole
    references = {side: whole[side] for side in whole if side not in (OWNER, CANDIDATE)}
    raw = SubScore(
        candidate=whole.get(CANDIDATE, math.nan),
        owner=whole.get(OWNER, math.nan),
        references=references,
    )
    missing = [side for side in (OWNER, CANDIDATE) if side not in whole]
    if missing:
        return raw.model_copy(update={"reason": f"too little text of: {', '.join(missing)}"})
    if not references:
        return raw.model_copy(update={"reason": "no reference with enough text"})
    n = measured.n_threads
    if n < MIN_THREADS:
        return raw.model_copy(update={"reason": f"threads, too few for an interval: {n}"})
    zero = max(references, key=lambda side: nearer * references[side])
    gap = nearer * (whole[OWNER] - whole[zero])
    gaps = nearer * (measured.draws[OWNER] - measured.draws[zero])
    gap_interval = interval(gap, gaps, n)
    if not gap_interval.low > 0:
        name = _IN_WORDS.get(zero, zero)
        reason = f"{name} is as near to the owner's training texts as his held-out ones are"
        return raw.model_copy(update={"zero": zero, "reason": reason})

    def above(side: str, other: str) -> Interval:
        """The side's score minus the other's."""
        value = nearer * (whole[side] - whole[other]) / gap
        draws = nearer * (measured.draws[side] - measured.draws[other])
        # Relative to the whole gap: that of a drawing may be close to 0.
        return interval(value, draws / gap, n)

    on_scale = {side: above(side, zero) for side in whole}
    score = on_scale[CANDIDATE]
    # In this order, because what is not a number must stay so: min(1.0, nan) is 1.
    capped = {name: min(getattr(score, name), 1.0) for name in ("value", "low", "high")}
    return raw.model_copy(
        update={
            "zero": zero,
            "score": score.model_copy(update=capped),
            "on_scale": on_scale,
            "above_pack": above(CANDIDATE, PACK) if PACK in references else None,
        }
    )


def interval(value: float, draws: Array, n_threads: int) -> Interval:
    """95 % around `value`: percentiles of the drawings, moved so that their median is `value`.

    A drawing has fewer different texts than all, which alone makes distances larger. With fewer
    than `MIN_THREADS` threads, low and high are nan: of one thread each drawing is the same.
    """
    known = draws[~np.isnan(draws)]
    if not len(known) or n_threads < MIN_THREADS:
        return Interval(value=value, low=math.nan, high=math.nan, n=n_threads)
    low, middle, high = np.percentile(known, [_TAILS[0], 50, _TAILS[1]])
    return Interval(
        value=value,
        low=float(value - middle + low),
        high=float(value - middle + high),
        n=n_threads,
    )
