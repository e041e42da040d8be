"""The start of a training: in this process, or in one process for each of several GPUs."""

import torch

from maverick_assets.errors import BadInput
from maverick_assets.training.launch.layout import RankLayout
from maverick_assets.training.launch.torchrun import run_ranks
from maverick_assets.training.loop.reporting import Reporter
from maverick_assets.training.spec import TrainingSpec


def start_training(
    spec: TrainingSpec, reporter: Reporter, layout: RankLayout | None = None
) -> None:
    """Train all jobs of a spec together. Without a `layout`, the GPUs of the spec's node are used.

    Raises `BadInput` when this machine has fewer GPUs.
    """
    layout = layout or RankLayout(local_ranks=max(1, spec.node.gpus))
    gpus = torch.cuda.device_count()
    # Without any GPU the ranks compute on the cores, so that a laptop can try a larger fleet.
    if 0 < gpus < layout.local_ranks:
        raise BadInput(
            f"node {spec.node.name} has {layout.local_ranks} GPUs in the fleet, this machine "
            f"{gpus}; correct the fleet"
        )
    if spec.node.gpus and not gpus:
        reporter.log(
            f"node {spec.node.name} has {spec.node.gpus} GPUs in the fleet, this machine none that "
            "torch can use; training on the cores"
        )
    if layout.local_ranks * layout.hosts == 1:
        from maverick_assets.training.loop.run import run_training  # seconds, which ranks pay alone

        run_training(spec, reporter)
    else:
        run_ranks(spec, layout, reporter)
