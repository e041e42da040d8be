"""The engine alone: `python -m maverick_assets.training --config run.yaml`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from maverick_assets.processes import run_main
from maverick_assets.training.launch.start import run
from maverick_assets.training.launch.torchrun import read_hosts
from maverick_assets.training.loop.reporting import open_reporter
from maverick_assets.training.run_file import read_config


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m maverick_assets.training", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="see RunConfig in config.py")
    parser.add_argument(
        "--hostfile", type=Path, help="lines of NAME slots=GPUS; run the same command on each host"
    )
    parser.add_argument("--host", help="this host's name in the hostfile, if it is another one")
    given = parser.parse_args(arguments)
    spec = read_config(given.config)
    place = read_hosts(given.hostfile, given.host) if given.hostfile else None
    with open_reporter() as reporter:
        run(spec, reporter, place)


if __name__ == "__main__":
    sys.exit(run_main(main))
