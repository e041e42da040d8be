"""Parameters of MIME headers (RFC 2045, RFC 2231): `text/plain; charset=utf-8; format=flowed`.

One that is broken costs itself. The stdlib's parser raises on some, and takes quadratic time.
"""

import re
from collections.abc import Mapping
from email.message import EmailMessage
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from maverick_assets.crm.mail.charsets import decode_bytes

MAX_CHARACTERS = 5_000  # of a header that are looked at; what is behind them names attached files
_PARAMETER = re.compile(
    r';\s*([^\s=;"]{1,60})\s*=\s*(?:"((?:[^"\\]|\\.){0,2000})"|([^;"]{0,2000}))', re.DOTALL
)
# "filename*0*", "name*1", "title*"
_SECTION = re.compile(r"([^*]+)(?:\*(\d{1,2}))?(\*)?")
_TOKEN = re.compile(r"[\w.+-]+/[\w.+-]+|[\w.+-]+")


class MimeHeader(NamedTuple):
    """A MIME header: its value in lower case, and its parameters by lower-case name."""

    value: str
    parameters: Mapping[str, str]


def mime_header(part: EmailMessage, name: str) -> MimeHeader:
    """A MIME header of a part as it was written; an empty one where it has none."""
    raw = next((str(value) for key, value in part.raw_items() if key.lower() == name), "")
    return parse_mime_header(raw)


def parse_mime_header(text: str) -> MimeHeader:
    """A header's value and parameters, as far as they can be read."""
    line = " ".join(text[:MAX_CHARACTERS].split())
    value = _TOKEN.search(line.partition(";")[0])
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    for match in _PARAMETER.finditer(line):
        name = _SECTION.fullmatch(match[1])
        if name is None:
            continue
        quoted = re.sub(r"\\(.)", r"\1", match[2]) if match[2] is not None else None
        text = quoted if quoted is not None else match[3].strip()
        number, is_encoded = int(name[2] or 0), bool(name[3])
        sections.setdefault(name[1].lower(), {}).setdefault(number, (text, is_encoded))
    parameters = {name: _joined(parts) for name, parts in sections.items()}
    return MimeHeader(value[0].lower() if value else "", parameters)


def _joined(parts: Mapping[int, tuple[str, bool]]) -> str:
    """A parameter of its sections; a first one that is encoded names the charset: utf-8'de'..."""
    charset: str | None = None
    data = b""
    for number in sorted(parts):
        text, is_encoded = parts[number]
        if is_encoded and number == min(parts) and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)
        raw = text.encode("utf-8", "surrogateescape")
        data += unquote_to_bytes(raw) if is_encoded else raw
    return decode_bytes(data, charset)
