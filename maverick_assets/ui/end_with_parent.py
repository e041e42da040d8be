"""Program that has the kernel end it when its parent ends, and becomes a command.

    python -I -S end_with_parent.py PARENT COMMAND...

A program of its own, and not code between fork and exec: the process that starts it has threads,
and what they held at the fork is never released in the child. What the kernel is asked for outlives
the exec. Linux only; elsewhere the command just runs.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1  # of <sys/prctl.h>


def main(parent: int, command: Sequence[str]) -> int:
    """Become `command`. Returns an exit status where `parent` has ended already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before the line above, and sends no signal any more
            return 1
    os.execvp(command[0], list(command))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
