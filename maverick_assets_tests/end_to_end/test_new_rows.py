"""New rows of the CRM are ingested once, though the daemon is killed meanwhile."""

import time
from collections.abc import Iterator

import psycopg
import pytest

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.crm.embedded import database_url
from maverick_assets.crm.raw_table import live_rows
from maverick_assets.lake.paths import raw_path
from maverick_assets_tests.end_to_end.machine import Machine, robbies_home
from maverick_assets_tests.processes import kill, wait_for

BURST = "insert into sticky_notes (id) select 'burst' || n from generate_series(1, 10000) n"


@pytest.fixture(scope="module")
def machine(base: PreparedBase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    machine = Machine(robbies_home(base, tmp_path_factory.mktemp("rows") / "home", 20))
    yield machine
    machine.stop()


def test_a_burst_while_the_daemon_is_killed_and_the_machine_goes_off_is_one_ingest(
    machine: Machine,
) -> None:
    home = machine.maverick.home
    machine.start_sensor("new_crm_rows")
    wait_for(lambda: ingests(machine) == ["SUCCESS"], 120)
    with psycopg.connect(database_url(home / "postgres", "crm")) as crm:
        crm.execute(BURST)
        kill([machine.part("dagster._daemon")])
    wait_for(lambda: ingests(machine) == ["SUCCESS", "SUCCESS"], 120)
    assert len(live_rows(raw_path(home / "lake", "sticky_notes"))) == 10_000
    machine.power_cut()
    off = time.time()
    machine.start_again()
    wait_for(lambda: machine.ticks_since("new_crm_rows", off) >= 2, 120)
    assert ingests(machine) == ["SUCCESS", "SUCCESS"]


def ingests(machine: Machine) -> list[str]:
    return [run["status"] for run in machine.runs() if run["jobName"] == "ingest"]
