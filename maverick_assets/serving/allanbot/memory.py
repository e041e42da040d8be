"""What is known beside the model, for each personality that decides in this process."""

from collections.abc import Callable
from pathlib import Path

from maverick_assets.datasets.outgoing import outgoing_text
from maverick_assets.decisions.own_decisions import OwnDecisions
from maverick_assets.decisions.priors import Priors
from maverick_assets.registry.store import Registry
from maverick_assets.serving.allanbot.decide import Known, temperature_of
from maverick_assets.settings import Settings


class DecisionMemory:
    """Own decisions and priors, kept from one decision to the next. Used by several threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._own: dict[str, OwnDecisions] = {}
        self._priors: dict[str, Priors] = {}

    def of(self, personality: str, hide: Callable[[str], str], show: Callable[[str], str]) -> Known:
        """What is known of a personality's decisions; `hide` and `show`: see `Known`.

        No secret and no third party leaves with them, whatever the dataset holds. Raises
        `MaverickError` for a dataset that cannot be read.
        """
        own = self._own.setdefault(personality, OwnDecisions(self._lake, personality))
        priors = self._priors.setdefault(personality, Priors())
        outgoing = outgoing_text(self._lake, self._settings.owner_emails)
        return Known(own.read(), priors, hide, lambda text: show(outgoing.clean(text)))

    def temperature(self, personality: str, version: str) -> float:
        """See `temperature_of`. Raises `BadInput` for an unknown version."""
        return temperature_of(Registry(self._settings.models).get(personality, version))

    @property
    def _lake(self) -> Path:
        return self._settings.lake
