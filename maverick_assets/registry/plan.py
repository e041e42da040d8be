"""What a personality needs tonight: a full training, an incremental one, or nothing."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from maverick_assets.datasets.examples.example import Example
from maverick_assets.recipes import Recipe
from maverick_assets.registry.manifest import Manifest, fingerprint
from maverick_assets.registry.store import Registry
from maverick_assets.registry.versions import Kind


@dataclass(frozen=True)
class Inputs:
    """All that a training depends on, besides whether it starts from the base or from a parent."""

    recipe: Recipe
    dataset_version: int
    dataset_digest: str
    base_digest: str
    code_version: str

    def fingerprint(self, kind: Kind) -> str:
        recipe: dict[str, Any] = self.recipe.model_dump(mode="json")
        return fingerprint(
            self.dataset_version,
            self.dataset_digest,
            self.base_digest,
            recipe,
            self.code_version,
            kind,
        )


@dataclass(frozen=True)
class Plan:
    """`train` starts a training of `kind`; `resume` goes on with a version that has no gate
    decision yet; `skip` leaves things as they are. `version` is the one resumed or skipped to."""

    action: Literal["train", "resume", "skip"]
    kind: Kind
    reason: str
    parent: Manifest | None = None
    version: Manifest | None = None


def plan_training(registry: Registry, inputs: Inputs, kind: Kind) -> Plan:
    """Decide for one personality. An incremental training needs a version in service that was
    trained by the same recipe, base and code; where there is none a full one takes its place."""
    name = inputs.recipe.name
    parent = in_service(registry, name)
    if kind == "incremental" and not (parent and _continues(parent, inputs)):
        kind, parent = "full", None
    equivalent: list[Kind] = ["full"] if kind == "full" else ["full", "incremental"]
    for each in equivalent:
        known = registry.find(name, inputs.fingerprint(each))
        if known and known.gate is None:
            return Plan("resume", kind, f"{known.version} is trained but not judged", version=known)
        if known:
            reason = f"{known.version} was trained on this dataset, base, recipe and code"
            return Plan("skip", kind, reason, version=known)
    if kind == "full":
        return Plan("train", kind, "no version has this dataset, base, recipe and code")
    assert parent is not None
    return Plan("train", kind, f"the dataset has changed since {parent.version}", parent=parent)


def in_service(registry: Registry, personality: str) -> Manifest | None:
    """The version that `final` points at, if any."""
    if personality not in registry.personalities():
        return None
    return next((m for m in registry.list(personality) if m.state == "released"), None)


def newest(registry: Registry, personality: str) -> Manifest | None:
    """The version that was added last, if any."""
    if personality not in registry.personalities():
        return None
    return max(registry.list(personality), key=lambda manifest: manifest.created_at, default=None)


def dataset_digest(examples: Sequence[Example]) -> str:
    """Content hash of a dataset: a Delta version alone is not unique once a lake was rebuilt."""
    return rows_digest((example.example_id, example.split) for example in examples)


def rows_digest(rows: Iterable[tuple[str, str]]) -> str:
    """`dataset_digest` of examples of these ids and splits."""
    lines = sorted(f"{example_id} {split}" for example_id, split in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _continues(parent: Manifest, inputs: Inputs) -> bool:
    return (
        parent.base_digest == inputs.base_digest
        and parent.code_version == inputs.code_version
        and parent.recipe == inputs.recipe.model_dump(mode="json")
    )
