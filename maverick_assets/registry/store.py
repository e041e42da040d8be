"""Changes to the versions of every personality; each change is complete or absent.

Moving the symlink `final` is one rename, so a crash leaves the old version in service or the new
one. The next change completes the rest of the bookkeeping.
"""

import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import ValidationError

from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.files import (
    link_atomically,
    sha256_of,
    staged_directory,
    sync,
    write_atomically,
)
from maverick_assets.records import GateDecision, Metrics, ParityDecision, TrainingSummary
from maverick_assets.registry.catalog import (
    FINAL,
    GGUF,
    MANIFEST,
    MERGED,
    MODELFILE,
    WEIGHTS,
    Catalog,
    label,
)
from maverick_assets.registry.manifest import Manifest, Revocation
from maverick_assets.registry.versions import Version

_LOCK = ".lock"
_LOCK_SECONDS = 60
_ATTACHABLE = ("report", GGUF, MODELFILE, *MERGED)


class Registry(Catalog):
    """The catalog, and every change to it.

    Every change holds the personality's lock, so several processes may share a registry.
    """

    def add_candidate(self, manifest: Manifest, adapter_dir: Path) -> Manifest:
        """Copy an adapter into the registry as a new version; whole or not at all.

        Returns the manifest with the sha256 of the files; those of the argument are replaced.
        Raises `BadInput` for an adapter that learned canaries, whatever the manifest says.
        """
        if not adapter_dir.is_dir() or not any(adapter_dir.iterdir()):
            raise BadInput(f"{adapter_dir} holds no adapter; train one first")
        if n_canaries := _learned_canaries(manifest, adapter_dir):
            raise BadInput(
                f"{adapter_dir} learned {n_canaries} canaries of an audit and may not become a "
                "version; train one on the dataset alone"
            )
        target = self._directory(manifest.personality, manifest.version)
        target.parent.mkdir(parents=True, exist_ok=True)
        with self._locked(manifest.personality):
            if target.exists():
                raise BadInput(f"{target} exists; take the next free version")
            if manifest.parent:  # it may have been revoked while this version was trained
                self.usable(manifest.personality, manifest.parent)
            with staged_directory(target) as stage:
                shutil.copytree(adapter_dir, stage / "adapter")
                fresh = {
                    "files": _digests_by_path(stage, stage / "adapter"),
                    "state": "candidate",
                    "released_at": None,
                }
                added = manifest.model_copy(update=fresh)
                (stage / MANIFEST).write_text(_manifest_json(added), encoding="utf-8")
        return added

    def attach(self, personality: str, version: Version | str, source: Path, name: str) -> Manifest:
        """Copy a file or directory beside the adapter as `name` and record its sha256.

        A merged model is not copied: it gets a second name, and must not be changed by its first.
        An earlier `name` is replaced. A crash leaves a version that verifies: with the old content,
        with the new content, or with neither listed.
        """
        if name not in _ATTACHABLE:
            raise BadInput(f"cannot attach {name!r}; attach one of: {', '.join(_ATTACHABLE)}")
        if not source.exists():
            raise BadInput(f"{source} does not exist; nothing to attach as {name}")
        with self._locked(self._require(personality)):
            manifest = self.get(personality, version)
            if name in WEIGHTS:
                manifest = self.usable(personality, version)
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
            elif name in MERGED:
                link_atomically(source, target)
            else:
                write_atomically(target, source.read_bytes())
            files = others | _digests_by_path(directory, target)
            return self._save(manifest.model_copy(update={"files": files}))

    def note_modelfile(self, personality: str, version: str | Version, problem: str | None) -> None:
        """Record why a version has no Modelfile, and remove that of an earlier export.

        `problem` is None where it has one, or is to have one.
        """
        with self._locked(self._require(personality)):
            manifest = self.get(personality, version)
            files = dict(manifest.files)
            if problem is not None:
                files.pop(MODELFILE, None)
            noted = manifest.model_copy(update={"no_modelfile": problem, "files": files})
            if noted != manifest:
                self._save(noted)
            if problem is not None:  # after the manifest, which lists no file that is gone
                directory = self._directory(personality, manifest.version)
                (directory / MODELFILE).unlink(missing_ok=True)

    def record_evaluation(
        self, personality: str, version: Version | str, metrics: Metrics, gate: GateDecision
    ) -> Manifest:
        """Store what the evaluation measured and what the gate decided."""
        with self._locked(self._require(personality)):
            manifest = self.get(personality, version)
            return self._save(manifest.model_copy(update={"metrics": metrics, "gate": gate}))

    def record_parity(
        self, personality: str, version: Version | str, parity: ParityDecision
    ) -> Manifest:
        """Store whether the export of a version answers as what was trained."""
        with self._locked(self._require(personality)):
            manifest = self.get(personality, version)
            return self._save(manifest.model_copy(update={"parity": parity}))

    def release(
        self, personality: str, version: Version | str, override_reason: str | None = None
    ) -> Manifest:
        """Put a version in service; the one before it becomes archived.

        Raises `MaverickError` when one of its files is corrupt, and when its gate or its parity
        refused it, or its gate never decided, unless the operator gives a reason, which the
        manifest keeps.
        """
        with self._locked(self._require(personality)):
            manifest = self.usable(personality, version)
            if manifest.state == "released":
                return manifest
            self.verify(personality, manifest.version)
            if manifest.gate is None or not manifest.gate.passed:
                manifest = self._save(_with_override(manifest, override_reason))
            if manifest.parity is not None and not manifest.parity.passed:
                manifest = self._save(_with_parity_override(manifest, override_reason))
            self._point_final(manifest)
            return self._save(manifest.model_copy(update={"released_at": datetime.now(UTC)}))

    def rollback(self, personality: str, to: Version | str | None = None) -> Manifest:
        """Put an archived version back in service: `to`, or the release before this one.

        Releases are in the order of their numbers. Called again without `to` it goes one further
        back.
        """
        with self._locked(self._require(personality)):
            current = self.get(personality, FINAL if to is None else to)
            manifest = self._released_before(personality) if to is None else current
            if manifest is None:
                raise BadInput(f"{label(current)} is the first release; there is no earlier one")
            manifest = self.usable(personality, manifest.version)
            if manifest.state == "candidate":
                raise BadInput(f"{label(manifest)} was never released; release it instead")
            if manifest.state == "archived":
                self.verify(personality, manifest.version)
                self._point_final(manifest)
            return manifest.model_copy(update={"state": "released"})

    def revoke(
        self, personality: str, versions: Collection[Version], reason: str
    ) -> Manifest | None:
        """Take versions out of use for good; returns the one in service afterwards, or None.

        When the version in service is among them, the newest earlier release that is not revoked
        takes its place, if there is one. Their weights are deleted, their manifests stay. All are
        marked before `final` moves, and the next change completes a call that crashed in between.
        """
        with self._locked(self._require(personality)):
            revocation = Revocation(reason=reason, at=datetime.now(UTC))
            for version in versions:
                manifest = self.get(personality, version)
                if manifest.revoked is None:
                    self._save(manifest.model_copy(update={"revoked": revocation}))
            self._complete_revocations(personality)
            link = self._root / personality / FINAL
            return self.get(personality, FINAL) if link.is_symlink() else None

    def _complete_revocations(self, personality: str) -> None:
        """Move `final` off a revoked version, and delete the weights of all revoked versions."""
        self._move_final_off_revoked(personality)
        for version in self._numbers(personality):
            with suppress(MaverickError):  # a corrupt manifest: `get` says so to whoever asks
                self._delete_revoked_weights(self._load(personality, version))

    def _delete_revoked_weights(self, manifest: Manifest) -> None:
        revoked = manifest.revoked
        if revoked is None or revoked.weights_deleted:
            return
        directory = self._directory(manifest.personality, manifest.version)
        # First, so that a crash leaves no manifest that names files which are gone.
        kept = {n: d for n, d in manifest.files.items() if n.split("/")[0] not in WEIGHTS}
        manifest = self._save(manifest.model_copy(update={"files": kept}))
        for name in WEIGHTS:
            if (directory / name).is_dir():
                shutil.rmtree(directory / name)
            else:
                (directory / name).unlink(missing_ok=True)
        sync(directory)
        deleted = revoked.model_copy(update={"weights_deleted": True})
        self._save(manifest.model_copy(update={"revoked": deleted}))

    def _move_final_off_revoked(self, personality: str) -> None:
        """Point `final` from a revoked version to the newest archived one, or remove the link."""
        link = self._root / personality / FINAL
        if not link.exists() or self.get(personality, FINAL).revoked is None:
            return
        earlier = self._released_before(personality)
        if earlier:
            self._point_final(earlier)
        else:
            link.unlink()

    def _released_before(self, personality: str) -> Manifest | None:
        """The highest version below the one in service that was in service once, if any.

        By its number: a clock that was set back must not hide a version, and one with a higher
        number is one that an operator rolled back from.
        """
        current = self.get(personality, FINAL)
        archived = [m for m in self.list(personality) if m.state == "archived"]
        earlier = [m for m in archived if m.version < current.version]
        return earlier[-1] if earlier else None

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
        """Hold the personality's lock; what a killed process left behind is finished first."""
        folder = self._root / personality
        try:
            with FileLock(folder / _LOCK, timeout=_LOCK_SECONDS):
                self._finish_interrupted(personality)
                yield
        except Timeout as error:
            raise MaverickError(
                f"another process has been changing {folder} for {_LOCK_SECONDS} s; try again"
            ) from error

    def _finish_interrupted(self, personality: str) -> None:
        """Remove staged files, which nobody owns while the lock is held; date a killed release."""
        folder = self._root / personality
        directories = [folder / str(version) for version in self._numbers(personality)]
        for parent in [folder, *directories]:
            for leftover in parent.glob(".*"):
                if leftover.is_dir() and not leftover.is_symlink():
                    shutil.rmtree(leftover)
                elif leftover.name != _LOCK:
                    leftover.unlink()
        final = folder / FINAL
        if final.is_symlink() and final.exists():
            manifest = self.get(personality, FINAL)
            if manifest.released_at is None:
                moved = datetime.fromtimestamp(final.lstat().st_mtime, UTC)
                self._save(manifest.model_copy(update={"released_at": moved}))
        if self._numbers(personality):
            self._complete_revocations(personality)

    def _save(self, manifest: Manifest) -> Manifest:
        """Replace the stored manifest; returns it with its state as of now."""
        path = self._directory(manifest.personality, manifest.version) / MANIFEST
        write_atomically(path, _manifest_json(manifest))
        return manifest.model_copy(update={"state": self._state(manifest)})


def _learned_canaries(manifest: Manifest, adapter_dir: Path) -> int:
    """How many canaries an adapter learned, by its manifest and by the summary beside it."""
    summaries = [manifest.training] if manifest.training else []
    with suppress(OSError, ValidationError):  # no summary, or one of another program
        summary = (adapter_dir.parent / "training.json").read_bytes()
        summaries.append(TrainingSummary.model_validate_json(summary))
    return max((summary.n_canaries for summary in summaries), default=0)


def _manifest_json(manifest: Manifest) -> str:
    return manifest.model_dump_json(indent=2, exclude={"state"}) + "\n"


def _with_override(manifest: Manifest, reason: str | None) -> Manifest:
    """The manifest of a version that did not pass the gate, with the operator's reason.

    Raises `MaverickError` without a reason, and `BadInput` for an empty one.
    """
    if reason is not None and not reason.strip():
        raise BadInput("an override needs a reason; say why this version is good enough")
    gate = manifest.gate
    why = "; ".join(gate.reasons) if gate else "it was never evaluated"
    if reason is None:
        raise MaverickError(
            f"{label(manifest)} is not released: {why}; "
            "train a better one, or release it with a reason that overrides the gate"
        )
    decided = gate or GateDecision(passed=False, reasons=(why,), decided_at=datetime.now(UTC))
    return manifest.model_copy(
        update={"gate": decided.model_copy(update={"override": reason.strip()})}
    )


def _with_parity_override(manifest: Manifest, reason: str | None) -> Manifest:
    """The manifest of a version that did not pass its parity, with the operator's reason.

    Raises `MaverickError` without a reason, and `BadInput` for an empty one.
    """
    parity = manifest.parity
    assert parity is not None
    if reason is None:
        raise MaverickError(
            f"{label(manifest)} is not released, because its export answers otherwise than what "
            f"was trained: {'; '.join(parity.reasons)}; export it again with "
            f"`maverick models release`, or release it with a reason"
        )
    if not reason.strip():
        raise BadInput("an override needs a reason; say why this version is good enough")
    return manifest.model_copy(
        update={"parity": parity.model_copy(update={"override": reason.strip()})}
    )


def _digests_by_path(root: Path, target: Path) -> dict[str, str]:
    """sha256 of `target`, or of every file below it, by path relative to `root`."""
    files = (path for path in target.rglob("*") if path.is_file())
    paths = [target] if target.is_file() else sorted(files)
    return {path.relative_to(root).as_posix(): sha256_of(path) for path in paths}
