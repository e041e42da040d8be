"""What a person tells the engine in a YAML file."""

from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BeforeValidator, Field, ValidationError

from maverick_assets.base_model.prepare import base_in
from maverick_assets.errors import BadInput
from maverick_assets.fleets import Node
from maverick_assets.lake.delta import open_table
from maverick_assets.recipes import load_recipes, recipe_named
from maverick_assets.records import Record
from maverick_assets.training.spec import AdapterJobSpec, BaseSpec, TrainingSpec


def _named(node: Any) -> Any:
    return {"name": "local", **node} if isinstance(node, dict) else node


UnnamedNode = Annotated[Node, BeforeValidator(_named)]
"""A node as a fleet lists it, which here needs no name: it is the only one."""


class AdapterConfig(Record):
    """`personality`: the name of a recipe. `version`: of the dataset; the newest where left out.

    `training`: keys of the recipe's `training` that are otherwise here. With `parent`, the adapter
    to go on from, `parent_version` is that of the dataset it was trained on.
    """

    personality: str
    dataset: Path
    out: Path
    version: int | None = None
    training: dict[str, Any] = Field(default_factory=dict)
    parent: Path | None = None
    parent_version: int | None = None


class RunConfig(Record):
    """`base`: a directory as transformers saves a model. `checkpoints`: where to keep them; a run
    that was cut short goes on from there. `curves`: for TensorBoard, a directory for each run.
    `node`: the machine, as in a fleet."""

    base: Path
    adapters: list[AdapterConfig]
    checkpoints: Path | None = None
    curves: Path = Path("tensorboard")
    node: UnnamedNode = Node(name="local")


def read_config(path: Path) -> TrainingSpec:
    """The run that a file asks for; paths in it are relative to where it lies.

    Raises `BadInput` naming the file and what is wrong in it.
    """
    try:
        config = RunConfig.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        jobs = [_job(path.parent, adapter) for adapter in config.adapters]
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise BadInput(f"{path} is no YAML: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "content"
        raise BadInput(f"{path}: {key}: {first['msg']}") from error
    base = base_in(path.parent / config.base)
    deepspeed = config.node.deepspeed and path.parent / config.node.deepspeed
    return TrainingSpec(
        base=BaseSpec(directory=base.directory, digest=base.digest),
        jobs=jobs,
        checkpoints=config.checkpoints and path.parent / config.checkpoints,
        curves=path.parent / config.curves,
        node=config.node.model_copy(update={"deepspeed": deepspeed}),
    )


def _job(folder: Path, adapter: AdapterConfig) -> AdapterJobSpec:
    recipe = recipe_named(load_recipes(), adapter.personality).model_dump()
    recipe["training"] |= adapter.training
    dataset = folder / adapter.dataset
    table = open_table(dataset)
    if table is None:
        raise BadInput(f"{dataset} is no dataset; `maverick run ingest` makes them")
    return AdapterJobSpec.model_validate(
        {
            "personality": adapter.personality,
            "dataset": dataset,
            "dataset_version": table.version() if adapter.version is None else adapter.version,
            "recipe": recipe,
            "out": folder / adapter.out,
            "mode": "incremental" if adapter.parent else "full",
            "parent_adapter": adapter.parent and folder / adapter.parent,
            "parent_dataset_version": adapter.parent_version,
        }
    )
