"""A version on the Hugging Face Hub: a commit and a tag in its personality's private repository.

Bytes of large files arrive first and show nowhere; the commit makes them and all others visible at
once; the tag comes last. A push that was cut off anywhere is completed by the next one: it finds
the commit by its title, which says the weights' sha256, and makes none a second time.

Large files go by git LFS, which every Hub takes. The client would prefer Xet, whose library tries a
store that does not answer for minutes, and reads a Hub that has none as a broken network; what Xet
spares is parts of files of gigabytes.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from maverick_assets.errors import BadInput, MaverickError, first_line
from maverick_assets.registry.pushing.contents import Contents

if TYPE_CHECKING:
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import ModelInfo

_TRIES = 3
_KEPT = (".gitattributes",)  # the Hub's own


@dataclass(frozen=True)
class Pushed:
    """Where a version is now."""

    place: str
    revision: str  # commit on the Hub, version of an artifact
    is_new: bool  # False: it was there already


class _Unfinished(MaverickError):
    """The hub failed or somebody else changed the repository; the same again may succeed."""


def push_to_hub(contents: Contents, repository: str | None) -> Pushed:
    """Commit and tag a version in a private repository; `repository` is `owner/name`.

    Without one it is the personality's name, of the account of HF_TOKEN. Raises `BadInput` where
    there is no token, where the repository is public, and where it has this version with other
    weights; `MaverickError` where the hub does not take it. Nothing shows before the commit.
    """
    from huggingface_hub import HfApi, constants
    from huggingface_hub.utils.tqdm import disable_progress_bars

    token = os.environ.get("HF_TOKEN", "").strip()
    if not token:
        raise BadInput("HF_TOKEN is not set; set it to a token of the Hub that may write")
    disable_progress_bars()
    api = HfApi(endpoint=constants.ENDPOINT, token=token)
    for attempt in range(_TRIES):
        try:
            with _hub_errors(repository or "the account of HF_TOKEN", token):
                name = repository or f"{api.whoami()['name']}/{contents.personality}"
            with _hub_errors(name, token), _without_xet():
                return _push(api, name, contents)
        except _Unfinished:
            if attempt == _TRIES - 1:
                raise
            time.sleep(1 + attempt)
    raise AssertionError("the last attempt returns or raises")


def _push(api: "HfApi", name: str, contents: Contents) -> Pushed:
    info = _private_repository(api, name)
    tags = {tag.name: tag.target_commit for tag in api.list_repo_refs(name).tags}
    titles = {each.commit_id: each.title for each in api.list_repo_commits(name)}
    place = f"{api.endpoint}/{name}"
    if contents.version in tags:
        commit = tags[contents.version]
        if titles.get(commit) != contents.title:
            raise BadInput(
                f"{place} has {contents.version} already, with other weights; push to another "
                "repository with --repo"
            )
        return Pushed(place, commit, is_new=False)
    # A push that was cut off before its tag left the commit.
    commit = next((each for each, title in titles.items() if title == contents.title), "")
    if not commit:
        commit = _commit(api, name, info, contents)
    api.create_tag(name, tag=contents.version, revision=commit)
    return Pushed(place, commit, is_new=True)


def _private_repository(api: "HfApi", name: str) -> "ModelInfo":
    """The private repository of that name, a new one at the first push.

    Raises `BadInput` for one that is public.
    """
    from huggingface_hub import errors

    try:
        info = api.model_info(name)
    except errors.RepositoryNotFoundError:
        api.create_repo(name, private=True, exist_ok=True)
        info = api.model_info(name)
    if info.private is not True:
        raise BadInput(
            f"{api.endpoint}/{name} is public, and a personality is one person's own records; make "
            "it private, or push to another repository with --repo"
        )
    return info


def _commit(api: "HfApi", name: str, info: "ModelInfo", contents: Contents) -> str:
    """One commit with the files of this version and no others; returns its id."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    adds = [CommitOperationAdd(path, content) for path, content in contents.files.items()]
    there = {file.rfilename for file in info.siblings or []}
    gone = sorted(there - contents.files.keys() - set(_KEPT))
    operations: list[CommitOperationAdd | CommitOperationDelete] = [*adds]
    operations += [CommitOperationDelete(path) for path in gone]
    # With its parent named, of two pushes at once one fails and finds the other's commit.
    committed = api.create_commit(
        name, operations, commit_message=contents.title, parent_commit=info.sha
    )
    return str(committed.oid)


@contextmanager
def _without_xet() -> Iterator[None]:
    """Inside, large files go by git LFS: what HF_HUB_DISABLE_XET says before the start."""
    from huggingface_hub import constants

    before = constants.HF_HUB_DISABLE_XET
    constants.HF_HUB_DISABLE_XET = True
    try:
        yield
    finally:
        constants.HF_HUB_DISABLE_XET = before


@contextmanager
def _hub_errors(name: str, token: str) -> Iterator[None]:
    """Inside, what the hub or the way to it says becomes one line, without the token."""
    import httpx2
    from huggingface_hub import constants, errors

    try:
        yield
    except MaverickError:
        raise
    except errors.OfflineModeIsEnabled as error:
        raise BadInput("the hub cannot be reached: HF_HUB_OFFLINE is set; unset it") from error
    except (errors.HfHubHTTPError, httpx2.TransportError, RuntimeError, ValueError) as error:
        cause = _cause(error)
        answer = cause if isinstance(cause, errors.HfHubHTTPError) else None
        status = answer.response.status_code if answer is not None else None
        said = answer.server_message if answer is not None else None
        words = (said or first_line(cause)).replace(token, "HF_TOKEN")
        if status == 401:
            raise BadInput(
                f"{constants.ENDPOINT} does not accept HF_TOKEN; make another one that may write"
            ) from None
        if status in (402, 403, 413):  # no right to write, or no room
            raise BadInput(f"the hub refuses to write to {name}: {words}") from None
        problem = f"{name} was not pushed to {constants.ENDPOINT}: {words}; push it again"
        again = status is None or status >= 500 or status in (409, 412, 429)
        raise (_Unfinished if again else MaverickError)(problem) from None


def _cause(error: BaseException) -> BaseException:
    """The hub's answer, or the broken connection, beneath the library's own errors."""
    from huggingface_hub.errors import HfHubHTTPError

    wrapped = isinstance(error, (RuntimeError, ValueError)) and error.__cause__ is not None
    if isinstance(error, HfHubHTTPError) or not wrapped:
        return error
    assert error.__cause__ is not None
    return _cause(error.__cause__)
