"""One adapter in training: its own steps, learning rate, setbacks and early stop."""

import math
from dataclasses import dataclass, field
from itertools import accumulate, chain

from maverick_assets.recipes import Training
from maverick_assets.training.kernels.packing import Document, plan_epoch
from maverick_assets.training.loop.adapter_job import AdapterJob
from maverick_assets.training.loop.checkpoints import AdapterSnapshot, Progress
from maverick_assets.training.loop.stepper import NamedTensors, Stepper, clone_tensors

# See `peak_learning_rate`.
LLAMA_8B_LEARNING_RATE = 2e-4
LLAMA_8B_WIDTH = 4096
WIDTH_EXPONENT = 0.781

WARMUP_FRACTION = 0.03  # of all steps
MAX_GRADIENT_NORM = 1.0
MAX_SOUND_NORM = 1e4  # a gradient above it has exploded: its direction means nothing
MAX_SETBACKS = 3  # at this one an adapter is given up


@dataclass(frozen=True)
class AdapterStep:
    """The result of one step of one adapter."""

    step: int  # from 1
    steps: int  # of the whole training
    loss: float
    learning_rate: float
    gradient_norm: float  # before clipping

    @property
    def is_sound(self) -> bool:
        return math.isfinite(self.loss) and self.gradient_norm < MAX_SOUND_NORM


@dataclass
class AdapterState:
    """An adapter in training."""

    job: AdapterJob
    index: int  # among the adapters that are trained together
    plan: list[list[int]]  # rows of each step
    epoch_ends: frozenset[int]  # steps after which an epoch is complete
    peak_learning_rate: float
    rate_factor: float = 1.0  # of the peak; halved at each setback
    steps_done: int = 0
    losses: list[tuple[int, float]] = field(default_factory=list)  # (step, training loss)
    validation_losses: list[tuple[int, float]] = field(default_factory=list)  # after each epoch
    best_weights: NamedTensors = field(default_factory=dict)  # of the best epoch so far
    setbacks: int = 0
    failure: str | None = None  # why it was given up

    @property
    def is_training(self) -> bool:
        return self.failure is None and self.steps_done < len(self.plan)

    @property
    def steps_left(self) -> int:
        return len(self.plan) - self.steps_done

    @property
    def validation_due(self) -> bool:
        """Whether an epoch has just ended whose validation loss is not known yet.

        A single epoch has none to compare with: its adapter is measured once, by the evaluation.
        """
        if self.failure or not self.job.validation_rows or len(self.epoch_ends) == 1:
            return False
        if self.steps_done not in self.epoch_ends:
            return False
        # Steps taken, not `steps_done`: an early stop jumps to the end of the plan, which is the
        # end of an epoch, too.
        return len(self.losses) not in [step for step, _ in self.validation_losses]

    def next_documents(self) -> list[Document]:
        """The rows of the next step, whose loss is the mean over all their supervised tokens."""
        rows = [self.job.rows[at] for at in self.plan[self.steps_done]]
        weight = 1 / sum(row.n_supervised for row in rows)
        return [Document(row, self.index, weight) for row in rows]

    def tokens_left(self) -> int:
        rows = self.job.rows
        return sum(len(rows[at].input_ids) for step in self.plan[self.steps_done :] for at in step)


def initial_state(job: AdapterJob, index: int, width: int, seed: int) -> AdapterState:
    """`job` before its first step, on a base of hidden size `width`."""
    settings = job.settings
    epochs = [
        plan_epoch(job.rows, settings.batch_tokens, f"{seed}-{epoch}")
        for epoch in range(1, settings.epochs + 1)
    ]
    return AdapterState(
        job,
        index,
        plan=list(chain(*epochs)),
        epoch_ends=frozenset(accumulate(len(epoch) for epoch in epochs)),
        peak_learning_rate=peak_learning_rate(settings, width),
        rate_factor=settings.incremental_rate if job.parent else 1.0,
    )


def take_step(state: AdapterState, stepper: Stepper, loss: float) -> AdapterStep:
    """Take the step of the adapter's complete gradient, or none if it is not sound."""
    number, count = state.steps_done + 1, len(state.plan)
    norm = stepper.clip(state.index, MAX_GRADIENT_NORM)
    rate = state.peak_learning_rate * state.rate_factor * schedule_factor(number, count)
    step = AdapterStep(number, count, round(loss, 5), rate, norm)
    if not step.is_sound:
        stepper.drop_gradient(state.index)
        return step
    stepper.step(state.index, rate)
    state.steps_done = number
    state.losses.append((number, step.loss))
    return step


def set_back(
    state: AdapterState, stepper: Stepper, snapshot: AdapterSnapshot, unsound: AdapterStep
) -> None:
    """After an unsound step: return to a snapshot with half the rate; the third time, give up."""
    # Computed before restore(), which would bring back the snapshot's own.
    setbacks, rate_factor = state.setbacks + 1, state.rate_factor / 2
    if setbacks >= MAX_SETBACKS:
        state.failure = (
            f"the loss is {unsound.loss} at step {unsound.step} of {unsound.steps}, gradient "
            f"{unsound.gradient_norm:.3g}, for the third time; lower learning_rate"
        )
    else:
        restore(state, stepper, snapshot)
    state.setbacks, state.rate_factor = setbacks, rate_factor


def validate(state: AdapterState, stepper: Stepper) -> None:
    """After an epoch: record the validation loss, and stop early when it is not the best so far.

    An adapter that stops takes the weights of its best epoch.
    """
    rows = state.job.validation_rows
    loss = stepper.validation_loss(Document(row, state.index) for row in rows)
    if loss < min((earlier for _, earlier in state.validation_losses), default=math.inf):
        if state.is_training:  # after the last epoch the adapter has these weights anyway
            weights = stepper.weights(state.index)
            state.best_weights = clone_tensors(weights)
    elif state.best_weights:
        stepper.restore(state.index, state.best_weights, {}, state.steps_done)
        state.steps_done = len(state.plan)
    state.validation_losses.append((len(state.losses), round(loss, 5)))


def adapter_snapshot(state: AdapterState, stepper: Stepper) -> AdapterSnapshot:
    """What it takes to resume an adapter.

    The tensors are the stepper's own: the next step changes them. After its last step an adapter
    needs AdamW's moments no more, which are two thirds of a checkpoint.
    """
    progress = Progress(
        steps_done=state.steps_done,
        losses=list(state.losses),
        validation_losses=list(state.validation_losses),
        rate_factor=state.rate_factor,
        setbacks=state.setbacks,
    )
    return AdapterSnapshot(
        progress,
        stepper.weights(state.index),
        stepper.optimizer_state(state.index) if state.steps_left else {},
        state.best_weights,
    )


def restore(state: AdapterState, stepper: Stepper, snapshot: AdapterSnapshot) -> None:
    """Put an adapter back where it was when `snapshot` was taken."""
    progress = snapshot.progress
    state.steps_done = progress.steps_done
    state.losses = list(progress.losses)
    state.validation_losses = list(progress.validation_losses)
    state.rate_factor, state.setbacks = progress.rate_factor, progress.setbacks
    state.best_weights = snapshot.best_weights
    stepper.restore(state.index, snapshot.weights, snapshot.optimizer_state, progress.steps_done)


def peak_learning_rate(settings: Training, width: int) -> float:
    """The recipe's learning rate, or one that fits a base of hidden size `width`.

    The latter is that of Llama 8B, scaled by the exponent that Schulman et al. fitted to Llamas
    (2025, "LoRA Without Regret").
    """
    scaled = LLAMA_8B_LEARNING_RATE * (LLAMA_8B_WIDTH / width) ** WIDTH_EXPONENT
    return settings.learning_rate or scaled


def schedule_factor(step: int, steps: int) -> float:
    """Factor of the learning rate at `step` (from 1): linear warmup, then cosine to near zero."""
    warmup = max(1, round(WARMUP_FRACTION * steps))
    if step <= warmup:
        return step / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup + 1)))
