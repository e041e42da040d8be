"""Functions in place of the child processes that evaluate and export a version."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from maverick_assets.errors import MaverickError
from maverick_assets.evaluation.spec import EvaluationSpec
from maverick_assets.processes import Log
from maverick_assets.records import GateDecision
from maverick_assets.training.spec import read_json
from maverick_assets_tests.registry.conftest import SCORES

DECIDED = datetime(2026, 11, 1, tzinfo=UTC)
PASSES = GateDecision(passed=True, reasons=("better than the base",), decided_at=DECIDED)
FAILS = GateDecision(passed=False, reasons=("worse than the base",), decided_at=DECIDED)


@dataclass
class FakeEvaluation:
    """Leaves the report of an evaluation whose gates decided `gate`."""

    gate: GateDecision = PASSES
    specs: list[EvaluationSpec] = field(default_factory=list)

    def __call__(self, _module: str, path: str, **_: Log) -> str:
        spec = read_json(Path(path), EvaluationSpec)
        self.specs.append(spec)
        spec.out.mkdir(parents=True, exist_ok=True)
        metrics = SCORES.model_copy(update={"split": spec.split})
        (spec.out / "metrics.json").write_text(metrics.model_dump_json())
        (spec.out / "gate.json").write_text(self.gate.model_dump_json())
        (spec.out / "report.md").write_text("\n".join(self.gate.reasons))
        return f"{spec.personality}: done"


@dataclass
class FakeExport:
    """Attaches a GGUF file through `attach`, and answers; or fails."""

    attach: Callable[[str, str], object]
    fails: bool = False
    exported: list[str] = field(default_factory=list)

    def __call__(self, _module: str, personality: str, version: str, **_: Log) -> str:
        if self.fails:
            raise MaverickError("llama.cpp does not answer")
        self.exported.append(f"{personality} {version}")
        self.attach(personality, version)
        return '{"answer": "Tea first."}'
