"""What people think of a version, with intervals."""

import math
from collections.abc import Sequence
from statistics import mean, stdev
from typing import get_args

from maverick_assets.datasets.turns.fields import MIN_PRAISED_RATING
from maverick_assets.evaluation.people.asked_again import RepeatedDecision, repeat_rates
from maverick_assets.evaluation.people.judgements import Judgement, latest
from maverick_assets.evaluation.shares import wilson
from maverick_assets.figures.figure import Interval
from maverick_assets.figures.people import PeopleFigures, Writer

_LOWEST, _HIGHEST = 1, 10


def opinion_of(
    version: str,
    judgements: Sequence[Judgement],
    in_use: Sequence[int],
    repeated: Sequence[RepeatedDecision] = (),
) -> PeopleFigures:
    """Figures of one version from what was said of its personality and the ratings in use."""
    own = latest(each for each in judgements if each.version == version)
    writers: tuple[Writer, ...] = get_args(Writer)
    rated = {who: [j.ratings[who] for j in own if who in j.ratings] for who in writers}
    satisfied = sum(rating >= MIN_PRAISED_RATING for rating in in_use)
    return PeopleFigures(
        judges=len({each.judge for each in own}),
        judgements=len(own),
        ratings={who: mean_rating(said) for who, said in rated.items() if said},
        taken_for_owner={
            who: wilson(sum(each.taken_for_owner == who for each in own) / len(said), len(said))
            for who, said in rated.items()
            if said
        },
        ties=sum(each.taken_for_owner is None for each in own),
        in_use=len(in_use),
        satisfaction=wilson(satisfied / len(in_use), len(in_use)) if in_use else None,
        repeated_decisions=repeat_rates(repeated),
    )


def mean_rating(ratings: Sequence[int]) -> Interval:
    """The mean of ratings from 1 to 10 with Student's interval, within the scale.

    One rating alone says nothing of others: its interval is the whole scale. Ratings that are all
    the same have no spread to go by; then one more of either end of the scale gives it.
    """
    from scipy.stats import t

    n, centre = len(ratings), mean(ratings)
    if n == 1:
        return Interval(value=centre, low=_LOWEST, high=_HIGHEST, n=1)
    spread = stdev(ratings) or stdev([*ratings, _LOWEST, _HIGHEST])
    reach = float(t.ppf(0.975, n - 1)) * spread / math.sqrt(n)
    low, high = max(centre - reach, _LOWEST), min(centre + reach, _HIGHEST)
    return Interval(value=centre, low=low, high=high, n=n)
