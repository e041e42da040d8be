"""Which of several options a twin takes: llama.cpp scores the phrases, `decisions` weighs them."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter

from maverick_assets.base_model.tokenizer import Message
from maverick_assets.decisions.fact_regression import Fact
from maverick_assets.decisions.nearest import Near
from maverick_assets.decisions.options import as_answer, checked_options, phrasings
from maverick_assets.decisions.own_decisions import case_of
from maverick_assets.decisions.own_rate import OwnRate
from maverick_assets.decisions.priors import Priors, prior_prompts
from maverick_assets.decisions.weighing import UNFITTED, Weights, added, own_rates, probabilities
from maverick_assets.errors import BadInput
from maverick_assets.recipes import Recipe
from maverick_assets.registry.manifest import Manifest
from maverick_assets.serving.allanbot.decision import Decision, FactReason, Reason, WeighedOption
from maverick_assets.serving.allanbot.phrases import phrase_logprobs
from maverick_assets.serving.runtime import Runtime

# Of all options; each is computed in the case and in each prior prompt, on a deal behind an outcome
_MOST_TOKENS = 400


@dataclass(frozen=True)
class Twin:
    """A version that decides."""

    runtime: Runtime
    adapter: str  # its name in the runtime
    personality: str
    version: str
    node: str
    weights: Weights = UNFITTED  # fitted by the version's evaluation


@dataclass(frozen=True)
class Known:
    """What is known beside the model."""

    own: OwnRate  # the owner's decisions that the twin learnt from, and what they say
    priors: Priors
    hide: Callable[[str], str] = str  # puts surrogates in the place of names in an option
    show: Callable[[str], str] = str  # makes a text of theirs fit for who asks


def decides(recipe: Recipe) -> bool:
    """Whether a personality learns from decisions."""
    return any(source.examples == "decision" for source in recipe.sources)


def weights_of(manifest: Manifest) -> Weights:
    """What the version's evaluation fitted, if it measured decisions."""
    figures = manifest.metrics.decisions if manifest.metrics else None
    return Weights(**figures.weights) if figures else UNFITTED


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
    phrases, own = checked_options(options), known.own
    case = case_of(messages)
    answers = phrasings(phrases, case.is_deal, known.hide)
    ids = [
        [tuple(twin.runtime.answer_ids(messages, answer)) for answer in alternatives]
        for alternatives in answers
    ]
    alone = [twin.runtime.answer_ids(messages, as_answer(known.hide(each))) for each in phrases]
    _require_computable(phrases, alone)
    flat = sorted(set(chain(*ids)))
    near = own.near(case)
    rate = own.of(case)
    prompt = twin.runtime.prompt_ids(messages)
    given = phrase_logprobs(twin.runtime, prompt, flat, twin.adapter, cancelled)
    prior = _priors(twin, messages, known, flat, cancelled)
    weighed = weigh(
        phrases,
        _of_options(ids, dict(zip(flat, given, strict=True))),
        _of_options(ids, dict(zip(flat, prior, strict=True))),
        rate.yes if rate else None,
        twin.weights,
    )
    is_rated = weighed[0].own_rate is not None
    return Decision(
        option=weighed[0].option,
        probabilities={each.option: each.probability for each in weighed},
        options=weighed,
        reasons=[_reason(each, known.show) for each in near],
        facts=[_fact(each, known.show) for each in rate.facts] if rate and is_rated else [],
        own_decisions=len(own.decisions),
        personality=twin.personality,
        version=twin.version,
        node=twin.node,
    )


def weigh(
    options: Sequence[str],
    given: Sequence[float],
    prior: Sequence[float],
    yes: float | None,
    weights: Weights = UNFITTED,
) -> list[WeighedOption]:
    """The options with their probabilities, the likeliest first, equal ones by their names.

    `yes`: how often the owner says yes in such cases; None: not known.
    """
    rates = own_rates(options, yes)
    gains = [case - always for case, always in zip(given, prior, strict=True)]
    shares = probabilities(options, gains, yes, weights)
    weighed = [
        WeighedOption(
            option=option,
            probability=shares[at],
            log_probability=given[at],
            prior=prior[at],
            own_rate=rates[at] if rates is not None else None,
        )
        for at, option in enumerate(options)
    ]
    return sorted(sorted(weighed, key=attrgetter("option")), key=lambda each: -each.probability)


def _of_options(
    ids: Sequence[Sequence[tuple[int, ...]]], logprobs: Mapping[tuple[int, ...], float]
) -> list[float]:
    """The log-probability of each option: that of any of its phrases."""
    return [added([logprobs[phrase] for phrase in phrases]) for phrases in ids]


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
    prompts = prior_prompts(messages, known.own.decisions)
    key = (twin.version, tuple(prompt[-1]["content"] for prompt in prompts))

    def compute(missing: Sequence[tuple[int, ...]]) -> list[float]:
        sums = [0.0] * len(missing)
        for prompt in prompts:
            before = twin.runtime.prompt_ids(prompt)
            values = phrase_logprobs(twin.runtime, before, missing, twin.adapter, cancelled)
            sums = [total + value for total, value in zip(sums, values, strict=True)]
        return [total / len(prompts) for total in sums]

    return known.priors.of(key, ids, compute)


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


def _fact(fact: Fact, show: Callable[[str], str]) -> FactReason:
    return FactReason(
        fact=show(fact.text), speaks_for="yes" if fact.effect > 0 else "no", nats=abs(fact.effect)
    )
