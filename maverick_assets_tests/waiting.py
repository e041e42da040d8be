"""What needs a moment: a server that recovers from a crash refuses connections meanwhile."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(action: Callable[[], T], seconds: float = 15) -> T:
    """The action's result, once it no longer raises; its last error when that takes too long."""
    end = time.monotonic() + seconds
    while True:
        try:
            return action()
        except Exception:
            if time.monotonic() > end:
                raise
        time.sleep(0.1)
