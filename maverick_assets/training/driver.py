"""The training process of a node as Dagster starts it.

Usage: `python -m maverick_assets.training.driver SPEC.json`.
Under Dagster it reports through Pipes, otherwise on stdout.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from dagster_pipes import PipesEnvVarParamsLoader, open_dagster_pipes

from maverick_assets.errors import BadInput
from maverick_assets.processes import run_main
from maverick_assets.training.launch.start import run
from maverick_assets.training.loop.reporting import Reporter
from maverick_assets.training.spec import TrainingSpec, read_json


@contextmanager
def open_reporter() -> Iterator[Reporter]:
    """Dagster Pipes when Dagster started this process, else stdout."""
    environment = PipesEnvVarParamsLoader()  # type: ignore[no-untyped-call]
    if environment.is_dagster_pipes_process():
        with open_dagster_pipes() as pipes:
            yield Reporter(pipes.log.info, pipes.report_custom_message)
    else:
        yield Reporter(_print, lambda result: _print(json.dumps(result)))


def main(arguments: Sequence[str]) -> None:
    if len(arguments) != 1:
        raise BadInput("usage: python -m maverick_assets.training.driver SPEC.json")
    with open_reporter() as reporter:
        run(read_json(Path(arguments[0]), TrainingSpec), reporter)


def _print(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(run_main(main))
