"""The table of cleaned mails: a row for each mail of the raw tables, with the keys that link it.

Cleaning is slow and depends on one row alone. Linking is fast and needs the mails around it. As the
two are separate, a new mail costs one cleaning and the linking of the mails that share its keys.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from maverick_assets.crm.html_text import TooMuchText
from maverick_assets.datasets.authorship.author import named_author
from maverick_assets.datasets.authorship.evidence import mail_evidence, stored
from maverick_assets.datasets.authorship.headers import Headers, first, read_headers
from maverick_assets.datasets.authorship.programs import program_reason
from maverick_assets.datasets.mail.clean_mail import LONG_AGO, CleanMail
from maverick_assets.datasets.mail.cleaning import (
    MAX_TEXT_CHARACTERS,
    CleanBody,
    RemovedPart,
    divided,
    moderate_text,
)
from maverick_assets.datasets.mail.languages import any_of
from maverick_assets.datasets.mail.links.keys import (
    PASSIVE,
    common_keys,
    is_common,
    is_passive,
    link_keys,
    without_role,
)
from maverick_assets.datasets.mail.links.subjects import has_reply_prefix
from maverick_assets.datasets.mail.machine_mail import machine_mail_reason
from maverick_assets.datasets.mail.programs.line_keys import LineKeys, line_keys
from maverick_assets.datasets.mail.programs.meetings import is_invitation
from maverick_assets.datasets.mail.programs.recurrence import (
    NO_LINES,
    RecurringLines,
    has_any,
    has_own_block,
    mails_with,
    recurring_lines,
)
from maverick_assets.lake.delta import read_table
from maverick_assets.lake.schema import schema_of

# The fields of earlier releases, and behind them what came since: columns keep their places.
_EARLIER_FIELDS = 12
MAIL_SCHEMA = schema_of(CleanMail).insert(
    _EARLIER_FIELDS, pa.field("link_keys", pa.list_(pa.string()))
)

_UNREAD = ("link_keys", "removed", "lines", "evidence")  # columns that turns need not
TOO_LONG = "too long"  # in `automatic`: nobody typed so much, and reading it would take too long
MAX_SUBJECT_CHARACTERS = 2_000
MAX_REFERENCES = 20  # the newest of a long conversation; its first mail is kept as well

# "dana@x.example" in "Dana Cole <dana@x.example>"
_ADDRESS = re.compile(r"[^\s@<>\"'(\[]{1,64}@[^\s@<>\"')\]]{3,200}")
# "<1@x.example>"; nothing longer is a name that a program gave
_MESSAGE_ID = re.compile(r"<[^<>\s]{3,300}>")
_NAMES = re.compile(r"[^\W\d_]{2,}")
# "Fwd: ovens", "WG: Öfen", "I: forni". Such a mail is a forward even if its body does not say so:
# its words comment on a mail and answer nobody.
_FORWARD_SUBJECT = re.compile(
    "(?:"
    + any_of(lambda language: (*language.subjects.forward, *language.subjects.ambiguous_forward))
    + r")\s?:",
    re.IGNORECASE,
)


def clean_row(
    table: str,
    row: dict[str, Any],
    programs: RecurringLines = NO_LINES,
    lines: tuple[LineKeys, ...] | None = None,
) -> CleanMail:
    """Clean a row of the raw table `table`, which is one of mails.

    `programs`: the lines that recur in all mails, which go as well. `lines`: the row's, where they
    are known and some recur; to find them again takes as long as to clean.

    A forward, and a mail that quotes the sender's own earlier mail, neither open a conversation nor
    answer what they quote: `quoted` is None, and a subject without a prefix gets one. A mail with
    more text than a person writes keeps none of it, and is `automatic` for that reason.
    """
    subject = (row["subject"] or "").strip()
    headers = read_headers(row)
    writer = _writer(row, headers or {})
    try:
        too_long, body, lines = None, *_moderate_body(row, subject, writer, programs, lines)
    except TooMuchText:
        too_long, body, subject, lines = TOO_LONG, CleanBody("", None, forwarded=False), "", ()
        row = row | {"recipients": ""}
    sender = named_author(row, headers)
    forwarded = body.forwarded or bool(_FORWARD_SUBJECT.match(subject))
    quotes_own = _is_author(sender, body.author)
    if (forwarded or quotes_own) and not has_reply_prefix(subject):
        subject = f"{'Fwd' if forwarded else 'Re'}: {subject}".rstrip()
    reason = program_reason(headers or {}) or machine_mail_reason(sender, subject, body.text)
    only_meeting = not body.text and any(part.reason == "meeting" for part in body.removed)
    if only_meeting or is_invitation(headers or {}, body.text):
        reason = reason or "invitation"
    # A mail to nobody that answers nothing is an entry of a calendar or a list of tasks. Where the
    # source has no column of recipients (None), the mail may be for anybody.
    is_entry = row["recipients"] == "" and not (body.quoted or row["in_reply_to"])
    recipients = (part.strip().lower() for part in (row["recipients"] or "").split(","))
    return CleanMail(
        id=f"{table}:{row['id']}",
        message_id=row["message_id"],
        in_reply_to=row["in_reply_to"],
        thread_id=row["thread_id"],
        sender=sender,
        recipients=tuple(part for part in recipients if part),
        subject=subject,
        sent_at=row["sent_at"] or LONG_AGO,
        text=body.text,
        quoted=None if forwarded or quotes_own else body.quoted,
        automatic=too_long or reason or ("entry" if is_entry else None),
        removed=body.removed,
        references=_references(headers or {}),
        no_answer="forward" if forwarded else "own words" if quotes_own else None,
        lines=() if reason else lines,
        evidence=stored(mail_evidence(row, headers, sender)),
    )


def _writer(row: Mapping[str, Any], headers: Headers) -> str:
    """The address of a row in lower case, behind the name that the mail gives it, if any."""
    address = (row["sender_email"] or "").strip().lower()
    named = first(headers, "from")
    at = named.lower().find(address) if address else -1
    return f"{named[:at].rstrip(' <')} <{address}>" if at > 0 else address


def _references(headers: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The Message-IDs of the header References: the first one and the newest ones."""
    values = headers.get("references", ())
    ids = tuple(dict.fromkeys(_MESSAGE_ID.findall(" ".join(values))))
    return ids[:1] + ids[1:][-MAX_REFERENCES:]


def _moderate_body(
    row: dict[str, Any],
    subject: str,
    writer: str,
    programs: RecurringLines,
    lines: tuple[LineKeys, ...] | None,
) -> tuple[CleanBody, tuple[LineKeys, ...]]:
    """The body of a mail, and the keys of its lines.

    Raises `TooMuchText` where body or a header has too much.
    """
    if len(subject) > MAX_SUBJECT_CHARACTERS or len(row["recipients"] or "") > MAX_TEXT_CHARACTERS:
        raise TooMuchText("too long a header")
    text = moderate_text(row["body"] or "")
    if lines is not None:
        return divided(text, writer, programs), lines
    body = divided(text)
    said = [(body.text, writer), (body.quoted or "", body.author)]
    lines = tuple(line_keys(words, author) for words, author in said if words)
    # What recurs is counted in what stands before the writer's own block goes.
    signed = any(part.reason == "contact" for part in body.removed)
    if signed or has_any(lines, programs.keys) or any(has_own_block(*part) for part in said):
        body = divided(text, writer, programs)
    return body, lines


def mail_rows(mails: Iterable[CleanMail]) -> list[dict[str, Any]]:
    """Rows of the table of cleaned mails."""
    return [
        vars(mail)
        | {
            "removed": [vars(part) for part in mail.removed],
            "lines": [vars(part) for part in mail.lines],
            "link_keys": link_keys(mail),
        }
        for mail in mails
    ]


def read_mails(table: Path, ids: Collection[str] | None = None) -> list[CleanMail]:
    """The mails of a Delta table (`ids`: only these), ordered by id.

    They lack their removed parts, their evidence and the keys of their lines.
    """
    columns = [name for name in MAIL_SCHEMA.names if name not in _UNREAD]
    where = None if ids is None else {"id": ids}
    content = read_table(table, columns=columns, where=where)
    rows = [] if content is None else content.to_pylist()
    lists = ("recipients", "references")
    mails = [CleanMail(**row | {name: tuple(row[name]) for name in lists}) for row in rows]
    return sorted(mails, key=lambda mail: mail.id)


def read_common_keys(table: Path) -> frozenset[str]:
    """The keys that too many mails of a Delta table share; they link nothing."""
    content = read_table(table, columns=["link_keys"])
    if content is None:
        return frozenset()
    keys = pc.list_flatten(content["link_keys"])
    counts = pc.value_counts(pc.replace_substring(keys, PASSIVE, ""))
    several = counts.filter(pc.greater(pc.struct_field(counts, "counts"), 1))
    return frozenset(
        row["values"] for row in several.to_pylist() if is_common(row["values"], row["counts"])
    )


@dataclass(frozen=True)
class LinkedMails:
    """The mails that a change may give another thread or parent."""

    ids: set[str]
    common: frozenset[str]  # keys that too many mails of the table share; they link nothing


def linked_mails(table: Path, changes: Sequence[dict[str, Any]]) -> LinkedMails:
    """The mails whose thread or parent may differ after `changes`.

    `changes` hold ids and link keys of mails before and after a change. A mail may be affected when
    a chain of shared keys leads from it to a changed one (`link_keys`). A key that is common before
    and after the changes is no link of a chain.
    """
    content = read_table(table, columns=["id", "link_keys"])
    rows: list[dict[str, Any]] = [] if content is None else content.to_pylist()
    common = common_keys(row["link_keys"] for row in rows)
    changed = {row["id"] for row in changes}
    # A change takes a mail from a key at most, so what is common without the changed was so before.
    unlinked = common & common_keys(row["link_keys"] for row in rows if row["id"] not in changed)
    keys_of: defaultdict[str, set[str]] = defaultdict(set)
    ids_with: defaultdict[str, set[str]] = defaultdict(set)
    active = {key for row in (*rows, *changes) for key in row["link_keys"] if not is_passive(key)}
    for row in (*rows, *changes):
        for key in map(without_role, row["link_keys"]):
            if key in active and key not in unlinked:
                keys_of[row["id"]].add(key)
                ids_with[key].add(row["id"])
    linked = set(changed)
    open_keys = {key for mail in linked for key in keys_of[mail]}
    followed: set[str] = set()
    while open_keys:
        followed |= open_keys
        new = {mail for key in open_keys for mail in ids_with[key]} - linked
        linked |= new
        open_keys = {key for mail in new for key in keys_of[mail]} - followed
    return LinkedMails(linked, common)


@dataclass(frozen=True)
class Programs:
    """The lines that recur in all mails after a refresh, and the stored mails that it changes."""

    lines: RecurringLines
    outdated: list[str]  # ids of mails outside of the refresh that hold a line that came or went


def removed_parts(table: Path, ids: Collection[str]) -> dict[str, tuple[RemovedPart, ...]]:
    """What was cut from mails of a Delta table, by their ids."""
    content = read_table(table, columns=["id", "removed"], where={"id": sorted(ids)})
    rows: list[dict[str, Any]] = [] if content is None else content.to_pylist()
    return {row["id"]: tuple(RemovedPart(**part) for part in row["removed"]) for row in rows}


def stored_programs(table: Path) -> RecurringLines:
    """The lines that recur in the mails of a Delta table."""
    stored = read_table(table, columns=["lines"])
    if stored is None:
        return NO_LINES
    return recurring_lines(stored["lines"].cast(MAIL_SCHEMA.field("lines").type))


def programs_of(table: Path, fresh: Sequence[CleanMail], scope: Collection[str] | None) -> Programs:
    """What recurs in the mails of a table once those in `scope` are replaced by `fresh` ones.

    `scope`: None for all. The result is the same whichever mails come first.
    """
    if scope is not None and not scope:
        return Programs(NO_LINES, [])
    type_of_lines = MAIL_SCHEMA.field("lines").type
    new = pa.array([[vars(part) for part in mail.lines] for mail in fresh], type_of_lines)
    stored = None if scope is None else read_table(table, columns=["id", "lines"])
    if stored is None:
        return Programs(recurring_lines(pa.chunked_array([new])), [])
    is_gone = pc.is_in(stored["id"], value_set=pa.array(list(scope or ()), pa.string()))
    old = stored["lines"].cast(type_of_lines)
    kept = old.filter(pc.invert(is_gone))
    lines = recurring_lines(pa.chunked_array([*kept.chunks, new], type_of_lines))
    changed = lines.changed(recurring_lines(old))
    places = pa.array(mails_with(kept, changed) if changed else [], pa.int64())
    return Programs(lines, stored["id"].filter(pc.invert(is_gone)).take(places).to_pylist())


def _is_author(address: str, author: str) -> bool:
    """Whether an author, as an introduction names him, has an address, or a name that it spells."""
    addresses = _ADDRESS.findall(author.lower())
    if addresses:
        return address in addresses
    names = set(_NAMES.findall(address.partition("@")[0]))
    return len(names) > 1 and names <= set(_NAMES.findall(author.lower()))
