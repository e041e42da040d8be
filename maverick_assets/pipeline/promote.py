"""Promotion: once a month the version in service becomes the next major version.

The month's versions are compared on the test set that was frozen with the major version before
them. An audit of memorisation comes before each of them, where the last one is too old.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from maverick_assets.errors import MaverickError
from maverick_assets.pipeline.candidates import add_candidates, find_unfinished
from maverick_assets.pipeline.evaluate import evaluate_version
from maverick_assets.pipeline.memorisation import require_audit, version_audit
from maverick_assets.pipeline.release import release_version
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.recipes import Recipe
from maverick_assets.records import AUDIT_GATE
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.versions import next_version


def promote_all(run: RunContext, recipes: Iterable[Recipe]) -> list[Manifest]:
    """The month's major version of each personality that has a version in service.

    Raises `MaverickError` when none has.
    """
    majors = promote(run, list(recipes))
    if not majors:
        raise MaverickError("no personality has a version in service; run the weekly job first")
    return majors


def promote(run: RunContext, recipes: Sequence[Recipe]) -> list[Manifest]:
    """Make versions in service the next major ones, evaluate these, and release what passes.

    What an interrupted run left is finished first: a weekly or nightly version, or last time's
    major version. Once a month: a major version of this month is returned as it is, also one that
    its gate refused, unless it was refused for an audit that was made again since. A personality
    without a version in service has none. Raises the first `MaverickError` of all, once everything
    else is done.
    """
    leftovers = [version for recipe in recipes if (version := find_unfinished(run, recipe.name))]
    unfinished = _finish(run, recipes, leftovers)
    majors = {m.personality: m for m in unfinished.versions if m.kind == "major"}
    now = run.now()
    new = FinishedVersions([], {})
    for recipe in recipes:
        current = run.registry.in_service(recipe.name)
        if recipe.name in majors or recipe.name in unfinished.problems:
            continue
        if current is None:
            run.log.warning(f"{recipe.name} has no version in service")
            continue
        of_this_month = _major_of_month(run, current, now)
        if of_this_month and not _is_audited_anew(run, of_this_month, now):
            majors[recipe.name] = of_this_month
            continue
        with _noting_problems(run, current, new):
            require_audit(run, recipe, current)
            new.versions.append(of_this_month or _add_major(run, current, now))
    finished = _finish(run, recipes, new.versions)
    for problem in (unfinished.problems | new.problems | finished.problems).values():
        raise problem
    majors |= {major.personality: major for major in finished.versions}
    return [majors[recipe.name] for recipe in recipes if recipe.name in majors]


@dataclass(frozen=True)
class FinishedVersions:
    """Versions that went through a stage."""

    versions: list[Manifest]
    problems: dict[str, MaverickError]  # of the personalities where that failed


def _finish(
    run: RunContext, recipes: Sequence[Recipe], versions: Sequence[Manifest]
) -> FinishedVersions:
    """Evaluate versions and release those that pass, with one process for each of the stages."""
    add_candidates(run, versions, recipes)
    by_name = {recipe.name: recipe for recipe in recipes}
    finished = FinishedVersions([], {})
    evaluated = []
    for version in versions:
        with _noting_problems(run, version, finished):
            evaluated.append(_evaluate(run, by_name[version.personality], version))
    for version in evaluated:
        with _noting_problems(run, version, finished):
            finished.versions.append(_release(run, version))
    return finished


@contextmanager
def _noting_problems(
    run: RunContext, version: Manifest, finished: FinishedVersions
) -> Iterator[None]:
    """Inside, an error of one version is noted, so that the others are finished all the same."""
    try:
        yield
    except MaverickError as error:
        run.log.error(f"{version.personality} {version.version}: {error}")
        finished.problems[version.personality] = error


def _evaluate(run: RunContext, recipe: Recipe, version: Manifest) -> Manifest:
    """A version evaluated, where that is still to be done."""
    if version.gate is None or _is_audited_anew(run, version, datetime.now(UTC)):
        version = evaluate_version(run, version, recipe.gates)
    assert version.metrics is not None
    if version.kind == "major" and version.metrics.split != "test":
        run.log.warning(f"{recipe.name} has no test examples; validation took their place")
    return version


def _release(run: RunContext, version: Manifest) -> Manifest:
    """An evaluated version, released when it passed."""
    assert version.gate is not None
    if not version.gate.passed:
        note = run.log.info if version.gate.is_tie else run.log.error
        reasons = "; ".join(version.gate.reasons)
        note(f"{version.personality} {version.version} is not released: {reasons}")
        return version
    return release_version(run, version).manifest


def _major_of_month(run: RunContext, current: Manifest, now: datetime) -> Manifest | None:
    """The major version of the month of `now`, in its time zone.

    It is the one in service, or one made from it that was refused.
    """
    majors = [
        manifest
        for manifest in run.registry.list(current.personality)
        if manifest.kind == "major"
        and f"{manifest.created_at.astimezone(now.tzinfo):%Y-%m}" == f"{now:%Y-%m}"
        and manifest.state != "revoked"
        and current.version in (manifest.version, manifest.parent)
    ]
    return majors[-1] if majors else None


def _is_audited_anew(run: RunContext, major: Manifest, now: datetime) -> bool:
    """Whether a version was refused for its audit alone, and there is another audit by now."""
    if major.gate is None or major.gate.passed or major.state != "candidate":
        return False
    refused = [each.gate for each in major.gate.gates if not each.passed]
    audit = major.metrics.audit if major.metrics else None
    return refused == [AUDIT_GATE] and version_audit(run.settings, major, now) != audit


def _add_major(run: RunContext, current: Manifest, now: datetime) -> Manifest:
    """The adapter of `current` as a candidate with the next major number."""
    name = current.personality
    taken = [manifest.version for manifest in run.registry.list(name)]
    major = current.model_copy(
        update={
            "version": next_version(taken, "major", current.version),
            "kind": "major",
            "created_at": now.astimezone(UTC),
            "parent": current.version,
            "ancestors": current.chain,
            "metrics": None,
            "gate": None,
        }
    )
    adapter = run.registry.weights(name, current.version, "adapter")
    return run.registry.add_candidate(major, adapter)
