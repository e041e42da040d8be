"""What all rules for secrets share: their class, lists of words, and placeholders."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

TextSpan = tuple[int, int]  # start and end
Search = Callable[[str, str], Iterator[TextSpan]]  # takes the text, and the text in lower case


@dataclass(frozen=True)
class Rule:
    """One way to find secrets."""

    name: str  # stored with each example in quarantine
    stems: tuple[str, ...]  # only texts that hold one of them are searched; empty: all texts
    search: Search  # finds the secrets


def listed(text: str) -> tuple[str, ...]:
    """The words of a text."""
    return tuple(text.split())


# What may stand around a word without being part of it.
WRAPPING = "\"'“”„«»\u2039\u203a`\u2018\u2019*_()[]<>"

# getpass(), ${DB_PASSWORD}, $(cat key), <password>, std::string, self->key, app@host, os.environ
_CODE_LIKE = re.compile(
    r"\w[\w.]*[(\[]|[$%#]?\{|\$\(|\$[A-Z_]+$|<.*>?$|.*\(\)|::|->|@\w+$|[a-z_]+(?:\.[a-z_]+)+$"
)
# aaaa, ********, xxx, ..., ----
_BLANKED_OUT = re.compile(r"(.)\1{3,}|[*•x.…_#-]+|\W+", re.IGNORECASE)
# "&token=" of a web address, "--password" of a command
_PARAMETER = re.compile(r"&\w*=|--?[a-z][a-z0-9-]*$")
# "password = string", "token: required"
_PLACEHOLDERS = frozenset(
    listed(
        "str string text bytes none null nil true false int integer varchar char password passwd"
        " pass secret token required optional any object self boolean value env input prompt"
    )
)
# "your-key-here", "changeme", "example123"
_PLACEHOLDER_PART = re.compile(r"your|example|placeholder|changeme|redacted|hidden|xxxx")


@lru_cache(maxsize=10_000)  # a text says the same words again
def is_placeholder(value: str) -> bool:
    """Whether `value` only stands in for a secret, or is an expression of a program."""
    bare = value.strip(WRAPPING + ".,;:")
    return bool(
        len(bare) < 3
        or _BLANKED_OUT.fullmatch(bare)
        or _CODE_LIKE.match(value)
        or value.startswith(("<", "${", "$(", "{{", "%("))
        or _PARAMETER.match(value)
        or bare.lower() in _PLACEHOLDERS
        or _PLACEHOLDER_PART.search(bare.lower())
    )
