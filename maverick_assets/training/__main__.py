"""The engine alone: `python -m maverick_assets.training --config run.yaml`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from maverick_assets.training.config import read_config
from maverick_assets.training.process import run_main
from maverick_assets.training.reporting import open_reporter
from maverick_assets.training.run import run_jobs


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m maverick_assets.training", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="see RunConfig in config.py")
    spec = read_config(parser.parse_args(arguments).config)
    with open_reporter() as reporter:
        run_jobs(spec, reporter)


if __name__ == "__main__":
    sys.exit(run_main(main))
