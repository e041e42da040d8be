"""What stands below the words of a quoted mail: programs' lines that a writer's own mail may hold.

A quoted mail is a prompt, so a doubtful line at its end is no loss. What a writer typed himself is
never cut by these rules: he may explain how to unsubscribe, or add a notice below his name.
"""

import re
from collections.abc import Collection, Sequence

from maverick_assets.datasets.mail.contact_blocks import (
    ends_sentence,
    is_block_line,
    is_closing,
    is_name,
    text_end,
)
from maverick_assets.datasets.mail.languages import any_of
from maverick_assets.datasets.mail.programs.line_keys import edges

# Mutt: "----- End forwarded message -----"
_END_OF_FORWARD = re.compile(r"-{3,} ?End (?:of )?forwarded (?:message|mail) ?-{3,}", re.IGNORECASE)
# Below a newsletter: "To unsubscribe, click here", "You are receiving this mail because ...";
# English only: "If you do not wish to receive our mails"
_SUBSCRIPTION = re.compile(
    r"(?=[^a-z]).{0,12}?(?i:"
    + any_of(lambda language: language.machine_mail.unsubscribe_phrases)
    + r")|If you (?:do not|don't|no longer) w(?:ish|ant) to receive\b"
)
_SUBSCRIPTION_LINES = 8  # last ones with words
# "-k", "- ab": initials below the words
_INITIALS = re.compile(r"\s*-{1,2} ?[A-Za-z]{1,3}\.?\s*$")
# English only: a notice speaks of nobody that is there, as a postscript does
_PERSON = re.compile(r"\b(?:I|me|my|mine|we|us|our|you|your|yours|let's)\b", re.IGNORECASE)
_LISTED = re.compile(r"\s*(?:\d|[-*•#] )")
_NOTICE_WORDS = 25  # at least, in lines of prose
_PROSE_CHARACTERS = 40  # of a line, in the mean
_TAIL_LINES = 40  # last lines that are searched for the end of the words
_OFFICE_WORDS = 3  # of an office, at least: "Team Lead, Support"; two words may be another name
_OFFICE_LINES = 4


def without_endings(lines: Sequence[str], names: Collection[str]) -> list[str]:
    """The lines of a quoted mail without what stands below its words.

    Words are always left. `names` are those that its writer may sign with.
    """
    left = list(lines)
    for start_of in (_forward_end, _subscription_start):
        left = left[: start_of(left)]
    left = left[: _notice_start(left, names)]
    return left[: _office_start(left)]


def _forward_end(lines: Sequence[str]) -> int:
    """Index of the line that ends a forwarded mail."""
    ends = (i for i, line in enumerate(lines) if line[:3] == "---" and _END_OF_FORWARD.match(line))
    return next(ends, len(lines)) or len(lines)


def _subscription_start(lines: Sequence[str]) -> int:
    """Index of what a newsletter says of subscribing at its end."""
    written = [i for i, line in enumerate(lines) if line.strip()]
    last = [i for i in written[-_SUBSCRIPTION_LINES:] if i != written[0]]
    return next((i for i in last if _SUBSCRIPTION.match(lines[i].strip())), len(lines))


def _notice_start(lines: Sequence[str], names: Collection[str]) -> int:
    """Index of a company's notice below the writer's name or initials."""
    end = text_end(lines)
    if max(map(len, lines[max(end - 2, 0) : end]), default=0) < _PROSE_CHARACTERS:  # cheap
        return len(lines)
    first = max(end - _TAIL_LINES, 1)
    initials = next((i for i in range(first, end) if _INITIALS.match(lines[i])), None)
    start = edges(lines, names)[1] if initials is None else initials + 1
    notice = [line for line in lines[start:end] if line.strip()]
    words = " ".join(notice)
    is_prose = len(words) >= _PROSE_CHARACTERS * max(len(notice), 1)
    listed = any(map(_LISTED.match, notice)) or "?" in words
    impersonal = len(words.split()) >= _NOTICE_WORDS and not _PERSON.search(words)
    return start if start and is_prose and impersonal and not listed else len(lines)


def _office_start(lines: Sequence[str]) -> int:
    """Index of the offices in a last paragraph of nothing but a full name and these."""
    end = text_end(lines)
    top = end
    while top and lines[top - 1].strip() and end - top <= _OFFICE_LINES:
        top -= 1
    block = [line.strip() for line in lines[top:end]]
    above = text_end(lines, top)
    if not (above and 1 < len(block) <= _OFFICE_LINES and is_name(block[0])):
        return len(lines)
    sentence = lines[above - 1].rstrip()
    full = len(block[0].split()) > 1 and all(word[:1].isupper() for word in block[0].split())
    offices = all(map(is_block_line, block[1:]))
    named = any(len(line.split()) >= _OFFICE_WORDS for line in block[1:])
    closed = ends_sentence(sentence) and not sentence.endswith(":")
    apart = closed or is_closing(sentence)
    return top + 1 if full and offices and named and apart else len(lines)
