"""The spec of a training process: which adapters to train, from what, on which node (no torch)."""

import hashlib
import json
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, Field, ValidationError

from maverick_assets.errors import BadInput
from maverick_assets.fleets import Node
from maverick_assets.recipes import Recipe
from maverick_assets.records import TrainingMode
from maverick_assets.strict_model import StrictModel

M = TypeVar("M", bound=BaseModel)


class BaseSpec(StrictModel):
    """The base model that the adapters are trained on."""

    directory: Path
    digest: str = Field(
        description="digest of the weights; a directory with other weights is refused"
    )


class AdapterJobSpec(StrictModel):
    """One adapter to train."""

    personality: str
    dataset: Path
    dataset_version: int
    recipe: Recipe
    out: Path = Field(description="directory for the adapter and training.json")
    mode: TrainingMode = "full"
    parent_adapter: Path | None = Field(
        None, description="directory of the adapter that an incremental training starts from"
    )
    parent_dataset_version: int | None = Field(
        None,
        description="dataset version that the parent was trained on; its examples are not new",
    )


class TrainingSpec(StrictModel):
    """A run: adapters that one process, or one process a GPU, trains together on one base."""

    base: BaseSpec
    jobs: list[AdapterJobSpec]
    checkpoints: Path | None = Field(
        None, description="directory of the run's checkpoints; unset: it cannot be resumed"
    )
    curves: Path | None = Field(
        None, description="directory of the curves of all runs; unset: none are drawn"
    )
    progress: Path | None = Field(
        None, description="file that says how far the run is; unset: none is written"
    )
    node: Node = Node(name="local")
    checks: Path | None = Field(
        None, description="directory of kept self-checks; unset: the engine compares itself anew"
    )
    tokens: Path | None = Field(
        None, description="directory of cached token ids; unset: every example is tokenized"
    )

    @property
    def curves_of_run(self) -> Path | None:
        """Directory of the run's curves, named after its digest, so that a resumed run keeps it."""
        return self.curves and self.curves / self.digest[:8]

    @property
    def digest(self) -> str:
        """Hash of everything that the result depends on except code and machine.

        GPUs are left out, so that a checkpoint resumes on any number of them.
        """
        jobs = [job.model_dump(mode="json", exclude={"out"}) for job in self.jobs]
        content = json.dumps([self.base.digest, jobs, self.node.quantize], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()


def read_json(path: Path, model: type[M]) -> M:
    """Parse and validate a JSON file. Raises `BadInput` naming the file and the key."""
    try:
        return model.model_validate_json(path.read_bytes())
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "content"
        raise BadInput(f"{path}: {key}: {first['msg']}") from error
