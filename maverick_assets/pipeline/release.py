"""Release of a version: exported, tried through llama.cpp, and put in service."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from maverick_assets.errors import MaverickError
from maverick_assets.evaluation.reports.refresh import refresh_page
from maverick_assets.pipeline.candidates import (
    find_unfinished,
    other_candidates,
    outcome_of,
    outcomes_of_child,
    record_outcome,
)
from maverick_assets.pipeline.retention import prune
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.processes import run_module
from maverick_assets.registry.catalog import GGUF
from maverick_assets.registry.manifest import Manifest


@dataclass(frozen=True)
class ReleasedVersion:
    """The version in service after a release, and what it answered as a trial."""

    manifest: Manifest
    answer: str
    kept: str | None = None  # why it stays, where the newest version is a tie with it


def release_next(run: RunContext, personality: str) -> ReleasedVersion:
    """Release the version that passed its gate and is not in service yet, or else the newest.

    Where the newest is a tie with the version in service, nothing is released, and that one stays.
    Raises as `release_version` does, and for a newest version that was in service before: whoever
    rolled back from it decided so.
    """
    version = find_unfinished(run, personality) or run.registry.newest(personality)
    if version is None:
        raise MaverickError(f"{personality} has no version; materialize its adapter first")
    if version.state == "archived":
        raise MaverickError(
            f"{personality} {version.version} was taken out of service; put it back with "
            f"`maverick models release {personality} {version.version}`"
        )
    current = run.registry.in_service(personality)
    is_tie = version.state == "candidate" and version.gate is not None and version.gate.is_tie
    if current and is_tie:
        return _keep(run, current, version)
    return release_version(run, version)


def _keep(run: RunContext, current: Manifest, tie: Manifest) -> ReleasedVersion:
    """The version in service, and why a tie does not take its place."""
    assert tie.gate is not None
    reason = next((each.reason for each in tie.gate.gates if not each.passed), "it is a tie")
    kept = f"{current.version} stays, because {tie.version} is {reason}"
    run.log.info(f"{tie.personality}: {kept}")
    return ReleasedVersion(current, "", kept)


def release_version(run: RunContext, version: Manifest) -> ReleasedVersion:
    """Export a version, have it answer through llama.cpp, and put it in service.

    The other candidates of the run that passed their gates are exported along with it. Old versions
    lose their weights afterwards (see `retention`).
    Raises `MaverickError` when the gate refused it, when a file is corrupt, or when the exported
    adapter does not answer; the version in service then stays.
    """
    name, number = version.personality, str(version.version)
    run.registry.usable(name, number)
    if version.gate is None or not version.gate.passed:
        reasons = "; ".join(version.gate.reasons) if version.gate else "it was never evaluated"
        raise MaverickError(f"{name} {number} is not released: {reasons}")
    answer = _export(run, version)
    released = run.registry.release(name, number)
    run.log.info(f"{name} {released.version} is in service, after a trial answer")
    try:
        released = refresh_page(run.registry, released, None)
    except MaverickError as error:  # the release stands all the same
        run.log.warning(f"the page of {name} {number} does not say how fast it answers: {error}")
    try:
        prune(run, name)
    except MaverickError as error:  # the release stands all the same
        run.log.warning(f"no version of {name} lost its weights: {error}")
    return ReleasedVersion(released, answer)


def release_by_operator(
    run: RunContext, personality: str, version: str, reason: str | None = None
) -> Manifest:
    """Put any version in service, also an earlier one.

    `reason` overrides a gate, or a parity, that refused it.

    Raises what `Registry.release` raises, and `MaverickError` when the export fails.
    """
    manifest = run.registry.usable(personality, version)
    parity = manifest.parity  # None where an earlier release of Maverick exported it
    if GGUF not in manifest.files or parity is None or (not parity.passed and reason is None):
        _export_together(run, [manifest])  # anew: an earlier command may have failed in this folder
        if reason is None or GGUF not in run.registry.get(personality, version).files:
            _trial_answer(run, manifest)
    return run.registry.release(personality, version, reason)


def merge_version(
    run: RunContext, personality: str, version: str, kind: Literal["f16", "q8_0"]
) -> Manifest:
    """Attach a merged model to a version, as one GGUF file; in a process of its own.

    Raises `MaverickError` for a version that is revoked or corrupt, where the disk has no room, and
    when the merged model answers otherwise than what was trained.
    """
    number = str(run.registry.usable(personality, version).version)
    module = "maverick_assets.serving.export.merged"
    run_module(module, personality, number, kind, log=run.log)
    return run.registry.get(personality, number)


def _export(run: RunContext, version: Manifest) -> str:
    """Attach GGUF adapter and Modelfile to a version; returns its answer to a trial question."""
    if not outcome_of(run, "export", version):
        others = other_candidates(run, "export", version.personality)
        passed = [m for m, _ in others if m.state == "candidate" and m.gate and m.gate.passed]
        _export_together(run, [version, *passed])
    return _trial_answer(run, version)


def _trial_answer(run: RunContext, version: Manifest) -> str:
    """What a version said when it was exported. Raises `MaverickError` where that failed."""
    outcome = outcome_of(run, "export", version)
    assert outcome is not None
    if outcome.problem:
        raise MaverickError(outcome.problem)
    return outcome.answer


def _export_together(run: RunContext, versions: Sequence[Manifest]) -> None:
    """Export versions in one process. One that fails stops no other."""
    names = [text for m in versions for text in (m.personality, str(m.version))]
    child = partial(run_module, "maverick_assets.serving.export.publish", *names, log=run.log)
    outcomes = outcomes_of_child(versions, child)
    for version in versions:
        record_outcome(run, "export", version, outcomes[version.personality])
