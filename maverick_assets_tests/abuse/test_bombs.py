"""No input costs more than 2 seconds of processor time and 500 MB, however it is made."""

import json
import subprocess
import sys

import pytest

from maverick_assets_tests.abuse.bombs import BOMBS
from maverick_assets_tests.command import PROJECT

SECONDS, MEGABYTES = 2.0, 500.0  # processor time, so that a busy machine changes nothing

Cost = dict[str, float]


@pytest.fixture(scope="module")
def costs() -> dict[str, Cost]:
    done = subprocess.run(
        [sys.executable, "-m", "maverick_assets_tests.abuse.bombs"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    costs: dict[str, Cost] = json.loads(done.stdout)
    return costs


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_read_or_refused_at_little_cost(name: str, costs: dict[str, Cost]) -> None:
    cost = costs[name]
    assert cost["status"] == 0
    assert cost["seconds"] < SECONDS
    assert cost["megabytes"] < MEGABYTES
