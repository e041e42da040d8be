"""What meets the eye in a text: how long it is, its case and punctuation, how it greets and closes.

Everything is read from masked texts (`masking`), so that all names are one.
"""

import re
from collections import Counter
from collections.abc import Sequence

from maverick_assets.datasets.mail.contact_blocks import is_closing
from maverick_assets.evaluation.style.masking import NAME

NONE = "none"
_GREETING_CHARACTERS = 40
_SIGNED_LINES = 4  # at the end of a text, in which it closes: phrase, name, initials
# "Morning ?," and "? -" on a line of their own, "Hi ?," in front of words. ? stands for a name. To
# add a language, add its greetings.
_GREETED = re.compile(
    rf"\s*((?:(?:good )?(?:morning|afternoon|evening)|hi|hello|hey|dear|greetings|all|team|folks"
    rf"|hallo|moin|guten (?:tag|morgen)|liebe[rs]?|sehr geehrte[rs]?|bonjour|salut|cher|chère"
    rf"|hola|buenos d[ií]as|querid[oa]|ciao|buongiorno|car[oa]|ol[áa]|bom dia|hej|cześć|beste|dag)?"
    rf"(?: (?:all|everyone|there|both|team))?\s?{NAME}?\s?(?:[,:!\u2013\u2014-]|(?=\n)))",
    re.IGNORECASE,
)
# "?", "- ?", "A.", "ja", on a line of its own
_SIGNATURE = re.compile(rf"(?:[-\u2013\u2014]\s?)?(?:{NAME}|[A-Z]\.?|[a-z]{{1,2}}\.?|[A-Z]{{2}})\Z")
_PHRASE = re.compile(rf"[^\W\d_{NAME}]+(?: [^\W\d_]+){{0,3}}[,!.]?\Z")  # "Fair winds,"
_LAST_ON_LINE = re.compile(rf"[.!?]\s+({NAME}|[A-Z]\.)\Z")  # "See you there. A."
# "...", "!!", "--", one mark, an emoji
_MARK = re.compile(
    r"\.{3}|\u2026|[!?]{2,}|--+|[.,;:!?()\"'\u2019\u201c\u201d/&%$£€*+=\u2013\u2014-]"
    r"|[\U0001F300-\U0001FAFF\u263a]"
)
_SENTENCE = re.compile(r"(?<=[.!?\u2026])\s+|\n+")  # between "No way." and "Yes."


def greeting(text: str) -> str:
    """How a text greets, with its punctuation, as "Morning ?,"; `NONE` without one. ? is `NAME`.

    A name alone greets where a mark or a line's end follows it.
    """
    match = _GREETED.match(text)
    found = match.group(1).strip() if match else ""
    if not found or not any(char.isalpha() or char == NAME for char in found):
        return NONE
    return found if len(found) <= _GREETING_CHARACTERS else NONE


def closing(text: str) -> str:
    """How a text closes: its phrase and who signs, on a line each, as "Onward,\n?"; else `NONE`."""
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    signed = _LAST_ON_LINE.search(lines[-1]) if lines else None
    if signed:
        return signed.group(1)
    last: list[str] = []
    for line in reversed(lines[1:][-_SIGNED_LINES:] or lines[-1:]):
        is_signature = not last and bool(_SIGNATURE.match(line))
        is_phrase = is_closing(line.replace(NAME, "X")) or (
            bool(last) and line.endswith(",") and bool(_PHRASE.match(line))
        )
        if not (is_signature or is_phrase):
            break
        last.insert(0, line)
    return "\n".join(last) or NONE


def case_habits(text: str) -> list[str]:
    """How each sentence of a text begins and what it shouts: one word for each of its habits.

    "i" is one, "I" is none: who writes it as everybody does differs only in how often he speaks of
    himself, and that is a matter of function words.
    """
    words = [sentence.strip() for sentence in _SENTENCE.split(text)]
    firsts = [re.search(r"[^\W\d_]", sentence) for sentence in words if sentence]
    begins = ["capital" if first.group().isupper() else "small" for first in firsts if first]
    shouted = re.findall(r"\b[A-Z]{3,}\b", text)
    return [*begins, *re.findall(r"\bi\b", text), *("shouted" for _ in shouted)]


def punctuation(text: str) -> list[str]:
    """The marks of a text, in order; "line" for each line that ends without a mark."""
    open_ends = [line for line in text.splitlines() if line and (line[-1].isalnum())]
    return [*_MARK.findall(text), *("line" for _ in open_ends)]


def shares(habits: Sequence[str]) -> dict[str, float]:
    """How often each habit is had, of all; empty for none."""
    counts = Counter(habits)
    return {habit: count / len(habits) for habit, count in counts.items()}
