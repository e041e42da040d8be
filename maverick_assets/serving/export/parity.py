"""The parity gate: before a release, what is served must answer as what was trained.

Each engine answers the same 20 prompts. What llama.cpp computes in float16 is compared with the
trained adapter on its base in transformers: token ids of the prompts, log-probabilities of the
first token, greedy answers and where they end. A quantised base rounds every product, and one
rounding moves the next, so nothing outside of llama.cpp computes the same. There the strict
comparison is made on the same weights, dequantised, in float16; the file that is served must stay
within what quantisation moves.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from maverick_assets.records import EngineParity, ParityDecision, ParityFailure
from maverick_assets.serving.export.engines import Engine, ParityPrompt, Reply
from maverick_assets.serving.export.reference import NAME as REFERENCE
from maverick_assets.serving.export.reference import Reference

MAX_TOKENS = 64  # of an answer
STRICT = 0.05  # nats; float16 moves a first token's log-probabilities by 0.02 at most
# Nats, mean over the prompts. Q4_1 moves the likeliest first tokens by 0.11 to 0.15 in the mean;
# another adapter or base moves them by whole nats.
QUANTISED = 0.5
MIN_EQUAL = 0.9  # 18 of 20 answers
# Nats. Two log-probabilities that may each be STRICT apart may change places where the reference
# prefers one by less than this: an answer that parts there is as good as equal.
TIE = 2 * STRICT

Precision = Literal["float16", "quantised"]


@dataclass(frozen=True)
class Judged:
    """An engine's figures, a sentence about them, and its first failure, if it has any."""

    figures: EngineParity
    passed: bool
    reason: str
    failure: ParityFailure | None = None


@dataclass
class _Tally:
    """What was found so far in the replies of one engine."""

    differences: list[float] = field(default_factory=list)
    equal: int = 0
    ties: int = 0  # answers that part where two tokens are equally likely
    stopped: int = 0
    ran_on: int = 0  # answers that go on where they end in the reference
    # The first of each kind of failure: prompt, what is wrong, the reply, where it parts.
    first_difference: tuple[ParityPrompt, str, Reply] | None = None
    first_parting: tuple[ParityPrompt, str, Reply, int, int] | None = None


def judge(
    engine: Engine,
    precision: Precision,
    prompts: Sequence[ParityPrompt],
    replies: Sequence[Reply],
    reference: Reference,
) -> Judged:
    """Compare an engine's replies with the reference, whose adapter is applied.

    On a quantised base the log-probabilities alone decide.
    """
    tally = _Tally()
    for prompt, reply in zip(prompts, replies, strict=True):
        _count(tally, prompt, reply, reference, precision)
    return _judged(engine.name, precision, len(prompts), tally, reference)


def _count(
    tally: _Tally, prompt: ParityPrompt, reply: Reply, reference: Reference, precision: Precision
) -> None:
    comparison = reference.compare(prompt.ids, reply)
    difference = comparison.difference
    tally.differences.append(difference)
    if precision == "float16" and not difference <= STRICT and tally.first_difference is None:
        problem = f"the log-probabilities of the first token are {difference:.3f} nats apart"
        tally.first_difference = (prompt, problem, reply)
    tally.stopped += reply.stopped
    at, instead = comparison.parts_at, comparison.instead
    if at is None or instead is None:
        tally.equal += 1
        return
    if comparison.margin <= TIE:
        tally.ties += 1
        return
    problem = f"the answers part at token {at + 1}"
    ran_on = instead in reference.tokenizer.stop_ids
    if ran_on:
        problem = f"the answer goes on where it ends in the reference, at token {at + 1}"
    if tally.first_parting is None or (ran_on and not tally.ran_on):
        tally.first_parting = (prompt, problem, reply, at, instead)
    tally.ran_on += ran_on


def _judged(
    name: str, precision: Precision, n_prompts: int, tally: _Tally, reference: Reference
) -> Judged:
    mean = math.fsum(tally.differences) / max(len(tally.differences), 1)
    largest = max(tally.differences, key=lambda value: (math.isnan(value), value))
    strict = precision == "float16"
    figures = EngineParity(
        engine=name,
        reference=REFERENCE,
        mean_difference=mean,
        largest_difference=largest,
        equal_answers=tally.equal if strict else None,
        ties=tally.ties if strict else None,
        stopped=tally.stopped if strict else None,
    )
    if not strict:
        passed = mean <= QUANTISED
        reason = (
            f"{name}: first tokens {mean:.3f} nats from {REFERENCE} in the mean, at most "
            f"{largest:.3f}; {'within' if passed else 'above'} the {QUANTISED:g} in the mean that "
            "quantisation may move"
        )
        return Judged(
            figures,
            passed,
            reason,
            None if passed else ParityFailure(engine=name, prompt="all", problem=reason),
        )
    needed = math.ceil(MIN_EQUAL * n_prompts)
    near, alike = largest <= STRICT, tally.equal + tally.ties >= needed and not tally.ran_on
    reason = (
        f"{name}: first tokens at most {largest:.3f} nats from {REFERENCE} (limit {STRICT:g}), "
        f"{tally.equal} of {n_prompts} greedy answers equal and {tally.ties} but for a tie (at "
        f"least {needed}), {tally.ran_on} go on where they should end, {tally.stopped} end within "
        f"{MAX_TOKENS} tokens"
    )
    return Judged(figures, near and alike, reason, _failure(name, near, alike, tally, reference))


def _failure(
    name: str, near: bool, alike: bool, tally: _Tally, reference: Reference
) -> ParityFailure | None:
    """The first failure with both texts; the reference's is generated only now."""
    if near and alike:
        return None
    begun: list[int] = []
    if not alike and tally.first_parting:
        prompt, problem, reply, at, instead = tally.first_parting
        begun = [*(reply.ids or [])[:at], instead]
    else:
        assert tally.first_difference is not None
        prompt, problem, reply = tally.first_difference
    expected = reference.answer(prompt.ids, begun, MAX_TOKENS)
    return ParityFailure(
        engine=name, prompt=prompt.name, problem=problem, expected=expected, actual=reply.text
    )


def decide(
    judged: Sequence[Judged],
    problems: Sequence[ParityFailure],
    n_prompts: int,
    clean: Callable[[str], str],
) -> ParityDecision:
    """The decision over all engines; `problems` are those of prompts and of the Modelfile.

    `clean` makes texts such as reports may hold.
    """
    failures = [*problems, *(each.failure for each in judged if each.failure)]
    shown = tuple(
        failure.model_copy(
            update={"expected": clean(failure.expected), "actual": clean(failure.actual)}
        )
        for failure in failures
    )
    rendering = tuple(f"{f.engine}: {f.prompt}: {f.problem}" for f in problems)
    return ParityDecision(
        passed=not problems and all(each.passed for each in judged),
        reasons=(*rendering, *(each.reason for each in judged)),
        n_prompts=n_prompts,
        engines=tuple(each.figures for each in judged),
        failures=shown,
        decided_at=datetime.now(UTC),
    )


def explain(decision: ParityDecision) -> str:
    """Why a decision refuses, in one line that names the prompt and shows both texts."""
    if not decision.failures:
        return "; ".join(decision.reasons)
    first = decision.failures[0]
    texts = ""
    if first.expected or first.actual:
        texts = f": expected {first.expected!r}, got {first.actual!r}"
    more = f" (and {len(decision.failures) - 1} more)" if len(decision.failures) > 1 else ""
    return f"{first.engine}, prompt {first.prompt!r}: {first.problem}{texts}{more}"
