"""Where a mail's own words end and the mail that it answers or forwards begins.

An attribution ("On ... wrote:"), a separator ("-----Original Message-----"), a header block, or a
form that only one program writes introduces a quoted mail. The words of separators start from
`quotequail`'s list, to which each language adds its own. The time is linear in the length of the
mail.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from quotequail._patterns import FORWARD_MESSAGES

from maverick_assets.datasets.mail.attributions import ATTRIBUTION_CHARACTERS, attribution_start
from maverick_assets.datasets.mail.header_blocks import (
    STAMP,
    head_start,
    header_block,
    header_end,
    label_of,
    sender_line,
    skip_blanks,
)
from maverick_assets.datasets.mail.languages import any_of
from maverick_assets.datasets.mail.quote_marks import is_marked, quote_follows


@dataclass(frozen=True)
class Introduction:
    """The lines that introduce a quoted mail, whose words begin at line `end`."""

    start: int
    end: int
    forwarded: bool = False
    attribution: bool = False  # if so, the writer's own words may follow the quoted ones


_SEPARATORS = "|".join(
    [
        *FORWARD_MESSAGES,
        any_of(lambda language: language.quotes.original_separators),
        any_of(lambda language: language.quotes.forward_separators),
    ]
)
# Outlook, English: "-----Original Message-----"; Gmail: "---------- Forwarded message ---------"
# Lotus Notes, English only: "----- Forwarded by Dana Cole/HOU/ACME on 12/06/2000 03:37 PM -----"
# Apple Mail, English: "Begin forwarded message:"
# Mutt, English: "----- Forwarded message from Dana Cole <dana@x.example> -----"
_SEPARATOR = re.compile(
    rf"\s*[-_]{{3,}} ?(?:Forwarded by\b.*|(?:{_SEPARATORS})(?: from .{{3,90}}?)?) ?(?:[-_]{{3,}}|$)"
    rf"|\s*(?:{_SEPARATORS}) ?:$",
    re.IGNORECASE,
)
# "See you at noon.  ----- Original Message -----"
_SEPARATOR_BEHIND_WORDS = re.compile(
    rf"(?P<words>[^\W\d_]{{2}}.*?)\s+(?P<separator>-{{3,}} ?(?:{_SEPARATORS}) ?-{{3,}})$",
    re.IGNORECASE,
)
_SEPARATOR_NOUN = re.compile(
    any_of(lambda language: language.quotes.separator_nouns), re.IGNORECASE
)
_FORWARD_WORD = re.compile(any_of(lambda language: language.quotes.forward_words), re.IGNORECASE)
_SEPARATOR_LINES = 3  # over which a program wraps it
_SHORTEST_SEPARATOR = 12  # characters, of one without dashes
# Outlook on the web, above a header block: "________________________________"
_UNDERLINE = re.compile(r"\s*_{20,}$")
# GroupWise: '>>> "Cole, Dana" <Dana.Cole@x.example> 07/30/01 15:07 PM >>>'
_GROUPWISE = re.compile(rf">>> [^>]{{3,90}}(?:<[^<>]{{3,90}}>)? {STAMP} ?>>>$")
_GROUPWISE_CHARACTERS = 200
# Lotus Notes, English only, its head and block run together:
# "Dana Cole@ACME 05/11/2001 11:58 AM   To: Allan Price/HOU/ACME  cc:   Subject: Ovens"
_ONE_LINE = re.compile(rf"\s{{0,8}}\S.{{1,120}}?\s{STAMP}\s{{1,20}}To:.{{0,800}}\sSubject:")
_ONE_LINE_CHARACTERS = 1200
# Mailing lists: "[Dana Cole]" right above quoted lines. "]Dana Cole[" occurs, too.
_BRACKETED = re.compile(r"\[[^\W\d_][^][\n:]{1,60}[]\[]:?$")


def find_introductions(lines: Sequence[str]) -> Iterator[Introduction]:
    """The introductions of quoted or forwarded mails, from the top.

    Lines that carry a quote mark (`>`) are skipped, except GroupWise's.
    """
    # Gmail writes "10:02\u202fAM", French programs "a écrit\u00a0:".
    spaced = "\n".join(lines).replace("\u00a0", " ").replace("\u202f", " ")
    plain = [line.rstrip() for line in spaced.split("\n")]
    done = no_block_before = 0
    for i, line in enumerate(plain):
        if i < done or not _may_introduce(line):
            continue
        if is_marked(line):
            if line.startswith(">>> ") and _GROUPWISE.match(line[:_GROUPWISE_CHARACTERS]):
                yield Introduction(i, i + 1)
                done = i + 1
            continue
        introduction = (
            _separator(plain, i) or _attribution(plain, i) or _name_or_head_on_one_line(plain, i)
        )
        if introduction is None and i >= no_block_before and label_of(line):
            end, is_header = header_block(plain, i)
            introduction = Introduction(head_start(plain, i), end) if is_header else None
            if introduction is None and sender_line(line) and quote_follows(plain, i + 1):
                introduction = Introduction(i, i + 1, attribution=True)
            # No line of a rejected block starts a block of its own. Skipping them keeps the time
            # linear.
            no_block_before = end
        if introduction:
            yield introduction
            done = introduction.end


def words_before_separator(line: str) -> str:
    """A line, or two of it where a separator stands behind a writer's words."""
    if is_marked(line) or len(line) > ATTRIBUTION_CHARACTERS:
        return line
    return _SEPARATOR_BEHIND_WORDS.sub(r"\g<words>\n\g<separator>", line)


def _may_introduce(line: str) -> bool:
    """A cheap test that most lines fail."""
    return ":" in line or "--" in line or "__" in line or line.endswith(("]", ">", "["))


def _separator(lines: Sequence[str], i: int) -> Introduction | None:
    """The separator that starts at line `i`, with the header block below it."""
    line = lines[i]
    if _UNDERLINE.match(line):
        # People type lines of underscores, too: without a header block below, it separates nothing.
        end = header_end(lines, skip_blanks(lines, i + 1))
        return Introduction(i, end) if end else None
    dashed = line.lstrip().startswith(("---", "___"))
    if not (dashed or (line.endswith(":") and len(line) > _SHORTEST_SEPARATOR)):
        return None
    end = _separator_end(lines, i)
    if end is None:
        return None
    forwarded = bool(_FORWARD_WORD.search(" ".join(lines[i:end])))
    return Introduction(i, header_end(lines, skip_blanks(lines, end)) or end, forwarded)


def _separator_end(lines: Sequence[str], i: int) -> int | None:
    """The line after a separator, which Lotus Notes wraps over up to three lines."""
    for end in range(i + 1, min(i + _SEPARATOR_LINES, len(lines)) + 1):
        joined = " ".join(part.strip() for part in lines[i:end])
        if len(joined) > ATTRIBUTION_CHARACTERS or not _SEPARATOR_NOUN.search(joined):
            return None
        complete = joined.endswith(("---", "___")) or "Forwarded by" not in joined
        if complete and _SEPARATOR.match(joined):
            return end
    return None


def _attribution(lines: Sequence[str], i: int) -> Introduction | None:
    """The attribution that ends with line `i`."""
    start = attribution_start(lines, i)
    return None if start is None else Introduction(start, i + 1, attribution=True)


def _name_or_head_on_one_line(lines: Sequence[str], i: int) -> Introduction | None:
    """The quoted author's name in brackets above a line with a quote mark, or a head and block of
    Lotus Notes that were run together."""
    line = lines[i]
    if line.startswith("["):
        quoted = i + 1 < len(lines) and is_marked(lines[i + 1])
        named = quoted and _BRACKETED.match(line)
        return Introduction(i, i + 1, attribution=True) if named else None
    head = "Subject:" in line and _ONE_LINE.match(line[:_ONE_LINE_CHARACTERS])
    return Introduction(i, i + 1) if head else None
