"""The versions of every personality, read from models/<personality>/<version>/ and `final`.

The symlink `final` alone says which version is in service. The state of a version is derived when
it is read: a revoked version stays revoked, the one under `final` is released, one that was
released before is archived, any other is a candidate.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.files import verify_sha256
from maverick_assets.registry.manifest import ChainLink, Manifest, VersionState
from maverick_assets.registry.signing.signatures import MANIFEST, Signatures, read_manifest
from maverick_assets.registry.versions import Version

FINAL = "final"
ADAPTER, GGUF, MODELFILE = "adapter", "adapter.gguf", "Modelfile"
MERGED = ("merged-f16.gguf", "merged-q8_0.gguf")  # base and adapter in one file
WEIGHTS = (ADAPTER, GGUF, MODELFILE, *MERGED)  # what of a version answers


class Catalog:
    """The versions on disk; reading takes no lock and changes nothing."""

    def __init__(self, models: Path) -> None:
        self._root = models
        self.signatures = Signatures.of(models)

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
        """One version, or with `final` the one in service; its signature is not verified.

        Raises `BadInput` listing what exists, `MaverickError` when its manifest is corrupt.
        """
        return self._load(personality, self._number(personality, version))

    def find(self, personality: str, fingerprint: str) -> Manifest | None:
        """The highest version of this training fingerprint that is not revoked, or None."""
        matches = [
            manifest
            for manifest in self.versions_of(personality)
            if manifest.fingerprint == fingerprint and manifest.state != "revoked"
        ]
        return matches[-1] if matches else None

    def in_service(self, personality: str) -> Manifest | None:
        """The version that `final` points at, or None.

        No other manifest is read: a corrupt one of another version takes none out of service.
        """
        numbers = self._numbers(personality) if personality in self.personalities() else ()
        link = self._root / personality / FINAL
        target = str(link.readlink()) if link.is_symlink() else None
        manifests = (self._load(personality, each) for each in numbers if str(each) == target)
        return next((manifest for manifest in manifests if manifest.state == "released"), None)

    def newest(self, personality: str) -> Manifest | None:
        """The version with the highest number, if any; clocks and file dates may lie."""
        versions = self.versions_of(personality)
        return versions[-1] if versions else None

    def directory(self, personality: str, version: Version | str) -> Path:
        """Where the files of a version (or of `final`) lie: manifest and report.

        Whoever opens the weights in it asks `weights`.
        """
        return self._directory(personality, self._number(personality, version))

    def verified(self, personality: str, version: Version | str) -> Manifest:
        """A version whose manifest this run home wrote and signed last.

        Raises what `get` raises, and `MaverickError` naming the file that is not as it was: the
        manifest, its signature, or the link `final`.
        """
        manifest = self._signed(personality, self._number(personality, version))
        if manifest.state == "released":
            self._require_released(manifest)
        return manifest

    def usable(self, personality: str, version: Version | str) -> Manifest:
        """A version that may be served, exported, released, trained on or compared with.

        The one place that refuses a revoked version, and one whose weights were removed: with
        `BadInput`. Raises what `verified` raises, too.
        """
        manifest = self.verified(personality, version)
        if manifest.revoked is not None:
            reason = manifest.revoked.reason
            raise BadInput(f"{label(manifest)} was revoked: {reason}; train a new one")
        if manifest.pruned is not None:
            day = f"{manifest.pruned.at:%Y-%m-%d}"
            raise BadInput(f"the weights of {label(manifest)} were removed by retention on {day}")
        return manifest

    def weights(
        self, personality: str, version: Version | str, name: Literal["adapter", "adapter.gguf"]
    ) -> Path:
        """Where the weights of a version that is `usable` lie: those of PEFT, or as GGUF.

        Nothing else leads to them. They are verified here, so a caller need not do it again. Raises
        what `usable` and `file` raise.
        """
        return self._file(self.usable(personality, version), name)

    def file(self, personality: str, version: Version | str, name: str) -> Path:
        """A verified file of a version, or a folder of it with all its files; not its weights.

        Raises what `verified` raises, and `MaverickError` naming the file that is missing, changed,
        a link, or not of this version.
        """
        return self._file(self.verified(personality, version), name)

    def _file(self, manifest: Manifest, name: str) -> Path:
        directory = self._directory(manifest.personality, manifest.version)
        _verify_files(directory, {n: d for n, d in manifest.files.items() if _within(n, name)})
        if not any(_within(listed, name) for listed in manifest.files):
            raise MaverickError(f"{label(manifest)} has no {name}; release or train it again")
        self._refuse_added(manifest, directory / name)
        return directory / name

    def verify(self, personality: str, version: Version | str) -> None:
        """Raise `MaverickError` naming the first file that is not as this run home wrote it.

        It is missing, has another sha256, is a link, or was added; or the manifest or its signature
        is not the last one.
        """
        manifest = self.verified(personality, version)
        directory = self._directory(personality, manifest.version)
        _verify_files(directory, manifest.files)
        for entry in sorted(directory.iterdir()):
            if not entry.name.startswith((".", "manifest.")):  # staged, and verified above
                self._refuse_added(manifest, entry)

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

    def _number(self, personality: str, version: Version | str) -> Version:
        """The version that is meant. Raises `BadInput` when it does not exist."""
        if version == FINAL:
            version = self._final(personality)
        return self._existing(personality, version)

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

    def _signed(self, personality: str, version: Version) -> Manifest:
        """As `verified`, wherever `final` points."""
        directory = self._directory(personality, version)
        content = self.signatures.verified_manifest(directory, personality, str(version))
        return self._parse(personality, version, content)

    def _load(self, personality: str, version: Version) -> Manifest:
        directory = self._directory(personality, version)
        return self._parse(personality, version, read_manifest(directory))

    def _parse(self, personality: str, version: Version, content: bytes) -> Manifest:
        directory = self._directory(personality, version)
        path = directory / MANIFEST
        try:
            manifest = Manifest.model_validate_json(content)
        except (ValidationError, BadInput) as error:
            raise MaverickError(
                f"{path} is missing or corrupt; restore it, or delete {directory}"
            ) from error
        if (manifest.personality, manifest.version) != (personality, version):
            raise MaverickError(f"{path} describes {label(manifest)}; restore the right one")
        derived = {"state": self._state(manifest), "ancestors": self._ancestors(manifest)}
        return manifest.model_copy(update=derived)

    def _require_released(self, manifest: Manifest) -> None:
        """Raise `MaverickError` where `final` was moved by something else than a release."""
        if not self.signatures.exist:
            return
        allowed = self.signatures.ledger(manifest.personality).in_service
        if str(manifest.version) not in allowed:
            link = self._root / manifest.personality / FINAL
            released = " or ".join(allowed) or "none"
            raise MaverickError(
                f"{link} points at {manifest.version}, and what was put in service last is "
                f"{released}; put it there with `maverick models release` or `rollback --to`"
            )

    def _refuse_added(self, manifest: Manifest, path: Path) -> None:
        """Raise `MaverickError` for a file at or below `path` that the manifest does not list."""
        directory = self._directory(manifest.personality, manifest.version)
        ledger = self.signatures.ledger(manifest.personality)
        attaching = ledger.attaching.get(str(manifest.version), ())
        for each in (path, *sorted(path.rglob("*"))) if path.is_dir() else (path,):
            name = each.relative_to(directory).as_posix()
            unlisted = name not in manifest.files and (each.is_symlink() or not each.is_dir())
            if unlisted and name.split("/")[0] not in attaching and self.signatures.exist:
                raise MaverickError(f"{each} is not of {label(manifest)}; find out who added it")

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


def _within(name: str, folder: str) -> bool:
    return name == folder or name.startswith(f"{folder}/")


def _verify_files(directory: Path, files: Mapping[str, str]) -> None:
    """Raise `MaverickError` for the first file that is missing, changed, or behind a link."""
    for name, digest in files.items():
        path = directory / name
        for part in (path, *path.parents):
            if part == directory:
                break
            if part.is_symlink():
                raise MaverickError(f"{part} is a link; restore it or retrain")
        verify_sha256(path, digest)
