"""The training process of a node, as Dagster starts it.

Usage: `python -m maverick_assets.training.driver SPEC.json [LAYOUT]`. LAYOUT is a `RankLayout` as
JSON: the ranks to start here, where a training is spread over hosts.
It reports through Dagster Pipes, or on stdout when it was started by hand.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from dagster_pipes import PipesEnvVarParamsLoader, open_dagster_pipes

from maverick_assets.errors import BadInput
from maverick_assets.private.errors import words_withheld
from maverick_assets.processes import run_main
from maverick_assets.training.launch.layout import RankLayout
from maverick_assets.training.launch.start import start_training
from maverick_assets.training.loop.reporting import Reporter, stdout_reporter
from maverick_assets.training.spec import TrainingSpec, read_json


@contextmanager
def pipes_reporter() -> Iterator[Reporter]:
    """Report through Dagster Pipes when Dagster started this process, else on stdout."""
    environment = PipesEnvVarParamsLoader()  # type: ignore[no-untyped-call]
    if environment.is_dagster_pipes_process():
        with open_dagster_pipes() as pipes:
            yield Reporter(pipes.log.info, pipes.report_custom_message)
    else:
        yield stdout_reporter()


def main(arguments: Sequence[str]) -> None:
    if len(arguments) not in (1, 2):
        raise BadInput("usage: python -m maverick_assets.training.driver SPEC.json [LAYOUT]")
    layout = RankLayout.model_validate_json(arguments[1]) if len(arguments) == 2 else None
    spec = Path(arguments[0])
    # Inside the reporter, which tells Dagster of an error in the error's own words.
    with pipes_reporter() as reporter, words_withheld(spec.parent):
        start_training(read_json(spec, TrainingSpec), reporter, layout)


if __name__ == "__main__":
    sys.exit(run_main(main))
