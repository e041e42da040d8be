"""Train adapters as a YAML file says: `python -m maverick_assets.training --config run.yaml`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from maverick_assets.processes import run_main
from maverick_assets.training.launch.layout import read_hosts
from maverick_assets.training.launch.start import start_training
from maverick_assets.training.loop.reporting import terminal_reporter
from maverick_assets.training.run_file import RunFile, read_run_file


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m maverick_assets.training", description=__doc__)
    keys = ", ".join(RunFile.model_fields)
    parser.add_argument("--config", type=Path, required=True, help=f"YAML file; its keys: {keys}")
    parser.add_argument(
        "--hostfile", type=Path, help="lines of NAME slots=GPUS; run the same command on each host"
    )
    parser.add_argument("--host", help="name of this host in the hostfile; unset: its host name")
    options = parser.parse_args(arguments)
    spec = read_run_file(options.config)
    layout = read_hosts(options.hostfile, options.host) if options.hostfile else None
    with terminal_reporter() as reporter:
        start_training(spec, reporter, layout)


if __name__ == "__main__":
    sys.exit(run_main(main))
