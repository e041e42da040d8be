"""What the training process is told, and what it says about each adapter (no torch here)."""

import hashlib
import json
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ValidationError

from maverick_assets.errors import BadInput
from maverick_assets.recipes import Recipe
from maverick_assets.records import Mode, Record

M = TypeVar("M", bound=BaseModel)


class BaseSpec(Record):
    """The base model: its directory, and the digest that it must have."""

    directory: Path
    digest: str


class Job(Record):
    """One adapter to train. `parent_*` (adapter, dataset version) belong to mode incremental."""

    personality: str
    dataset: Path
    dataset_version: int
    recipe: Recipe
    out: Path
    mode: Mode = "full"
    parent_adapter: Path | None = None
    parent_dataset_version: int | None = None


class NodeSpec(Record):
    """Where it is trained. `gpus`: how many ranks, a GPU each; 0: one process. `training_gb`: what
    training may take of each (2**30 bytes); None: all. `ollama`: URL of a server that gives up
    its memory first. `deepspeed`: JSON configuration for several ranks. `quantize`: how the frozen
    weights are kept; nf4: in 4 bits."""

    name: str = "local"
    gpus: int = 0
    training_gb: float | None = None
    ollama: str | None = None
    deepspeed: Path | None = None
    quantize: Literal["none", "nf4"] = "none"


class TrainingSpec(Record):
    """`checkpoints`: where the run keeps them; without, one that is cut short begins anew.
    `curves`: where those of all runs are; without, none are drawn. `tokens`: where ids of examples
    are kept; without, all are tokenized."""

    base: BaseSpec
    jobs: list[Job]
    checkpoints: Path | None = None
    curves: Path | None = None
    node: NodeSpec = NodeSpec()
    tokens: Path | None = None

    @property
    def curves_of_run(self) -> Path | None:
        """A run that goes on from a checkpoint goes on with its curves."""
        return self.curves and self.curves / self.digest[:8]

    @property
    def digest(self) -> str:
        """Of all that the results depend on, besides code and machine: a checkpoint is gone on from
        with another number of GPUs, too."""
        jobs = [job.model_dump(mode="json", exclude={"out"}) for job in self.jobs]
        content = json.dumps([self.base.digest, jobs, self.node.quantize], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()


def read_json(path: Path, model: type[M]) -> M:
    """Parse and validate a JSON file; `BadInput` names the file and the key."""
    try:
        return model.model_validate_json(path.read_bytes())
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "content"
        raise BadInput(f"{path}: {key}: {first['msg']}") from error
