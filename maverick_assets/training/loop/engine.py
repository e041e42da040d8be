"""LoRA training of several adapters on one frozen base: a plain loop, read from top to bottom.

Each adapter has steps of its own, with its own examples, learning rate, clipping and AdamW state
(Loshchilov and Hutter 2019), as if it were alone. Steps of several adapters that fall together are
computed together. What that saves is explained where it is done: in `kernels/` (`packing`,
`prefixes`, `attention`, `lora`, `norms`, `completion_loss`) and in `device/threads`.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from peft import PeftModel

from maverick_assets.errors import Interrupted
from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.kernels.packing import Document
from maverick_assets.training.loop.adapter_job import AdapterJob
from maverick_assets.training.loop.adapter_state import (
    AdapterState,
    AdapterStep,
    adapter_snapshot,
    initial_state,
    restore,
    set_back,
    take_step,
    validate,
)
from maverick_assets.training.loop.checkpoints import (
    AdapterSnapshot,
    Checkpoints,
    InMemoryStart,
)
from maverick_assets.training.loop.stepper import Stepper, StepperFactory, local_stepper


@dataclass(frozen=True)
class StepReport:
    """A step of the run, with the steps of all adapters that took one in it."""

    step: int  # of the adapter that has come furthest
    steps: int  # of the longest adapter that is still training
    adapter_steps: Mapping[str, AdapterStep]
    validation_losses: Mapping[str, float]  # of the adapters that ended an epoch
    tokens_per_second: float  # on average since the process started
    seconds_left: float


@dataclass(frozen=True)
class TrainingResult:
    """A finished training, by adapter."""

    learning_rates: Mapping[str, float]  # at their peak
    losses: Mapping[str, list[tuple[int, float]]]  # (step from 1, training loss)
    validation_losses: Mapping[str, list[tuple[int, float]]]  # (step, loss) after each epoch
    failures: Mapping[str, str]  # why an adapter was given up
    seconds: float  # wall clock of the whole run
    tokens_per_second: float  # of all adapters together


def train(  # eight parameters: the last three have defaults, which only a whole run replaces
    lora: PeftModel,
    jobs: Sequence[AdapterJob],
    hardware: Hardware,
    seed: int,
    on_step: Callable[[StepReport], None],
    *,
    checkpoints: Checkpoints | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    make_stepper: StepperFactory = local_stepper,
) -> TrainingResult:
    """Train the LoRA weights of each job in place, all at the same time.

    The same seed, rows and machine give the same weights, whichever other adapters are trained, and
    however often the run was stopped and resumed from its `checkpoints`. An adapter whose loss or
    gradient explodes returns to the last checkpoint with half its rate, and is given up the third
    time; the others go on. Raises `Interrupted`, with a checkpoint saved, when `should_stop` says
    so after a step.
    """
    base: Any = lora.get_base_model()
    width = base.config.get_text_config().hidden_size
    states = [initial_state(job, index, width, seed) for index, job in enumerate(jobs)]

    with make_stepper(lora, [job.name for job in jobs], hardware) as stepper:
        if checkpoints:
            _resume(states, stepper, checkpoints)
        # Saved before the first step, too: an adapter that explodes at once has somewhere to
        # return to. Without a directory that place is a copy in memory.
        saved = checkpoints or InMemoryStart(_snapshots(states, stepper))
        _save(saved, states, stepper)

        meter = _Meter(states)
        while any(state.is_training for state in states):
            # One step of the run: of the longest adapter, and of those that would fall behind it.
            stepping = _states_that_step(states)
            documents = [document for state in stepping for document in state.next_documents()]

            # An adapter takes its step as soon as its gradient is complete, not after all of
            # them: its gradients are then freed while those of others are still being computed.
            steps: dict[int, AdapterStep] = {}
            for index, loss in stepper.gradients(documents):
                steps[index] = take_step(states[index], stepper, loss)

            # Only now, because a stepper may take all steps when `gradients` ends, and a setback
            # overwrites the weights.
            for state in stepping:
                if not steps[state.index].is_sound:
                    snapshot = saved.newest()[state.job.name]
                    set_back(state, stepper, snapshot, steps[state.index])
                if state.validation_due:
                    validate(state, stepper)

            meter.count(documents)
            if stepper.is_main_process:
                on_step(meter.report(steps))

            # Every process takes part in both questions, or the others would wait for it forever:
            # a signal may reach only one, and clocks differ, so the main process decides when a
            # checkpoint is due.
            stopping = stepper.any_process(should_stop())
            if stopping or stepper.any_process(stepper.is_main_process and saved.due):
                _save(saved, states, stepper)
            if stopping:
                raise Interrupted
        # Results are still to be written. A process that dies meanwhile need not train again.
        _save(saved, states, stepper)

    return _result(states, meter)


def _states_that_step(states: Sequence[AdapterState]) -> list[AdapterState]:
    """The longest adapter, and each that must step now to end together with it.

    The longest one has the most steps left, and takes one in every step of the run. The others
    spread theirs evenly: beside 30 steps of the longest, an adapter of 3 takes one in every tenth.
    Taking all steps at the start would be simpler, but few adapters at a time need less memory, and
    the documents of two or three divide more evenly among the threads than those of one, right to
    the end.
    """
    training = [state for state in states if state.is_training]
    longest = max(training, key=lambda state: state.steps_left)
    stepping = []
    for state in training:
        # Steps that the adapter would have left if it were as far as the longest one will be.
        on_pace = len(state.plan) * (longest.steps_left - 1) / len(longest.plan)
        # Short adapters of equal length would all be due in the same step. Each may fall behind by
        # another fraction of a step, so that they take turns. The fraction is less than a whole
        # step, so the longest adapter itself is always due.
        tolerance = state.index / len(states)
        if state.steps_left > on_pace + tolerance:
            stepping.append(state)
    return stepping


def _resume(states: Sequence[AdapterState], stepper: Stepper, checkpoints: Checkpoints) -> None:
    """Continue where the newest checkpoint of this run ends, if an earlier process left one."""
    snapshots = checkpoints.newest()
    for state in states:
        if state.job.name in snapshots:
            restore(state, stepper, snapshots[state.job.name])


def _save(
    saved: Checkpoints | InMemoryStart, states: Sequence[AdapterState], stepper: Stepper
) -> None:
    snapshots = _snapshots(states, stepper)  # by all processes: each holds a part of the tensors
    if stepper.is_main_process:
        saved.save(snapshots)


def _snapshots(states: Sequence[AdapterState], stepper: Stepper) -> dict[str, AdapterSnapshot]:
    return {state.job.name: adapter_snapshot(state, stepper) for state in states}


class _Meter:
    """The speed of all adapters together since this process started to train."""

    def __init__(self, states: Sequence[AdapterState]) -> None:
        self._states = states
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

    def report(self, steps: Mapping[int, AdapterStep]) -> StepReport:
        """The report of a step of the run, from the steps that adapters took in it, by index."""
        training = [state for state in self._states if state.is_training]
        # `losses`, not `steps_done`: after an early stop the latter counts the whole plan.
        step = max(len(state.losses) for state in self._states)
        rate = self.tokens_per_second
        return StepReport(
            step=step,
            steps=max((len(state.plan) for state in training), default=step),
            adapter_steps={self._states[at].job.name: taken for at, taken in steps.items()},
            validation_losses={
                state.job.name: loss
                for state in self._states
                for at, loss in state.validation_losses[-1:]
                if state.index in steps and at == steps[state.index].step
            },
            tokens_per_second=rate,
            seconds_left=sum(state.tokens_left() for state in training) / rate,
        )


def _result(states: Sequence[AdapterState], meter: _Meter) -> TrainingResult:
    by_name = {state.job.name: state for state in states}
    return TrainingResult(
        learning_rates={
            name: state.peak_learning_rate * state.rate_factor for name, state in by_name.items()
        },
        losses={name: state.losses for name, state in by_name.items()},
        validation_losses={name: state.validation_losses for name, state in by_name.items()},
        failures={name: state.failure for name, state in by_name.items() if state.failure},
        seconds=meter.seconds,
        tokens_per_second=meter.tokens_per_second,
    )
