"""The run log as a person follows it in a terminal: one short line an event."""

import logging
from typing import Any

from dagster import DagsterEvent, InitLoggerContext, logger

from maverick_assets.errors import BadInput, MaverickError

OWN_ERRORS = (BadInput.__name__, MaverickError.__name__)


class ShortLines(logging.Formatter):
    """`12:03:41  allan_maverick/dataset  message`; an error is cut to its first line."""

    def format(self, record: logging.LogRecord) -> str:
        meta: dict[str, Any] = getattr(record, "dagster_meta", {})
        step = (meta.get("step_key") or "").split(".")[0].replace("__", "/")
        event: DagsterEvent | None = meta.get("dagster_event")
        message = meta.get("orig_message") or record.msg
        if pool := awaited_pool(event):
            message = f"waits: another run holds {pool}"
        if event and event.is_step_failure:
            message = f"failed: {root_cause(event)[1]}"
        if message.startswith("Skipping step "):  # followed by a list of internal names
            message = "skipped: nothing new to work on"
        line = message.strip().splitlines()[0] if message.strip() else ""
        return f"{self.formatTime(record, '%H:%M:%S')}  {step:<27}  {line}"


def awaited_pool(event: DagsterEvent | None) -> str | None:
    """The pool whose limit keeps a step from starting; None for every other event."""
    if event is None or not event.is_engine_event:
        return None
    pool = event.engine_event_data.metadata.get("pool")
    return str(pool.value) if pool else None


def is_for_people(record: logging.LogRecord) -> bool:
    """True from level INFO on, and for a step that waits, which Dagster logs at level DEBUG."""
    event = getattr(record, "dagster_meta", {}).get("dagster_event")
    return record.levelno >= logging.INFO or awaited_pool(event) is not None


def root_cause(event: DagsterEvent) -> tuple[str, str]:
    """Class name and first line of the error that a step failed with.

    In a chain of causes, that is the first error of this package, or else the deepest one.
    """
    error = event.step_failure_data.error
    while error and error.cause and error.cls_name not in OWN_ERRORS:
        error = error.cause
    if error is None:
        return "", "failed"
    name = error.cls_name or ""
    lines = error.message.strip().split(f"{name}: ", 1)[-1].splitlines()
    return name, lines[0] if lines else name


@logger
def progress_logger(_context: InitLoggerContext) -> logging.Logger:
    """One short line per event, for a terminal."""
    log = logging.Logger("maverick", level=logging.DEBUG)
    handler = logging.StreamHandler()
    handler.addFilter(is_for_people)
    handler.setFormatter(ShortLines())
    log.addHandler(handler)
    return log
