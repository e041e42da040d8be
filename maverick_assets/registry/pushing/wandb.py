"""A version as an artifact of W&B, under its number as alias, with its figures as metadata.

An alias moves to whatever was logged last, so what has it is asked first: the same weights are
there already, and others are another run home's.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maverick_assets.errors import BadInput, MaverickError, first_line
from maverick_assets.files import write_atomically
from maverick_assets.registry.pushing.contents import SIGNATURE, Contents
from maverick_assets.registry.pushing.hub import Pushed
from maverick_assets.settings import Settings

if TYPE_CHECKING:
    import wandb

_PROJECT = "maverick"
_SECONDS = 60  # without an answer
_NOT_METADATA = ("recipe",)  # of the manifest for others, which is among the files


def push_to_wandb(settings: Settings, contents: Contents) -> Pushed:
    """Log a version as the artifact `<project>/<personality>:<version>`.

    The project is that of `WANDB_PROJECT`, or `maverick`. With WANDB_MODE=offline the artifact is
    put in the run home, for `wandb sync`. Raises `BadInput` without a key, and where the project
    has this version with other weights; `MaverickError` when W&B does not take it.
    """
    offline = os.environ.get("WANDB_MODE") == "offline"
    key = os.environ.get("WANDB_API_KEY", "").strip()
    if not (offline or key):
        raise BadInput(
            "WANDB_API_KEY is not set; set it, or set WANDB_MODE=offline to write a folder for "
            "`wandb sync`"
        )
    folder = settings.home / "wandb"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ("DATA", "CACHE", "CONFIG"):  # nothing of a version outside of the run home
        os.environ[f"WANDB_{name}_DIR"] = str(folder)
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")  # of its own errors, to its maker
    os.environ["WANDB_SILENT"] = "true"
    project = os.environ.get("WANDB_PROJECT", _PROJECT)
    try:
        if offline:
            return _log_offline(folder, project, contents)
        return _there(project, contents) or _log(folder, project, contents)
    except MaverickError:
        raise
    except Exception as error:  # of a dozen packages
        words = first_line(error).replace(key, "WANDB_API_KEY") if key else first_line(error)
        raise MaverickError(f"{contents.title} was not pushed to W&B: {words}") from None


def _there(project: str, contents: Contents) -> Pushed | None:
    """The version as the project has it already; None where it has none of that number.

    Raises `BadInput` where that one has other weights.
    """
    import wandb

    api = wandb.Api(timeout=_SECONDS)
    entity = os.environ.get("WANDB_ENTITY") or api.default_entity
    name = f"{entity}/{project}/{contents.personality}:{contents.version}"
    if not api.artifact_exists(name, "model"):
        return None
    artifact = api.artifact(name, "model")
    if artifact.metadata.get("title") != contents.title:
        raise BadInput(
            f"{name} is there already, with other weights; push to another project of WANDB_PROJECT"
        )
    return Pushed(name, artifact.version, is_new=False)


def _log(folder: Path, project: str, contents: Contents) -> Pushed:
    run = _started_run(folder, project, contents)
    try:
        with _staged(folder, contents) as staged:
            artifact = _artifact(staged, contents)
            logged = run.log_artifact(artifact, aliases=[contents.version])
            logged.wait(timeout=_SECONDS)
            name = f"{run.entity}/{run.project}/{contents.personality}:{contents.version}"
            return Pushed(name, logged.version, is_new=True)
    finally:
        run.finish()


def _log_offline(folder: Path, project: str, contents: Contents) -> Pushed:
    run = _started_run(folder, project, contents)
    try:
        # They stay there: `wandb sync` uploads an artifact from where its files lie.
        staged = folder / "files" / contents.personality / contents.version
        _write(staged, contents)
        run.log_artifact(_artifact(staged, contents), aliases=[contents.version])
        return Pushed(str(Path(run.dir).parent), contents.version, is_new=True)
    finally:
        run.finish()


@contextmanager
def _staged(folder: Path, contents: Contents) -> Iterator[Path]:
    """A folder with the files, while they are uploaded.

    The artifact's manifest tells W&B the path of each file here. A link that was made for it says
    nothing of the machine, as the path of a run home does.
    """
    files = folder / "files" / contents.personality / contents.version
    try:
        _write(files, contents)
        with tempfile.TemporaryDirectory(prefix="push-", dir="/tmp") as parent:
            link = Path(parent) / "files"
            link.symlink_to(files.resolve(), target_is_directory=True)
            yield link
    finally:
        shutil.rmtree(files, ignore_errors=True)


def _write(folder: Path, contents: Contents) -> None:
    for name, content in contents.files.items():
        write_atomically(folder / name, content)


def _artifact(folder: Path, contents: Contents) -> "wandb.Artifact":
    import wandb

    artifact = wandb.Artifact(contents.personality, "model", metadata=_metadata(contents))
    for name in contents.files:
        if name != SIGNATURE:  # differs each time, and W&B would take the same version for another
            artifact.add_file(str(folder / name), name, policy="immutable")
    return artifact


def _metadata(contents: Contents) -> dict[str, Any]:
    """Title and figures: the manifest for others, which was looked through before, in part."""
    manifest = json.loads(contents.files["manifest.json"])
    facts = {name: value for name, value in manifest.items() if name not in _NOT_METADATA}
    return {"title": contents.title, **facts}


def _started_run(folder: Path, project: str, contents: Contents) -> "wandb.Run":
    import wandb

    return wandb.init(
        project=project,
        name=f"push {contents.personality} {contents.version}",
        job_type="push",
        dir=folder,
        settings=_quiet(),
    )


def _quiet() -> "wandb.Settings":
    """Nothing about the machine's files, user and packages."""
    import wandb

    return wandb.Settings(
        silent=True,
        console="off",
        disable_git=True,
        save_code=False,
        host="-",  # without one it is this machine's name
        program="maverick",  # without one it is the path of a script
        x_disable_meta=True,
        x_disable_stats=True,
        x_disable_machine_info=True,
        x_save_requirements=False,
        init_timeout=_SECONDS,
        finish_timeout=_SECONDS,
    )
