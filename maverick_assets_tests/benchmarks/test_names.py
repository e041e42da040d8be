"""A share of `python -m benchmarks.names`: its prompts, with another seed."""

import argparse
import asyncio
import io
from pathlib import Path

from benchmarks.names import ask_everything, run_home, sample_lake


def test_no_name_is_where_it_should_not_be(tmp_path: Path) -> None:
    settings = run_home(tmp_path / "home")
    sample_lake(settings)
    arguments = argparse.Namespace(prompts=18, engine=0, seed=11)
    tally = asyncio.run(ask_everything(settings, arguments, io.StringIO()))
    assert tally.requests.total() == 72
    assert not tally.wrong, tally.first
