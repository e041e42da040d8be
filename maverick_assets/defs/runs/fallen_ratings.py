"""The sensor `fallen_ratings`: a personality whose ratings have fallen is trained again."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from dagster import (
    AssetKey,
    DefaultSensorStatus,
    RunRequest,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    sensor,
)

from maverick_assets.defs.runs.new_rows import CHANGED_TAG
from maverick_assets.pipeline.production.feedback import FallenRatings
from maverick_assets.pipeline.production.refresh import read_fallen
from maverick_assets.recipes import Recipe
from maverick_assets.settings import load_settings

if TYPE_CHECKING:  # Dagster does not export what define_asset_job returns
    from dagster._core.definitions.unresolved_asset_job_definition import (
        UnresolvedAssetJobDefinition,
    )

INTERVAL_SECONDS = 600  # the metrics change with an ingest


def fallen_ratings(
    nightly: "UnresolvedAssetJobDefinition", recipes: list[Recipe]
) -> SensorDefinition:
    """Sensor that requests `nightly` for a personality, once for each version."""

    @sensor(
        name="fallen_ratings",
        jobs=[nightly],
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=DefaultSensorStatus.STOPPED,
        description="Starts `nightly` for a personality whose ratings have fallen below those of "
        "the version before, once for each version.",
    )
    def fallen(context: SensorEvaluationContext) -> SensorResult:
        repository = context.repository_def
        assert repository is not None
        keys = repository.get_job(nightly.name).asset_layer.selected_asset_keys
        return request_trainings(read_fallen(load_settings().lake), keys, recipes)

    return fallen


def request_trainings(
    fallen: Sequence[FallenRatings], keys: Collection[AssetKey], recipes: Sequence[Recipe]
) -> SensorResult:
    """A run for each version whose ratings have fallen, of those `keys` that are not of others.

    Dagster starts no second run of a run key, so that each version is asked for once.
    """
    prefixes = {recipe.name: recipe.asset_prefix for recipe in recipes}
    requests = [
        RunRequest(
            job_name="nightly",
            run_key=f"fallen-ratings {each.personality} {each.version}",
            tags={CHANGED_TAG: f"{each.personality} {each.version}: {each.reason}"},
            asset_selection=_without_others(keys, each.personality, prefixes),
        )
        for each in fallen
        if each.personality in prefixes
    ]
    if not requests:
        return SensorResult(skip_reason="no version's ratings have fallen")
    return SensorResult(run_requests=requests)


def _without_others(
    keys: Collection[AssetKey], personality: str, prefixes: Mapping[str, str]
) -> list[AssetKey]:
    others = {prefix for name, prefix in prefixes.items() if name != personality}
    return sorted(key for key in keys if key.path[0] not in others)
