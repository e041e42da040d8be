"""How a step is computed and taken, by the cores or the GPU of one process.

`ranks.py` does the same in several processes. Adapters are told by their place among those that are
trained together.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from itertools import chain
from typing import Any, Protocol

import torch
from peft import PeftModel

from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.device.memory import LogLine
from maverick_assets.training.device.threads import PackThreads, pack_threads
from maverick_assets.training.kernels.attention import document_attention
from maverick_assets.training.kernels.completion_loss import completion_losses
from maverick_assets.training.kernels.lora import PackAdapters, fused_lora
from maverick_assets.training.kernels.norms import fused_norms
from maverick_assets.training.kernels.packing import Document, pack
from maverick_assets.training.loop.micro_batches import MicroBatches
from maverick_assets.training.loop.validation_loss import mean_loss

State = Mapping[str, torch.Tensor]


class Steps(Protocol):
    """`leads`: whether this process, of several, tells and writes."""

    leads: bool

    def gradients(self, documents: Sequence[Document]) -> Iterator[tuple[int, float]]:
        """Each adapter and its loss, as soon as its gradient is whole: the caller then clips it,
        and takes or drops it. What is taken has happened when the iterator ends."""

    def clip(self, adapter: int, most: float) -> float:
        """Scale the adapter's gradient to at most this norm; what its norm was."""

    def take(self, adapter: int, rate: float) -> None:
        """A step of AdamW (Loshchilov and Hutter 2019) at this learning rate."""

    def drop(self, adapter: int) -> None:
        """Forget the gradient."""

    def weights(self, adapter: int) -> State:
        """The adapter's own tensors: to be written, or copied, before the next step."""

    def moments(self, adapter: int) -> State:
        """What AdamW knows of each weight, likewise; empty before the first step."""

    def restore(self, adapter: int, weights: State, moments: State, taken: int) -> None:
        """Be as it was after so many steps were `taken`."""

    def held_out_loss(self, documents: Iterable[Document]) -> float:
        """See `held_out.mean_loss`."""

    def any(self, flag: bool) -> bool:
        """Whether it is so in any of the processes."""


OpenSteps = Callable[[PeftModel, Sequence[str], Hardware], AbstractContextManager[Steps]]


def weights_of(lora: PeftModel, adapters: Sequence[str]) -> list[list[torch.nn.Parameter]]:
    """LoRA weights of each adapter, in the order of the model's layers."""
    named = [(name, weight) for name, weight in lora.named_parameters() if "lora_" in name]
    return [[weight for name, weight in named if f".{each}." in name] for each in adapters]


@contextmanager
def open_steps(
    lora: PeftModel, adapters: Sequence[str], hardware: Hardware, tell: LogLine = lambda _: None
) -> Iterator[Steps]:
    """Steps of this process alone; afterwards the model is as before, but for its weights. Where
    memory does not suffice they are computed in smaller parts, and `tell` hears of it."""
    parts = MicroBatches(hardware, tell)
    with fast(lora, adapters) as routing, pack_threads(hardware) as workers:
        yield LocalSteps(lora, weights_of(lora, adapters), hardware, workers, routing, parts)


@contextmanager
def fast(lora: PeftModel, adapters: Sequence[str]) -> Iterator[PackAdapters]:
    """Let the model compute packs, several adapters at once, in few and fused operations."""
    lora.train()
    with fused_lora(lora, adapters) as routing, fused_norms(lora), document_attention(lora):
        yield routing
    lora.eval()


class LocalSteps:
    """Steps of one process, each of whose workers computes packs of its own."""

    leads = True

    def __init__(
        self,
        lora: PeftModel,
        weights: Sequence[list[torch.nn.Parameter]],
        hardware: Hardware,
        workers: PackThreads,
        routing: PackAdapters,
        parts: MicroBatches,
    ) -> None:
        self._base: Any = lora.get_base_model()
        self._weights = weights
        self._hardware = hardware
        self._workers = workers
        self._routing = routing
        self._parts = parts
        self._optimizers = [
            torch.optim.AdamW(each, weight_decay=0.0, fused=True) for each in weights
        ]

    def gradients(self, documents: Sequence[Document]) -> Iterator[tuple[int, float]]:
        parts = self._parts.divide(documents, self._workers.count)
        parts_left = Counter(adapter for part in parts for adapter in {d.adapter for d in part})
        losses = dict.fromkeys(parts_left, 0.0)
        compute = partial(pack_gradients, self._base, self._weights, self._hardware, self._routing)
        for part, results in zip(
            parts, self._parts.results(self._workers, compute, parts), strict=True
        ):
            for adapter, (loss, gradients) in chain(*(result.items() for result in results)):
                losses[adapter] += loss
                for weight, gradient in zip(self._weights[adapter], gradients, strict=True):
                    weight.grad = gradient if weight.grad is None else weight.grad.add_(gradient)
            for adapter in sorted({document.adapter for document in part}):
                parts_left[adapter] -= 1
                if not parts_left[adapter]:
                    yield adapter, losses[adapter]

    def clip(self, adapter: int, most: float) -> float:
        return torch.nn.utils.clip_grad_norm_(self._weights[adapter], most).item()

    def take(self, adapter: int, rate: float) -> None:
        for group in self._optimizers[adapter].param_groups:
            group["lr"] = rate
        self._optimizers[adapter].step()
        self.drop(adapter)

    def drop(self, adapter: int) -> None:
        self._optimizers[adapter].zero_grad()

    def weights(self, adapter: int) -> State:
        return {str(at): weight.detach() for at, weight in enumerate(self._weights[adapter])}

    def moments(self, adapter: int) -> State:
        state = self._optimizers[adapter].state
        return {
            f"{at}.{name}": state[weight][name]
            for at, weight in enumerate(self._weights[adapter])
            for name in ("exp_avg", "exp_avg_sq")
            if weight in state
        }

    def restore(self, adapter: int, weights: State, moments: State, taken: int) -> None:
        state = self._optimizers[adapter].state
        state.clear()
        for at, weight in enumerate(self._weights[adapter]):
            weight.data.copy_(weights[str(at)])
            if moments:
                state[weight] = {
                    "step": torch.tensor(float(taken), device=weight.device),
                    "exp_avg": moments[f"{at}.exp_avg"].to(weight.device, copy=True),
                    "exp_avg_sq": moments[f"{at}.exp_avg_sq"].to(weight.device, copy=True),
                }

    def held_out_loss(self, documents: Iterable[Document]) -> float:
        return mean_loss(
            self._base, documents, self._hardware, self._workers, self._routing, self._parts
        )

    def any(self, flag: bool) -> bool:
        return flag


def pack_gradients(
    base: Any,
    weights: Sequence[list[torch.nn.Parameter]],
    hardware: Hardware,
    routing: PackAdapters,
    documents: Sequence[Document],
) -> dict[int, tuple[float, Sequence[torch.Tensor]]]:
    """Of one pack, by adapter: its share of the loss, and the gradients of its weights."""
    packed = pack(documents, hardware.shares_prefixes).to(hardware.device)
    routing.spans = packed.adapter_spans
    total, losses = completion_losses(base, packed)
    found = torch.autograd.grad(
        total, [w for span in packed.adapter_spans for w in weights[span.adapter]]
    )
    gradients = iter(found)
    shares = torch.zeros(len(weights), device=losses.device)
    shares.index_add_(0, packed.target_adapters, losses * packed.target_weights)
    return {
        span.adapter: (
            shares[span.adapter].item(),
            _together([next(gradients) for _ in weights[span.adapter]]),
        )
        for span in packed.adapter_spans
    }


def _together(tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """Copies in one piece of memory. Left where they are, amid what the backward pass frees, they
    would break up the memory that the next pack takes."""
    flat = torch.cat([each.reshape(-1) for each in tensors])
    parts = torch.split(flat, [each.numel() for each in tensors])
    return [part.view_as(each) for part, each in zip(parts, tensors, strict=True)]
