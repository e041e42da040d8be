"""How much likelier each option's phrases are in a case than anyway, by a model in this process.

The same phrases, prior prompts and sums as in `serving/allanbot/decide.py`, where llama.cpp
computes them token by token. Here all phrases of a case stand behind one copy of its prompt: the
scorer finds prefixes that documents of a pack share (`evaluation/scoring.py`).
"""

from collections.abc import Callable, Sequence
from itertools import chain

from maverick_assets.base_model.tokenizer import ChatTokenizer, Encoded, Message
from maverick_assets.decisions.options import phrasings
from maverick_assets.decisions.priors import prior_prompts
from maverick_assets.decisions.stances import PHRASES
from maverick_assets.decisions.weighing import added
from maverick_assets.evaluation.decisions.cases import Decided, Kind

# Gives the loss of each row's completion: nats, summed over its tokens
ScoreRows = Callable[[Sequence[Encoded]], Sequence[float]]

Prompt = tuple[str, ...]  # contents of messages


def option_gains(
    kind: Kind, tokenizer: ChatTokenizer, score: ScoreRows, max_length: int
) -> list[list[float]]:
    """ln P(phrases of the option | case) - ln P(phrases | other cases), for each held-out case."""
    phrases = phrases_of(kind)
    flat = sorted({phrase for alternatives in phrases for phrase in alternatives})
    own = [each.own for each in kind.train]
    priors = [prior_prompts(each.prompt, own) for each in kind.held_out]
    asked = [each.prompt for each in kind.held_out]
    prompts = {_key(prompt): prompt for prompt in chain(asked, *priors)}
    rows = [
        phrase_row(tokenizer, prompt, phrase, max_length)
        for prompt in prompts.values()
        for phrase in flat
    ]
    losses = iter(score(rows))
    logprobs = {key: {phrase: -next(losses) for phrase in flat} for key in prompts}

    def gains(decided: Decided, prior: Sequence[list[Message]]) -> list[float]:
        anyway = {
            phrase: sum(logprobs[_key(prompt)][phrase] for prompt in prior) / len(prior)
            for phrase in flat
        }
        case = logprobs[_key(decided.prompt)]
        return [
            added([case[phrase] for phrase in some]) - added([anyway[phrase] for phrase in some])
            for some in phrases
        ]

    return [gains(each, prior) for each, prior in zip(kind.held_out, priors, strict=True)]


def phrases_of(kind: Kind) -> list[tuple[str, ...]]:
    """The phrases of each option, as in serving."""
    if kind.name == "deals":
        return phrasings(kind.options, is_deal=True)
    return [(PHRASES[option],) for option in kind.options]


def phrase_row(
    tokenizer: ChatTokenizer, prompt: Sequence[Message], phrase: str, max_length: int
) -> Encoded:
    """A prompt and a phrase with which the answer begins, without an end of the turn."""
    said = Message(role="assistant", content=phrase)
    row = tokenizer.encode([*prompt, said], max_length)
    ends = not row.cut_answer and row.input_ids[-1] in tokenizer.stop_ids
    return Encoded(row.input_ids[:-1] if ends else row.input_ids, row.n_prompt)


def _key(prompt: Sequence[Message]) -> Prompt:
    return tuple(message["content"] for message in prompt)
