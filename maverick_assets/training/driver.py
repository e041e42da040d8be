"""The training process of a node: one base model, one adapter after another.

Usage: `python -m maverick_assets.training.driver SPEC.json`.
Under Dagster it reports through Pipes, otherwise on stdout.
"""

import json
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dagster_pipes import PipesEnvVarParamsLoader, open_dagster_pipes
from safetensors import SafetensorError

from maverick_assets.datasets.examples import Example, read_examples
from maverick_assets.datasets.tokens import ChatTokenizer
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.files import staged_directory
from maverick_assets.training.base_model import load_base_model
from maverick_assets.training.engine import Progress, attached_lora, save_adapter, train
from maverick_assets.training.hardware import Hardware, detect_hardware, prepare_process
from maverick_assets.training.jobs import Job, TrainingSpec, TrainingSummary, read_json
from maverick_assets.training.process import run_main

SECONDS_BETWEEN_LINES = 15
SEED = 0


@dataclass(frozen=True)
class Reporter:
    """Where the process reports: lines for people, one result for each job."""

    line: Callable[[str], object]
    result: Callable[[Mapping[str, Any]], object]


@contextmanager
def open_reporter() -> Iterator[Reporter]:
    """Dagster Pipes when Dagster started this process, else stdout."""
    environment = PipesEnvVarParamsLoader()  # type: ignore[no-untyped-call]
    if environment.is_dagster_pipes_process():
        with open_dagster_pipes() as pipes:
            yield Reporter(pipes.log.info, pipes.report_custom_message)
    else:
        yield Reporter(_print, lambda result: _print(json.dumps(result)))


def main(arguments: Sequence[str]) -> None:
    if len(arguments) != 1:
        raise BadInput("usage: python -m maverick_assets.training.driver SPEC.json")
    with open_reporter() as reporter:
        run_jobs(read_json(Path(arguments[0]), TrainingSpec), reporter)


def run_jobs(spec: TrainingSpec, reporter: Reporter) -> None:
    """Train every job in turn. One that fails is reported as refused, and the others go on."""
    prepare_process()
    hardware = detect_hardware()
    reporter.line(
        f"loading base {spec.base.digest[:12]} ({hardware.device}, {hardware.dtype_name})"
    )
    model = load_base_model(spec.base.directory, spec.base.digest, hardware.dtype)
    model.to(hardware.device)
    tokenizer = ChatTokenizer(spec.base.directory)
    for job in spec.jobs:
        try:
            summary = train_job(job, model, tokenizer, spec.base.digest, hardware, reporter.line)
        except MaverickError as error:
            reporter.line(f"{job.personality}: refused: {error}")
            refusal = {"status": "refused", "reason": str(error)}
            reporter.result({"personality": job.personality, "out": str(job.out), **refusal})
        else:
            reporter.result(summary.message(job.out))


def train_job(
    job: Job,
    model: Any,
    tokenizer: ChatTokenizer,
    base_digest: str,
    hardware: Hardware,
    line: Callable[[str], object],
) -> TrainingSummary:
    """Train one adapter and write `job.out`, all of it or nothing.

    Raises `MaverickError` when there is nothing to train on, the loss diverges, or the disk
    refuses.
    """
    recipe = job.recipe.training
    examples = select_examples(job, SEED)
    rows = [tokenizer.encode(example.messages, recipe.max_length) for example in examples]
    rows = [row for row in rows if row.n_supervised > 0]
    if not rows:
        raise MaverickError(
            f"{job.dataset} has no training example at version {job.dataset_version}"
        )
    line(f"{job.personality}: {job.mode} training on {len(rows)} examples")
    parent = job.parent_adapter if job.mode == "incremental" else None
    with attached_lora(model, recipe, parent, SEED) as lora:
        run = train(lora, rows, recipe, hardware, SEED, _throttled(job.personality, line))
        n_tokens = sum(len(row.input_ids) for row in rows)
        summary = TrainingSummary(
            personality=job.personality,
            mode=job.mode,
            base_digest=base_digest,
            dataset_version=job.dataset_version,
            n_examples=len(rows),
            n_tokens=n_tokens,
            n_supervised=sum(row.n_supervised for row in rows),
            epochs=recipe.epochs,
            steps=len(run.losses),
            seconds=round(run.seconds, 2),
            tokens_per_second=round(recipe.epochs * n_tokens / run.seconds, 1),
            peak_memory_mb=hardware.peak_memory_mb(),
            losses=run.losses,
            seed=SEED,
            dtype=hardware.dtype_name,
            device=hardware.device,
        )
        try:
            with staged_directory(job.out) as stage:
                save_adapter(lora, stage / "adapter")
                (stage / "training.json").write_text(summary.model_dump_json(indent=1))
        except (OSError, SafetensorError) as error:
            raise MaverickError(f"cannot write {job.out}: {error}") from error
    return summary


def select_examples(job: Job, seed: int) -> list[Example]:
    """The training examples of a job: all, or in mode incremental the new ones and a replay.

    Raises `MaverickError` when an incremental job names no parent, or has nothing new.
    """
    examples = read_examples(job.dataset, job.dataset_version, "train")
    if job.mode == "full":
        return examples
    if job.parent_adapter is None or job.parent_dataset_version is None:
        raise MaverickError(f"{job.personality}: incremental training needs a parent version")
    trained_on = read_examples(job.dataset, job.parent_dataset_version, "train")
    return with_replay(examples, {example.example_id for example in trained_on}, seed)


def with_replay(examples: Sequence[Example], known: set[str], seed: int) -> list[Example]:
    """Examples whose id is not in `known`, and as many known ones drawn from `seed`.

    The replay keeps the adapter from forgetting. Raises `MaverickError` when none is new.
    """
    new = [example for example in examples if example.example_id not in known]
    old = [example for example in examples if example.example_id in known]
    if not new:
        raise MaverickError("no new training example since the parent version")
    return new + random.Random(seed).sample(old, min(len(new), len(old)))


def _throttled(personality: str, line: Callable[[str], object]) -> Callable[[Progress], None]:
    """A progress line for the first step, the last one, and every few seconds between."""
    due = time.monotonic()

    def report(progress: Progress) -> None:
        nonlocal due
        if time.monotonic() < due and progress.step < progress.steps:
            return
        due = time.monotonic() + SECONDS_BETWEEN_LINES
        line(
            f"{personality}: epoch {progress.epoch}/{progress.epochs}, "
            f"step {progress.step}/{progress.steps}, loss {progress.loss:.3f}, "
            f"{progress.tokens_per_second:.0f} tokens/s, {progress.seconds_left:.0f} s left"
        )

    return report


def _print(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(run_main(main))
