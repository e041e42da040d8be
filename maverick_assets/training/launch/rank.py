"""One rank of a training: `python -m maverick_assets.training.launch.rank SPEC.json`.

torch's agent starts it (`torchrun.py`). The main process prints its reports as lines of JSON, which
the driver reads; the others report nothing and write nothing.
"""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from maverick_assets.processes import run_main
from maverick_assets.training.loop.reporting import Reporter
from maverick_assets.training.loop.run import run_training
from maverick_assets.training.loop.zero_stepper import is_main_process
from maverick_assets.training.spec import TrainingSpec, read_json


def main(arguments: Sequence[str]) -> None:
    spec = read_json(Path(arguments[0]), TrainingSpec)
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    if is_main_process():
        reporter = Reporter(
            lambda line: _print_json(line=line), lambda result: _print_json(result=result)
        )
    else:
        spec = spec.model_copy(update={"curves": None})
        reporter = Reporter(lambda _: None, lambda _: None)
    try:
        run_training(spec, reporter)
    finally:
        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()


def _print_json(**message: object) -> None:
    print(json.dumps(message), flush=True)


if __name__ == "__main__":
    sys.exit(run_main(main))
