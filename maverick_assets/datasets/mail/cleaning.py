"""The words that a person wrote, without what mail programs put around them.

Words that are kept stay as they were typed: case, punctuation, emoji, newlines and sign-offs.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, takewhile

from maverick_assets.crm.html_text import MAX_PAGE_CHARACTERS, TooMuchText, html_to_text
from maverick_assets.datasets.characters import visible
from maverick_assets.datasets.mail.attributions import own_words_before
from maverick_assets.datasets.mail.footers import (
    Position,
    footer_reasons,
    is_delimiter,
)
from maverick_assets.datasets.mail.header_blocks import quoted_author, without_head
from maverick_assets.datasets.mail.programs.armour import armour_spans
from maverick_assets.datasets.mail.programs.meetings import meeting_spans
from maverick_assets.datasets.mail.programs.placeholders import (
    placeholder_spans,
    without_placeholders,
)
from maverick_assets.datasets.mail.programs.recurrence import (
    NO_LINES,
    KnownLines,
    RecurringLines,
    known_lines,
    own_block_places,
    recurring_places,
)
from maverick_assets.datasets.mail.quote_marks import (
    marked_lines,
    quote_follows,
    quoted_words,
    with_plain_marks,
    without_marks,
)
from maverick_assets.datasets.mail.quoted_endings import without_endings
from maverick_assets.datasets.mail.quotes import find_introductions, words_before_separator


@dataclass(frozen=True)
class RemovedPart:
    """Characters of a body that were cut, and why."""

    start: int  # start and end are positions in the body as `plain_text` returns it
    end: int
    # quote, attribution, header, forward, signature, contact, device, attachment, disclaimer,
    # footer, banner, meeting, placeholder, pasted, recurring, or blank (the lines around what is
    # kept)
    reason: str


@dataclass(frozen=True)
class CleanBody:
    """A mail's body, divided."""

    text: str  # the writer's new words: `plain_text` of the body without the removed parts
    quoted: str | None  # the words of the mail that it answers or forwards, cleaned the same way
    forwarded: bool  # whether the quoted mail is marked as forwarded
    removed: tuple[RemovedPart, ...] = ()
    author: str = ""  # who wrote the quoted mail, according to its header or attribution


@dataclass(frozen=True)
class _Division:
    """Lines, divided into the writer's own and the rest."""

    reasons: list[str | None]  # why each line goes, None where it stays
    quoted: list[str]  # the lines of the quoted mail, without their quote marks
    forwarded: bool
    author: str

    def own(self, lines: Sequence[str]) -> list[str]:
        """The writer's own lines."""
        return [line for line, why in zip(lines, self.reasons, strict=True) if why is None]


_BLANK_LINES = re.compile(r"(?:[^\S\n]*\n)+")
# Of a text that becomes a turn: more pages than any example holds lines. A mail with more becomes
# none; of any other row, the turn holds the beginning.
MAX_TEXT_CHARACTERS = 500_000
_MAX_NESTING = 5  # forwards within forwards
_MAX_PASSES = 8  # of `_divide`
_INTRODUCED = ("attribution", "header", "forward")  # reasons of lines that introduce a quoted mail
# A body in HTML begins with such a tag: "<html>", "<!DOCTYPE html>", '<div dir="ltr">' ...
_HTML_START = re.compile(
    r"\s*<(?:!doctype html|html|head|body|meta|style|div|p|table|span|font|br|center)\b",
    re.IGNORECASE,
)
# ... and closes one: "<div" alone may begin a mail about HTML.
_HTML_END = re.compile(r"</(?:html|body|div|p|table|span|font|center)>|<br ?/?>", re.IGNORECASE)
# A part of a page may begin with words: "Hi Dana,<br><br>Yes.<br>Allan"
_HTML_BREAK = re.compile(r"<br ?/?>|</(?:div|p|tr|li)>", re.IGNORECASE)
_START_CHARACTERS = 1000  # within which HTML begins, whatever blank space is before it


def clean_text(text: str) -> str:
    """`text` with `\\n` newlines, and without hidden characters and blank lines around it.

    Nothing else changes.
    """
    newlines = text.replace("\r\n", "\n").replace("\r", "\n")
    clean = visible(newlines).rstrip()
    blank = _BLANK_LINES.match(clean)
    return clean[blank.end() :] if blank else clean


def plain_text(body: str) -> str:
    """A mail's whole body as clean text; a body in HTML becomes what it shows.

    An attribution or a separator that stands behind a writer's words gets a line of its own.
    """
    text = clean_text(html_to_text(body) if _is_html(body) else body)
    if "---\n" in text:
        text = "\n".join(
            words_before_separator(line) if line.endswith("---") and line[:1] != "-" else line
            for line in text.split("\n")
        )
    # "Yes. On 3 Jun 2025, Dana Cole <dana@x.example> wrote:"; cheap; most mails hold none
    if "@" not in text or (":\n" not in text and not text.endswith(":")):
        return text
    lines = text.split("\n")
    starts = ((i, own_words_before(line.rstrip())) for i, line in enumerate(lines) if "@" in line)
    for i, start in starts:
        if start is not None:
            lines[i] = f"{lines[i][:start].rstrip()}\n{lines[i][start:]}"
    return "\n".join(lines)


def without_meetings(text: str) -> str:
    """`text`, clean, without blocks of online meetings and placeholders of pictures."""
    lines = clean_text(text).split("\n")
    gone = {i for start, end in meeting_spans(lines) for i in range(start, end)}
    kept = [line for i, line in enumerate(lines) if i not in gone]
    return clean_text(without_placeholders("\n".join(kept)))


def clean_body(body: str, sender: str = "", programs: RecurringLines = NO_LINES) -> CleanBody:
    """Divide a mail's body into its writer's words and those of the mail that it quotes.

    See `moderate_text` for what it raises and `divided` for the rest.
    """
    return divided(moderate_text(body), sender, programs)


def moderate_text(body: str) -> str:
    """`plain_text` of a body; raises `TooMuchText` for more words than a person writes."""
    if len(body) > MAX_PAGE_CHARACTERS:
        raise TooMuchText(f"more than {MAX_PAGE_CHARACTERS:,} characters")
    text = plain_text(body)
    if len(text) > MAX_TEXT_CHARACTERS:
        raise TooMuchText(f"more than {MAX_TEXT_CHARACTERS:,} characters")
    return text


def divided(text: str, sender: str = "", programs: RecurringLines = NO_LINES) -> CleanBody:
    """Divide a mail's text, as `moderate_text` returns it.

    `programs`: the lines that recur in the corpus. `sender`: an address, perhaps behind a name.
    """
    lines = text.split("\n")
    division = _divide(lines, known_lines(programs, sender))
    removed = _removed_parts(lines, division.reasons)
    quoted, quoted_lines, author = "", division.quoted, division.author
    # A quoted mail that was itself forwarded without a comment has no words of its own. The words
    # that it quotes stand for them.
    for _ in range(_MAX_NESTING):
        if quoted or not quoted_lines:
            break
        quoted_lines, sender_line = without_head(quoted_lines)
        author = author or sender_line
        known = known_lines(programs, author)
        inner = _divide(quoted_lines, known)
        words = without_endings(inner.own(quoted_lines), known.names)
        quoted = clean_text(without_placeholders("\n".join(words)))
        quoted_lines, author = inner.quoted, inner.author
    removed = _with_placeholders(text, removed)
    own = _without(text, removed)
    return CleanBody(own, quoted or None, division.forwarded, removed, division.author)


def _is_html(body: str) -> bool:
    if _HTML_START.match(body[:_START_CHARACTERS]) and _HTML_END.search(body):
        return True
    breaks = len(_HTML_BREAK.findall(body))
    return breaks > 1 and breaks > body.strip().count("\n")


def _divide(lines: Sequence[str], known: KnownLines) -> _Division:
    """Divide lines in passes, until a pass removes nothing.

    One pass is not enough: removing a footer may uncover a quote above it, and removing a quote may
    uncover a footer.
    """
    reasons: list[str | None] = [None] * len(lines)
    for program, spans in (("meeting", meeting_spans(lines)), ("signature", armour_spans(lines))):
        for start, end in spans:
            reasons[start:end] = [program] * (end - start)
    marked = with_plain_marks(lines)
    quoted: list[str] = []
    forwarded, author = False, ""
    for _ in range(_MAX_PASSES):
        left = [i for i, reason in enumerate(reasons) if reason is None]
        division = _divide_by_quotes([marked[i] for i in left])
        for i, reason in zip(left, division.reasons, strict=True):
            reasons[i] = reason
        own = [i for i in left if reasons[i] is None]
        for place in own_block_places([lines[i] for i in own], known):
            reasons[own[place]] = "contact"
        before = [i for i in own if reasons[i] is None]
        _mark_footers(lines, before, reasons)
        still = [i for i in before if reasons[i] is None]
        rest = [lines[i] for i in still]
        if len(still) < len(before):  # a footer below the block is gone
            for place in own_block_places(rest, known):
                reasons[still[place]] = "contact"
        for place in recurring_places(rest, known):
            reasons[still[place]] = "recurring"
        quoted += division.quoted
        forwarded, author = forwarded or division.forwarded, author or division.author
        changed = len(left) - reasons.count(None)
        if not changed or all(reasons[i] or not lines[i].strip() for i in own):
            break
    return _Division(reasons, quoted, forwarded, author)


def _mark_footers(lines: Sequence[str], own: Sequence[int], reasons: list[str | None]) -> None:
    """Enter in `reasons` why lines of those in `own`, which have none, are footers.

    A footer ends where something introduces quoted lines, and a signature where quoted lines begin:
    the writer may answer below them.
    """
    signature = next((i for i in own if is_delimiter(lines[i])), len(lines))
    ends = [
        i
        for i, reason in enumerate(reasons)
        if reason in _INTRODUCED or (reason == "quote" and i > signature)
    ]
    parts = [own]
    if ends:
        parts = [part for part in _parts(own, ends) if any(lines[i].strip() for i in part)]
    for number, part in enumerate(parts):
        position = Position(first=number == 0, last=number == len(parts) - 1)
        _enter(footer_reasons([lines[i] for i in part], position), part, reasons)
        if not position.last:  # a blank line keeps it apart from the words below
            for i in takewhile(lambda i: not lines[i].strip(), reversed(part)):
                reasons[i] = None
    if len(parts) > 1:  # what is left reads as one text, and cleaning that must change nothing
        left = [i for i in own if reasons[i] is None]
        _enter(footer_reasons([lines[i] for i in left]), left, reasons)


def _enter(
    new_reasons: Iterable[str | None], places: Iterable[int], reasons: list[str | None]
) -> None:
    for i, reason in zip(places, new_reasons, strict=True):
        reasons[i] = reason


def _parts(own: Sequence[int], ends: Sequence[int]) -> list[list[int]]:
    """`own`, apart where one of `ends` stands between two. Both ascend."""
    parts: list[list[int]] = [[]]
    for i in own:
        if parts[-1] and bisect_right(ends, i) > bisect_right(ends, parts[-1][-1]):
            parts.append([])
        parts[-1].append(i)
    return parts


def _divide_by_quotes(lines: Sequence[str]) -> _Division:
    """Divide lines at the introductions of quoted mails and by quote marks.

    After the first introduction everything is quoted, unless it is an attribution above marked
    lines: between and below these the writer answers.
    """
    reasons: list[str | None] = [None] * len(lines)
    end, introduced, forwarded, author = len(lines), False, False, ""
    for introduction in find_introductions(lines):
        start, stop = introduction.start, introduction.end
        forwarded = introduction.forwarded
        reason = "attribution" if introduction.attribution else "header"
        reasons[start:stop] = ["forward" if forwarded else reason] * (stop - start)
        introduced, author = True, author or quoted_author(lines[start:stop])
        if not (introduction.attribution and quote_follows(lines, stop)):
            end = stop
            break
    above = lines[:end]
    marks = marked_lines(above, introduced)
    quoted = quoted_words(above, marks)
    for i, mark in enumerate(marks):
        reasons[i] = reasons[i] or ("quote" if mark else None)
    reasons[end:] = ["forward" if forwarded else "quote"] * (len(lines) - end)
    return _Division(reasons, quoted + without_marks(lines[end:]), forwarded, author)


def _removed_parts(lines: Sequence[str], reasons: Sequence[str | None]) -> tuple[RemovedPart, ...]:
    """The parts of the lines' text that are cut, with the blank lines around what is kept."""
    ends = list(accumulate(len(line) + 1 for line in lines))
    ends[-1] -= 1  # the last line has no newline
    starts = [0, *ends[:-1]]
    kept = [i for i, reason in enumerate(reasons) if reason is None]
    words = [i for i in kept if lines[i].strip()]
    if words and words[-1] + 1 < len(lines):  # cut the last own line's newline, too
        starts[words[-1] + 1] = starts[words[-1]] + len(lines[words[-1]].rstrip())
    why = [
        None if reason is None and words and words[0] <= i <= words[-1] else reason or "blank"
        for i, reason in enumerate(reasons)
    ]
    parts = []
    for reason, group in groupby(range(len(lines)), key=why.__getitem__):
        run = list(group)
        if reason is not None:
            parts.append(RemovedPart(starts[run[0]], ends[run[-1]], reason))
    return tuple(part for part in parts if part.start < part.end)


def _with_placeholders(text: str, removed: Sequence[RemovedPart]) -> tuple[RemovedPart, ...]:
    """The removed parts, and the placeholders within the lines that are kept."""
    spans = placeholder_spans(text)
    if not spans:
        return tuple(removed)
    parts = list(removed)
    starts = [part.start for part in removed]
    for start, end in spans:
        before = bisect_right(starts, start) - 1
        if before < 0 or removed[before].end <= start:
            parts.append(RemovedPart(start, end, "placeholder"))
    return tuple(sorted(parts, key=lambda part: part.start))


def _without(text: str, removed: Iterable[RemovedPart]) -> str:
    kept, at = [], 0
    for part in removed:
        kept.append(text[at : part.start])
        at = part.end
    return "".join([*kept, text[at:]])
