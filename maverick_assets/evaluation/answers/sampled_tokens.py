"""The next token of each answer, chosen in the order of llama.cpp's samplers."""

import math
from collections.abc import Sequence

import torch

from maverick_assets.base_model.sampling import MIN_P, REPEAT_PENALTY, REPEAT_WINDOW, TOP_K, TOP_P


def choose_tokens(
    logits: torch.Tensor,
    before: Sequence[Sequence[int]],
    temperature: float,
    draws: Sequence[float],
) -> list[int]:
    """Ids of the next tokens of some answers.

    `logits` (rows, vocabulary) in float32 are overwritten. `before` are each row's tokens so far,
    prompt and answer, `draws` a random number from [0, 1) for each row. At temperature 0 the
    likeliest token is chosen.

    llama.cpp first divides by the penalty the logits of tokens that occur among the last
    `REPEAT_WINDOW` (those below 0 it multiplies), then keeps the `TOP_K` likeliest, of these the
    fewest with `TOP_P` of the probability, and of these such as have `MIN_P` of the first one's.
    The temperature comes last: it changes how likely those are that are left, not which.
    """
    _penalize(logits, before)
    top, ids = logits.topk(min(TOP_K, logits.shape[-1]), sorted=True)
    if temperature == 0:
        return [int(token) for token in ids[:, 0].tolist()]
    probabilities = top.softmax(-1)
    heavier = probabilities.cumsum(-1) - probabilities  # of the likelier tokens together
    left_out = (heavier >= TOP_P) | (top < top[:, :1] + math.log(MIN_P))
    scaled = (top / temperature).masked_fill_(left_out, -math.inf).softmax(-1)
    points = torch.tensor(draws, device=logits.device, dtype=scaled.dtype)[:, None]
    # The first token at which the sum exceeds the number; rounding may leave the whole sum below 1.
    places = (scaled.cumsum(-1) <= points).sum(-1, keepdim=True)
    places = torch.minimum(places, (~left_out).sum(-1, keepdim=True) - 1)
    return [int(token) for token in ids.gather(1, places)[:, 0].tolist()]


def _penalize(logits: torch.Tensor, before: Sequence[Sequence[int]]) -> None:
    recent = [list(ids[-REPEAT_WINDOW:]) for ids in before]
    width = max(map(len, recent))
    # Filled up with a token of the row's own, which is penalized once all the same.
    filled = [ids + ids[:1] * (width - len(ids)) for ids in recent]
    at = torch.tensor(filled, device=logits.device)
    values = logits.gather(1, at)
    penalized = torch.where(values > 0, values / REPEAT_PENALTY, values * REPEAT_PENALTY)
    logits.scatter_(1, at, penalized)
