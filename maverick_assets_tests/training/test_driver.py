"""The process that Dagster starts: its results, its errors and its end."""

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from dagster import (
    AssetExecutionContext,
    MaterializeResult,
    PipesSubprocessClient,
    asset,
    materialize,
)

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets_tests.training.specs import TRAIN, VALIDATION, driver, job, specification


@pytest.fixture
def table(tmp_path: Path, write_examples: Any) -> Path:
    write_examples(tmp_path / "dataset", TRAIN + VALIDATION)
    return tmp_path / "dataset"


def test_without_dagster_the_driver_prints_its_results(
    tiny_base: PreparedBase, table: Path, tmp_path: Path
) -> None:
    spec = tmp_path / "spec.json"
    spec.write_text(json.dumps(specification(tiny_base, job(table, 0, tmp_path / "out"))))
    done = subprocess.run(driver(spec), capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert json.loads(done.stdout.splitlines()[-1])["status"] == "trained"


def test_under_dagster_the_driver_reports_custom_messages(
    tiny_base: PreparedBase, table: Path, tmp_path: Path
) -> None:
    spec = tmp_path / "spec.json"
    spec.write_text(json.dumps(specification(tiny_base, job(table, 0, tmp_path / "out"))))
    messages: list[Any] = []

    @asset
    def adapter(context: AssetExecutionContext) -> MaterializeResult:
        session = PipesSubprocessClient().run(context=context, command=driver(spec))
        messages.extend(session.get_custom_messages())
        return session.get_materialize_result()

    assert materialize([adapter]).success
    assert [message["status"] for message in messages] == ["trained"]
    assert messages[0]["out"] == str(tmp_path / "out")


def test_a_bad_spec_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    spec = tmp_path / "spec.json"
    spec.write_text('{"base": {}}')
    done = subprocess.run(driver(spec), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == f"error: {spec}: base.directory: Field required\n"


def test_sigterm_ends_the_driver_and_leaves_nothing(
    tiny_base: PreparedBase, table: Path, tmp_path: Path
) -> None:
    out = tmp_path / "results" / "out"
    spec = tmp_path / "spec.json"
    endless = job(table, 0, out, training={"epochs": 100_000})
    spec.write_text(json.dumps(specification(tiny_base, endless)))
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        driver(spec), stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout
        assert any("step 1/" in line for line in process.stdout)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 128 + signal.SIGTERM
    assert not out.parent.exists() or list(out.parent.iterdir()) == []
