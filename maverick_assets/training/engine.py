"""LoRA training of several adapters on one frozen base: a plain loop, read from top to bottom.

Each adapter has steps of its own, with its own examples, learning rate, clipping and AdamW state
(Loshchilov and Hutter 2019), as if it were alone; the steps that fall together are computed
together. What that saves is told where it is done: `packing`, `attention`, `lora`, `norms`, `head`,
`workers`.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from peft import PeftModel

from maverick_assets.training.adapters import Trainee
from maverick_assets.training.attention import documents_apart
from maverick_assets.training.checkpoints import (
    Checkpoints,
    FromTheStart,
    Interrupted,
    Snapshot,
)
from maverick_assets.training.hardware import Hardware
from maverick_assets.training.head import completion_losses
from maverick_assets.training.held_out import mean_loss
from maverick_assets.training.learner import Learner, StepTaken, make_learner, stop_early, update
from maverick_assets.training.lora import Routing, fused
from maverick_assets.training.norms import fused_norms
from maverick_assets.training.packing import Document, divide, pack
from maverick_assets.training.workers import Workers, open_workers


@dataclass(frozen=True)
class Progress:
    """A step that is done, with that of each adapter that it trained, and the loss on the rows held
    out of those that ended an epoch.

    `tokens_per_second` and `seconds_left` are averages since the start.
    """

    step: int
    steps: int
    taken: Mapping[str, StepTaken]
    held_out: Mapping[str, float]
    tokens_per_second: float
    seconds_left: float


@dataclass(frozen=True)
class Run:
    """A finished training, by adapter: the loss of each of its steps (from 1), that of the rows
    held out after each epoch, and why it was given up, if it was. `seconds` of wall clock, and
    tokens a second, are of all together."""

    losses: Mapping[str, list[tuple[int, float]]]
    held_out: Mapping[str, list[tuple[int, float]]]
    failures: Mapping[str, str]
    seconds: float
    tokens_per_second: float


def train(
    lora: PeftModel,
    trainees: Sequence[Trainee],
    hardware: Hardware,
    seed: int,
    on_progress: Callable[[Progress], None],
    checkpoints: Checkpoints | None = None,
    told_to_end: Callable[[], bool] = lambda: False,
) -> Run:
    """Train the LoRA weights of each trainee in place, all at the same time.

    The same seed, rows and machine give the same weights, whoever else is trained, and however
    often the run was cut short and went on from its `checkpoints`. An adapter whose loss or
    gradient is not finite goes back to the last checkpoint with half its rate, and is given up the
    third time; the others go on. Raises `Interrupted`, with a checkpoint saved, once it is
    `told_to_end`.
    """
    learners = [make_learner(lora, trainee, seed) for trainee in trainees]
    names = [trainee.name for trainee in trainees]
    for name, snapshot in (checkpoints.newest() if checkpoints else {}).items():
        learners[names.index(name)].restore(snapshot)
    kept = checkpoints or FromTheStart(_snapshots(learners))
    kept.save(_snapshots(learners))
    meter = _Meter(learners)
    lora.train()
    with (
        fused(lora, names) as routing,
        fused_norms(lora),
        documents_apart(lora),
        open_workers(hardware) as workers,
    ):
        while any(learner.learns for learner in learners):
            documents = _next_documents(learners)
            sums = _gradients_of(lora, learners, documents, hardware, workers, routing)
            taken = {
                names[adapter]: update(learners[adapter], loss, lambda name: kept.newest()[name])
                for adapter, loss in sums.items()
            }
            for adapter, learner in enumerate(learners):
                if learner.trainee.held_out and learner.ends_epoch:
                    rows = [Document(row, adapter) for row in learner.trainee.held_out]
                    base = lora.get_base_model()
                    stop_early(learner, mean_loss(base, rows, hardware, workers, routing))
            meter.count(documents)
            on_progress(meter.progress(taken))
            ending = told_to_end()
            if ending or kept.due:
                kept.save(_snapshots(learners))
            if ending:
                raise Interrupted("training was told to end; the same command goes on from here")
    kept.save(_snapshots(learners))
    lora.eval()
    return Run(
        {name: learner.losses for name, learner in zip(names, learners, strict=True)},
        {name: learner.held_out for name, learner in zip(names, learners, strict=True)},
        {
            name: learner.failure
            for name, learner in zip(names, learners, strict=True)
            if learner.failure
        },
        meter.seconds,
        meter.tokens_per_second,
    )


def _snapshots(learners: Sequence[Learner]) -> dict[str, Snapshot]:
    return {learner.trainee.name: learner.snapshot() for learner in learners}


def _next_documents(learners: Sequence[Learner]) -> list[Document]:
    return [
        document
        for adapter, learner in enumerate(learners)
        if learner.learns
        for document in learner.documents(adapter)
    ]


def _gradients_of(
    lora: PeftModel,
    learners: Sequence[Learner],
    documents: Sequence[Document],
    hardware: Hardware,
    workers: Workers,
    routing: Routing,
) -> dict[int, float]:
    """Gradients of the next step of every adapter that has one; by adapter its loss."""
    parts = divide(documents, hardware.part_tokens, workers.count)
    compute = partial(_gradients, lora.get_base_model(), learners, hardware, routing)
    sums = {document.adapter: 0.0 for document in documents}
    for part in workers.map(compute, parts):
        for adapter, (loss, gradients) in part.items():
            sums[adapter] += loss
            for weight, gradient in zip(learners[adapter].weights, gradients, strict=True):
                weight.grad = gradient if weight.grad is None else weight.grad.add_(gradient)
    return sums


def _gradients(
    model: Any,
    learners: Sequence[Learner],
    hardware: Hardware,
    routing: Routing,
    documents: Sequence[Document],
) -> dict[int, tuple[float, Sequence[torch.Tensor]]]:
    """By adapter its share of the loss, and the gradients of its weights."""
    packed = pack(documents).to(hardware.device)
    routing.spans = packed.spans
    total, losses = completion_losses(model, packed)
    weights = [weight for span in packed.spans for weight in learners[span.adapter].weights]
    gradients = iter(torch.autograd.grad(total, weights))
    shares = torch.zeros(len(learners), device=losses.device)
    shares.index_add_(0, packed.owners, losses * packed.weights)
    return {
        span.adapter: (
            shares[span.adapter].item(),
            [next(gradients) for _ in learners[span.adapter].weights],
        )
        for span in packed.spans
    }


class _Meter:
    """How fast all adapters together get on, since the start of this process."""

    def __init__(self, learners: Sequence[Learner]) -> None:
        self._learners = learners
        self._started = time.monotonic()
        self._tokens = 0

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    @property
    def tokens_per_second(self) -> float:
        return self._tokens / self.seconds

    def count(self, documents: Iterable[Document]) -> None:
        self._tokens += sum(len(document.row.input_ids) for document in documents)

    def progress(self, taken: Mapping[str, StepTaken]) -> Progress:
        learning = [learner for learner in self._learners if learner.learns]
        step = max(len(learner.losses) for learner in self._learners)
        steps = max((len(learner.plan) for learner in learning), default=step)
        held_out = {
            learner.trainee.name: loss
            for learner in self._learners
            for at, loss in learner.held_out[-1:]
            if learner.trainee.name in taken and at == taken[learner.trainee.name].step
        }
        rate = self.tokens_per_second
        left = sum(learner.tokens_left() for learner in learning) / rate
        return Progress(step, steps, taken, held_out, rate, left)
