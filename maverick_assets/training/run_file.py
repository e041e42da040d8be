"""The YAML file of a training that a person starts without Dagster."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from maverick_assets.base_model.prepare import base_in
from maverick_assets.errors import BadInput
from maverick_assets.fleets import Node
from maverick_assets.lake.delta import open_table
from maverick_assets.recipes import Training, load_recipes, recipe_named
from maverick_assets.strict_model import StrictModel
from maverick_assets.training.spec import AdapterJobSpec, BaseSpec, TrainingSpec
from maverick_assets.yaml_files import load_yaml


def _with_name(node: Any) -> Any:
    """Name the node: a fleet identifies its nodes by name, but a run file has only one."""
    return {"name": "local", **node} if isinstance(node, dict) else node


class RunFileAdapter(StrictModel):
    """One adapter to train. Relative paths start at the folder of the file."""

    personality: str = Field(description="name of a recipe")
    dataset: Path = Field(description="directory of the dataset's Delta table")
    out: Path = Field(description="directory for the adapter")
    version: int | None = Field(None, description="version of the dataset; unset: the newest")
    training: Training = Field(Training(), description="keys that override those of the recipe")
    parent: Path | None = Field(None, description="adapter to start from; unset: fresh weights")
    parent_version: int | None = Field(
        None, description="version of the dataset that the parent was trained on"
    )


class RunFile(StrictModel):
    """A run. Relative paths start at the folder of the file."""

    base: Path = Field(description="a directory as transformers saves a model")
    adapters: list[RunFileAdapter]
    checkpoints: Path | None = Field(
        None, description="directory; the same command resumes a run that was stopped"
    )
    curves: Path = Field(
        Path("tensorboard"), description="directory in which each run gets one of its own"
    )
    node: Annotated[Node, BeforeValidator(_with_name)] = Field(
        Node(name="local"), description="this machine, with the keys of a fleet's node"
    )


def read_run_file(path: Path) -> TrainingSpec:
    """The training that a file describes.

    Raises `BadInput` naming the file and what is wrong in it.
    """
    run = load_yaml(path, RunFile)
    if run.node.remote_hosts:
        raise BadInput(
            f"{path}: node: host: a run file trains on this machine; for several hosts start the "
            "same command on each with --hostfile"
        )
    folder = path.parent
    base = base_in(folder / run.base)
    deepspeed = run.node.deepspeed and folder / run.node.deepspeed
    return TrainingSpec(
        base=BaseSpec(directory=base.directory, digest=base.digest),
        jobs=[_job_spec(folder, adapter) for adapter in run.adapters],
        checkpoints=run.checkpoints and folder / run.checkpoints,
        curves=folder / run.curves,
        node=run.node.model_copy(update={"deepspeed": deepspeed}),
    )


def _job_spec(folder: Path, adapter: RunFileAdapter) -> AdapterJobSpec:
    recipe = recipe_named(load_recipes(), adapter.personality)
    overrides = adapter.training.model_dump(exclude_unset=True)
    training = recipe.training.model_copy(update=overrides)
    dataset = folder / adapter.dataset
    table = open_table(dataset)
    if table is None:
        raise BadInput(f"{dataset} is not a dataset; `maverick run ingest` makes datasets")
    return AdapterJobSpec(
        personality=adapter.personality,
        dataset=dataset,
        dataset_version=table.version() if adapter.version is None else adapter.version,
        recipe=recipe.model_copy(update={"training": training}),
        out=folder / adapter.out,
        mode="incremental" if adapter.parent else "full",
        parent_adapter=adapter.parent and folder / adapter.parent,
        parent_dataset_version=adapter.parent_version,
    )
