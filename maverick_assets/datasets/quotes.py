"""Where a mail's own words end and the mail that it answers or forwards begins.

`quotequail` knows attributions ("On ... wrote:") and separators ("-----Original Message-----") in
many languages. Added here is what it misses: header blocks in the styles of Outlook and Lotus
Notes, attributions wrapped over three lines, and some languages.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import quotequail


@dataclass(frozen=True)
class Quote:
    """Lines `start` to `end` introduce the quoted mail, whose words begin at line `end`.

    After an attribution ("On ... wrote:") the writer's own words may follow the quoted ones.
    """

    start: int
    end: int
    forwarded: bool = False
    attribution: bool = False


_LABELS = {
    "sender": "From|Author|Von|De|Da|Van|Från|Fra|От кого|От",
    "to": "To|An|À|A|Para|Pour|Aan|Till|Til|Кому",
    "sent": "Sent|Gesendet|Envoyé|Enviado el|Enviado|Inviato|Verzonden|Skickat|Sendt",
    "date": "Date|Datum|Fecha|Data|Дата",
    "subject": "Subject|Betreff|Objet|Sujet|Asunto|Oggetto|Onderwerp|Ämne|Emne|Assunto|Тема",
    "other": "Cc|CC|cc|Bcc|bcc|Kopie|Copia|Reply-To|Importance|Sensitivity|Organization|Fax to"
    "|Attachments|Priority",
}
_LABEL = re.compile(
    r"[\s*]*(?:" + "|".join(f"(?P<{k}>{v})" for k, v in _LABELS.items()) + r")[*\s]?\s?:(?!//)"
)
_SEPARATOR = re.compile(
    r"\s*[-_]{3,} ?(?:Forwarded by\b.*|Inline attachment follows|Weitergeleitete Nachricht"
    r"|Message transféré|Messaggio inoltrato|Mensaje reenviado|Original Appointment"
    r"|Message d'origine|Messaggio originale|Mensagem original|Forward Header|Reply Separator)"
    r" ?(?:[-_]{3,}|$)"
)
_FORWARD_WORDS = re.compile(
    r"forward|inline attachment|weitergeleitet|réexpédié|transféré|reenviado|inoltrato"
    r"|doorgestuurd|vidarebefordrat|пересылаемое",
    re.IGNORECASE,
)
_ATTRIBUTION_STARTS = re.compile(
    r"[\s-]*(?:On|Am|Le|El|Il|Op|Em|Den|Dnia|W dniu)\s|.*schrieb am |--- \S+"
)
_ATTRIBUTION = re.compile(
    r"[\s-]*(?:(?:On|Am|Le|El|Il|Op|Em|Den|Dnia|W dniu)\s.{6,250}?\s(?:wrote|schrieb.{0,90}|a écrit"
    r"|escribió|ha scritto|schreef.{0,90}|escreveu|skrev.{0,90}|napisał(?:\(a\))?)"
    r"|\S.{0,90} schrieb am .{6,60})\s?:\s*$"
)
_YAHOO_ATTRIBUTION = re.compile(r"--- [^-\s].{2,90} wrote:\s*$")
_KNOWN = re.compile(r":$|^\s*[-_]{3}|>$", re.MULTILINE)
_WRAPPED_LINES = 4
_STAMP = r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4},? +\d{1,2}:\d{2}(?::\d{2})?(?: ?[AaPp]\.?[Mm]\.?)?"
_DATE_LINE = re.compile(rf"\s*{_STAMP}(?: (?:[A-Z]{{2,4}}|\w+ \w+ Time))?\s*$")
_NAME_ON_DATE = re.compile(rf"(?P<name>.{{0,120}}?)(?:\s*\bon|\s{{2,}}|@ \w+ +) ?{_STAMP}[\w \t]*$")
_NOTES_LINE = re.compile(r"\s*(?:Please respond to\b|Sent by:|<?\S+@\S+>?\s*$)", re.IGNORECASE)
_NAME_LINE = re.compile(r"\s*[\w\"'<(][^.?!:;]*(?:\b[A-Z]\.[^?!:;]*)?(?:@\S+|[^?!:;,.])\s*$")
_COMPANY_LINE = re.compile(r"\s*[A-Z].{2,50}\b(?:Corp|Inc|LLC|Ltd|L\.P|GmbH|Company|Co)\.?\s*$")
_BLANKS = 3
_MAX_CONTINUATION = 500


def find_quote(lines: Sequence[str]) -> Quote | None:
    """The first introduction of a quoted or forwarded mail, or None.

    Lines that carry a quote mark (`>`) are not looked at.
    """
    plain = [line.replace("\u00a0", " ").rstrip() for line in lines]
    own = next((q for i in range(len(plain)) if (q := _own_rules(plain, i))), None)
    known = _quotequail(plain[: own.start] if own else plain)
    if known is None:
        return own
    start, end, forwarded = known
    after = _header_end(plain, _skip_blanks(plain, end))
    attribution = not plain[end - 1].rstrip().endswith("---") and not forwarded
    return Quote(start, after or end, forwarded, attribution)


def _own_rules(lines: Sequence[str], i: int) -> Quote | None:
    line = lines[i]
    if not line or line.startswith(">"):
        return None
    if line.lstrip().startswith(("---", "___")) and (end := _separator_end(lines, i)):
        forwarded = bool(_FORWARD_WORDS.search(" ".join(lines[i:end])))
        return Quote(i, _header_end(lines, _skip_blanks(lines, end)) or end, forwarded)
    if _ATTRIBUTION_STARTS.match(line) and (end := _attribution_end(lines, i)):
        return Quote(i, end, attribution=True)
    if _LABEL.match(line) and (end := _block_end(lines, i)):
        return Quote(_head_start(lines, i), end)
    return None


def _quotequail(lines: Sequence[str]) -> tuple[int, int, bool] | None:
    """Start, end and kind of the first introduction that `quotequail` knows and we believe."""
    offset = 0
    while offset < len(lines):
        rest = lines[offset:]
        text = "\n".join(rest)
        if not _KNOWN.search(text):  # nothing that `quotequail`, which is slow, could find
            return None
        parts = quotequail.quote(text, limit=len(rest) + 1, quote_intro_line=True)
        if len(parts) == 1:
            return None
        start = offset + (parts[0][1].count("\n") + 1 if parts[0][1] else 0)
        after = quotequail.quote("\n".join(lines[start:]), limit=len(rest) + 1)
        end = start + after[0][1].count("\n") + 1
        intro = " ".join(lines[start:end])
        # "On this, Keynes wrote:" is prose: an attribution has a date; quoted lines come later.
        prose = intro.rstrip().endswith(":") and not re.search(r"\d|message|bericht", intro, re.I)
        if not prose and not intro.startswith((">", "_" * 32)):
            return start, end, bool(_FORWARD_WORDS.search(intro))
        offset = end
    return None


def _separator_end(lines: Sequence[str], i: int) -> int | None:
    """The line after a separator, which Lotus Notes wraps over up to three lines."""
    for end in range(i + 1, min(i + 4, len(lines) + 1)):
        joined = " ".join(part.strip() for part in lines[i:end])
        complete = joined.endswith(("---", "___")) or "Forwarded by" not in joined
        if complete and _SEPARATOR.match(joined):
            return end
    return None


def _attribution_end(lines: Sequence[str], i: int) -> int | None:
    for end in range(i + 1, min(i + 1 + _WRAPPED_LINES, len(lines) + 1)):
        if not lines[end - 1].strip():
            return None
        joined = " ".join(part.strip() for part in lines[i:end])
        dated = _ATTRIBUTION.match(joined) and re.search(r"\d", joined)
        if dated or _YAHOO_ATTRIBUTION.match(joined):
            return end
    return None


def _header_end(lines: Sequence[str], i: int) -> int | None:
    """End of the header of a mail that starts at `i`: a block, or a Lotus Notes head and block."""
    for first in range(i, min(i + 10, len(lines))):
        if not _LABEL.match(lines[first]):
            continue
        end = _block_end(lines, first)
        head = _head_start(lines, first)
        return end if end and head <= i else None
    return None


def _block_end(lines: Sequence[str], i: int) -> int | None:
    """The line after the header block that starts at `i`; None where it is no such block."""
    kinds: set[str] = set()
    end = i
    while end < len(lines):
        match = _LABEL.match(lines[end])
        if match is None:
            break
        kind = str(match.lastgroup)
        kinds.add(kind)
        end = _field_end(lines, end, kind)
        if kind != "subject":
            following = _skip_blanks(lines, end)
            end = following if following < len(lines) and _LABEL.match(lines[following]) else end
    person = kinds & {"sender", "to"}
    address = any("@" in line for line in lines[i:end])
    told_apart = kinds & {"subject", "sent"} or ("date" in kinds and address)
    return end if person and told_apart else None


def _field_end(lines: Sequence[str], i: int, kind: str) -> int:
    """The line after the header field at `i` and its continuation lines."""
    end = i + 1
    if kind == "subject":
        wrapped = (
            (len(lines[i]) >= 60 or (lines[end : end + 1] and lines[end].startswith(" ")))
            and end + 1 < len(lines)
            and lines[end].strip()
            and not _LABEL.match(lines[end])
            and not lines[end + 1].strip()
        )
        return end + 1 if wrapped else end
    while end < len(lines) and lines[end].strip() and not _LABEL.match(lines[end]):
        end += 1
        if end - i > _MAX_CONTINUATION:
            return i + 1
    return end


def _head_start(lines: Sequence[str], block: int) -> int:
    """First line of the name and date that Lotus Notes writes above a header block."""
    start = block
    dated = False
    for _ in range(6):
        above = _above(lines, start)
        if above is None:
            break
        line = lines[above]
        stamped = _NAME_ON_DATE.match(line)
        if stamped and len(stamped["name"].strip()) > 1:
            return _name_start(lines, above)
        if above and _NAME_ON_DATE.match(f"{lines[above - 1]} {line.strip()}"):
            return _name_start(lines, above - 1)
        if stamped or _DATE_LINE.match(line):
            dated = True
        elif dated and len(line.strip()) <= 60 and _NAME_LINE.match(line):
            return above
        elif not (_NOTES_LINE.match(line) or _COMPANY_LINE.match(line)):
            break
        start = above
    return start


def _name_start(lines: Sequence[str], i: int) -> int:
    """`"Frank Zerilli" <frank@x> on DATE` may begin on the line above."""
    opened = lines[i].lstrip().startswith("<") and i > 0 and lines[i - 1].strip()
    return i - 1 if opened and len(lines[i - 1]) <= 60 else i


def _above(lines: Sequence[str], i: int) -> int | None:
    """The nearest line above `i` that is not blank, over at most a few blank ones."""
    for above in range(i - 1, max(i - 2 - _BLANKS, -1), -1):
        if lines[above].strip():
            return above
    return None


def _skip_blanks(lines: Sequence[str], i: int) -> int:
    end = i
    while end < len(lines) and not lines[end].strip() and end - i < 2 * _BLANKS:
        end += 1
    return end
