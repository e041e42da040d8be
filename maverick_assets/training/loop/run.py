"""A run of the engine: jobs read, adapters trained and written, refusals reported."""

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

from peft import PeftModel
from safetensors import SafetensorError

from maverick_assets.base_model.load import load_base_model
from maverick_assets.base_model.tokenizer import ChatTokenizer
from maverick_assets.errors import MaverickError
from maverick_assets.files import staged_directory
from maverick_assets.records import TrainingSummary
from maverick_assets.training.device.hardware import (
    Hardware,
    attention_note,
    detect_hardware,
    idle_gpu,
    prepare_process,
)
from maverick_assets.training.device.memory import memory_errors, prepare_memory
from maverick_assets.training.device.roofline import roofline_tokens_per_second
from maverick_assets.training.kernels.fast_paths import FastPaths
from maverick_assets.training.loop.adapter_job import AdapterJob, make_job
from maverick_assets.training.loop.adapters import attached_lora, check_parent, save_adapter
from maverick_assets.training.loop.checkpoints import Checkpoints
from maverick_assets.training.loop.curves import curves
from maverick_assets.training.loop.engine import StepReport, TrainingResult, train
from maverick_assets.training.loop.reporting import (
    Reporter,
    RunStatus,
    progress_file,
    status_lines,
)
from maverick_assets.training.loop.stepper import local_stepper
from maverick_assets.training.loop.zero_stepper import (
    is_main_process,
    world_size,
    zero_stepper_factory,
)
from maverick_assets.training.model.kept_check import CheckedBase, checked_paths
from maverick_assets.training.spec import AdapterJobSpec, TrainingSpec

SEED = 0


@dataclass(frozen=True)
class TrainingRun:
    """The parts of a run that its steps share."""

    spec: TrainingSpec
    reporter: Reporter
    hardware: Hardware
    roofline: float  # tokens a second that the hardware of all processes allows
    paths: FastPaths  # those that compute this base right


def run_training(spec: TrainingSpec, reporter: Reporter) -> None:
    """Train all jobs together, in this process or as one rank of several.

    A job that fails is reported as refused, and the others go on.
    """
    prepare_process()
    hardware = detect_hardware()
    jobs = _accepted_jobs(spec, reporter)
    if not jobs:
        return
    prepare_memory(spec.node, hardware, reporter.log)
    model = _load_base(spec, hardware, reporter)
    roofline = roofline_tokens_per_second(model, hardware) * world_size()
    reporter.log(f"roofline: {roofline:.0f} tokens/s, by the best rate of matrix products here")
    rows = [row for _, job in jobs for row in job.rows]
    base = CheckedBase(spec.base.digest, spec.checks, spec.node.quantize)
    paths = checked_paths(model, base, rows, hardware, reporter.log)
    run = TrainingRun(spec, reporter, hardware, roofline, paths)
    checkpoints = Checkpoints.of_run(spec.checkpoints, spec.digest) if spec.checkpoints else None
    with (
        memory_errors("the training", "free memory, or lower rank or max_length", hardware),
        attached_lora(model, [job for _, job in jobs], SEED) as lora,
    ):
        result = _train(run, lora, [job for _, job in jobs], checkpoints)
        if not is_main_process():
            return
        for job_spec, job in jobs:
            with refusal_on_error(job_spec, reporter):
                if job.name in result.failures:
                    raise MaverickError(result.failures[job.name])
                summary = summarize(run, job_spec, job, result)
                write_adapter(lora, summary, job_spec.out)
                reporter.result(summary.message(job_spec.out))
    # Only now that the results are written: a run that died before this could be resumed.
    if checkpoints:
        checkpoints.clear()


def _accepted_jobs(
    spec: TrainingSpec, reporter: Reporter
) -> list[tuple[AdapterJobSpec, AdapterJob]]:
    tokenizer = ChatTokenizer(spec.base.directory)
    jobs = []
    for job_spec in spec.jobs:
        with refusal_on_error(job_spec, reporter):
            job = make_job(job_spec, tokenizer, SEED, spec.tokens)
            check_parent(job)
            jobs.append((job_spec, job))
            reporter.log(f"{job.name}: {job_spec.mode} training on {len(job.rows)} examples")
    return jobs


def _load_base(spec: TrainingSpec, hardware: Hardware, reporter: Reporter) -> Any:
    base, quantize = spec.base, spec.node.quantize
    in_4_bits = ", weights in 4 bits" if quantize == "nf4" else ""
    reporter.log(
        f"loading base {base.digest[:12]} ({hardware.device}, {hardware.dtype_name}{in_4_bits})"
    )
    smaller = "a smaller base" if quantize == "nf4" else "quantize: nf4 in the fleet"
    with memory_errors("the base", f"free memory, or take {smaller}", hardware):
        model = load_base_model(base.directory, base.digest, hardware.dtype, quantize)
        model = model.to(hardware.device)
    for note in (idle_gpu(hardware), attention_note(model.config, hardware)):
        if note:
            reporter.log(note)
    return model


def _train(
    run: TrainingRun, lora: PeftModel, jobs: Sequence[AdapterJob], checkpoints: Checkpoints | None
) -> TrainingResult:
    for name, snapshot in (checkpoints.newest() if checkpoints else {}).items():
        steps = snapshot.progress.steps_done
        run.reporter.log(f"{name}: resuming from a checkpoint after step {steps}")
    if world_size() > 1:
        make_stepper = zero_stepper_factory(run.spec.node.deepspeed, run.reporter.log, run.paths)
    else:
        make_stepper = partial(local_stepper, log=run.reporter.log, paths=run.paths)
    # A run without checkpoints has nothing to save: a signal ends it at once.
    with step_reports(run) as on_step, stop_on_signal(checkpoints is not None) as should_stop:
        return train(
            lora,
            jobs,
            run.hardware,
            SEED,
            on_step,
            checkpoints=checkpoints,
            should_stop=should_stop,
            make_stepper=make_stepper,
        )


@contextmanager
def step_reports(run: TrainingRun) -> Iterator[Callable[[StepReport], None]]:
    """A function that reports each step and adds it to the curves."""
    settings = {
        job.personality: {"mode": job.mode, **job.recipe.training.model_dump(exclude_none=True)}
        for job in run.spec.jobs
    }
    report_status = run.reporter.status or status_lines(run.reporter.log)
    write_progress = progress_file(run.spec.progress)
    with curves(run.spec.curves_of_run, settings, run.reporter.log) as draw:

        def on_step(report: StepReport) -> None:
            status = RunStatus(
                report,
                roofline_share=report.tokens_per_second / run.roofline,
                peak_memory_mb=run.hardware.peak_memory_mb(),
                gpu_utilization=run.hardware.gpu_utilization(),
            )
            report_status(status)
            write_progress(status)
            draw(status)

        yield on_step


@contextmanager
def stop_on_signal(enabled: bool) -> Iterator[Callable[[], bool]]:
    """A function that says whether SIGTERM has arrived, or SIGINT, which cancels a Dagster run.

    Unless `enabled`, the signals keep their handlers, which end the process at once.
    """
    stop = Event()
    signals = (signal.SIGTERM, signal.SIGINT) if enabled else ()
    handlers = {number: signal.signal(number, lambda *_: stop.set()) for number in signals}
    try:
        yield stop.is_set
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


@contextmanager
def refusal_on_error(job: AdapterJobSpec, reporter: Reporter) -> Iterator[None]:
    """Report a `MaverickError` as the refusal of this job, so that the others go on."""
    try:
        yield
    except MaverickError as error:
        reporter.log(f"{job.personality}: refused: {error}")
        refusal = {"status": "refused", "reason": str(error)}
        reporter.result({"personality": job.personality, "out": str(job.out), **refusal})


def summarize(
    run: TrainingRun, job_spec: AdapterJobSpec, job: AdapterJob, result: TrainingResult
) -> TrainingSummary:
    spec, hardware = run.spec, run.hardware
    return TrainingSummary(
        personality=job.name,
        mode=job_spec.mode,
        base_digest=spec.base.digest,
        dataset_version=job_spec.dataset_version,
        n_examples=len(job.rows),
        n_tokens=job.n_tokens,
        n_supervised=sum(row.n_supervised for row in job.rows),
        learning_rate=float(f"{result.learning_rates[job.name]:.3g}"),
        epochs=job.settings.epochs,
        steps=len(result.losses[job.name]),
        seconds=round(result.seconds, 2),
        tokens_per_second=round(result.tokens_per_second, 1),
        roofline_share=round(result.tokens_per_second / run.roofline, 4),
        peak_memory_mb=hardware.peak_memory_mb(),
        losses=result.losses[job.name],
        validation_losses=result.validation_losses[job.name],
        seed=SEED,
        dtype=hardware.dtype_name,
        device=hardware.device,
        curves=str(spec.curves_of_run) if spec.curves else None,
        n_canaries=job.n_canaries,
    )


def write_adapter(lora: PeftModel, summary: TrainingSummary, out: Path) -> None:
    """Write adapter and training.json, both or none.

    Raises `MaverickError` when the disk refuses.
    """
    try:
        with staged_directory(out) as stage:
            save_adapter(lora, summary.personality, stage / "adapter")
            (stage / "training.json").write_text(
                summary.model_dump_json(indent=1), encoding="utf-8"
            )
    except (OSError, SafetensorError) as error:
        raise MaverickError(f"cannot write {out}: {error}") from error
