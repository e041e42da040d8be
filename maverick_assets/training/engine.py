"""LoRA training of several adapters on one frozen base: a plain loop, read from top to bottom.

Each adapter has steps of its own, with its own examples, learning rate, clipping and AdamW state
(Loshchilov and Hutter 2019), as if it were alone; the steps that fall together are computed
together. What that saves is told where it is done: `packing`, `attention`, `lora`, `head`,
`workers`.
"""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from maverick_assets.datasets.tokens import Encoded
from maverick_assets.errors import MaverickError
from maverick_assets.recipes import Training
from maverick_assets.training.attention import documents_apart
from maverick_assets.training.checkpoints import Checkpoints, Facts, Interrupted, Snapshot
from maverick_assets.training.hardware import Hardware
from maverick_assets.training.head import completion_losses
from maverick_assets.training.lora import Routing, fused
from maverick_assets.training.packing import Document, divide, pack, plan_epoch
from maverick_assets.training.workers import Workers, open_workers

WARMUP = 0.03
MAX_GRADIENT_NORM = 1.0
EXPLODED = 1e4  # a gradient of this norm tells nothing
MAX_SETBACKS = 3


@dataclass(frozen=True)
class Trainee:
    """An adapter to be: what it learns from, each row with a supervised token, and how.

    `parent`: directory of the adapter that it goes on from; None: fresh weights.
    """

    name: str
    rows: Sequence[Encoded]
    settings: Training
    parent: Path | None = None

    @property
    def n_tokens(self) -> int:
        """Of one epoch."""
        return sum(len(row.input_ids) for row in self.rows)


@dataclass(frozen=True)
class Progress:
    """A step that is done, with the loss of each adapter that it trained.

    `tokens_per_second` and `seconds_left` are averages since the start.
    """

    step: int
    steps: int
    losses: Mapping[str, float]
    tokens_per_second: float
    seconds_left: float


@dataclass(frozen=True)
class Run:
    """A finished training, by adapter: the loss of each of its steps (from 1), and why it was given
    up, if it was. `seconds` of wall clock, and tokens a second, are of all together."""

    losses: Mapping[str, list[tuple[int, float]]]
    failures: Mapping[str, str]
    seconds: float
    tokens_per_second: float


@dataclass
class _Learner:
    """An adapter in training. `plan`: rows of each of its steps. `rate`: factor of its learning
    rate. `good`: where it goes back to when a loss is none."""

    trainee: Trainee
    weights: list[torch.nn.Parameter]
    optimizer: torch.optim.Optimizer
    plan: list[list[int]]
    done: int = 0
    losses: list[tuple[int, float]] = field(default_factory=list)
    rate: float = 1.0
    setbacks: int = 0
    failure: str | None = None
    good: Snapshot | None = None

    @property
    def learns(self) -> bool:
        return self.failure is None and self.done < len(self.plan)

    def documents(self, adapter: int) -> list[Document]:
        """Rows of the next step: its loss is the mean over their supervised tokens."""
        rows = [self.trainee.rows[index] for index in self.plan[self.done]]
        weight = 1 / sum(row.n_supervised for row in rows)
        return [Document(row, adapter, weight) for row in rows]

    def tokens_left(self) -> int:
        rows = self.trainee.rows
        return sum(len(rows[at].input_ids) for step in self.plan[self.done :] for at in step)

    def snapshot(self) -> Snapshot:
        tensors = {f"{at}.weight": w.detach().clone() for at, w in enumerate(self.weights)}
        for at, weight in enumerate(self.weights):
            state = self.optimizer.state.get(weight, {})
            tensors |= {f"{at}.{name}": value.clone() for name, value in state.items()}
        return Snapshot(Facts(self.done, list(self.losses), self.rate, self.setbacks), tensors)

    def restore(self, snapshot: Snapshot) -> None:
        facts = snapshot.facts
        self.done, self.losses = facts.done, list(facts.losses)
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


@contextmanager
def attached_lora(model: Any, trainees: Sequence[Trainee], seed: int) -> Iterator[PeftModel]:
    """`model` with trainable LoRA weights in float32 for each trainee, under its name.

    Fresh ones are drawn from `seed`, for each as if it were alone. Afterwards the model is as
    before. Raises `MaverickError` when a parent does not fit (`check_parent`).
    """
    for trainee in trainees:
        check_parent(trainee)
    lora: PeftModel | None = None
    try:
        for trainee in trainees:
            torch.manual_seed(seed)
            lora = _with_adapter(model, lora, trainee)
        assert lora is not None
        for name, weight in lora.named_parameters():
            weight.requires_grad_("lora_" in name)
        yield lora
    finally:
        if lora is not None:
            lora.unload()


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
    learners = [_learner(lora, trainee, seed) for trainee in trainees]
    names = [trainee.name for trainee in trainees]
    for name, snapshot in (checkpoints.newest() if checkpoints else {}).items():
        learners[names.index(name)].restore(snapshot)
    _keep(learners, None)
    meter = _Meter(learners)
    lora.train()
    with (
        fused(lora, names) as routing,
        documents_apart(lora),
        open_workers(hardware) as workers,
    ):
        while any(learner.learns for learner in learners):
            documents = _next_documents(learners)
            losses = _step(lora, learners, documents, hardware, workers, routing)
            meter.count(documents)
            on_progress(meter.progress(losses))
            ending = told_to_end()
            if checkpoints and (ending or checkpoints.due):
                _keep(learners, checkpoints)
            if ending:
                raise Interrupted("training was told to end; the same command goes on from here")
    _keep(learners, checkpoints)
    lora.eval()
    return Run(
        {name: learner.losses for name, learner in zip(names, learners, strict=True)},
        {
            name: learner.failure
            for name, learner in zip(names, learners, strict=True)
            if learner.failure
        },
        meter.seconds,
        meter.tokens_per_second,
    )


def _keep(learners: Sequence[_Learner], checkpoints: Checkpoints | None) -> None:
    """Remember where everyone is, on the disk, too, where there are checkpoints."""
    for learner in learners:
        learner.good = learner.snapshot()
    if checkpoints:
        checkpoints.save({each.trainee.name: each.good for each in learners if each.good})


def _next_documents(learners: Sequence[_Learner]) -> list[Document]:
    return [
        document
        for adapter, learner in enumerate(learners)
        if learner.learns
        for document in learner.documents(adapter)
    ]


def _step(
    lora: PeftModel,
    learners: Sequence[_Learner],
    documents: Sequence[Document],
    hardware: Hardware,
    workers: Workers,
    routing: Routing,
) -> dict[str, float]:
    """The next optimizer step of every adapter that has one; its loss by name."""
    active = [(adapter, learner) for adapter, learner in enumerate(learners) if learner.learns]
    parts = divide(documents, hardware.part_tokens, workers.count)
    compute = partial(_gradients, lora.get_base_model(), learners, hardware, routing)
    sums = [0.0] * len(learners)
    for part in workers.map(compute, parts):
        for adapter, (loss, gradients) in part.items():
            sums[adapter] += loss
            for weight, gradient in zip(learners[adapter].weights, gradients, strict=True):
                weight.grad = gradient if weight.grad is None else weight.grad.add_(gradient)
    for adapter, learner in active:
        _update(learner, sums[adapter])
    return {learner.trainee.name: sums[adapter] for adapter, learner in active}


def _gradients(
    model: Any,
    learners: Sequence[_Learner],
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


def _update(learner: _Learner, loss: float) -> None:
    """Take the step that the gradients tell, or go back when they tell none."""
    step, steps = learner.done + 1, len(learner.plan)
    norm = torch.nn.utils.clip_grad_norm_(learner.weights, MAX_GRADIENT_NORM).item()
    if not (math.isfinite(loss) and norm < EXPLODED):
        _set_back(learner, f"the loss is {loss} at step {step} of {steps}, gradient {norm:.3g}")
        return
    rate = learner.trainee.settings.learning_rate * learner.rate * schedule(step, steps)
    for group in learner.optimizer.param_groups:
        group["lr"] = rate
    learner.optimizer.step()
    learner.optimizer.zero_grad()
    learner.done = step
    learner.losses.append((step, round(loss, 5)))


def _set_back(learner: _Learner, reason: str) -> None:
    learner.optimizer.zero_grad()
    setbacks, rate = learner.setbacks + 1, learner.rate / 2
    if setbacks == MAX_SETBACKS:
        learner.failure = f"{reason}, for the third time; lower learning_rate"
    elif learner.good:
        learner.restore(learner.good)
    learner.setbacks, learner.rate = setbacks, rate


def schedule(step: int, steps: int) -> float:
    """Factor of the learning rate at `step` (from 1): linear warmup, then cosine to near zero."""
    warmup = max(1, round(WARMUP * steps))
    if step <= warmup:
        return step / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup + 1)))


class _Meter:
    """How fast all adapters together get on, since the start of this process."""

    def __init__(self, learners: Sequence[_Learner]) -> None:
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

    def progress(self, losses: Mapping[str, float]) -> Progress:
        step = max(learner.done for learner in self._learners)
        steps = max(len(learner.plan) for learner in self._learners)
        left = sum(learner.tokens_left() for learner in self._learners if learner.learns)
        rate = self.tokens_per_second
        return Progress(step, steps, losses, rate, left / rate)


def load_adapter(model: Any, directory: Path) -> PeftModel:
    """`model` with the adapter of a directory. Raises `MaverickError` when it does not load."""
    with _told(directory):
        return PeftModel.from_pretrained(model, directory)


def save_adapter(lora: PeftModel, name: str, directory: Path) -> None:
    """Write adapter_config.json and adapter_model.safetensors of one adapter."""
    directory.mkdir(parents=True)
    state = get_peft_model_state_dict(lora, adapter_name=name, save_embedding_layers=False)
    tensors = {key: value.detach().cpu().contiguous() for key, value in state.items()}
    save_file(tensors, directory / "adapter_model.safetensors", metadata={"format": "pt"})
    config = lora.peft_config[name]
    config.inference_mode = True
    config.save_pretrained(str(directory))


def _with_adapter(model: Any, lora: PeftModel | None, trainee: Trainee) -> PeftModel:
    if trainee.parent:
        with _told(trainee.parent):
            if lora is None:
                return PeftModel.from_pretrained(
                    model, trainee.parent, adapter_name=trainee.name, is_trainable=True
                )
            lora.load_adapter(str(trainee.parent), trainee.name, is_trainable=True)
            return lora
    config = LoraConfig(
        r=trainee.settings.rank,
        lora_alpha=trainee.settings.alpha,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    if lora is None:
        return get_peft_model(model, config, adapter_name=trainee.name)
    lora.add_adapter(trainee.name, config)
    return lora


@contextmanager
def _told(directory: Path) -> Iterator[None]:
    """An adapter that does not load is one clear line."""
    if not (directory / "adapter_config.json").is_file():  # peft would ask the hub
        raise MaverickError(f"{directory} holds no adapter; train it first")
    try:
        yield
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        reason = str(error).strip().splitlines()[0]
        raise MaverickError(f"adapter {directory} does not fit this base: {reason}") from error


def check_parent(trainee: Trainee) -> None:
    """Raise `MaverickError` when the parent, if there is one, cannot be read, or its rank or alpha
    is not the trainee's."""
    if not trainee.parent:
        return
    with _told(trainee.parent):
        found: Any = LoraConfig.from_pretrained(str(trainee.parent))
        load_file(trainee.parent / "adapter_model.safetensors")
    wanted = trainee.settings
    if (found.r, found.lora_alpha) != (wanted.rank, wanted.alpha):
        raise MaverickError(
            f"{trainee.parent} has rank {found.r} and alpha {found.lora_alpha}, the recipe "
            f"{wanted.rank} and {wanted.alpha}; train it in full"
        )


def _learner(lora: PeftModel, trainee: Trainee, seed: int) -> _Learner:
    settings = trainee.settings
    weights = [
        weight
        for name, weight in lora.named_parameters()
        if f".{trainee.name}." in name and "lora_" in name
    ]
    plan = [
        indices
        for epoch in range(1, settings.epochs + 1)
        for indices in plan_epoch(trainee.rows, settings.batch_tokens, f"{seed}-{epoch}")
    ]
    optimizer = torch.optim.AdamW(weights, lr=settings.learning_rate, weight_decay=0.0, fused=True)
    return _Learner(trainee, weights, optimizer, plan)
