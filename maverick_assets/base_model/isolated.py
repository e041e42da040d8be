"""Functions in a process of their own, so that a crash in native code takes nothing else along.

Each is forked from a server process that has imported torch and transformers, which takes seconds,
once for all of them. transformers itself imports little before it is used: every configuration
needs its activations, and these need more of torch than `import torch` brings.
"""

import multiprocessing
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.processes import die_with_parent

_PRELOADED = ["torch", "transformers", "transformers.activations"]


def run_isolated(function: Callable[..., None], *arguments: object) -> str:
    """Run `function`, which a module holds, in a process of its own; the last line that it printed.

    Raises `MaverickError` with that line when it fails, or `BadInput` where it raised one.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    with tempfile.TemporaryDirectory(prefix="maverick.") as folder:
        output = Path(folder) / "output"
        child = context.Process(target=_run, args=(function, arguments, output))
        child.start()
        try:
            child.join()
        finally:
            child.kill()  # alive only if a signal ended the wait
            child.join()
        lines = output.read_text(encoding="utf-8", errors="replace") if output.exists() else ""
    code = child.exitcode or 0
    last_line = next(reversed(lines.strip().splitlines()), "").strip()
    if code:
        error = BadInput if code == BadInput.exit_code else MaverickError
        ended = f"its process was killed by signal {-code}" if code < 0 else f"exit code {code}"
        raise error(ended if code < 0 else last_line or ended)
    return last_line


def _run(function: Callable[..., None], arguments: tuple[object, ...], output: Path) -> None:
    die_with_parent(os.getppid())  # the server, which ends with the process that it serves
    target = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(target, stream)
    try:
        function(*arguments)
    except MaverickError as error:
        print(error, flush=True)
        raise SystemExit(error.exit_code) from error
