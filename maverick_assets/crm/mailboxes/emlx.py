"""Messages of Apple Mail's own store: a length, the message, and a property list with its flags."""

import plistlib
from datetime import UTC, datetime
from typing import Any

# Bits of `flags`: https://docs.fileformat.com/email/emlx/
_FLAGS = {0: "seen", 1: "trashed", 2: "replied", 4: "flagged", 6: "draft", 8: "passed", 24: "junk"}


def split_emlx(data: bytes) -> tuple[bytes, tuple[str, ...], datetime | None]:
    """The message of a file, its flags, and when it was received.

    A property list that cannot be read costs its flags. A length that does not fit is ignored: the
    property list begins where its XML does.
    """
    first, _, rest = data.partition(b"\n")
    length = int(first.strip() or b"0")
    message, behind = rest[:length], rest[length:]
    if not behind.lstrip().startswith((b"<?xml", b"<plist", b"<!DOCTYPE", b"bplist")):
        start = max(rest.rfind(b"<?xml"), rest.rfind(b"bplist00"))
        has_list = start > 0 and b"<plist" in rest[start:]
        message, behind = (rest[:start], rest[start:]) if has_list else (rest, b"")
    properties = _properties(behind.strip())
    return message, _flags(properties.get("flags")), _time(properties)


def _properties(data: bytes) -> dict[str, Any]:
    try:
        properties = plistlib.loads(data) if data else {}
    except Exception:  # it fails in many ways on damaged lists
        return {}
    return properties if isinstance(properties, dict) else {}


def _flags(bits: object) -> tuple[str, ...]:
    if not isinstance(bits, int):
        return ()
    return tuple(word for bit, word in _FLAGS.items() if bits >> bit & 1)


def _time(properties: dict[str, Any]) -> datetime | None:
    for name in ("date-received", "date-sent"):
        value = properties.get(name)
        if isinstance(value, int | float) and 0 < value < 1 << 33:
            return datetime.fromtimestamp(value, UTC)
    return None
