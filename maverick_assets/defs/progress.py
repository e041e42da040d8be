"""The run log as a person follows it in a terminal: one short line an event."""

import logging
from typing import Any

from dagster import DagsterEvent, InitLoggerContext, logger


class ShortLines(logging.Formatter):
    """`12:03:41  allan_maverick/dataset  message`; of an error its first line only."""

    def format(self, record: logging.LogRecord) -> str:
        meta: dict[str, Any] = getattr(record, "dagster_meta", {})
        step = (meta.get("step_key") or "").split(".")[0].replace("__", "/")
        message = _cause(meta.get("dagster_event")) or meta.get("orig_message") or record.msg
        line = message.strip().splitlines()[0] if message.strip() else ""
        return f"{self.formatTime(record, '%H:%M:%S')}  {step:<27}  {line}"


def _cause(event: DagsterEvent | None) -> str | None:
    """What a step failed of, at the root."""
    if event is None or not event.is_step_failure:
        return None
    error = event.step_failure_data.error
    while error and error.cause:
        error = error.cause
    return f"failed: {error.message}" if error else None


@logger
def progress_logger(_context: InitLoggerContext) -> logging.Logger:
    """Short lines of what a run does, for a terminal."""
    log = logging.Logger("maverick", level=logging.INFO)
    handler = logging.StreamHandler()
    handler.setFormatter(ShortLines())
    log.addHandler(handler)
    return log
