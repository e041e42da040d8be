"""One adapter in training: its own steps, learning rate, setbacks and early stop."""

import math
from dataclasses import dataclass, field
from itertools import accumulate, chain

from maverick_assets.recipes import Training
from maverick_assets.training.kernels.packing import Document, plan_epoch
from maverick_assets.training.loop.adapters import Trainee
from maverick_assets.training.loop.checkpoints import Facts, Snapshot
from maverick_assets.training.loop.stepper import State, Steps

LEARNING_RATE = 2e-4  # of a base as wide as Llama 8B
WIDTH = 4096
WARMUP = 0.03
MAX_GRADIENT_NORM = 1.0
EXPLODED = 1e4  # a gradient of this norm tells nothing
MAX_SETBACKS = 3


@dataclass(frozen=True)
class StepTaken:
    """A step of one adapter, the `step`-th of `steps`. `gradient_norm`: before clipping."""

    step: int
    steps: int
    loss: float
    learning_rate: float
    gradient_norm: float

    @property
    def sound(self) -> bool:
        return math.isfinite(self.loss) and self.gradient_norm < EXPLODED


@dataclass
class Learner:
    """An adapter in training. `plan`: rows of each of its steps; `epochs`: steps that end one.
    `learning_rate`: its peak; `rate`: factor of that. `best`: weights of the best epoch so far."""

    trainee: Trainee
    plan: list[list[int]]
    epochs: frozenset[int]
    learning_rate: float
    done: int = 0
    losses: list[tuple[int, float]] = field(default_factory=list)
    held_out: list[tuple[int, float]] = field(default_factory=list)
    best: State = field(default_factory=dict)
    rate: float = 1.0
    setbacks: int = 0
    failure: str | None = None

    @property
    def learns(self) -> bool:
        return self.failure is None and self.done < len(self.plan)

    @property
    def ends_epoch(self) -> bool:
        """Whether an epoch was just done whose rows held out are not looked at yet."""
        seen = self.held_out and self.held_out[-1][0] == len(self.losses)
        return self.failure is None and self.done in self.epochs and not seen

    @property
    def steps_left(self) -> int:
        return len(self.plan) - self.done

    def documents(self, adapter: int) -> list[Document]:
        """Rows of the next step: its loss is the mean over their supervised tokens."""
        rows = [self.trainee.rows[index] for index in self.plan[self.done]]
        weight = 1 / sum(row.n_supervised for row in rows)
        return [Document(row, adapter, weight) for row in rows]

    def tokens_left(self) -> int:
        rows = self.trainee.rows
        return sum(len(rows[at].input_ids) for step in self.plan[self.done :] for at in step)


def make_learner(trainee: Trainee, width: int, seed: int) -> Learner:
    """`width`: hidden size of the base."""
    settings = trainee.settings
    epochs = [
        plan_epoch(trainee.rows, settings.batch_tokens, f"{seed}-{epoch}")
        for epoch in range(1, settings.epochs + 1)
    ]
    ends = frozenset(accumulate(len(epoch) for epoch in epochs))
    rate = settings.incremental_rate if trainee.parent else 1.0
    return Learner(trainee, list(chain(*epochs)), ends, learning_rate(settings, width), rate=rate)


def update(learner: Learner, steps: Steps, adapter: int, loss: float) -> StepTaken:
    """Take the step that the gradient tells, unless it tells none."""
    step, count = learner.done + 1, len(learner.plan)
    norm = steps.clip(adapter, MAX_GRADIENT_NORM)
    rate = learner.learning_rate * learner.rate * schedule(step, count)
    taken = StepTaken(step, count, round(loss, 5), rate, norm)
    if not taken.sound:
        steps.drop(adapter)
        return taken
    steps.take(adapter, rate)
    learner.done = step
    learner.losses.append((step, taken.loss))
    return taken


def set_back(learner: Learner, steps: Steps, adapter: int, to: Snapshot, bad: StepTaken) -> None:
    """After a step that told nothing: go back with half the rate; the third time, give up."""
    setbacks, rate = learner.setbacks + 1, learner.rate / 2
    if setbacks >= MAX_SETBACKS:
        learner.failure = (
            f"the loss is {bad.loss} at step {bad.step} of {bad.steps}, gradient "
            f"{bad.gradient_norm:.3g}, for the third time; lower learning_rate"
        )
    else:
        restore(learner, steps, adapter, to)
    learner.setbacks, learner.rate = setbacks, rate


def stop_early(learner: Learner, steps: Steps, adapter: int) -> None:
    """After an epoch: when the loss on the rows held out is not the least so far, go back to the
    weights of that one, and learn no more."""
    loss = steps.held_out_loss(Document(row, adapter) for row in learner.trainee.held_out)
    if loss < min((known for _, known in learner.held_out), default=math.inf):
        if learner.learns:  # otherwise they are the ones it ends with
            learner.best = {name: each.clone() for name, each in steps.weights(adapter).items()}
    elif learner.best:
        steps.restore(adapter, learner.best, {}, learner.done)
        learner.done = len(learner.plan)
    learner.held_out.append((len(learner.losses), round(loss, 5)))


def snapshot(learner: Learner, steps: Steps, adapter: int) -> Snapshot:
    """Where it is. The tensors are its own: to be written, or copied, before the next step."""
    facts = Facts(
        learner.done,
        list(learner.losses),
        list(learner.held_out),
        learner.rate,
        learner.setbacks,
    )
    return Snapshot(facts, steps.weights(adapter), steps.moments(adapter), learner.best)


def restore(learner: Learner, steps: Steps, adapter: int, known: Snapshot) -> None:
    facts = known.facts
    learner.done, learner.losses = facts.done, list(facts.losses)
    learner.held_out = list(facts.held_out)
    learner.rate, learner.setbacks = facts.rate, facts.setbacks
    learner.best = known.best
    steps.restore(adapter, known.weights, known.moments, facts.done)


def learning_rate(settings: Training, width: int) -> float:
    """Peak learning rate on a base of hidden size `width`: that of the recipe, or where it names
    none, that of Llama 8B carried over by the exponent that Schulman et al. fitted to Llamas
    (2025, "LoRA Without Regret")."""
    return settings.learning_rate or LEARNING_RATE * (WIDTH / width) ** 0.781


def schedule(step: int, steps: int) -> float:
    """Factor of the learning rate at `step` (from 1): linear warmup, then cosine to near zero."""
    warmup = max(1, round(WARMUP * steps))
    if step <= warmup:
        return step / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup + 1)))
