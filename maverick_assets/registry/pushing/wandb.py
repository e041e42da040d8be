"""A version as an artifact of W&B, under its number as alias.

W&B makes no new version of an artifact whose content it has, so that a push may be repeated.
"""

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from maverick_assets.errors import BadInput, MaverickError, first_line
from maverick_assets.files import write_atomically
from maverick_assets.registry.pushing.contents import SIGNATURE, Contents
from maverick_assets.registry.pushing.hub import Pushed
from maverick_assets.settings import Settings

if TYPE_CHECKING:
    import wandb

_PROJECT = "maverick"
_SECONDS = 60  # without an answer


def push_to_wandb(settings: Settings, contents: Contents) -> Pushed:
    """Log a version as the artifact `<project>/<personality>:<version>`.

    The project is that of `WANDB_PROJECT`, or `maverick`. With WANDB_MODE=offline the artifact is
    put in the run home, for `wandb sync`. Raises `BadInput` without a key, and `MaverickError` when
    W&B does not take it.
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
    project = os.environ.get("WANDB_PROJECT", _PROJECT)
    try:
        return _log(settings, project, contents, offline=offline)
    except Exception as error:  # of a dozen packages
        words = first_line(error).replace(key, "WANDB_API_KEY") if key else first_line(error)
        raise MaverickError(f"{contents.title} was not pushed to W&B: {words}") from None


def _log(settings: Settings, project: str, contents: Contents, *, offline: bool) -> Pushed:
    import wandb

    folder = settings.home / "wandb"
    run = wandb.init(
        project=project,
        name=f"push {contents.personality} {contents.version}",
        job_type="push",
        dir=folder,
        settings=_quiet(),
    )
    artifact = wandb.Artifact(contents.personality, "model", metadata={"title": contents.title})
    # They stay there: an offline artifact is uploaded from where its files lie.
    staged = folder / "files" / contents.personality / contents.version
    for name, content in contents.files.items():
        if name != SIGNATURE:  # differs each time, and W&B would take the same version for another
            write_atomically(staged / name, content)
            artifact.add_file(str(staged / name), name, policy="immutable")
    try:
        logged = run.log_artifact(artifact, aliases=[contents.version])
        if offline:
            return Pushed(str(Path(run.dir).parent), contents.version, is_new=True)
        logged.wait(timeout=_SECONDS)
        shutil.rmtree(staged)
        return Pushed(logged.qualified_name, logged.version, is_new=True)
    finally:
        run.finish()


def _quiet() -> "wandb.Settings":
    """Nothing about the machine's files, user and packages."""
    import wandb

    return wandb.Settings(
        silent=True,
        console="off",
        disable_git=True,
        save_code=False,
        x_disable_meta=True,
        x_save_requirements=False,
        init_timeout=_SECONDS,
        finish_timeout=_SECONDS,
    )
