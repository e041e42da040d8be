"""A training started: in this process, or in one process for each of several GPUs."""

import torch

from maverick_assets.errors import BadInput
from maverick_assets.training.launch.torchrun import RankLayout, launch
from maverick_assets.training.loop.reporting import Reporter
from maverick_assets.training.loop.run import run_jobs
from maverick_assets.training.spec import TrainingSpec


def run(spec: TrainingSpec, reporter: Reporter, place: RankLayout | None = None) -> None:
    """Train all jobs together, in one process, or in one for each of several GPUs.

    Raises `BadInput` when this machine has fewer.
    """
    place = place or RankLayout(max(1, spec.node.gpus))
    found = torch.cuda.device_count()
    if 0 < found < place.here:
        raise BadInput(
            f"node {spec.node.name} is to have {place.here} GPUs, this machine has {found}; "
            "correct the fleet"
        )
    if place.here * place.hosts == 1:
        run_jobs(spec, reporter)
    else:
        launch(spec, place, reporter)
