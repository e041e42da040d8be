"""LoRA training of several adapters on one frozen base: a plain loop, read from top to bottom.

Each adapter has steps of its own, with its own examples, learning rate, clipping and AdamW state
(Loshchilov and Hutter 2019), as if it were alone; the steps that fall together are computed
together. What that saves is told where it is done: `packing`, `prefixes`, `attention`, `lora`,
`norms`, `head`, `workers`.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from peft import PeftModel

from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.kernels.packing import Document
from maverick_assets.training.loop.adapter_state import (
    Learner,
    StepTaken,
    make_learner,
    restore,
    set_back,
    snapshot,
    stop_early,
    update,
)
from maverick_assets.training.loop.adapters import Trainee
from maverick_assets.training.loop.checkpoints import (
    Checkpoints,
    FromTheStart,
    Interrupted,
    Snapshot,
)
from maverick_assets.training.loop.stepper import OpenSteps, Steps, open_steps


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
    """A finished training, by adapter: its peak learning rate, the loss of each of its steps (from
    1), that of the rows held out after each epoch, and why it was given up, if it was. `seconds` of
    wall clock, and tokens a second, are of all together."""

    learning_rates: Mapping[str, float]
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
    open_steps: OpenSteps = open_steps,
) -> Run:
    """Train the LoRA weights of each trainee in place, all at the same time.

    The same seed, rows and machine give the same weights, whoever else is trained, and however
    often the run was cut short and went on from its `checkpoints`. An adapter whose loss or
    gradient is not finite goes back to the last checkpoint with half its rate, and is given up the
    third time; the others go on. Raises `Interrupted`, with a checkpoint saved, once it is
    `told_to_end`.
    """
    base: Any = lora.get_base_model()
    learners = [make_learner(trainee, base.config.hidden_size, seed) for trainee in trainees]
    names = [trainee.name for trainee in trainees]
    with open_steps(lora, names, hardware) as steps:
        for name, known in (checkpoints.newest() if checkpoints else {}).items():
            restore(learners[names.index(name)], steps, names.index(name), known)
        kept = checkpoints or FromTheStart(_snapshots(learners, steps))
        _save(kept, learners, steps)
        meter = _Meter(learners)
        while any(learner.learns for learner in learners):
            documents = _next_documents(learners)
            taken = {
                adapter: update(learners[adapter], steps, adapter, loss)
                for adapter, loss in steps.gradients(documents)
            }
            for adapter, learner in enumerate(learners):
                if adapter in taken and not taken[adapter].sound:
                    known = kept.newest()[names[adapter]]
                    set_back(learner, steps, adapter, known, taken[adapter])
                if learner.trainee.held_out and learner.ends_epoch:
                    stop_early(learner, steps, adapter)
            meter.count(documents)
            if steps.leads:
                on_progress(meter.progress({names[at]: step for at, step in taken.items()}))
            ending = steps.any(told_to_end())
            if ending or steps.any(steps.leads and kept.due):
                _save(kept, learners, steps)
            if ending:
                raise Interrupted("training was told to end; the same command goes on from here")
        _save(kept, learners, steps)
    by_name = dict(zip(names, learners, strict=True))
    return Run(
        {name: learner.learning_rate * learner.rate for name, learner in by_name.items()},
        {name: learner.losses for name, learner in by_name.items()},
        {name: learner.held_out for name, learner in by_name.items()},
        {name: learner.failure for name, learner in by_name.items() if learner.failure},
        meter.seconds,
        meter.tokens_per_second,
    )


def _save(kept: Checkpoints | FromTheStart, learners: Sequence[Learner], steps: Steps) -> None:
    snapshots = _snapshots(learners, steps)  # takes every process to gather
    if steps.leads:
        kept.save(snapshots)


def _snapshots(learners: Sequence[Learner], steps: Steps) -> dict[str, Snapshot]:
    return {
        learner.trainee.name: snapshot(learner, steps, adapter)
        for adapter, learner in enumerate(learners)
    }


def _next_documents(learners: Sequence[Learner]) -> list[Document]:
    """Those of the one with the most steps left, and of who else must take one to end with it.

    So few adapters are in hand at the same time, which is what memory is taken for, and there are
    more documents to share out evenly than those of one.
    """
    first = max((each for each in learners if each.learns), key=lambda each: each.steps_left)
    documents = []
    for adapter, learner in enumerate(learners):
        pace = len(learner.plan) * (first.steps_left - 1) / len(first.plan)
        turn = adapter / len(learners)  # not all at once
        if learner.learns and learner.steps_left > pace + turn:
            documents += learner.documents(adapter)
    return documents


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
