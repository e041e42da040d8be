"""The manifest of one version: where it comes from, how it did, and the sha256 of its files."""

from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, PlainSerializer

from maverick_assets.records import GateDecision, Metrics, ParityDecision, TrainingSummary
from maverick_assets.registry.recorded_recipe import RecordedRecipe
from maverick_assets.registry.versions import Kind, Version
from maverick_assets.strict_model import StrictModel
from maverick_assets.yaml_files import Name

VersionState = Literal["candidate", "released", "archived", "revoked"]


def _parse_version(value: object) -> object:
    return Version.parse(value) if isinstance(value, str) else value


def _none_if_empty(value: object) -> object:
    return value or None


VersionField = Annotated[
    Version, BeforeValidator(_parse_version), PlainSerializer(str, return_type=str)
]


def _inside_version(name: str) -> str:
    """The name as it is. Raises `ValueError` for one that could lead out of the directory."""
    parts = name.split("/")
    if not name.isprintable() or "\\" in name or any(part in ("", ".", "..") for part in parts):
        raise ValueError(f"{name!r} is no file of a version")
    return name


FileName = Annotated[str, AfterValidator(_inside_version)]


class Revocation(StrictModel):
    """Why a version must not be used any more."""

    reason: str
    at: AwareDatetime
    weights_deleted: bool = Field(
        False, description="whether adapter, GGUF and Modelfile are gone from the disk"
    )


class Pruning(StrictModel):
    """That retention removed the weights of a version."""

    at: AwareDatetime
    kept: int = Field(description="how many of the newest versions kept theirs")


class NodeOverride(StrictModel):
    """That an operator takes a version on a node whose answers differ from those of its files."""

    node: str
    reason: str
    difference: str = Field(description="the first prompt and both texts, as reports may hold them")
    at: AwareDatetime


class ChainLink(StrictModel):
    """A version in a chain of versions trained on top of one another, and its dataset version."""

    version: VersionField
    kind: Kind
    fingerprint: str
    dataset_version: int


class Manifest(StrictModel):
    """One version of one personality.

    `state` is not stored, so no copy of it can be stale: the registry derives it from `revoked`,
    the `final` link and `released_at`. Fields with a default may be missing in the manifests of
    earlier releases.
    """

    personality: Name
    version: VersionField
    state: VersionState = "candidate"
    kind: Kind
    created_at: AwareDatetime
    released_at: AwareDatetime | None = Field(None, description="its last release")
    fingerprint: str = Field(description="hash of everything that the training depended on")
    base_digest: str
    dataset_version: int = Field(description="Delta version of the dataset")
    dataset_rows: int | None = None
    recipe: RecordedRecipe
    parent: VersionField | None = Field(
        None,
        description="what it was trained on top of, or what a major version is a copy of",
    )
    ancestors: tuple[ChainLink, ...] = Field(
        (),
        description="the versions it was trained on top of, oldest first, also those whose "
        "directories are gone; manifests of earlier releases name the parent alone",
    )
    code_version: str = Field(description="of the training code")
    training: Annotated[TrainingSummary | None, BeforeValidator(_none_if_empty)] = None
    metrics: Metrics | None = Field(None, description="None until the version is evaluated")
    gate: GateDecision | None = Field(None, description="None until the version is evaluated")
    revoked: Revocation | None = None
    pruned: Pruning | None = None
    no_modelfile: str | None = Field(
        None, description="why an exported version has no Modelfile: what Ollama cannot have"
    )
    parity: ParityDecision | None = Field(
        None,
        description="whether the export answers as what was trained; None until it is exported, "
        "and for exports of earlier releases",
    )
    node_overrides: tuple[NodeOverride, ...] = Field((), description="the last of each node")
    files: dict[FileName, str] = Field({}, description="path in the version's directory -> sha256")

    def node_override(self, node: str) -> str | None:
        """Why an operator takes this version on a node as it answers there, if one does."""
        return next((each.reason for each in self.node_overrides if each.node == node), None)

    @property
    def chain(self) -> tuple[ChainLink, ...]:
        """The ancestors, and this version itself."""
        own = ChainLink(
            version=self.version,
            kind=self.kind,
            fingerprint=self.fingerprint,
            dataset_version=self.dataset_version,
        )
        return (*self.ancestors, own)
