"""The versions that a run is to bring into service, and how each of them fares.

One child process evaluates all of them, and one exports all, because most of what a child costs is
its start and the base that it loads. Dagster has a step for each personality: the first one does
the work of all, and those after it find how their own version fared. A step that is materialized
alone finds no list, and does the work of its own version.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, Protocol

from maverick_assets.errors import MaverickError
from maverick_assets.files import write_atomically
from maverick_assets.pipeline.base.prepare import require_base
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.recipes import Gates, Recipe
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.plan import unfinished_version
from maverick_assets.strict_model import StrictModel
from maverick_assets.training.spec import read_json

Stage = Literal["evaluation", "export"]

_LIST = "candidates.json"


class Candidate(StrictModel):
    """A version, and the gates of its recipe as they were when the run began."""

    personality: str
    version: str
    gates: Gates


class Candidates(StrictModel):
    """candidates.json in a run's folder."""

    candidates: list[Candidate]


class Outcome(StrictModel):
    """How one version fared in a stage of a run."""

    version: str
    problem: str | None = None  # why it failed
    answer: str = ""  # of an export: what the version said when it was tried


class Child(Protocol):
    """Runs a child process that prints a result for each of several personalities."""

    def __call__(self, *, on_result: Callable[[str], None]) -> None: ...


def add_candidates(
    run: RunContext, versions: Iterable[Manifest], recipes: Iterable[Recipe]
) -> None:
    """Write down versions that the run trained or took up. Each node adds its own."""
    gates = {recipe.name: recipe.gates for recipe in recipes}
    new = [
        Candidate(personality=m.personality, version=str(m.version), gates=gates[m.personality])
        for m in versions
    ]
    content = Candidates(candidates=[*_read(run), *new])
    write_atomically(run.folder / _LIST, content.model_dump_json(indent=1))


def other_candidates(
    run: RunContext, stage: Stage, personality: str
) -> list[tuple[Manifest, Gates]]:
    """The run's candidates, without that of `personality` and those that had this stage."""
    return [
        (version, candidate.gates)
        for candidate in _read(run)
        for version in run.registry.versions_of(candidate.personality)
        if str(version.version) == candidate.version
        and version.personality != personality
        and outcome_of(run, stage, version) is None
    ]


def outcome_of(run: RunContext, stage: Stage, version: Manifest) -> Outcome | None:
    """How a version fared in a stage of this run; None when it was not part of it."""
    path = run.folder / version.personality / f"{stage}.json"
    outcome = read_json(path, Outcome) if path.exists() else None
    return outcome if outcome and outcome.version == str(version.version) else None


def record_outcome(run: RunContext, stage: Stage, version: Manifest, outcome: Outcome) -> Outcome:
    """Write down how a version fared, for its own step."""
    path = run.folder / version.personality / f"{stage}.json"
    write_atomically(path, outcome.model_dump_json(indent=1))
    return outcome


def outcomes_of_child(versions: Sequence[Manifest], child: Child) -> dict[str, Outcome]:
    """How each version fared in a child process, by personality.

    When the child ends early, each version without a result failed for its reason.
    """
    numbers = {manifest.personality: str(manifest.version) for manifest in versions}
    outcomes: dict[str, Outcome] = {}

    def on_result(line: str) -> None:
        result = json.loads(line)
        name = result.pop("personality")
        outcomes[name] = Outcome(version=numbers[name], **result)

    problem = "its process said nothing"
    try:
        child(on_result=on_result)
    except MaverickError as error:
        problem = str(error)
    return {
        name: outcomes.get(name, Outcome(version=number, problem=problem))
        for name, number in numbers.items()
    }


def _read(run: RunContext) -> list[Candidate]:
    path = run.folder / _LIST
    return read_json(path, Candidates).candidates if path.exists() else []


def find_unfinished(run: RunContext, personality: str) -> Manifest | None:
    """The version that this run or an earlier one trained and that may still go into service."""
    base = require_base(run.settings)
    return unfinished_version(run.registry, personality, base.digest)
