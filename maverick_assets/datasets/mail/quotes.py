"""Where a mail's own words end and the mail that it answers or forwards begins.

The words of attributions ("On ... wrote:") and separators ("-----Original Message-----") start
from `quotequail`'s lists. Added here is what they miss: more languages and programs, attributions
that wrap over lines, header blocks in the styles of Outlook and Lotus Notes; and that the time is
linear in the length of the mail.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from quotequail._patterns import FORWARD_MESSAGES, REPLY_PATTERNS


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
    "sender": "From|Author|Von|De|Da|Van|Från|Fra|Od|От кого|От",
    "to": "To|An|À|A|Para|Pour|Aan|Till|Til|Do|Кому",
    "sent": "Sent|Gesendet|Envoyé|Enviado el|Enviado em|Enviada em|Enviado|Enviada|Inviato"
    "|Verzonden|Skickat|Sendt|Wysłano|Wysłane",
    "date": "Date|Datum|Fecha|Data|Dato|Дата",
    "subject": "Subject|Betreff|Objet|Sujet|Asunto|Oggetto|Onderwerp|Ämne|Emne|Assunto|Temat|Тема",
    "other": "Cc|CC|cc|Bcc|bcc|CCO|Cco|CCI|Cci|Ccn|DW|UDW|Kopie|Kopia|Kopi|Copia|Reply-To"
    "|Antwort an|Répondre à|Importance|Wichtigkeit|Sensitivity|Organization|Fax to"
    "|Attachments|Anlagen|Allegati|Priority",
}
_LABEL = re.compile(
    r"[\s*]*(?:" + "|".join(f"(?P<{k}>{v})" for k, v in _LABELS.items()) + r")[*\s]?\s?:(?!//)"
)
_LABEL_CHARACTERS = 40
_ORIGINAL = (
    "Original Appointment|Message d'origine|Message original|Messaggio originale"
    "|Mensagem original|Oprindelig meddelelse|Ursprungligt meddelande|Originalmeddelande"
    "|Wiadomość oryginalna|Oryginalna wiadomość|Reply Separator"
)
_FORWARD = (
    "Weitergeleitete Nachricht|Anfang der weitergeleiteten Nachricht|Message transféré"
    "|Début du message transféré|Messaggio inoltrato|Inizio messaggio inoltrato"
    "|Mensagem encaminhada|Mensagem reencaminhada|Início da mensagem encaminhada"
    "|Início da mensagem reencaminhada|Videresendt meddelelse|Videresendt besked"
    "|Start på videresendt (?:besked|meddelelse)|Vidarebefordrat (?:brev|mejl|meddelande)"
    "|Börja vidarebefordrat (?:brev|meddelande)|Wiadomość przekazana(?: dalej)?"
    "|Przekazana wiadomość|Początek przekazywanej wiadomości|Treść przekazanej wiadomości"
    "|Inline attachment follows|Forward Header"
)
_WORDS = "|".join([*FORWARD_MESSAGES, _ORIGINAL, _FORWARD])
_SEPARATOR = re.compile(
    rf"\s*[-_]{{3,}} ?(?:Forwarded by\b.*|{_WORDS}) ?(?:[-_]{{3,}}|$)|\s*(?:{_WORDS}) ?:$",
    re.IGNORECASE,
)
_SEPARATOR_WORD = re.compile(
    r"message|nachricht|e-mail|mens|messaggio|bericht|meddel|besked|brev|mejl|wiadomo|сообщение"
    r"|appointment|forward|separator|attachment",
    re.IGNORECASE,
)
_UNDERLINE = re.compile(r"\s*_{20,}$")
_FORWARD_WORDS = re.compile(
    r"forward|inline attachment|weitergeleitet|réexpédié|transféré|reenviado|inoltrato"
    r"|doorgestuurd|vidarebefordrat|videresendt|encaminhada|przekaz|пересылаемое",
    re.IGNORECASE,
)
_WROTE = (
    r"(?:wrote|writes|schrieb|a écrit|escribió|ha scritto|schreef|geschreven|escreveu|skrev"
    r"|napisał(?:\(a\)|a)?|pisze)"
)
_ADDRESS = r"[<(\[]{1,2}[^\s@]{1,64}@[^\s@>)\]]{1,255}[>)\]]{1,2}"
_STARTS = (
    r"(?:On|At|Am|Le|El|Il|Op|Em|No dia|A|Den|Dnia|W dniu|Wiadomość napisana przez|Quoting"
    r"|Zitat von|Citando)\s"
)
_SAID = [
    re.compile(pattern)
    for pattern in (
        rf"{_STARTS}.{{6,250}}?\b{_WROTE}(?!\w).{{0,120}}:$",
        rf"(?:\d|[^\W\d]{{2,12}}\.?,? \d).{{6,250}}?\b{_WROTE}(?!\w).{{0,120}}:$",
        rf"\S.{{0,120}} {_WROTE} (?:on|am|le|el|il|op|em|den|dnia|w dniu)\b.{{4,90}}:$",
        rf"\S.{{0,120}} ?{_ADDRESS},? {_WROTE} ?:$",
    )
]
_UNSAID = [
    re.compile(pattern)
    for pattern in (
        r"(?:Wiadomość napisana przez|Quoting|Zitat von|Citando) .{2,150}:$",
        rf"\d{{4}}[-/]\d{{1,2}}[-/]\d{{1,2}} .{{2,150}}{_ADDRESS}:?$",
    )
]
_SAID += [re.compile(pattern.replace(" :", ":")) for pattern in REPLY_PATTERNS[:-1]]
_SAYS = re.compile(rf"\b{_WROTE}|написал|heeft|Quoting|Zitat von|Citando|przez|\d{{4}}[-/]\d")
_VERB = re.compile(rf"\b{_WROTE}|написал|heeft")
_YAHOO_ATTRIBUTION = re.compile(r"--- [^-\s].{2,90} wrote:$")
_FOREIGN_ATTRIBUTION = re.compile(rf".{{0,200}}{_ADDRESS}.{{0,90}}:$")
_MARKED_SAID = re.compile(r"(?:On|At) .{6,200}\bsaid ?:$")
_DIGIT_OR_ADDRESS = re.compile(r"[\d@]|---")
_UNDATED = re.compile(rf"\S.{{0,80}}\s{_WROTE} ?:$")
_DATED = re.compile(r"\d[:.h]\d\d|\d{4}|\d[./-]\d|@")
_FOREIGN_LABEL = re.compile(r"[^\W\d_][\w .-]{1,20}: ?\S")
_SPEAKS = re.compile(r"\b(?:I|we|he|she|they) wrote", re.IGNORECASE)
_WRAPPED_LINES = 4
_SHORTEST = 12
_ATTRIBUTION_CHARACTERS = 400
_HEAD_CHARACTERS = 200
_LONGEST_HEAD = 1200
_STAMP = r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4},? +\d{1,2}:\d{2}(?::\d{2})?(?: ?[AaPp]\.?[Mm]\.?)?"
_DATE_LINE = re.compile(rf"\s*{_STAMP}(?: (?:[A-Z]{{2,4}}|\w+ \w+ Time))?\s*$")
_NAME_ON_DATE = re.compile(rf"(?P<name>.{{0,120}}?)(?:\s*\bon|\s{{2,}}|@ \w+ +) ?{_STAMP}[\w \t]*$")
_NOTES_LINE = re.compile(r"\s*(?:Please respond to\b|Sent by:|<?\S+@\S+>?\s*$)", re.IGNORECASE)
_GROUPWISE = re.compile(rf">>> [^>]{{3,90}}(?:<[^<>]{{3,90}}>)? {_STAMP} ?>>>$")
_NAMED_ADDRESS = re.compile(r"\s*[^<>@?!;]{2,60}<[^\s<>@]{1,64}@[^\s<>]{1,100}>\s*$")
_ONE_LINE = re.compile(rf"\s{{0,8}}\S.{{1,120}}?\s{_STAMP}\s{{1,20}}To:.{{0,800}}\sSubject:")
_NAME_LINE = re.compile(r"\s*[\w\"'<(][^.?!:;]*(?:\b[A-Z]\.[^?!:;]*)?(?:@\S+|[^?!:;,.])\s*$")
_COMPANY_LINE = re.compile(r"\s*[A-Z].{2,50}\b(?:Corp|Inc|LLC|Ltd|L\.P|GmbH|Company|Co)\.?\s*$")
_AUTHOR_LINES = 10
_BLANKS = 3
_MAX_CONTINUATION = 500
QUOTE_MARK = (  # a mark, or the initials of whom is quoted: "  DC> " or "DC> "
    r"\s{0,3}>|\s{4,8}>>|\s{2,8}[A-Z][A-Za-z]{0,9}>(?=\s|$)|(?!SQL|PS)[A-Z]{2,3}>(?=\s|$)"
)
_MARKED = re.compile(QUOTE_MARK)
_MARK_CHARACTERS = 20
_BRACKETED = re.compile(r"\[[^\W\d_][^][\n:]{1,60}[]\[]:?$")
_TELLING = re.compile(r":|--|__|[]>\[]$")  # no introduction is without one of these


def is_marked(line: str) -> bool:
    """Whether the line carries a quote mark."""
    return ">" in line[:_MARK_CHARACTERS] and bool(_MARKED.match(line))


def find_quotes(lines: Sequence[str]) -> Iterator[Quote]:
    """The introductions of quoted or forwarded mails, from the top.

    Lines that carry a quote mark (`>`) are not looked at.
    """
    plain = [line.replace("\u00a0", " ").replace("\u202f", " ").rstrip() for line in lines]
    done = no_block_before = 0
    for i, line in enumerate(plain):
        if i < done or not _TELLING.search(line):
            continue
        if is_marked(line):
            if line.startswith(">>> ") and _GROUPWISE.match(line[:_HEAD_CHARACTERS]):
                yield Quote(i, i + 1)
                done = i + 1
            continue
        quote = _after_separator(plain, i) or _attribution(plain, i) or _on_one_line(plain, i)
        if quote is None and i >= no_block_before and _label(line):
            end, is_header = _block(plain, i)
            quote = Quote(_head_start(plain, i), end) if is_header else None
            no_block_before = end  # a later part of what is no header block is none either
        if quote:
            yield quote
            done = quote.end


def quoted_author(introduction: Sequence[str]) -> str:
    """Who wrote the quoted mail: its `From` field, else what is above `To`, else all of it."""
    above: list[str] = []
    for line in introduction[:_AUTHOR_LINES]:
        label = _label(line)
        if label and label.lastgroup == "sender":
            return line[label.end() : _HEAD_CHARACTERS].strip()
        if label:
            break
        above.append(line[:_HEAD_CHARACTERS].partition(" To:")[0].strip())
    return " ".join(above).strip()


def _after_separator(lines: Sequence[str], i: int) -> Quote | None:
    line = lines[i]
    if _UNDERLINE.match(line):
        end = _header_end(lines, _skip_blanks(lines, i + 1))
        return Quote(i, end) if end else None
    if not (
        line.lstrip().startswith(("---", "___")) or (line.endswith(":") and len(line) > _SHORTEST)
    ):
        return None
    end = _separator_end(lines, i)
    if end is None:
        return None
    forwarded = bool(_FORWARD_WORDS.search(" ".join(lines[i:end])))
    return Quote(i, _header_end(lines, _skip_blanks(lines, end)) or end, forwarded)


def _separator_end(lines: Sequence[str], i: int) -> int | None:
    """The line after a separator, which Lotus Notes wraps over up to three lines."""
    for end in range(i + 1, min(i + 4, len(lines) + 1)):
        joined = " ".join(part.strip() for part in lines[i:end])
        if len(joined) > _ATTRIBUTION_CHARACTERS or not _SEPARATOR_WORD.search(joined):
            return None
        complete = joined.endswith(("---", "___")) or "Forwarded by" not in joined
        if complete and _SEPARATOR.match(joined):
            return end
    return None


def _attribution(lines: Sequence[str], i: int) -> Quote | None:
    """The attribution that ends with line `i` and may have begun some lines above."""
    if not lines[i].endswith((":", ">")):
        return None
    above = " ".join(lines[max(i - _WRAPPED_LINES + 1, 0) : i + 1])
    below = _skip_blanks(lines, i + 1)
    quoted = below < len(lines) and is_marked(lines[below])
    if len(above) < _SHORTEST or not (quoted or _DIGIT_OR_ADDRESS.search(above)):
        return None
    if not (quoted or _SAYS.search(above)):
        return None
    start = i if quoted and _UNDATED.match(lines[i]) else None
    for first in range(i, max(i - _WRAPPED_LINES, -1), -1):
        line = lines[first]
        if not line.strip() or is_marked(line) or (first < i and _ends_sentence(line)):
            break
        joined = " ".join(part.strip() for part in lines[first : i + 1])
        if len(joined) > _ATTRIBUTION_CHARACTERS:
            break
        if _is_attribution(joined, quoted):
            start = first
    return None if start is None else Quote(start, i + 1, attribution=True)


def _on_one_line(lines: Sequence[str], i: int) -> Quote | None:
    """The name of whom is quoted, alone in brackets right above a line with a quote mark; or what
    Lotus Notes writes over several lines, run together."""
    line = lines[i]
    if line.startswith("["):
        quoted = i + 1 < len(lines) and is_marked(lines[i + 1])
        return Quote(i, i + 1, attribution=True) if quoted and _BRACKETED.match(line) else None
    head = "Subject:" in line and _ONE_LINE.match(line[:_LONGEST_HEAD])
    return Quote(i, i + 1) if head else None


def _ends_sentence(line: str) -> bool:
    """ "I come tomorrow." ends one, "Den 3. jun. 2025 kl." does not."""
    if not line.endswith((".", "!", "?")):
        return False
    words = line.split()
    abbreviated = line.endswith(".") and len(words[-1]) <= 5
    return not (abbreviated and (len(words) <= 2 or re.search(r"\d", line)))


def _is_attribution(text: str, quoted: bool) -> bool:
    """`quoted`: lines with quote marks follow. "On this, Keynes wrote:" is prose: no date."""
    if text.startswith("---"):
        return bool(_YAHOO_ATTRIBUTION.match(text))
    text = text.lstrip("- \t").replace(" :", ":")
    if not (_DATED.search(text) or (quoted and re.search(r"\d", text))):
        return False
    if not quoted and _SPEAKS.search(text):
        return False
    patterns = [*_UNSAID, *(_SAID if _VERB.search(text) else ())]
    known = any(each.match(text) for each in patterns)
    return known or bool(quoted and (_FOREIGN_ATTRIBUTION.match(text) or _MARKED_SAID.match(text)))


def _label(line: str) -> re.Match[str] | None:
    return _LABEL.match(line, 0, _LABEL_CHARACTERS) if ":" in line[:_LABEL_CHARACTERS] else None


def _header_end(lines: Sequence[str], i: int) -> int | None:
    """End of the header of a mail that starts at `i`: a block, or a Lotus Notes head and block."""
    for first in range(i, min(i + 10, len(lines))):
        if not _label(lines[first]):
            continue
        end, is_header = _block(lines, first)
        return end if is_header and _head_start(lines, first) <= i else None
    foreign = next(
        (n for n, line in enumerate(lines[i : i + 10]) if not _FOREIGN_LABEL.match(line)), 0
    )
    return i + foreign if foreign > 1 and not lines[i + foreign] else None


def _block(lines: Sequence[str], i: int) -> tuple[int, bool]:
    """The line after the labelled lines that start at `i`, and whether they are a mail's header."""
    kinds: set[str] = set()
    end = i
    while end < len(lines):
        match = _label(lines[end])
        if match is None:
            break
        kind = str(match.lastgroup)
        kinds.add(kind)
        end = _field_end(lines, end, kind)
        if kind != "subject":
            following = _skip_blanks(lines, end)
            end = following if following < len(lines) and _label(lines[following]) else end
    person = kinds & {"sender", "to"}
    told_apart = kinds & {"subject", "sent"}
    address = "date" in kinds and any("@" in line for line in lines[i:end])
    return end, bool(person and (told_apart or address))


def _field_end(lines: Sequence[str], i: int, kind: str) -> int:
    """The line after the header field at `i` and its continuation lines."""
    end = i + 1
    if kind == "subject":
        wrapped = (
            (len(lines[i]) >= 60 or (lines[end : end + 1] and lines[end].startswith(" ")))
            and end + 1 < len(lines)
            and lines[end].strip()
            and not _label(lines[end])
            and not lines[end + 1].strip()
        )
        return end + 1 if wrapped else end
    while end < len(lines) and lines[end].strip() and not _label(lines[end]):
        if lines[end].startswith(("---", "___")):
            break
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
        line = lines[above][:_HEAD_CHARACTERS]
        stamped = _NAME_ON_DATE.match(line)
        if stamped and len(stamped["name"].strip()) > 1:
            return _name_start(lines, above)
        if above and _NAME_ON_DATE.match(f"{lines[above - 1][:_HEAD_CHARACTERS]} {line.strip()}"):
            return _name_start(lines, above - 1)
        if stamped or _DATE_LINE.match(line):
            dated = True
        elif dated and (
            _NAMED_ADDRESS.match(line) or (len(line.strip()) <= 60 and _NAME_LINE.match(line))
        ):
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
