"""Models of the Hugging Face hub: pinned to a commit, pulled whole or not at all, and resumed.

huggingface_hub's own download starts a file again from its first byte, and a shard of a large model
has gigabytes. So its API says what there is, and the bytes are fetched here: in ranges, appended to
what an earlier pull has left, and compared with the hub's digest.
"""

import fcntl
import hashlib
import importlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maverick_assets.base_model.identity import is_part
from maverick_assets.errors import BadInput, MaverickError, first_line
from maverick_assets.files import sha256_of, sync, write_atomically

if TYPE_CHECKING:
    import httpx2

PULLED_FILE = (
    "pulled.json"  # in a pulled directory: which commit it is, and the digest of each file
)
_PINS_FILE = "pins.json"  # by model: the commit that a name without one stands for
_NAME = re.compile(r"([\w.-]+/[\w.-]+?)(?:@([\w./-]+))?")  # org/name, org/name@revision
_COMMIT = re.compile(r"[0-9a-f]{40}")
_LICENCES = ("LICENSE", "LICENCE", "NOTICE", "USE_POLICY")  # a licence goes where its weights go
_CHUNK = 1 << 20  # bytes
_SECONDS = 30.0  # without an answer
_TRIES = 5  # of a connection that breaks without having brought a byte

# Is called with the bytes of the model that are on this disk, and with all of them.
OnProgress = Callable[[int, int], None]


@dataclass(frozen=True)
class HubName:
    """`org/name` or `org/name@revision`, where the revision is a branch, a tag or a commit."""

    model: str
    revision: str | None = None

    @classmethod
    def parse(cls, text: str) -> "HubName | None":
        """None where the text cannot be one."""
        match = None if text.startswith(".") else _NAME.fullmatch(text)
        return cls(*match.groups()) if match else None

    def __str__(self) -> str:
        return f"{self.model}@{self.revision}" if self.revision else self.model


@dataclass(frozen=True)
class HubFile:
    """A file of a commit. Large ones have a SHA-256, the others git's own digest of a blob."""

    name: str
    size: int  # bytes
    digest: str

    def is_in(self, path: Path) -> bool:
        """Whether the file at `path` has this content. Reads all of it."""
        if not path.is_file() or path.stat().st_size != self.size:
            return False
        if len(self.digest) == 64:
            return sha256_of(path) == self.digest
        blob = b"blob %d\0" % self.size + path.read_bytes()
        return hashlib.sha1(blob, usedforsecurity=False).hexdigest() == self.digest


@dataclass(frozen=True)
class PulledModel:
    """A commit of a model on this disk."""

    model: str
    commit: str
    directory: Path
    files: tuple[HubFile, ...]

    def changed_files(self) -> list[str]:
        """Names of the files that are not as the hub has them. Reads all of them."""
        return [file.name for file in self.files if not file.is_in(self.directory / file.name)]


def find_pulled(folder: Path, name: HubName) -> PulledModel | None:
    """The commit that `name` stands for here, if it was pulled to `folder`. Asks nobody."""
    home = _home(folder, name)
    commit = _pins(home).get(name.revision or "", name.revision or "")
    if not _COMMIT.fullmatch(commit):  # another revision could be a path that leads elsewhere
        return None
    try:
        content: dict[str, Any] = json.loads((home / commit / PULLED_FILE).read_text("utf-8"))
        files = tuple(HubFile(**entry) for entry in content["files"])
        return PulledModel(content["model"], content["commit"], home / commit, files)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def pull(folder: Path, name: HubName, on_progress: OnProgress, renew: bool = False) -> PulledModel:
    """The model `name` in a directory of its own below `folder`, fetched where it is not there.

    A name without a commit is resolved once, and stands for that commit from then on. With `renew`
    the hub is asked again, and another commit is pulled beside the first. Raises `BadInput` where
    the hub does not have or give the model, or cannot be reached; `MaverickError` for a full disk
    and for a pulled file that somebody has changed.
    """
    home = _home(folder, name)
    home.mkdir(parents=True, exist_ok=True)
    with (home / ".lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a second pull waits, and finds the model there
        pulled = find_pulled(folder, name)
        if pulled is not None:
            _refuse_changed(pulled)
            if not renew:
                return pulled
        with _hub_errors(name):
            listing = _listing(name, home)
            if not listing.directory.is_dir():
                _fetch(listing, name, on_progress)
        pins = _pins(home)
        if name.revision != listing.commit and (name.revision or "") not in pins:
            pins[name.revision or ""] = listing.commit
            write_atomically(home / _PINS_FILE, json.dumps(pins, indent=1))
    return listing


def _home(folder: Path, name: HubName) -> Path:
    return folder / "hub" / name.model.replace("/", "--")


def _pins(home: Path) -> dict[str, str]:
    try:
        pins: dict[str, str] = json.loads((home / _PINS_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:  # without its commits, the next pull could silently take others
        raise MaverickError(
            f"{home / _PINS_FILE} is damaged ({first_line(error)}); name the commit, or delete the "
            "file to take what the hub has now"
        ) from error
    return pins


def _refuse_changed(pulled: PulledModel) -> None:
    changed = pulled.changed_files()
    if changed:
        raise MaverickError(
            f"{pulled.directory} is not {pulled.model} any more: {', '.join(changed)} changed; "
            "delete the directory to pull it again, or copy it elsewhere and name the copy"
        )


def _listing(name: HubName, home: Path) -> PulledModel:
    """What the hub says of the commit that `name` stands for there."""
    from huggingface_hub import HfApi

    info = HfApi().model_info(
        name.model, revision=name.revision, files_metadata=True, timeout=_SECONDS
    )
    if info.sha is None or not _COMMIT.fullmatch(info.sha):
        raise MaverickError(f"the hub names no commit of {name}; try again later")
    files = tuple(
        HubFile(file.rfilename, file.size or 0, file.lfs.sha256 if file.lfs else file.blob_id or "")
        for file in info.siblings or []
        if is_part(file.rfilename) or file.rfilename.upper().startswith(_LICENCES)
        if "/" not in file.rfilename
    )
    names = {file.name for file in files}
    if "config.json" not in names or not any(each.endswith(".safetensors") for each in names):
        raise BadInput(
            f"{name} has no config.json with model*.safetensors on the hub: it is an adapter, a "
            "GGUF or an old format; take the model that it was made of"
        )
    return PulledModel(name.model, info.sha, home / info.sha, files)


def _fetch(listing: PulledModel, name: HubName, on_progress: OnProgress) -> None:
    """Fetch all files of a commit into its directory, which appears when all are there."""
    stage = listing.directory.with_name(f".{listing.commit}.partial")
    stage.mkdir(exist_ok=True)
    total = sum(file.size for file in listing.files)
    there = sum(min(_size(stage, file), file.size) for file in listing.files)
    free = shutil.disk_usage(stage).free
    if total - there > free:
        raise MaverickError(
            f"{name} needs {_gb(total - there)} more, and {stage.parent} has {_gb(free)} free; "
            "free the disk, or set MAVERICK_HOME to a larger one"
        )
    on_progress(there, total)
    for file in listing.files:
        for size in _fetch_file(listing, file, stage):
            there += size
            on_progress(there, total)
    record = {**asdict(listing), "directory": None}
    (stage / PULLED_FILE).write_text(json.dumps(record, indent=1), encoding="utf-8")
    for path in stage.iterdir():
        sync(path)
    stage.rename(listing.directory)
    sync(listing.directory.parent)


def _fetch_file(listing: PulledModel, file: HubFile, stage: Path) -> Iterator[int]:
    """Fetch what is missing of a file; yields the bytes that arrive, less those thrown away."""
    import httpx2

    path, partial = stage / file.name, _partial(stage, file)
    if path.is_file():  # verified when it was complete
        return
    tries = 0
    while (start := _size(stage, file)) < file.size or not partial.exists():
        failure = None
        try:
            yield from _append(listing, file, partial)
        except httpx2.TransportError as error:
            failure = error
        tries = 0 if _size(stage, file) > start else tries + 1
        if tries == _TRIES:
            raise failure or MaverickError(f"the hub sends no more of {file.name}; pull it again")
        time.sleep(tries)
    if not file.is_in(partial):
        partial.unlink()
        raise MaverickError(f"{file.name} of {listing.model} arrived damaged; pull it again")
    partial.rename(path)


def _append(listing: PulledModel, file: HubFile, partial: Path) -> Iterator[int]:
    from huggingface_hub import hf_hub_url

    http: Any = importlib.import_module("huggingface_hub.utils")
    start = partial.stat().st_size if partial.exists() else 0
    url = hf_hub_url(listing.model, file.name, revision=listing.commit)
    headers = http.build_hf_headers() | {"Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    with http.get_session().stream("GET", url, headers=headers, timeout=_SECONDS) as response:
        if response.is_error:
            response.read()
        http.hf_raise_for_status(response)
        resumed = response.status_code == 206  # a server may send the whole again
        if start and not resumed:
            yield -start
        with partial.open("ab" if resumed else "wb") as stream:
            for chunk in response.iter_bytes(_CHUNK):
                stream.write(chunk)
                stream.flush()
                yield len(chunk)
            os.fsync(stream.fileno())


def _partial(stage: Path, file: HubFile) -> Path:
    return stage / f"{file.name}.part"


def _size(stage: Path, file: HubFile) -> int:
    """Bytes of a file that are there already."""
    paths = (stage / file.name, _partial(stage, file))
    return max((path.stat().st_size for path in paths if path.exists()), default=0)


@contextmanager
def _hub_errors(name: HubName) -> Iterator[None]:
    """Inside, what the hub or the way to it says becomes one line with a remedy."""
    import httpx2
    from huggingface_hub import constants, errors

    url = f"{constants.ENDPOINT}/{name.model}"
    try:
        yield
    except errors.GatedRepoError as error:
        has_token = bool(os.environ.get("HF_TOKEN"))
        remedy = (
            "the account of HF_TOKEN has no access yet"
            if has_token
            else "then set HF_TOKEN to a token of that account"
        )
        raise BadInput(f"{name} is gated: accept its licence at {url}; {remedy}") from error
    except errors.RevisionNotFoundError as error:
        raise BadInput(f"{name.model} has no revision {name.revision} on the hub") from error
    except errors.RepositoryNotFoundError as error:
        raise BadInput(
            f"the hub has no model {name.model}, or a private one; correct the name, or set "
            "HF_TOKEN to a token that may read it"
        ) from error
    except errors.OfflineModeIsEnabled as error:
        raise BadInput(
            f"the hub cannot be asked for {name}: HF_HUB_OFFLINE is set; unset it"
        ) from error
    except httpx2.TransportError as error:
        raise BadInput(_unreachable(name, constants.ENDPOINT, error)) from error
    except (errors.HfHubHTTPError, errors.HFValidationError) as error:
        raise MaverickError(f"{url} cannot be pulled: {first_line(error)}") from error


def _unreachable(name: HubName, endpoint: str, error: "httpx2.TransportError") -> str:
    return (
        f"{endpoint} cannot be reached for {name} ({first_line(error)}); pull it where there is a "
        "network, copy the directory here, and name that directory"
    )


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
