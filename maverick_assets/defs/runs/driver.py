"""The training process of a node, started through Dagster Pipes."""

import sys
from collections.abc import Mapping
from pathlib import Path

from dagster import OpExecutionContext, PipesSubprocessClient

from maverick_assets.pipeline.train import Driver
from maverick_assets.processes import child_environment


def drive_through_pipes(context: OpExecutionContext) -> Driver:
    """A driver whose lines go to the log of the run, and which stops when the run is cancelled."""

    def drive(spec: Path) -> Mapping[str, str]:
        command = [sys.executable, "-m", "maverick_assets.training.driver", str(spec)]
        invocation = PipesSubprocessClient().run(
            context=context, command=command, env=child_environment()
        )
        reports = invocation.get_custom_messages()
        return {report["personality"]: report["reason"] for report in reports if "reason" in report}

    return drive
