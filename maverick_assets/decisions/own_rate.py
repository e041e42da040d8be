"""How often the owner says yes in a case like this one, from his earlier decisions alone.

Where facts predict what he decides, a regression on them says it (`fact_regression.py`). Else it is
the rate of the nearest decisions (`nearest.rate_of_yes`): ten decisions teach nothing about facts.

Nothing is kept on disk: what is forgotten is gone with the rows of the dataset.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from maverick_assets.decisions.fact_regression import Fact, fitted_regression
from maverick_assets.decisions.nearest import Near, Nearest, rate_of_yes
from maverick_assets.decisions.own_decisions import Case, OwnDecision
from maverick_assets.decisions.weighing import rate_of_odds

_FACTS = 5  # that are named
_LEAST_EFFECT = 0.1  # nats of a fact that is named


@dataclass(frozen=True)
class RateOfYes:
    """How often the owner says yes, and the facts that count most in it."""

    yes: float
    facts: tuple[Fact, ...] = ()  # none where the nearest decisions say it


class OwnRate:
    """What the owner's decisions say about a case. Made once for a dataset, in about a second."""

    def __init__(self, decisions: Sequence[OwnDecision]) -> None:
        self.decisions = tuple(decisions)
        self._nearest = Nearest(decisions)
        self._regressions = {some: fitted_regression(decisions, some) for some in (True, False)}

    def near(self, case: Case) -> list[Near]:
        """The decisions that have something to do with a case, the nearest first."""
        return self._nearest.to(case)

    def of(self, case: Case) -> RateOfYes | None:
        """The rate in a case; None: no decision like it is known."""
        regression = self._regressions[case.is_deal]
        odds = regression.log_odds(case) if regression else None
        if regression is None or odds is None:
            yes = rate_of_yes(case, self.decisions, self.near(case))
            return None if yes is None else RateOfYes(yes)
        facts = [fact for fact in regression.facts(case) if abs(fact.effect) >= _LEAST_EFFECT]
        return RateOfYes(rate_of_odds(odds), tuple(facts[:_FACTS]))
