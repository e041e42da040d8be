"""Footers: what mail programs, providers and lawyers put below a writer's words."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from maverick_assets.datasets.mail.contact_blocks import (
    contact_block_start,
    ends_sentence,
    is_block_line,
    is_name,
    text_end,
)
from maverick_assets.datasets.mail.languages import any_of
from maverick_assets.datasets.mail.programs.banners import banner_end
from maverick_assets.datasets.mail.programs.devices import device_start
from maverick_assets.datasets.mail.programs.disclaimers import RULE, disclaimer_span
from maverick_assets.datasets.mail.programs.placeholders import without_placeholders

# Mailman: "_______________________________________________" over "ovens mailing list"; Groups.io:
# "-=-=-=-=-=-=-=-=-=-=-=-" above and below its links
_UNDERSCORES = re.compile(r"(?:_{25,}|(?:-=){8,}-?)\s*$")
# SourceForge, English only: a line of dashes over "This list is sponsored by: Ovens!"
_DASHES = re.compile(r"-{40,}\s*$")
_SPONSOR = re.compile(r"sponsored by|mailing list|unsubscribe", re.IGNORECASE)
# The same below "--": "http://x.example/mailman/listinfo/ovens for (un)subscription information."
_SUBSCRIBES = re.compile(r"\(?un\)?subscri|/listinfo/", re.IGNORECASE)
# Mailman, Google Groups: "http://x.example/mailman/listinfo/ovens", "https://groups.x.example/g/a"
_LIST_LINK = re.compile(
    r"\s*<?https?://\S{1,200}(?:/listinfo/|/mailman/|//lists?\.|/lists?/|/subscri|unsubscri)\S{0,200}\s*$"
    r"|\s*<?https?://(?:groups\.|lists?\.)\S{1,200}\s*$",
    re.IGNORECASE,
)
# Hotmail and Yahoo about 2001, English only: "Do You Yahoo!?", "Get your FREE download of MSN
# Explorer at http://x.example", "Join the world's largest e-mail service with MSN Hotmail. http:"
_OFFER = re.compile(
    r"\s*(?:Do You Yahoo!\?|Get your (?:own )?free .{0,40}(?:MSN|Hotmail|ZDNet|Yahoo)"
    r"|Get your free .{0,30}e-?mail"
    r"|(?:Join|Chat|Send|MSN|Yahoo).{0,60}(?:MSN|Hotmail|Yahoo!).{0,40}"
    r"(?:https?://|www\.))",
    re.IGNORECASE,
)
_OFFER_LINES = 6  # last lines of a mail that are searched for an offer
_PASTED_CHARACTERS = 600  # of a text below a signature; nobody writes so long a postscript
_SIGNED_LINES = 5  # above it that are searched for the name
# "- Adam L. Price", "-- Dana"
_DASHED_NAME = re.compile(r"\s*-{1,2} ?[A-Z][\w.\"' -]{1,40}$")
_DELIMITERS = ("-- ", "- -- ")  # the second in a text that OpenPGP signed
_FOOTER_LINES = 8  # lines below a delimiter or rule, at most

# "** Privileged and Confidential **" above a mail; then perhaps "DRAFT", English only
_MARKING = re.compile(
    r"\W{0,5}(?:" + any_of(lambda language: language.footers.confidential_markings) + r")\W{0,5}$",
    re.IGNORECASE,
)
_DRAFT = re.compile(r"\W{0,5}draft\W{0,5}$", re.IGNORECASE)
_MARKING_CHARACTERS = 100

# At the end of a mail; Outlook: " - list of ovens.doc", "<<prices.xls>>"
# Lotus Notes, English only: "(See attached file: prices.xls)"
_ATTACHMENT = re.compile(
    r"\s*(?:- |<<\s?|\(See attached file: )[^\n]{1,90}\.(?:docx?|xlsx?|pptx?|pdf|zip|jpe?g|gif"
    r"|png|pcx|txt|csv|html?|ics|vcf|rtf)\s?(?:>>|\))?\s*$",
    re.IGNORECASE,
)
_ATTACHMENT_CHARACTERS = 120
# Anywhere; Outlook: " << File: list of ovens.xls >> ", "<Embedded Picture>"
_ATTACHMENT_MARKER = re.compile(
    r"\s*(?:- [^\n<>]{1,90} )?<<\s?(?:[\w ]{1,20}: )?[^<>\n]{1,120}\.\w{2,4}\s?>>\s*$"
    r"|\s*\((?:See attached file|Embedded image moved to file): [^\n()]{1,120}\)\s*$"
    r"|\s*<Embedded \w{1,40}>\s*$"
)
_LINE_CHARACTERS = 200
_PLACEHOLDER_CHARACTERS = 2000
# Of a line that may be the marker of a file or a placeholder
_LAST_CHARACTERS = (">", ")", "]", "\ufffc")


@dataclass(frozen=True)
class Position:
    """Where lines stand among a writer's own: answers between quoted lines are apart from each
    other."""

    first: bool
    last: bool


ALONE = Position(first=True, last=True)


def footer_reasons(lines: Sequence[str], position: Position = ALONE) -> list[str | None]:
    """Why each of a writer's own lines goes, None where it stays.

    `position`: where the lines stand among other own lines, with quoted ones between.
    """
    reasons: list[str | None] = [None] * len(lines)
    end = len(lines)
    for reason, span_of in _FOOTERS:
        if reason == "contact" and not (position.first or position.last):
            continue
        start, stop = span_of(lines[:end])
        if reason == "footer" and not position.first and _is_bare_link(lines[:end]):
            start = 0
        reasons[start:stop] = [reason] * (stop - start)
        if stop < end:  # the writer's words follow; the next pass looks at what is left
            break
        end = start
    if position.first:
        for reason, top in (
            ("banner", banner_end(lines[:end])),
            ("disclaimer", _marking_end(lines[:end])),
        ):
            reasons[:top] = [reason] * top
    for i, line in enumerate(lines[:end]):
        if line.rstrip().endswith(_LAST_CHARACTERS):  # cheap; few lines do
            reasons[i] = reasons[i] or _line_reason(line)
    return reasons


def _line_reason(line: str) -> str | None:
    """Why a line that ends with a bracket goes, wherever it stands."""
    if len(line) <= _LINE_CHARACTERS and _ATTACHMENT_MARKER.match(line):
        return "attachment"
    return None if without_placeholders(line[:_PLACEHOLDER_CHARACTERS]).strip() else "placeholder"


def _marking_end(lines: Sequence[str]) -> int:
    """The number of lines at the top that are a lawyer's marking ("Privileged and Confidential").

    A mail with nothing but one such line may be an answer, and keeps it.
    """
    end = markings = 0
    for i, line in enumerate(lines):
        if not line.strip():
            continue
        marking = _MARKING.match(line) or (markings and _DRAFT.match(line))
        if len(line) > _MARKING_CHARACTERS or not marking:
            break
        end, markings = i + 1, markings + 1
    return end if markings > 1 or any(line.strip() for line in lines[end:]) else 0


def is_delimiter(line: str) -> bool:
    """Whether a line is the delimiter above a signature (RFC 3676)."""
    return line in _DELIMITERS


def _signature_start(lines: Sequence[str]) -> int:
    """Index of the signature delimiter `-- ` (RFC 3676).

    A bare `--` counts only above a few lines that are not sentences: people also type it as a rule.
    """
    for delimiter in _DELIMITERS:
        if delimiter in lines:
            return _signature_start(lines[: lines.index(delimiter)])
    joined = _joined_delimiter(lines)
    if joined is not None:
        return _signature_start(lines[:joined])
    start, below = len(lines), 0
    for i in range(len(lines) - 1, -1, -1):
        line = lines[i].rstrip()
        if line == "--" and below:
            start = i
        elif line != "--":
            below += bool(line)
        if below > _FOOTER_LINES or ends_sentence(line):
            break
    return start


def _joined_delimiter(lines: Sequence[str]) -> int | None:
    """Index of a delimiter that a program joined with the line below, right under a typed name."""
    end = text_end(lines)
    joined = [i for i, line in enumerate(lines) if line.startswith("-- ")]
    if len(joined) != 1 or not max(end - _FOOTER_LINES, 1) <= joined[0] < end:  # else a list
        return None
    above = lines[joined[0] - 1]
    return joined[0] if above.strip() and is_name(above) else None


def _pasted_start(lines: Sequence[str]) -> int:
    """Index of the rule below a writer's signature, over a long text that he pasted."""
    end = text_end(lines)
    length = 0
    for i in range(end - 1, 0, -1):
        length += len(lines[i])
        if length < _PASTED_CHARACTERS or not RULE.match(lines[i]):
            continue
        above = text_end(lines, i)
        signed = [line for line in lines[max(above - _SIGNED_LINES, 0) : above] if line.strip()]
        if signed and is_block_line(signed[-1]) and any(map(_DASHED_NAME.match, signed)):
            return i
    return len(lines)


def _list_footer_start(lines: Sequence[str]) -> int:
    """Index of the footer of a mailing list or a provider: a link, an offer, or a ruled block."""
    ruled = _ruled_footer_start(lines)
    return min(ruled, _list_link_start(lines), _offer_start(lines))


def _list_link_start(lines: Sequence[str]) -> int:
    """Index of the last line, where it is a mailing list's bare link.

    A link that the line above announces ("Subscribe here:") is the writer's own.
    """
    last = text_end(lines) - 1
    if last > 0 and len(lines[last]) <= _LINE_CHARACTERS and _LIST_LINK.match(lines[last]):
        above = text_end(lines, last)
        if above and not lines[above - 1].rstrip().endswith((":", ",")):
            return last
    return len(lines)


def _is_bare_link(lines: Sequence[str]) -> bool:
    """Whether the link of a mailing list is all there is, as below a quoted mail."""
    words = [line for line in lines if line.strip()]
    return (
        len(words) == 1 and len(words[0]) <= _LINE_CHARACTERS and bool(_LIST_LINK.match(words[0]))
    )


def _offer_start(lines: Sequence[str]) -> int:
    """Index of a free provider's advertisement in the last lines, with the rule above it."""
    start = end = text_end(lines)
    for i in range(end - 1, max(end - _OFFER_LINES, -1), -1):
        if len(lines[i]) <= _LINE_CHARACTERS and _OFFER.match(lines[i]):
            start = i
    start = start - 1 if 0 < start < end and RULE.match(lines[start - 1]) else start
    return start if start < end else len(lines)


def _ruled_footer_start(lines: Sequence[str]) -> int:
    """Index of a line of underscores over a few lines with a link, or of dashes over a sponsor.

    People type lines of dashes, too. So the lines below must mention a list or a sponsor.
    """
    below: list[str] = []
    for i in range(len(lines) - 1, -1, -1):
        if len(below) > _FOOTER_LINES:
            break
        if _UNDERSCORES.match(lines[i]) and (not below or _has_link(below)):
            start = i
            while start and (_UNDERSCORES.match(lines[start - 1]) or not lines[start - 1].strip()):
                start -= 1
            return start
        if _DASHES.match(lines[i]) and _SPONSOR.search(" ".join(below)):
            return i
        if lines[i][:2] == "--" == lines[i].rstrip() and _SUBSCRIBES.search(" ".join(below)):
            return i
        if lines[i].strip():
            below.append(lines[i][:_LINE_CHARACTERS])
    return len(lines)


def _has_link(lines: Sequence[str]) -> bool:
    return any("http" in line or "www." in line or "@" in line for line in lines)


def _attachments_start(lines: Sequence[str]) -> int:
    """Index of the names of attached files at the end."""
    start = len(lines)
    end = text_end(lines)
    while (
        end and len(lines[end - 1]) <= _ATTACHMENT_CHARACTERS and _ATTACHMENT.match(lines[end - 1])
    ):
        start = end - 1
        end = text_end(lines, start)
    return start


def _to_end(start_of: Callable[[Sequence[str]], int]) -> Callable[[Sequence[str]], tuple[int, int]]:
    """The span from what `start_of` returns to the end."""
    return lambda lines: (start_of(lines), len(lines))


# From the bottom up, as programs add them: a mailing list's footer stands below a disclaimer, which
# stands below the names of files. Each function sees only the lines that those before it left, and
# returns the first line of what goes and the line after it.
_FOOTERS = (
    ("signature", _to_end(_signature_start)),
    ("footer", _to_end(_list_footer_start)),
    ("disclaimer", disclaimer_span),
    ("pasted", _to_end(_pasted_start)),
    ("attachment", _to_end(_attachments_start)),
    ("device", _to_end(device_start)),
    ("contact", _to_end(contact_block_start)),
)
