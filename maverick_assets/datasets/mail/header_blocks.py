"""Header blocks of quoted mails: the lines "From: ... Sent: ... To: ... Subject: ..." in a body.

Each program has its own order, labels and blank lines; Lotus Notes writes name and date above the
block, without labels. A block counts only when it names a person and has a subject or a time.
"""

import re
from collections.abc import Sequence

from maverick_assets.datasets.mail.languages import any_of

_LABELS = {
    "sender": any_of(lambda language: language.quotes.sender_labels),
    "to": any_of(lambda language: language.quotes.to_labels),
    "sent": any_of(lambda language: language.quotes.sent_labels),
    "date": any_of(lambda language: language.quotes.date_labels),
    "subject": any_of(lambda language: language.quotes.subject_labels),
    "other": any_of(lambda language: language.quotes.other_labels),
}
# Outlook, English: "From: Dana Cole"; Gmail in plain text: "*From:* Dana Cole"
# Outlook, French: "De : Dana Cole". "From://x" would be a web address.
_LABEL = re.compile(
    r"[\s*]*(?:" + "|".join(f"(?P<{k}>{v})" for k, v in _LABELS.items()) + r")[*\s]?\s?:(?!//)"
)
_LABEL_CHARACTERS = 40
# Outlook, in a language that no module covers: "Lähettäjä: Dana Cole"
_UNKNOWN_LABEL = re.compile(r"[^\W\d_][\w .-]{1,20}: ?\S")

# A field of RFC 5322 beside labelled ones, as in a pasted mail: "X-Mailer: ...", "Message-ID: ..."
_FIELD = re.compile(r"[A-Z][A-Za-z]*(?:-[A-Za-z]+)+: ?\S")
# Of a part within a message: "--==_Exmh_778588528P" above "Content-Type: text/plain"
_BOUNDARY = re.compile(r"--[\w=.+/'-]*\w[\w=.+/'-]*$")
_PART_FIELD = re.compile(r"(?:Content-[A-Z][a-z]+(?:-[A-Z][a-z]+)?|MIME-Version): \S")
_DATED = re.compile(r"\d{1,4}.*\d{1,2}:\d\d")
_BEHALF = re.compile(r"On Behalf Of(?: \S+){0,2}$")
_NAME_REST = re.compile(r"(?:[A-Z][\w.'-]*\s?){1,3}$")
_SENDER_LINES = 4
_HEAD_FIELDS = 12  # at the top of a quoted mail

# The expressions from here on are for Lotus Notes, English only. It writes a head above the block:
#   Dana Cole
#   05/30/2000 07:29 AM
#   To: Allan Price/HOU/ACME@ACME
STAMP = r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4},? +\d{1,2}:\d{2}(?::\d{2})?(?: ?[AaPp]\.?[Mm]\.?)?"
# "05/30/2000 07:29 AM", "09/27/2000 01:45 PM CDT", "09/27/2000 01:45 PM Central Daylight Time"
_DATE_LINE = re.compile(rf"\s*{STAMP}(?: (?:[A-Z]{{2,4}}|\w+ \w+ Time))?\s*$")
# '"Cole, Dana" <dana@x.example> on 12/06/2000 03:37:42 PM', "Dana Cole      09/14/2000 05:24 PM",
# "Dana Cole @ ACME 09/14/2000 05:24 PM"
_NAME_ON_DATE = re.compile(rf"(?P<name>.{{0,120}}?)(?:\s*\bon|\s{{2,}}|@ \w+ +) ?{STAMP}[\w \t]*$")
# "Please respond to dana@y.example", "Sent by: Liz", "dana@x.example"
_NOTES_LINE = re.compile(r"\s*(?:Please respond to\b|Sent by:|<?\S+@\S+>?\s*$)", re.IGNORECASE)
# "Dana Cole <Dana.Cole@x.example>"
_NAMED_ADDRESS = re.compile(r"\s*[^<>@?!;]{2,60}<[^\s<>@]{1,64}@[^\s<>]{1,100}>\s*$")
# "Dana Cole", "Dana M. Cole", '"Cole, Dana"': no sentence
_NAME_LINE = re.compile(r"\s*[\w\"'<(][^.?!:;]*(?:\b[A-Z]\.[^?!:;]*)?(?:@\S+|[^?!:;,.])\s*$")
# "Acme North America Corp."
_COMPANY_LINE = re.compile(
    r"\s*[A-Z].{2,50}\b(?:" + any_of(lambda language: language.quotes.company_forms) + r")\.?\s*$"
)
_NAME_CHARACTERS = 60
_HEAD_LINES = 6  # of Lotus Notes
_HEAD_CHARACTERS = 200  # of a line that are looked at
_AUTHOR_LINES = 10  # of an introduction that are searched for the author
_LINES_BELOW_SEPARATOR = 10  # within which a header starts
_BLANKS = 3  # blank lines in a row that may stand inside a header
_WRAPPING_CHARACTERS = 60  # a program wraps only lines that are longer
_WRAPPED_WORDS = 4  # of a line that goes on with a sender or a date
_MAX_CONTINUATION = 500  # lines of one field; more are something else


def label_of(line: str) -> re.Match[str] | None:
    """The label that the line begins with; `lastgroup` is its kind (a key of `_LABELS`)."""
    return _LABEL.match(line, 0, _LABEL_CHARACTERS) if ":" in line[:_LABEL_CHARACTERS] else None


def quoted_author(introduction: Sequence[str]) -> str:
    """Who wrote the quoted mail: its `From` field, else the text above the first label."""
    above: list[str] = []
    for line in introduction[:_AUTHOR_LINES]:
        label = label_of(line)
        if label and label.lastgroup == "sender":
            return line[label.end() : _HEAD_CHARACTERS].strip()
        if label:
            break
        above.append(line[:_HEAD_CHARACTERS].partition(" To:")[0].strip())
    return " ".join(above).strip()


def header_end(lines: Sequence[str], i: int) -> int | None:
    """End of the header of a mail that starts at `i`: a block, or a Lotus Notes head and block.

    None where no header starts there.
    """
    below = range(i, min(i + _LINES_BELOW_SEPARATOR, len(lines)))
    labelled = next((n for n in below if label_of(lines[n])), None)
    if labelled is not None:
        end, is_header = header_block(lines, labelled)
        return end if is_header and head_start(lines, labelled) <= i else None
    unlabelled = next((n for n in below if not _UNKNOWN_LABEL.match(lines[n])), i)
    return unlabelled if unlabelled - i > 1 and not lines[unlabelled] else None


def header_block(lines: Sequence[str], i: int) -> tuple[int, bool]:
    """The line after the labelled lines that start at `i`, and whether they are a mail's header.

    A header names a person, and has a subject or a time. `Date` alone may be that of a calendar, so
    it counts only beside an address.
    """
    kinds: set[str] = set()
    end = i
    while end < len(lines):
        label = label_of(lines[end])
        if label is None and not (end > i and _FIELD.match(lines[end])):
            break
        kind = str(label.lastgroup) if label else "other"
        kinds.add(kind)
        end = _field_end(lines, end, kind)
        if kind != "subject":
            following = skip_blanks(lines, end)
            end = following if following < len(lines) and label_of(lines[following]) else end
    person = kinds & {"sender", "to"}
    subject_or_time = kinds & {"subject", "sent"}
    address = "date" in kinds and any("@" in line for line in lines[i:end])
    return end, bool(person and (subject_or_time or address))


def head_start(lines: Sequence[str], block: int) -> int:
    """First line of the name and date that Lotus Notes writes above a header block."""
    while block and _FIELD.match(lines[block - 1]):
        block -= 1
    start = block
    dated = False
    for _ in range(_HEAD_LINES):
        above = _line_above(lines, start)
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
        elif dated and _is_name(line):
            return above
        elif not (_NOTES_LINE.match(line) or _COMPANY_LINE.match(line)):
            break
        start = above
    return start


def sender_line(line: str) -> str:
    """Whom a line "From: Dana Cole <dana@x.example>" names; empty for another line."""
    label = label_of(line) if "@" in line else None
    is_sender = label is not None and label.lastgroup == "sender"
    return line[label.end() : _HEAD_CHARACTERS].strip() if label and is_sender else ""


def without_head(lines: Sequence[str]) -> tuple[list[str], str]:
    """The lines of a quoted mail without the header fields that begin it, and its sender if named.

    Here one field alone counts, which is no `header_block`: a quote begins with its introduction.
    """
    end, sender = skip_blanks(lines, 0), ""
    if end < len(lines) and header_block(lines, end)[1]:
        return list(lines), ""
    if end + 1 < len(lines) and _BOUNDARY.match(lines[end]) and _FIELD.match(lines[end + 1]):
        end += 1
    for number in range(_HEAD_FIELDS):
        if end >= len(lines) or not (_is_field(lines[end]) or (number and label_of(lines[end]))):
            break
        sender = sender or sender_line(lines[end])
        end = _sender_end(lines, end) if sender_line(lines[end]) else end + 1
        if end < len(lines) and not lines[end].strip():  # the words follow
            break
    return (list(lines[end:]), sender) if end < len(lines) else (list(lines), "")


def _is_field(line: str) -> bool:
    """Whether a line is a header field by its label and its value."""
    label = label_of(line)
    if label is None:
        return bool(_PART_FIELD.match(line))
    value = line[label.end() :]
    if label.lastgroup in ("date", "sent"):
        return bool(_DATED.search(value))
    return label.lastgroup == "subject" or "@" in value


def _sender_end(lines: Sequence[str], i: int) -> int:
    """The line after a sender that a gateway wrapped: "... On Behalf Of\nDana\nCole"."""
    end = i + 1
    if end < len(lines) and lines[end].startswith("[mailto:"):
        end += 1
    if _BEHALF.search(lines[end - 1]):
        while end < min(i + _SENDER_LINES, len(lines)) and _NAME_REST.match(lines[end]):
            end += 1
    return end


def skip_blanks(lines: Sequence[str], i: int) -> int:
    """The first line from `i` on that has words, past at most a few blank ones."""
    end = i
    while end < len(lines) and not lines[end].strip() and end - i < 2 * _BLANKS:
        end += 1
    return end


def _field_end(lines: Sequence[str], i: int, kind: str) -> int:
    """The line after the header field at `i` and its continuation lines."""
    if kind == "subject":
        return i + 2 if _subject_is_wrapped(lines, i) else i + 1
    end = i + 1
    while end < len(lines) and lines[end].strip() and not label_of(lines[end]):
        if lines[end].startswith(("---", "___")):
            break
        short = "@" in lines[end] or len(lines[end].split()) <= _WRAPPED_WORDS
        if kind in ("sender", "date") and not short:  # the mail's words, without a blank line
            break
        end += 1
        if end - i > _MAX_CONTINUATION:
            return i + 1
    return end


def _subject_is_wrapped(lines: Sequence[str], i: int) -> bool:
    """Whether the subject at `i` continues on one more line, with a blank line below.

    The mail's own words may follow a subject without a blank line. So a second line counts only if
    the first is long or the second is indented.
    """
    if i + 2 >= len(lines):
        return False
    second, third = lines[i + 1 : i + 3]
    wrapped = len(lines[i]) >= _WRAPPING_CHARACTERS or second.startswith(" ")
    return bool(wrapped and second.strip() and not label_of(second) and not third.strip())


def _is_name(line: str) -> bool:
    short = len(line.strip()) <= _NAME_CHARACTERS
    return bool(_NAMED_ADDRESS.match(line) or (short and _NAME_LINE.match(line)))


def _name_start(lines: Sequence[str], i: int) -> int:
    """The line where a name begins: `"Cole, Dana" <dana@x.example> on DATE` may be wrapped."""
    opened = lines[i].lstrip().startswith("<") and i > 0 and lines[i - 1].strip()
    return i - 1 if opened and len(lines[i - 1]) <= _NAME_CHARACTERS else i


def _line_above(lines: Sequence[str], i: int) -> int | None:
    """The nearest line above `i` that has words, past at most a few blank ones."""
    for above in range(i - 1, max(i - 2 - _BLANKS, -1), -1):
        if lines[above].strip():
            return above
    return None
