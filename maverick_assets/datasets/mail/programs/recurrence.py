"""Which lines of a corpus are programs': those that recur where no person types them.

The evidence is counted over all mails, so it does not depend on their order. What recurs over mails
of one writer is cut from his mails, what recurs over several writers from everybody's.
"""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maverick_assets.datasets.mail.contact_blocks import (
    ends_sentence,
    has_contact,
    is_announcement,
    is_block_line,
    is_closing,
    text_end,
)
from maverick_assets.datasets.mail.programs.disclaimers import RULE
from maverick_assets.datasets.mail.programs.line_keys import (
    LineKeys,
    author_key,
    author_of,
    edges,
    is_named,
    is_signature,
    line_key,
    names_in,
)
from maverick_assets.datasets.mail.programs.placeholders import without_placeholders

MIN_SIGNED = 3  # different mails with the line below a name or above a greeting
MIN_EDGES = 4  # different mails with a line that people do not type at the end of a text
MIN_WRITERS = 3  # that make a line everybody's program's
_INNER_WEIGHT = 2  # a line that stands within texts half as often is a person's
_EXTENSION = re.compile(r"\s*[#xX]?\d{4,5}\s*$")
_SIGNED_RULE = re.compile(r"\s*(?:- )?[-_*=]{5,}\s*$")  # OpenPGP puts "- " before dashes
# The same rule, "mail to : dana@x.example", "Personal:" above numbers
_SIGNS = re.compile(
    r"\s*(?:- )?[-_*=]{5,}\s*$|\s*[^\W\d_][^\d:@?!]{1,25}: ?\S{1,60}@\S{3,60}\s*$"
    r"|\s*[^\W\d_a-z][^\d:@,?!.]{2,25}:\s*$"
)
_SIGNED_CHARACTERS = 400  # of a line of a block, with its placeholders
_SENTENCE_BREAK = re.compile(r"(?<=[.!?])\s+")  # "I come on Friday.  Take care,"
_OFFICE_LINES = 5  # below a full name, at most, where none of them is a telephone or an address
_RULE_LETTERS = 3  # of a rule, fewer
_LABEL_LETTERS = 4  # of a line that is nothing but a telephone number: "Tel 212 555 0100"
_KINDS = ("signed", "edges", "inner")  # fields of `LineKeys` that hold keys of lines
_MIX = 0x9E3779B97F4A7C15  # odd, so that no two keys are mixed into one


@dataclass(frozen=True)
class RecurringLines:
    """Keys of programs' lines."""

    everybody: frozenset[int] = frozenset()
    of_writer: frozenset[int] = frozenset()  # `writer_line` of the writer's key and the line's

    @property
    def keys(self) -> frozenset[int]:
        """The keys of both kinds."""
        return self.everybody | self.of_writer

    def changed(self, other: "RecurringLines") -> frozenset[int]:
        """The keys, of both kinds, that one of two has and the other has not."""
        return (self.everybody ^ other.everybody) | (self.of_writer ^ other.of_writer)


NO_LINES = RecurringLines()


@dataclass(frozen=True)
class KnownLines:
    """Programs' lines, and the writer of the text that they are cut from."""

    lines: RecurringLines = NO_LINES
    author: str = ""
    names: frozenset[str] = field(default_factory=frozenset)


def known_lines(lines: RecurringLines, introduction: str) -> KnownLines:
    """`introduction` names the writer of the text: an address or a name, or both."""
    return KnownLines(lines, author_of(introduction), names_in(introduction))


def writer_line(writer: int, line: int) -> int:
    """The key of a line in the mails of one writer."""
    mixed = (writer * _MIX + line) & 0xFFFFFFFFFFFFFFFF
    return mixed - (1 << 64) if mixed >> 63 else mixed


def has_any(said: Sequence[LineKeys], keys: frozenset[int]) -> bool:
    """Whether lines of a mail are among `keys`, which may be of both kinds."""
    return bool(keys) and any(
        key in keys or writer_line(part.author, key) in keys
        for part in said
        for key in (*part.signed, *part.edges, *part.inner)
    )


def mails_with(said: pa.ChunkedArray, keys: frozenset[int]) -> list[int]:
    """The places of the mails that `has_any` of `keys`; `said` is as in `recurring_lines`."""
    lists = said.combine_chunks()
    parts, mails = pc.list_flatten(lists), pc.list_parent_indices(lists).to_numpy()
    wanted = np.fromiter(keys, np.int64, len(keys))
    places: set[int] = set()
    for name in _KINDS:
        column = pc.struct_field(parts, name)
        of_part = pc.list_parent_indices(column).to_numpy()
        lines = pc.list_flatten(column).to_numpy(zero_copy_only=False)
        writers = pc.struct_field(parts, "author").to_numpy(zero_copy_only=False)[of_part]
        mixed = (writers.view(np.uint64) * np.uint64(_MIX) + lines.view(np.uint64)).view(np.int64)
        is_wanted = np.isin(lines, wanted) | np.isin(mixed, wanted)
        places.update(mails[of_part[is_wanted]].tolist())
    return sorted(places)


def recurring_lines(said: pa.ChunkedArray) -> RecurringLines:
    """The programs' lines of a corpus; `said` holds a list of `LineKeys` for each mail."""
    parts = pc.list_flatten(said.combine_chunks())
    signed, edge, inner = (_rows(parts, name) for name in _KINDS)
    of_writer = _frequent(signed, inner, ["key", "author"], MIN_SIGNED)
    all_signed = _frequent(signed, inner, ["key"], MIN_SIGNED)
    outer = pa.concat_tables([signed, edge])
    all_outer = _frequent(outer, inner, ["key"], MIN_EDGES)
    shared = pa.concat_tables([all_signed, all_outer])
    shared = shared.filter(pc.greater_equal(shared["author_count_distinct"], MIN_WRITERS))
    writers = zip(of_writer["author"].to_pylist(), of_writer["key"].to_pylist(), strict=True)
    return RecurringLines(
        frozenset(shared["key"].to_pylist()),
        frozenset(writer_line(author, key) for author, key in writers),
    )


def recurring_places(lines: Sequence[str], known: KnownLines) -> list[int]:
    """The places of programs' lines at the ends of a text, with blank lines and rules between.

    Below the writer's name they go wherever they stand; elsewhere only from an end inwards.
    """
    if not (known.lines.everybody or known.lines.of_writer):
        return []
    writer = author_key(known.author)
    top, tail = edges(lines, known.names)
    end = text_end(lines)

    def is_program(i: int) -> bool:
        key = line_key(lines[i])
        return (
            key is not None
            and not is_signature(lines[i], known.names)
            and (key in known.lines.everybody or writer_line(writer, key) in known.lines.of_writer)
        )

    places = {i for i in range(top) if is_program(i)}
    signed = {i for i in range(tail, end) if is_program(i)}
    if signed:  # what else stands in the block changes from place to place: a room, an extension
        signed |= {i for i in range(tail, end) if is_block_line(lines[i])}
    places |= signed
    places |= _inwards(lines, range(end), is_program)
    places |= _inwards(lines, range(end - 1, -1, -1), is_program)
    return sorted(places)


def has_own_block(text: str, introduction: str) -> bool:
    """Whether a text ends with the contact block of the writer whom `introduction` names."""
    known = known_lines(NO_LINES, introduction)
    return bool(text) and bool(own_block_places(text.split("\n"), known))


def own_block_places(lines: Sequence[str], known: KnownLines) -> list[int]:
    """The places of a contact block at the end, below the writer's name, and of his bare address.

    `known` has the name that the mail gives him, or that his address spells.
    """
    end = text_end(lines)
    if not (known.names and end and _may_sign(lines[end - 1])):  # cheap; most texts end otherwise
        return []
    tail = edges(lines, known.names)[1]
    below = [i for i in range(tail, end) if lines[i].strip()]
    if below and all(_may_sign(lines[i]) for i in below):
        name = text_end(lines, tail) - 1
        if name and _SIGNED_RULE.match(lines[name - 1]):
            return [name - 1, name, *below]  # the name is a part of the block below the rule
        if _stands_alone(lines, name) and _is_block(lines, name, below, known.names):
            return below
    is_own = lines[end - 1].strip(" \t<>").lower() == known.author and "@" in known.author
    return [end - 1] if is_own and _stands_alone(lines, end - 1) else []


def _stands_alone(lines: Sequence[str], i: int) -> bool:
    """Whether words stand above line `i` that do not lead up to it: "Ask for" does."""
    above = text_end(lines, i)
    if not above:
        return False
    sentence = lines[above - 1].rstrip()
    if is_closing(_SENTENCE_BREAK.split(sentence)[-1]):
        return True
    runs_on = above == i and not ends_sentence(sentence) and is_announcement(sentence)
    return not (sentence.endswith((":", ",")) or runs_on)


def _is_block(
    lines: Sequence[str], name: int, below: Sequence[int], names: Collection[str]
) -> bool:
    """Whether lines below that of the writer's name are a contact block, by what they hold."""
    is_apart = not name or not lines[name - 1].strip()
    is_apart = is_apart or (is_closing(lines[name - 1]) and is_named(lines[name], names))
    if is_apart and len(lines[name].split()) > 1 and len(below) < _OFFICE_LINES:
        return True  # a full name with an office and a company, and no telephone
    if len(below) == 1 and _EXTENSION.match(lines[below[0]]):
        return True
    contacts = [lines[i].strip() for i in below if has_contact(lines[i])]
    # A line alone may be a postscript: "Deal 517673.1 and 517674.1".
    is_bare = any("@" in line or sum(map(str.isalpha, line)) <= _LABEL_LETTERS for line in contacts)
    return bool(contacts) and (len(below) > 1 or is_bare)


def _may_sign(line: str) -> bool:
    if len(line) > _SIGNED_CHARACTERS:
        return False
    line = without_placeholders(line)
    return bool(is_block_line(line) or _EXTENSION.match(line) or _SIGNS.match(line))


def _inwards(
    lines: Sequence[str], places: Iterable[int], is_program: Callable[[int], bool]
) -> set[int]:
    """The programs' lines from one end, in the order of `places`, up to the writer's words."""
    gone: set[int] = set()
    waiting: list[int] = []  # blank lines and rules, which go if a program's line is behind them
    for i in places:
        if not lines[i].strip() or _is_rule(lines[i]):
            waiting.append(i)
        elif is_program(i):
            gone.update((*waiting, i))
            waiting = []
        else:
            break
    if gone:  # the rule between the writer's words and the program's
        gone.update(i for i in waiting if _is_rule(lines[i]))
    return gone


def _is_rule(line: str) -> bool:
    """Whether a line is a rule: "-----", "-- \\m/ --"."""
    dashed = line.strip().startswith("--") and sum(map(str.isalnum, line)) < _RULE_LETTERS
    return bool(RULE.match(line)) or dashed


def _rows(parts: pa.StructArray, name: str) -> pa.Table:
    """The keys of one kind, each with its writer and its context."""
    column = pc.struct_field(parts, name)
    of_part = pc.list_parent_indices(column)
    return pa.table(
        {
            "key": pc.list_flatten(column),
            "author": pc.struct_field(parts, "author").take(of_part),
            "context": pc.struct_field(parts, "context").take(of_part),
        }
    )


def _frequent(outer: pa.Table, inner: pa.Table, by: list[str], least: int) -> pa.Table:
    """Lines in at least so many different mails, and more often there than within texts.

    The columns `by` and, where the writer is none of them, `author_count_distinct`.
    """
    counts = [("context", "count_distinct"), ("author", "count_distinct")]
    counted = outer.group_by(by).aggregate(counts[: 1 if "author" in by else 2])
    frequent = counted.filter(pc.greater_equal(counted["context_count_distinct"], least))
    within = inner.group_by(by).aggregate(counts[:1])
    within = within.rename_columns([*by, "within"])
    joined = frequent.join(within, by, join_type="left outer")
    inside = pc.multiply(pc.fill_null(joined["within"], 0), _INNER_WEIGHT)
    return joined.filter(pc.greater(joined["context_count_distinct"], inside))
