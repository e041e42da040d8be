"""The owner's decisions that are nearest to a case, and how often he said yes in such cases.

Words are compared by BM25 (Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework"),
with the usual k1 and b; a deal's stage and amount count beside them.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from maverick_assets.decisions.own_decisions import Case, OwnDecision
from maverick_assets.decisions.polarity import Polarity
from maverick_assets.decisions.questions import subject_of

SHOWN = 5  # nearest decisions that are reasons
_LEAST = 0.1  # similarity of a decision that has something to do with the case
_K1, _B = 1.2, 0.75
_WORDS = 3
_PRIOR_WEIGHT = 2.0  # decisions that a broader rate counts as, beside those of a narrower one
# "30%", "$16,500", "don't"
_TERM = re.compile(r"\d+(?:[.,]\d+)*%?|[^\W\d_]+(?:'[^\W\d_]+)?")


@dataclass(frozen=True)
class Near:
    """A decision and how near it is: 1 for the same words, stage and amount."""

    decision: OwnDecision
    similarity: float


class Nearest:
    """An index of decisions."""

    def __init__(self, decisions: Sequence[OwnDecision]) -> None:
        self._decisions = decisions
        self._terms = [Counter(terms_of(decision.case.words)) for decision in decisions]

    def to(self, case: Case, most: int = SHOWN) -> list[Near]:
        """The decisions that have something to do with a case, the nearest first."""
        query = Counter(terms_of(case.words))
        words = [self._words(query, terms) for terms in self._terms]
        same = sum(self._idf(term) for term in query)  # of a decision of average length
        near = [
            Near(decision, _similarity(case, decision, score / same if same else None))
            for decision, score in zip(self._decisions, words, strict=True)
        ]
        ranked = sorted(near, key=lambda each: (-each.similarity, each.decision.example.example_id))
        return [each for each in ranked[:most] if each.similarity >= _LEAST]

    def _words(self, query: Counter[str], terms: Counter[str]) -> float:
        """BM25 of a decision for a case."""
        length = 1 - _B + _B * terms.total() / self._average
        return sum(
            self._idf(term) * terms[term] * (_K1 + 1) / (terms[term] + _K1 * length)
            for term in query
            if term in terms
        )

    def _idf(self, term: str) -> float:
        holding = self._holding[term]
        return math.log(1 + (len(self._terms) - holding + 0.5) / (holding + 0.5))

    @cached_property
    def _holding(self) -> Counter[str]:
        """In how many decisions each term stands."""
        return Counter(term for terms in self._terms for term in terms)

    @cached_property
    def _average(self) -> float:
        """Terms of a decision."""
        return sum(terms.total() for terms in self._terms) / max(1, len(self._terms)) or 1.0


def rate_of_yes(case: Case, decisions: Sequence[OwnDecision], near: Sequence[Near]) -> float | None:
    """How often the owner said yes in cases like this one; None where nothing is known.

    A rate of few decisions says little, so each is drawn towards a broader one, as by a beta prior
    of two decisions: that of the nearest cases towards that of the deal's stage, that towards all
    of the same kind, and that towards one half.
    """
    known = [each for each in decisions if each.case.is_deal == case.is_deal and each.said]
    if not known:
        return None
    rate = _drawn([(1.0, each.said) for each in known], 0.5)
    if case.stage is not None:
        rate = _drawn([(1.0, each.said) for each in known if each.stage == case.stage], rate)
    alike = [n for n in near if n.decision.said and n.decision.case.is_deal == case.is_deal]
    top = max((each.similarity for each in alike), default=1.0)
    return _drawn([(each.similarity / top, each.decision.said) for each in alike], rate)


def _drawn(decided: Sequence[tuple[float, Polarity | None]], towards: float) -> float:
    weight = sum(weight for weight, _ in decided)
    yes = sum(weight for weight, said in decided if said == "yes")
    return (yes + _PRIOR_WEIGHT * towards) / (weight + _PRIOR_WEIGHT)


def _similarity(case: Case, decision: OwnDecision, words: float | None) -> float:
    """The mean of what can be compared: words, which count as `_WORDS` facts, stage and amount.

    An amount that is twice or half as large is half as near. None for `words`: the case has none.
    """
    parts = [] if words is None else [min(1.0, words)] * _WORDS
    if case.stage is not None and decision.stage is not None:
        parts.append(float(case.stage == decision.stage))
    amount, other = case.amount, decision.case.amount
    if amount is not None and other is not None and amount > 0 and other > 0:
        parts.append(1 / (1 + abs(math.log2(amount / other))))
    return sum(parts) / max(1, len(parts))


def terms_of(text: str) -> list[str]:
    """The words and figures of a text, folded, without those that make it a question."""
    return _TERM.findall(subject_of(text))
