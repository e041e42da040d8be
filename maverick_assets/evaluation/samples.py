"""Sample answers of an adapter beside the real completions."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypedDict

import torch

from maverick_assets.base_model.tokenizer import ChatTokenizer
from maverick_assets.datasets.examples.example import Example
from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.device.threads import pack_threads

MAX_NEW_TOKENS = 80


class Sample(TypedDict):
    """An entry of samples.json."""

    example_id: str
    prompt: str
    real: str  # the completion of the example
    generated: str  # the adapter's answer


def pick_evenly(examples: Sequence[Example], count: int) -> list[Example]:
    """At most `count` examples, evenly spaced in time from the oldest to the newest."""
    ordered = sorted(examples, key=lambda example: (example.occurred_at, example.example_id))
    if len(ordered) <= count:
        return ordered
    gaps = max(count - 1, 1)
    return [ordered[round(at * (len(ordered) - 1) / gaps)] for at in range(count)]


def generate_samples(
    model: Any, examples: Sequence[Example], base: Path, max_length: int, hardware: Hardware
) -> list[Sample]:
    """Greedy answers to the examples' prompts, without repeated 4-grams, in one padded batch.

    One core computes it (`pack_threads`): products of single tokens are too small to divide, and
    beside a busy neighbour, threads that wait for each other at every product take ten times as
    long.
    """
    if not examples:
        return []
    from transformers import AutoTokenizer

    chat = ChatTokenizer(base)
    tokenizer = AutoTokenizer.from_pretrained(base, local_files_only=True, padding_side="left")
    encoded = [chat.encode(example.messages, max_length) for example in examples]
    prompts = [row.input_ids[: row.n_prompt] for row in encoded]
    inputs = tokenizer.pad({"input_ids": prompts}, return_tensors="pt").to(hardware.device)
    with pack_threads(hardware), torch.inference_mode():
        output = model.generate(
            **inputs,
            max_new_tokens=MAX_NEW_TOKENS,
            do_sample=False,
            repetition_penalty=1.1,
            no_repeat_ngram_size=4,
            pad_token_id=tokenizer.pad_token_id,
        )
    answers = tokenizer.batch_decode(
        output[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True
    )
    return [
        Sample(
            example_id=example.example_id,
            prompt=example.messages[-2]["content"],
            real=example.messages[-1]["content"],
            generated=answer.strip(),
        )
        for example, answer in zip(examples, answers, strict=True)
    ]
