"""The process that evaluates adapters: `python -m maverick_assets.evaluation.evaluate SPEC`."""

import json
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from maverick_assets.base_model.load import load_base_model
from maverick_assets.base_model.tokenizer import ChatTokenizer, Encoded
from maverick_assets.datasets.examples.example import Example, read_examples
from maverick_assets.datasets.examples.token_cache import TokenCache
from maverick_assets.datasets.outgoing import OutgoingText, outgoing_text
from maverick_assets.errors import BadInput, MaverickError, first_line
from maverick_assets.evaluation.gates import apply_gates
from maverick_assets.evaluation.kept_losses import BASE, KeptLosses, adapter_digest
from maverick_assets.evaluation.metrics import mean_score, row_losses, scorer_digest
from maverick_assets.evaluation.report import Sample, draw_losses, render_report
from maverick_assets.evaluation.samples import (
    generate_samples,
    pick_evenly,
    share_weights,
)
from maverick_assets.evaluation.spec import EvaluationSpec, EvaluationsSpec
from maverick_assets.files import staged_directory
from maverick_assets.processes import run_main
from maverick_assets.records import GateDecision, Metrics, Score, TrainingSummary
from maverick_assets.training.device.hardware import Hardware, detect_hardware, prepare_process
from maverick_assets.training.device.memory import memory_errors
from maverick_assets.training.device.threads import pack_threads
from maverick_assets.training.kernels.fast_paths import FastPaths
from maverick_assets.training.loop.adapters import load_adapter
from maverick_assets.training.model.kept_check import CheckedBase, checked_paths
from maverick_assets.training.spec import BaseSpec, read_json


@dataclass(frozen=True)
class LoadedBase:
    """The base model of all evaluations of a process."""

    spec: BaseSpec
    model: Any  # between two evaluations without an adapter
    sampler: Any  # the same: adapters of both models answer and are scored at the same time
    tokenizer: ChatTokenizer
    hardware: Hardware

    def paths(self, rows: Sequence[Encoded], checks: Path | None) -> FastPaths:
        """Those of the engine's fast paths that compute this base right, checked on `rows`."""
        checked = CheckedBase(self.spec.digest, checks)
        return checked_paths(self.model, checked, rows, self.hardware, print)


def main(arguments: Sequence[str]) -> None:
    """Evaluate every adapter of a spec. A line of JSON tells how each of them went."""
    if len(arguments) != 1:
        raise BadInput("usage: python -m maverick_assets.evaluation.evaluate SPEC.json")
    spec = read_json(Path(arguments[0]), EvaluationsSpec)
    base = load_base(spec.base)
    for evaluation in spec.evaluations:
        problem = _problem_of(partial(evaluate, evaluation, base))
        print(json.dumps({"personality": evaluation.personality, "problem": problem}))


def load_base(spec: BaseSpec) -> LoadedBase:
    prepare_process()
    hardware = detect_hardware()
    with memory_errors("the base, which an evaluation loads as it is,", "free memory", hardware):
        model = load_base_model(spec.directory, spec.digest, hardware.dtype).to(hardware.device)
    return LoadedBase(spec, model, share_weights(model), ChatTokenizer(spec.directory), hardware)


def evaluate(spec: EvaluationSpec, base: LoadedBase) -> tuple[Metrics, GateDecision]:
    """Score base and adapter, apply the gates, and write the report into `spec.out`.

    The directory gets all of metrics.json, gate.json, report.md, loss.png and samples.json, or
    stays as it was. Raises `MaverickError` when the split has no example, the adapter does not
    load, or the disk refuses.
    """
    training = read_json(spec.training, TrainingSummary) if spec.training else None
    examples, rows = _encoded_examples(spec, base.tokenizer)
    metrics, samples = _measure(spec, base, examples, rows)
    gate = apply_gates(metrics, spec.gates)
    try:
        with staged_directory(spec.out) as stage:
            (stage / "metrics.json").write_text(metrics.model_dump_json(indent=1), encoding="utf-8")
            (stage / "gate.json").write_text(gate.model_dump_json(indent=1), encoding="utf-8")
            (stage / "samples.json").write_text(
                json.dumps(samples, ensure_ascii=False, indent=1), encoding="utf-8"
            )
            draw_losses(training, metrics, stage / "loss.png")
            report = render_report(spec.personality, metrics, training, gate, samples)
            (stage / "report.md").write_text(report, encoding="utf-8")
    except OSError as error:
        raise MaverickError(f"cannot write {spec.out}: {error}") from error
    return metrics, gate


def _problem_of(work: Callable[[], object]) -> str | None:
    """Why `work` failed, in one line, or None. An error that is no `MaverickError` is printed."""
    try:
        work()
    except MaverickError as error:
        return str(error)
    except Exception as error:  # the other adapters are evaluated all the same
        traceback.print_exc()
        return f"{type(error).__name__}: {first_line(error)}"
    return None


def _encoded_examples(
    spec: EvaluationSpec, tokenizer: ChatTokenizer
) -> tuple[list[Example], list[Encoded]]:
    """The examples to score and their token ids; those without a supervised token are left out."""
    examples = read_examples(spec.dataset, spec.dataset_version, spec.split)
    if spec.example_ids is not None:
        examples = [example for example in examples if example.example_id in spec.example_ids]
    cache = TokenCache(tokenizer, spec.dataset, spec.dataset_version, spec.tokens)
    encoded = zip(examples, cache.encode(examples, spec.max_length), strict=True)
    supervised = [(example, row) for example, row in encoded if row.n_supervised > 0]
    if not supervised:
        raise MaverickError(
            f"{spec.personality}: {spec.dataset} has no {spec.split} example at version "
            f"{spec.dataset_version}; it needs more threads"
        )
    return [example for example, _ in supervised], [row for _, row in supervised]


def _measure(
    spec: EvaluationSpec, base: LoadedBase, examples: Sequence[Example], rows: Sequence[Encoded]
) -> tuple[Metrics, list[Sample]]:
    """Metrics of base, version in service and adapter; sample answers of the adapter."""
    started = time.monotonic()
    paths = base.paths(rows, spec.checks)  # without an adapter: the check attaches its own
    kept = KeptLosses(spec.losses, scorer_digest(base.spec.digest, base.hardware, paths))
    with _samples_meanwhile(spec, base, examples, paths) as samples:
        of_base = _score(base, None, rows, kept, paths)
        current = spec.in_service_adapter
        in_service = _score(base, current, rows, kept, paths) if current else None
        of_adapter = _score(base, spec.adapter, rows, kept, paths)
        kept.save()
        metrics = Metrics(
            split=spec.split,
            n_examples=len(rows),
            n_supervised=sum(row.n_supervised for row in rows),
            base=of_base,
            adapter=of_adapter,
            in_service=in_service,
            ratio=of_adapter.perplexity / of_base.perplexity,
            seconds=round(time.monotonic() - started, 2),
            base_digest=base.spec.digest,
        )
        return metrics, _outgoing(next(samples), spec)


def _outgoing(samples: Sequence[Sample], spec: EvaluationSpec) -> list[Sample]:
    """The samples as a report may hold them: a model may say what no dataset taught it."""
    scan = outgoing_text(spec.lake, spec.owner_emails) if spec.lake else OutgoingText(None)
    return [
        Sample(
            example_id=sample["example_id"],
            prompt=scan.clean(sample["prompt"]),
            real=scan.clean(sample["real"]),
            generated=scan.clean(sample["generated"]),
        )
        for sample in samples
    ]


@contextmanager
def _samples_meanwhile(
    spec: EvaluationSpec, base: LoadedBase, examples: Sequence[Example], paths: FastPaths
) -> Iterator[Iterator[list[Sample]]]:
    """An iterator over one item, the samples of a spec.

    They are generated while the caller scores, because one core does it; with one thread they are
    generated when they are asked for.
    """
    chosen = pick_evenly(examples, spec.samples)
    with (
        _adapted(base.sampler, spec.adapter) as model,
        pack_threads(base.hardware, paths.side_by_side) as threads,
    ):

        def generate(some: Sequence[Example]) -> list[Sample]:
            return generate_samples(model, some, base.tokenizer, spec.max_length, base.hardware)

        yield threads.map(generate, [chosen]) if threads.count > 1 else map(generate, [chosen])


def _score(
    base: LoadedBase,
    adapter: Path | None,
    rows: Sequence[Encoded],
    kept: KeptLosses,
    paths: FastPaths,
) -> Score:
    """Loss and perplexity of the base, or of an adapter on it, as far as possible from `kept`."""

    def compute(missing: Sequence[Encoded]) -> list[float]:
        with _adapted(base.model, adapter) as model:
            return row_losses(model, missing, base.hardware, paths)

    digest = adapter_digest(adapter) if adapter else BASE
    return mean_score(kept.score(digest, rows, compute), rows)


@contextmanager
def _adapted(model: Any, adapter: Path | None) -> Iterator[Any]:
    """The model with the adapter of a directory, if one is given; afterwards without it."""
    if adapter is None:
        yield model
        return
    lora = load_adapter(model, adapter)
    try:
        yield lora
    finally:
        lora.unload()


if __name__ == "__main__":
    sys.exit(run_main(main))
