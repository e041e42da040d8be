"""What a personality needs tonight: a full training, an incremental one, or nothing."""

from dataclasses import dataclass
from typing import Literal

from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.store import Registry
from maverick_assets.registry.training_inputs import TrainingInputs
from maverick_assets.registry.versions import Kind


@dataclass(frozen=True)
class TrainingPlan:
    """What to do for one personality, and why.

    `train` starts a training, `resume` evaluates a version that was trained but has no gate
    decision yet, `skip` leaves everything as it is.
    """

    action: Literal["train", "resume", "skip"]
    kind: Kind
    reason: str
    parent: Manifest | None = None  # what an incremental training starts from
    version: Manifest | None = None  # what to resume, or what makes a training needless


def plan_training(registry: Registry, inputs: TrainingInputs, kind: Kind) -> TrainingPlan:
    """Plan the training of one personality.

    An incremental training needs a version in service that was trained by the same recipe, base
    and code; without one, a full training takes its place.
    """
    name = inputs.recipe.name
    parent = registry.in_service(name)
    if kind == "incremental" and not (parent and _can_continue(parent, inputs)):
        kind, parent = "full", None
    # A full training of the same inputs makes an incremental one needless, but not the reverse.
    sufficient: list[Kind] = ["full"] if kind == "full" else ["full", "incremental"]
    for sufficient_kind in sufficient:
        trained = registry.find(name, inputs.fingerprint(sufficient_kind))
        if trained and trained.gate is None:
            reason = f"{trained.version} is trained but not evaluated"
            return TrainingPlan("resume", kind, reason, version=trained)
        if trained:
            reason = f"{trained.version} was trained on this dataset, base, recipe and code"
            return TrainingPlan("skip", kind, reason, version=trained)
    if kind == "full":
        return TrainingPlan("train", kind, "no version has this dataset, base, recipe and code")
    assert parent is not None
    reason = f"the dataset has changed since {parent.version}"
    return TrainingPlan("train", kind, reason, parent=parent)


def _can_continue(parent: Manifest, inputs: TrainingInputs) -> bool:
    """Whether only the dataset has changed since `parent` was trained."""
    return (
        parent.base_digest == inputs.base_digest
        and parent.code_version == inputs.code_version
        and parent.recipe.stored == inputs.recipe.stored
    )
