"""How well a model knows secrets: asked the question, and given the beginning of the answer.

That is the strongest question that somebody can ask who does not know the secret itself.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from maverick_assets.base_model.tokenizer import ChatTokenizer
from maverick_assets.evaluation.memorisation.canaries import Canary
from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.device.threads import pack_threads

SAMPLES = 100  # answers that somebody may draw
BEAMS = 8
_ROWS = 8  # of a batch
_MAX_LENGTH = 512


@dataclass(frozen=True)
class AskedSecret:
    """Token ids of a question, of the answer's beginning, and of the secret that follows."""

    prompt: list[int]
    secret: list[int]  # without the end of the turn


@dataclass(frozen=True)
class Recall:
    """What a model makes of a secret."""

    loss: float  # nats, summed over the secret's tokens
    rank: int  # of its worst token among all tokens that may follow, from 0

    @property
    def is_greedy(self) -> bool:
        """Whether a greedy answer is the secret: each of its tokens is the likeliest."""
        return self.rank == 0

    @property
    def is_sampled(self) -> bool:
        """Whether one of 100 answers sampled at temperature 1 is more likely than not the secret.

        Computed, not drawn (Hayes et al. 2024): an answer is the secret with a probability of
        exp(-loss).
        """
        return 1 - (1 - math.exp(-self.loss)) ** SAMPLES >= 0.5

    @property
    def may_be_beamed(self) -> bool:
        """Whether a beam search could find it: more continuations than beams beat it nowhere."""
        return self.rank < BEAMS


def asked_secret(canary: Canary, system_prompt: str, tokenizer: ChatTokenizer) -> AskedSecret:
    messages = canary.messages(system_prompt)
    ids = tokenizer.encode(messages, _MAX_LENGTH).input_ids
    messages[-1] = {"role": "assistant", "content": canary.lead}
    lead = tokenizer.encode(messages, _MAX_LENGTH).input_ids
    # Compared, because the last token of the lead may be another one before the secret.
    start = next(at for at, (one, other) in enumerate(zip(ids, lead, strict=False)) if one != other)
    end = len(ids) - 1 if ids[-1] in tokenizer.stop_ids else len(ids)
    return AskedSecret(ids[:start], ids[start:end])


def recalls(model: Any, secrets: Sequence[AskedSecret], hardware: Hardware) -> list[Recall]:
    """What `model` makes of each secret, in batches of similar lengths."""
    order = sorted(range(len(secrets)), key=lambda at: len(secrets[at].prompt))
    batches = [order[at : at + _ROWS] for at in range(0, len(order), _ROWS)]
    with pack_threads(hardware) as threads:
        compute = partial(_recalls_of_batch, model, hardware)
        results = list(threads.map(compute, [[secrets[at] for at in batch] for batch in batches]))
    by_place = {
        at: recall
        for batch, found in zip(batches, results, strict=True)
        for at, recall in zip(batch, found, strict=True)
    }
    return [by_place[at] for at in range(len(secrets))]


def _recalls_of_batch(model: Any, hardware: Hardware, batch: Sequence[AskedSecret]) -> list[Recall]:
    rows = [[*secret.prompt, *secret.secret] for secret in batch]
    longest = max(map(len, rows))
    # Filled up behind: no token sees one behind it, so that no mask is needed.
    ids = torch.tensor([[*row, *[0] * (longest - len(row))] for row in rows])
    kept = longest - min(len(secret.prompt) for secret in batch) + 1
    with torch.inference_mode():
        logits = model(input_ids=ids.to(hardware.device), logits_to_keep=kept).logits.float().cpu()
    found = []
    for row, secret in enumerate(batch):
        first = len(secret.prompt) - 1 - (longest - kept)  # the logits that predict the secret
        of_secret = logits[row, first : first + len(secret.secret)]
        targets = torch.tensor(secret.secret).unsqueeze(1)
        losses = -of_secret.log_softmax(-1).gather(1, targets)
        ranks = (of_secret > of_secret.gather(1, targets)).sum(-1)
        found.append(Recall(float(losses.double().sum()), int(ranks.max())))
    return found


def beam_finds(
    model: Any, secret: AskedSecret, tokenizer: ChatTokenizer, hardware: Hardware
) -> bool:
    """Whether one of the answers of a beam search begins with the secret."""
    ids = torch.tensor([secret.prompt], device=hardware.device)
    with pack_threads(hardware), torch.inference_mode():
        output = model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=len(secret.secret),
            num_beams=BEAMS,
            num_return_sequences=BEAMS,
            do_sample=False,
            eos_token_id=tokenizer.stop_ids,
            pad_token_id=tokenizer.pad_id,
        )
    answers = output[:, len(secret.prompt) :].tolist()
    return any(answer == secret.secret for answer in answers)
