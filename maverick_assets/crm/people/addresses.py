"""Mail addresses, compared as addresses: however a header, a column or a text writes them.

`Dana Cole <DANA@acme.example>`, `mailto:dana%40acme.example?subject=Hi` and `<dana@acme.example>`
are one mailbox. `dana+news@acme.example` is another one: what a server makes of the part behind
the plus sign is its own affair.
"""

import contextlib
import re
from collections.abc import Iterator
from email.utils import getaddresses
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

# "dana.cole@acme.example", in links "dana%40acme.example", in HTML "dana&#64;acme.example"
_ADDRESS = re.compile(r"\w[\w.+%'&*~-]{0,63}?(?:@|%40|&#64;|&commat;)[\w-]+(?:\.[\w-]+)*")
_AT = re.compile(r"%40|&#64;|&commat;")
# What ends the text before an address in a link: "?to=%3Cdana%40acme.example%3E"
_SEPARATOR = re.compile(r"%(?:2[026cf]|3[a-f])", re.IGNORECASE)


class WrittenAddress(NamedTuple):
    """Where an address stands in a text."""

    start: int
    end: int
    address: str  # as `normalized` returns it


def normalized(written: str) -> str:
    """A mailbox's address: without link scheme, brackets and escapes, in lower case.

    The domain is in ASCII (IDNA), as mail servers see it.
    """
    plain = unquote(_AT.sub("@", written.strip().strip("<>").strip()))
    if plain[:7].lower() == "mailto:":
        plain = plain[7:].partition("?")[0]
    local, at, domain = plain.rpartition("@")
    domain = domain.rstrip(".")
    if not domain.isascii():
        with contextlib.suppress(UnicodeError):  # no domain that can be registered
            domain = domain.encode("idna").decode()
    return f"{local}{at}{domain}".lower()


def addresses_in(text: str) -> Iterator[WrittenAddress]:
    """The addresses in a text, whatever stands around them."""
    if "@" not in text and not _AT.search(text):
        return
    for match in _ADDRESS.finditer(text):
        start, end = match.span()
        for escaped in _SEPARATOR.finditer(text, max(0, start - 1), end):
            start = escaped.end()
        if not _AT.match(text, start) and text[start] != "@":
            yield WrittenAddress(start, end, normalized(text[start:end]))


@lru_cache(1 << 16)  # columns hold the same few addresses again and again
def addresses_of(column: str | None) -> frozenset[str]:
    """The addresses that a column holds: one, a list, with names or without."""
    if not column:
        return frozenset()
    # The parser reads a header's list; the search finds what it refuses: "a@x.example; b@y.example"
    parsed = {normalized(address) for _, address in getaddresses([column]) if "@" in address}
    parsed = {address for address in parsed if not set(" ;,<>") & set(address)}
    return frozenset(parsed | {found.address for found in addresses_in(column)})
