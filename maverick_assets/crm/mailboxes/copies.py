"""Copies of a mail: which mails are the same one, and what the row of several copies says.

Programs give several mails one Message-ID, and one mail several. So the words decide, too. A row
that an earlier release imported has no `headers`: what it read wrongly, another reading repairs.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from maverick_assets.crm.mail.row import row_id

Mail = Mapping[str, Any]  # a mail's columns, as `MailRow` names them

# Of a mail with copies, these hold only where they hold of each copy; the others hold of any.
_GONE = frozenset(["draft", "trashed", "junk"])
# Headers that say what became of one copy
_STATE = ("status", "x-status", "x-mozilla-status", "x-mozilla-status2", "x-keywords")
_EXPUNGED = 0x0008  # in X-Mozilla-Status
_COMMON_WORDS = 0.9  # that a copy has, besides the footer of a list
_ASCII_WORD = re.compile(r"[A-Za-z0-9]+")


def content_id(mail: Mail) -> str:
    """The id that the content of a mail gives it; a row that was repaired keeps its own."""
    return row_id(mail["sender_email"], mail["sent_at"], mail["subject"] or "", mail["body"] or "")


def same_mail(mail: Mail, stored: Iterable[Mail]) -> Mail | None:
    """The stored mail that is this one, perhaps read wrongly; None where it is new."""
    candidates = list(stored)
    for row in candidates:
        if row["id"] == mail["id"] or content_id(row) == mail["id"]:
            return row
    return next((row for row in candidates if _is_copy(row, mail)), None)


def changes(row: Mail, mail: Mail, is_copy: bool) -> dict[str, Any]:
    """What a stored row has to become, now that `mail` was read; empty where it says all of it.

    `is_copy`: both were read in one import. Else `mail` is what became of the stored one.
    """
    if row["headers"] is None:
        new = {name: value for name, value in mail.items() if name != "id"}
    else:
        new = _joined(row, mail, is_copy)
    return {
        name: value for name, value in new.items() if _comparable(value) != _comparable(row[name])
    }


def _is_copy(row: Mail, mail: Mail) -> bool:
    if row["message_id"] != mail["message_id"]:
        return False
    is_same_time = _second(row["sent_at"]) == _second(mail["sent_at"])
    if row["headers"] is not None:
        return is_same_time and _are_alike(row, mail)
    is_same_subject = _words(row["subject"]) == _words(mail["subject"])
    if mail["message_id"] is None:
        return is_same_time and row["sender_email"] == mail["sender_email"] and is_same_subject
    # Read wrongly it may have any body: that of an attachment, none, those of a whole mailbox.
    return is_same_time or (is_same_subject and _are_alike(row, mail))


def _are_alike(row: Mail, mail: Mail) -> bool:
    """Whether one has the words of the other, and perhaps a list's footer."""
    if _words(row["subject"]) != _words(mail["subject"]):
        return False
    first, second = set(_words(row["body"])), set(_words(mail["body"]))
    fewer = min(len(first), len(second))
    return len(first & second) >= _COMMON_WORDS * fewer


def _words(text: str | None) -> list[str]:
    """The words of a text as far as every charset has their letters."""
    return [word.lower() for word in _ASCII_WORD.findall(text or "")]


def _second(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)


def _joined(row: Mail, mail: Mail, is_copy: bool) -> dict[str, Any]:
    folders = dict.fromkeys([*(row["folder"] or "").split("\n"), mail["folder"] or ""])
    is_later = not is_copy and (row["folder"] or "") == (mail["folder"] or "")
    first, second = (
        (mail, row) if is_later or (_is_gone(row) and not _is_gone(mail)) else (row, mail)
    )
    headers = {name: list(values) for name, values in first["headers"].items()}
    for name, values in second["headers"].items():
        if name not in _STATE:
            headers.setdefault(name, list(values))
    flags = list(mail["flags"] or ()) if is_later else _joined_flags(row, mail)
    return {"headers": headers, "folder": "\n".join(filter(None, folders)) or None, "flags": flags}


def _joined_flags(row: Mail, mail: Mail) -> list[str]:
    first, second = list(row["flags"] or ()), list(mail["flags"] or ())
    both = dict.fromkeys([*first, *second])
    return [flag for flag in both if flag not in _GONE or (flag in first and flag in second)]


def _is_gone(mail: Mail) -> bool:
    """Whether its mailbox no longer shows a mail among the others, or does not do so yet."""
    status = (mail["headers"].get("x-mozilla-status") or ["0"])[0]
    is_expunged = bool(re.fullmatch(r"[0-9a-fA-F]{1,8}", status)) and int(status, 16) & _EXPUNGED
    return bool(_GONE & set(mail["flags"] or ())) or bool(is_expunged)


def _comparable(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return list(value) if isinstance(value, tuple) else value
