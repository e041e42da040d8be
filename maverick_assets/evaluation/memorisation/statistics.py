"""Statistics of membership: exposure, true positives at few false positives, exact intervals."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from maverick_assets.figures.figure import Interval

CONFIDENCE = 0.95
FALSE_POSITIVES = 0.01


@dataclass(frozen=True)
class Hits:
    """How many of `n` were found."""

    count: int
    n: int

    def __add__(self, other: "Hits") -> "Hits":
        return Hits(self.count + other.count, self.n + other.n)


def clopper_pearson(hits: Hits) -> Interval:
    """A share with its exact interval at 95 % (Clopper and Pearson 1934); of none: 0 to 1."""
    from scipy.stats import beta

    if hits.n == 0:
        return Interval(value=math.nan, low=0, high=1, n=0)
    count, missed, tail = hits.count, hits.n - hits.count, (1 - CONFIDENCE) / 2
    low = beta.ppf(tail, count, missed + 1) if count else 0
    high = beta.ppf(1 - tail, count + 1, missed) if missed else 1
    return Interval(value=count / hits.n, low=float(low), high=float(high), n=hits.n)


def exposure(score: float, controls: Sequence[float]) -> float:
    """Bits by which a canary stands out (Carlini et al. 2019), between 0 and log2(controls + 1).

    A low `score` means that it is remembered. The rank is that among the controls, which were drawn
    as the canary was; a tie counts against the canary. A canary that was not read has any rank with
    the same probability, hence x bits or more with a probability of 2^-x.
    """
    rank = 1 + sum(control <= score for control in controls)
    return math.log2(len(controls) + 1) - math.log2(rank)


def membership(scores: Sequence[float], controls: Sequence[float]) -> Hits:
    """Scores below a threshold that a canary which was never read passes in 1 % of cases or fewer.

    True positives at few false positives, as Carlini et al. 2022 ask for. Of m controls, k may lie
    below it where (k + 1) / (m + 1), the share of strangers that pass it, is at most 1 %.
    Fewer than 99 controls have no such threshold: then none of them may lie below.
    """
    allowed = max(0, math.floor(FALSE_POSITIVES * (len(controls) + 1)) - 1)
    threshold = sorted(controls)[allowed] if controls else -math.inf
    return Hits(sum(score < threshold for score in scores), len(scores))


def area_under_curve(positives: Sequence[float], negatives: Sequence[float]) -> Interval:
    """Probability that a positive has the higher score, ties counted half; Hanley and McNeil 1982.

    0.5 means that the scores tell nothing.
    """
    from scipy.stats import mannwhitneyu, norm

    if not positives or not negatives:
        return Interval(value=math.nan, low=0, high=1, n=0)
    n, m = len(positives), len(negatives)
    area = float(mannwhitneyu(positives, negatives).statistic) / (n * m)
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    variance = (area * (1 - area) + (n - 1) * (q1 - area**2) + (m - 1) * (q2 - area**2)) / (n * m)
    margin = float(norm.ppf((1 + CONFIDENCE) / 2)) * math.sqrt(max(variance, 0))
    return Interval(value=area, low=max(0, area - margin), high=min(1, area + margin), n=n + m)
