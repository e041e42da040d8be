"""How the stdlib parses one mail, with bounds on what it may cost.

Anybody can send a mail. One beyond a bound is left out by name.
"""

from collections import Counter
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import EmailPolicy
from typing import Any, cast

from maverick_assets.crm.mail.parameters import MAX_CHARACTERS, parse_mime_header

MAX_MAIL_BYTES = 40_000_000  # providers take less than that with all attachments
MAX_LINES = 1_000_000  # as many as that have in base64, and again as many
MAX_PARTS = 1_000
_MAX_MIME_CHARACTERS = 100_000  # of all MIME headers in one mail that are parsed

TOO_LARGE = f"larger than {MAX_MAIL_BYTES / 1e6:.0f} MB"
_MIME_HEADERS = ("content-type", "content-disposition", "content-transfer-encoding")
# What the stdlib needs to find the parts of a message; everything else is read by ourselves.
_NEEDED = ("boundary", "charset", "name", "filename")


def parse_structure(data: bytes) -> EmailMessage:
    """The parts of a message. Raises `ValueError` for one beyond a bound."""
    if data.count(b"\n") > MAX_LINES:
        raise ValueError(f"more than {MAX_LINES:,} lines")
    return cast(EmailMessage, message_from_bytes(data, policy=_BoundedPolicy()))


class _BoundedPolicy(EmailPolicy):
    """The stdlib's default policy for one mail, with bounds on its parts and MIME headers."""

    _counts: Counter[str]
    _parsed: dict[tuple[str, str], Any]  # headers by name and text

    def __init__(self) -> None:
        # The type stubs know no policy for `EmailMessage` that can be inherited from.
        super().__init__(message_factory=self._new_part)  # type: ignore[arg-type]
        # A policy refuses ordinary assignments; the stdlib's own classes get around that like this.
        object.__setattr__(self, "_counts", Counter())
        object.__setattr__(self, "_parsed", {})

    def _new_part(self, policy: EmailPolicy | None = None) -> EmailMessage:
        self._count("parts", 1, MAX_PARTS)
        return EmailMessage(policy)

    def header_fetch_parse(self, name: str, value: str) -> Any:
        text = str(value)[:MAX_CHARACTERS]
        if (name, text) not in self._parsed:
            self._count("characters of MIME headers", len(text), _MAX_MIME_CHARACTERS)
            self._parsed[name, text] = super().header_fetch_parse(name, _sound(name.lower(), text))
        return self._parsed[name, text]

    def _count(self, what: str, more: int, limit: int) -> None:
        """Raises `ValueError` where there is too much of something."""
        self._counts[what] += more
        if self._counts[what] > limit:
            raise ValueError(f"more than {limit:,} {what}")


def _sound(name: str, text: str) -> str:
    """A MIME header written anew: the stdlib raises on some that are broken."""
    if name not in _MIME_HEADERS:
        return text
    header = parse_mime_header(text)
    parameters = [
        f'; {key}="{_escaped(header.parameters[key])}"'
        for key in _NEEDED
        if key in header.parameters
    ]
    return header.value + "".join(parameters)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
