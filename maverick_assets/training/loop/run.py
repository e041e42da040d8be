"""A run of the engine: what is to be trained read, results written whole, refusals told."""

import random
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event

from peft import PeftModel
from safetensors import SafetensorError

from maverick_assets.base_model.load import load_base_model
from maverick_assets.base_model.tokenizer import ChatTokenizer
from maverick_assets.datasets.examples.example import Example, read_examples
from maverick_assets.datasets.examples.token_cache import TokenCache
from maverick_assets.errors import MaverickError
from maverick_assets.files import staged_directory
from maverick_assets.records import TrainingSummary
from maverick_assets.training.device.hardware import Hardware, detect_hardware, prepare_process
from maverick_assets.training.device.memory import prepare_memory
from maverick_assets.training.device.roofline import roofline_tokens_per_second
from maverick_assets.training.loop.adapters import (
    Trainee,
    attached_lora,
    check_parent,
    save_adapter,
)
from maverick_assets.training.loop.checkpoints import Checkpoints
from maverick_assets.training.loop.curves import open_curves
from maverick_assets.training.loop.engine import Progress, Run, train
from maverick_assets.training.loop.reporting import Reporter, Status, throttled
from maverick_assets.training.loop.stepper import open_steps
from maverick_assets.training.loop.zero_stepper import leads, opened_by_ranks, world_size
from maverick_assets.training.spec import AdapterJobSpec, TrainingSpec

SEED = 0


def run_jobs(spec: TrainingSpec, reporter: Reporter) -> None:
    """Train all jobs together, as the rank that this process is. One that fails is reported as
    refused, and the others go on."""
    prepare_process()
    hardware = detect_hardware()
    tokenizer = ChatTokenizer(spec.base.directory)
    jobs: list[tuple[AdapterJobSpec, Trainee]] = []
    for job in spec.jobs:
        with _refusal(job, reporter):
            jobs.append((job, trainee_of(job, tokenizer, spec.tokens)))
            reporter.line(
                f"{job.personality}: {job.mode} training on {len(jobs[-1][1].rows)} examples"
            )
    if not jobs:
        return
    prepare_memory(spec.node, hardware, reporter.line)
    reporter.line(
        f"loading base {spec.base.digest[:12]} ({hardware.device}, {hardware.dtype_name})"
    )
    model = load_base_model(
        spec.base.directory, spec.base.digest, hardware.dtype, spec.node.quantize
    )
    model.to(hardware.device)
    bound = roofline_tokens_per_second(model, hardware) * world_size()
    reporter.line(f"bound: {bound:.0f} tokens/s, by the best rate of matrix products here")
    trainees = [trainee for _, trainee in jobs]
    checkpoints = Checkpoints(spec.checkpoints, spec.digest) if spec.checkpoints else None
    for name, known in (checkpoints.newest() if checkpoints else {}).items():
        reporter.line(f"{name}: going on from a checkpoint after step {known.facts.done}")
    steps_of = (
        opened_by_ranks(spec.node.deepspeed, reporter.line)
        if world_size() > 1
        else partial(open_steps, tell=reporter.line)
    )
    with attached_lora(model, trainees, SEED) as lora:
        with (
            _watched(spec, hardware, bound, reporter) as show,
            _end_told(checkpoints is not None) as told_to_end,
        ):
            run = train(lora, trainees, hardware, SEED, show, checkpoints, told_to_end, steps_of)
        if not leads():
            return
        for job, trainee in jobs:
            with _refusal(job, reporter):
                if trainee.name in run.failures:
                    raise MaverickError(run.failures[trainee.name])
                summary = summarize(job, trainee, run, spec, hardware, bound)
                write_result(lora, summary, job.out)
                reporter.result(summary.message(job.out))
    if checkpoints:
        checkpoints.clear()


@contextmanager
def _watched(
    spec: TrainingSpec, hardware: Hardware, bound: float, reporter: Reporter
) -> Iterator[Callable[[Progress], None]]:
    """Each step told to the reporter, and drawn."""
    settings = {
        job.personality: {"mode": job.mode, **job.recipe.training.model_dump(exclude_none=True)}
        for job in spec.jobs
    }
    tell = reporter.status or throttled(reporter.line)
    with open_curves(spec.curves_of_run, settings, reporter.line) as draw:

        def show(progress: Progress) -> None:
            share = progress.tokens_per_second / bound
            status = Status(progress, share, hardware.peak_memory_mb(), hardware.gpu_utilization())
            tell(status)
            draw(status)

        yield show


@contextmanager
def _end_told(listen: bool) -> Iterator[Callable[[], bool]]:
    """Whether SIGTERM came, or SIGINT, which Dagster sends to what is cancelled; they end the
    process at once where nobody is to `listen`."""
    told = Event()
    signals = (signal.SIGTERM, signal.SIGINT) if listen else ()
    before = [signal.signal(each, lambda *_: told.set()) for each in signals]
    try:
        yield told.is_set
    finally:
        for each, handler in zip(signals, before, strict=True):
            signal.signal(each, handler)


@contextmanager
def _refusal(job: AdapterJobSpec, reporter: Reporter) -> Iterator[None]:
    """What is wrong with a job is its result."""
    try:
        yield
    except MaverickError as error:
        reporter.line(f"{job.personality}: refused: {error}")
        refusal = {"status": "refused", "reason": str(error)}
        reporter.result({"personality": job.personality, "out": str(job.out), **refusal})


def trainee_of(
    job: AdapterJobSpec, tokenizer: ChatTokenizer, tokens: Path | None = None
) -> Trainee:
    """What a job asks for; `tokens`: where ids are kept. Raises `MaverickError` when there is
    nothing to train on, or the parent is not to be read or of another shape."""
    settings = job.recipe.training
    examples = select_examples(job, settings.replay, SEED)
    validation = read_examples(job.dataset, job.dataset_version, "validation")
    cache = TokenCache(tokenizer, job.dataset, job.dataset_version, tokens)
    encoded = cache.encode([*examples, *validation], settings.max_length)
    rows, held_out = (
        [row for row in each if row.n_supervised > 0]
        for each in (encoded[: len(examples)], encoded[len(examples) :])
    )
    if not rows:
        raise MaverickError(
            f"{job.dataset} has no training example at version {job.dataset_version}"
        )
    parent = job.parent_adapter if job.mode == "incremental" else None
    trainee = Trainee(job.personality, rows, settings, parent, held_out)
    check_parent(trainee)
    return trainee


def summarize(
    job: AdapterJobSpec,
    trainee: Trainee,
    run: Run,
    spec: TrainingSpec,
    hardware: Hardware,
    bound: float,
) -> TrainingSummary:
    return TrainingSummary(
        personality=job.personality,
        mode=job.mode,
        base_digest=spec.base.digest,
        dataset_version=job.dataset_version,
        n_examples=len(trainee.rows),
        n_tokens=trainee.n_tokens,
        n_supervised=sum(row.n_supervised for row in trainee.rows),
        learning_rate=float(f"{run.learning_rates[trainee.name]:.3g}"),
        epochs=trainee.settings.epochs,
        steps=len(run.losses[trainee.name]),
        seconds=round(run.seconds, 2),
        tokens_per_second=round(run.tokens_per_second, 1),
        roofline_share=round(run.tokens_per_second / bound, 4),
        peak_memory_mb=hardware.peak_memory_mb(),
        losses=run.losses[trainee.name],
        validation_losses=run.held_out[trainee.name],
        seed=SEED,
        dtype=hardware.dtype_name,
        device=hardware.device,
        curves=str(spec.curves_of_run) if spec.curves else None,
    )


def write_result(lora: PeftModel, summary: TrainingSummary, out: Path) -> None:
    """Adapter and training.json, both or none. Raises `MaverickError` when the disk refuses."""
    try:
        with staged_directory(out) as stage:
            save_adapter(lora, summary.personality, stage / "adapter")
            (stage / "training.json").write_text(summary.model_dump_json(indent=1))
    except (OSError, SafetensorError) as error:
        raise MaverickError(f"cannot write {out}: {error}") from error


def select_examples(job: AdapterJobSpec, replay: float, seed: int) -> list[Example]:
    """The training examples of a job: all, or in mode incremental the new ones and a replay.

    Raises `MaverickError` when an incremental job names no parent, or has nothing new.
    """
    examples = read_examples(job.dataset, job.dataset_version, "train")
    if job.mode == "full":
        return examples
    if job.parent_adapter is None or job.parent_dataset_version is None:
        raise MaverickError(f"{job.personality}: incremental training needs a parent version")
    trained_on = read_examples(job.dataset, job.parent_dataset_version, "train")
    return with_replay(examples, {example.example_id for example in trained_on}, replay, seed)


def with_replay(
    examples: Sequence[Example], known: set[str], replay: float, seed: int
) -> list[Example]:
    """Examples whose id is not in `known`, and `replay` known ones for each, drawn from `seed`.

    The replay keeps the adapter from forgetting (Rolnick et al. 2019). Raises `MaverickError` when
    none is new.
    """
    new = [example for example in examples if example.example_id not in known]
    old = [example for example in examples if example.example_id in known]
    if not new:
        raise MaverickError("no new training example since the parent version")
    return new + random.Random(seed).sample(old, min(round(replay * len(new)), len(old)))
