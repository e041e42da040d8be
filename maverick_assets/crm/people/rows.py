"""Rows of raw tables: whose they are, and what they say of people."""

import html
import re
from collections.abc import Collection, Mapping
from itertools import pairwise
from typing import Any
from urllib.parse import unquote

from maverick_assets.crm.html_text import TooMuchText, html_to_text
from maverick_assets.crm.people.addresses import addresses_of
from maverick_assets.crm.people.chat_contacts import names_contact
from maverick_assets.crm.people.json_texts import without_in_json
from maverick_assets.crm.people.mentions import NO_ADDRESS, People
from maverick_assets.crm.schema import ATTENDEE_TAG
from maverick_assets.lake.delta import ROW_HASH, row_hash

# Columns that say whom a row belongs to.
OWNER_COLUMNS = (
    "id",
    "sender_email",
    "recipients",
    "owner_email",
    "user_id",
    "conversation_id",
    "metadata",
    "tags",
)
# Columns that identify a row, or that this program writes: no text of anybody.
_KEYS = frozenset(["id", "conversation_id", "_op", "_extracted_at", ROW_HASH])

_MARK = re.compile(r"\s*(?:[>|]|[-_]{3,})")  # "> ", "-----Original Message-----", "_______"
_FIELD = re.compile(r"\s*\*?[^\W\d_][\w -]{0,20}: *\*?\s*\S")  # "From: Dana", "*Gesendet:* Montag"
_HIDDEN = re.compile(r"[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_TAG = re.compile(r"</[a-z]+>|<br ?/?>", re.IGNORECASE)


def belongs_to(row: Mapping[str, Any], people: People) -> bool:
    """Whether a row is some of these people's own.

    So is a mail from one of them or to nobody else, their deals, notes and interactions, a chat
    whose metadata say that one of them takes part, and an event that nobody else attends. A mail to
    several people is not, nor is a text that names one of them.
    """
    for column in ("sender_email", "owner_email", "user_id"):
        value = row.get(column) or ""
        # A user id that is no address: the release before forgot these, too.
        if any(map(people.is_address, {*addresses_of(value), value.strip().lower()})):
            return True
    # Nothing says which message of a chat of several people is whose.
    if names_contact(row.get("metadata"), people):
        return True
    sender = addresses_of(row.get("sender_email"))
    attendees = [tag for tag in row.get("tags") or () if tag.startswith(ATTENDEE_TAG)]
    return _are_all(addresses_of(row.get("recipients")) - sender, people) or _are_all(
        addresses_of(", ".join(tag.removeprefix(ATTENDEE_TAG) for tag in attendees)), people
    )


def _are_all(addresses: Collection[str], people: People) -> bool:
    others = set(addresses) - {NO_ADDRESS}
    return bool(others) and all(map(people.is_address, others))


def without_people(row: dict[str, Any], people: People, columns: Collection[str]) -> dict[str, Any]:
    """A raw row whose texts no longer name them, with the hash of its content as it is now.

    `columns` are those of the source. Returns `row` itself where it names none of them.
    """
    changed = {}
    for name, value in row.items():
        if name in _KEYS or value is None:
            continue
        cleaned: Any
        if name in ("headers", "metadata") and isinstance(value, str):
            cleaned = without_in_json(value, people)
        elif isinstance(value, str):
            cleaned = people.without(value)
            shown = _as_read(cleaned)
            if shown != cleaned and people.names(shown):
                cleaned = people.without(shown)
        elif isinstance(value, list) and value and isinstance(value[0], str):
            cleaned = [people.without(part) for part in value]
        else:
            continue
        if cleaned != value:
            changed[name] = cleaned
    if not changed:
        return row
    new = row | changed
    if ROW_HASH in row:
        # Not the source's hash: that of the row as the source has it would say that nothing
        # changed. A table of the release before lacks columns that came since.
        new[ROW_HASH] = row_hash([new.get(name) for name in columns])
    return new


def _as_read(text: str) -> str:
    """A text as its reader sees it: of HTML what it shows, without escapes and hidden characters.

    "<b>Dana</b> Cole", "Dana&nbsp;Cole", "Da\\u200bna Cole", "Dana%20Cole"
    """
    try:
        shown = html.unescape(_shown(text)) if "&" in text or "<" in text else text
    except TooMuchText:
        shown = html.unescape(text)
    if "%" in shown:
        shown = unquote(shown)
    return _HIDDEN.sub("", shown)


def without_quote(row: dict[str, Any], people: People, columns: Collection[str]) -> dict[str, Any]:
    """A mail that is known to quote one of these people, with nothing but what is above a quote.

    The mail is read anew and what it quotes is gone, so this takes any sign of a quote for the
    quote. A body without a sign is emptied.
    """
    try:
        lines = _shown(row.get("body") or "").splitlines()
    except TooMuchText:
        lines = []
    signs = [n for n, line in enumerate(lines) if _MARK.match(line) or people.names(line)]
    signs += [n for n, (a, b) in enumerate(pairwise(lines)) if _FIELD.match(a) and _FIELD.match(b)]
    new = row | {"body": "\n".join(lines[: min(signs)]).strip() if signs else ""}
    return new | ({ROW_HASH: row_hash([new.get(name) for name in columns])})


def _shown(body: str) -> str:
    return html_to_text(body) if _TAG.search(body) else body


def named_addresses(row: Mapping[str, Any]) -> list[str]:
    """Addresses in the columns of a row, sorted."""
    columns = ("sender_email", "owner_email", "recipients")
    return sorted({address for name in columns for address in addresses_of(row.get(name))})
