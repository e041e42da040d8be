"""Passwords beside a user's name or a host, with no noun for them."""

import re
from collections.abc import Iterator

from maverick_assets.datasets.secrets.classifier.cues import class_of, fold
from maverick_assets.datasets.secrets.passwords import is_mixed
from maverick_assets.datasets.secrets.patterns import any_entry
from maverick_assets.datasets.secrets.rules import TextSpan, is_placeholder

_WITH = any_entry("prepositions")
# "root@10.2.0.4 with tiger99x", German: "deploy@nas.lan mit ...", "ssh ops@db1 / ..."
_HOST = re.compile(
    rf"(?<![\w.])[\w.-]{{1,40}}@[\w.-]{{1,80}},?"
    rf"\s(?:{_WITH}|med|ile|password|pw|[/|:\u2013-])\s(\S{{5,60}})",
    re.IGNORECASE,
)
# An address alone on its line, then one word alone on the next: a signature has more than a word,
# or a telephone or a web address.
_LINES = re.compile(
    r"(?:^|\n)[^\S\n]*[\w.+-]{1,60}@[\w-]{1,60}\.[\w.-]{1,60}[^\S\n]*\n"
    r"[^\S\n]*(\S{5,60})[^\S\n]*(?=\n|\Z)"
)
# "Login for the wiki\nanna\nTiger99x!", "WiFi\nGuests\nTiger99x!": what it is for, a name, a value
_BELOW = re.compile(
    r"(?:^|\n)([^\n]{3,60})\n{1,2}[^\S\n]*[\w.+-]{2,30}[^\S\n]*\n[^\S\n]*(\S{6,40})[^\S\n]*(?=\n|\Z)"
)
_OF_ACCESS = frozenset({"login", "wifi", "password"})
# a figure, a small letter, and a capital letter or a sign
_STRONG = re.compile(r"(?=.*\d)(?=.*[a-z]).*(?:[A-Z]|[^\w.:/-])")
# "log in as anna (tiger99x)", German: "als anna an (tiger99x)", Turkish: "anna olarak gir (...)"
_AS = re.compile(
    r"\b(?:as|als|comme|como|come|som|jako|olarak|\u043a\u0430\u043a|як|ως)"
    r"\s(?:\S{1,40}\s){0,2}\((\S{5,60})\)"
)
# a telephone, perhaps with its label: "phone-914.271.6614"
_NUMBER = re.compile(r"(?:[^\W\d_]+[-:.]+)?[\d()+./:-]+")
_CONTEXT = 60  # characters before "as anna", in which a word says that somebody logs in
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")


def find_logins(text: str, _: str) -> Iterator[TextSpan]:
    """Values with letters beside figures or signs, beside a user's name or a host."""
    for pattern in (_HOST, _LINES, _AS):
        for match in pattern.finditer(text):
            value = match[1].strip(".,;\"'")
            if pattern is _AS and not _logs_in(text, match.start()):
                continue
            if _is_value(value, short=pattern is not _AS):
                start = match.start(1) + match[1].index(value)
                yield start, start + len(value)


def find_logins_below(text: str, _: str) -> Iterator[TextSpan]:
    """Values alone in a line, below a name alone in a line, below a line that is about access."""
    for match in _BELOW.finditer(text):
        value = match[2]
        named = any(class_of(fold(word)) in _OF_ACCESS for word in _WORD.findall(match[1]))
        if named and _STRONG.match(value) and _is_value(value, short=False):
            yield match.span(2)


def _is_value(value: str, short: bool) -> bool:
    """Whether a word looks like a password; `short`: whether one such as "abc12" does."""
    is_address = "@" in value.strip("@") and "." in value.partition("@")[2]
    if is_address or "://" in value or is_placeholder(value):
        return False
    if _NUMBER.fullmatch(value):
        return False
    has_figure = any(map(str.isdigit, value)) and any(map(str.isalpha, value))
    return (short and has_figure) or is_mixed(value)


def _logs_in(text: str, start: int) -> bool:
    """Whether a word before says that somebody logs in."""
    before = text[max(start - _CONTEXT, 0) : start + 30]
    return any(class_of(fold(word)) == "login" for word in _WORD.findall(before))
