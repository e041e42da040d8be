"""Attributions: the lines "On 3 Jun 2025, Dana Cole wrote:" above a quoted mail.

The patterns start from `quotequail`'s list and add what it lacks: more languages and programs, and
attributions that a program wrapped over several lines.
"""

import re
from collections.abc import Sequence
from itertools import islice

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
_SAID = re.compile(r"(?:On|At|In a message dated:?) .{6,200}\bsaid ?:$")
# Above quoted lines: "Dana Cole wrote:"; English only: '"Dana Cole" said:'
_UNDATED = re.compile(
    rf"\S.{{0,80}}\s{_WROTE} ?:$"
    r"|(?:\"[^\"\n]{2,60}\" |[\"'(]?[^\W\d_a-z][\w.-]*[\"')]? |\S{1,64}@\S{1,200} ){1,5}"
    r"(?:said|says) ?:$"
)
# Above quoted lines and alone in its paragraph, a full name, perhaps with a verb that nobody
# listed: "Dana Cole:", "Dana M. Cole mumbled:"; no greeting
_NAMED = re.compile(
    r"(?!Dear|Hi|Hello|Hey|Hallo|Lieber?|Bonjour|Ch[eè]re?|Ciao|Car[oa]|Hola|Querid[oa])"
    r"(?:\"[^\"\n]{2,60}\"(?P<said>(?: [^\W\d_A-Z]{2,15}){1,3}) ?:$|"
    r"[\"'(]?[^\W\d_a-z][\w.-]*(?: (?:v[ao]n|de[rnl]?|d[aiou]|la|le))*(?: [^\W\d_a-z][\w.-]*){1,3}"
    r"[\"')]?(?P<verb> [^\W\d_A-Z]{2,15})? ?:$)"
)
# As the first words of a text, above quoted lines, in a language that no module covers:
# "Ar an 3ú lá de mí 6, scríobh dana cole :"
_NUMBERED = re.compile(r".{0,60}\d\D{2,60}\d.{4,100} :$")

# Above quoted lines, of a program that nobody listed: "[3/6/25 10:02] Dana Cole (d@x.example) ->"
_UNLISTED = re.compile(
    rf"(?=.{{0,150}}$)(?:.{{0,100}}{_ADDRESS}|.{{0,60}}\d[./-]\d.{{0,20}}\d:\d\d).*[^.!?]$"
)
# Zoho, English: "---- On Tue, 03 Jun 2025 10:02:11 +0200 Dana Cole <dana@x.example> wrote ---"
_DECORATED = re.compile(r"\s*([-*_=~#])\1{1,} ?(?P<text>[^-*_=~#].*?)\s?:?\s?([-*_=~#])\3{1,}$")

# A date with its year, in words or numbers: "3 Jun 2025", "June 3, 2025", "3 de jun. de 2025",
# "3. kesäkuuta 2025", "2025-06-03", "3/6/25", "2025年6月3日"
_FULL_DATE = (
    r"(?:\d{1,4}[./-]\d{1,2}[./-]\d{1,4}"
    r"|\d{1,2}[^\W\d]{0,2}\W{1,2}(?:de )?[^\W\d]{3,12}\W{1,2}(?:de )?\d{4}"
    r"|[^\W\d]{3,12}\.? \d{1,2}[^\W\d]{0,2},? \d{4}|\d{4}年)"
)
# What an attribution begins with, as no line of a writer's own words above it does: its opening and
# a date, or the date alone, perhaps with the name of the day ("Tue, 3 Jun 2025"). MH and AOL,
# English only: "In message <1@x.example>, Dana Cole writes:", "In a message dated 3 Jun 2025, ..."
_BEGINNING = re.compile(
    r"[-* \t]{0,5}(?:In (?:message|article) <|In a message dated|"
    rf"(?:{_OPENINGS})\s.{{0,30}}?(?:{_FULL_DATE}|\b\d{{1,2}}\b(?![:.h]\d).{{0,25}}\d[:.h]\d\d)"
    rf"|\[?(?:[^\W\d]{{2,12}}\.?,? )?{_FULL_DATE}|(?:{_QUOTING})\s)"
)
# The same behind a writer's words on one line
_INNER_BEGINNING = re.compile(
    rf"\S[^\S\n]+(?P<attribution>(?:{_OPENINGS})\s.{{0,30}}?{_FULL_DATE})"
)
# "<dana@x.example> wrote:", "schrieb Dana Cole <dana@x.example>:"
_COMPLETE = re.compile(rf"{_ADDRESS},? {_WROTE} ?:$|\b{_WROTE} .{{0,120}}{_ADDRESS} ?:$")
# "On Tue," above "3 Jun 2025 at 10:02, Dana Cole wrote:"
_TORN_OPENING = re.compile(rf"(?:{_OPENINGS})(?:\s[^\W\d]{{2,12}}\.?,?)?$|[^\W\d]{{2,12}}\.?,$")

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
_SHORTEST = 12  # characters of an attribution without quoted lines below
_ABBREVIATION_CHARACTERS = 5  # of the longest abbreviation, its full stop included
_DECORATIONS = ("--", "**", "__", "==", "~~", "##")

ATTRIBUTION_CHARACTERS = 400


def attribution_start(lines: Sequence[str], i: int) -> int | None:
    """First line of the attribution that ends with line `i`; None where none ends there.

    A program wraps an attribution over up to four lines, and writes it right below the writer's
    words. So the lowest beginning counts, unless a line above it begins as an attribution does: the
    rest of one often reads like a whole one ("Dana Cole wrote:").
    """
    line = lines[i]
    below = skip_blanks(lines, i + 1)
    quoted = below < len(lines) and is_marked(lines[below])
    decorated = line.endswith(_DECORATIONS) and bool(line.strip("-*_=~# "))
    if not (decorated or line.endswith((":", ">"))):
        return i if quoted and _is_unlisted(lines, i) else None
    above = " ".join(lines[max(i - _WRAPPED_LINES + 1, 0) : i + 1])
    likely = len(above) >= _SHORTEST and _DIGIT_OR_ADDRESS.search(above)
    if not (quoted or (likely and _MAY_ATTRIBUTE.search(above))):
        return None
    start = _lowest_start(lines, i, quoted)
    return i if start is None and quoted and _is_unlisted(lines, i) else start


def _lowest_start(lines: Sequence[str], i: int, quoted: bool) -> int | None:
    start = i if quoted and _UNDATED.match(lines[i]) else None
    dated: int | None = None
    torn = False  # whether the line above `start` belongs to the attribution in any case
    for first in range(i, max(i - _WRAPPED_LINES, -1), -1):
        line = lines[first]
        if not line.strip() or is_marked(line) or (first < i and _ends_sentence(line)):
            break
        joined = " ".join(part.strip() for part in lines[first : i + 1])
        if len(joined) > ATTRIBUTION_CHARACTERS:
            break
        begins = bool(_BEGINNING.match(joined))
        if not _is_attribution(joined, quoted):
            # Above quoted lines any verb serves: "On 3 Jun 2025, it is rumoured, Dana thought:"
            dated = first if begins and quoted and joined.endswith(":") else dated
            continue
        if start is None or torn or begins:
            start, torn = first, joined.startswith(("<", "(", "["))
        if begins:
            opening = lines[first - 1].strip() if first and joined[0].isdigit() else ""
            return first - 1 if opening and _TORN_OPENING.match(opening) else first
    return dated if start is None else start


def _is_unlisted(lines: Sequence[str], i: int) -> bool:
    """Whether line `i`, alone in its paragraph above quoted lines, says whose words they are."""
    line = lines[i].strip()
    alone = i == 0 or not lines[i - 1].strip()
    if alone and _UNLISTED.match(line):
        return True
    named = _NAMED.match(line) if alone else None
    # "Market Participants:" above a text that the writer only passes on may be his greeting.
    if named and (named["verb"] or named["said"] or _answers_below(lines, i + 1)):
        return True
    return i == 0 and bool(_NUMBERED.match(line))


def _answers_below(lines: Sequence[str], i: int) -> bool:
    """Whether words without a quote mark stand below the quoted lines from line `i` on."""
    return any(line.strip() and not is_marked(line) for line in islice(lines, i, None))


def own_words_before(line: str) -> int | None:
    """Where in a line an attribution begins behind a writer's words; None where it does not.

    "Yes, Tuesday. On Tue, 3 Jun 2025 at 10:02, Dana Cole <dana@x.example> wrote:"
    """
    if not line.endswith(":") or len(line) > ATTRIBUTION_CHARACTERS or not _VERB.search(line):
        return None
    opening = _INNER_BEGINNING.search(line)
    if opening is None or not _COMPLETE.search(line, opening.end()):
        return None
    return opening.start("attribution")


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
    decorated = _DECORATED.match(text)
    if decorated:
        text = f"{decorated['text']}:"
    elif text.startswith("---"):
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
