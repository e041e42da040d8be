"""PINs, codes and account numbers, as people write them."""

import re
from collections.abc import Iterator

from maverick_assets.datasets.secrets.nearby import Tie, find_nouns, line_end, tie_of
from maverick_assets.datasets.secrets.patterns import ACCOUNT, CODE, any_entry, words
from maverick_assets.datasets.secrets.rules import TextSpan

_PIN_WORDS = 3  # at most this many words stand between "PIN" and its figures
_CODE_WORDS = 12  # at most this many between "code" and its figures, in a sentence about access

# 4711, 4711#, *4711, b4711, 482 913, 482-913, g-482913, 45b78; but not as part of a number, date,
# price or phone number, and not as a count of lines
_CODE = re.compile(
    r"(?<![\w.,:/+$€£#-])(?:[a-z]-)?([*#a-z]?\d{3}[ -]\d{3}|[*#]?[a-z]?\d{4,8}[#*]?"
    r"|\d{2,4}[a-z]\d{2,4})"
    r"(?![\w/]|[.,:-]\d| ?(?:[€$£%]|kr\b|eur\b|usd\b|zł\b|lines|zeilen|lignes))"
)
# 12345678, 1234 567890, 123-4567890
_ACCOUNT_NUMBER = re.compile(r"(?<![\w.,:/+$€£-])\d(?:[ -]?\d){6,19}(?![\w/-]|[.,:]\d)")
_DATE = re.compile(r"(?:19|20)\d\d-?[01]\d-?[0-3]\d|[0-3]\d-[01]\d-(?:19|20)\d\d")
_YEAR = re.compile(r"(?:19|20)\d\d")
_SENTENCE_END = re.compile(r"[.!?…](?=\s)")

# The words around "code" show whether it opens something, or everyone may know it.
_ACCESS = re.compile(any_entry("access"))
_PUBLIC_CODE = re.compile(any_entry("public_code"))
_CONTEXT = 70  # characters on either side of the noun

# "482913 is your code", "4711, that's the code": after the figures
_IS_YOUR = re.compile(rf"[,;]? ?(?:-|{any_entry('is_', 'this')}|{any_entry('as_')})\b")
_BEFORE_CODE = words("before_code")
_BEFORE_FIGURE = words("before_figure")
_BEFORE_YEAR = words("before_year")


def find_codes(_: str, lowered: str) -> Iterator[TextSpan]:
    """PINs, one-time codes, and codes of doors and safes."""
    if not _CODE.search(lowered):
        return
    for noun, reach in find_nouns(CODE, lowered):
        if noun["pin"]:
            yield from _code_after(lowered, noun, reach, _PIN_WORDS)
            yield from _code_before(lowered, noun)
            continue
        context = lowered[max(noun.start() - _CONTEXT, 0) : noun.end() + _CONTEXT]
        if _PUBLIC_CODE.search(context):
            continue
        if _ACCESS.search(context):
            yield from _code_after(lowered, noun, reach, _CODE_WORDS)
            yield from _code_before(lowered, noun)
        else:  # only where "is" or a sign ties the two together
            yield from _code_after(lowered, noun, reach, 0)


def _code_after(
    lowered: str, noun: re.Match[str], reach: int, most_words: int
) -> Iterator[TextSpan]:
    """The first figures after the noun that are tied to it, or at most `most_words` words away."""
    # "my PIN 4471", German: "der Code für die Haustür ist 4711#"
    start = noun.end()
    # Two characters further, because "code:\n4711" continues in the next line.
    for figures in _CODE.finditer(lowered, start, line_end(lowered, start + 2, reach)):
        between = lowered[start : figures.start()]
        if _sentence_ends_in(between):
            return
        words_between = between.split()
        if _is_time_or_year(figures[1], words_between):
            continue
        tied = _last_tie(words_between) in (Tie.IS, Tie.SIGN)
        if len(words_between) <= (_CODE_WORDS if tied else most_words):
            yield figures.span(1)
            return


def _sentence_ends_in(between: str) -> bool:
    """Whether a sentence ends in the text between noun and figures."""
    ends = _SENTENCE_END.search(between + " ") is not None
    # "Your code. Enter: 4711": the sign ties across sentences.
    return ends and not between.rstrip().endswith((":", "="))


def _is_time_or_year(figures: str, words_before: list[str]) -> bool:
    """Whether the last of the words before figures says that they are a time, page or year."""
    # "code review at 1400", "PIN was changed in 2019"
    last = words_before[-1] if words_before else ""
    return last in _BEFORE_FIGURE or bool(last in _BEFORE_YEAR and _YEAR.fullmatch(figures))


def _last_tie(words_before: list[str]) -> Tie:
    """What ties figures to the noun: the last word before them."""
    if not words_before:
        return Tie.NONE
    *earlier, last = words_before
    if earlier and last in _BEFORE_CODE:  # French: "le code est le 4711"
        tie = tie_of(earlier[-1], earlier[-1])
        if tie is not Tie.NONE:
            return tie
    return tie_of(last, last.rstrip(":,"))


def _code_before(lowered: str, noun: re.Match[str]) -> Iterator[TextSpan]:
    """The last figures before the noun, in its line."""
    # "482913 is your verification code", "enter with 4711, that's the code"
    start = max(noun.start() - 60, 0)
    start = max(lowered.rfind("\n", start, noun.start()) + 1, start)
    all_figures = list(_CODE.finditer(lowered, start, noun.start()))
    if not all_figures or _YEAR.fullmatch(all_figures[-1][1]):
        return
    between = lowered[all_figures[-1].end() : noun.start()]
    if len(between.split()) <= 7 and _IS_YOUR.match(between):
        yield all_figures[-1].span(1)


def find_accounts(_: str, lowered: str) -> Iterator[TextSpan]:
    """Numbers of bank accounts."""
    # "my account number is 12345678", German: "Kto. 12345678, BLZ ..."
    if not _ACCOUNT_NUMBER.search(lowered):
        return
    for noun, reach in find_nouns(ACCOUNT, lowered):
        stop = line_end(lowered, noun.end() + 2, min(reach, noun.end() + 50))
        number = _ACCOUNT_NUMBER.search(lowered, noun.end(), stop)
        if number is None:
            continue
        words_between = lowered[noun.end() : number.start()].split()
        if any(len(word) > 4 and word[-1] in ".!?" for word in words_between):
            continue  # a sentence ends between the two
        last = words_between[-1] if words_between else ""
        if last and tie_of(last, last.rstrip(":,")) is not Tie.NONE:
            near = len(words_between) <= 4
        else:
            near = len(words_between) <= 2 and not _DATE.fullmatch(number[0])
        if near:
            yield number.span()


# "Backup codes of my mailbox\n1f3a9-77bc2\n- 90de1-4ab35": a line that names them, then a list
_SPARE = re.compile(
    r"(?:back-?up|recovery|spare|scratch|emergency|2fa|ersatz|notfall|reserve|wiederherstellungs"
    r"|secours|r[ée]cup[ée]r|respaldo|emerg[eê]ncia|recupera|riserva|recupero|reserv|zapasow|awaryjn"
    r"|noodcode|herstel|n\u00f8dkode|gendannelse|yedek|z[áa]lo[žz]n|vara|резерв|запасн)"
    r"[^\n]{0,60}\n((?:[^\S\n]*(?:[-*\u2022]|\d{1,2}[.)])?[^\S\n]*"
    r"(?=[^\n]{0,30}\d)[a-z0-9]{3,12}(?:[ -][a-z0-9]{3,12}){0,3}[^\S\n]*(?:\n|\Z)){2,20})"
)
_SPARE_NOUN = re.compile(r"cod|kod|код|key|schlüssel|κωδικ")


def find_spare_codes(_: str, lowered: str) -> Iterator[TextSpan]:
    """Lists of codes that open an account when its second factor is lost."""
    for listed in _SPARE.finditer(lowered):
        if _SPARE_NOUN.search(lowered, listed.start(), listed.start(1)):
            yield listed.start(1), listed.end(1)
