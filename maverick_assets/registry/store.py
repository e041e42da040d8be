"""The versions of every personality on disk: models/<personality>/<version>/ and `final`.

The symlink `final` alone says which version is in service. A manifest's state is derived on
reading: a version that was revoked is that for good, the one under `final` is released, one that
was released before is archived, any other is a candidate. Moving the link is one rename, so a crash
leaves the old version in service or the new one; the rest of the bookkeeping is completed by the
next change.
"""

import os
import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from pydantic import ValidationError

from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.files import sha256_of, staged_directory, verify_sha256, write_atomically
from maverick_assets.registry.manifest import Gate, Link, Manifest, Revocation, State
from maverick_assets.registry.versions import Version

FINAL = "final"
_LOCK = ".lock"
_LOCK_SECONDS = 60
_MANIFEST = "manifest.json"
_ATTACHABLE = ("report", "adapter.gguf", "Modelfile")


class Registry:
    """Every change holds the personality's lock, so several processes may share a registry."""

    def __init__(self, models_dir: Path) -> None:
        self._root = models_dir

    def personalities(self) -> list[str]:
        """Names of those that have at least one version."""
        if not self._root.is_dir():
            return []
        return sorted(p.name for p in self._root.iterdir() if p.is_dir() and self._versions(p.name))

    def list(self, personality: str | None = None) -> Sequence[Manifest]:
        """Manifests by personality and version, oldest first; `BadInput` for an unknown name."""
        names = self.personalities() if personality is None else [self._known(personality)]
        return [self._load(name, version) for name in names for version in self._versions(name)]

    def get(self, personality: str, version: Version | str) -> Manifest:
        """One version, or with `final` the one in service.

        Raises `BadInput` listing what exists, `MaverickError` when its manifest is corrupt.
        """
        if version == FINAL:
            version = self._in_service(personality)
        return self._load(personality, self._existing(personality, version))

    def find(self, personality: str, fingerprint: str) -> Manifest | None:
        """The newest version trained from exactly this that is not revoked, if there is one."""
        if personality not in self.personalities():
            return None
        usable = (m for m in self.list(personality) if m.state != "revoked")
        matches = [m for m in usable if m.fingerprint == fingerprint]
        return matches[-1] if matches else None

    def directory(self, personality: str, version: Version | str) -> Path:
        """Where the files of a version (or of `final`) lie."""
        return self._directory(personality, self.get(personality, version).version)

    def verify(self, personality: str, version: Version | str) -> None:
        """Raise `MaverickError` naming the first file that is missing or has another sha256."""
        manifest = self.get(personality, version)
        directory = self._directory(personality, manifest.version)
        for name, digest in manifest.files.items():
            verify_sha256(directory / name, digest)

    def add_candidate(self, manifest: Manifest, adapter_dir: Path) -> Manifest:
        """Copy an adapter into the registry as a new version; whole or not at all.

        Returns the manifest with the sha256 of the files; those of the argument are replaced.
        """
        if not adapter_dir.is_dir() or not any(adapter_dir.iterdir()):
            raise BadInput(f"{adapter_dir} holds no adapter; train one first")
        target = self._directory(manifest.personality, manifest.version)
        target.parent.mkdir(parents=True, exist_ok=True)
        with self._locked(manifest.personality):
            if target.exists():
                raise BadInput(f"{target} exists; take the next free version")
            with staged_directory(target) as stage:
                shutil.copytree(adapter_dir, stage / "adapter")
                fresh = {
                    "files": _digests(stage, stage / "adapter"),
                    "state": "candidate",
                    "released_at": None,
                }
                added = manifest.model_copy(update=fresh)
                (stage / _MANIFEST).write_text(_serialized(added), encoding="utf-8")
        return added

    def attach(self, personality: str, version: Version | str, source: Path, name: str) -> Manifest:
        """Copy a file or directory beside the adapter as `name` and record its sha256.

        What `name` was before is replaced. A crash leaves a version that verifies: with the
        old content, the new one, or with neither listed.
        """
        if name not in _ATTACHABLE:
            raise BadInput(f"cannot attach {name!r}; attach one of: {', '.join(_ATTACHABLE)}")
        if not source.exists():
            raise BadInput(f"{source} does not exist; nothing to attach as {name}")
        with self._locked(self._known(personality)):
            manifest = self.get(personality, version)
            directory = self._directory(personality, manifest.version)
            others = {
                path: digest
                for path, digest in manifest.files.items()
                if path.split("/")[0] != name
            }
            if others != manifest.files:
                self._save(manifest.model_copy(update={"files": others}))
            target = directory / name
            if source.is_dir():
                with staged_directory(target) as stage:
                    shutil.copytree(source, stage, dirs_exist_ok=True)
            else:
                write_atomically(target, source.read_bytes())
            files = others | _digests(directory, target)
            return self._save(manifest.model_copy(update={"files": files}))

    def record_evaluation(
        self, personality: str, version: Version | str, metrics: dict[str, Any], gate: Gate
    ) -> Manifest:
        """Store what the evaluation measured and what the gate decided."""
        with self._locked(self._known(personality)):
            manifest = self.get(personality, version)
            return self._save(manifest.model_copy(update={"metrics": metrics, "gate": gate}))

    def release(
        self, personality: str, version: Version | str, override_reason: str | None = None
    ) -> Manifest:
        """Put a version in service; the one before it becomes archived.

        Raises `MaverickError` when its gate refused it or never decided, unless the operator
        gives a reason to release it all the same (it is kept in the manifest), and when one of
        its files is corrupt.
        """
        with self._locked(self._known(personality)):
            manifest = self.get(personality, version)
            if manifest.state == "released":
                return manifest
            _refuse_revoked(manifest)
            self.verify(personality, manifest.version)
            if manifest.gate is None or not manifest.gate.passed:
                manifest = self._save(_overridden(manifest, override_reason))
            self._point_final(manifest)
            return self._save(manifest.model_copy(update={"released_at": datetime.now(UTC)}))

    def rollback(self, personality: str, to: Version | str | None = None) -> Manifest:
        """Put an archived version back in service: `to`, or the one released before this one.

        Called again without `to` it goes one release further back.
        """
        with self._locked(self._known(personality)):
            manifest = self._earlier(personality) if to is None else self.get(personality, to)
            _refuse_revoked(manifest)
            if manifest.state == "candidate":
                raise BadInput(f"{_label(manifest)} was never released; release it instead")
            if manifest.state == "archived":
                self.verify(personality, manifest.version)
                self._point_final(manifest)
            return manifest.model_copy(update={"state": "released"})

    def revoke(
        self, personality: str, versions: Collection[Version], reason: str
    ) -> Manifest | None:
        """Take versions out of use for good; returns the one that is in service then, if any.

        Where one of them was, the newest released before that is not revoked takes its place, or
        none does. All are marked before `final` moves; a crash in between is completed by the next
        change.
        """
        with self._locked(self._known(personality)):
            revocation = Revocation(reason=reason, at=datetime.now(UTC))
            for version in versions:
                manifest = self.get(personality, version)
                if manifest.revoked is None:
                    self._save(manifest.model_copy(update={"revoked": revocation}))
            self._withdraw(personality)
            link = self._root / personality / FINAL
            return self.get(personality, FINAL) if link.is_symlink() else None

    def _withdraw(self, personality: str) -> None:
        """Move `final` off a revoked version."""
        link = self._root / personality / FINAL
        if not link.is_symlink() or self.get(personality, FINAL).revoked is None:
            return
        others = [m for m in self.list(personality) if m.state == "archived"]
        if others:
            self._point_final(others[-1])
        else:
            link.unlink()

    def _earlier(self, personality: str) -> Manifest:
        current = self.get(personality, FINAL)
        moments = [
            (m.released_at, m.version)
            for m in self.list(personality)
            if m.released_at and current.released_at and m.released_at < current.released_at
            if m.state != "revoked"
        ]
        if not moments:
            raise BadInput(f"{_label(current)} is the first release; there is no earlier one")
        return self.get(personality, max(moments)[1])

    def _point_final(self, manifest: Manifest) -> None:
        """Replace the link by a rename: a reader sees the old version or the new one."""
        folder = self._root / manifest.personality
        staged = folder / f".{FINAL}"
        staged.symlink_to(str(manifest.version))
        staged.replace(folder / FINAL)
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    @contextmanager
    def _locked(self, personality: str) -> Iterator[None]:
        """Hold the lock; first finish what a killed process left behind."""
        folder = self._root / personality
        try:
            with FileLock(folder / _LOCK, timeout=_LOCK_SECONDS):
                self._finish_interrupted(personality)
                yield
        except Timeout as error:
            raise MaverickError(
                f"{folder} is being changed by another process for {_LOCK_SECONDS} s; try again"
            ) from error

    def _finish_interrupted(self, personality: str) -> None:
        """Remove stages (nobody else can own one now) and date a release cut short."""
        folder = self._root / personality
        directories = [folder / str(version) for version in self._versions(personality)]
        for parent in [folder, *directories]:
            for left in parent.glob(".*"):
                if left.is_dir() and not left.is_symlink():
                    shutil.rmtree(left)
                elif left.name != _LOCK:
                    left.unlink()
        final = folder / FINAL
        if final.is_symlink() and final.exists():
            manifest = self.get(personality, FINAL)
            if manifest.released_at is None:
                moved = datetime.fromtimestamp(final.lstat().st_mtime, UTC)
                self._save(manifest.model_copy(update={"released_at": moved}))
            self._withdraw(personality)

    def _versions(self, personality: str) -> Sequence[Version]:
        found = []
        for path in (self._root / personality).iterdir():
            with suppress(BadInput):  # stages, the link and the lock are no versions
                found.append(Version.parse(path.name))
        return sorted(found)

    def _known(self, personality: str) -> str:
        names = self.personalities()
        if personality not in names:
            listed = ", ".join(names) or "none; run the graph first"
            raise BadInput(f"no personality {personality!r} has a version; those that do: {listed}")
        return personality

    def _existing(self, personality: str, version: Version | str) -> Version:
        wanted = Version.parse(version) if isinstance(version, str) else version
        versions = self._versions(self._known(personality))
        if wanted not in versions:
            listed = ", ".join(str(known) for known in versions)
            raise BadInput(f"{personality} has no version {wanted}; it has: {listed}")
        return wanted

    def _in_service(self, personality: str) -> Version:
        link = self._root / self._known(personality) / FINAL
        if not link.is_symlink():
            listed = ", ".join(str(version) for version in self._versions(personality))
            raise BadInput(f"no version of {personality} is released yet; release one of: {listed}")
        return Version.parse(str(link.readlink()))

    def _directory(self, personality: str, version: Version) -> Path:
        return self._root / personality / str(version)

    def _load(self, personality: str, version: Version) -> Manifest:
        directory = self._directory(personality, version)
        path = directory / _MANIFEST
        try:
            manifest = Manifest.model_validate_json(path.read_bytes())
        except (OSError, ValidationError, BadInput) as error:
            raise MaverickError(
                f"{path} is missing or corrupt; restore it, or delete {directory}"
            ) from error
        if (manifest.personality, manifest.version) != (personality, version):
            raise MaverickError(f"{path} describes {_label(manifest)}; restore the right one")
        known = {"state": self._state(manifest), "ancestors": self._ancestors(manifest)}
        return manifest.model_copy(update=known)

    def _ancestors(self, manifest: Manifest) -> tuple[Link, ...]:
        """Those of a version of before, as far as the directories of its parents are there."""
        if manifest.parent and not manifest.ancestors:
            with suppress(MaverickError):  # that one's manifest is gone or corrupt
                return self._load(manifest.personality, manifest.parent).chain
        return manifest.ancestors

    def _state(self, manifest: Manifest) -> State:
        if manifest.revoked is not None:
            return "revoked"
        link = self._root / manifest.personality / FINAL
        if link.is_symlink() and str(link.readlink()) == str(manifest.version):
            return "released"
        return "archived" if manifest.released_at else "candidate"

    def _save(self, manifest: Manifest) -> Manifest:
        """Replace the stored manifest; returns it with its state as of now."""
        path = self._directory(manifest.personality, manifest.version) / _MANIFEST
        write_atomically(path, _serialized(manifest))
        return manifest.model_copy(update={"state": self._state(manifest)})


def _serialized(manifest: Manifest) -> str:
    return manifest.model_dump_json(indent=2, exclude={"state"}) + "\n"


def _label(manifest: Manifest) -> str:
    return f"{manifest.personality} {manifest.version}"


def _refuse_revoked(manifest: Manifest) -> None:
    if manifest.revoked is not None:
        raise BadInput(
            f"{_label(manifest)} was revoked: {manifest.revoked.reason}; train a new one"
        )


def _overridden(manifest: Manifest, reason: str | None) -> Manifest:
    """The manifest of a version that did not pass, with the operator's reason; or an error."""
    if reason is not None and not reason.strip():
        raise BadInput("an override needs a reason; say why this version is good enough")
    gate = manifest.gate
    why = "; ".join(gate.reasons) if gate else "it was never evaluated"
    if reason is None:
        raise MaverickError(
            f"{_label(manifest)} is not released: {why}; "
            "train a better one, or release it with a reason that overrides the gate"
        )
    decided = gate or Gate(passed=False, reasons=(why,), decided_at=datetime.now(UTC))
    return manifest.model_copy(
        update={"gate": decided.model_copy(update={"override": reason.strip()})}
    )


def _digests(root: Path, target: Path) -> dict[str, str]:
    """sha256 of `target`, or of every file below it, by path relative to `root`."""
    paths = [target] if target.is_file() else sorted(p for p in target.rglob("*") if p.is_file())
    return {path.relative_to(root).as_posix(): sha256_of(path) for path in paths}
