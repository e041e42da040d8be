"""A training on other hosts, watched by the machine that executes the run.

The drivers of all hosts are started together, each knowing how many there are. When a host is lost,
the ranks of the others wait for it in vain; so all are ended, and started again on the hosts that
are left, from the newest checkpoint. When it is back, the training saves a checkpoint and starts
again with it. Steps are the same on any number of ranks, and so are the weights, up to rounding.

Torch's own elastic rendezvous is not used for this: it lives on one of the hosts and dies with it,
it does not notice a host that only falls silent, and this machine must see every host anyway.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from queue import Empty, SimpleQueue

from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.fleets import Host, Node
from maverick_assets.processes import Log
from maverick_assets.training.launch.layout import RankLayout
from maverick_assets.training.launch.remote import Request
from maverick_assets.training.launch.ssh import (
    Busy,
    Ended,
    Line,
    Patience,
    RemoteDriver,
    check_host,
    ssh_command,
)
from maverick_assets.training.spec import TrainingSpec, read_json

MAX_LOSSES = 10  # of hosts in one training; a network that loses more is not fit for it


@dataclass(frozen=True)
class Returned:
    """A host that answers again."""

    name: str
    problem: str | None = None  # why it cannot take part all the same


class Events:
    """What happens while hosts train. Lines of the main process go to `on_line` as they come."""

    def __init__(self, main_host: Host, on_line: Callable[[str], object]) -> None:
        self.queue: SimpleQueue[Line | Ended | Returned] = SimpleQueue()
        self._main_host = main_host
        self._on_line = on_line

    def next(self, seconds: float | None = None) -> Ended | Returned | None:
        """The next event that is not a line; None where none comes within `seconds`."""
        end = None if seconds is None else time.monotonic() + seconds
        while True:
            try:
                event = self.queue.get(timeout=end and max(0, end - time.monotonic()))
            except Empty:
                return None
            if not isinstance(event, Line):
                return event
            if event.host == self._main_host:
                self._on_line(event.text)


class HostTraining:
    """One training on the hosts of its node."""

    def __init__(self, path: Path, log: Log, patience: Patience = Patience()) -> None:  # noqa: B008
        spec = read_json(path, TrainingSpec)
        self._node: Node = spec.node
        self._log = log
        self._patience = patience
        self._losses = 0
        config = [spec.node.deepspeed] if spec.node.deepspeed else []
        self._request = Request(
            spec=path,
            paths=[spec.base.directory, *(job.dataset for job in spec.jobs), *config],
            lock=sha256(str(spec.checkpoints or path).encode()).hexdigest()[:16],
            silence=patience.silence,
            grace=patience.grace,
        )

    def run(
        self,
        hosts: Sequence[Host],
        environment: Mapping[str, str],
        on_line: Callable[[str], object],
    ) -> None:
        """Train to the end, at first on `hosts`, which `ready_hosts` returned.

        `environment` and `on_line` belong to the driver of the main process. Raises `MaverickError`
        when the training failed, or fewer than `min_hosts` of its hosts are left.
        """
        while True:
            requests = self._requests(hosts, environment)
            if self._train_on(hosts, requests, on_line):
                return
            hosts = self._wait_for_hosts()

    def _requests(
        self, hosts: Sequence[Host], environment: Mapping[str, str]
    ) -> list[tuple[Host, Request]]:
        """What each host is asked; the first has the main process, which reports."""
        several = len(hosts) > 1
        meeting = f"{hosts[0].meeting_address}:{self._node.port}" if several else "localhost:0"
        described = ", ".join(f"{host.name} ({_ranks(host.gpus)})" for host in hosts)
        where = f"; they meet at {meeting}" if several else ""
        self._log.info(f"node {self._node.name} trains on {described}{where}")
        requests = []
        for rank, host in enumerate(hosts):
            layout = RankLayout(
                local_ranks=host.gpus, hosts=len(hosts), host_rank=rank, rendezvous=meeting
            )
            changes = {"layout": layout, "environment": {} if rank else dict(environment)}
            requests.append((host, self._request.model_copy(update=changes)))
        return requests

    def _train_on(
        self,
        hosts: Sequence[Host],
        requests: Sequence[tuple[Host, Request]],
        on_line: Callable[[str], object],
    ) -> bool:
        """True when the training is done, False when it is to resume on other hosts."""
        events = Events(hosts[0], on_line)
        running = {host.name for host in hosts}
        with self._drivers(requests, events) as drivers, self._looking_for_others(hosts, events):
            while running:
                event = events.next()
                assert event is not None
                if isinstance(event, Returned):
                    if event.problem:
                        self._log.warning(f"{event.problem}; training goes on without it")
                        continue
                    self._log.info(f"host {event.name} is back; the training goes on with it")
                    return self._stop(drivers, events, running)
                if event.code == 0:
                    running.discard(event.host.name)
                else:
                    lost = event if event.is_loss else self._lost_host(event, hosts, events)
                    self._count_loss(lost)
                    return False
        return True

    def _lost_host(self, failure: Ended, hosts: Sequence[Host], events: Events) -> Ended:
        """The host whose loss made another one's ranks fail, which may be noticed before it.

        Raises the failure where no host is lost: the training itself has failed.
        """
        end = time.monotonic() + self._patience.settle * (len(hosts) > 1)
        while event := events.next(end - time.monotonic()):
            if isinstance(event, Ended) and event.is_loss:
                return event
        kind = BadInput if failure.code == BadInput.exit_code else MaverickError
        raise kind(f"host {failure.host.name}: {failure.reason}")

    def _count_loss(self, lost: Ended) -> None:
        self._losses += 1
        self._log.warning(
            f"host {lost.host.name} is lost: {lost.reason}; resuming from the newest checkpoint"
        )
        if self._losses == MAX_LOSSES:
            raise MaverickError(
                f"node {self._node.name} lost hosts {MAX_LOSSES} times, at last {lost.host.name}: "
                f"{lost.reason}"
            )

    @contextmanager
    def _drivers(
        self, requests: Sequence[tuple[Host, Request]], events: Events
    ) -> Iterator[list[RemoteDriver]]:
        """The drivers of all hosts; afterwards none is left, nor any connection to one.

        An exception, such as the cancellation of a run, gives them time to save a checkpoint.
        """
        drivers: list[RemoteDriver] = []
        try:
            for host, request in requests:
                command = ssh_command(host, self._node.checkout, self._patience)
                drivers.append(RemoteDriver(host, command, request, events.queue.put))
            yield drivers
        except MaverickError:
            raise
        except BaseException:
            for driver in drivers:
                driver.stop()
            _close(drivers, self._patience.grace + 5)
            raise
        finally:
            for driver in drivers:
                driver.kill()
            _close(drivers, 5)

    def _stop(self, drivers: Sequence[RemoteDriver], events: Events, running: set[str]) -> bool:
        """Have all drivers save a checkpoint and end. True where they had done their work."""
        for driver in drivers:
            driver.stop()
        _close(drivers, self._patience.grace + 5)
        while running:
            event = events.next(5)
            if event is None or (isinstance(event, Ended) and event.code):
                return False
            if isinstance(event, Ended):
                running.discard(event.host.name)
        return True

    @contextmanager
    def _looking_for_others(self, hosts: Sequence[Host], events: Events) -> Iterator[None]:
        """Inside, a host of the node that does not take part is noticed when it can.

        One that answers but lacks what the training needs is an event too, once for each reason.
        """
        absent = [host for host in self._node.remote_hosts if host not in hosts]
        ended = threading.Event()

        def look() -> None:
            reported: set[str] = set()
            while not ended.wait(self._patience.look):
                for host, problem in self._problems(absent).items():
                    if problem is None:
                        return events.queue.put(Returned(host.name))
                    if isinstance(problem, BadInput) and str(problem) not in reported:
                        reported.add(str(problem))
                        events.queue.put(Returned(host.name, str(problem)))

        thread = threading.Thread(target=look, daemon=True)
        if absent:
            thread.start()
        try:
            yield
        finally:
            ended.set()

    def _problems(self, hosts: Sequence[Host]) -> dict[Host, MaverickError | None]:
        """For each host, why no training can start on it; None where one can."""

        def problem(host: Host) -> MaverickError | None:
            try:
                check_host(host, self._node.checkout, self._request, self._patience)
            except MaverickError as error:
                return error
            return None

        with ThreadPoolExecutor(max(1, len(hosts))) as pool:
            return dict(zip(hosts, pool.map(problem, hosts), strict=True))

    def ready_hosts(self) -> list[Host]:
        """The hosts to begin with. One that is off may come later.

        An earlier training of this node, whose run was killed, gets the time to end. Raises
        `BadInput` when a host lacks what the training needs, and `MaverickError` when fewer than
        `min_hosts` answer.
        """
        end = time.monotonic() + self._patience.silence + self._patience.grace
        while True:
            problems = self._problems(self._node.remote_hosts)
            for problem in problems.values():
                if isinstance(problem, BadInput):
                    raise problem
            ready = [host for host, problem in problems.items() if problem is None]
            reasons = [str(problem) for problem in problems.values() if problem]
            if len(ready) >= self._node.min_hosts:
                for reason in reasons:
                    self._log.warning(f"{reason}; training begins without it")
                return ready
            is_busy = any(isinstance(problem, Busy) for problem in problems.values())
            if not is_busy or time.monotonic() > end:
                raise self._too_few(reasons)
            time.sleep(1)

    def _wait_for_hosts(self) -> list[Host]:
        """The hosts on which the training resumes, as soon as there are enough of them.

        Raises `MaverickError` with all reasons when there are not for a while.
        """
        end = time.monotonic() + self._patience.absence
        waits = False
        while True:
            problems = self._problems(self._node.remote_hosts)
            ready = [host for host, problem in problems.items() if problem is None]
            if len(ready) >= self._node.min_hosts:
                return ready
            reasons = [str(problem) for problem in problems.values() if problem]
            if time.monotonic() > end:
                raise self._too_few(reasons)
            if not waits:
                waits = True
                self._log.warning(
                    f"{'; '.join(reasons)}; waiting up to {self._patience.absence:.0f} s"
                )
            time.sleep(1)

    def _too_few(self, reasons: Sequence[str]) -> MaverickError:
        return MaverickError(
            f"node {self._node.name} cannot train on {self._node.min_hosts} of its hosts: "
            f"{'; '.join(reasons)}"
        )


def _ranks(count: int) -> str:
    return f"{count} rank" if count == 1 else f"{count} ranks"


def _close(drivers: Sequence[RemoteDriver], seconds: float) -> None:
    """Wait for all drivers together, and no longer than `seconds`."""
    end = time.monotonic() + seconds
    for driver in drivers:
        driver.close(max(0, end - time.monotonic()))
