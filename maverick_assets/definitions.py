"""The one place where Dagster's definitions are assembled, and where policy is mapped over them."""

import logging
import warnings
from collections.abc import Iterable, Sequence

from dagster import (
    AssetsDefinition,
    AssetSpec,
    BetaWarning,
    Definitions,
    PreviewWarning,
    map_asset_specs,
)

from maverick_assets.crm.schema import TEXT_TABLES
from maverick_assets.crm.sources.source import Source
from maverick_assets.crm.sources.sources_file import all_sources
from maverick_assets.defs.assets.base_model import base_model
from maverick_assets.defs.assets.clean import clean_asset
from maverick_assets.defs.assets.datasets import dataset_asset
from maverick_assets.defs.assets.deployment import deployment_asset, nodes_asset
from maverick_assets.defs.assets.evaluation import evaluation_asset
from maverick_assets.defs.assets.memorisation import memorisation_asset
from maverick_assets.defs.assets.production import production_metrics
from maverick_assets.defs.assets.raw import crm_specs, raw_assets
from maverick_assets.defs.assets.release import release_asset
from maverick_assets.defs.assets.reports import report_assets
from maverick_assets.defs.assets.training import adapter_assets, gpu_pool
from maverick_assets.defs.runs.automation import jobs, schedules, sensors
from maverick_assets.defs.runs.liveness import locking_in_process_executor
from maverick_assets.defs.runs.progress import progress_logger
from maverick_assets.files import keep_files_private
from maverick_assets.fleets import Fleet, load_fleet
from maverick_assets.pipeline import code_versions
from maverick_assets.recipes import Recipe, load_recipes
from maverick_assets.settings import load_settings

keep_files_private()  # of the code server, which imports this module first, and of its runs
# Data versions on outputs and Pipes' own internals: pinned with Dagster, tested with it.
warnings.filterwarnings("ignore", category=BetaWarning)
warnings.filterwarnings("ignore", category=PreviewWarning)
# It warns that the gate check has no result, for every personality that had nothing to train.
logging.getLogger("dagster._core.execution.plan.active").setLevel(logging.ERROR)

KINDS = {
    "crm": {"postgres"},
    "raw": {"deltalake"},
    "clean": {"deltalake"},
    "dataset": {"deltalake"},
    "adapter": {"pytorch", "huggingface"},
    "evaluation": {"pytorch"},
    "memorisation": {"pytorch"},
    "release": {"gguf"},
    "deployment": {"ollama"},
    "nodes": {"ollama"},
    "base_model": {"huggingface"},
    "reports": {"markdown"},
    "production": {"deltalake"},
}
CODE_VERSIONS = {
    "crm": None,  # other programs write it
    "raw": code_versions.RAW,
    "clean": code_versions.DATA,
    "dataset": code_versions.DATA,
    "adapter": code_versions.TRAINING,
    "evaluation": code_versions.EVALUATION,
    "memorisation": code_versions.EVALUATION,
    "release": code_versions.RELEASE,
    "deployment": None,  # a node that was down makes it another, whatever the code
    "nodes": None,
    "base_model": code_versions.BASE_MODEL,
    "reports": code_versions.REPORTS,
    "production": code_versions.PRODUCTION,
}


def with_policy(spec: AssetSpec) -> AssetSpec:
    """Owner, group, kinds and code version of an asset, from its key alone."""
    first, last = spec.key.path[0], spec.key.path[-1]
    group = {"base_model": "base"}.get(first, first)
    stage = first if first in KINDS else last
    return spec.replace_attributes(
        owners=["team:maverick"],
        group_name=group,
        kinds=KINDS[stage],
        code_version=CODE_VERSIONS[stage],
    )


def build_definitions(
    recipes: dict[str, Recipe], fleet: Fleet, timezone: str, sources: Sequence[Source] = ()
) -> Definitions:
    """One row of assets per recipe, one training graph per node of the fleet.

    `timezone` (IANA) belongs to the schedules. A table that a source fills is read by every recipe
    that reads the CRM's table of the same shape.
    """
    tables = [table for source in sources for table in source.tables]
    same_shape = {table.name: table.like for table in tables}
    recipes = {name: recipe.with_tables(same_shape) for name, recipe in recipes.items()}
    placement = fleet.placement(list(recipes))
    assets: list[AssetsDefinition | AssetSpec] = [
        *crm_specs(),
        *raw_assets(sources),
        clean_asset([*TEXT_TABLES, *(source_table.table for source_table in tables)]),
        base_model,
        *(
            adapter_assets(node, [recipes[name] for name in placement[node.name]])
            for node in fleet.nodes
            if placement[node.name]
        ),
        *(
            asset
            for recipe in recipes.values()
            for asset in personality_assets(recipe, gpu_pool(fleet.training_node(recipe.name)))
        ),
        *report_assets(list(recipes.values()), gpu_pool(fleet.node_here)),
        production_metrics(),
        *deployment_assets(recipes.values(), fleet),
    ]
    all_jobs = jobs(list(recipes.values()))
    return Definitions(
        assets=map_asset_specs(with_policy, assets),
        jobs=all_jobs,
        schedules=schedules(timezone),
        sensors=sensors(all_jobs, list(recipes.values())),
        executor=locking_in_process_executor,
        loggers={"progress": progress_logger},
    )


def deployment_assets(recipes: Iterable[Recipe], fleet: Fleet) -> list[AssetsDefinition]:
    """Of the personalities that nodes with Ollama answer as; none for a fleet without any."""
    served = [recipe for recipe in recipes if fleet.serving_nodes(recipe.name)]
    return [*map(deployment_asset, served), *([nodes_asset()] if served else [])]


def personality_assets(recipe: Recipe, pool: str) -> list[AssetsDefinition]:
    makers = (dataset_asset, evaluation_asset, release_asset)
    return [*(make(recipe) for make in makers), memorisation_asset(recipe, pool)]


settings = load_settings()
defs = build_definitions(
    load_recipes(),
    load_fleet(settings.fleet),
    settings.timezone,
    all_sources(settings),
)
