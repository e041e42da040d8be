"""Promotion: once a month the version in service becomes the next major version.

The month's versions are compared on the test set that was frozen with their own major version.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from maverick_assets.errors import MaverickError
from maverick_assets.pipeline.evaluate import evaluate_version
from maverick_assets.pipeline.release import release_version
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.pipeline.unfinished import find_unfinished
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

    What an interrupted run left is finished first: a weekly or nightly version, or last time's
    major version. Once a month: a major version of this month is returned as it is, also one that
    its gate refused. None when no version is in service.
    """
    unfinished = find_unfinished(run, recipe.name)
    if unfinished:
        unfinished = _finish(run, recipe, unfinished)
        if unfinished.kind == "major":
            return unfinished
    current = run.registry.in_service(recipe.name)
    now = datetime.now(UTC)
    if current is None:
        run.log.warning(f"{recipe.name} has no version in service")
        return None
    of_this_month = _major_of_month(run, current, now)
    if of_this_month:
        return of_this_month
    return _finish(run, recipe, _add_major(run, current, now))


def _finish(run: RunContext, recipe: Recipe, version: Manifest) -> Manifest:
    """A version evaluated, where that is still to be done, and released when it passed."""
    if version.gate is None:
        version = evaluate_version(run, version, recipe.gates)
    assert version.metrics is not None
    assert version.gate is not None
    if version.kind == "major" and version.metrics.split != "test":
        run.log.warning(f"{recipe.name} has no test examples; validation took their place")
    if not version.gate.passed:
        reasons = "; ".join(version.gate.reasons)
        run.log.error(f"{recipe.name} {version.version} is not released: {reasons}")
        return version
    return release_version(run, version).manifest


def _major_of_month(run: RunContext, current: Manifest, now: datetime) -> Manifest | None:
    """This month's major version: the one in service, or one made from it that was refused."""
    majors = [
        manifest
        for manifest in run.registry.list(current.personality)
        if manifest.kind == "major"
        and f"{manifest.created_at:%Y-%m}" == f"{now:%Y-%m}"
        and manifest.state != "revoked"
        and current.version in (manifest.version, manifest.parent)
    ]
    return majors[-1] if majors else None


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
