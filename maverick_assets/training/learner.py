"""One adapter in training: its own steps, learning rate, clipping and AdamW state."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import accumulate, chain

import torch
from peft import PeftModel

from maverick_assets.training.adapters import Trainee
from maverick_assets.training.checkpoints import Facts, Snapshot
from maverick_assets.training.packing import Document, plan_epoch

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


@dataclass
class Learner:
    """An adapter in training. `plan`: rows of each of its steps; `epochs`: steps that end one.
    `rate`: factor of its learning rate. `best`: weights of the best epoch so far."""

    trainee: Trainee
    weights: list[torch.nn.Parameter]
    optimizer: torch.optim.Optimizer
    plan: list[list[int]]
    epochs: frozenset[int]
    done: int = 0
    losses: list[tuple[int, float]] = field(default_factory=list)
    held_out: list[tuple[int, float]] = field(default_factory=list)
    best: list[torch.Tensor] = field(default_factory=list)
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

    def documents(self, adapter: int) -> list[Document]:
        """Rows of the next step: its loss is the mean over their supervised tokens."""
        rows = [self.trainee.rows[index] for index in self.plan[self.done]]
        weight = 1 / sum(row.n_supervised for row in rows)
        return [Document(row, adapter, weight) for row in rows]

    def tokens_left(self) -> int:
        rows = self.trainee.rows
        return sum(len(rows[at].input_ids) for step in self.plan[self.done :] for at in step)

    def snapshot(self) -> Snapshot:
        """Where it is. The tensors are its own: to be written, or copied, before the next step."""
        tensors = {f"{at}.weight": weight.detach() for at, weight in enumerate(self.weights)}
        for at, weight in enumerate(self.weights):
            state = self.optimizer.state.get(weight, {})
            tensors |= {f"{at}.{name}": value for name, value in state.items()}
        tensors |= {f"{at}.best": weight for at, weight in enumerate(self.best)}
        facts = Facts(self.done, list(self.losses), list(self.held_out), self.rate, self.setbacks)
        return Snapshot(facts, tensors)

    def restore(self, snapshot: Snapshot) -> None:
        facts = snapshot.facts
        self.done, self.losses = facts.done, list(facts.losses)
        self.held_out = list(facts.held_out)
        best = (snapshot.tensors.get(f"{at}.best") for at in range(len(self.weights)))
        self.best = [tensor for tensor in best if tensor is not None]
        self.rate, self.setbacks = facts.rate, facts.setbacks
        self.optimizer.state.clear()
        for at, weight in enumerate(self.weights):
            with torch.no_grad():
                weight.copy_(snapshot.tensors[f"{at}.weight"])
            moments = {
                name: snapshot.tensors[f"{at}.{name}"].clone()
                for name in ("step", "exp_avg", "exp_avg_sq")
                if f"{at}.{name}" in snapshot.tensors
            }
            if moments:
                self.optimizer.state[weight] = moments


def make_learner(lora: PeftModel, trainee: Trainee, seed: int) -> Learner:
    settings = trainee.settings
    weights = [
        weight
        for name, weight in lora.named_parameters()
        if f".{trainee.name}." in name and "lora_" in name
    ]
    epochs = [
        plan_epoch(trainee.rows, settings.batch_tokens, f"{seed}-{epoch}")
        for epoch in range(1, settings.epochs + 1)
    ]
    ends = frozenset(accumulate(len(epoch) for epoch in epochs))
    optimizer = torch.optim.AdamW(weights, lr=settings.learning_rate, weight_decay=0.0, fused=True)
    rate = settings.incremental_rate if trainee.parent else 1.0
    return Learner(trainee, weights, optimizer, list(chain(*epochs)), ends, rate=rate)


def update(learner: Learner, loss: float, recall: Callable[[str], Snapshot]) -> StepTaken:
    """Take the step that the gradients tell, or go back to what is recalled when they tell none."""
    step, steps = learner.done + 1, len(learner.plan)
    norm = torch.nn.utils.clip_grad_norm_(learner.weights, MAX_GRADIENT_NORM).item()
    rate = learner.trainee.settings.learning_rate * learner.rate * schedule(step, steps)
    taken = StepTaken(step, steps, round(loss, 5), rate, norm)
    if not (math.isfinite(loss) and norm < EXPLODED):
        reason = f"the loss is {loss} at step {step} of {steps}, gradient {norm:.3g}"
        _set_back(learner, reason, recall)
        return taken
    for group in learner.optimizer.param_groups:
        group["lr"] = rate
    learner.optimizer.step()
    learner.optimizer.zero_grad()
    learner.done = step
    learner.losses.append((step, taken.loss))
    return taken


def stop_early(learner: Learner, loss: float) -> None:
    """After an epoch: when the loss on the rows held out is not the least so far, go back to the
    weights of that one, and learn no more."""
    if loss < min((known for _, known in learner.held_out), default=math.inf):
        learner.best = [weight.detach().clone() for weight in learner.weights]
    elif learner.best:
        for weight, best in zip(learner.weights, learner.best, strict=True):
            weight.data.copy_(best)
        learner.done = len(learner.plan)
    learner.held_out.append((len(learner.losses), round(loss, 5)))


def _set_back(learner: Learner, reason: str, recall: Callable[[str], Snapshot]) -> None:
    learner.optimizer.zero_grad()
    setbacks, rate = learner.setbacks + 1, learner.rate / 2
    if setbacks >= MAX_SETBACKS:
        learner.failure = f"{reason}, for the third time; lower learning_rate"
    else:
        learner.restore(recall(learner.trainee.name))
    learner.setbacks, learner.rate = setbacks, rate


def schedule(step: int, steps: int) -> float:
    """Factor of the learning rate at `step` (from 1): linear warmup, then cosine to near zero."""
    warmup = max(1, round(WARMUP * steps))
    if step <= warmup:
        return step / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup + 1)))
