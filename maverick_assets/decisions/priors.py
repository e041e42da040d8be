"""How likely a phrase is anyway: prompts of the same layout that are about other cases.

The prior prompts are the twin's own earlier cases, as many that he accepted as that he refused: a
model whose prompt lacks all facts speaks of something else, and its priors differ from those among
real cases by several nats ("accept" on the embedded base: 3.3). Where no case is known, one prompt
without facts serves.
"""

import threading
from collections.abc import Callable, Sequence

from maverick_assets.base_model.tokenizer import Message
from maverick_assets.decisions.own_decisions import Case, OwnDecision, case_of, neutral_prompt

_PRIOR_CASES = 4
_KEPT_PRIORS = 1_000


class Priors:
    """Priors that were computed before: those of "Yes" and "No" are asked for all the time."""

    def __init__(self) -> None:
        self._kept: dict[tuple[object, ...], float] = {}
        self._lock = threading.Lock()

    def of(
        self,
        key: tuple[object, ...],
        phrases: Sequence[tuple[int, ...]],
        compute: Callable[[Sequence[tuple[int, ...]]], Sequence[float]],
    ) -> list[float]:
        """The prior of each phrase; `compute` gives those that are not known for `key`."""
        with self._lock:
            kept = {phrase: self._kept.get((*key, phrase)) for phrase in phrases}
        missing = [phrase for phrase, prior in kept.items() if prior is None]
        computed = dict(zip(missing, compute(missing) if missing else (), strict=True))
        with self._lock:
            if len(self._kept) > _KEPT_PRIORS:
                self._kept.clear()
            self._kept |= {(*key, phrase): prior for phrase, prior in computed.items()}
        known = {phrase: prior for phrase, prior in kept.items() if prior is not None}
        return [(known | computed)[phrase] for phrase in phrases]


def prior_prompts(messages: Sequence[Message], own: Sequence[OwnDecision]) -> list[list[Message]]:
    """The prompts over which a phrase's prior is the mean, for the case that `messages` ask."""
    cases = _prior_cases(case_of(messages), own)
    return [each.prompt for each in cases] or [neutral_prompt(messages)]


def _prior_cases(case: Case, own: Sequence[OwnDecision]) -> list[OwnDecision]:
    """Own cases of the same layout, half accepted and half refused where that is known.

    Those with the lowest ids, which are hashes: any choice would do, as long as it is always the
    same one.
    """
    alike = [each for each in own if each.case.is_deal == case.is_deal and len(each.prompt) <= 2]
    half = _PRIOR_CASES // 2
    yes, no = ([each for each in alike if each.said == said][:half] for said in ("yes", "no"))
    if len(yes) == len(no) == half:
        return [*yes, *no]
    return alike[:_PRIOR_CASES]
