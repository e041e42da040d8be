"""`<p>/adapter`: one process per node loads the base once and trains all of its personalities."""

from collections.abc import Iterator, Sequence
from typing import Any

from dagster import (
    AssetKey,
    AssetsDefinition,
    GraphIn,
    GraphOut,
    In,
    MetadataValue,
    Nothing,
    OpDefinition,
    OpExecutionContext,
    Out,
    Output,
    graph,
    op,
)

from maverick_assets.defs.assets.display import data_version
from maverick_assets.defs.runs.context import recipe_of_run, run_context
from maverick_assets.defs.runs.driver import drive_through_pipes
from maverick_assets.defs.runs.history import KEPT_RUN_DAYS, remove_old_runs
from maverick_assets.defs.runs.tags import TRAINING_STEP, TRAINING_TAG
from maverick_assets.fleets import Node
from maverick_assets.pipeline.train import train_on_node
from maverick_assets.recipes import Recipe
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.store import Registry

# Fields of the training's summary that the asset shows.
SHOWN_FIELDS = {
    "n_examples",
    "n_tokens",
    "steps",
    "seconds",
    "tokens_per_second",
    "peak_memory_mb",
    "roofline_share",
    "curves",
}


def adapter_assets(node: Node, recipes: list[Recipe]) -> AssetsDefinition:
    """`<p>/adapter` of every personality on a node: a subsettable graph of two ops.

    Only the first op opens Pipes: after a Pipes session every selected output of its op must be
    emitted, and a personality that was skipped or refused must not be.
    """
    suffix = _suffix(node)
    by_output = {_output_name(recipe): recipe for recipe in recipes}
    inputs = {
        f"{recipe.asset_prefix}_dataset": AssetKey([recipe.asset_prefix, "dataset"])
        for recipe in recipes
    } | {"base_model": AssetKey("base_model")}
    training_op = _training_op(node, suffix, recipes, list(inputs))
    publishing_op = _publishing_op(suffix, list(by_output))

    @graph(
        name=f"adapters_{suffix}",
        ins={name: GraphIn() for name in inputs},
        out={name: GraphOut() for name in by_output},
    )
    def adapters(**datasets: Any) -> dict[str, Any]:
        trained = training_op.alias(TRAINING_STEP)(**datasets)
        outputs = publishing_op.alias("publish")(trained)
        if len(by_output) == 1:  # then Dagster returns the output itself
            return dict.fromkeys(by_output, outputs)
        return {name: getattr(outputs, name) for name in by_output}

    return AssetsDefinition.from_graph(
        adapters,
        keys_by_input_name=inputs,
        keys_by_output_name={name: _adapter_key(recipe) for name, recipe in by_output.items()},
        internal_asset_deps={
            name: {AssetKey([recipe.asset_prefix, "dataset"]), AssetKey("base_model")}
            for name, recipe in by_output.items()
        },
        descriptions_by_output_name={
            name: f"LoRA weights of {recipe.title}, trained on node {node.name}."
            for name, recipe in by_output.items()
        },
        can_subset=True,
    )


def gpu_pool(node: Node) -> str:
    """The pool of which one step at a time trains on a node."""
    return f"gpu_{_suffix(node)}"


def _suffix(node: Node) -> str:
    return node.name.replace("-", "_")  # Dagster allows no hyphen in names


def _adapter_key(recipe: Recipe) -> AssetKey:
    return AssetKey([recipe.asset_prefix, "adapter"])


def _output_name(recipe: Recipe) -> str:
    return f"{recipe.asset_prefix}_adapter"


def _training_op(
    node: Node, suffix: str, recipes: Sequence[Recipe], inputs: Sequence[str]
) -> OpDefinition:
    """The op that trains the selected personalities; its output names the versions to evaluate."""
    by_key = {_adapter_key(recipe): recipe for recipe in recipes}

    @op(
        name=f"{TRAINING_STEP}_{suffix}",  # one job has the ops of all nodes
        ins={name: In(Nothing) for name in inputs},
        out=Out(list[dict[str, str]]),
        pool=gpu_pool(node),
    )
    def deepspeed_train(context: OpExecutionContext) -> Iterator[Output[list[dict[str, str]]]]:
        selected = [
            recipe_of_run(context, by_key[key])
            for key in sorted(context.selected_asset_keys)
            if key in by_key
        ]
        incremental = context.run_tags.get(TRAINING_TAG) == "incremental"
        with run_context(context) as run:
            versions = train_on_node(
                run,
                node,
                selected,
                "incremental" if incremental else "full",
                drive_through_pipes(context, node),
            )
            if removed := remove_old_runs(context.instance):
                run.log.info(f"removed {len(removed)} runs, {KEPT_RUN_DAYS} days old or more")
        yield Output(
            [
                {"personality": manifest.personality, "version": str(manifest.version)}
                for manifest in versions
            ]
        )

    return deepspeed_train


def _publishing_op(suffix: str, outputs: Sequence[str]) -> OpDefinition:
    """The op that emits the asset of each version that was trained."""

    @op(
        name=f"publish_{suffix}",
        out={name: Out(Nothing, is_required=False) for name in outputs},
    )
    def publish(
        context: OpExecutionContext, trained: list[dict[str, str]]
    ) -> Iterator[Output[None]]:
        with run_context(context) as run:
            for version in trained:
                manifest = run.registry.get(version["personality"], version["version"])
                yield Output(
                    None,
                    output_name=_output_name(manifest.recipe),
                    metadata=_metadata(manifest, run.registry),
                    data_version=data_version(manifest),
                )

    return publish


def _metadata(manifest: Manifest, registry: Registry) -> dict[str, Any]:
    training = manifest.training.model_dump(include=SHOWN_FIELDS) if manifest.training else {}
    chain = [f"base {manifest.base_digest[:12]}", *(str(link.version) for link in manifest.chain)]
    return {
        "version": str(manifest.version),
        "kind": manifest.kind,
        "chain": " -> ".join(chain),
        "dataset_version": manifest.dataset_version,
        "path": MetadataValue.path(registry.directory(manifest.personality, manifest.version)),
        **{name: value for name, value in training.items() if value},
    }
