"""The marks at the beginning of quoted lines."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

# Any program: "> Can you start in June?"; indented and quoted twice: "    >> Can you start?"
# Emacs Supercite: the initials of the quoted author, "  DC> Can you start in June?" or "DC> ..."
# Prompts of programs and postscripts look like initials and are left out: "SQL> select 1", "PS> "
QUOTE_MARK = r"\s{0,3}>|\s{4,8}>>|\s{2,8}[A-Z][A-Za-z]{0,9}>(?=\s|$)|(?!SQL|PS)[A-Z]{2,3}>+(?=\s|$)"
# The same in other shapes, which only their repetition tells from a prompt: "D> ...", "    dc> ..."
_INITIALS = re.compile(r"\s{0,8}([A-Za-z]{1,3})>{1,3}(?=\s|$)")
_INITIALLED_LINES = 2  # at least, one of which is a sentence
_SENTENCE_WORDS = 5
_MARKED = re.compile(QUOTE_MARK)
# NMH and others: "  | Can you start in June?", "--] Can you start in June?". A line of a table has
# more bars.
_BAR = re.compile(
    r"\s{0,4}(?:\|(?:\s+\|)?(?:\s[^|]*(?:\|(?![-_])[^|]*[^|\s]\s*)?|\[ ?\.{3} ?\]\s*)?$"
    r"|[-#%~]{1,3}[\]}])"
)
_BAR_MARK = re.compile(r"\s{0,4}(?:\||[-#%~]{1,3}[\]}]) ?")
_BARRED_WORD = re.compile(r"[|\]}]\s*\S.*?[^\W\d_]{2,}\s+[^\W\d_]{2,}")
_BAR_STARTS = frozenset(" \t|-#%~")
_BAR_LINES = 2  # at least with "|", one of which holds words
# ") Can you start in June?": a mark that nobody listed, on nearly all lines of a quoted mail
_FOREIGN_MARK = re.compile(r"[):;%#~=+!&$](?:\s|$)")
_MOST = 0.7  # the others are the footer of a list
_FOREIGN_LINES = 3  # with words, at least
_MARK = re.compile(rf"(?:{QUOTE_MARK}) ?")
_WORD = re.compile(r"[^\W\d_]{2,}")
_MARK_CHARACTERS = 20  # of the longest mark
# A writer's own "> 5% is too much", which quotes nobody
_OWN_MARK = re.compile(r"\s{0,3}>\s?\d")
# "[...]", "...", "[snip]", "<snip>"
_LEFT_OUT = re.compile(r"\W*(?:\.{3}|…|snip(?:ped)?)\W*$", re.IGNORECASE)
# Gateways wrapped lines at about 72 characters and left a short rest on a line of its own.
_LONG_LINE = 65  # characters
_SHORT_REST = 40  # characters


def with_plain_marks(lines: Sequence[str]) -> Sequence[str]:
    """The lines, with ">" in place of initials that recur as quote marks: "D> When can you start?"

    A prompt of a program recurs, too, but people do not write sentences to it.
    """
    if not any(">" in line and _INITIALS.match(line) for line in lines):  # cheap
        return lines
    matches = [_INITIALS.match(line) for line in lines]
    quoted: dict[str, list[int]] = defaultdict(list)  # words of the lines, by initials
    for line, match in zip(lines, matches, strict=True):
        if match:
            quoted[match[1]].append(len(_WORD.findall(line, match.end())))
    marks = {
        initials
        for initials, words in quoted.items()
        if len(words) >= _INITIALLED_LINES and max(words) >= _SENTENCE_WORDS
    }
    return [
        f"> {line[match.end() :].removeprefix(' ')}" if match and match[1] in marks else line
        for line, match in zip(lines, matches, strict=True)
    ]


def is_marked(line: str) -> bool:
    """Whether the line carries a quote mark."""
    # Looking for ">" first is cheap, and nearly every line has none.
    return ">" in line[:_MARK_CHARACTERS] and bool(_MARKED.match(line))


def marked_lines(lines: Sequence[str], introduced: bool) -> list[bool]:
    """Which lines are quoted.

    A single mark before a number is the writer's own, unless something introduces a quote
    (`introduced`).
    """
    marks = [is_marked(line) for line in lines]
    for start, end in _barred_runs(lines):
        marks[start:end] = [True] * (end - start)
    if True not in marks:
        return marks
    if sum(marks) == 1 and not introduced and _OWN_MARK.match(lines[marks.index(True)]):
        return [False] * len(lines)
    return [mark or _is_wrapped_rest(lines, marks, i) for i, mark in enumerate(marks)]


def quoted_words(lines: Sequence[str], marks: Sequence[bool]) -> list[str]:
    """The quoted lines without their marks.

    Beside quoted lines with ">" those with bars are what the writer cites from elsewhere.
    """
    marked = [line for line, mark in zip(lines, marks, strict=True) if mark]
    bars = [bool(_BAR.match(line)) for line in marked]
    if all(bars):
        return list(map(without_mark, marked))
    return [without_mark(line) for line, bar in zip(marked, bars, strict=True) if not bar]


def quote_follows(lines: Sequence[str], start: int) -> bool:
    """Whether the first line with words, from line `start`, carries a quote mark.

    Before it a line may stand for what the writer left out: "[...]", "<snip>".
    """
    i = start
    while i < len(lines) and (not lines[i].strip() or _LEFT_OUT.match(lines[i][:_MARK_CHARACTERS])):
        i += 1
    return i < len(lines) and is_marked(lines[i])


def without_mark(line: str) -> str:
    """The line without its outermost quote mark."""
    return (_BAR_MARK if _BAR.match(line) else _MARK).sub("", line, count=1)


def without_marks(lines: Sequence[str]) -> list[str]:
    """The lines of a whole quoted mail, without their outermost quote marks.

    If most of the lines carry a mark, the others do not belong to the quote.
    """
    written = [line for line in lines if line.strip()]
    first = written[0][0] if written and _FOREIGN_MARK.match(written[0]) else ""
    same = sum(line[0] == first for line in written) if first else 0
    if same >= _FOREIGN_LINES and same >= _MOST * len(written):
        return without_marks([line[1:].removeprefix(" ") for line in lines if line[:1] == first])
    marks = marked_lines(lines, introduced=True)
    if not (quote_follows(lines, 0) and 2 * sum(marks) > len(lines)):
        return list(lines)
    return [without_mark(line) for line, mark in zip(lines, marks, strict=True) if mark]


def _barred_runs(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """First line and end of each run of lines that bars mark as quoted."""
    if not any(_BAR.match(line) for line in lines if line[:1] in _BAR_STARTS):  # cheap
        return
    end = 0
    for start in range(len(lines)):
        if start < end or not _BAR.match(lines[start]):
            continue
        end = start + 1
        while end < len(lines) and _BAR.match(lines[end]):
            end += 1
        run = lines[start:end]
        long_enough = end - start >= _BAR_LINES or "|" not in run[0]
        if long_enough and any(map(_BARRED_WORD.search, run)):
            yield start, end


def _is_wrapped_rest(lines: Sequence[str], marks: Sequence[bool], i: int) -> bool:
    """Whether line `i` is the end of a long quoted line, wrapped without repeating the mark."""
    return (
        0 < i < len(lines) - 1
        and marks[i - 1]
        and marks[i + 1]
        and len(lines[i - 1]) >= _LONG_LINE
        and 0 < len(lines[i].strip()) <= _SHORT_REST
    )
