"""The run log as a person follows it in a terminal: one short line an event."""

import logging
from typing import Any

from dagster import DagsterEvent, InitLoggerContext, logger

from maverick_assets.errors import BadInput, MaverickError

OURS = (BadInput.__name__, MaverickError.__name__)


class ShortLines(logging.Formatter):
    """`12:03:41  allan_maverick/dataset  message`; of an error its first line only."""

    def format(self, record: logging.LogRecord) -> str:
        meta: dict[str, Any] = getattr(record, "dagster_meta", {})
        step = (meta.get("step_key") or "").split(".")[0].replace("__", "/")
        event: DagsterEvent | None = meta.get("dagster_event")
        message = meta.get("orig_message") or record.msg
        if event and event.is_step_failure:
            message = f"failed: {root_cause(event)[1]}"
        line = message.strip().splitlines()[0] if message.strip() else ""
        return f"{self.formatTime(record, '%H:%M:%S')}  {step:<27}  {line}"


def root_cause(event: DagsterEvent) -> tuple[str, str]:
    """Class name and first line of what a step failed of: an error of ours, else the deepest."""
    error = event.step_failure_data.error
    while error and error.cause and error.cls_name not in OURS:
        error = error.cause
    if error is None:
        return "", "failed"
    name = error.cls_name or ""
    lines = error.message.strip().split(f"{name}: ", 1)[-1].splitlines()
    return name, lines[0] if lines else name


@logger
def progress_logger(_context: InitLoggerContext) -> logging.Logger:
    """Short lines of what a run does, for a terminal."""
    log = logging.Logger("maverick", level=logging.INFO)
    handler = logging.StreamHandler()
    handler.setFormatter(ShortLines())
    log.addHandler(handler)
    return log
