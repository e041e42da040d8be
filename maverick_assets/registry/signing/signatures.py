"""Signed manifests: a version is what this run home wrote last, or it is not loaded.

A manifest holds the sha256 of each file of its version, so a signature of the manifest covers all
of them, and no file is hashed twice. The format is that of OpenSSF Model Signing:
`model_signing verify key v1.0/manifest.json --signature v1.0/manifest.<digest>.sig --public_key
keys/versions.pub` verifies a manifest without Maverick.

Versions of releases that signed nothing are loaded as they are, until the first change of a
registry makes the key: then all versions that are there are signed. From then on a version without
a signature is refused, and so are all while the key is lost: another one would sign whatever lies
there.
"""

import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from maverick_assets.errors import MaverickError, first_line
from maverick_assets.files import sync, write_atomically
from maverick_assets.private.keys import require_owner_only
from maverick_assets.registry.signing.ledger import Ledger, read_ledger, write_ledger
from maverick_assets.registry.versions import Version

MANIFEST = "manifest.json"
MAX_MANIFEST = 16 << 20  # bytes; a million losses need as much

_SIGNATURES = "manifest.*.sig"
_TRIES = 20  # of a reader whose manifest is replaced while it reads


@dataclass(frozen=True)
class Signatures:
    """The key of a run home, its ledgers, and the signatures beside the manifests."""

    models: Path
    keys: Path

    @classmethod
    def of(cls, models: Path) -> "Signatures":
        """Of the registry in `models`, whose run home has keys/ beside it."""
        return cls(models, models.with_name("keys"))

    @property
    def _private_key(self) -> Path:
        return self.keys / "versions.pem"

    @property
    def _staged_key(self) -> Path:
        """The key while `prepare` signs what is there. A killed one leaves it."""
        return self.keys / ".versions.pem"

    @property
    def public_key(self) -> Path:
        """What verifies the signatures, as PEM."""
        return self.keys / "versions.pub"

    @property
    def exist(self) -> bool:
        """Whether this run home signs its versions; one of an earlier release does not yet."""
        return self._private_key.exists()

    def ledger(self, personality: str) -> Ledger:
        """What is remembered of a personality's versions. Raises what `read_ledger` raises."""
        return read_ledger(self.keys, personality)

    def remember(self, personality: str, ledger: Ledger) -> None:
        """Replace the ledger of a personality. The caller holds its lock."""
        write_ledger(self.keys, personality, ledger)

    def prepare(self) -> None:
        """Make the key at the first call, and sign the versions that are there already.

        The key gets its name last, so that a process that is killed before leaves a registry
        without signatures, and the next one begins anew. Raises `MaverickError` where the key is
        lost.
        """
        if self.exist:
            return
        self.keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(self.keys / ".versions.lock"):
            self._require_key_of_signed()
            if self.exist:
                return
            private, public = _new_key()
            write_atomically(self._staged_key, private)
            write_atomically(self.public_key, public)
            for directory in _version_directories(self.models):
                self._take_over(directory, self._staged_key)
            for folder_of_one in _subfolders(self.models):
                self._take_over_final(folder_of_one)
            self._staged_key.rename(self._private_key)
            sync(self.keys)

    def _require_key_of_signed(self) -> None:
        """Raise `MaverickError` where this run home has signed versions and lost its key."""
        if self._staged_key.exists() or self.exist:  # in this order: the one becomes the other
            return
        ledgers = self.keys.glob("versions/*.json")
        signatures = self.models.glob(f"*/*/{_SIGNATURES}")
        public = [self.public_key] if self.public_key.exists() else []
        for trace in (*public, *ledgers, *signatures):
            raise MaverickError(
                f"{trace} is there, and {self._private_key} is missing; restore keys/ of this run "
                "home from a backup"
            )

    def write(self, directory: Path, personality: str, version: str, manifest: bytes) -> None:
        """Sign a manifest and put it, with its signature, in place of the one in `directory`.

        At each moment a reader finds a manifest, its signature, and both in the ledger. The caller
        holds the personality's lock.
        """
        require_owner_only(self._private_key)
        digest = _sha256(manifest)
        ledger = self.ledger(personality)
        if self._is_there(directory, digest, ledger.manifests.get(version, {})):
            return  # another signature of the same manifest would take the place of this one
        signature = self._sign(directory, manifest, self._private_key)
        write_atomically(_signature_path(directory, digest), signature)
        ledger = ledger.with_manifest(version, digest, _sha256(signature))
        self.remember(personality, ledger)
        write_atomically(directory / MANIFEST, manifest)
        self.remember(personality, ledger.with_manifest_alone(version, digest))
        self.remove_old(directory, digest)

    def _is_there(self, directory: Path, digest: str, signatures: Mapping[str, str]) -> bool:
        """Whether a manifest is the only one that holds, and lies there with its signature."""
        try:
            signature = _read_plain(_signature_path(directory, digest), MAX_MANIFEST)
            is_current = _sha256(read_manifest(directory)) == digest
        except MaverickError:
            return False
        return is_current and dict(signatures) == {digest: _sha256(signature)}

    def remove_old(self, directory: Path, digest: str) -> None:
        """Remove the signatures of all manifests but the one with this sha256."""
        for path in directory.glob(_SIGNATURES):
            if path != _signature_path(directory, digest):
                path.unlink(missing_ok=True)

    def settle(self, directory: Path, personality: str, version: str) -> None:
        """Finish what a killed `write` left: the manifest that is there holds, and no other."""
        digest = _sha256(read_manifest(directory))
        ledger = self.ledger(personality)
        if len(ledger.manifests.get(version, {})) > 1 and digest in ledger.manifests[version]:
            self.remember(personality, ledger.with_manifest_alone(version, digest))
        if digest in ledger.manifests.get(version, {}):
            self.remove_old(directory, digest)

    def verified_manifest(self, directory: Path, personality: str, version: str) -> bytes:
        """The manifest of a version, as this run home wrote and signed it last.

        Raises `MaverickError` that names the file which is missing, changed, replaced by a link or
        not signed with the key of this run home.
        """
        if directory.is_symlink():
            raise MaverickError(f"{directory} is a link; restore the directory of the version")
        before = None
        for _ in range(_TRIES):
            manifest = read_manifest(directory)
            try:
                self._verify(directory, personality, version, manifest)
                return manifest
            except MaverickError:
                if manifest == before:  # nobody replaces it at this moment
                    raise
                before = manifest
        raise MaverickError(f"{directory / MANIFEST} changes all the time; try again")

    def _verify(self, directory: Path, personality: str, version: str, manifest: bytes) -> None:
        path = directory / MANIFEST
        if not self.exist:
            self._require_key_of_signed()
            return
        digest = _sha256(manifest)
        signatures = self.ledger(personality).manifests.get(version)
        if signatures is None:
            raise MaverickError(
                f"{path} was not written by this run home; versions of another one are not loaded"
            )
        if digest not in signatures:
            raise MaverickError(
                f"{path} is not the manifest that was written last; restore it, and keys/ with it, "
                "from one backup, or retrain"
            )
        signature = _signature_path(directory, digest)
        if _sha256(_read_plain(signature, MAX_MANIFEST)) != signatures[digest]:
            raise MaverickError(f"{signature} is not the signature of {path}; restore it")
        self._verify_signature(path, signature)

    def _verify_signature(self, path: Path, signature: Path) -> None:
        from model_signing import verifying  # 0.3 s

        try:
            config = verifying.Config().use_elliptic_key_verifier(public_key=self.public_key)
            config.verify(path, signature)
        except Exception as error:  # the library raises a dozen classes of several packages
            raise MaverickError(
                f"{signature} is no signature of {path} by {self.public_key}: {first_line(error)}"
            ) from error

    def sign_folder(self, folder: Path) -> bytes:
        """A signature of all files of a folder, for those who get them elsewhere."""
        from model_signing import signing  # 0.3 s

        require_owner_only(self._private_key)
        config = signing.Config().use_elliptic_key_signer(private_key=self._private_key)
        with tempfile.TemporaryDirectory() as other:
            config.sign(folder, Path(other) / "signature")
            return (Path(other) / "signature").read_bytes()

    def _sign(self, directory: Path, manifest: bytes, private_key: Path) -> bytes:
        from model_signing import signing  # 0.3 s

        with tempfile.TemporaryDirectory(dir=directory, prefix=".signing.") as folder:
            staged = Path(folder) / MANIFEST  # the signature names the file that it signs
            staged.write_bytes(manifest)
            signature = staged.with_suffix(".sig")
            try:
                config = signing.Config().use_elliptic_key_signer(private_key=private_key)
                config.sign(staged, signature)
                self._verify_signature(staged, signature)
            except (ValueError, MaverickError) as error:  # damaged, or of another pair
                raise MaverickError(
                    f"{private_key} signs nothing that {self.public_key} verifies; restore keys/ "
                    "of this run home from a backup"
                ) from error
            return signature.read_bytes()

    def _take_over(self, directory: Path, private_key: Path) -> None:
        """Sign a version of an earlier release as it is; its files are verified when it is read."""
        personality, version = directory.parent.name, directory.name
        try:
            manifest = read_manifest(directory)
        except MaverickError:  # it is refused from now on, as it was before
            return
        signature, digest = self._sign(directory, manifest, private_key), _sha256(manifest)
        write_atomically(_signature_path(directory, digest), signature)
        ledger = self.ledger(personality).with_manifest(version, digest, _sha256(signature))
        self.remember(personality, ledger.with_manifest_alone(version, digest))
        self.remove_old(directory, digest)

    def _take_over_final(self, folder: Path) -> None:
        link = folder / "final"
        if link.is_symlink():
            target = str(link.readlink())
            self.remember(folder.name, self.ledger(folder.name).with_in_service(target))


def read_manifest(directory: Path) -> bytes:
    """The manifest in a version's directory, unverified.

    Raises `MaverickError` where it is missing, no plain file or too large to be one.
    """
    return _read_plain(directory / MANIFEST, MAX_MANIFEST)


def _read_plain(path: Path, most: int) -> bytes:
    """The content of a file that is no link, no device and no larger than `most` bytes."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        what = "is a link" if path.is_symlink() else "is missing or cannot be read"
        raise MaverickError(f"{path} {what}; restore it, or delete {path.parent}") from error
    with os.fdopen(descriptor, "rb") as stream:
        status = os.fstat(stream.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise MaverickError(f"{path} is no file; restore it, or delete {path.parent}")
        if status.st_size > most:
            raise MaverickError(f"{path} has {status.st_size} bytes, more than {most}; restore it")
        return stream.read()


def _signature_path(directory: Path, digest: str) -> Path:
    """A name of its own for each manifest: two files cannot be replaced at once."""
    return directory / f"manifest.{digest[:12]}.sig"


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _subfolders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


def _version_directories(models: Path) -> Iterator[Path]:
    for folder in _subfolders(models):
        for path in _subfolders(folder):
            if Version.is_version(path.name) and not path.is_symlink():  # a link is refused
                yield path


def _new_key() -> tuple[bytes, bytes]:
    """A new P-256 key: its private and its public half, as PEM."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private, public
