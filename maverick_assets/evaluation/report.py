"""The report of an evaluation that people read: a page and a picture."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from maverick_assets.evaluation.sample import Sample
from maverick_assets.records import GateDecision, Metrics, TrainingSummary

COLOURS = 32  # of loss.png
_SAMPLES = "## Samples"


def smoothed(losses: Sequence[float], decay: float = 0.9) -> list[float]:
    """Exponential moving average, corrected for its start at zero (as Adam's moments are)."""
    average = 0.0
    curve = []
    for step, loss in enumerate(losses, start=1):
        average = decay * average + (1 - decay) * loss
        curve.append(average / (1 - decay**step))
    return curve


def draw_losses(training: TrainingSummary | None, metrics: Metrics, path: Path) -> None:
    """Draw loss.png, below 50 kB: training loss by step, held-out losses as horizontal lines."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3.6), dpi=80, layout="constrained")
    axes = figure.add_subplot()
    if training:
        steps = [step for step, _ in training.losses]
        losses = [loss for _, loss in training.losses]
        axes.plot(steps, losses, color="tab:blue", alpha=0.25, linewidth=0.8)
        axes.plot(steps, smoothed(losses), color="tab:blue", label="training (smoothed)")
        if training.validation_losses:
            axes.plot(
                *zip(*training.validation_losses, strict=True),
                "o-",
                color="tab:green",
                markersize=4,
            )
    axes.axhline(metrics.base.loss, color="tab:gray", linestyle="--", label="held-out, base")
    axes.axhline(metrics.adapter.loss, color="tab:green", linestyle="--", label="held-out, adapter")
    axes.set(xlabel="step", ylabel="loss per token (nats)")
    axes.legend(frameon=False)
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    # A noisy curve of a thousand steps has too many shades for a small file.
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB").quantize(COLOURS)
    picture.save(path, format="PNG", optimize=True)


def render_report(
    personality: str,
    metrics: Metrics,
    training: TrainingSummary | None,
    gate: GateDecision,
    samples: Sequence[Sample],
) -> str:
    """The text of report.md."""
    parts = [
        f"# {personality}: evaluation",
        _scores(metrics),
        "![loss](loss.png)",
        "## Gates",
        _decision(gate),
        "\n".join(f"- {reason}" for reason in gate.reasons),
        _gates(gate),
    ]
    if training:
        parts += ["## Training", _training(training)]
    parts += [_SAMPLES, *(_sample(number, sample) for number, sample in enumerate(samples, 1))]
    return "\n\n".join(parts) + "\n"


def _decision(gate: GateDecision) -> str:
    if gate.is_tie:
        return "Not refused, and not worth a release: the version in service stays."
    return "Passed." if gate.passed else "Not passed: this version must not be released."


def read_samples(report: Path) -> str:
    """All text of single examples in a report's files; empty when there is none."""
    file, page = report / "samples.json", report / "report.md"
    samples = file.read_text(encoding="utf-8") if file.exists() else ""
    return samples + (_split_page(page)[1] if page.exists() else "")


def copy_without_samples(report: Path, folder: Path) -> None:
    """Copy a report into `folder`, without the text that `read_samples` returns.

    report.html, which shows it, too, is left out.
    """
    with_samples = shutil.ignore_patterns("samples.json", "report.md", "report.html")
    shutil.copytree(report, folder, ignore=with_samples, dirs_exist_ok=True)
    page = report / "report.md"
    if page.exists():
        (folder / page.name).write_text(f"{_split_page(page)[0]}\n", encoding="utf-8")


def _split_page(page: Path) -> tuple[str, str]:
    """Scores and samples of a report.md.

    Texts of examples are indented, so that none of them looks like the heading.
    """
    scores, _, samples = page.read_text(encoding="utf-8").partition(f"\n\n{_SAMPLES}\n")
    return scores.rstrip(), samples


def _scores(metrics: Metrics) -> str:
    scores = [("base", metrics.base), ("adapter", metrics.adapter)]
    if metrics.in_service:
        scores.append(("in service", metrics.in_service))
    rows = [f"| {name} | {score.loss:.3f} | {score.perplexity:.2f} |" for name, score in scores]
    return "\n".join(
        [
            f"On {metrics.n_examples} held-out examples ({metrics.split}, "
            f"{metrics.n_supervised} supervised tokens); the adapter's perplexity is "
            f"{metrics.ratio:.3f} of the base's.",
            "",
            "| model | loss (nats) | perplexity |",
            "|---|---|---|",
            *rows,
        ]
    )


def _gates(gate: GateDecision) -> str:
    rows = [
        f"| {result.gate} | {'passed' if result.passed else 'refused'} | "
        f"{'not measured' if result.value is None else format(result.value, '.3f')} | "
        f"{result.shown_interval} | {result.limit} |"
        for result in gate.gates
    ]
    return "\n".join(["| gate | | value | interval | limit |", "|---|---|---:|---|---|", *rows])


def _training(training: TrainingSummary) -> str:
    peak = training.learning_rate
    rate = f", learning rate {peak:.1e} at its peak" if peak else ""
    epochs = "one epoch" if training.epochs == 1 else f"{training.epochs} epochs"
    return (
        f"{training.mode.capitalize()} training on {training.n_examples} examples "
        f"({training.n_tokens} tokens, {training.n_supervised} supervised), "
        f"{epochs}, {training.steps} steps{rate}; the run with all its adapters took "
        f"{training.seconds:.0f} s ({training.tokens_per_second:.0f} tokens/s, "
        f"{training.device}, {training.dtype}, "
        f"peak memory {training.peak_memory_mb} MB). "
        f"Dataset version {training.dataset_version}, base {training.base_digest[:12]}."
    )


def _sample(number: int, sample: Sample) -> str:
    return "\n\n".join(
        [
            f"### {number}. `{sample['example_id']}`",
            "**Prompt**",
            _quoted(sample["prompt"]),
            "**Adapter**",
            _quoted(sample["generated"]),
            "**Real**",
            _quoted(sample["real"]),
        ]
    )


def _quoted(text: str) -> str:
    """An indented block, so that the text of a mail is not read as Markdown."""
    return "\n".join(f"    {line}" for line in text.splitlines() or [""])
