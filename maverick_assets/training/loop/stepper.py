"""How a step is computed and taken, by the cores or the GPU of one process.

`zero_stepper.py` does the same with several processes. An adapter is identified by its index among
those that are trained together.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import chain
from typing import Protocol

import torch
from peft import PeftModel

from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.device.memory import LogLine
from maverick_assets.training.device.threads import PackThreads, pack_threads
from maverick_assets.training.kernels.fast_paths import ALL_FAST, FastPaths
from maverick_assets.training.kernels.packing import Document
from maverick_assets.training.loop.micro_batches import MicroBatches
from maverick_assets.training.loop.validation_loss import mean_loss
from maverick_assets.training.model.pack_model import PackModel, fused_model

NamedTensors = Mapping[str, torch.Tensor]


def clone_tensors(tensors: NamedTensors) -> dict[str, torch.Tensor]:
    """Copies that later steps leave as they are."""
    return {name: tensor.clone() for name, tensor in tensors.items()}


class Stepper(Protocol):
    """Computes gradients and takes optimizer steps, for each adapter on its own."""

    is_main_process: bool  # of several processes, the one that reports and writes

    def gradients(self, documents: Sequence[Document]) -> Iterator[tuple[int, float]]:
        """Each adapter and its loss, as soon as its gradient is complete.

        The caller then clips the gradient, and takes a step or drops it. Steps are only sure to be
        taken once the iterator is exhausted.
        """

    def clip(self, adapter: int, max_norm: float) -> float:
        """Scale the adapter's gradient to at most `max_norm`; returns the norm before."""

    def step(self, adapter: int, learning_rate: float) -> None:
        """Take a step of AdamW (Loshchilov and Hutter 2019)."""

    def drop_gradient(self, adapter: int) -> None:
        """Discard the adapter's gradient instead of taking a step."""

    def weights(self, adapter: int) -> NamedTensors:
        """The adapter's weights, not copied: the next step changes them."""

    def optimizer_state(self, adapter: int) -> NamedTensors:
        """AdamW's two moments of each weight, not copied either; empty before the first step."""

    def restore(
        self, adapter: int, weights: NamedTensors, optimizer_state: NamedTensors, steps_done: int
    ) -> None:
        """Continue from these tensors as if `steps_done` steps had led to them.

        Without `optimizer_state`, AdamW starts afresh.
        """

    def validation_loss(self, documents: Iterable[Document]) -> float:
        """Mean loss of the supervised tokens (`validation_loss.mean_loss`)."""

    def any_process(self, flag: bool) -> bool:
        """Whether the flag is set in any of the processes; all of them must ask."""


StepperFactory = Callable[[PeftModel, Sequence[str], Hardware], AbstractContextManager[Stepper]]


@contextmanager
def local_stepper(
    lora: PeftModel,
    adapters: Sequence[str],
    hardware: Hardware,
    log: LogLine = lambda _: None,
    paths: FastPaths = ALL_FAST,
) -> Iterator[Stepper]:
    """The stepper of a training in one process; afterwards the model computes as before.

    `log` gets a line when memory does not suffice and micro-batches become smaller. `paths` are
    those that are right for the base (`model/kept_check.py`).
    """
    with (
        fused_model(lora, adapters, hardware, paths) as model,
        pack_threads(hardware, paths.side_by_side) as threads,
    ):
        yield LocalStepper(model, threads, MicroBatches(hardware, log))


class LocalStepper:
    """The stepper of one process, whose threads each compute packs of their own."""

    is_main_process = True

    def __init__(self, model: PackModel, threads: PackThreads, micro_batches: MicroBatches) -> None:
        self._model = model
        self._weights = model.lora_weights
        self._threads = threads
        self._micro_batches = micro_batches
        self._optimizers = [
            torch.optim.AdamW(weights, weight_decay=0.0, fused=True) for weights in self._weights
        ]

    def gradients(self, documents: Sequence[Document]) -> Iterator[tuple[int, float]]:
        batches = self._micro_batches.divide(documents, self._threads.count)
        adapters = [sorted({document.adapter for document in batch}) for batch in batches]
        batches_left = Counter(chain(*adapters))
        losses = dict.fromkeys(batches_left, 0.0)
        # Results come in the order of the batches while later ones are still being computed, so
        # that sums do not depend on which thread is the fastest.
        computed = self._micro_batches.results(self._threads, self._model.gradients, batches)
        for in_batch, results in zip(adapters, computed, strict=True):
            for adapter, (loss, gradients) in chain(*(result.items() for result in results)):
                losses[adapter] += loss
                for weight, gradient in zip(self._weights[adapter], gradients, strict=True):
                    weight.grad = gradient if weight.grad is None else weight.grad.add_(gradient)
            del results, gradients, gradient  # added up; not kept while the next are awaited
            for adapter in in_batch:
                batches_left[adapter] -= 1
                if not batches_left[adapter]:
                    yield adapter, losses[adapter]

    def clip(self, adapter: int, max_norm: float) -> float:
        return torch.nn.utils.clip_grad_norm_(self._weights[adapter], max_norm).item()

    def step(self, adapter: int, learning_rate: float) -> None:
        for group in self._optimizers[adapter].param_groups:
            group["lr"] = learning_rate
        self._optimizers[adapter].step()
        self.drop_gradient(adapter)

    def drop_gradient(self, adapter: int) -> None:
        self._optimizers[adapter].zero_grad()

    def weights(self, adapter: int) -> NamedTensors:
        return {str(at): weight.detach() for at, weight in enumerate(self._weights[adapter])}

    def optimizer_state(self, adapter: int) -> NamedTensors:
        state = self._optimizers[adapter].state
        return {
            f"{at}.{name}": state[weight][name]
            for at, weight in enumerate(self._weights[adapter])
            for name in ("exp_avg", "exp_avg_sq")
            if weight in state
        }

    def restore(
        self, adapter: int, weights: NamedTensors, optimizer_state: NamedTensors, steps_done: int
    ) -> None:
        state = self._optimizers[adapter].state
        state.clear()
        for at, weight in enumerate(self._weights[adapter]):
            weight.data.copy_(weights[str(at)])
            if optimizer_state:
                # Copies: the optimizer changes them in place, and the snapshot may be used again.
                state[weight] = {
                    "step": torch.tensor(float(steps_done), device=weight.device),
                    "exp_avg": optimizer_state[f"{at}.exp_avg"].to(weight.device, copy=True),
                    "exp_avg_sq": optimizer_state[f"{at}.exp_avg_sq"].to(weight.device, copy=True),
                }

    def validation_loss(self, documents: Iterable[Document]) -> float:
        return mean_loss(self._model, documents, self._threads, self._micro_batches)

    def any_process(self, flag: bool) -> bool:
        return flag
