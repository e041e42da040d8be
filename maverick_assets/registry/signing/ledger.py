"""What a run home remembers of its versions, in keys/versions/<personality>.json.

It lies apart from the versions, where whoever can write to models/ alone cannot change it. A
signature says that this run home wrote a manifest once; the ledger says that it is the one written
last. Without it, whoever deletes a signature or puts an earlier signed manifest back, such as one
from before a revocation, would be believed.
"""

from pathlib import Path

from pydantic import Field, ValidationError

from maverick_assets.errors import MaverickError
from maverick_assets.files import write_atomically
from maverick_assets.strict_model import StrictModel


class Ledger(StrictModel):
    """The versions of one personality. While one changes, the old and the new state both hold."""

    manifests: dict[str, dict[str, str]] = Field(
        {}, description="version -> sha256 of its manifest -> sha256 of the manifest's signature"
    )
    attaching: dict[str, tuple[str, ...]] = Field(
        {}, description="version -> what is being attached, and may lie there unlisted"
    )
    in_service: tuple[str, ...] = Field(
        (), description="versions that `final` may point at: one, or two while it moves"
    )

    def with_manifest(self, version: str, manifest: str, signature: str) -> "Ledger":
        """Where this manifest of a version holds, too."""
        of_version = self.manifests.get(version, {}) | {manifest: signature}
        return self.model_copy(update={"manifests": self.manifests | {version: of_version}})

    def with_manifest_alone(self, version: str, manifest: str) -> "Ledger":
        """Where no other manifest of a version holds."""
        of_version = {manifest: self.manifests[version][manifest]}
        return self.model_copy(update={"manifests": self.manifests | {version: of_version}})

    def with_attaching(self, version: str, names: tuple[str, ...]) -> "Ledger":
        """Where these names are being attached to a version."""
        others = {v: n for v, n in self.attaching.items() if v != version}
        return self.model_copy(update={"attaching": others | ({version: names} if names else {})})

    def with_in_service(self, *versions: str) -> "Ledger":
        """Where `final` may point at these."""
        return self.model_copy(update={"in_service": tuple(dict.fromkeys(versions))})


def read_ledger(folder: Path, personality: str) -> Ledger:
    """The ledger of a personality; an empty one where it has no version yet.

    Raises `MaverickError` for a damaged file.
    """
    path = _path(folder, personality)
    try:
        return Ledger.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return Ledger()
    except ValidationError as error:
        raise MaverickError(f"{path} is damaged; restore keys/ from a backup") from error


def write_ledger(folder: Path, personality: str, ledger: Ledger) -> None:
    """Replace the ledger of a personality. The caller holds the personality's lock."""
    write_atomically(_path(folder, personality), ledger.model_dump_json(indent=1) + "\n")


def _path(folder: Path, personality: str) -> Path:
    return folder / "versions" / f"{personality}.json"
