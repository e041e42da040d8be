"""Program that moves into a user namespace whose one user is this one, and becomes a command.

    python -I -S enter_namespace.py USER GROUP COMMAND...

USER and GROUP are what this process's ids are called inside. exec clears the capabilities there,
because the user's id inside is not 0. A program of its own, and not code between fork and exec: the
process that starts it has threads, and libraries of theirs run handlers after a fork. A process
with a second thread gets no namespace from the kernel.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress

FAILED = 125  # exit status of a start that failed, as env(1) and chroot(1) have it
NAMESPACE = "namespace"  # which step failed, on stderr: `namespace 28 unshare`
COMMAND = "command"
_CLONE_NEWUSER = 0x10000000  # of <linux/sched.h>
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38  # of <sys/prctl.h>


def main(user: int, group: int, command: Sequence[str]) -> int:
    """Become `command`. Returns `FAILED` with step and errno on stderr where it cannot."""
    step = NAMESPACE
    try:
        _enter(user, group)
        step = COMMAND
        for name in ("SIGPIPE", "SIGXFSZ"):  # which Python ignores, and a command would inherit
            signal.signal(getattr(signal, name), signal.SIG_DFL)
        os.execvp(command[0], list(command))
    except OSError as error:
        print(step, error.errno, error.filename or "unshare", file=sys.stderr)
    return FAILED


def _enter(user: int, group: int) -> None:
    """Raises `OSError` where the kernel grants no namespace, with what it refused."""
    libc = ctypes.CDLL(None, use_errno=True)
    own_user, own_group = os.geteuid(), os.getegid()
    if own_user == 0:
        with suppress(PermissionError):  # root without that capability keeps its groups
            os.setgroups([])
    if libc.unshare(_CLONE_NEWUSER):
        raise OSError(ctypes.get_errno(), "no user namespace", "unshare")
    libc.prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0)  # or /proc/self is root's
    for path, text in (
        ("/proc/self/setgroups", b"deny"),
        ("/proc/self/uid_map", b"%d %d 1" % (user, own_user)),
        ("/proc/self/gid_map", b"%d %d 1" % (group, own_group)),
    ):
        descriptor = os.open(path, os.O_WRONLY)
        try:
            os.write(descriptor, text)
        except OSError as error:
            raise OSError(error.errno, error.strerror, path) from error
        os.close(descriptor)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
