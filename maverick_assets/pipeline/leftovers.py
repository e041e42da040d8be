"""What runs that never ended left in the run home: cleared after a while, and named.

A training that was killed keeps its checkpoints, so that the same training resumes from them. Often
there is no such training any more, because new rows or another recipe have made it another one.
Canaries go at once: nothing resumes an audit.
"""

import shutil
import time
from pathlib import Path

from maverick_assets.files import is_held
from maverick_assets.pipeline.run_context import RunContext

KEPT_DAYS = 14
_AGE = f", {KEPT_DAYS} days old or more"
CANARIES = "canaries"  # subfolder of an audit in the work area of its run


def clear_leftovers(run: RunContext, node: str) -> None:
    """Delete a node's abandoned checkpoints, and the work areas of runs that have ended.

    What was written to in the last `KEPT_DAYS` stays, and so does whatever belongs to a run under
    way: a training writes a checkpoint every minute, a run has a lock file. The log says what goes.
    """
    clear_canaries(run)
    settings = run.settings
    for path in _children(settings.checkpoints / node):
        if _is_old(path):
            _clear(run, path, f"checkpoints of a training of {node} that nobody resumed{_AGE}")
    alive = {path.name for path in _children(settings.run_locks)}
    no_areas = {settings.checkpoints.name, settings.run_locks.name, run.run_id, *alive}
    for path in _children(settings.runs):
        if path.name not in no_areas and _is_old(path):
            _clear(run, path, f"the work area of a run{_AGE}")


def clear_canaries(run: RunContext) -> None:
    """Delete the datasets and adapters of audits whose run was killed, or the machine switched off.

    A run under way holds its lock file.
    """
    for path in sorted(run.settings.runs.glob(f"*/*/{CANARIES}")):
        if not is_held(run.settings.run_locks / path.parents[1].name):
            _clear(run, path, "canaries of an audit that was killed")


def _children(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _is_old(path: Path) -> bool:
    """Whether nothing in it was written to for `KEPT_DAYS`."""
    try:
        newest = max(each.lstat().st_mtime for each in (path, *path.rglob("*")))
    except FileNotFoundError:  # another process, such as an operator's release, works in it
        return False
    return time.time() - newest > KEPT_DAYS * 24 * 60 * 60


def _clear(run: RunContext, path: Path, what: str) -> None:
    run.log.info(f"cleared {what}: {path}")
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
