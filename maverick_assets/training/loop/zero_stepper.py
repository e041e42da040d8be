"""The stepper of several processes, a GPU each: DeepSpeed (Rasley et al. 2020) and its ZeRO stages.

Each rank computes its share of the packs, and their gradients are summed. A configuration file of
DeepSpeed says what is divided among the ranks (Rajbhandari et al. 2020): AdamW's state (stage 1),
the gradients as well (stage 2), the frozen weights as well (stage 3), on the GPU or in the host's
memory.

DeepSpeed is made for one model with one optimizer, which leads to two detours:
- It reduces gradients in the order in which they are computed, and expects the same order on all
  ranks. Packs of several adapters have orders of their own. So each rank sums its gradients first,
  and hands them over as the gradients of sum(weight * gradient).
- It clips and steps all weights alike. So each adapter is clipped here, and one that takes no step
  gets a learning rate of zero, and its AdamW state back afterwards.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import torch
from peft import PeftModel
from peft.tuners.lora import LoraLayer

from maverick_assets.errors import BadInput
from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.device.memory import LogLine
from maverick_assets.training.kernels.fast_paths import ALL_FAST, FastPaths
from maverick_assets.training.kernels.packing import Document
from maverick_assets.training.loop.micro_batches import MicroBatches, split_on_oom
from maverick_assets.training.loop.stepper import (
    NamedTensors,
    Stepper,
    StepperFactory,
    clone_tensors,
)
from maverick_assets.training.model.pack_model import PackModel, fused_model

R = TypeVar("R")


def world_size() -> int:
    """How many processes train together: torchrun sets the variable in each of them."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_main_process() -> bool:
    """Whether this process, of those that train together, reports and writes."""
    return int(os.environ.get("RANK", "0")) == 0


def zero_stepper_factory(
    config: Path | None, log: LogLine, paths: FastPaths = ALL_FAST
) -> StepperFactory:
    """The factory of this rank's stepper; torchrun has started the ranks.

    `paths` are those that are right for the base on this rank's machine (`model/kept_check.py`);
    those that all ranks have are used. `config` is DeepSpeed's JSON file; its batch sizes, clipping
    and precision are not used. Raises `BadInput` when it cannot be read.
    """
    settings = read_deepspeed_config(config)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    os.environ.setdefault("DS_ACCELERATOR", device)
    import deepspeed  # probes the machine at import

    # None of its compiled operators is used in training. On a CPU it would compile one for a minute
    # at the first start, and a process that is killed meanwhile leaves a lock file at which every
    # later start, of any training on the machine, waits without end.
    deepspeed.ops.__compatible_ops__ = {}
    deepspeed.init_distributed("nccl" if device == "cuda" else "gloo", verbose=False)

    @contextmanager
    def make_stepper(
        lora: PeftModel, adapters: Sequence[str], hardware: Hardware
    ) -> Iterator[Stepper]:
        common = _paths_of_all_ranks(paths, device)
        with fused_model(lora, adapters, hardware, common) as model:
            yield ZeroStepper(model, MicroBatches(hardware, log), settings)

    return make_stepper


def _paths_of_all_ranks(paths: FastPaths, device: str) -> FastPaths:
    """The paths that are right on every rank: machines may differ, but passes must be the same."""
    names = [field.name for field in fields(FastPaths)]
    switches = torch.tensor([int(getattr(paths, name)) for name in names], device=device)
    torch.distributed.all_reduce(switches, torch.distributed.ReduceOp.MIN)
    return FastPaths(*map(bool, switches.tolist()))


def read_deepspeed_config(path: Path | None) -> dict[str, Any]:
    """DeepSpeed's settings; ZeRO stage 1 without a file."""
    if path is None:
        return {"zero_optimization": {"stage": 1}}
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise BadInput(f"{path} is not JSON: {error}") from error
    try:
        stage = settings["zero_optimization"]["stage"]
    except (KeyError, TypeError):
        stage = None
    if stage not in (1, 2, 3):
        raise BadInput(f"{path}: zero_optimization.stage must be 1, 2 or 3")
    return dict(settings)


class ZeroStepper:
    """The stepper of this rank; the other ranks make the same calls at the same time."""

    def __init__(
        self, model: PackModel, micro_batches: MicroBatches, settings: Mapping[str, Any]
    ) -> None:
        import deepspeed

        self._model = model
        self._weights = model.lora_weights
        self._device = model.hardware.device
        self._micro_batches = micro_batches
        self._comm = deepspeed.comm
        self._rank, self._ranks = deepspeed.comm.get_rank(), deepspeed.comm.get_world_size()
        self.is_main_process = self._rank == 0
        # A parameter group for each adapter: it has a learning rate of its own.
        groups = [{"params": weights} for weights in self._weights]
        self._adamw = torch.optim.AdamW(groups, 0.0, weight_decay=0)
        self._engine, *_ = deepspeed.initialize(
            model=_decoder(model.base, settings),
            optimizer=self._adamw,
            config=engine_config(settings, self._weights),
        )
        self._stage = self._engine.zero_optimization_stage()
        if self._stage == 3:
            # `engine_config` lets LoRA weights persist, whole on every rank, but DeepSpeed would
            # gather them only at their first use, and checkpoints read them before that.
            lora_weights: list[Any] = list(chain(*self._weights))
            lora_weights[0].all_gather(lora_weights)
        self._warm_up()

    def _warm_up(self) -> None:
        """Take a step that changes nothing, at which DeepSpeed notes where AdamW's state is.

        It would otherwise note that at the first real step, and find only the state of the first
        adapter.
        """
        for adapter in range(len(self._weights)):
            for flat in self._flat_weights(adapter):
                self._adamw.state[flat] = {
                    "step": torch.tensor(0.0),
                    "exp_avg": torch.zeros_like(flat),
                    "exp_avg_sq": torch.zeros_like(flat),
                }
        self._reduce([[torch.zeros_like(weight) for weight in own] for own in self._weights])
        self._step_all()

    def gradients(self, documents: Sequence[Document]) -> Iterator[tuple[int, float]]:
        sums = [[torch.zeros_like(weight) for weight in own] for own in self._weights]
        losses = torch.zeros(len(self._weights), dtype=torch.float64, device=self._device)
        for result in self._results(self._model.gradients, documents):
            for adapter, (loss, gradients) in result.items():
                losses[adapter] += loss
                torch._foreach_add_(sums[adapter], list(gradients))
        self._comm.all_reduce(losses)
        self._reduce(sums)
        for adapter in sorted({document.adapter for document in documents}):
            yield adapter, losses[adapter].item()
        self._step_all()

    def clip(self, adapter: int, max_norm: float) -> float:
        from deepspeed.utils import safe_get_full_grad, safe_set_full_grad

        gradients = [safe_get_full_grad(weight) for weight in self._weights[adapter]]
        norm = torch.nn.utils.get_total_norm(gradients)
        if norm > max_norm:
            scale = max_norm / (norm + 1e-6)  # exactly as torch.nn.utils.clip_grad_norm_ scales
            for weight, gradient in zip(self._weights[adapter], gradients, strict=True):
                safe_set_full_grad(weight, gradient * scale)
        return norm.item()

    def step(self, adapter: int, learning_rate: float) -> None:
        """Only notes the rate: DeepSpeed steps all adapters at once, when `gradients` ends."""
        self._adamw.param_groups[adapter]["lr"] = learning_rate

    def drop_gradient(self, adapter: int) -> None:
        from deepspeed.utils import safe_set_full_grad

        for weight in self._weights[adapter]:
            safe_set_full_grad(weight, torch.zeros_like(weight))

    def weights(self, adapter: int) -> NamedTensors:
        return {str(at): weight.detach() for at, weight in enumerate(self._weights[adapter])}

    def optimizer_state(self, adapter: int) -> NamedTensors:
        from deepspeed.utils import safe_get_full_optimizer_state

        return {
            f"{at}.{name}": safe_get_full_optimizer_state(weight, name)
            for at, weight in enumerate(self._weights[adapter])
            for name in ("exp_avg", "exp_avg_sq")
        }

    def restore(
        self, adapter: int, weights: NamedTensors, optimizer_state: NamedTensors, steps_done: int
    ) -> None:
        from deepspeed.utils import safe_set_full_fp32_param, safe_set_full_optimizer_state

        for at, weight in enumerate(self._weights[adapter]):
            value = weights[str(at)].to(weight.device)
            safe_set_full_fp32_param(weight, value)  # this rank's share of the master copy
            weight.data.copy_(value)  # what the forward pass computes with
            for name in ("exp_avg", "exp_avg_sq"):
                moment = optimizer_state.get(f"{at}.{name}", torch.zeros_like(value))
                safe_set_full_optimizer_state(weight, moment.to(weight.device), name)
        for flat in self._flat_weights(adapter):
            self._adamw.state[flat]["step"].fill_(steps_done)

    def validation_loss(self, documents: Iterable[Document]) -> float:
        sums = torch.zeros(2, dtype=torch.float64, device=self._device)
        for loss, count in self._results(self._model.summed_loss, list(documents)):
            sums[0] += loss
            sums[1] += count
        self._comm.all_reduce(sums)
        return (sums[0] / sums[1]).item()

    def any_process(self, flag: bool) -> bool:
        flags = torch.tensor(int(flag), device=self._device)
        self._comm.all_reduce(flags)
        return bool(flags)

    def _results(
        self, compute: Callable[[Sequence[Document]], R], documents: Sequence[Document]
    ) -> list[R]:
        """`compute` of each micro-batch in this rank's share.

        At stage 3 all ranks fetch frozen weights together in every pass. So all compute equally
        often, the last ones perhaps a spare micro-batch whose result is dropped, and none may
        split a micro-batch on its own. So what a model cannot compute in one pass is divided here.
        """
        micro_batches = self._micro_batches.divide(documents, self._ranks)
        batches = [batch for whole in micro_batches for batch in self._model.passes(whole)]
        spare = -len(batches) % self._ranks
        share = (batches + [batches[-1]] * spare)[self._rank :: self._ranks]
        if self._stage == 3:
            results = [[compute(batch)] for batch in share]
        else:
            results = [split_on_oom(compute, batch) for batch in share]
        if self._rank >= self._ranks - spare:
            results.pop()
        # All ranks halve together: each divides the whole step to find its share.
        if self.any_process(any(len(pieces) > 1 for pieces in results)):
            self._micro_batches.halve()
        return list(chain.from_iterable(results))

    def _reduce(self, gradients: Sequence[Sequence[torch.Tensor]]) -> None:
        """Have DeepSpeed sum the gradients over the ranks; it takes their mean."""
        products = [
            (weight * gradient).sum()
            for weights, own in zip(self._weights, gradients, strict=True)
            for weight, gradient in zip(weights, own, strict=True)
        ]
        self._engine.backward(torch.stack(products).sum() * self._ranks)

    def _step_all(self) -> None:
        """DeepSpeed steps every adapter. One whose rate is zero keeps its weights, but AdamW's
        moments and its count of steps move on, so these are put back."""
        state, groups = self._adamw.state, self._adamw.param_groups
        idle = [self._flat_weights(at) for at, group in enumerate(groups) if not group["lr"]]
        before = {flat: clone_tensors(state[flat]) for flat in chain(*idle)}
        self._engine.step()
        for flat, tensors in before.items():
            for name, tensor in tensors.items():
                state[flat][name].copy_(tensor)
        for group in groups:
            group["lr"] = 0.0

    def _flat_weights(self, adapter: int) -> list[torch.Tensor]:
        """This rank's share of the adapter's weights, flattened as AdamW holds them."""
        zero = self._engine.optimizer
        if self._stage < 3:
            return [zero.single_partition_of_fp32_groups[adapter]]
        group_of = zero.sub_group_to_group_id
        flat = enumerate(zero.fp32_partitioned_groups_flat)
        return [weights for at, weights in flat if group_of[at] == adapter]


def _decoder(base: Any, settings: Mapping[str, Any]) -> Any:
    """The part of the model that DeepSpeed manages: all but the head.

    At stage 3 DeepSpeed divides frozen weights and fetches them module by module. The head gets
    weights of its own, which are not divided: the input embeddings often share them. A LoRA layer
    computes with the weights of its base layer, so these are registered as its own.
    """
    decoder = base.get_decoder()
    if settings["zero_optimization"]["stage"] == 3:
        from deepspeed.runtime.zero import register_external_parameter

        head = base.get_output_embeddings()
        head.weight = torch.nn.Parameter(head.weight.detach().clone(), requires_grad=False)
        for layer in decoder.modules():
            if isinstance(layer, LoraLayer):
                for weight in layer.base_layer.parameters():
                    register_external_parameter(layer, weight)
    return decoder


def engine_config(
    settings: Mapping[str, Any], weights: Sequence[Sequence[torch.nn.Parameter]]
) -> dict[str, Any]:
    """The user's settings, except for what this module does itself."""
    zero = dict(settings["zero_optimization"])
    # At stage 3 parameters below this threshold are not divided. It is set above the largest LoRA
    # weight, so that all of these are whole on every rank.
    largest = max(weight.numel() for own in weights for weight in own)
    threshold = zero.get("stage3_param_persistence_threshold", 100_000)
    zero["stage3_param_persistence_threshold"] = max(threshold, largest + 1)
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
