"""Functions in place of the child processes that evaluate and export a version."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from maverick_assets.errors import MaverickError
from maverick_assets.evaluation.gates.decision import audited
from maverick_assets.evaluation.spec import EvaluationSpec, EvaluationsSpec
from maverick_assets.processes import Log
from maverick_assets.records import GateDecision, GateResult
from maverick_assets.training.spec import read_json
from maverick_assets_tests.registry.conftest import SCORES

DECIDED = datetime(2026, 11, 1, tzinfo=UTC)
PASSES = GateDecision(passed=True, reasons=("better than the base",), decided_at=DECIDED)
FAILS = GateDecision(passed=False, reasons=("worse than the base",), decided_at=DECIDED)
NO_BETTER = GateResult(
    gate="worth a release",
    metric="comparisons.in_service.held_out",
    value=0.0,
    passed=False,
    reason="not better than the version in service",
)
TIES = GateDecision(
    passed=False,
    reasons=(NO_BETTER.reason,),
    gates=(NO_BETTER,),
    is_tie=True,
    decided_at=DECIDED,
)


@dataclass
class FakeEvaluation:
    """Leaves the reports of evaluations whose gates decided `gate`, or that of `gates`."""

    gate: GateDecision = PASSES
    gates: dict[str, GateDecision] = field(default_factory=dict)  # of some personalities
    specs: list[EvaluationSpec] = field(default_factory=list)
    processes: int = 0
    problems: dict[str, str] = field(default_factory=dict)  # of personalities that fail
    killed_before: str | None = None  # the process ends before it comes to this personality

    def __call__(
        self, _module: str, path: str, *, on_result: Callable[[str], None], **_: Log
    ) -> None:
        self.processes += 1
        for spec in read_json(Path(path), EvaluationsSpec).evaluations:
            if spec.personality == self.killed_before:
                raise MaverickError("the process was killed")
            self.specs.append(spec)
            problem = self.problems.get(spec.personality)
            if problem is None:
                self._write_report(spec)
            on_result(json.dumps({"personality": spec.personality, "problem": problem}))

    def _write_report(self, spec: EvaluationSpec) -> None:
        spec.out.mkdir(parents=True, exist_ok=True)
        metrics = SCORES.model_copy(update={"split": spec.split, "audit": spec.audit})
        (spec.out / "metrics.json").write_text(metrics.model_dump_json())
        gate = self.gates.get(spec.personality, self.gate)
        for result in audited(spec.audit):
            if not result.passed:
                gate = FAILS.model_copy(update={"reasons": (result.reason,), "gates": (result,)})
        (spec.out / "gate.json").write_text(gate.model_dump_json())
        (spec.out / "report.md").write_text("\n".join(gate.reasons))
        (spec.out / "loss.png").write_bytes(b"PNG")


@dataclass
class FakeExport:
    """Attaches GGUF files through `attach`, and answers; or fails."""

    attach: Callable[[str, str, bool], object]  # and whether its answers are those of training
    fails: bool = False
    exported: list[str] = field(default_factory=list)
    processes: int = 0
    problems: dict[str, str] = field(default_factory=dict)  # of personalities that fail
    babbling: list[str] = field(default_factory=list)  # personalities that fail the parity gate

    def __call__(
        self, _module: str, *names: str, on_result: Callable[[str], None], **_: Log
    ) -> None:
        self.processes += 1
        if self.fails:
            raise MaverickError("llama.cpp does not answer")
        for personality, version in zip(names[::2], names[1::2], strict=True):
            problem = self.problems.get(personality)
            if problem is None:
                self.exported.append(f"{personality} {version}")
                self.attach(personality, version, personality not in self.babbling)
                if personality in self.babbling:
                    problem = "answers otherwise than what was trained"
            answer = "" if problem else "Tea first."
            result = {"personality": personality, "answer": answer, "problem": problem}
            on_result(json.dumps(result))
