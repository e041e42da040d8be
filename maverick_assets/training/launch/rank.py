"""One rank of a training: `python -m maverick_assets.training.launch.rank`, by torch's agent.

The first one reports, a line of JSON each; the others are silent, and write nothing.
"""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from maverick_assets.processes import run_main
from maverick_assets.training.loop.reporting import Reporter
from maverick_assets.training.loop.run import run_jobs
from maverick_assets.training.loop.zero_stepper import leads
from maverick_assets.training.spec import TrainingSpec, read_json


def main(arguments: Sequence[str]) -> None:
    spec = read_json(Path(arguments[0]), TrainingSpec)
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    reporter = Reporter(lambda line: _tell(line=line), lambda result: _tell(result=result))
    if not leads():
        spec = spec.model_copy(update={"curves": None})
        reporter = Reporter(lambda _: None, lambda _: None)
    try:
        run_jobs(spec, reporter)
    finally:
        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()


def _tell(**message: object) -> None:
    print(json.dumps(message), flush=True)


if __name__ == "__main__":
    sys.exit(run_main(main))
