"""One side of `benchmarks.train` in a process of its own: the engine, or what it is compared with.

    python -m benchmarks.train.sides SIDE SPEC.json OUT ADAPTER...

The last line printed is the result as JSON: seconds of training, tokens computed (padding
included) and peak memory in MiB. All sides start from the same LoRA weights and take the same rows,
in steps of about the same number of tokens, with the same learning rate at each step.
"""

import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any, Literal

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch.optim.lr_scheduler import LambdaLR
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments

from benchmarks.mailbox import MAX_LENGTH
from maverick_assets.base_model.load import load_base_model
from maverick_assets.base_model.tokenizer import Encoded
from maverick_assets.errors import MaverickError
from maverick_assets.processes import run_main
from maverick_assets.recipes import Training
from maverick_assets.strict_model import StrictModel
from maverick_assets.training.device.hardware import detect_hardware, prepare_process
from maverick_assets.training.loop.adapter_job import AdapterJob
from maverick_assets.training.loop.adapter_state import schedule_factor
from maverick_assets.training.loop.adapters import attached_lora, save_adapter
from maverick_assets.training.loop.checkpoints import Checkpoints
from maverick_assets.training.loop.engine import train
from maverick_assets.training.spec import BaseSpec, read_json

SEED = 0
PADDED_BATCH = 4  # rows
TRL_PACK_TOKENS = 2048  # the dense mask over a longer pack costs more than packing saves
RATE_SECONDS = 0.2  # how long one matrix product is timed


class BenchmarkSpec(StrictModel):
    """What all sides train on, written once as spec.json."""

    base: BaseSpec
    settings: Training
    rows: dict[str, list[Encoded]]  # by adapter
    validation: dict[str, list[Encoded]]  # by adapter; no side trains on them
    quantize: Literal["none", "nf4"] = "none"  # of the base, for the engine


def engine(spec: BenchmarkSpec, adapters: Sequence[str], out: Path) -> dict[str, Any]:
    """The engine, all adapters at once, as `maverick_assets.training.loop.run` drives it."""
    hardware = detect_hardware()
    base = spec.base
    model = load_base_model(base.directory, base.digest, hardware.dtype, spec.quantize)
    model.to(hardware.device)
    computed = _computed_tokens(model)
    jobs = [AdapterJob(name, spec.rows[name], spec.settings) for name in adapters]
    with attached_lora(model, jobs, SEED) as lora:
        started = time.monotonic()
        kept = Checkpoints(out / "checkpoints", "benchmark")
        run = train(lora, jobs, hardware, SEED, lambda _: None, checkpoints=kept)
        seconds = time.monotonic() - started
        kept.clear()
        for name, reason in run.failures.items():
            raise MaverickError(f"{name}: {reason}")
        for name in adapters:
            save_adapter(lora, name, out / name)
    return {"seconds": seconds, "computed": sum(computed), "memory": hardware.peak_memory_mb()}


def padded(spec: BenchmarkSpec, adapters: Sequence[str], out: Path) -> dict[str, Any]:
    """transformers' Trainer and peft, every row padded to the longest allowed; float32 on a CPU."""
    [name] = adapters
    hardware = detect_hardware()
    rows = spec.rows[name]
    dtype = hardware.dtype if hardware.device == "cuda" else torch.float32
    lora = _lora(spec, dtype, hardware.device)
    rows_per_step = spec.settings.batch_tokens * len(rows) / _tokens(rows)
    arguments = TrainingArguments(
        **_arguments(spec, out),
        per_device_train_batch_size=PADDED_BATCH,
        gradient_accumulation_steps=max(1, round(rows_per_step / PADDED_BATCH)),
        bf16=hardware.device == "cuda",
    )
    trainer = _ScheduledTrainer(
        model=lora, args=arguments, train_dataset=_columns(rows), data_collator=_pad
    )
    return _trained(trainer, lora, name, out)


def trl(spec: BenchmarkSpec, adapters: Sequence[str], out: Path) -> dict[str, Any]:
    """TRL's SFTTrainer with its packing, in bfloat16, without activation checkpointing."""
    [name] = adapters
    hardware = detect_hardware()
    lora = _lora(spec, torch.bfloat16, hardware.device)
    return _trained(_sft_trainer(spec, name, lora, out), lora, name, out)


def unsloth(spec: BenchmarkSpec, adapters: Sequence[str], out: Path) -> dict[str, Any]:
    """Unsloth's kernels under the same trainer."""
    from unsloth import FastLanguageModel

    [name] = adapters
    model, _ = FastLanguageModel.from_pretrained(
        str(spec.base.directory),
        dtype=torch.bfloat16,
        load_in_4bit=False,
        max_seq_length=spec.settings.batch_tokens,
    )
    lora = FastLanguageModel.get_peft_model(
        model,
        r=spec.settings.rank,
        lora_alpha=spec.settings.alpha,
        lora_dropout=0,
        target_modules=sorted(_linear_names(model)),
        use_gradient_checkpointing=False,
        random_state=SEED,
    )
    return _trained(_sft_trainer(spec, name, lora, out), lora, name, out)


def gemm(spec: BenchmarkSpec, *_: object) -> dict[str, Any]:
    """The best rate of a matrix product at this model's shapes in FLOP/s, and its parameter count.

    On a CPU each product is timed both ways: divided among all cores, and one on each core. It is
    written independently of the engine's own roofline, so that the two can disagree.
    """
    hardware = detect_hardware()
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(spec.base.directory))
    shapes = {
        tuple(module.weight.shape)
        for module in model.modules()
        if isinstance(module, torch.nn.Linear)
    }
    sizes = (256, 512, 1024) if hardware.device == "cpu" else (4096, 16384)
    cases = [(shape, size) for shape in sorted(shapes) for size in sizes]
    cores = torch.get_num_threads()
    rates = [
        _flops_per_second(shape, size, hardware.device, hardware.dtype) for shape, size in cases
    ]
    if hardware.device == "cpu":
        torch.set_num_threads(1)
        with ThreadPoolExecutor(cores) as pool:
            for shape, size in cases:
                jobs = [
                    pool.submit(_flops_per_second, shape, size, "cpu", hardware.dtype)
                    for _ in range(cores)
                ]
                rates.append(sum(job.result() for job in jobs))
    return {"rate": max(rates), "parameters": model.num_parameters()}


def validation(spec: BenchmarkSpec, adapters: Sequence[str], out: Path) -> dict[str, Any]:
    """Mean loss of each adapter, named by its directory below `out`, on its validation rows.

    `base` has the loss of the base alone on the rows of the first adapter. transformers and peft
    compute the losses row by row, in float32 on a CPU: none of the engine's code takes part.
    """
    hardware = detect_hardware()
    dtype = hardware.dtype if hardware.device == "cuda" else torch.float32
    model: Any = _base(spec, dtype, hardware.device)
    losses = {"base": _loss(model, next(iter(spec.validation.values())))}
    for path in adapters:
        lora = PeftModel.from_pretrained(model, out / path)
        losses[path] = _loss(lora.eval(), spec.validation[Path(path).name])
        model = lora.unload()
    return losses


SIDES: dict[str, Callable[[BenchmarkSpec, Sequence[str], Path], dict[str, Any]]] = {
    "engine": engine,
    "padded": padded,
    "trl": trl,
    "unsloth": unsloth,
    "gemm": gemm,
    "validation": validation,
}


class _ScheduledTrainer(Trainer):
    """transformers' Trainer with the engine's learning rate at each step."""

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> LambdaLR:
        scheduled: Any = optimizer or self.optimizer
        self.lr_scheduler = LambdaLR(
            scheduled, lambda done: schedule_factor(done + 1, num_training_steps)
        )
        return self.lr_scheduler


def _sft_trainer(spec: BenchmarkSpec, name: str, lora: Any, out: Path) -> Trainer:
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    class Scheduled(_ScheduledTrainer, SFTTrainer):
        pass

    pack = min(spec.settings.batch_tokens, TRL_PACK_TOKENS)
    config = SFTConfig(
        **_arguments(spec, out),
        packing=True,
        max_length=pack,
        per_device_train_batch_size=1,
        gradient_accumulation_steps=spec.settings.batch_tokens // pack,
        activation_checkpointing=False,
        bf16=True,
    )
    return Scheduled(
        model=lora,
        args=config,
        train_dataset=Dataset.from_list(_columns(spec.rows[name])),
        processing_class=AutoTokenizer.from_pretrained(spec.base.directory),
    )


def _arguments(spec: BenchmarkSpec, out: Path) -> dict[str, Any]:
    return {
        "output_dir": str(out / "trainer"),
        "learning_rate": spec.settings.learning_rate,
        "num_train_epochs": spec.settings.epochs,
        "weight_decay": 0.0,
        "max_grad_norm": 1.0,
        "seed": SEED,
        "save_strategy": "no",
        "logging_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
        "use_cpu": not torch.cuda.is_available(),
    }


def _trained(trainer: Trainer, lora: Any, name: str, out: Path) -> dict[str, Any]:
    computed = _computed_tokens(lora)
    started = time.monotonic()
    trainer.train()
    seconds = time.monotonic() - started
    lora.save_pretrained(out / name)
    memory = detect_hardware().peak_memory_mb()
    return {"seconds": seconds, "computed": sum(computed), "memory": memory}


def _base(spec: BenchmarkSpec, dtype: torch.dtype, device: str) -> Any:
    model: Any = AutoModelForCausalLM.from_pretrained(spec.base.directory, dtype=dtype)
    return model.to(device)


def _lora(spec: BenchmarkSpec, dtype: torch.dtype, device: str) -> Any:
    """The base with the same fresh LoRA weights that `attached_lora` draws."""
    torch.manual_seed(SEED)
    config = LoraConfig(
        r=spec.settings.rank,
        lora_alpha=spec.settings.alpha,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    return get_peft_model(_base(spec, dtype, device), config)


def _linear_names(model: Any) -> set[str]:
    return {
        name.rsplit(".", 1)[-1]
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and name != "lm_head"
    }


def _computed_tokens(model: Any) -> list[int]:
    """A list to which each forward pass appends the number of its tokens, padding included."""
    sizes: list[int] = []
    model.get_input_embeddings().register_forward_hook(
        lambda _module, inputs, _output: sizes.append(inputs[0].numel())
    )
    return sizes


def _columns(rows: Iterable[Encoded]) -> list[dict[str, list[int]]]:
    return [
        {
            "input_ids": row.input_ids,
            "labels": [-100] * row.n_prompt + row.input_ids[row.n_prompt :],
        }
        for row in rows
    ]


def _pad(rows: list[dict[str, list[int]]]) -> dict[str, torch.Tensor]:
    def filled(values: list[list[int]], filler: int) -> torch.Tensor:
        return torch.tensor([row + [filler] * (MAX_LENGTH - len(row)) for row in values])

    return {
        "input_ids": filled([row["input_ids"] for row in rows], 0),
        "labels": filled([row["labels"] for row in rows], -100),
        "attention_mask": filled([[1] * len(row["input_ids"]) for row in rows], 0),
    }


def _tokens(rows: Iterable[Encoded]) -> int:
    return sum(len(row.input_ids) for row in rows)


def _flops_per_second(shape: tuple[int, ...], rows: int, device: str, dtype: torch.dtype) -> float:
    """FLOP/s of the product of (rows, in) with the transpose of (out, in)."""
    x = torch.randn(rows, shape[1], device=device, dtype=dtype)
    weight = torch.randn(shape, device=device, dtype=dtype)
    seconds = []
    ending = time.perf_counter() + RATE_SECONDS
    while time.perf_counter() < ending:
        started = time.perf_counter()
        x @ weight.t()
        if device == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - started)
    return 2 * rows * shape[0] * shape[1] / median(seconds)


@torch.inference_mode()
def _loss(model: Any, rows: Iterable[Encoded]) -> float:
    total, count = 0.0, 0
    for row in rows:
        ids = torch.tensor([row.input_ids], device=model.device)
        kept = torch.arange(row.n_prompt - 1, len(row.input_ids) - 1, device=model.device)
        logits = model(input_ids=ids, logits_to_keep=kept).logits[0].float()
        losses = torch.nn.functional.cross_entropy(logits, ids[0, row.n_prompt :], reduction="sum")
        total, count = total + losses.item(), count + row.n_supervised
    return total / count


def main(arguments: Sequence[str]) -> None:
    side, path, out, *adapters = arguments
    prepare_process()
    print(
        json.dumps(SIDES[side](read_json(Path(path), BenchmarkSpec), adapters, Path(out))),
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(run_main(main))
