"""Sample answers of an adapter beside the real completions."""

import copy
from collections.abc import Sequence
from itertools import chain
from typing import Any

import torch

from maverick_assets.base_model.tokenizer import ChatTokenizer
from maverick_assets.datasets.examples.example import Example
from maverick_assets.evaluation.report import Sample
from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.device.threads import pack_threads

MAX_NEW_TOKENS = 80


def pick_evenly(examples: Sequence[Example], count: int) -> list[Example]:
    """At most `count` examples, evenly spaced in time from the oldest to the newest."""
    ordered = sorted(examples, key=lambda example: (example.occurred_at, example.example_id))
    if len(ordered) <= count:
        return ordered
    gaps = max(count - 1, 1)
    return [ordered[round(at * (len(ordered) - 1) / gaps)] for at in range(count)]


def share_weights(model: Any) -> Any:
    """A model of the same weights in modules of its own, which can have another adapter."""
    weights = chain(model.parameters(), model.buffers())
    return copy.deepcopy(model, {id(tensor): tensor for tensor in weights})


def generate_samples(
    model: Any,
    examples: Sequence[Example],
    tokenizer: ChatTokenizer,
    max_length: int,
    hardware: Hardware,
) -> list[Sample]:
    """Greedy answers to the examples' prompts, without repeated 4-grams, in one padded batch.

    One core computes it (`pack_threads`): products of single tokens are too small to divide, and
    beside a busy neighbour, threads that wait for each other at every product take ten times as
    long.
    """
    if not examples:
        return []
    encoded = [tokenizer.encode(example.messages, max_length) for example in examples]
    prompts = [row.input_ids[: row.n_prompt] for row in encoded]
    ids, mask = (batch.to(hardware.device) for batch in _pad_left(prompts, tokenizer.pad_id))
    with pack_threads(hardware), torch.inference_mode():
        output = model.generate(
            input_ids=ids,
            attention_mask=mask,
            max_new_tokens=MAX_NEW_TOKENS,
            do_sample=False,
            repetition_penalty=1.1,
            no_repeat_ngram_size=4,
            eos_token_id=tokenizer.stop_ids,
            pad_token_id=tokenizer.pad_id,
        )
    answers = [tokenizer.decode(row) for row in output[:, ids.shape[1] :].tolist()]
    return [
        Sample(
            example_id=example.example_id,
            prompt=example.messages[-2]["content"],
            real=example.messages[-1]["content"],
            generated=answer.strip(),
        )
        for example, answer in zip(examples, answers, strict=True)
    ]


def _pad_left(rows: Sequence[list[int]], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and attention mask [row, position] of rows that end together.

    By hand, because many bases (Llama 3, Mistral) have no pad token, and transformers then refuses.
    """
    longest = max(map(len, rows))
    ids = [[pad] * (longest - len(row)) + row for row in rows]
    mask = [[0] * (longest - len(row)) + [1] * len(row) for row in rows]
    return torch.tensor(ids), torch.tensor(mask)
