"""Decisions of the owner that a candidate was not trained on, and those that it was."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from maverick_assets.base_model.tokenizer import Message
from maverick_assets.datasets.examples.example import Example
from maverick_assets.decisions.own_decisions import Case, OwnDecision, case_of
from maverick_assets.decisions.stances import STANCES, asks_for_decision, stance_of
from maverick_assets.figures.decisions import Stance

DEAL_OPTIONS: tuple[Stance, ...] = ("accept", "decline")  # in the order of their names
_SAID: dict[str, Stance] = {"yes": "accept", "no": "decline"}


@dataclass(frozen=True)
class Decided:
    """A case and what the owner decided on it."""

    thread_id: str
    prompt: list[Message]
    case: Case
    truth: int  # index of his option
    own: OwnDecision


@dataclass(frozen=True)
class Kind:
    """Decisions of one kind: those of deals, or those in mail and chat."""

    name: str
    options: tuple[Stance, ...]
    train: Sequence[Decided]
    held_out: Sequence[Decided]


def deal_decisions(decisions: Sequence[OwnDecision]) -> list[Decided]:
    """Deals that were won or lost."""
    return [
        _decided(each, DEAL_OPTIONS.index(_SAID[each.said]))
        for each in decisions
        if each.case.is_deal and each.said
    ]


def mail_decisions(examples: Sequence[Example]) -> tuple[list[Decided], Counter[str]]:
    """Answers to mails and messages that ask for a decision, and how many have which stance.

    Those that say nothing clear are counted under "", and are not among the decisions.
    """
    decided: list[Decided] = []
    counts: Counter[str] = Counter()
    for example in examples:
        if example.kind not in ("reply", "dialogue"):
            continue
        case = case_of(example.messages[:-1])
        if case.is_deal or not asks_for_decision(case.text):
            continue
        stance = stance_of(example.messages[-1]["content"])
        counts[stance or ""] += 1
        if stance:
            own = OwnDecision(example, case, None)
            decided.append(_decided(own, STANCES.index(stance)))
    return decided, counts


def _decided(own: OwnDecision, truth: int) -> Decided:
    return Decided(own.example.thread_id, own.prompt, own.case, truth, own)
