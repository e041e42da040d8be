"""Steps of several processes, a GPU each: DeepSpeed (Rasley et al. 2020) and its ZeRO stages.

Each rank computes its share of the packs; their gradients are summed, and what AdamW knows (stage
1), the gradients (2) and the frozen weights too (3) are divided among the ranks (Rajbhandari et al.
2020), on the GPU or in the host's memory, as a configuration file of DeepSpeed's tells.

DeepSpeed reduces gradients in the order in which they are computed, which must be that of all
ranks. Packs of several adapters have orders of their own: so each rank adds up its gradients first,
and hands them on as those of sum(weight * gradient). It also clips and steps all weights alike: so
each adapter is clipped here, and one that takes no step gets a rate of zero, and its moments again.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import torch
from peft import PeftModel
from peft.tuners.lora import Linear

from maverick_assets.errors import BadInput
from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.device.memory import LogLine
from maverick_assets.training.kernels.lora import PackAdapters
from maverick_assets.training.kernels.packing import Document
from maverick_assets.training.loop.micro_batches import MicroBatches, split_on_oom
from maverick_assets.training.loop.stepper import (
    OpenSteps,
    State,
    Steps,
    fast,
    pack_gradients,
    weights_of,
)
from maverick_assets.training.loop.validation_loss import summed_losses

R = TypeVar("R")


def world_size() -> int:
    """How many processes train together; torchrun tells each of them."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def leads() -> bool:
    """Whether this process, of those that train together, tells and writes."""
    return int(os.environ.get("RANK", "0")) == 0


def opened_by_ranks(config: Path | None, tell: LogLine) -> OpenSteps:
    """What opens the steps of this rank, among those that torchrun has started.

    `config`: DeepSpeed's JSON; batch, clipping and precision are not taken from it. Raises
    `BadInput` when it does not read.
    """
    settings = read_config(config)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    os.environ.setdefault("DS_ACCELERATOR", device)
    import deepspeed  # compiles and probes at import

    deepspeed.init_distributed("nccl" if device == "cuda" else "gloo", verbose=False)

    @contextmanager
    def open_steps(lora: PeftModel, adapters: Sequence[str], hardware: Hardware) -> Iterator[Steps]:
        parts = MicroBatches(hardware, tell)
        with fast(lora, adapters) as routing:
            yield RankedSteps(lora, weights_of(lora, adapters), hardware, routing, parts, settings)

    return open_steps


def read_config(path: Path | None) -> dict[str, Any]:
    """DeepSpeed's settings; ZeRO stage 1 without a file."""
    if path is None:
        return {"zero_optimization": {"stage": 1}}
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise BadInput(f"{path} is no JSON: {error}") from error
    try:
        stage = settings["zero_optimization"]["stage"]
    except (KeyError, TypeError):
        stage = None
    if stage not in (1, 2, 3):
        raise BadInput(f"{path}: zero_optimization.stage is to be 1, 2 or 3")
    return dict(settings)


class RankedSteps:
    """Steps of this rank beside the others."""

    def __init__(
        self,
        lora: PeftModel,
        weights: Sequence[list[torch.nn.Parameter]],
        hardware: Hardware,
        routing: PackAdapters,
        parts: MicroBatches,
        settings: Mapping[str, Any],
    ) -> None:
        import deepspeed

        self._base: Any = lora.get_base_model()
        self._weights = weights
        self._hardware = hardware
        self._routing = routing
        self._parts = parts
        self._comm = deepspeed.comm
        self._rank, self._count = deepspeed.comm.get_rank(), deepspeed.comm.get_world_size()
        self.leads = self._rank == 0
        self._adamw = torch.optim.AdamW([{"params": each} for each in weights], 0.0, weight_decay=0)
        self._engine, *_ = deepspeed.initialize(
            model=_decoder(self._base, settings),
            optimizer=self._adamw,
            config=_ours(settings, weights),
        )
        self._stage = self._engine.zero_optimization_stage()
        if self._stage == 3:
            own: list[Any] = [weight for each in weights for weight in each]
            own[0].all_gather(own)  # they are whole from the first step on, and here already
        self._begin()

    def _begin(self) -> None:
        """Moments for every weight, and a step that does nothing, at which DeepSpeed notes where
        they are: of several adapters, it would find only those of the first."""
        for adapter in range(len(self._weights)):
            for flat in self._flat(adapter):
                self._adamw.state[flat] = {
                    "step": torch.tensor(0.0),
                    "exp_avg": torch.zeros_like(flat),
                    "exp_avg_sq": torch.zeros_like(flat),
                }
        self._reduce([[torch.zeros_like(weight) for weight in each] for each in self._weights])
        self._step()

    def gradients(self, documents: Sequence[Document]) -> Iterator[tuple[int, float]]:
        sums = [[torch.zeros_like(weight) for weight in each] for each in self._weights]
        losses = torch.zeros(len(self._weights), dtype=torch.float64, device=self._hardware.device)
        compute = partial(pack_gradients, self._base, self._weights, self._hardware, self._routing)
        for result in self._results(compute, documents):
            for adapter, (loss, gradients) in result.items():
                losses[adapter] += loss
                torch._foreach_add_(sums[adapter], list(gradients))
        self._comm.all_reduce(losses)
        self._reduce(sums)
        for adapter in sorted({document.adapter for document in documents}):
            yield adapter, losses[adapter].item()
        self._step()

    def clip(self, adapter: int, most: float) -> float:
        from deepspeed.utils import safe_get_full_grad, safe_set_full_grad

        gradients = [safe_get_full_grad(weight) for weight in self._weights[adapter]]
        norm = torch.nn.utils.get_total_norm(gradients)
        if norm > most:
            scale = most / (norm + 1e-6)  # as torch clips
            for weight, gradient in zip(self._weights[adapter], gradients, strict=True):
                safe_set_full_grad(weight, gradient * scale)
        return norm.item()

    def take(self, adapter: int, rate: float) -> None:
        self._adamw.param_groups[adapter]["lr"] = rate

    def drop(self, adapter: int) -> None:
        from deepspeed.utils import safe_set_full_grad

        for weight in self._weights[adapter]:
            safe_set_full_grad(weight, torch.zeros_like(weight))

    def weights(self, adapter: int) -> State:
        return {str(at): weight.detach() for at, weight in enumerate(self._weights[adapter])}

    def moments(self, adapter: int) -> State:
        from deepspeed.utils import safe_get_full_optimizer_state

        return {
            f"{at}.{name}": safe_get_full_optimizer_state(weight, name)
            for at, weight in enumerate(self._weights[adapter])
            for name in ("exp_avg", "exp_avg_sq")
        }

    def restore(self, adapter: int, weights: State, moments: State, taken: int) -> None:
        from deepspeed.utils import safe_set_full_fp32_param, safe_set_full_optimizer_state

        for at, weight in enumerate(self._weights[adapter]):
            value = weights[str(at)].to(weight.device)
            safe_set_full_fp32_param(weight, value)
            weight.data.copy_(value)
            for name in ("exp_avg", "exp_avg_sq"):
                known = moments.get(f"{at}.{name}", torch.zeros_like(value))
                safe_set_full_optimizer_state(weight, known.to(weight.device), name)
        self._set_taken(adapter, taken)

    def held_out_loss(self, documents: Iterable[Document]) -> float:
        compute = partial(summed_losses, self._base, self._hardware, self._routing)
        sums = torch.zeros(2, dtype=torch.float64, device=self._hardware.device)
        for loss, count in self._results(compute, list(documents)):
            sums[0] += loss
            sums[1] += count
        self._comm.all_reduce(sums)
        return (sums[0] / sums[1]).item()

    def any(self, flag: bool) -> bool:
        told = torch.tensor(int(flag), device=self._hardware.device)
        self._comm.all_reduce(told)
        return bool(told)

    def _results(
        self, compute: Callable[[Sequence[Document]], R], documents: Sequence[Document]
    ) -> list[R]:
        """Those of this rank's share. At stage 3 all ranks fetch weights in every pass: so all
        compute as often, the last ones perhaps for nothing, and none can halve a part alone."""
        parts = self._parts.divide(documents, self._count)
        idle = -len(parts) % self._count
        own = (parts + [parts[-1]] * idle)[self._rank :: self._count]
        once = self._stage == 3
        results = [[compute(part)] if once else split_on_oom(compute, part) for part in own]
        if self._rank >= self._count - idle:
            results.pop()
        if self.any(any(len(each) > 1 for each in results)):
            self._parts.halve()
        return list(chain.from_iterable(results))

    def _reduce(self, gradients: Sequence[Sequence[torch.Tensor]]) -> None:
        """Let DeepSpeed sum them over the ranks, of which it takes the mean."""
        products = [
            (weight * gradient).sum()
            for weights, own in zip(self._weights, gradients, strict=True)
            for weight, gradient in zip(weights, own, strict=True)
        ]
        self._engine.backward(torch.stack(products).sum() * self._count)

    def _step(self) -> None:
        """DeepSpeed steps all: whose rate is zero must know nothing of it."""
        state, groups = self._adamw.state, self._adamw.param_groups
        idle = [self._flat(adapter) for adapter, group in enumerate(groups) if not group["lr"]]
        known = {flat: _cloned(state[flat]) for flat in chain(*idle)}
        self._engine.step()
        for flat, tensors in known.items():
            for name, tensor in tensors.items():
                state[flat][name].copy_(tensor)
        for group in groups:
            group["lr"] = 0.0

    def _set_taken(self, adapter: int, taken: int) -> None:
        for flat in self._flat(adapter):
            self._adamw.state[flat]["step"].fill_(taken)

    def _flat(self, adapter: int) -> list[torch.Tensor]:
        """This rank's share of the adapter's weights, as AdamW has them."""
        zero = self._engine.optimizer
        if self._stage < 3:
            return [zero.single_partition_of_fp32_groups[adapter]]
        groups = zero.sub_group_to_group_id
        flat = enumerate(zero.fp32_partitioned_groups_flat)
        return [weight for at, weight in flat if groups[at] == adapter]


def _cloned(tensors: State) -> State:
    return {name: tensor.clone() for name, tensor in tensors.items()}


def _decoder(base: Any, settings: Mapping[str, Any]) -> Any:
    """What DeepSpeed is given: all but the head, which keeps weights of its own.

    At stage 3 the frozen weights are fetched module by module; a LoRA layer computes with those of
    its base layer.
    """
    decoder = base.get_decoder()
    if settings["zero_optimization"]["stage"] == 3:
        from deepspeed.runtime.zero import register_external_parameter

        head = base.get_output_embeddings()
        head.weight = torch.nn.Parameter(head.weight.detach().clone(), requires_grad=False)
        for layer in decoder.modules():
            if isinstance(layer, Linear):
                for weight in layer.base_layer.parameters():
                    register_external_parameter(layer, weight)
    return decoder


def _ours(
    settings: Mapping[str, Any], weights: Sequence[Sequence[torch.nn.Parameter]]
) -> dict[str, Any]:
    """The settings, with what the engine does itself, and LoRA weights whole on every rank."""
    zero = dict(settings["zero_optimization"])
    largest = max(weight.numel() for each in weights for weight in each)
    least = zero.get("stage3_param_persistence_threshold", 100_000)
    zero["stage3_param_persistence_threshold"] = max(least, largest + 1)
    others = {key: value for key, value in settings.items() if key not in ("bf16", "fp16")}
    return {
        **others,
        "zero_optimization": zero,
        "train_micro_batch_size_per_gpu": 1,
        "gradient_accumulation_steps": 1,
        "gradient_clipping": 0.0,
        "steps_per_print": 2**31,
        "zero_allow_untested_optimizer": True,
        "zero_force_ds_cpu_optimizer": False,
    }
