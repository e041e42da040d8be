"""From the scores of phrases to the probabilities of options.

Each option is scored as a whole phrase with which the answer may begin. Its log-probability in the
case at hand is compared with that of the same phrase in prompts of the same layout that are about
other cases (`priors.py`). The difference is the pointwise mutual information of phrase and case
(Holtzman et al. 2021, "Surface Form Competition: Why the Highest Probability Answer Isn't Always
Right"): a phrase that is likely anyway gains nothing by that, and a long one, whose probability is
a product of more factors, loses nothing, because its prior has as many.

By Bayes' rule, P(option | case) ~ P(option) * P(case | option), and P(case | option) ~
exp(PMI). For P(option) stands what the owner's own decisions say, where they say it: how often he
said yes in such cases (`own_rate.py`). Options that say neither yes nor no have no such rate; then
none has, and all are alike before the case is seen.

Phrases and rate have learned the same decisions, so that the product counts much of it twice.
Weights that are fitted on held-out decisions undo that (a logarithmic opinion pool: Genest and
Zidek 1986; stacking: Wolpert 1992).
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from maverick_assets.decisions.polarity import polarity


@dataclass(frozen=True)
class Weights:
    """How much is believed of what speaks for an option."""

    temperature: float = 1.0  # divides what the model says
    rate: float = 1.0  # multiplies the log-odds of the owner's rate
    lean: float = 0.0  # nats towards yes, where options say yes and no
    lapse: float = 0.0  # share of decisions that nothing explains


UNFITTED = Weights()  # where no decision was held out


def probabilities(
    options: Sequence[str], gains: Sequence[float], yes: float | None, weights: Weights
) -> list[float]:
    """The probability of each option; they add up to 1.

    `gains` are the nats by which the case makes each option's phrase likelier than it is anyway,
    `yes` is how often the owner says yes in such cases (None: not known). The temperature (Guo et
    al. 2017, "On Calibration of Modern Neural Networks") leaves the rate alone: of a model that
    knows nothing, the rate is left. A lapse (Wichmann and Hill 2001, "The psychometric function")
    falls on any option alike: without it, one decision against all evidence costs so much that the
    weights come out too timid for all others.
    """
    scores = [gain / weights.temperature for gain in gains]
    rates = None if yes is None else own_rates(options, _believed(yes, weights))
    if rates is not None:
        scores = [score + math.log(rate) for score, rate in zip(scores, rates, strict=True)]
    top = max(scores)
    powers = [math.exp(score - top) for score in scores]
    total = math.fsum(powers)
    return [(1 - weights.lapse) * power / total + weights.lapse / len(powers) for power in powers]


def _believed(yes: float, weights: Weights) -> float:
    """The owner's rate, as far as it counts."""
    return rate_of_odds(weights.rate * (math.log(yes) - math.log1p(-yes)) + weights.lean)


def rate_of_odds(log_odds: float) -> float:
    """A rate from its log-odds; within 1e-9 of 0 and 1, so that both have a logarithm."""
    return min(max(1 / (1 + math.exp(-max(log_odds, -700.0))), 1e-9), 1 - 1e-9)


def added(logprobs: Sequence[float]) -> float:
    """The logarithm of the sum of probabilities."""
    top = max(logprobs)
    return top + math.log(math.fsum(math.exp(each - top) for each in logprobs))


def own_rates(options: Sequence[str], yes: float | None) -> list[float] | None:
    """How often the owner decides for each option; None unless each says yes or no, and some both.

    Several options that say the same share its rate.
    """
    says = [polarity(option) for option in options]
    if yes is None or set(says) != {"yes", "no"}:
        return None
    rates: Mapping[str | None, float] = {"yes": yes, "no": 1 - yes}
    shared = Counter(says)
    return [rates[each] / shared[each] for each in says]
