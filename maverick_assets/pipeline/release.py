"""Release of a version: exported, tried through llama.cpp, and put in service."""

import json
from dataclasses import dataclass

from maverick_assets.errors import MaverickError
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.pipeline.unfinished import find_unfinished
from maverick_assets.processes import run_module
from maverick_assets.registry.manifest import Manifest


@dataclass(frozen=True)
class ReleasedVersion:
    """The version in service after a release, and what it answered as a trial."""

    manifest: Manifest
    answer: str


def release_next(run: RunContext, personality: str) -> ReleasedVersion:
    """Release the version that passed its gate and is not in service yet, or else the newest.

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
    return release_version(run, version)


def release_version(run: RunContext, version: Manifest) -> ReleasedVersion:
    """Export a version, have it answer through llama.cpp, and put it in service.

    Raises `MaverickError` when the gate refused it, when a file is corrupt, or when the exported
    adapter does not answer; the version in service then stays.
    """
    name, number = version.personality, str(version.version)
    if version.gate is None or not version.gate.passed:
        reasons = "; ".join(version.gate.reasons) if version.gate else "it was never evaluated"
        raise MaverickError(f"{name} {number} is not released: {reasons}")
    answer = _export(run, name, number)
    released = run.registry.release(name, number)
    run.log.info(f"{name} {released.version} is in service; it says: {answer[:120]}")
    return ReleasedVersion(released, answer)


def release_by_operator(
    run: RunContext, personality: str, version: str, reason: str | None = None
) -> Manifest:
    """Put any version in service, also an earlier one; `reason` overrides a gate that refused it.

    Raises what `Registry.release` raises.
    """
    if "adapter.gguf" not in run.registry.get(personality, version).files:
        _export(run, personality, version)
    return run.registry.release(personality, version, reason)


def _export(run: RunContext, personality: str, version: str) -> str:
    """Attach GGUF adapter and Modelfile to a version; returns its answer to a trial question."""
    result = run_module("maverick_assets.serving.publish", personality, version, log=run.log)
    return str(json.loads(result)["answer"])
