"""What the rules of secrets share: spans, lists of words, what only stands for a secret."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Span = tuple[int, int]
Scan = Callable[[str, str], Iterator[Span]]  # of the text, and of the text in lower case


@dataclass(frozen=True)
class Rule:
    """`scan` runs only where one of `stems` occurs in the lower-case text; none: always."""

    name: str
    stems: tuple[str, ...]
    scan: Scan


def listed(words: str) -> tuple[str, ...]:
    return tuple(words.split())


WRAPPING = "\"'“”„«»\u2039\u203a`\u2018\u2019*_()[]<>"
_CODE_LIKE = re.compile(
    r"\w[\w.]*[(\[]|[$%#]?\{|\$\(|\$[A-Z_]+$|<.*>?$|.*\(\)|::|->|@\w+$|[a-z_]+(?:\.[a-z_]+)+$"
)
_NOTHING = re.compile(r"(.)\1{3,}|[*•x.…_#-]+|\W+", re.IGNORECASE)


def is_placeholder(value: str) -> bool:
    """Whether `value` only stands for a secret, or is an expression of a program."""
    plain = value.strip(WRAPPING + ".,;:")
    return bool(
        len(plain) < 3
        or _NOTHING.fullmatch(plain)
        or _CODE_LIKE.match(value)
        or value.startswith(("<", "${", "$(", "{{", "%("))
        or re.match(r"&\w*=|--?[a-z][a-z0-9-]*$", value)
        or plain.lower() in _STANDS_FOR
        or re.search(r"your|example|placeholder|changeme|redacted|hidden|xxxx", plain.lower())
    )


_STANDS_FOR = listed(
    "str string text bytes none null nil true false int integer varchar char password passwd"
    " pass secret token required optional any object self boolean value env input prompt"
)
