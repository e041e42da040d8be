"""What is known beside the model, for each personality that decides in this process."""

from collections.abc import Callable
from pathlib import Path

from maverick_assets.datasets.outgoing import outgoing_text
from maverick_assets.decisions.own_decisions import OwnDecision, OwnDecisions
from maverick_assets.decisions.own_rate import OwnRate
from maverick_assets.decisions.priors import Priors
from maverick_assets.decisions.weighing import Weights
from maverick_assets.registry.store import Registry
from maverick_assets.serving.allanbot.decide import Known, weights_of
from maverick_assets.settings import Settings


class DecisionMemory:
    """Own decisions and priors, kept from one decision to the next. Used by several threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._own: dict[str, OwnDecisions] = {}
        self._rates: dict[str, OwnRate] = {}
        self._priors: dict[str, Priors] = {}

    def of(self, personality: str, hide: Callable[[str], str], show: Callable[[str], str]) -> Known:
        """What is known of a personality's decisions; `hide` and `show`: see `Known`.

        No secret and no third party leaves with them, whatever the dataset holds. Raises
        `MaverickError` for a dataset that cannot be read.
        """
        own = self._own.setdefault(personality, OwnDecisions(self._lake, personality))
        priors = self._priors.setdefault(personality, Priors())
        outgoing = outgoing_text(self._lake, self._settings.owner_emails)
        rate = self._rate(personality, own.read())
        return Known(rate, priors, hide, lambda text: show(outgoing.clean(text)))

    def weights(self, personality: str, version: str) -> Weights:
        """See `weights_of`. Raises `BadInput` for an unknown version."""
        return weights_of(Registry(self._settings.models).get(personality, version))

    def _rate(self, personality: str, decisions: tuple[OwnDecision, ...]) -> OwnRate:
        """What these decisions say; made again when the dataset has changed."""
        rate = self._rates.get(personality)
        if rate is None or rate.decisions is not decisions:
            rate = self._rates[personality] = OwnRate(decisions)
        return rate

    @property
    def _lake(self) -> Path:
        return self._settings.lake
