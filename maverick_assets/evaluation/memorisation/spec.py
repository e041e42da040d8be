"""The spec of an audit process: whose dataset, which base, how many canaries (no torch)."""

from pathlib import Path

from pydantic import Field

from maverick_assets.fleets import Node
from maverick_assets.recipes import Recipe
from maverick_assets.strict_model import StrictModel
from maverick_assets.training.spec import BaseSpec

# How often a canary is read -> how many are drawn; a coin makes half of them controls. A threshold
# at 1 % false positives takes 99 controls of each kind.
COUNTS = {1: 220, 4: 220, 16: 36}
# Of the adapter that is trained to memorise. Controls cost no training, so that most are controls.
CONTROL_COUNTS = {16: 280}
CONTROL_READ_SHARE = 0.22


class AuditSpec(StrictModel):
    """One audit: two adapters are trained on canaries, measured and deleted."""

    base: BaseSpec
    recipe: Recipe = Field(description="as the personality's versions are trained")
    dataset: Path
    dataset_version: int
    work: Path = Field(description="folder of datasets and adapters with canaries; deleted")
    out: Path = Field(description="file for the figures")
    seed: int
    counts: dict[int, int] = COUNTS
    control_counts: dict[int, int] = CONTROL_COUNTS
    training_digest: str = Field("", description="of the recipe's training settings")
    node: Node = Field(
        Node(name="audit"), description="how much memory training may take, whose Ollama unloads"
    )
    checks: Path | None = Field(
        None, description="directory of kept self-checks; unset: the engine compares itself anew"
    )
