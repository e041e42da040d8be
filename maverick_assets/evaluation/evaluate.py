"""The process that evaluates one adapter: `python -m maverick_assets.evaluation.evaluate SPEC`."""

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from maverick_assets.base_model.load import load_base_model
from maverick_assets.base_model.tokenizer import ChatTokenizer, Encoded
from maverick_assets.datasets.examples.example import Example, read_examples
from maverick_assets.datasets.examples.token_cache import TokenCache
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.evaluation.gates import apply_gates
from maverick_assets.evaluation.metrics import perplexity
from maverick_assets.evaluation.report import draw_losses, render_report
from maverick_assets.evaluation.samples import generate_samples, pick_evenly
from maverick_assets.evaluation.spec import EvaluationSpec
from maverick_assets.files import staged_directory
from maverick_assets.processes import run_main
from maverick_assets.records import GateDecision, Metrics, Score, TrainingSummary
from maverick_assets.training.device.hardware import Hardware, detect_hardware, prepare_process
from maverick_assets.training.loop.adapters import load_adapter
from maverick_assets.training.spec import read_json


def main(arguments: Sequence[str]) -> None:
    if len(arguments) != 1:
        raise BadInput("usage: python -m maverick_assets.evaluation.evaluate SPEC.json")
    spec = read_json(Path(arguments[0]), EvaluationSpec)
    metrics, _ = evaluate(spec)
    print(f"{spec.personality}: perplexity {metrics.adapter.perplexity:.2f} on {metrics.split}")


def evaluate(spec: EvaluationSpec) -> tuple[Metrics, GateDecision]:
    """Score base and adapter, apply the gates, and write the report into `spec.out`.

    The directory gets all of metrics.json, gate.json, report.md, loss.png and samples.json, or
    stays as it was. Raises `MaverickError` when the split has no example, the adapter does not
    load, or the disk refuses.
    """
    training = read_json(spec.training, TrainingSummary) if spec.training else None
    examples, rows = _encoded_examples(spec)
    prepare_process()
    hardware = detect_hardware()
    model = load_base_model(spec.base.directory, spec.base.digest, hardware.dtype)
    model.to(hardware.device)
    metrics, lora = _score(spec, model, rows, hardware)
    chosen = pick_evenly(examples, spec.samples)
    samples = generate_samples(lora, chosen, spec.base.directory, spec.max_length, hardware)
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


def _encoded_examples(spec: EvaluationSpec) -> tuple[list[Example], list[Encoded]]:
    """The examples to score and their token ids; those without a supervised token are left out."""
    examples = read_examples(spec.dataset, spec.dataset_version, spec.split)
    if spec.example_ids is not None:
        examples = [example for example in examples if example.example_id in spec.example_ids]
    tokenizer = ChatTokenizer(spec.base.directory)
    cache = TokenCache(tokenizer, spec.dataset, spec.dataset_version, spec.tokens)
    encoded = zip(examples, cache.encode(examples, spec.max_length), strict=True)
    supervised = [(example, row) for example, row in encoded if row.n_supervised > 0]
    if not supervised:
        raise MaverickError(
            f"{spec.personality}: {spec.dataset} has no {spec.split} example at version "
            f"{spec.dataset_version}; it needs more threads"
        )
    return [example for example, _ in supervised], [row for _, row in supervised]


def _score(
    spec: EvaluationSpec, model: Any, rows: Sequence[Encoded], hardware: Hardware
) -> tuple[Metrics, Any]:
    """Metrics of base, version in service and adapter, and the model with the adapter loaded."""
    started = time.monotonic()
    base = perplexity(model, rows, hardware)
    in_service: Score | None = None
    if spec.in_service_adapter:
        released = load_adapter(model, spec.in_service_adapter)
        in_service = perplexity(model, rows, hardware)
        released.unload()
    lora = load_adapter(model, spec.adapter)
    adapter = perplexity(model, rows, hardware)
    metrics = Metrics(
        split=spec.split,
        n_examples=len(rows),
        n_supervised=sum(row.n_supervised for row in rows),
        base=base,
        adapter=adapter,
        in_service=in_service,
        ratio=adapter.perplexity / base.perplexity,
        seconds=round(time.monotonic() - started, 2),
        base_digest=spec.base.digest,
    )
    return metrics, lora


if __name__ == "__main__":
    sys.exit(run_main(main))
