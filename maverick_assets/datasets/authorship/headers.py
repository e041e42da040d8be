"""The kept headers of a raw row of mails, and the people that they name."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from maverick_assets.crm.mail.headers import mailboxes

Headers = Mapping[str, Sequence[str]]  # values by lower-case name, in the message's order

PRIVATE = "private"  # organization of hosts that no public name has

# "dana@x.example"
_ADDRESS = re.compile(r"[^\s@<>,]+@[^\s@<>,]+")
# Exchange's own addresses: "/O=ACME/OU=FIRST/CN=RECIPIENTS/CN=AKERN"
_EXCHANGE = re.compile(r"<?(/o=[^<>]+)>?", re.IGNORECASE)
# Domains below which anybody registers one: "acme.co.uk", "acme.com.au"
_SECOND_LEVEL = frozenset({"co", "com", "net", "org", "gov", "edu", "ac", "or", "ne", "gob", "nom"})
# Hosts that only their own network knows: "sloti7d3t05", "compute-3.internal"
_PRIVATE_ENDINGS = frozenset(
    {"internal", "local", "localdomain", "lan", "localhost", "home", "corp"}
)


def read_headers(row: Mapping[str, Any]) -> Headers | None:
    """The headers of a raw row; None where its source keeps none, as a plain table of a CRM.

    `headers` is JSON from whatever wrote the CRM's table, so what is no list of texts is left out.
    """
    text = row.get("headers")
    if not text:
        return None
    try:
        loaded = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(loaded, dict):
        return None
    headers: dict[str, list[str]] = {}
    for name, values in loaded.items():
        texts = [values] if isinstance(values, str) else values
        if isinstance(texts, list):
            kept = [value for value in texts if isinstance(value, str) and value.strip()]
            if kept:
                headers.setdefault(str(name).lower(), []).extend(kept)
    return headers


def first(headers: Headers, name: str) -> str:
    """The topmost value of a header; empty without one."""
    return next(iter(headers.get(name, ())), "")


def people(headers: Headers, name: str) -> list[str]:
    """Addresses of a header in lower case.

    Somebody without an address is named as Exchange's exports do: by his name, by Exchange's own
    address, or by both ("kern, allan </o=acme/cn=akern>").
    """
    return [address for value in headers.get(name, ()) for address in _people(value)]


@lru_cache(1 << 14)  # the owner's own header stands in half of all mails
def _people(value: str) -> tuple[str, ...]:
    exchange = _EXCHANGE.search(value)
    if exchange and "@" not in value:
        name = value[: exchange.start()].strip().strip('"').strip()
        written = f"{name} <{exchange[1]}>" if name else exchange[1]
        return (written.lower(),)
    if "@" not in value:
        name = value.partition("<")[0].strip().strip('"').strip()
        return (name.lower(),) if name else ()
    addresses = (lower_ascii(box.address) for box in mailboxes(value))
    return tuple(dict.fromkeys(filter(_ADDRESS.fullmatch, addresses)))


def lower_ascii(address: str) -> str:
    """An address in lower case. Letters outside ASCII stay, so that a Kelvin sign is no k."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in address)


def domain_of(address: str) -> str:
    return address.rpartition("@")[2].strip("<>. ")


@lru_cache(1 << 14)
def organization(host: str) -> str:
    """The domain that whoever runs a host has registered: `mx1.acme.co.uk` -> `acme.co.uk`.

    DMARC compares these ("relaxed alignment", RFC 7489). Without the public suffix list, which is
    newer than any release, `acme.github.io` is of `github.io`. Hosts of private networks and bare
    numbers have none: they are named `PRIVATE`.
    """
    labels = host.lower().strip(". []").split(".")
    if ":" in host or labels[-1].isdigit() or len(labels) == 1 or labels[-1] in _PRIVATE_ENDINGS:
        return PRIVATE
    count = 3 if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL else 2
    return ".".join(labels[-count:])
