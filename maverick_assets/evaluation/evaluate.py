"""The process that evaluates adapters: `python -m maverick_assets.evaluation.evaluate SPEC`.

All adapters of a run are evaluated in one process, on a base that is loaded once. What every figure
is computed from, losses and answers, comes first, of all candidates together (`collect.py`). The
rooms then measure each candidate from its evidence, and the gates decide.
"""

import json
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from maverick_assets.base_model.tokenizer import Message
from maverick_assets.datasets.outgoing import OutgoingText, outgoing_text
from maverick_assets.errors import BadInput, MaverickError, first_line
from maverick_assets.evaluation.collect import (
    Candidate,
    Collection,
    Generator,
    collected,
    read_candidate,
)
from maverick_assets.evaluation.decisions.measure import (
    DECIDING_ARMS,
    Deciders,
    measure_decisions,
)
from maverick_assets.evaluation.evidence import Evidence, pick_evenly
from maverick_assets.evaluation.gates.compare import compare, generalisation
from maverick_assets.evaluation.gates.decision import apply_gates
from maverick_assets.evaluation.loaded_base import LoadedBase, load_base
from maverick_assets.evaluation.memorisation.overlap import measure_overlap
from maverick_assets.evaluation.metrics import mean_score
from maverick_assets.evaluation.personality.measure import (
    Voices,
    measure_personality,
    read_voices,
)
from maverick_assets.evaluation.report import draw_losses, render_report
from maverick_assets.evaluation.sample import Sample
from maverick_assets.evaluation.spec import EvaluationSpec, EvaluationsSpec
from maverick_assets.evaluation.style.measure import measure_style
from maverick_assets.evaluation.text.measure import measure_text
from maverick_assets.files import staged_directory
from maverick_assets.processes import run_main
from maverick_assets.recipes import load_recipes
from maverick_assets.records import GateDecision, Metrics, TrainingSummary
from maverick_assets.training.spec import read_json

T = TypeVar("T")
_CONVERSATION_TOKENS = 2048  # as many as the context in service has by default


@dataclass(frozen=True)
class Evaluated:
    """How the evaluation of one adapter went."""

    metrics: Metrics
    gate: GateDecision


def main(arguments: Sequence[str]) -> None:
    """Evaluate every adapter of a spec. A line of JSON tells how each of them went."""
    if len(arguments) != 1:
        raise BadInput("usage: python -m maverick_assets.evaluation.evaluate SPEC.json")
    spec = read_json(Path(arguments[0]), EvaluationsSpec)
    base = load_base(spec.base)
    for evaluation, result in evaluate(spec.evaluations, base):
        problem = result if isinstance(result, str) else None
        print(json.dumps({"personality": evaluation.personality, "problem": problem}))


def evaluate(
    specs: Sequence[EvaluationSpec], base: LoadedBase
) -> Iterator[tuple[EvaluationSpec, Evaluated | str]]:
    """Score and ask all candidates, then measure each, apply its gates, and write its report.

    Yields the evaluation of each spec, or why it failed, in one line: its split has no example, an
    adapter does not load, the disk refuses. The directory `spec.out` gets all of metrics.json,
    gate.json, report.md, loss.png and samples.json, or stays as it was. One that fails stops no
    other.
    """
    candidates: list[Candidate] = []
    for spec in specs:
        result = _attempt(partial(read_candidate, spec, base))
        if isinstance(result, str):
            yield spec, result
        else:
            candidates.append(result)
    if candidates:
        yield from _evaluate_candidates(candidates, base)


def _evaluate_candidates(
    candidates: Sequence[Candidate], base: LoadedBase
) -> Iterator[tuple[EvaluationSpec, Evaluated | str]]:
    started = time.monotonic()
    with collected(base, candidates) as collection:
        loaded = []
        for candidate in candidates:
            if problem := collection.problem(candidate):
                yield candidate.spec, problem
            else:
                loaded.append(candidate)
        if failure := _attempt(partial(collection.compute, loaded)):
            print(f"not computed together, so each candidate is tried alone: {failure}")
        shared = (time.monotonic() - started) / max(len(loaded), 1)
        voices = _read_voices(loaded)
        for candidate in loaded:
            work = partial(_evaluate_candidate, collection, candidate, voices, shared)
            yield candidate.spec, _attempt(work)


def _read_voices(candidates: Sequence[Candidate]) -> Voices | None:
    """The voices of the candidates' lake; None, and a line that says why, where it has none."""
    lake = next((each.spec.lake for each in candidates if each.spec.lake), None)
    if lake is None:
        return None
    voices = _attempt(lambda: read_voices(lake, load_recipes().values()))
    if isinstance(voices, str):
        print(f"who is heard in the answers is not measured: {voices}")
        return None
    return voices


def _evaluate_candidate(
    collection: Collection, candidate: Candidate, voices: Voices | None, seconds: float
) -> Evaluated:
    """Measure a candidate and write its report. `seconds` is its share of the work before."""
    started, spec = time.monotonic(), candidate.spec
    collection.compute([candidate])  # what all of them together left: mostly nothing
    evidence = collection.evidence(candidate)
    scan = outgoing_text(spec.lake, spec.owner_emails) if spec.lake else OutgoingText(None)
    metrics = measure(evidence, collection.base, scan)
    ask = partial(_ask, collection.generator(candidate)) if spec.thorough else None
    metrics = metrics.model_copy(
        update={
            "personality": measure_personality(evidence, voices, ask) if voices else None,
            "decisions": measure_decisions(evidence, _deciders(collection, candidate)),
        }
    )
    collection.save(candidate)
    metrics = metrics.model_copy(update={"seconds": round(seconds + time.monotonic() - started, 2)})
    evaluated = Evaluated(metrics, apply_gates(metrics, spec.gates))
    _write(evaluated, spec, _samples(evidence, scan))
    return evaluated


def _ask(generator: Generator, prompts: Sequence[list[Message]], seed: int) -> list[str]:
    """The candidate's answers, with room for a conversation."""
    roomy = replace(generator, max_length=_CONVERSATION_TOKENS)
    return roomy.answers(prompts, "candidate", seed=seed)


def _deciders(collection: Collection, candidate: Candidate) -> Deciders:
    """The arms of a candidate as models that score phrases."""
    score = {
        arm: partial(collection.losses_under, candidate, arm)
        for arm in collection.models(candidate)
        if arm in DECIDING_ARMS
    }
    return Deciders(score, collection.base.tokenizer)


def measure(evidence: Evidence, base: LoadedBase, scan: OutgoingText) -> Metrics:
    """All figures of a candidate; each room measures its own from the evidence.

    `scan` knows whom no answer may name.
    """
    scores = {
        arm: mean_score(losses, evidence.n_supervised) for arm, losses in evidence.losses.items()
    }
    return Metrics(
        split=evidence.spec.split,
        n_examples=len(evidence.examples),
        n_supervised=sum(evidence.n_supervised),
        base=scores["base"],
        adapter=scores["candidate"],
        in_service=scores.get("in_service"),
        ratio=scores["candidate"].perplexity / scores["base"].perplexity,
        seconds=0,
        base_digest=base.spec.digest,
        text=measure_text(evidence),
        comparisons=compare(evidence.compared, evidence.spec.compared),
        generalisation=generalisation(evidence.compared, evidence.spec.compared),
        provenance=evidence.spec.compared.provenance,
        memorisation=measure_overlap(evidence, scan),
        audit=evidence.spec.audit,
        style=measure_style(evidence) if evidence.spec.thorough else None,
    )


def _write(evaluated: Evaluated, spec: EvaluationSpec, samples: Sequence[Sample]) -> None:
    training = read_json(spec.training, TrainingSummary) if spec.training else None
    metrics, gate = evaluated.metrics, evaluated.gate
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


def _samples(evidence: Evidence, scan: OutgoingText) -> list[Sample]:
    """Some answers as a report may hold them: a model may say what no dataset taught it."""
    spec = evidence.spec
    answered = {each.example.example_id: each for each in evidence.answered}
    chosen = pick_evenly([each.example for each in evidence.answered], spec.samples)
    samples = []
    for example in chosen:
        answers = {
            arm: scan.clean(text) for arm, text in answered[example.example_id].answers.items()
        }
        samples.append(
            Sample(
                example_id=example.example_id,
                prompt=scan.clean(example.messages[-2]["content"]),
                real=scan.clean(example.messages[-1]["content"]),
                generated=answers.pop("candidate"),
                others=answers,
            )
        )
    return samples


def _attempt(work: Callable[[], T]) -> T | str:
    """What `work` returns, or why it failed, in one line; a surprising error is printed, too."""
    try:
        return work()
    except MaverickError as error:
        return str(error)
    except Exception as error:  # the other adapters are evaluated all the same
        traceback.print_exc()
        return f"{type(error).__name__}: {first_line(error)}"


if __name__ == "__main__":
    sys.exit(run_main(main))
