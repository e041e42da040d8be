"""A run of Dagster as the stages of `pipeline/` see it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from dagster import AssetExecutionContext, DagsterError, OpExecutionContext
from dagster._core.errors import DagsterPipesExecutionError

from maverick_assets.defs.runs.tags import OVERRIDES_TAG
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.printable import one_line
from maverick_assets.private.errors import words_withheld
from maverick_assets.processes import Log
from maverick_assets.recipes import Recipe, TrainingOverrides
from maverick_assets.settings import load_settings


@contextmanager
def run_context(context: AssetExecutionContext | OpExecutionContext) -> Iterator[RunContext]:
    """The context of a Dagster run, with the settings as they are now.

    Errors inside quote no row (`words_withheld`): Dagster shows and keeps them.
    """
    run = RunContext(load_settings(), context.run_id, _PrintableLog(context.log))
    with words_withheld(run.folder, DagsterError, DagsterPipesExecutionError):
        yield run


def recipe_of_run(context: AssetExecutionContext | OpExecutionContext, recipe: Recipe) -> Recipe:
    """The recipe with the overrides of this run, which its tags hold."""
    tag = context.run.tags.get(OVERRIDES_TAG)
    if tag is None:
        return recipe
    overrides = TrainingOverrides.model_validate_json(tag)
    return recipe.model_copy(update={"training": overrides.applied(recipe.training)})


@dataclass(frozen=True)
class _PrintableLog:
    """A run's log without what a terminal or a page would obey in names and subjects."""

    log: Log

    def info(self, msg: str) -> None:
        self.log.info(one_line(msg))

    def warning(self, msg: str) -> None:
        self.log.warning(one_line(msg))

    def error(self, msg: str) -> None:
        self.log.error(one_line(msg))
