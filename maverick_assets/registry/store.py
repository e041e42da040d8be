"""Changes to the versions of every personality; each change is complete or absent.

Moving the symlink `final` is one rename, so a crash leaves the old version in service or the new
one. The next change completes the rest of the bookkeeping. A change begins with a verified manifest
and signs what it writes, so that nothing of what somebody else wrote is ever signed.
"""

import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.files import (
    link_atomically,
    sha256_of,
    staged_directory,
    sync,
    write_atomically,
)
from maverick_assets.records import GateDecision, Metrics, ParityDecision
from maverick_assets.registry.canaries import learned_canaries
from maverick_assets.registry.catalog import (
    ADAPTER,
    FINAL,
    GGUF,
    MERGED,
    MODELFILE,
    WEIGHTS,
    Catalog,
    label,
)
from maverick_assets.registry.manifest import Manifest, NodeOverride, Pruning, Revocation
from maverick_assets.registry.overrides import (
    with_gate_override,
    with_node_override,
    with_parity_override,
)
from maverick_assets.registry.retention import without_weights
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
        if n_canaries := learned_canaries(manifest, adapter_dir):
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
                self._write(stage, added)
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
        with self._changing(personality, version) as manifest:
            if name in WEIGHTS:
                manifest = self.usable(personality, version)
            directory = self._directory(personality, manifest.version)
            self._remember_attaching(manifest, name)
            others = {n: d for n, d in manifest.files.items() if n.split("/")[0] != name}
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
            attached = self._save(manifest.model_copy(update={"files": files}))
            self._remember_attaching(manifest)
            return attached

    def note_modelfile(self, personality: str, version: str | Version, problem: str | None) -> None:
        """Record why a version has no Modelfile, and remove that of an earlier export.

        `problem` is None where it has one, or is to have one.
        """
        with self._changing(personality, version) as manifest:
            files = dict(manifest.files)
            if problem is not None:
                self._remember_attaching(manifest, MODELFILE)
                files.pop(MODELFILE, None)
            noted = manifest.model_copy(update={"no_modelfile": problem, "files": files})
            if noted != manifest:
                self._save(noted)
            if problem is not None:  # after the manifest, which lists no file that is gone
                directory = self._directory(personality, manifest.version)
                (directory / MODELFILE).unlink(missing_ok=True)
                self._remember_attaching(manifest)

    def record_evaluation(
        self, personality: str, version: Version | str, metrics: Metrics, gate: GateDecision
    ) -> Manifest:
        """Store what the evaluation measured and what the gate decided.

        An operator's override of an earlier decision on the version is kept.
        """
        with self._changing(personality, version) as manifest:
            gate = gate.keeping_override(manifest.gate)
            return self._save(manifest.model_copy(update={"metrics": metrics, "gate": gate}))

    def record_parity(
        self, personality: str, version: Version | str, parity: ParityDecision
    ) -> Manifest:
        """Store whether the export of a version answers as what was trained."""
        with self._changing(personality, version) as manifest:
            return self._save(manifest.model_copy(update={"parity": parity}))

    def override_node(self, personality: str, version: str, override: NodeOverride) -> Manifest:
        """Store why an operator takes a version on a node in spite of its answers there."""
        with self._changing(personality, version) as manifest:
            return self._save(with_node_override(manifest, override))

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
                manifest = self._save(with_gate_override(manifest, override_reason))
            if manifest.parity is not None and not manifest.parity.passed:
                manifest = self._save(with_parity_override(manifest, override_reason))
            self._point_final(manifest)
            return self._save(manifest.model_copy(update={"released_at": datetime.now(UTC)}))

    def rollback(self, personality: str, to: Version | str | None = None) -> Manifest:
        """Put an archived version back in service: `to`, or the release before this one.

        Releases are in the order of their numbers. Called again without `to` it goes one further
        back. Merged models, which may be gigabytes, are verified when they are read.
        """
        with self._locked(self._require(personality)):
            number = self._number(personality, FINAL if to is None else to)
            if to is None:
                earlier = self._released_before(personality)
                if earlier is None:
                    raise BadInput(
                        f"{personality} {number} is the first release; there is no earlier one"
                    )
                number = earlier.version
            manifest = self.usable(personality, number)
            if manifest.state == "candidate":
                raise BadInput(f"{label(manifest)} was never released; release it instead")
            if manifest.state == "archived":
                self._verify_served(manifest)
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

    def prune(self, personality: str, keep: int) -> Sequence[Manifest]:
        """Delete the weights of the versions that `without_weights` names; returns these.

        Each is marked before its weights go, and the next change completes a call that was killed.
        A version that does not verify is left alone.
        """
        with self._locked(self._require(personality)):
            pruning = Pruning(at=datetime.now(UTC), kept=keep)
            pruned = []
            for each in without_weights(self.list(personality), keep):
                with suppress(MaverickError):
                    manifest = self._signed(personality, each.version)
                    marked = manifest.model_copy(update={"pruned": pruning})
                    pruned.append(self._drop_weights(marked))
            return pruned

    def _drop_weights(self, manifest: Manifest) -> Manifest:
        """Store a manifest without weights, then delete them."""
        self._remember_attaching(manifest, *WEIGHTS)
        # First, so that a crash leaves no manifest that names files which are gone.
        kept = {n: d for n, d in manifest.files.items() if n.split("/")[0] not in WEIGHTS}
        manifest = self._save(manifest.model_copy(update={"files": kept}))
        directory = self._directory(manifest.personality, manifest.version)
        for name in WEIGHTS:
            _remove(directory / name)
        sync(directory)
        self._remember_attaching(manifest)
        return manifest

    def _complete_revocations(self, personality: str) -> None:
        """Move `final` off a revoked version, and delete the weights of all revoked versions."""
        self._move_final_off_revoked(personality)
        for version in self._numbers(personality):
            with suppress(MaverickError):  # a corrupt manifest: `get` says so to whoever asks
                self._delete_revoked_weights(self._signed(personality, version))

    def _delete_revoked_weights(self, manifest: Manifest) -> None:
        revoked = manifest.revoked
        if revoked is None or revoked.weights_deleted:
            return
        manifest = self._drop_weights(manifest)
        deleted = revoked.model_copy(update={"weights_deleted": True})
        self._save(manifest.model_copy(update={"revoked": deleted}))

    def _move_final_off_revoked(self, personality: str) -> None:
        """Point `final` from a revoked version to the newest archived one, or remove the link."""
        link = self._root / personality / FINAL
        if not link.exists():
            return
        try:
            current = self._signed(personality, self._final(personality))
        except MaverickError:  # who asks for it is told; a release or a rollback replaces it
            return
        if current.revoked is None:
            return
        earlier = self._released_before(personality)
        if earlier:
            self._point_final(earlier)
        else:
            link.unlink()

    def _released_before(self, personality: str) -> Manifest | None:
        """The highest version below the one in service that was in service once, if any.

        By its number: a clock that was set back must not hide a version, and one with a higher
        number is one that an operator rolled back from. Manifests that cannot be read are skipped.
        """
        current = self._number(personality, FINAL)
        for number in reversed([n for n in self._numbers(personality) if n < current]):
            with suppress(MaverickError):  # corrupt, which must not hinder a rollback
                manifest = self.get(personality, number)
                if manifest.state == "archived" and not manifest.pruned:
                    return manifest
        return None

    def _point_final(self, manifest: Manifest) -> None:
        """Replace the link by a rename: a reader sees the old version or the new one."""
        folder, version = self._root / manifest.personality, str(manifest.version)
        ledger = self.signatures.ledger(manifest.personality)
        both = ledger.with_in_service(*ledger.in_service, version)
        self.signatures.remember(manifest.personality, both)
        staged = folder / f".{FINAL}"
        staged.symlink_to(version)
        staged.replace(folder / FINAL)
        sync(folder)
        self.signatures.remember(manifest.personality, both.with_in_service(version))

    @contextmanager
    def _changing(self, personality: str, version: Version | str) -> Iterator[Manifest]:
        with self._locked(self._require(personality)):
            yield self.verified(personality, version)

    @contextmanager
    def _locked(self, personality: str) -> Iterator[None]:
        """Hold the personality's lock; what a killed process left behind is finished first."""
        folder = self._root / personality
        self.signatures.prepare()
        try:
            with FileLock(folder / _LOCK, timeout=_LOCK_SECONDS):
                self._finish_interrupted(personality)
                yield
        except Timeout as error:
            raise MaverickError(
                f"another process has been changing {folder} for {_LOCK_SECONDS} s; try again"
            ) from error

    def _finish_interrupted(self, personality: str) -> None:
        """Remove staged files, which nobody owns while the lock is held; finish what was killed.

        A link in place of a version is refused when it is read. Here it is not followed: the hidden
        files of the folder that it leads to, such as somebody's `.ssh`, are no stages.
        """
        folder = self._root / personality
        versions = [n for n in self._numbers(personality) if not (folder / str(n)).is_symlink()]
        for parent in [folder, *(folder / str(version) for version in versions)]:
            for leftover in parent.glob(".*"):
                if leftover.is_dir() and not leftover.is_symlink():
                    shutil.rmtree(leftover)
                elif leftover.name != _LOCK:
                    leftover.unlink()
        for version in versions:
            with suppress(MaverickError):  # who asks for the version is told
                self._finish_version(personality, version)
        self._finish_final(personality)
        if versions:
            self._complete_revocations(personality)

    def _finish_version(self, personality: str, version: Version) -> None:
        """Settle on the manifest that is there; remove what was being attached and is not listed.

        A name of which anything is listed is whole: the listing is written last.
        """
        directory = self._directory(personality, version)
        self.signatures.settle(directory, personality, str(version))
        attaching = self.signatures.ledger(personality).attaching.get(str(version), ())
        if not attaching:
            return
        manifest = self.verified(personality, version)
        listed = {name.split("/")[0] for name in manifest.files}
        for name in set(attaching) - listed:
            _remove(directory / name)
        self._remember_attaching(manifest)

    def _finish_final(self, personality: str) -> None:
        """Finish a release that was killed after `final` moved, unless somebody else moved it."""
        link = self._root / personality / FINAL
        if not (link.is_symlink() and link.exists()):
            return
        with suppress(MaverickError):
            manifest = self.verified(personality, FINAL)
            if manifest.released_at is None:
                moved = datetime.fromtimestamp(link.lstat().st_mtime, UTC)
                self._save(manifest.model_copy(update={"released_at": moved}))
            ledger = self.signatures.ledger(personality)
            if len(ledger.in_service) > 1:
                alone = ledger.with_in_service(str(manifest.version))
                self.signatures.remember(personality, alone)

    def _remember_attaching(self, manifest: Manifest, *names: str) -> None:
        """While these are attached, files of these names may lie there unlisted."""
        ledger = self.signatures.ledger(manifest.personality)
        changed = ledger.with_attaching(str(manifest.version), names)
        if changed != ledger:
            self.signatures.remember(manifest.personality, changed)

    def _verify_served(self, manifest: Manifest) -> None:
        for name in (ADAPTER, GGUF, MODELFILE):
            if any(listed.split("/")[0] == name for listed in manifest.files):
                self._file(manifest, name)

    def _save(self, manifest: Manifest) -> Manifest:
        """Replace the stored manifest; returns it with its state as of now."""
        self._write(self._directory(manifest.personality, manifest.version), manifest)
        return manifest.model_copy(update={"state": self._state(manifest)})

    def _write(self, directory: Path, manifest: Manifest) -> None:
        content = manifest.model_dump_json(indent=2, exclude={"state"}) + "\n"
        version = str(manifest.version)
        self.signatures.write(directory, manifest.personality, version, content.encode())


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _digests_by_path(root: Path, target: Path) -> dict[str, str]:
    """sha256 of `target`, or of every file below it, by path relative to `root`."""
    files = (path for path in target.rglob("*") if path.is_file())
    paths = [target] if target.is_file() else sorted(files)
    return {path.relative_to(root).as_posix(): sha256_of(path) for path in paths}
