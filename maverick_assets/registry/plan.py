"""What a personality needs in the next run: a training, the rest of an interrupted run, or nothing.

Everything here follows from what the registry holds, so a run that stopped anywhere is completed by
the next one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from maverick_assets.registry.catalog import Catalog
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.training_inputs import TrainingInputs
from maverick_assets.registry.versions import Kind


@dataclass(frozen=True)
class TrainingPlan:
    """What to do for one personality, and why.

    `train` starts a training, `resume` takes up a version that was trained but is not in service
    yet, `skip` leaves everything as it is.
    """

    action: Literal["train", "resume", "skip"]
    kind: Kind
    reason: str
    parent: Manifest | None = None  # what an incremental training starts from
    version: Manifest | None = None  # what to resume, or what makes a training needless


def plan_training(registry: Catalog, inputs: TrainingInputs, kind: Kind) -> TrainingPlan:
    """Plan the training of one personality.

    A full training of new inputs replaces an unfinished version. An incremental one would start
    from the version before it, so the unfinished version goes into service first, and the new
    examples wait for the next run.

    An incremental training needs a version in service that was trained by the same recipe, base
    and code; without one, a full training takes its place.
    """
    name = inputs.recipe.name
    unfinished = unfinished_version(registry, name, inputs.base_digest)
    night = kind == "incremental"
    parent = registry.in_service(name)
    if night and not (parent and _can_continue(parent, inputs)):
        kind, parent = "full", None
    trained = _trained_before(registry, inputs, kind)
    if unfinished and (trained or night):
        lacks = "is trained but not evaluated" if unfinished.gate is None else "is not in service"
        reason = f"{unfinished.version} {lacks}"
        return TrainingPlan("resume", kind, reason, version=unfinished)
    if trained:
        reason = f"{trained.version} was trained on this dataset, base, recipe and code"
        return TrainingPlan("skip", kind, reason, version=trained)
    if kind == "full":
        return TrainingPlan("train", kind, "no version has this dataset, base, recipe and code")
    assert parent is not None
    reason = f"the dataset has changed since {parent.version}"
    return TrainingPlan("train", kind, reason, parent=parent)


def unfinished_version(registry: Catalog, personality: str, base_digest: str) -> Manifest | None:
    """The version that was trained on this base and is still to be evaluated or released, if any.

    That is the highest candidate that its gate did not refuse and that nothing has overtaken. A
    version that was in service once is none: an operator who rolled back from it decided so.
    """
    versions = registry.versions_of(personality)
    waiting = [
        manifest
        for manifest in versions
        if manifest.state == "candidate"
        and manifest.pruned is None
        and (manifest.gate is None or manifest.gate.passed)
        and manifest.base_digest == base_digest
        and not _overtaken(manifest, versions)
    ]
    return waiting[-1] if waiting else None


def _overtaken(candidate: Manifest, versions: Iterable[Manifest]) -> bool:
    """Whether a release, or a rollback, since its training has made a candidate obsolete.

    A version made from another one must find its parent in service: after a rollback it would
    bring back what the operator rolled back from. Numbers of nights count within their week, since
    a night after a rollback has a lower number than the version that was rolled back from.
    """
    been_in_service = [m for m in versions if m.state == "released" or m.released_at]
    if candidate.kind != "full":
        serving = next((m.version for m in been_in_service if m.state == "released"), None)
        if candidate.parent != serving:
            return True
    if candidate.kind == "incremental":
        week = (candidate.version.major, candidate.version.minor)
        been_in_service = [m for m in been_in_service if (m.version.major, m.version.minor) == week]
    return any(m.version > candidate.version for m in been_in_service)


def _trained_before(registry: Catalog, inputs: TrainingInputs, kind: Kind) -> Manifest | None:
    """A version with the same inputs; for a night also one that was trained in full."""
    equivalent: list[Kind] = ["full"] if kind == "full" else ["full", "incremental"]
    name = inputs.recipe.name
    found = (registry.find(name, inputs.fingerprint(other)) for other in equivalent)
    return next((manifest for manifest in found if manifest), None)


def _can_continue(parent: Manifest, inputs: TrainingInputs) -> bool:
    """Whether only the dataset has changed since `parent` was trained."""
    return (
        parent.base_digest == inputs.base_digest
        and parent.code_version == inputs.code_version
        and parent.recipe.stored == inputs.recipe.stored
    )
