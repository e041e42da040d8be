"""What a command needs around it: the PostgreSQL servers, the Dagster instance, a run."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from maverick_assets.crm.connection import (
    connect,
    create_tables,
    crm_url,
    dagster_url,
    open_database,
    present_columns,
)
from maverick_assets.crm.schema import TABLES, Table
from maverick_assets.crm.sources.config import load_sources
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.recipes import Recipe, load_recipes
from maverick_assets.settings import Settings, load_settings

if TYPE_CHECKING:
    from dagster import AssetKey, DagsterInstance, ExecuteInProcessResult

PROJECT = Path(__file__).parents[2]


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

    # Dagster itself would try for a quarter of a minute and fail with a page of stack trace.
    open_database(os.environ["MAVERICK_DAGSTER_URL"], "MAVERICK_DAGSTER_URL").close()
    with DagsterInstance.get() as instance:
        yield instance


def raw_tables(settings: Settings) -> list[Table]:
    """The tables that the raw tables of the lake are read from, those of other sources included."""
    sources = load_sources(settings.sources)
    return [*TABLES.values(), *(each.table for source in sources for each in source.tables)]


def execute_job(job: str, personalities: Sequence[str]) -> list[Failure]:
    """Run a job here and now, with a line an event on stderr; returns what failed.

    With `personalities` only their assets and what these are made from. Raises `BadInput` for an
    unknown personality, and before anything runs when the CRM cannot be read.
    """
    from maverick_assets.definitions import defs
    from maverick_assets.defs.runs.liveness import hold
    from maverick_assets.defs.runs.recovery import reap

    settings = load_settings()
    selection = asset_selection(job, personalities) if personalities else None
    with connect(settings) as connection:
        for table in TABLES.values():
            present_columns(connection, table)
    with dagster_instance() as instance:
        reap(instance, settings.alive)  # there may be no daemon whose sensor does
        run_id = str(uuid4())
        hold(settings.alive, run_id)
        result = defs.resolve_job_def(job).execute_in_process(
            instance=instance,
            run_id=run_id,
            asset_selection=selection,
            run_config={"loggers": {"progress": {}}},
            tags={"dagster/max_retries": "0"},  # the daemon cannot start what a terminal started
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


def _failures(result: "ExecuteInProcessResult") -> list[Failure]:
    from maverick_assets.defs.runs.progress import root_cause

    failed = [event for event in result.all_events if event.is_step_failure]
    return [Failure(event.step_key or "", *root_cause(event)) for event in failed]


def raise_failures(failures: Sequence[Failure]) -> None:
    """Raise the first failure as an error of the same exit code; nothing when there is none."""
    if not failures:
        return
    bad_input = next((f for f in failures if f.kind == BadInput.__name__), None)
    first = bad_input or failures[0]
    more = f" (and {len(failures) - 1} more steps failed)" if len(failures) > 1 else ""
    if first.kind == "DagsterExecutionInterruptedError":
        raise MaverickError("interrupted; the same command goes on where it stopped")
    step = first.step.split(".")[0].replace("__", "/")
    error = BadInput if bad_input else MaverickError
    raise error(f"{step}: {first.message}{more}")


def create_in_embedded(settings: Settings) -> None:
    """A CRM of the user's own is never altered; the embedded one starts with its tables."""
    if settings.crm_url is None:
        with connect(load_settings()) as connection:
            create_tables(connection)
