"""Where a mail lies, and what that says: sent, a draft, deleted, spam."""

import base64
import binascii
import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from maverick_assets.datasets.authorship.folder_names import FOLDER_NAMES, Place
from maverick_assets.datasets.authorship.headers import Headers, first

# Between folders: "INBOX/Sent", "\Kern\Sent Items", Maildir++ "INBOX.Sent" and ".Sent.2019"
_BETWEEN = re.compile(r"[/\\]")
# Endings of mailbox files and of Thunderbird's folders of folders
_ENDING = re.compile(r"\.(?:mbox|mbx|sbd|mbs|eml|emlx|pst|msf|imapmbox)$", re.IGNORECASE)
_ENCODED = re.compile(r"&([A-Za-z0-9+,]*)-")  # IMAP's UTF-7 (RFC 3501): "Entw&APw-rfe"
_NUMBER = re.compile(r"[\s_(-]*\d{1,4}\)?$")  # "Sent-1", "Sent (2)", "Sent 2019"
_NO_LETTER = re.compile(r"[\W_]+")
_EXPUNGED = 0x0008  # of X-Mozilla-Status: deleted, but the folder was not compacted since
# What beats what where a mail has several labels: a draft in the trash is deleted.
_ORDER: tuple[Place, ...] = ("spam", "deleted", "draft", "sent")


def places_of(row: Mapping[str, Any], headers: Headers) -> tuple[Place, ...]:
    """A place for each copy of a mail; "other" where nothing says what became of it.

    A copy in a folder of a program's own name is told by that; labels, flags and headers say
    something of the mail, and so of all its copies.
    """
    folders = [line for line in (row.get("folder") or "").splitlines() if line.strip()]
    places = [_of_folder(folder) for folder in folders] or ["other"]
    stated = _stated(headers, row.get("flags") or ())
    if row.get("direction") == "outgoing":
        stated.add("sent")
    told = next((place for place in _ORDER if place in stated), None)
    if told == "spam" and "sent" in places:  # a filter of his own marked what he sent
        told = None
    if told == "draft" and "sent" in places:
        told = None
    # One copy was deleted, another was kept: a flag says so of one of them alone.
    if told == "deleted" and len(places) > 1:
        told = None
    return tuple(places) if told is None else (told,)


def _stated(headers: Headers, flags: Sequence[str]) -> set[Place]:
    """What labels, flags and headers say."""
    stated = {
        _of_name(part) for name in ("x-gmail-labels", "x-folder") for part in _labels(headers, name)
    }
    words = {flag.lower().lstrip("\\") for flag in flags}
    if "draft" in words:
        stated.add("draft")
    if words & {"trashed", "deleted"}:
        stated.add("deleted")
    if words & {"junk", "$junk", "spam"}:
        stated.add("spam")
    if _mozilla_status(headers) & _EXPUNGED:
        stated.add("deleted")
    # Thunderbird keeps this header in drafts and templates, and takes it out as it sends.
    if "x-mozilla-draft-info" in headers and "received" not in headers:
        stated.add("draft")
    if first(headers, "x-spam-flag").strip().lower() == "yes":
        stated.add("spam")
    if first(headers, "x-spam-status").strip().lower().startswith("yes"):
        stated.add("spam")
    return stated - {"other"}


def _labels(headers: Headers, name: str) -> list[str]:
    """Gmail's labels; of an archive's folder the last part that says something."""
    if name == "x-folder":
        return [_of_folder(value) for value in headers.get(name, ())]
    return [label for value in headers.get(name, ()) for label in value.split(",")]


def _mozilla_status(headers: Headers) -> int:
    try:
        return int(first(headers, "x-mozilla-status").strip() or "0", 16)
    except ValueError:
        return 0


@lru_cache(1 << 12)
def _of_folder(folder: str) -> Place:
    """What the deepest folder says that has a known name: "Sent Items/Projects" is sent mail."""
    for part in reversed(_BETWEEN.split(folder)):
        names = [_ENDING.sub("", part)]
        names += reversed(names[0].split("."))  # Maildir++
        for name in names:
            place = _of_name(name)
            if place != "other":
                return place
    return "other"


@lru_cache(1 << 12)
def _of_name(name: str) -> Place:
    plain = _ENCODED.sub(_decoded, name)
    return _PLACES.get(_key(plain)) or _PLACES.get(_key(_NUMBER.sub("", plain)), "other")


def _decoded(match: re.Match[str]) -> str:
    text = match[1].replace(",", "/")
    if not text:
        return "&"
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4)).decode("utf-16-be")
    except (binascii.Error, UnicodeDecodeError):
        return match[0]


def _key(name: str) -> str:
    """A name for comparison: "Éléments envoyés" and "elements-envoyes" are one."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return _NO_LETTER.sub("", letters)


_PLACES: dict[str, Place] = {
    _key(name): place
    for place, names in FOLDER_NAMES.items()
    for line in names.splitlines()
    for name in line.split("|")
    if _key(name)
}
# The places' own names, as `_labels` gives them for folders of an archive
_PLACES |= {_key(place): place for place in _ORDER}
