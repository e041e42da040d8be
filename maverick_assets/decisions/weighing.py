"""From the scores of phrases to the probabilities of options.

Each option is scored as a whole phrase with which the answer may begin. Its log-probability in the
case at hand is compared with that of the same phrase in prompts of the same layout that are about
other cases (`priors.py`). The difference is the pointwise mutual information of phrase and case
(Holtzman et al. 2021, "Surface Form Competition: Why the Highest Probability Answer Isn't Always
Right"): a phrase that is likely anyway gains nothing by that, and a long one, whose probability is
a product of more factors, loses nothing, because its prior has as many.

By Bayes' rule, P(option | case) ~ P(option) * P(case | option), and P(case | option) ~
exp(PMI). For P(option) stands what the owner's own decisions say, where they say it: how often he
said yes in such cases (`nearest.rate_of_yes`). Options that say neither yes nor no have no such
rate; then none has, and all are alike before the case is seen.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from maverick_assets.decisions.polarity import polarity


def probabilities(
    given: Sequence[float],
    prior: Sequence[float],
    rates: Sequence[float] | None,
    temperature: float = 1.0,
) -> list[float]:
    """The probability of each option; they add up to 1.

    `given` and `prior` are the log-probabilities (nats) of each option's phrase in this case and
    anyway, `rates` how often the owner decides for each (`own_rates`). `temperature` divides what
    the model says (Guo et al. 2017, "On Calibration of Modern Neural Networks"), and not the rates:
    a model that knows nothing gets a high one, and the rates are left.
    """
    scores = [(case - always) / temperature for case, always in zip(given, prior, strict=True)]
    if rates is not None:
        scores = [score + math.log(rate) for score, rate in zip(scores, rates, strict=True)]
    top = max(scores)
    weights = [math.exp(score - top) for score in scores]
    return [weight / math.fsum(weights) for weight in weights]


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
