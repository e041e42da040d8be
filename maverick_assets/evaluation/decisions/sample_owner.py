"""What is known of the sample CRM's owner, because a program made his decisions."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from maverick_assets.crm.sample.deals import (
    SHUNNED_COLOUR,
    share_as_decided,
    share_refused_by_rules,
)
from maverick_assets.crm.sample.world import OWNER_EMAIL
from maverick_assets.decisions.own_decisions import Case
from maverick_assets.figures.decisions import Stance


@dataclass(frozen=True)
class Habit:
    """A habit without a reason in business."""

    text: str
    word: str  # stands in the facts of its cases
    decision: Stance
    by_rules: float  # how often the owner's rules say the same

    def applies(self, case: Case) -> bool:
        return re.search(rf"\b{self.word}\b", case.words) is not None


@dataclass(frozen=True)
class KnownOwner:
    """What decides an owner's deals."""

    ceiling: float  # share of his decisions that anybody could foresee
    habit: Habit


def known_owner(emails: Sequence[str]) -> KnownOwner | None:
    """The sample's owner, if these are his addresses: nobody knows this of a real one."""
    if OWNER_EMAIL not in emails:
        return None
    habit = Habit(
        text=f"declines whatever comes in a {SHUNNED_COLOUR} pack",
        word=SHUNNED_COLOUR,
        decision="decline",
        by_rules=share_refused_by_rules(),
    )
    return KnownOwner(share_as_decided(), habit)
