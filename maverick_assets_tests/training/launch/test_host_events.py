"""What a training on hosts waits for: no line of its main process is passed over meanwhile."""

from maverick_assets.fleets import Host
from maverick_assets.training.launch.hosts import Events
from maverick_assets.training.launch.ssh import Ended, Line

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


def test_a_host_that_is_back_is_an_event() -> None:
    events = Events(AURORA, print)
    events.queue.put("fluenti")
    assert events.next(60) == "fluenti"
