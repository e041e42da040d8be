"""Passwords, as people write them."""

import re
from collections.abc import Iterator

from maverick_assets.datasets.secrets.nearby import FollowingWord, Tie, find_nouns, words_after
from maverick_assets.datasets.secrets.patterns import PASSWORD, any_entry, words
from maverick_assets.datasets.secrets.rules import WRAPPING, TextSpan, is_placeholder

# Letters with figures that are no password: #12, $1,200, 3rd, 5pm, 20mb, 45€, b12, ab-100, v1.2.3,
# dana@acme.example, www.acme.example, 12-inch, report.pdf, and/or
_ORDINARY_MIX = re.compile(
    r"[#$€£]?\d[\d.,:/-]*(?:st|nd|rd|th|am|pm|h|hrs?|min|mins|s|ms|kb|mb|gb|tb|k|m|mm|x|kr|€|%|"
    r"usd|eur|er|e|ª|º|o|a|ème|de|ste|bit|d)?"
    r"|[a-z]{1,12}\d{1,2}|[a-z]+-\d{1,5}|v?\d+(?:\.\d+)+\S{0,4}|\S+@\S+\.\w+|(?:https?|www|ftp)\S*"
    r"|\d+-[a-z]+|[\w./\\-]+\.(?:[a-z]{2,4})|[\w-]*/[\w/.-]*",
    re.IGNORECASE,
)
# hunter22: ordinary by its shape, but too long for a name such as b12
_LONG_MIX = re.compile(r"[a-z]{5,}\d{1,2}", re.IGNORECASE)
# hunter!!x, tiger+blue, $tiger
_SIGN_INSIDE = re.compile(r"\w[!#$%&*+=?@^~|]+\w|^[!#$%&*^~]\w")
# swordfish, mother-in-law, l'été
_PLAIN_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*[.!?,;:…]*")

# "hunter22 is the password", German: "Sommer2024 als Passwort", before the noun
_VALUE_BEFORE = re.compile(
    rf"(\S{{4,60}})['\"”»,]? (?:for|{any_entry('is_')}|{any_entry('as_')}) (?:\S{{1,12}} ){{0,3}}$"
)
# "what's the wifi password?\nhunter22", after the noun
_ANSWER = re.compile(r"[^\n?]{0,40}\?[^\S\n]*\n\s*(\S{4,40})[^\S\n]*(?:\n|\Z)")
_SIGN_AFTER_NOUN = re.compile(r" ?[:=]")

_NOT_PASSWORD = words("not_password")
_OFFER = re.compile(any_entry("offer"))
_PUBLIC_CODE = re.compile(any_entry("public_code"))
_NETWORK = re.compile(any_entry("network"))
_USER_LABEL = re.compile(any_entry("user") + r"\w*[ :=]")  # "user: ", "username ", "Benutzername: "


def find_passwords(text: str, lowered: str) -> Iterator[TextSpan]:
    """Passwords after or before a noun such as "password"."""
    for noun, reach in find_nouns(PASSWORD, lowered):
        if lowered[noun.end() : noun.end() + 1] == "_":  # "password_hash" of a program
            continue
        yield from _password_after(text, noun, reach)
        yield from _answer_after(text, noun)
        if noun["ambiguous"] is None:
            yield from _password_before(text, noun)


def _password_after(text: str, noun: re.Match[str], reach: int) -> Iterator[TextSpan]:
    """The first word in the noun's sentence that is a password."""
    for word in words_after(text, noun, reach):
        if is_placeholder(word.text):
            continue
        ambiguous = noun["ambiguous"] is not None
        if _suits_ambiguous_noun(word, noun, text) if ambiguous else _suits_noun(word, noun):
            yield word.span
            return


def _answer_after(text: str, noun: re.Match[str]) -> Iterator[TextSpan]:
    """The line that answers a question for the noun."""
    answer = _ANSWER.match(text, noun.end())
    if answer and is_mixed(answer[1]) and not is_placeholder(answer[1]):
        yield answer.span(1)


def _password_before(text: str, noun: re.Match[str]) -> Iterator[TextSpan]:
    """The password that a sentence names before its noun."""
    start = max(noun.start() - 80, 0)
    value = _VALUE_BEFORE.search(text[start : noun.start()])
    if value and is_mixed(value[1]) and not is_placeholder(value[1]):
        yield start + value.start(1), start + value.end(1)


def _suits_noun(word: FollowingWord, noun: re.Match[str]) -> bool:
    """Whether a word is a password, after a noun that means nothing else."""
    value = word.text
    if is_mixed(value):  # "pw hunter2!!", "password for the shared old inbox is hunter2!!"
        return word.words_between <= 3 or word.tie is not Tie.NONE
    if noun["credentials"]:  # "credentials: anna / hunter2!!" starts with a name
        return False
    if word.tie not in (Tie.IS, Tie.SIGN) or word.words_between > 7:
        return False
    bare = value.strip(".,")
    if bare.isdigit():  # "the password is 4711"
        return len(bare) >= 4
    if word.tie is Tie.IS:  # "the password is wrong": a plain word needs a sign
        return False
    if not _PLAIN_WORD.fullmatch(value):  # "password: x9_k"
        return not _ORDINARY_MIX.fullmatch(value)
    # "password: swordfish", but not "password: ask me when you are there"
    announced = word.ends_phrase and word.words_between <= 2
    return announced and value.lower().rstrip(".!?,") not in _NOT_PASSWORD


def _suits_ambiguous_noun(word: FollowingWord, noun: re.Match[str], text: str) -> bool:
    """Whether a word is a password, after a noun that mostly means something else."""
    value = word.text
    context = text[max(noun.start() - 40, 0) : word.start + len(value) + 40].lower()
    if _OFFER.search(context):  # "code: SPRING20 at checkout"
        return False
    if not noun["short"] and _PUBLIC_CODE.search(context):  # "the zip code is AB12"
        return False
    before = text[max(noun.start() - 60, 0) : word.start].lower()
    beside_login = _NETWORK.search(before[-50:]) or _USER_LABEL.search(before)
    if beside_login and word.tie is Tie.SIGN and word.ends_phrase:
        # "wifi: blomma", German: "WLAN-Schlüssel: sommer", "user: anna, code: kaffee"
        ordinary = value.lower() in _NOT_PASSWORD or _ORDINARY_MIX.fullmatch(value)
        return is_mixed(value) or not ordinary
    if (
        noun["short"]
        and word.words_between <= 1
        and word.ends_phrase
        and _SIGN_AFTER_NOUN.match(text, noun.end())
    ):
        # "pass: swordfish"
        return is_mixed(value) or bool(_PLAIN_WORD.fullmatch(value))
    # "the pass is Blue42Horse", Spanish: "la clave es Luna2024!"
    has_figure = any(char.isdigit() for char in value)
    tied = word.tie in (Tie.IS, Tie.SIGN)
    return not noun["code_or_key"] and has_figure and tied and is_mixed(value)


def is_mixed(value: str) -> bool:
    """Whether a value mixes letters with figures or signs as no ordinary word or figure does."""
    bare = value.strip(WRAPPING + ".,;:")
    if len(bare) < 4 or (_ORDINARY_MIX.fullmatch(bare) and not _LONG_MIX.fullmatch(bare)):
        return False
    has_letter = any(char.isalpha() for char in bare)
    has_figure = any(char.isdigit() for char in bare)
    return has_letter and (has_figure or bool(_SIGN_INSIDE.search(bare)))
