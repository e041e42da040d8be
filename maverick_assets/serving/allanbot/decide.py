"""Which of several options a twin takes.

Each option is scored as a whole phrase with which the answer may begin. Its log-probability in the
case at hand is compared with that of the same phrase in prompts of the same layout that are about
other cases. The difference is the pointwise mutual information of phrase and case (Holtzman et al.
2021, "Surface Form Competition: Why the Highest Probability Answer Isn't Always Right"): a phrase
that is likely anyway gains nothing by that, and a long one, whose probability is a product of more
factors, loses nothing, because its prior has as many.

By Bayes' rule, P(option | case) ~ P(option) * P(case | option), and P(case | option) ~
exp(PMI). For P(option) stands what the owner's own decisions say, where they say it: how often he
said yes in such cases (`nearest.rate_of_yes`). Options that say neither yes nor no have no such
rate; then none has, and all are alike before the case is seen.

The prior prompts are the twin's own earlier cases, as many that he accepted as that he refused: a
model whose prompt lacks all facts speaks of something else, and its priors differ from those among
real cases by several nats ("accept" on the embedded base: 3.3). Where no case is known, one prompt
without facts serves.
"""

import math
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from maverick_assets.base_model.tokenizer import Message
from maverick_assets.errors import BadInput
from maverick_assets.recipes import Recipe
from maverick_assets.serving.allanbot.decision import Decision, Reason, WeighedOption
from maverick_assets.serving.allanbot.nearest import Near, Nearest, rate_of_yes
from maverick_assets.serving.allanbot.options import as_answer, checked_options
from maverick_assets.serving.allanbot.own_decisions import (
    Case,
    OwnDecision,
    case_of,
    neutral_prompt,
)
from maverick_assets.serving.allanbot.phrases import phrase_logprobs
from maverick_assets.serving.allanbot.polarity import polarity
from maverick_assets.serving.runtime import Runtime

_PRIOR_CASES = 4
_MOST_TOKENS = 400  # of all options; each is computed in the case and in each prior prompt
_KEPT_PRIORS = 1_000


@dataclass(frozen=True)
class Twin:
    """A version that decides."""

    runtime: Runtime
    adapter: str  # its name in the runtime
    personality: str
    version: str
    node: str


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


@dataclass(frozen=True)
class Known:
    """What is known beside the model."""

    decisions: Sequence[OwnDecision]  # that the twin learnt from
    priors: Priors
    hide: Callable[[str], str] = str  # puts surrogates in the place of names in an option
    show: Callable[[str], str] = str  # makes a text of theirs fit for who asks


def decides(recipe: Recipe) -> bool:
    """Whether a personality learns from decisions."""
    return any(source.examples == "decision" for source in recipe.sources)


def decide(
    twin: Twin,
    messages: Sequence[Message],
    options: Sequence[str],
    known: Known,
    cancelled: threading.Event,
) -> Decision:
    """The decision on what `messages` ask, which are laid out as the twin was trained.

    Raises `BadInput` for options that cannot be weighed against each other, `Cancelled`, and what
    `Runtime.chat` raises.
    """
    phrases, own = checked_options(options), known.decisions
    answers = [as_answer(known.hide(phrase)) for phrase in phrases]
    ids = [tuple(twin.runtime.answer_ids(messages, answer)) for answer in answers]
    _require_computable(phrases, ids)
    case = case_of(messages)
    near = Nearest(own).to(case)
    given = phrase_logprobs(
        twin.runtime, twin.runtime.prompt_ids(messages), ids, twin.adapter, cancelled
    )
    prior = _priors(twin, messages, known, ids, cancelled)
    rates = own_rates(phrases, rate_of_yes(case, own, near))
    weighed = weigh(phrases, given, prior, rates)
    return Decision(
        option=weighed[0].option,
        probabilities={each.option: each.probability for each in weighed},
        options=weighed,
        reasons=[_reason(each, known.show) for each in near],
        own_decisions=len(own),
        personality=twin.personality,
        version=twin.version,
        node=twin.node,
    )


def weigh(
    options: Sequence[str],
    given: Sequence[float],
    prior: Sequence[float],
    rates: Sequence[float] | None,
) -> list[WeighedOption]:
    """The options with their probabilities, the likeliest first, equal ones by their names."""
    scores = [case - always for case, always in zip(given, prior, strict=True)]
    if rates is not None:
        scores = [score + math.log(rate) for score, rate in zip(scores, rates, strict=True)]
    top = max(scores)
    weights = [math.exp(score - top) for score in scores]
    weighed = [
        WeighedOption(
            option=option,
            probability=weights[at] / math.fsum(weights),
            log_probability=given[at],
            prior=prior[at],
            own_rate=rates[at] if rates is not None else None,
        )
        for at, option in enumerate(options)
    ]
    return sorted(sorted(weighed, key=attrgetter("option")), key=lambda each: -each.probability)


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


def _require_computable(phrases: Sequence[str], ids: Sequence[Sequence[int]]) -> None:
    tokens = sum(map(len, ids))
    if tokens > _MOST_TOKENS:
        raise BadInput(f"the options have {tokens} tokens together; at most {_MOST_TOKENS}")
    if not all(ids):
        empty = next(phrase for phrase, its in zip(phrases, ids, strict=True) if not its)
        raise BadInput(f"option {empty!r} has no tokens in this base; write it out")


def _priors(
    twin: Twin,
    messages: Sequence[Message],
    known: Known,
    ids: Sequence[tuple[int, ...]],
    cancelled: threading.Event,
) -> list[float]:
    """The mean log-probability of each phrase over the prior prompts."""
    case = case_of(messages)
    prompts = [each.prompt for each in _prior_cases(case, known.decisions)] or [
        neutral_prompt(messages)
    ]
    key = (twin.version, tuple(prompt[-1]["content"] for prompt in prompts))

    def compute(missing: Sequence[tuple[int, ...]]) -> list[float]:
        sums = [0.0] * len(missing)
        for prompt in prompts:
            before = twin.runtime.prompt_ids(prompt)
            values = phrase_logprobs(twin.runtime, before, missing, twin.adapter, cancelled)
            sums = [total + value for total, value in zip(sums, values, strict=True)]
        return [total / len(prompts) for total in sums]

    return known.priors.of(key, ids, compute)


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


def _reason(near: Near, show: Callable[[str], str]) -> Reason:
    example = near.decision.example
    return Reason(
        table=example.source,
        row_ids=example.source_ids,
        decided_at=example.occurred_at,
        question=show(near.decision.case.text),
        answer=show(example.messages[-1]["content"]),
        similarity=near.similarity,
    )
