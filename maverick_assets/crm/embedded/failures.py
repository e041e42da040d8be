"""Why a server or a program did not start: one line of what it said."""

import re

from maverick_assets.errors import MaverickError

_MESSAGE = re.compile(r"\b(LOG|WARNING|FATAL|PANIC|DETAIL|initdb: error): +(.*\S)")
_FATAL = ("FATAL", "PANIC", "initdb: error")


class PostgresFailure(MaverickError):
    """PostgreSQL's own words, one line."""


def failure_cause(text: str, otherwise: str) -> str:
    """Why a server or a program failed, from its log or output; `otherwise` if that says nothing.

    The last fatal message with its detail, else the last error, else the last line.
    """
    messages = [_MESSAGE.search(line) for line in text.splitlines()]
    labelled = [message.groups() for message in messages if message]
    for index, (label, message) in reversed(list(enumerate(labelled))):
        if label not in _FATAL:
            continue
        before, after = labelled[:index], labelled[index + 1 : index + 2]
        if message.endswith("contains errors") or message.startswith("could not create any"):
            reasons = [reason for label, reason in before if label in ("LOG", "WARNING")]
            return reasons[-1] if reasons else message
        details = [detail for label, detail in after if label == "DETAIL"]
        return ": ".join([message, *details])
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else otherwise
