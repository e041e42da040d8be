"""A computer on which `maverick ui` runs: requests to it, and what befalls it."""

import signal
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
from dagster import AssetKey

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.crm.sample import sample_crm
from maverick_assets_tests.command import Maverick, import_rows
from maverick_assets_tests.end_to_end.dagster_ui import DagsterUI, ask, start_ui
from maverick_assets_tests.processes import kill, processes_with

LAUNCH = """mutation($job: String!, $keys: [AssetKeyInput!]!) {
 launchPipelineExecution(executionParams: {
  selector: { repositoryName: "__repository__", repositoryLocationName: "maverick",
              pipelineName: $job, assetSelection: $keys }
}) { __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
RUNS = """{ runsOrError { ... on Runs {
  results { runId rootRunId jobName status creationTime } } } }"""
START_SENSOR = """mutation($name: String!) { startSensor(sensorSelector: {
  repositoryName: "__repository__", repositoryLocationName: "maverick", sensorName: $name
}) { __typename } }"""
TICKS = """query($name: String!) { sensorOrError(sensorSelector: {
  repositoryName: "__repository__", repositoryLocationName: "maverick", sensorName: $name
}) { ... on Sensor { sensorState { ticks(limit: 20) { timestamp status } } } } }"""
SLOTS = """{ instance { concurrencyLimits { concurrencyKey claimedSlots { runId } } } }"""
EVENTS = """query($id: ID!) { logsForRun(runId: $id) { ... on EventConnection {
  events { ... on MessageEvent { message } } } } }"""
CANCEL = """mutation($id: String!) { terminateRun(runId: $id) { __typename } }"""
ENDED = ("SUCCESS", "FAILURE", "CANCELED")


def robbies_home(base: PreparedBase, home: Path, rows: int) -> Maverick:
    """A command with a new run home, whose CRM holds `rows` texts of one personality."""
    home.mkdir()
    (home / "base").symlink_to(base.directory.parent)
    command = Maverick(home)
    samples = [row for row in sample_crm()["personality_samples"] if row["personality"] == "robbie"]
    import_rows(command, {"personality_samples": samples[:rows]}, home.parent)
    return command


class Machine:
    """A computer on which `maverick ui` runs, until it is killed."""

    def __init__(self, maverick: Maverick) -> None:
        self.maverick = maverick
        # Processes that are killed leave files in it.
        temporary = maverick.home.with_name("tmp")
        temporary.mkdir(exist_ok=True)
        maverick.environment["TMPDIR"] = str(temporary)
        self.ui: DagsterUI = start_ui(maverick)

    def part(self, *words: str) -> psutil.Process:
        """The process of this `maverick ui` in whose command line these words are."""
        tree = psutil.Process(self.ui.process.pid).children(recursive=True)
        [match] = [process for process in processes_with(*words) if process in tree]
        return match

    def drivers(self) -> list[psutil.Process]:
        return processes_with("maverick_assets.training.driver", str(self.maverick.home))

    def power_cut(self) -> None:
        """Kill every process of this run home at once, PostgreSQL included."""
        postmaster = self.maverick.home / "postgres" / "postmaster.pid"
        tops = [self.ui.process.pid, int(postmaster.read_text().splitlines()[0])]
        doomed = [psutil.Process(pid) for pid in tops]
        kill([*doomed, *(child for top in doomed for child in top.children(recursive=True))])
        self.ui.process.wait()

    def start_again(self) -> None:
        """Start `maverick ui` as before, on its port: it then finds what it left in /tmp."""
        self.ui = start_ui(self.maverick, urlsplit(self.ui.url).port)

    def stop(self) -> None:
        self.ui.process.send_signal(signal.SIGTERM)
        self.ui.process.wait(60)

    def launch(self, job: str, keys: Iterable[AssetKey]) -> str:
        """Launch a job for these assets only; the id of its run."""
        paths = [{"path": list(key.path)} for key in keys]
        launched = ask(self.ui, LAUNCH, job=job, keys=paths)["launchPipelineExecution"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        return str(launched["run"]["runId"])

    def start_sensor(self, name: str) -> None:
        assert ask(self.ui, START_SENSOR, name=name)["startSensor"]["__typename"] == "Sensor"

    def ticks_since(self, name: str, moment: float) -> int:
        """How often a sensor began to look after this moment and has finished."""
        ticks = ask(self.ui, TICKS, name=name)["sensorOrError"]["sensorState"]["ticks"]
        finished = [tick for tick in ticks if tick["status"] in ("SUCCESS", "SKIPPED")]
        return sum(tick["timestamp"] > moment for tick in finished)

    def runs(self) -> list[dict[str, Any]]:
        """The newest first."""
        return list(ask(self.ui, RUNS)["runsOrError"]["results"])

    def status(self, run: str) -> str:
        return next(str(each["status"]) for each in self.runs() if each["runId"] == run)

    def log_has(self, run: str, words: str) -> bool:
        """Whether the log of the run has these words."""
        events = ask(self.ui, EVENTS, id=run)["logsForRun"]["events"]
        return any(words in event.get("message", "") for event in events)

    def is_training(self, run: str) -> bool:
        """True once the training process of the run is at work."""
        return self.log_has(run, "loading base")

    def cancel(self, run: str) -> None:
        ask(self.ui, CANCEL, id=run)

    def holds_slot(self, run: str) -> bool:
        limits = ask(self.ui, SLOTS)["instance"]["concurrencyLimits"]
        return any(slot["runId"] == run for limit in limits for slot in limit["claimedSlots"])

    def is_idle(self) -> bool:
        """True when no run is left; cancels those that can be, which a starting one cannot."""
        runs = self.runs()
        for run in runs:
            if run["status"] in ("QUEUED", "STARTED"):
                self.cancel(run["runId"])
        return all(run["status"] in ENDED for run in runs)

    def retries(self, run: str) -> list[str]:
        return [
            each["runId"]
            for each in self.runs()
            if each["rootRunId"] == run and each["runId"] != run
        ]
