"""The addresses of a text, in any form, and how another one is written in the same form."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

# "dana.cole@mail.acme.co.uk"; guests of Microsoft 365: "dana_acme.example#EXT#@tenant.example".
# It matches only at the start of a word. Otherwise a long run of letters would be scanned once for
# each letter.
# Programs pack one address into another: "bounce+dana=acme.example@mailer.example",
# "SRS0=HHH=TT=acme.example=dana@forward.example".
_PLAIN = re.compile(
    r"(?<![\w.+'-])(?:SRS[01]=[\w.+=-]{1,200}|[\w.'-]+\+[\w.+'-]+=[\w.-]+"
    r"|[\w.+'-]+(?:#EXT#)?"
    r"|\x22[^\x22@\s]{1,64}\x22)@[\w-]+(?:\.[\w-]+)+"
)


@dataclass(frozen=True)
class WrittenAddress:
    """Where an address stands in a text."""

    start: int
    end: int
    address: str
    encode: Callable[[str], str]  # another address, as this one is written


def plain_addresses(text: str) -> Iterator[WrittenAddress]:
    """Addresses as they are: `dana.cole@acme.example`."""
    for match in _PLAIN.finditer(text):
        address = match.group().replace("#EXT#", "").replace('"', "")
        yield WrittenAddress(*match.span(), address, str)
