"""The machine that a benchmark runs on, and a folder on it."""

import platform
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from maverick_assets.crm.embedded import release_servers
from maverick_assets.serving.export.response_times import machine_name


def machine_line() -> str:
    """One line that names the machine that a figure was measured on."""
    memory = psutil.virtual_memory().total / 2**30
    return f"Machine: {machine_name()}, {memory:.0f} GiB, {platform.platform()}."


@contextmanager
def server_folder() -> Iterator[Path]:
    """A temporary folder in which an embedded server can be, which stops before the folder goes."""
    with tempfile.TemporaryDirectory(prefix="maverick-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # the embedded server works as a user of its own
        try:
            yield folder
        finally:
            release_servers()
