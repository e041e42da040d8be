"""Whom the metadata of a chat name as its contact."""

import json
import re
from collections.abc import Iterator
from typing import Any

from maverick_assets.crm.people.addresses import addresses_in
from maverick_assets.crm.people.mentions import NOBODY, People

# "contact", "contactName", "visitor", "participants": whoever stands there takes part.
_CONTACT_KEY = re.compile(
    r"contact|visitor|participant|member|customer|client|sender|recipient|author|guest|person"
    r"|people|display.?name|full.?name"
)
_TITLE_KEY = re.compile(r"title|subject|topic|summary")
_WORDS_BESIDE = 1  # "Dr. Dana Cole", but not "Draft a reply to Dana Cole"


def names_contact(metadata: str | None, people: People) -> bool:
    """Whether metadata (JSON) say that one of these people takes part in a chat.

    They do by an address, by a name under a key for contacts, and by a value that is a name and
    nothing else. A number alone does not: colleagues share one. A name within a title does not.
    """
    return any(
        any(people.is_address(found.address) for found in addresses_in(value))
        or (_names(value, people) and _is_contact(key, value, people))
        for key, value in _texts(metadata)
    )


def _names(value: str, people: People) -> bool:
    return any(mention.kind == "name" for mention in people.mentions(value))


def _is_contact(key: str, value: str, people: People) -> bool:
    rest = people.without(value).replace(NOBODY, " ")
    if _CONTACT_KEY.search(key):
        return True
    return len(rest.split()) <= _WORDS_BESIDE and not _TITLE_KEY.search(key)


def _texts(metadata: str | None) -> Iterator[tuple[str, str]]:
    """All texts in JSON, each with the keys above it; the whole where it is no JSON."""
    try:
        waiting: list[tuple[str, Any]] = [("", json.loads(metadata))] if metadata else []
    except (ValueError, RecursionError):
        waiting = [("", metadata)]
    while waiting:
        keys, value = waiting.pop()
        if isinstance(value, str):
            yield keys, value
        elif isinstance(value, dict):
            yield from (("", key) for key in value if "@" in key)
            waiting.extend((f"{keys} {key}".lower(), inner) for key, inner in value.items())
        elif isinstance(value, list):
            waiting.extend((keys, inner) for inner in value)
