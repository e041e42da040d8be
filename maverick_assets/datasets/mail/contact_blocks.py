"""Contact blocks at the end of a mail: title, company, telephone and address below a name."""

import re
from collections.abc import Sequence

from maverick_assets.datasets.mail.languages import any_of

# Sentences and names
_SENTENCE_END = re.compile(r"[.?!:;…]$")
# "TestPilot Inc.", "TestPilot S.L.", "TestPilot Sp. z o.o."
_ABBREVIATION = re.compile(
    r"\b(?:"
    + any_of(lambda language: language.contacts.abbreviations)
    + r"|[A-Za-z]\.\s?[A-Za-z]{1,3}(?:\.\w)?)\.$"
)
_SENTENCE_BREAK = re.compile(r"(?<=[.!?])\s")
# "PS", "P.S.", "PPS: thanks"
_POSTSCRIPT = re.compile(r"\W*P\.? ?P?\.?S\b", re.IGNORECASE)
# A word without a capital: "oven", "the". A line with `_PROSE_WORDS` of them is prose.
_PLAIN_WORD = re.compile(r"(?:^|(?<=\s))[^\W\d_A-Z]{2,}(?=[\s,.;!?]|$)")
_PROSE_WORDS = 5
_SHORT_SENTENCE = 4  # words; a shorter one is read together with the sentence before it
# "Best regards,", "-- Viele Grüße"
_CLOSING = re.compile(
    r"[\s-]*(?:" + any_of(lambda language: language.contacts.closings) + r")\s?[,.!]?\s*$",
    re.IGNORECASE,
)
# "Allan", "Allan B. Price", "Price, Allan", "Allan Price, x3-4471"
_NAME = re.compile(
    r"[\s-]*[^\W\d_][^\W\d_.'\u2019-]*(?:[ ,.'\u2019-]{1,2}[^\W\d_]+){0,3}"
    r"(?:,? [xX]\d?-?\d{3,5})?[.,]?\s*$"
)
_NAME_CHARACTERS = 40

# The lines of a contact block
# "+1 212 555 0100", "(212) 555-0100"; dates look like that and are removed before: "3/6/2025". The
# number of an order may end with one figure: "517673.1"
_NUMBER = re.compile(r"\+?\(?\d[\d\s().\-/]{4,}\d\d")
_MAY_BE_NUMBER = re.compile(r"\d\d")
_NUMBER_DIGITS = 7  # of a telephone number, at least
_DATE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}")
# "allan@x.example", "www.x.example", "Allan Price x3-4471", "3-4471", "#54471", "Tél. : 01 55"
_CONTACT = re.compile(
    r"[^\s@]+@[^\s@]+\.\w|https?://|www\.|\bx ?\d?-?\d{4,5}$|^\d-\d{4}$|^#\d{5}$"
    r"|\b(?:" + any_of(lambda language: language.contacts.telephone_labels) + r")\b\W{0,4}\d",
    re.IGNORECASE,
)
_MAY_CONTACT = re.compile(r"[\d@]|www|http", re.IGNORECASE)
# An extension alone: "54471"
_EXTENSION = re.compile(r"\s*\d{5}\s*$")
# "Head of Product", "TestPilot Ovens Inc."
_OFFICE = re.compile(r"[^\W\d_][^\d!?;:]{0,58}$")
_OFFICE_CHARACTERS = 60
# "12 Mill Lane", "Springfield, TX 77002", "Springfield, Texas 77002", "Mühlweg 12"; English only:
# "P.O. Box 100", "Suite 100"
_POSTAL = re.compile(
    r"\d{1,5}[A-Za-z]? [^\W\d_a-z].{2,50}$|[^\W\d_a-z].{2,40},? [A-Z]{2} +\d{5}(?:-\d{4})?$"
    r"|[^\W\d_a-z].{2,40}, [A-Z][a-z]+ +\d{5}(?:-\d{4})?$|(?:P\.?O\.? ?Box|Suite|Floor) .{1,30}$"
    r"|[^\W\d_a-z][^\W\d_]{3,30} \d{1,4}[a-z]?$"
)
# A page is what a mail is about: "http://x.example/couple.html". A contact block has a bare site:
# "www.x.example".
_PAGE = re.compile(r"https?://[^\s/]+/\S|www\.[^\s/]+/\S", re.IGNORECASE)
_SITE = re.compile(r"(?:https?://|www\.)\S+$", re.IGNORECASE)
# English only: "Call me at 212 555 0100" is the writer's own sentence.
_ASKS_TO_CALL = re.compile(r"(?:call|text|ring|page|dial)\b", re.IGNORECASE)
_CONTACT_LINE_CHARACTERS = 80

# A sentence that leads up to a contact: "Send the oven to", "Here is her number", "Call Dana:"
_ANNOUNCEMENT = re.compile(
    r"[:,]$|\b(?:"
    + any_of(lambda language: language.contacts.announcing_ends)
    + r")$|\b(?:"
    + any_of(lambda language: language.contacts.announcing_words)
    + r")\b",
    re.IGNORECASE,
)
# "==========================", "*------------------------*"
_FRAME = re.compile(r"([^\w\s])([-=_*~#])\2{18,}\1?$")
_FRAMED_LINES = 14  # between the rules of a frame
_BLOCK_LINES = 12  # that a contact block or the paragraph above it may have
_LINE_CHARACTERS = 200  # of a line that are looked at


def contact_block_start(lines: Sequence[str]) -> int:
    """Index of the first line with title, company, telephone or address below the typed name.

    The number of lines where there is no such block. Closing and name ("Best,\\nAllan") stay.
    """
    end = text_end(lines)
    framed = _framed_start(lines, end)
    if framed is not None:
        return framed
    block = 0
    for i in range(end - 1, -1, -1):
        line = lines[i].strip()
        if is_closing(line):
            return _start_below_closing(lines, i + 1, end)
        block += bool(line)
        if block > _BLOCK_LINES or _is_prose(line):
            break
    return _start_without_closing(lines, end)


def _framed_start(lines: Sequence[str], end: int) -> int | None:
    """First line of a block that ends at `end` and that two equal rules frame, with an address or a
    telephone number within; None where there is none, or nothing above."""
    rule = lines[end - 1].strip() if end else ""
    if not _FRAME.match(rule):
        return None
    for i in range(end - 2, max(end - 2 - _FRAMED_LINES, 0), -1):
        if lines[i].strip() == rule:
            framed = any(has_contact(line[:_LINE_CHARACTERS]) for line in lines[i + 1 : end - 1])
            return i if framed and text_end(lines, i) else None
    return None


def text_end(lines: Sequence[str], end: int | None = None) -> int:
    """The index after the last line with words, of the lines up to `end` (None: of all)."""
    end = len(lines) if end is None else end
    while end and not lines[end - 1].strip():
        end -= 1
    return end


def is_closing(line: str) -> bool:
    """Whether a line is a closing: "Best regards,"."""
    line = line.strip()
    return len(line) <= _NAME_CHARACTERS and bool(_CLOSING.match(line))


def is_block_line(line: str) -> bool:
    """Whether a line may belong to a contact block: an office, a company, a number, an address."""
    line = line.strip(" \t()")  # "(and Dana Cole)"
    return _is_office(line) or _is_contact_line(line) or bool(_POSTAL.match(line))


def ends_sentence(line: str) -> bool:
    """Whether a line ends a sentence: "I come tomorrow." does, "Acme Inc." does not."""
    return bool(_SENTENCE_END.search(line)) and not _ABBREVIATION.search(line)


def is_announcement(sentence: str) -> bool:
    """Whether a sentence leads up to a contact: "Send the oven to", "Here is her number"."""
    return bool(_ANNOUNCEMENT.search(sentence[-_LINE_CHARACTERS:]))


def _start_below_closing(lines: Sequence[str], start: int, end: int) -> int:
    """Index of the contact block that lies between `start` and `end`, below a typed name."""
    name = start
    while name < end and not lines[name].strip():
        name += 1
    if name < end and len(lines[name]) <= _NAME_CHARACTERS and _NAME.match(lines[name]):
        start = name + 1
    below = [line.strip() for line in lines[start:end] if line.strip()]
    typed = lines[name:start]
    contacts = any(has_contact(line) for line in below) or _is_extension(typed, below)
    return start if contacts or _is_full_name(typed, below) else len(lines)


def _start_without_closing(lines: Sequence[str], end: int) -> int:
    """Index of a contact block, up to `end`, below a name that has no closing above it.

    The block may be what the mail is about. Then the words above lead up to it or speak of a
    telephone, and it stays.
    """
    top = _block_top(lines, end)
    if top is None or not is_name(lines[top]) or _ANNOUNCEMENT.search(lines[top]):
        return len(lines)
    above = text_end(lines, top)
    if not 0 < above < top:  # nothing above, or no blank line between
        return len(lines)
    typed = lines[above - 1].strip()
    repeated = is_name(typed) and typed.split()[0].strip(",.-") == lines[top].split()[0]
    sentence = _last_sentence(lines, text_end(lines, above - 1) if repeated else above)
    if not sentence or _ANNOUNCEMENT.search(sentence):
        return len(lines)
    return top if repeated else top + 1  # a name that was not typed above stays


def _block_top(lines: Sequence[str], end: int) -> int | None:
    """First line of the contact block that ends at `end`.

    None where the lines have no telephone or address, or nothing besides.
    """
    top, block, has_contact = end, 0, False
    for i in range(end - 1, -1, -1):
        line = lines[i].strip()
        if not line:
            if has_contact and is_name(lines[top]):
                break
            continue
        contact = _is_contact_line(line)
        # A number above a name is part of a list of names and numbers.
        listed = contact and block > 0 and _is_office(lines[top].strip())
        inside = contact or _is_office(line) or (has_contact and _POSTAL.match(line))
        if block == _BLOCK_LINES or listed or not inside:
            break
        top, block = i, block + 1
        # A site alone is no contact block, because people send links.
        has_contact = has_contact or (contact and not _SITE.match(line))
    return top if has_contact and block > 1 else None


def _last_sentence(lines: Sequence[str], end: int) -> str:
    """The last sentence of the paragraph above line `end`, with the one before if it is short."""
    start = end
    while start and lines[start - 1].strip() and end - start < _BLOCK_LINES:
        start -= 1
    paragraph = " ".join(line[-_LINE_CHARACTERS:].strip() for line in lines[start:end])
    *before, last = [part for part in _SENTENCE_BREAK.split(paragraph) if part.strip()] or [""]
    return " ".join([*before[-1:], last]) if len(last.split()) < _SHORT_SENTENCE else last


def is_name(line: str) -> bool:
    """Whether a line may be a typed name."""
    short = len(line.strip()) <= _NAME_CHARACTERS
    return short and bool(_NAME.match(line)) and not has_contact(line)


def _is_office(line: str) -> bool:
    """Whether a line is a name, an office or a company: most of its words have a capital."""
    if len(line) > _OFFICE_CHARACTERS or not _OFFICE.match(line):
        return False
    if _is_prose(line) or has_contact(line):
        return False
    return 2 * len(_PLAIN_WORD.findall(line)) < len(line.split())


def _is_contact_line(line: str) -> bool:
    """Whether a line is a telephone number or an address with nothing else but a label."""
    if len(line) > _CONTACT_LINE_CHARACTERS or len(_PLAIN_WORD.findall(line)) > 1:
        return False
    if not has_contact(line):
        return False
    return not (line.isdigit() or _ASKS_TO_CALL.match(line) or _PAGE.search(line))


def _is_prose(line: str) -> bool:
    """Whether a line is part of a sentence or a postscript, which no contact block has."""
    if len(line) > _LINE_CHARACTERS or _POSTSCRIPT.match(line):
        return True
    sentence = ends_sentence(line) and not has_contact(line)
    return sentence or len(_PLAIN_WORD.findall(line)) >= _PROSE_WORDS


def _is_extension(typed: Sequence[str], below: Sequence[str]) -> bool:
    """Whether the only line below a name with capitals is a number of five digits."""
    named = bool(typed) and _is_office(typed[0].strip())
    return named and len(below) == 1 and bool(_EXTENSION.match(below[0]))


def _is_full_name(typed: Sequence[str], below: Sequence[str]) -> bool:
    """Whether the full name stands below a typed first name, as at the beginning of a block."""
    if not typed or not below or not is_name(below[0]):
        return False
    short, full = typed[0].strip(" ,.-").split(), below[0].split()
    return len(short) == 1 and len(full) > 1 and short[0].casefold() == full[0].casefold()


def has_contact(line: str) -> bool:
    """Whether the line has a telephone number, an e-mail address or a web address."""
    if not _MAY_CONTACT.search(line):  # cheap; most lines hold none of these
        return False
    return has_number(line) or bool(_CONTACT.search(line[:_LINE_CHARACTERS]))


def has_number(line: str) -> bool:
    """Whether the line has a telephone number."""
    if not _MAY_BE_NUMBER.search(line):  # cheap
        return False
    number = _NUMBER.search(_DATE.sub("", line[:_LINE_CHARACTERS]))
    return number is not None and sum(map(str.isdigit, number.group())) >= _NUMBER_DIGITS
