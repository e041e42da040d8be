"""How likely a version is to begin its answer with given phrases: whole phrases, token by token.

llama.cpp reports the log-probabilities of the tokens that it chooses, and of no others. So it is
made to choose each token of the phrase by a bias; what it reports are the values before any bias,
penalty or temperature. (A grammar would force a whole phrase at once, but llama.cpp's cannot hold a
token that is a part of a character.)

The prompt is computed once. A prompt that llama.cpp finds in its cache is computed in batches of
another size and rounds differently, so each token is asked for with all before it but one in the
cache: where another request took the slot meanwhile, it is asked for again. All phrases are thus
computed in the same way, in whatever order.
"""

import threading
from collections.abc import Sequence
from typing import Any

from maverick_assets.errors import MaverickError
from maverick_assets.serving.runtime import Runtime

_FLOOR = -87.0  # nats: what is less likely is 0 in single precision
_CERTAIN = 1e6  # bias above every logit
_VOCABULARY = 300_000  # tokens; more than any base has
_TRIES = 4  # for a prompt that is not in the cache any more; after that, it is computed afresh


class Cancelled(MaverickError):
    """Nobody waits for the result any more."""


def phrase_logprobs(
    runtime: Runtime,
    prompt: Sequence[int],
    phrases: Sequence[Sequence[int]],
    adapter: str | None,
    cancelled: threading.Event,
) -> list[float]:
    """Log-probability (nats) of each phrase as the beginning of the answer to a prompt.

    `prompt` and `phrases` are token ids (`Runtime.prompt_ids`, `Runtime.answer_ids`). A token that
    is less likely than `exp(-87)` counts as that likely. Raises `Cancelled` before the next token
    once `cancelled` is set, and what `Runtime.chat` raises.
    """
    sums = []
    for phrase in phrases:
        total = 0.0
        for at, token in enumerate(phrase):
            if cancelled.is_set():
                raise Cancelled("nobody waits for the decision any more")
            before = [*prompt, *phrase[:at]]
            total += max(_token_logprob(runtime, before, token, adapter), _FLOOR)
        sums.append(total)
    return sums


def _token_logprob(
    runtime: Runtime, before: Sequence[int], token: int, adapter: str | None
) -> float:
    chosen = _choose(runtime, before, token, adapter, 1)
    if chosen is not None:
        return float(chosen["logprob"])
    # llama.cpp says nothing of a chosen token that is only a part of a character. It says all of
    # the others beside one that is a whole character.
    (whole, *_) = runtime.server.tokenize("a", add_special=False)
    chosen = _choose(runtime, before, whole, adapter, _VOCABULARY)
    others = chosen["top_logprobs"] if chosen else []
    return next(float(each["logprob"]) for each in others if each["id"] == token)


def _choose(
    runtime: Runtime, before: Sequence[int], token: int, adapter: str | None, top: int
) -> dict[str, Any] | None:
    """What llama.cpp says of `token` behind the tokens `before`, and of the `top` likeliest.

    None where it says nothing.
    """
    options: dict[str, Any] = {
        "max_tokens": 1,
        "temperature": 0,
        "logit_bias": [[token, _CERTAIN]],
        "logprobs": top,
        "cache_prompt": True,
    }
    for _ in range(_TRIES):
        response = runtime.complete_ids(before, adapter, options)
        if response["timings"]["prompt_n"] == 1:
            break
    logprobs = response["choices"][0]["logprobs"]
    if not logprobs or not logprobs["content"]:
        return None
    chosen: dict[str, Any] = logprobs["content"][0]
    if chosen["id"] != token:
        raise MaverickError("llama.cpp chose another token than it was told to")
    return chosen
