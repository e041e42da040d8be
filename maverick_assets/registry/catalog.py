"""The versions of every personality, read from models/<personality>/<version>/ and `final`.

The symlink `final` alone says which version is in service. The state of a version is derived when
it is read: a revoked version stays revoked, the one under `final` is released, one that was
released before is archived, any other is a candidate.
"""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.files import verify_sha256
from maverick_assets.registry.manifest import ChainLink, Manifest, VersionState
from maverick_assets.registry.versions import Version

FINAL = "final"
MANIFEST = "manifest.json"
ADAPTER, GGUF, MODELFILE = "adapter", "adapter.gguf", "Modelfile"
MERGED = ("merged-f16.gguf", "merged-q8_0.gguf")  # base and adapter in one file
WEIGHTS = (ADAPTER, GGUF, MODELFILE, *MERGED)  # what of a version answers


class Catalog:
    """The versions on disk; reading takes no lock and changes nothing."""

    def __init__(self, models: Path) -> None:
        self._root = models

    def personalities(self) -> list[str]:
        """Names of the personalities that have at least one version."""
        if not self._root.is_dir():
            return []
        return sorted(
            path.name for path in self._root.iterdir() if path.is_dir() and self._numbers(path.name)
        )

    def list(self, personality: str | None = None) -> Sequence[Manifest]:
        """Manifests sorted by personality, then version. Raises `BadInput` for an unknown name."""
        names = self.personalities() if personality is None else [self._require(personality)]
        return [self._load(name, version) for name in names for version in self._numbers(name)]

    def get(self, personality: str, version: Version | str) -> Manifest:
        """One version, or with `final` the one in service.

        Raises `BadInput` listing what exists, `MaverickError` when its manifest is corrupt.
        """
        if version == FINAL:
            version = self._final(personality)
        return self._load(personality, self._existing(personality, version))

    def find(self, personality: str, fingerprint: str) -> Manifest | None:
        """The highest version of this training fingerprint that is not revoked, or None."""
        matches = [
            manifest
            for manifest in self.versions_of(personality)
            if manifest.fingerprint == fingerprint and manifest.state != "revoked"
        ]
        return matches[-1] if matches else None

    def in_service(self, personality: str) -> Manifest | None:
        """The version that `final` points at, or None."""
        versions = self.versions_of(personality)
        return next((manifest for manifest in versions if manifest.state == "released"), None)

    def newest(self, personality: str) -> Manifest | None:
        """The version with the highest number, if any; clocks and file dates may lie."""
        versions = self.versions_of(personality)
        return versions[-1] if versions else None

    def directory(self, personality: str, version: Version | str) -> Path:
        """Where the files of a version (or of `final`) lie: manifest and report.

        Whoever opens the weights in it asks `weights`.
        """
        return self._directory(personality, self.get(personality, version).version)

    def usable(self, personality: str, version: Version | str) -> Manifest:
        """A version that may be served, exported, released, trained on or compared with.

        The one place that refuses a revoked version: with `BadInput`. Raises what `get` raises,
        too.
        """
        manifest = self.get(personality, version)
        if manifest.revoked is not None:
            reason = manifest.revoked.reason
            raise BadInput(f"{label(manifest)} was revoked: {reason}; train a new one")
        return manifest

    def weights(
        self, personality: str, version: Version | str, name: Literal["adapter", "adapter.gguf"]
    ) -> Path:
        """Where the weights of a version that is `usable` lie: those of PEFT, or as GGUF.

        Nothing else leads to them. Raises what `usable` raises.
        """
        return self._directory(personality, self.usable(personality, version).version) / name

    def verify(self, personality: str, version: Version | str) -> None:
        """Raise `MaverickError` naming the first file that is missing or has another sha256."""
        manifest = self.get(personality, version)
        directory = self._directory(personality, manifest.version)
        for name, digest in manifest.files.items():
            verify_sha256(directory / name, digest)

    def versions_of(self, personality: str) -> Sequence[Manifest]:
        """Like `list`, but empty for a personality without versions."""
        return self.list(personality) if personality in self.personalities() else []

    def _numbers(self, personality: str) -> Sequence[Version]:
        numbers = []
        for path in (self._root / personality).iterdir():
            with suppress(BadInput):  # staged directories, the link and the lock are not versions
                numbers.append(Version.parse(path.name))
        return sorted(numbers)

    def _require(self, personality: str) -> str:
        """The name as it is. Raises `BadInput` when no version has it."""
        names = self.personalities()
        if personality not in names:
            listed = ", ".join(names) or "none; run the graph first"
            raise BadInput(f"no personality {personality!r} has a version; those that do: {listed}")
        return personality

    def _existing(self, personality: str, version: Version | str) -> Version:
        """The version as a `Version`. Raises `BadInput` when it does not exist."""
        wanted = Version.parse(version) if isinstance(version, str) else version
        versions = self._numbers(self._require(personality))
        if wanted not in versions:
            listed = ", ".join(map(str, versions))
            raise BadInput(f"{personality} has no version {wanted}; it has: {listed}")
        return wanted

    def _final(self, personality: str) -> Version:
        """What the link `final` points at. Raises `BadInput` without one."""
        link = self._root / self._require(personality) / FINAL
        if not link.is_symlink():
            listed = ", ".join(map(str, self._numbers(personality)))
            raise BadInput(f"no version of {personality} is released yet; release one of: {listed}")
        return Version.parse(str(link.readlink()))

    def _directory(self, personality: str, version: Version) -> Path:
        return self._root / personality / str(version)

    def _load(self, personality: str, version: Version) -> Manifest:
        directory = self._directory(personality, version)
        path = directory / MANIFEST
        try:
            manifest = Manifest.model_validate_json(path.read_bytes())
        except (OSError, ValidationError, BadInput) as error:
            raise MaverickError(
                f"{path} is missing or corrupt; restore it, or delete {directory}"
            ) from error
        if (manifest.personality, manifest.version) != (personality, version):
            raise MaverickError(f"{path} describes {label(manifest)}; restore the right one")
        derived = {"state": self._state(manifest), "ancestors": self._ancestors(manifest)}
        return manifest.model_copy(update=derived)

    def _ancestors(self, manifest: Manifest) -> tuple[ChainLink, ...]:
        """The ancestors of a version.

        A manifest of an earlier release names its parent alone: then they are read from the
        parent's manifest, and those that were deleted are missing.
        """
        if manifest.parent and not manifest.ancestors:
            with suppress(MaverickError):  # the parent's manifest is missing or corrupt
                return self._load(manifest.personality, manifest.parent).chain
        return manifest.ancestors

    def _state(self, manifest: Manifest) -> VersionState:
        if manifest.revoked is not None:
            return "revoked"
        link = self._root / manifest.personality / FINAL
        if link.is_symlink() and str(link.readlink()) == str(manifest.version):
            return "released"
        return "archived" if manifest.released_at else "candidate"


def label(manifest: Manifest) -> str:
    """How messages name a version."""
    return f"{manifest.personality} {manifest.version}"
