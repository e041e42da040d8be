"""The words that a person wrote, without what a mail program put around them.

What is kept is kept as it was typed: case, punctuation, emoji, newlines and sign-offs.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mailparser_reply.constants import MAIL_LANGUAGES

from maverick_assets.datasets.quotes import find_quote


@dataclass(frozen=True)
class CleanMail:
    """`text`: the writer's own new words. `quoted`: the own words of the mail it answers or
    forwards, as quoted there. `forwarded`: the quoted mail is marked as forwarded."""

    text: str
    quoted: str | None
    forwarded: bool


_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x85\ufeff\ufffe\uffff]|[\ud800-\udfff]")
_OUTER_BLANK_LINES = re.compile(r"\A(?:[^\S\n]*\n)+|\s+\Z")
_MARKED = re.compile(r"\s{0,3}>")
_MARK = re.compile(r"\s{0,3}> ?")
_OWN_MARK = re.compile(r"\s{0,3}>\s?\d")
_UNDERSCORES = re.compile(r"_{25,}\s*$")
_SENT_FROM = [str(words.get("sent_from") or "") for words in MAIL_LANGUAGES.values()]
_DEVICE = re.compile(
    r"\s*\W{0,3}(?:"
    + "|".join(filter(None, _SENT_FROM))
    + r"|Von meinem .{2,30} gesendet|Envoyé de mon|Obtenir Outlook|Outlook für)\b.{0,70}$"
)
_RULE = re.compile(r"\s*[-_*=]{3,}\s*$")
_DISCLAIMER = re.compile(
    r"\W*(?:(?:legal |confidentiality |important |privileged )*(?:notice|disclaimer)\W"
    r"|(?:this|the information (?:contained )?in this|the contents of this) "
    r"(?:e-?mail|email|message|communication|transmission)\b"
    r"|the information (?:contained|transmitted)\b|confidential(?:ity)?\b"
    r"|diese (?:e-?mail|nachricht)\b|ce (?:message|courriel|mail)\b"
    r"|este (?:mensaje|correo)\b|questo messaggio\b)",
    re.IGNORECASE,
)
_LEGAL = re.compile(
    r"confidential|privileged|intended (?:only|solely|recipient|for)|unauthori[sz]ed|vertraulich"
    r"|confidentiel|confidencial|property of|riservat",
    re.IGNORECASE,
)
_MAX_NESTING = 20


def clean_text(text: str) -> str:
    """Newlines as `\\n`, no control characters, no blank lines around; nothing else changes."""
    newlines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _OUTER_BLANK_LINES.sub("", _CONTROL.sub("", newlines))


def clean_mail(body: str) -> CleanMail:
    """Split a mail's body into its writer's words and those of the mail that it quotes."""
    own, quoted_lines, forwarded = _split(clean_text(body).split("\n"))
    quoted = ""
    for _ in range(_MAX_NESTING):  # a mail without words of its own hands on what it quotes
        if quoted or not quoted_lines:
            break
        words, quoted_lines, _ = _split(quoted_lines)
        quoted = _without_footers(words)
    return CleanMail(_without_footers(own), quoted or None, forwarded)


def _split(lines: Sequence[str]) -> tuple[list[str], list[str], bool]:
    """Own lines, lines of the quoted mail without their quote marks, and whether forwarded."""
    quote = find_quote(lines)
    if quote is None:
        own, marked = _by_marks(lines)
        return own, marked, False
    above, marked_above = _by_marks(lines[: quote.start])
    rest = lines[quote.end :]
    first = next((line for line in rest if line.strip()), "")
    below, marked = _by_marks(rest, introduced=True)
    if not (quote.attribution and _MARKED.match(first)):
        all_marked = _MARKED.match(first) and len(marked) > len(below)
        return above, [*marked_above, *(marked if all_marked else rest)], quote.forwarded
    return [*above, *below], [*marked_above, *marked], quote.forwarded


def _by_marks(lines: Sequence[str], introduced: bool = False) -> tuple[list[str], list[str]]:
    """Lines without and with a leading `>`, the latter without it."""
    marks = [bool(_MARKED.match(line)) for line in lines]
    if sum(marks) == 1 and not introduced and _OWN_MARK.match(lines[marks.index(True)]):
        return list(lines), []
    own, quoted = [], []
    for i, line in enumerate(lines):
        if marks[i] or _torn_off(lines, marks, i):
            quoted.append(_MARK.sub("", line, count=1))
        else:
            own.append(line)
    return own, quoted


def _torn_off(lines: Sequence[str], marks: Sequence[bool], i: int) -> bool:
    """The end of a long quoted line that a gateway wrapped without repeating the mark."""
    return (
        0 < i < len(lines) - 1
        and marks[i - 1]
        and marks[i + 1]
        and len(lines[i - 1]) >= 65
        and 0 < len(lines[i].strip()) <= 40
    )


def _without_footers(lines: Sequence[str]) -> str:
    """Own lines as text, without signature, device line, advertisement and legal footer."""
    kept = lines[: _signature(lines)]
    kept = kept[: _footer(kept)]
    kept = kept[: _disclaimer(kept)]
    while kept and (not kept[-1].strip() or _DEVICE.match(kept[-1])):
        dropped, kept = kept[-1], kept[:-1]
        if dropped.strip():
            kept = _without_rule(kept)
    return clean_text("\n".join(kept))


def _without_rule(lines: Sequence[str]) -> Sequence[str]:
    return lines[:-1] if lines and _RULE.match(lines[-1]) else lines


def _signature(lines: Sequence[str]) -> int:
    """Index of the signature delimiter `-- ` (RFC 3676).

    A bare `--` counts only before a few lines that are no sentences: people also type it as a rule.
    """
    for i, line in enumerate(lines):
        if line == "-- ":
            return i
        if line.rstrip() == "--":
            rest = [after.rstrip() for after in lines[i + 1 :] if after.strip()]
            if 0 < len(rest) <= 6 and not any(after.endswith((".", "?", "!")) for after in rest):
                return i
    return len(lines)


def _footer(lines: Sequence[str]) -> int:
    """Index of a line of underscores over a few lines with a link: a list's or provider's."""
    for i in range(len(lines) - 1, -1, -1):
        rest = [line for line in lines[i + 1 :] if line.strip()]
        if len(rest) > 8:
            break
        if _UNDERSCORES.match(lines[i]) and (
            not rest or any("http" in line or "www." in line or "@" in line for line in rest)
        ):
            return i
    return len(lines)


def _disclaimer(lines: Sequence[str]) -> int:
    """Index of the paragraph with which a legal disclaimer starts; it runs to the mail's end."""
    for i, line in enumerate(lines):
        starts_paragraph = i == 0 or not lines[i - 1].strip() or _RULE.match(lines[i - 1])
        if not (starts_paragraph and _DISCLAIMER.match(line)):
            continue
        if _LEGAL.search(" ".join(lines[i : i + 8])) and len(" ".join(lines[i:])) > 120:
            return i - 1 if i and _RULE.match(lines[i - 1]) else i
    return len(lines)
