"""Whether the ratings of the version in service have fallen: what a retraining is asked for by."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt
from statistics import NormalDist, fmean

MIN_RATINGS = 12  # on each side
MIN_FALL = 0.5  # points of 10: less is not worth a training, however certain it is
# One-sided. The test is made every night, so that chance has many tries: with 0.002, 2 % of steady
# versions are asked to be trained again within three months (docs/operations.md).
ALPHA = 0.002
FIRST = timedelta(days=28)  # a version's own beginning, where no version was before it
RECENT = timedelta(days=28)  # what it is judged by


@dataclass(frozen=True)
class Rated:
    """A rating of an answer."""

    at: datetime
    rating: int  # 1 to 10


@dataclass(frozen=True)
class Fall:
    """Ratings that have fallen: of how many, by how much, and how likely by chance."""

    ratings: int
    mean: float
    mean_before: float
    p_value: float

    @property
    def reason(self) -> str:
        return (
            f"{self.ratings} ratings, {self.mean:.1f} of 10 on average, were "
            f"{self.mean_before:.1f} before (p = {self.p_value:.1g})"
        )


def fall_of(current: Sequence[Rated], before: Sequence[Rated], now: datetime) -> Fall | None:
    """How a version's recent ratings have fallen; None while they have not.

    They are compared with those of the version `before` it, or, where that has too few, with those
    of the version's own first weeks. None also for too few ratings. Nobody is told twice: the
    caller asks once for each version.
    """
    recent = [each for each in current if now - each.at <= RECENT]
    if len(before) < MIN_RATINGS and current:
        end = min(each.at for each in current) + FIRST
        before = [each for each in current if each.at < end]
        recent = [each for each in recent if each.at >= end]
    if min(len(recent), len(before)) < MIN_RATINGS:
        return None
    new, old = ([each.rating for each in side] for side in (recent, before))
    p_value = rank_sum(new, old)
    if p_value >= ALPHA or fmean(old) - fmean(new) < MIN_FALL:
        return None
    return Fall(len(new), fmean(new), fmean(old), p_value)


def rank_sum(lower: Sequence[float], higher: Sequence[float]) -> float:
    """One-sided p-value that `lower` has lower values: Mann and Whitney's U (1947).

    Normal approximation with ties and continuity corrected; each side has at least
    `MIN_RATINGS`. Ratings have no normal distribution, and few people use the whole scale: ranks
    need neither. 1 where all values are the same.
    """
    n, m = len(lower), len(higher)
    values = sorted([*lower, *higher])
    ranks: dict[float, float] = {}
    ties = 0.0
    for value in set(values):
        first, count = values.index(value) + 1, values.count(value)
        ranks[value] = first + (count - 1) / 2
        ties += count**3 - count
    statistic = sum(ranks[value] for value in lower) - n * (n + 1) / 2
    spread = sqrt(n * m / 12 * ((n + m + 1) - ties / ((n + m) * (n + m - 1))))
    if spread == 0:
        return 1.0
    return NormalDist().cdf((statistic + 0.5 - n * m / 2) / spread)
