"""Attributions: the lines "On 3 Jun 2025, Dana Cole wrote:" above a quoted mail.

The patterns start from `quotequail`'s list and add what it lacks: more languages and programs, and
attributions that a program wrapped over several lines.
"""

import re
from collections.abc import Sequence

from quotequail._patterns import REPLY_PATTERNS

from maverick_assets.datasets.mail.header_blocks import skip_blanks
from maverick_assets.datasets.mail.languages import any_of
from maverick_assets.datasets.mail.quote_marks import is_marked

_WROTE = "(?:" + any_of(lambda language: language.quotes.wrote) + ")"
_WROTE_ON = any_of(lambda language: language.quotes.wrote_on)
_WROTE_IN_QUOTEQUAIL = any_of(lambda language: language.quotes.wrote_in_quotequail)
_QUOTING = any_of(lambda language: language.quotes.quoting)
_QUOTING_HINTS = any_of(lambda language: language.quotes.quoting_hints)
_OPENINGS = any_of(lambda language: (*language.quotes.date_openings, *language.quotes.quoting))
# "<dana@x.example>", "[dana@x.example]", "<<dana@x.example>>"
_ADDRESS = r"[<(\[]{1,2}[^\s@]{1,64}@[^\s@>)\]]{1,255}[>)\]]{1,2}"

# A name may be long and a program may add words after the verb, so the gaps are wide. Each has an
# upper bound, which keeps the time linear in the length of the text.
_WITH_VERB = [
    re.compile(pattern)
    for pattern in (
        # Gmail, English: "On Tue, 3 Jun 2025 at 10:02, Dana Cole <dana@x.example> wrote:"
        rf"(?:{_OPENINGS})\s.{{6,250}}?\b{_WROTE}(?!\w).{{0,120}}:$",
        # Gmail, Polish: "wt., 3 cze 2025 o 10:02 Dana Cole <dana@x.example> napisał(a):"
        # Apple Mail, Swedish: "3 juni 2025 kl. 10:02 skrev Dana Cole <dana@x.example>:"
        rf"(?:\d|[^\W\d]{{2,12}}\.?,? \d).{{6,250}}?\b{_WROTE}(?!\w).{{0,120}}:$",
        # Gmail on a telephone, German: "Dana Cole <dana@x.example> schrieb am Di., 3. Juni 2025:"
        rf"\S.{{0,120}} {_WROTE} (?:{_WROTE_ON})\b.{{4,90}}:$",
        # Mutt, English: "Dana Cole <dana@x.example> writes:"
        rf"\S.{{0,120}} ?{_ADDRESS},? {_WROTE} ?:$",
    )
]
# quotequail puts a space before the colon where French does; `_is_attribution` has removed it. The
# last of its patterns has no verb and stands below, with bounded gaps.
_WITH_VERB += [re.compile(pattern.replace(" :", ":")) for pattern in REPLY_PATTERNS[:-1]]
_WITHOUT_VERB = [
    re.compile(pattern)
    for pattern in (
        # Horde, English: "Quoting Dana Cole <dana@x.example>:"
        rf"(?:{_QUOTING}) .{{2,150}}:$",
        # Gmail of 2008: "2025/6/3 Dana Cole <dana@x.example>:"
        rf"\d{{4}}[-/]\d{{1,2}}[-/]\d{{1,2}} .{{2,150}}{_ADDRESS}:?$",
    )
]
# Yahoo, English only: "--- Dana Cole <dana@x.example> wrote:"
_YAHOO = re.compile(r"--- [^-\s].{2,90} wrote:$")
# Above quoted lines, an address before a colon is enough, in a language that no module covers:
# "3. kesäkuuta 2025 klo 10.02 Dana Cole <dana@x.example> kirjoitti:"
_UNKNOWN_LANGUAGE = re.compile(rf".{{0,200}}{_ADDRESS}.{{0,90}}:$")
# Above quoted lines, English only: "On 10 September 2002, Dana Cole said:"
_SAID = re.compile(r"(?:On|At) .{6,200}\bsaid ?:$")
# Above quoted lines: "Dana Cole wrote:"
_UNDATED = re.compile(rf"\S.{{0,80}}\s{_WROTE} ?:$")

# Cheap expressions, so that few lines are matched against the ones above.
_MAY_ATTRIBUTE = re.compile(
    rf"\b{_WROTE}|{_WROTE_IN_QUOTEQUAIL}|{_QUOTING_HINTS}|" + r"\d{4}[-/]\d"
)
_VERB = re.compile(rf"\b{_WROTE}|{_WROTE_IN_QUOTEQUAIL}")
_DIGIT_OR_ADDRESS = re.compile(r"[\d@]|---")
# A time, a year, a date or an address: "10:02", "10h02", "2025", "3/6", "@"
_DATED = re.compile(r"\d[:.h]\d\d|\d{4}|\d[./-]\d|@")
# English only, prose whose year would pass for a date: "In 2019 we wrote:"
_PROSE = re.compile(r"\b(?:I|we|he|she|they) wrote", re.IGNORECASE)
_WRAPPED_LINES = 4  # that an attribution may have
_SHORTEST = 12  # characters of an attribution
_ABBREVIATION_CHARACTERS = 5  # of the longest abbreviation, its full stop included

ATTRIBUTION_CHARACTERS = 400


def attribution_start(lines: Sequence[str], i: int) -> int | None:
    """First line of the attribution that ends with line `i`; None where none ends there.

    A program wraps an attribution over up to four lines. All beginnings are tried, and the highest
    wins: the rest of an attribution often reads like a whole one ("Dana Cole wrote:").
    """
    if not lines[i].endswith((":", ">")):
        return None
    above = " ".join(lines[max(i - _WRAPPED_LINES + 1, 0) : i + 1])
    below = skip_blanks(lines, i + 1)
    quoted = below < len(lines) and is_marked(lines[below])
    if len(above) < _SHORTEST or not (quoted or _DIGIT_OR_ADDRESS.search(above)):
        return None
    if not (quoted or _MAY_ATTRIBUTE.search(above)):
        return None
    start = i if quoted and _UNDATED.match(lines[i]) else None
    for first in range(i, max(i - _WRAPPED_LINES, -1), -1):
        line = lines[first]
        if not line.strip() or is_marked(line) or (first < i and _ends_sentence(line)):
            break
        joined = " ".join(part.strip() for part in lines[first : i + 1])
        if len(joined) > ATTRIBUTION_CHARACTERS:
            break
        if _is_attribution(joined, quoted):
            start = first
    return start


def _ends_sentence(line: str) -> bool:
    """Whether a line ends a sentence: "I come tomorrow." does, "Den 3. jun. 2025 kl." does not."""
    if not line.endswith((".", "!", "?")):
        return False
    words = line.split()
    abbreviated = line.endswith(".") and len(words[-1]) <= _ABBREVIATION_CHARACTERS
    return not (abbreviated and (len(words) <= 2 or re.search(r"\d", line)))


def _is_attribution(text: str, quoted: bool) -> bool:
    """Whether a text is an attribution; `quoted`: lines with quote marks follow it.

    Without a date it is prose: "On this, Keynes wrote:".
    """
    if text.startswith("---"):
        return bool(_YAHOO.match(text))
    text = text.lstrip("- \t").replace(" :", ":")
    if not (_DATED.search(text) or (quoted and re.search(r"\d", text))):
        return False
    if not quoted and _PROSE.search(text):
        return False
    patterns = [*_WITHOUT_VERB, *(_WITH_VERB if _VERB.search(text) else ())]
    if any(pattern.match(text) for pattern in patterns):
        return True
    return quoted and bool(_UNKNOWN_LANGUAGE.match(text) or _SAID.match(text))
