"""No input keeps a processor, or takes more than 500 MB, however it is made."""

import json
import subprocess
import sys

import pytest

from maverick_assets_tests.abuse.bombs import BOMBS
from maverick_assets_tests.command import PROJECT

MEGABYTES = 500.0

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
    assert cost["status"] == 0, "killed by the limit of processor time, or failed"
    assert cost["megabytes"] < MEGABYTES
