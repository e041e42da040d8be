"""The manifest of one version: where it comes from, how it did, and the sha256 of its files."""

import hashlib
import json
from typing import Annotated, Any, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
)

from maverick_assets.recipes import Name
from maverick_assets.registry.versions import Kind, Version

State = Literal["candidate", "released", "archived", "revoked"]


def _parse_version(value: object) -> object:
    return Version.parse(value) if isinstance(value, str) else value


VersionField = Annotated[
    Version, BeforeValidator(_parse_version), PlainSerializer(str, return_type=str)
]


class Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Gate(Frozen):
    """What the gate decided on a version, and the operator's reason when they overrode it."""

    passed: bool
    reasons: tuple[str, ...] = ()
    decided_at: AwareDatetime
    override: str | None = None


class Revocation(Frozen):
    """Why a version must not be used any more."""

    reason: str
    at: AwareDatetime


class Link(Frozen):
    """A version in the chain of those trained on top of one another, and what it was trained on."""

    version: VersionField
    kind: Kind
    fingerprint: str
    dataset_version: int


class Manifest(Frozen):
    """One version of one personality.

    `state` is not stored: the registry derives it from `revoked`, the `final` link and
    `released_at` (when the version last went into service through a release), so no copy of it can
    be stale.
    `ancestors`: what it was trained on top of, oldest first; that one was trained on the base. They
    are known here when their own directories are gone; versions of before name their parent alone.
    `files` maps paths relative to the version's directory to their sha256.
    """

    personality: Name
    version: VersionField
    state: State = "candidate"
    kind: Kind
    created_at: AwareDatetime
    released_at: AwareDatetime | None = None
    fingerprint: str
    base_digest: str
    dataset_version: int
    dataset_rows: int | None = None
    recipe: dict[str, Any]
    parent: VersionField | None = None
    ancestors: tuple[Link, ...] = ()
    code_version: str
    training: dict[str, Any] = {}
    metrics: dict[str, Any] | None = None
    gate: Gate | None = None
    revoked: Revocation | None = None
    files: dict[str, str] = {}

    @property
    def chain(self) -> tuple[Link, ...]:
        """The ancestors, and this version itself."""
        own = Link(
            version=self.version,
            kind=self.kind,
            fingerprint=self.fingerprint,
            dataset_version=self.dataset_version,
        )
        return (*self.ancestors, own)


def fingerprint(
    dataset_version: int,
    dataset_digest: str,
    base_digest: str,
    recipe: dict[str, Any],
    code_version: str,
    kind: Kind,
) -> str:
    """Hex sha256 of all that a training depends on; equal inputs need no second training."""
    canonical = json.dumps(
        [dataset_version, dataset_digest, base_digest, recipe, code_version, kind],
        sort_keys=True,
        separators=(",", ":"),
        allow_nan=False,
    )
    return hashlib.sha256(canonical.encode()).hexdigest()
