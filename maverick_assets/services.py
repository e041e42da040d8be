"""What a command needs around it: the PostgreSQL servers, the Dagster instance, a run."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from maverick_assets.crm.database import crm_url, dagster_url
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.recipes import Recipe, load_recipes
from maverick_assets.settings import Settings

if TYPE_CHECKING:
    from dagster import AssetKey, DagsterInstance, ExecuteInProcessResult

PROJECT = Path(__file__).parent.parent
STOP_SECONDS = 30


@dataclass(frozen=True)
class Failure:
    """A failed step: its error's class and first line."""

    step: str
    kind: str
    message: str


@contextmanager
def services(settings: Settings) -> Iterator[None]:
    """Both databases up, and the environment that Dagster and its child processes read."""
    settings.home.mkdir(parents=True, exist_ok=True)
    os.environ |= {
        "MAVERICK_HOME": str(settings.home),
        "MAVERICK_CRM_URL": crm_url(settings),
        "MAVERICK_DAGSTER_URL": dagster_url(settings),
        "MAVERICK_ARTIFACTS": str(settings.home / "logs"),
        "DAGSTER_HOME": os.environ.get("DAGSTER_HOME", str(PROJECT / "dagster_home")),
    }
    yield


@contextmanager
def dagster_instance() -> Iterator["DagsterInstance"]:
    """The instance of `DAGSTER_HOME`; `BadInput` when its storage cannot be reached."""
    from dagster import DagsterInstance
    from sqlalchemy.exc import SQLAlchemyError

    try:
        instance = DagsterInstance.get()
    except SQLAlchemyError as error:
        reason = str(error).splitlines()[0]
        raise BadInput(f"no Dagster storage: {reason}; check MAVERICK_DAGSTER_URL") from error
    with instance:
        yield instance


def execute_job(job: str, personalities: Sequence[str]) -> list[Failure]:
    """Run a job here and now, with a line an event on stderr; returns what failed.

    With `personalities` only their assets and what these are made from. Raises `BadInput` for an
    unknown personality.
    """
    from maverick_assets.definitions import defs

    selection = asset_selection(job, personalities) if personalities else None
    with dagster_instance() as instance:
        result = defs.resolve_job_def(job).execute_in_process(
            instance=instance,
            asset_selection=selection,
            run_config={"loggers": {"progress": {}}},
            raise_on_error=False,
        )
    return _failures(result)


def asset_selection(job: str, personalities: Sequence[str]) -> list["AssetKey"]:
    """Keys of a job's assets without those of the other personalities."""
    from maverick_assets.definitions import defs

    recipes = load_recipes()
    others = {recipe.asset_prefix for recipe in recipes.values()}
    for name in personalities:
        others.discard(known_recipe(recipes, name).asset_prefix)
    keys = defs.resolve_job_def(job).asset_layer.selected_asset_keys
    return sorted(key for key in keys if key.path[0] not in others)


def known_recipe(recipes: dict[str, Recipe], name: str) -> Recipe:
    """The recipe of that name, or `BadInput` that lists those there are."""
    if name not in recipes:
        raise BadInput(f"no personality {name!r}; there are: {', '.join(recipes)}")
    return recipes[name]


def run_ui(host: str, port: int) -> int:
    """Webserver, daemon and code server until the user stops them; all end with this process."""
    command = [sys.executable, "-m", "dagster", "dev", "-w", str(PROJECT / "workspace.yaml")]
    process = subprocess.Popen(
        [*command, "-h", host, "-p", str(port)], cwd=PROJECT, start_new_session=True
    )

    def stop(_signal: int, _frame: FrameType | None) -> None:
        process.send_signal(signal.SIGINT)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    process.wait()
    return 0


def _failures(result: "ExecuteInProcessResult") -> list[Failure]:
    failures = []
    for event in result.all_events:
        if not event.is_step_failure:
            continue
        error = event.step_failure_data.error
        while error and error.cause:
            error = error.cause
        message = error.message.strip() if error else "failed"
        kind, _, text = message.partition(": ")
        name = kind.rsplit(".", 1)[-1]
        failures.append(Failure(event.step_key or "", name, (text or message).splitlines()[0]))
    return failures


def raise_failures(failures: Sequence[Failure]) -> None:
    """Raise the first failure as an error of the same exit code; nothing when there is none."""
    if not failures:
        return
    bad_input = next((f for f in failures if f.kind == BadInput.__name__), None)
    first = bad_input or failures[0]
    more = f" (and {len(failures) - 1} more steps failed)" if len(failures) > 1 else ""
    step = first.step.split(".")[0].replace("__", "/")
    error = BadInput if bad_input else MaverickError
    raise error(f"{step}: {first.message}{more}")
