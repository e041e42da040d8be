"""The words that a person wrote, without what a mail program put around them.

What is kept is kept as it was typed: case, punctuation, emoji, newlines and sign-offs.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby

from maverick_assets.crm.messages import html_to_text
from maverick_assets.datasets.mail.footers import footers
from maverick_assets.datasets.mail.quotes import QUOTE_MARK, find_quotes, is_marked, quoted_author


@dataclass(frozen=True)
class Removed:
    """Characters `start` to `end` of a body as `plain_text` gives it, and why they went.

    `reason`: quote, attribution, header, forward, signature, contact, device, attachment,
    disclaimer, footer, or blank (the lines around what is kept).
    """

    start: int
    end: int
    reason: str


@dataclass(frozen=True)
class CleanMail:
    """`text`: the writer's own new words: `plain_text` of the body without what is `removed`.
    `quoted`: the own words of the mail it answers or forwards, as quoted there; `author`: whom
    its header or attribution names. `forwarded`: the quoted mail is marked as forwarded."""

    text: str
    quoted: str | None
    forwarded: bool
    removed: tuple[Removed, ...] = ()
    author: str = ""


@dataclass(frozen=True)
class _Split:
    """`reasons`: for each line why it goes, None where it is kept. `quoted`: the lines of the
    quoted mail without their quote marks, `author`: who wrote them, as the mail says."""

    reasons: list[str | None]
    quoted: list[str]
    forwarded: bool
    author: str

    def kept(self, lines: Sequence[str]) -> list[str]:
        return [line for line, why in zip(lines, self.reasons, strict=True) if why is None]


_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x85\ufeff\ufffe\uffff]|[\ud800-\udfff]")
_BLANK_LINES = re.compile(r"(?:[^\S\n]*\n)+")
_MARK = re.compile(rf"(?:{QUOTE_MARK}) ?")
_OWN_MARK = re.compile(r"\s{0,3}>\s?\d")
_MAX_NESTING = 5
_MAX_PASSES = 8
_HTML_START = re.compile(
    r"\s*<(?:!doctype html|html|head|body|meta|style|div|p|table|span|font|br|center)\b",
    re.IGNORECASE,
)
_HTML_END = re.compile(r"</(?:html|body|div|p|table|span|font|center)>|<br ?/?>", re.IGNORECASE)
_HTML_BREAK = re.compile(r"<br ?/?>|</(?:div|p|tr|li)>", re.IGNORECASE)


def clean_text(text: str) -> str:
    """Newlines as `\\n`, no control characters, no blank lines around; nothing else changes."""
    newlines = text.replace("\r\n", "\n").replace("\r", "\n")
    clean = _CONTROL.sub("", newlines).rstrip()
    blank = _BLANK_LINES.match(clean)
    return clean[blank.end() :] if blank else clean


def plain_text(body: str) -> str:
    """A mail's whole body as clean text; a body in HTML becomes what it shows."""
    return clean_text(html_to_text(body) if _is_html(body) else body)


def clean_mail(body: str) -> CleanMail:
    """Split a mail's body into its writer's words and those of the mail that it quotes."""
    text = plain_text(body)
    lines = text.split("\n")
    split = _sorted_out(lines)
    removed = _spans(lines, split.reasons)
    quoted, quoted_lines = "", split.quoted
    for _ in range(_MAX_NESTING):  # a mail without words of its own hands on what it quotes
        if quoted or not quoted_lines:
            break
        inner = _sorted_out(quoted_lines)
        quoted = clean_text("\n".join(inner.kept(quoted_lines)))
        quoted_lines = inner.quoted
    own = _without(text, removed)
    return CleanMail(own, quoted or None, split.forwarded, removed, split.author)


def _is_html(body: str) -> bool:
    return bool(_HTML_START.match(body[:1000]) and _HTML_END.search(body)) or (
        (breaks := len(_HTML_BREAK.findall(body))) > 1 and breaks > body.strip().count("\n")
    )


def _sorted_out(lines: Sequence[str]) -> _Split:
    """Quotes and footers told from own lines, again until no more goes."""
    reasons: list[str | None] = [None] * len(lines)
    quoted: list[str] = []
    forwarded, author = False, ""
    for _ in range(_MAX_PASSES):
        left = [i for i, reason in enumerate(reasons) if reason is None]
        split = _split([lines[i] for i in left])
        own = [i for i, reason in zip(left, split.reasons, strict=True) if reason is None]
        ends = footers([lines[i] for i in own])
        for at, found in ((left, split.reasons), (own, ends)):
            for i, reason in zip(at, found, strict=True):
                reasons[i] = reason
        quoted += split.quoted
        forwarded, author = forwarded or split.forwarded, author or split.author
        changed = len(left) - ends.count(None)
        if not changed or all(reasons[i] or not lines[i].strip() for i in own):
            break
    return _Split(reasons, quoted, forwarded, author)


def _split(lines: Sequence[str]) -> _Split:
    reasons: list[str | None] = [None] * len(lines)
    end, introduced, forwarded, author = len(lines), False, False, ""
    for quote in find_quotes(lines):
        forwarded = quote.forwarded
        name = "attribution" if quote.attribution else "header"
        name = "forward" if forwarded else name
        reasons[quote.start : quote.end] = [name] * (quote.end - quote.start)
        introduced, author = True, author or quoted_author(lines[quote.start : quote.end])
        if not (quote.attribution and _marked_below(lines, quote.end)):
            end = quote.end
            break
    above = lines[:end]
    marks = _marks(above, introduced)
    quoted = [_MARK.sub("", line, count=1) for line, mark in zip(above, marks, strict=True) if mark]
    for i, mark in enumerate(marks):
        reasons[i] = reasons[i] or ("quote" if mark else None)
    reasons[end:] = ["forward" if forwarded else "quote"] * (len(lines) - end)
    return _Split(reasons, quoted + _unmarked(lines[end:]), forwarded, author)


def _marked_below(lines: Sequence[str], i: int) -> bool:
    """Whether the first line with words, from line `i`, carries a quote mark."""
    while i < len(lines) and not lines[i].strip():
        i += 1
    return i < len(lines) and is_marked(lines[i])


def _unmarked(lines: Sequence[str]) -> list[str]:
    """A whole quoted mail; without its quote marks where most lines carry one."""
    marks = _marks(lines, introduced=True)
    if not (_marked_below(lines, 0) and 2 * sum(marks) > len(lines)):
        return list(lines)
    return [_MARK.sub("", line, count=1) for line, mark in zip(lines, marks, strict=True) if mark]


def _marks(lines: Sequence[str], introduced: bool) -> list[bool]:
    """Which lines are quoted: those with a leading `>`. Some people type one before a number."""
    marks = [is_marked(line) for line in lines]
    if sum(marks) == 1 and not introduced and _OWN_MARK.match(lines[marks.index(True)]):
        return [False] * len(lines)
    return [mark or _torn_off(lines, marks, i) for i, mark in enumerate(marks)]


def _torn_off(lines: Sequence[str], marks: Sequence[bool], i: int) -> bool:
    """The end of a long quoted line that a gateway wrapped without repeating the mark."""
    return (
        0 < i < len(lines) - 1
        and marks[i - 1]
        and marks[i + 1]
        and len(lines[i - 1]) >= 65
        and 0 < len(lines[i].strip()) <= 40
    )


def _spans(lines: Sequence[str], reasons: Sequence[str | None]) -> tuple[Removed, ...]:
    """What goes, as spans of the lines' text, with the blank lines around what is kept."""
    ends = list(accumulate(len(line) + 1 for line in lines))
    ends[-1] -= 1  # the last line has no newline
    starts = [0, *ends[:-1]]
    kept = [i for i, reason in enumerate(reasons) if reason is None]
    words = [i for i in kept if lines[i].strip()]
    if words and words[-1] + 1 < len(lines):  # the newline of the last own line goes, too
        starts[words[-1] + 1] = starts[words[-1]] + len(lines[words[-1]].rstrip())
    why = [
        None if reason is None and words and words[0] <= i <= words[-1] else reason or "blank"
        for i, reason in enumerate(reasons)
    ]
    spans = []
    for reason, group in groupby(range(len(lines)), key=why.__getitem__):
        run = list(group)
        if reason is not None:
            spans.append(Removed(starts[run[0]], ends[run[-1]], reason))
    return tuple(span for span in spans if span.start < span.end)


def _without(text: str, removed: Iterable[Removed]) -> str:
    kept, at = [], 0
    for span in removed:
        kept.append(text[at : span.start])
        at = span.end
    return "".join([*kept, text[at:]])
