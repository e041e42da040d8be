"""What a test session leaves behind: processes, temporary files, sockets of servers.

A session is told from others by a marker in the environment of its processes, and by its base
directory: the embedded PostgreSQL passes no environment on, but works in there.
"""

import os
import shutil
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import forkserver, resource_tracker, util
from pathlib import Path
from uuid import uuid4

import psutil

from maverick_assets_tests.processes import is_alive

MARKER = "PYTEST_SESSION_OF_MAVERICK"
_ENDING_SECONDS = 15  # the time a signalled process has to end


@dataclass(frozen=True)
class SessionTraces:
    """One session, from its start on."""

    marker: str
    base: Path  # of its tests' folders

    @classmethod
    def begin(cls, base: Path) -> "SessionTraces":
        """Mark this process and all that it will start; their temporary folder lies in `base`."""
        traces = cls(uuid4().hex, base)
        shutil.rmtree(traces.temporary, ignore_errors=True)
        traces.temporary.mkdir(mode=0o1777)
        traces.temporary.chmod(0o1777)  # some tests become another account
        os.environ |= {MARKER: traces.marker, "TMPDIR": str(traces.temporary)}
        # Torch makes a folder in the temporary one as soon as it is imported.
        os.environ.setdefault(
            "TORCHINDUCTOR_CACHE_DIR", str(Path("~/.cache/torch/inductor").expanduser())
        )
        tempfile.tempdir = None  # read anew from the environment
        return traces

    @property
    def temporary(self) -> Path:
        return self.base / "tmp"

    def leftovers(self) -> list[str]:
        """What is still there, a line each; what is ending has some seconds to do so."""
        end = time.monotonic() + _ENDING_SECONDS
        while (processes := self.processes()) and time.monotonic() < end:
            time.sleep(0.2)
        lines = [f"process {process.pid}: {_command(process)}" for process in processes]
        lines += [f"temporary file {path}" for path in sorted(self.temporary.iterdir())]
        return lines + [f"socket folder {path}" for path in self.socket_folders()]

    def processes(self) -> list[psutil.Process]:
        return [
            process
            for process in psutil.process_iter()
            if process.pid != os.getpid() and self._started(process) and is_alive(process)
        ]

    def socket_folders(self) -> list[Path]:
        """Folders, in /tmp whatever TMPDIR says, that lead to sockets of this session."""
        folders = []
        for folder in sorted(Path("/tmp").glob("maverick-*")):
            with suppress(OSError):
                if (folder / "link").readlink().is_relative_to(self.base):
                    folders.append(folder)
        return folders

    def clear(self) -> None:
        """End and remove what is left, so that the next session finds a clean machine."""
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        for folder in (self.temporary, *self.socket_folders()):
            shutil.rmtree(folder, ignore_errors=True)

    def _started(self, process: psutil.Process) -> bool:
        with suppress(psutil.Error, OSError):
            if process.environ().get(MARKER) == self.marker:
                return True
        with suppress(psutil.Error, OSError):
            return process.name() == "postgres" and Path(process.cwd()).is_relative_to(self.base)
        return False


def stop_multiprocessing() -> None:
    """End the helpers that multiprocessing keeps for as long as this process lives."""
    forkserver._forkserver._stop()
    util._exit_function()
    resource_tracker._resource_tracker._stop()


def _command(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return " ".join(process.cmdline())[:300] or process.name()
    return "ended meanwhile"
