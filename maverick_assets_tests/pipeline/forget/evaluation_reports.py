"""The report of an evaluation that measured nothing."""

import json
from collections.abc import Sequence
from pathlib import Path

from maverick_assets.evaluation.report import Sample, render_report
from maverick_assets.records import Metrics, Score
from maverick_assets_tests.registry.conftest import PASSED


def write_report(folder: Path, answers: Sequence[tuple[str, str]]) -> None:
    """Write the files of an evaluation that show examples; `answers` pairs ids with texts."""
    folder.mkdir(parents=True)
    score = Score(loss=1.0, perplexity=2.7)
    metrics = Metrics(
        split="validation",
        n_examples=9,
        n_supervised=9,
        base=score,
        adapter=score,
        ratio=1.0,
        seconds=1.0,
        base_digest="b",
    )
    samples = [
        Sample(example_id=key, prompt="Well?", real=text, generated=text) for key, text in answers
    ]
    page = render_report("allan-maverick", metrics, None, PASSED, samples)
    (folder / "metrics.json").write_text(metrics.model_dump_json())
    (folder / "samples.json").write_text(json.dumps(samples))
    (folder / "report.md").write_text(page)
