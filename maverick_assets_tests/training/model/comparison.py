"""A step of the engine beside transformers, peft and autograd, which know nothing of the engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from peft import PeftModel
from torch.nn.functional import cross_entropy

from maverick_assets.base_model.tokenizer import Encoded
from maverick_assets.recipes import Training
from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.kernels.packing import Document
from maverick_assets.training.loop.adapter_job import AdapterJob
from maverick_assets.training.loop.adapters import attached_lora
from maverick_assets.training.loop.stepper import local_stepper
from maverick_assets.training.model.self_check import CheckResult, self_check
from maverick_assets_tests.architectures import VOCABULARY, Architecture, tiny_model

CPU = Hardware("cpu", torch.float32)
NAMES = ("robbie", "mentor")


@dataclass(frozen=True)
class Comparison:
    """Of one architecture."""

    check: CheckResult  # what the engine found out by itself
    loss: float  # the greatest difference of an adapter's loss, nats
    gradient: float  # the greatest relative difference of a LoRA weight's gradient


def compare(architecture: Architecture) -> Comparison:
    """Check a tiny model, then compare a step of two adapters with the paths that were chosen.

    The examples of the step are others than those of the check, more, and longer than every window.
    """
    model = tiny_model(architecture)
    check = self_check(model, example_rows(seed=3, lengths=(22, 31, 70)), CPU)
    rows = example_rows(seed=4, lengths=(40, 66, 25, 90, 41, 64))
    documents = [Document(row, at % 2, 1 / row.n_supervised) for at, row in enumerate(rows)]
    settings = Training(rank=4, alpha=8)
    jobs = [AdapterJob(name, rows, settings) for name in NAMES]
    with attached_lora(model, jobs, 0) as lora:
        generator = torch.Generator().manual_seed(5)
        for name, weight in lora.named_parameters():
            if "lora_" in name:
                weight.data = 0.1 * torch.randn(weight.shape, generator=generator)
        plain = [plain_step(lora, name, documents[at::2]) for at, name in enumerate(NAMES)]
        for name, weight in lora.named_parameters():
            weight.requires_grad_("lora_" in name)
        with local_stepper(lora, NAMES, CPU, paths=check.chosen.paths) as stepper:
            losses = dict(stepper.gradients(documents))
            gradients = [adapter_gradients(lora, name) for name in NAMES]
    loss = max(abs(losses[at] - plain[at][0]) for at in range(len(NAMES)))
    apart = [
        relative_difference(gradients[at][name], gradient)
        for at in range(len(NAMES))
        for name, gradient in plain[at][1].items()
    ]
    return Comparison(check, loss, max(apart))


def example_rows(seed: int, lengths: Sequence[int]) -> list[Encoded]:
    """Rows that begin alike, as those of a personality do."""
    generator = torch.Generator().manual_seed(seed)

    def tokens(count: int) -> list[int]:
        return torch.randint(3, VOCABULARY, (count,), generator=generator).tolist()

    beginning = tokens(18)
    return [
        Encoded(beginning + tokens(length - 18), length - 4 - length // 6) for length in lengths
    ]


def plain_step(
    lora: PeftModel, name: str, documents: Sequence[Document]
) -> tuple[float, dict[str, torch.Tensor]]:
    """An adapter's loss and the gradients of its weights, one example after the other."""
    lora.set_adapter(name)
    lora.zero_grad()
    total = 0.0
    for document in documents:
        row = document.row
        logits = lora(input_ids=torch.tensor([row.input_ids])).logits[0, row.n_prompt - 1 : -1]
        targets = torch.tensor(row.input_ids[row.n_prompt :])
        loss = cross_entropy(logits, targets, reduction="sum") * document.weight
        loss.backward()
        total += loss.item()
    gradients = adapter_gradients(lora, name)
    lora.zero_grad()
    return total, gradients


def adapter_gradients(lora: Any, name: str) -> dict[str, torch.Tensor]:
    """Copies; zero where a weight took no part, as an expert's that no token was sent to."""
    return {
        key: torch.zeros_like(weight) if weight.grad is None else weight.grad.clone()
        for key, weight in lora.named_parameters()
        if f".{name}." in key
    }


def relative_difference(one: torch.Tensor, other: torch.Tensor) -> float:
    """Of the norm; gradients of next to nothing count as equal to it."""
    return float((one - other).norm() / (other.norm() + 1e-3))
