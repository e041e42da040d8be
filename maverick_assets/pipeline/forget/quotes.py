"""Words of forgotten contacts in the mails of others: the quotes of their mails."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from maverick_assets.crm.html_text import TooMuchText
from maverick_assets.crm.people.mentions import People
from maverick_assets.datasets.mail.cleaning import clean_body, plain_text
from maverick_assets.datasets.mail.header_blocks import quoted_author
from maverick_assets.datasets.mail.programs.recurrence import RecurringLines
from maverick_assets.datasets.mail.quote_marks import is_marked, without_mark
from maverick_assets.datasets.mail.quotes import find_introductions

_TELLING = 25  # characters of a line that nobody else writes by chance


def own_lines(mails: Iterable[Mapping[str, Any]], programs: RecurringLines) -> set[str]:
    """The lines of mails that are long enough to tell whose they are, without what they quote.

    Lines of `programs`, which recur in the lake, are nobody's: others send a company's footer, too.
    Of a mail with too much text nothing says which lines are its writer's: it gives none.
    """
    lines: set[str] = set()
    for mail in mails:
        try:
            sender = (mail["sender_email"] or "").strip().lower()
            words = clean_body(mail["body"] or "", sender, programs).text
        except TooMuchText:
            continue
        lines.update(filter(None, map(_telling, words.splitlines())))
    return lines


def without_quotes(body: str, people: People, lines: Collection[str]) -> str | None:
    """A mail's body, as plain text, without quotes of these people; None where it has none.

    A quote is cut where its introduction names one of them as its author, or where one of their
    `lines` stands, to the end of what the mail quotes there: deeper quotes are in mails of their
    own. Raises `TooMuchText` for a mail that is too long to be divided.
    """
    text = plain_text(body)
    parts, at = [], 0
    for start, end in _removed_blocks(body):
        first = _first_quoted(text[start:end], people, lines)
        if first is not None:
            parts.append(text[at : start + first])
            at = end
    return "".join([*parts, text[at:]]).rstrip() if parts else None


def _removed_blocks(body: str) -> Iterator[tuple[int, int]]:
    """Parts of a body that are not the writer's own words, in one where they touch."""
    start = end = -1
    for part in clean_body(body).removed:
        if part.start > end and end >= 0:
            yield start, end
        if part.start > end or start < 0:
            start = part.start
        end = part.end
    if end >= 0:
        yield start, end


def _first_quoted(block: str, people: People, lines: Collection[str]) -> int | None:
    """Where the first quote of these people begins, in characters."""
    written = block.splitlines(keepends=True)
    plain = [_unmarked(line) for line in written]
    starts = [
        introduction.start
        for introduction in find_introductions(plain)
        if people.names(quoted_author(plain[introduction.start : introduction.end]))
    ]
    starts += [number for number, line in enumerate(plain) if _telling(line) in lines]
    return sum(len(line) for line in written[: min(starts)]) if starts else None


def _unmarked(line: str) -> str:
    plain = line.rstrip("\r\n")
    for _ in range(10):  # quotes of quotes
        if not is_marked(plain):
            break
        plain = without_mark(plain)
    return plain


def _telling(line: str) -> str | None:
    words = " ".join(_unmarked(line).split())
    return words if len(words) >= _TELLING else None
