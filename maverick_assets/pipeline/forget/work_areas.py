"""What runs left outside of lake and registry: checkpoints, work areas, logs."""

import shutil
from collections.abc import Collection
from pathlib import Path

from maverick_assets.crm.people.mentions import People
from maverick_assets.pipeline.forget.trace import Trace
from maverick_assets.settings import Settings


def purge_runs(traced: Trace, settings: Settings) -> None:
    """Delete what trainings, evaluations and exports left that learned from forgotten rows.

    Checkpoints hold all adapters of a node, so all of them go. Runs under way keep theirs.
    """
    for errors in settings.runs.glob("*/error-*.txt"):  # words of libraries, which may quote rows
        errors.unlink()
    learned = {*traced.datasets, *traced.versions}
    if not learned or not settings.runs.is_dir():
        return
    checkpoints, locks = settings.checkpoints, settings.run_locks
    alive = {path.name for path in locks.iterdir()} if locks.is_dir() else set()
    if not alive:
        shutil.rmtree(checkpoints, ignore_errors=True)
    for area in settings.runs.iterdir():
        if area.is_dir() and area.name not in {checkpoints.name, locks.name, *alive}:
            for personality in learned:
                shutil.rmtree(area / personality, ignore_errors=True)


def clean_file(path: Path, people: People) -> None:
    """Take people out of a text file, which keeps its inode; delete any other file.

    Whoever appends to a log goes on appending to it.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        path.unlink()
        return
    cleaned = people.without(text)
    if "\0" in text or people.names(cleaned) or cleaned == text:  # named in a form that is escaped
        path.unlink()
        return
    with path.open("r+b") as stream:
        stream.write(cleaned.encode())
        stream.truncate()


def clean_files(paths: Collection[Path], people: People) -> None:
    for path in paths:
        if path.is_file():
            clean_file(path, people)
