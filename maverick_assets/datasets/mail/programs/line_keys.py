"""Digests of the lines at a mail's edges, by which lines that recur over many mails are counted.

A program's lines stand below the writer's name or above his greeting, or are longer or of another
shape than what people repeat. Where a line stands is noted with it, and so is what stands within
the text: people write "Let me know if you have any questions." above their names.
"""

import hashlib
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from maverick_assets.datasets.mail.contact_blocks import (
    has_number,
    is_closing,
    is_name,
    text_end,
)


@dataclass(frozen=True)
class LineKeys:
    """The lines of one text, a mail's own or the one that it quotes, as keys."""

    author: int  # key of who wrote it
    context: int  # key of the words around: copies of one mail are one piece of evidence
    signed: tuple[int, ...] = ()  # lines below a typed name or above a greeting
    edges: tuple[int, ...] = ()  # other lines at the ends, of a shape that people do not repeat
    inner: tuple[int, ...] = ()  # short lines of the rest


_DIGITS = str.maketrans("123456789", "000000000")
_QUERY = re.compile(r"[?#]\S*")  # of a link; it differs from mail to mail
_ADDRESS = re.compile(r"[^\s@<>\"'(\[:]{1,64}@[^\s@<>\"')\]]{3,200}")
# Lotus Notes: "Dana Cole@ACME COMMUNICATIONS", "Dana M Cole/HOU/ACME@ACME"
_NOTES_NAME = re.compile(
    r"\s*([^\W\d_][^\d@/<>\n\"]{2,50})(?:/[^@\n\"]{1,60})?@[A-Za-z ]{2,30}(?![\w.])"
)
# "Dana Cole" in '"Cole, Dana" <dcole@x.example>', "Dana Cole [mailto:dcole@x.example]"
_NAMED_ADDRESS = re.compile(
    r"(?P<name>[^<>\[\]\n:@]{2,60})[<\[(]{1,2}(?:mailto:)?[^\s@<>\[\]]{1,80}@"
)
# Lotus Notes: "Dana Cole 11/20/2000 02:32 PM", "Dana Cole on 11/20/2000 02:32:11 PM"
_STAMP = re.compile(r"\s+(?:on )?\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}")
# "On 3 Jun 2025, Dana M. Cole wrote:", "Am 3. Juni 2025 schrieb Dana Cole:"
_ATTRIBUTED = re.compile(
    r"(?P<name>[^\W\d_a-z][\w.'-]+(?: [^\W\d_a-z][\w.'-]*){1,3})(?: [^\W\d_A-Z]{3,15})? ?:\s*$"
)
_LETTERS = re.compile(r"\W+")
_NAMES = re.compile(r"[^\W\d_]{3,}")
# A line that only a program writes: "[...]", "*** ...", "| ... |", or all in capitals
_DECORATED = re.compile(r"\s*(?:[\[*#=|~_⚠-].*[\]*#=|~_-]|[^\W\d_a-zß-öø-ÿ][^a-zß-öø-ÿ]{7,})\s*$")
_GREETING = re.compile(r"\s*(?:[^\W\d_]\S*\s){0,4}\S+\s?[,!:]\s*$")
_NICKNAME = re.compile(r"\s[\"'(][^\W\d_]{2,20}[\"')]\s")
_INTRODUCTION_CHARACTERS = 400  # of what introduces a quoted mail, that are searched for a name
_SPELLED_LETTERS = 4  # of a name, at least, that a longer word of the address holds: "dcole"
_SHORTEST = 5  # characters of a line that is counted, without blank ones
_LEAST_LETTERS = 3
_LONGEST = 400
_AUTHOR_CHARACTERS = 60  # of a name; more is an attribution without an address
_LONG_LINE = 60  # letters; people repeat shorter sentences word by word
_SHORT_LINE = 60  # characters of a line within the text that is noted
_MOST_INNER = 12
_TAIL_LINES = 16  # last lines with words that are searched for the typed name
_EDGE_LINES = 12  # of a first or last paragraph
_TEMPLATE_LINES = 3  # of a paragraph that nobody types twice alike
_TEMPLATE_CHARACTERS = 120
_CONTEXT_LETTERS = 200
_NAME_WORDS = 4
_NAME_LINE = 80  # characters of a line with a name, and with an office behind it
_TYPED = " \t,.-"  # around a typed first name


def author_of(introduction: str) -> str:
    """The address, else the name in a text that says who wrote a mail; empty where it has none."""
    notes = _NOTES_NAME.match(introduction)
    if notes:
        return notes.group(1).strip().lower()
    address = _ADDRESS.search(introduction)
    if address:
        return address.group().lower()
    name = _STAMP.split(introduction[:_INTRODUCTION_CHARACTERS], maxsplit=1)[0]
    attributed = _ATTRIBUTED.search(introduction[-_AUTHOR_CHARACTERS:])
    name = attributed["name"] if attributed else name
    named = len(name) <= _AUTHOR_CHARACTERS and not any(map(str.isdigit, name))
    return name.strip().lower() if named else ""


def line_keys(text: str, introduction: str) -> LineKeys:
    """The keys of a text, whose writer `introduction` names: an address or a name, or both."""
    lines = text.split("\n")
    author, names = author_of(introduction), names_in(introduction)
    top, tail = edges(lines, names)
    signed = [line for line in (*lines[:top], *lines[tail:]) if not is_signature(line, names)]
    middle = lines[top:tail]
    weak: list[str] = []
    if not top:
        weak += _paragraph(middle)
    if tail == len(lines):
        last = _paragraph(middle[::-1])
        signed += _signature_lines(last, names)
        weak += last
    marked = [line for line in weak if _is_unlike_people(line) and line not in signed]
    noted = {*marked, *signed}
    inner = (line for line in middle if _SHORTEST < len(line) <= _SHORT_LINE and line not in noted)
    context = _LETTERS.sub("", " ".join(middle[:_TAIL_LINES]))[:_CONTEXT_LETTERS]
    return LineKeys(
        author_key(author),
        _digest(context),
        tuple(_keys(signed)),
        tuple(_keys(marked)),
        tuple(islice(_keys(inner), _MOST_INNER)),
    )


@lru_cache(maxsize=10_000)
def author_key(author: str) -> int:
    """The key of an address or a name."""
    return _digest(author)


@lru_cache(maxsize=10_000)
def names_in(introduction: str) -> frozenset[str]:
    """The words that the writer whom a text names may sign with: of his name and his address."""
    names = _NAMES.findall(author_of(introduction).partition("@")[0])
    named = _NAMED_ADDRESS.search(introduction[:_INTRODUCTION_CHARACTERS])
    if named:
        names += _NAMES.findall(named["name"].lower())
    return frozenset(names)


def is_signature(line: str, names: Collection[str]) -> bool:
    """Whether a line is a writer's first name or a closing, which he types anew."""
    words = line.split()
    single = len(words) == 1 and not {"@", "/"} & set(line)
    return is_closing(line) or (single and is_named(line, names))


def line_key(line: str) -> int | None:
    """The key of a line, equal for lines that differ in figures and links alone; None if short.

    The figures of a telephone number count: below a name many people have one, and each another.
    """
    words = line.strip()
    if not _SHORTEST <= len(words) <= _LONGEST:
        return None
    if "://" in words:
        words = _QUERY.sub("", words)
    if sum(map(str.isalnum, words[: _SHORTEST * 2])) < _LEAST_LETTERS:  # a rule
        return None
    words = words if has_number(words) else words.translate(_DIGITS)
    return _digest(" ".join(words.split()))


def edges(lines: Sequence[str], names: Collection[str]) -> tuple[int, int]:
    """The line where a text begins below what stands above a greeting, and the one after the name.

    0 and the number of lines where the text has no such parts.
    """
    return _greeting(lines), _below_name(lines, names)


def _greeting(lines: Sequence[str]) -> int:
    """The line of a greeting that begins the second or third paragraph; 0 without one."""
    i = paragraphs = 0
    while i < len(lines) and paragraphs < 3:
        while i < len(lines) and not lines[i].strip():
            i += 1
        if i == len(lines):
            break
        if _GREETING.match(lines[i][:80]) and len(lines[i]) < 80:
            return i if paragraphs else 0
        paragraphs += 1
        while i < len(lines) and lines[i].strip():
            i += 1
    return 0


def _below_name(lines: Sequence[str], names: Collection[str]) -> int:
    """The line after the writer's typed name, if words follow; else the number of lines."""
    end = text_end(lines)
    places = [i for i in range(end) if lines[i].strip()][-_TAIL_LINES:]
    for n, i in enumerate(places[:-1]):
        line = lines[i]
        if len(line) > _NAME_LINE:
            continue
        below = places[n + 1]
        if i == places[0] and n == 0 and len(places) < _TAIL_LINES:
            continue  # the first line greets
        # '- Adam L. "Duncan" Price', "Adam Price, C.P.M."
        name = _NICKNAME.sub(" ", line[:_AUTHOR_CHARACTERS].lstrip("- \t")).partition(",")[0]
        if len(name.split()) <= _NAME_WORDS and is_name(name) and is_named(name, names):
            return i if _is_first_name_of(lines[: places[n]], name) else below
        if is_closing(line) and is_name(lines[below]) and len(lines[below].split()) <= _NAME_WORDS:
            return places[n + 2] if n + 2 < len(places) else len(lines)
    return len(lines)


def _is_first_name_of(above: Sequence[str], name: str) -> bool:
    """Whether the last line of those above a full name is its first name, typed by the writer."""
    end = text_end(above)
    typed = above[end - 1].strip(_TYPED).split() if end else []
    full = name.split()
    return len(typed) == 1 < len(full) and typed[0].casefold() == full[0].casefold()


def is_named(line: str, names: Collection[str]) -> bool:
    """Whether a line has one of a writer's names, or a name that his address holds."""
    words = _NAMES.findall(line.lower())
    if any(word in names for word in words):
        return True
    return any(len(word) >= _SPELLED_LETTERS and word in name for word in words for name in names)


def _paragraph(lines: Sequence[str]) -> list[str]:
    """The lines of the first paragraph, if another one follows and it is short."""
    paragraph: list[str] = []
    for i, line in enumerate(lines):
        if line.strip():
            paragraph.append(line)
        elif paragraph:
            rest = any(other.strip() for other in lines[i:])
            return paragraph if rest and len(paragraph) <= _EDGE_LINES else []
    return []


def _signature_lines(paragraph: Sequence[str], names: Collection[str]) -> list[str]:
    """The lines of a last paragraph that nobody types anew: links, addresses, a long paragraph."""
    if len(paragraph) >= _TEMPLATE_LINES and sum(map(len, paragraph)) >= _TEMPLATE_CHARACTERS:
        return [line for line in paragraph if not is_signature(line, names)]
    return [line for line in paragraph if "://" in line or "@" in line]


def _is_unlike_people(line: str) -> bool:
    """Whether a line is longer than people repeat, or of a shape that they do not type."""
    if len(line) >= _LONG_LINE and sum(map(str.isalpha, line)) >= _LONG_LINE:
        return True
    return bool("://" in line or _DECORATED.match(line[:_LONGEST]))


def _keys(lines: Sequence[str] | Iterator[str]) -> Iterator[int]:
    return (key for key in map(line_key, lines) if key is not None)


def _digest(text: str) -> int:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)
