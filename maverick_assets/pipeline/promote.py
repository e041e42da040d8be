"""Promotion: once a month the version in service becomes the next major version.

The month's versions are compared on the test set that was frozen with their own major version.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from maverick_assets.errors import MaverickError
from maverick_assets.pipeline.evaluate import evaluate_version
from maverick_assets.pipeline.release import release_version
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.recipes import Recipe
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.versions import next_version


def promote_all(run: RunContext, recipes: Iterable[Recipe]) -> list[Manifest]:
    """The month's major version of each personality that has a version in service.

    Raises `MaverickError` when none has.
    """
    majors = [major for recipe in recipes if (major := promote(run, recipe)) is not None]
    if not majors:
        raise MaverickError("no personality has a version in service; run the weekly job first")
    return majors


def promote(run: RunContext, recipe: Recipe) -> Manifest | None:
    """Make the version in service the next major version, evaluate it, and release it if it passes.

    A major version of this month is returned as it is. None when no version is in service.
    """
    current = run.registry.in_service(recipe.name)
    now = datetime.now(UTC)
    if current is None:
        run.log.warning(f"{recipe.name} has no version in service")
        return None
    if current.kind == "major" and f"{current.created_at:%Y-%m}" == f"{now:%Y-%m}":
        return current
    major = _add_major(run, current, now)
    evaluated = evaluate_version(run, major, recipe.gates, current.version.major)
    assert evaluated.metrics is not None
    assert evaluated.gate is not None
    if evaluated.metrics.split != "test":
        run.log.warning(f"{recipe.name} has no test examples; validation took their place")
    if not evaluated.gate.passed:
        reasons = "; ".join(evaluated.gate.reasons)
        run.log.error(f"{recipe.name} {evaluated.version} is not released: {reasons}")
        return evaluated
    return release_version(run, evaluated).manifest


def _add_major(run: RunContext, current: Manifest, now: datetime) -> Manifest:
    """The adapter of `current` as a candidate with the next major number."""
    name = current.personality
    taken = [manifest.version for manifest in run.registry.list(name)]
    major = current.model_copy(
        update={
            "version": next_version(taken, "major", current.version),
            "kind": "major",
            "created_at": now,
            "parent": current.version,
            "ancestors": current.chain,
            "metrics": None,
            "gate": None,
        }
    )
    adapter = run.registry.directory(name, current.version) / "adapter"
    return run.registry.add_candidate(major, adapter)
