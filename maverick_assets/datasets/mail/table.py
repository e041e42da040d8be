"""Cleaned mails: one row for each mail of the raw tables, with what links it to others.

Cleaning is the slow part and depends on one row alone; linking needs the mails around it. Kept
apart, a new mail costs one cleaning and the linking of the mails that it is connected with.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa

from maverick_assets.datasets.mail.cleaning import clean_mail
from maverick_assets.datasets.mail.machine_mail import automatic
from maverick_assets.datasets.mail.threads import LONG_AGO, Mail, has_reply_prefix, link_keys
from maverick_assets.lake.delta import read_table
from maverick_assets.lake.schema import schema_of

MAIL_SCHEMA = schema_of(Mail).append(pa.field("link_keys", pa.list_(pa.string())))

_ADDRESS = re.compile(r"[^\s@<>\"'(\[]{1,64}@[^\s@<>\"')\]]{3,200}")
_NAMES = re.compile(r"[^\W\d_]{2,}")
# A forward that nothing else marks: its words comment on a mail and answer nobody.
_FORWARD_SUBJECT = re.compile(r"(?:fwd?|wg|tr|rv|enc|i|doorst|vb|vs|pd)\s?:", re.IGNORECASE)


def cleaned(table: str, row: dict[str, Any]) -> Mail:
    """A row of a raw table of mails; its id becomes `table:id`.

    The subject of a forward says so, and that of a mail under the sender's own earlier one: neither
    is a first mail, nor an answer to what it quotes. A mail to nobody, which answers nothing, is an
    entry of a calendar or a task; a row without the column may be for anybody.
    """
    mail = clean_mail(row["body"] or "")
    sender = (row["sender_email"] or "").strip().lower()
    subject = (row["subject"] or "").strip()
    forwarded = mail.forwarded or bool(_FORWARD_SUBJECT.match(subject))
    own = _is_author(sender, mail.author)
    if (forwarded or own) and not has_reply_prefix(subject):
        subject = f"{'Fwd' if forwarded else 'Re'}: {subject}".rstrip()
    entry = row["recipients"] == "" and not (mail.quoted or row["in_reply_to"])
    recipients = (part.strip().lower() for part in (row["recipients"] or "").split(","))
    return Mail(
        id=f"{table}:{row['id']}",
        message_id=row["message_id"],
        in_reply_to=row["in_reply_to"],
        thread_id=row["thread_id"],
        sender=sender,
        recipients=tuple(part for part in recipients if part),
        subject=subject,
        sent_at=row["sent_at"] or LONG_AGO,
        text=mail.text,
        quoted=None if forwarded or own else mail.quoted,
        automatic=automatic(sender, subject, mail.text) or ("entry" if entry else None),
        removed=mail.removed,
    )


def _is_author(address: str, named: str) -> bool:
    """Whether an introduction names the owner of an address: by it, or by first and last name."""
    found = _ADDRESS.findall(named.lower())
    if found:
        return address in found
    names = set(_NAMES.findall(address.partition("@")[0]))
    return len(names) > 1 and names <= set(_NAMES.findall(named.lower()))


def mail_rows(mails: Iterable[Mail]) -> list[dict[str, Any]]:
    return [asdict(mail) | {"link_keys": link_keys(mail)} for mail in mails]


def read_mails(table: Path, ids: Collection[str] | None = None) -> list[Mail]:
    """The mails of a Delta table, or those of `ids`, ordered by id; without what was removed."""
    names = [name for name in MAIL_SCHEMA.names if name not in ("link_keys", "removed")]
    where = None if ids is None else {"id": ids}
    rows = read_table(table, columns=names, where=where)
    found = [] if rows is None else rows.to_pylist()
    mails = [Mail(**row | {"recipients": tuple(row["recipients"])}) for row in found]
    return sorted(mails, key=lambda mail: mail.id)


def connected(table: Path, changes: Sequence[dict[str, Any]]) -> set[str]:
    """Ids of the mails whose thread or parent may be others after `changes`.

    `changes`: ids and link keys of mails, before and after. Every mail that a chain of shared
    keys connects with one of them is affected.
    """
    held = read_table(table, columns=["id", "link_keys"])
    rows = ([] if held is None else held.to_pylist()) + list(changes)
    keys_of: defaultdict[str, set[str]] = defaultdict(set)
    ids_with: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        keys_of[row["id"]].update(row["link_keys"])
        for key in row["link_keys"]:
            ids_with[key].add(row["id"])
    found = {row["id"] for row in changes}
    open_keys = {key for mail in found for key in keys_of[mail]}
    followed: set[str] = set()
    while open_keys:
        followed |= open_keys
        new = {mail for key in open_keys for mail in ids_with[key]} - found
        found |= new
        open_keys = {key for mail in new for key in keys_of[mail]} - followed
    return found
