"""What a training on hosts waits for, and that no line of its main process is passed over."""

import json
from pathlib import Path

import pytest

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.errors import BadInput
from maverick_assets.fleets import Host
from maverick_assets.training.launch import hosts
from maverick_assets.training.launch.hosts import Events, HostTraining, Returned
from maverick_assets.training.launch.ssh import Ended, Line, Patience, Unreachable
from maverick_assets_tests.recording_log import RecordingLog
from maverick_assets_tests.training.specs import job, specification

AURORA, FLUENTI = Host(name="aurora"), Host(name="fluenti")


def test_lines_of_the_main_process_are_passed_on_whatever_is_waited_for() -> None:
    lines: list[str] = []
    events = Events(AURORA, lines.append)
    end = Ended(FLUENTI, 1, "a rank failed")
    for event in (Line(AURORA, "step 1"), Line(FLUENTI, "noise"), end, Line(AURORA, "step 2")):
        events.queue.put(event)
    assert events.next() == end
    assert lines == ["step 1"]
    assert events.next(0) is None
    assert lines == ["step 1", "step 2"]


def test_a_host_that_is_back_and_lacks_something_is_an_event_once_for_each_reason(
    base: PreparedBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [Unreachable("off"), BadInput("other code"), BadInput("other code"), BadInput("old")]

    def check_host(*_: object) -> None:
        if answers:
            raise answers.pop(0)

    monkeypatch.setattr(hosts, "check_host", check_host)
    node = {"name": "two", "hosts": [{"name": "aurora", "gpus": 1}, {"name": "fluenti", "gpus": 1}]}
    spec = specification(base, job(tmp_path / "dataset", 0, tmp_path / "out"))
    path = tmp_path / "spec.json"
    path.write_text(json.dumps(spec | {"node": node | {"personalities": "all"}}), encoding="utf-8")
    training = HostTraining(path, RecordingLog(), Patience(look=0.01))
    events = Events(AURORA, print)
    with training._looking_for_others([Host(name="aurora", gpus=1)], events):
        seen = [events.next(60) for _ in range(3)]
    assert seen == [
        Returned("fluenti", "other code"),
        Returned("fluenti", "old"),
        Returned("fluenti"),
    ]
