"""Regular expressions from the vocabulary of all languages, for text in lower case."""

import re
from dataclasses import dataclass

from maverick_assets.datasets.secrets.vocabulary import ANY_LANGUAGE, VOCABULARIES

# An underscore may stand beside a noun: a token may be called "api_key".
_NO_LETTER_BEFORE, _NO_LETTER_AFTER = r"(?<![^\W_])", r"(?![^\W_])"


def entries(*fields: str) -> list[str]:
    """The entries of all languages in `fields` of the vocabulary, the longest first.

    A regular expression takes the first alternative that fits, so "konto-nr" must come before
    "konto".
    """
    listed: dict[str, None] = {}
    for vocabulary in (ANY_LANGUAGE, *VOCABULARIES.values()):
        for field in fields:
            text: str = getattr(vocabulary, field)
            listed |= dict.fromkeys(entry for entry in text.split(", ") if entry)
    return sorted(listed, key=len, reverse=True)


def any_entry(*fields: str) -> str:
    """A regular expression for any of the entries."""
    return f"(?:{_alternatives(*fields)})"


def _alternatives(*fields: str) -> str:
    """As `any_entry`, without a group: beside other alternatives, one flat list is faster."""
    return "|".join(entries(*fields))


def words(*fields: str) -> frozenset[str]:
    """The entries of fields that list plain words."""
    return frozenset(entries(*fields))


def stems(*fields: str) -> tuple[str, ...]:
    """Strings of which a text holds at least one if it holds any of the entries.

    They are the first letters of entries. Looking for a few short strings is much faster than
    searching with a regular expression, and most texts hold none of them.
    """
    beginnings = set()
    for entry in entries(*fields):
        special = re.search(r"[\\\[({.*+?|]", entry)
        beginning = entry[: special.start()] if special else entry
        last_is_optional = special is not None and special.group() in "*?{"
        beginnings.add(beginning[:-1] if last_is_optional else beginning)
    return tuple(
        stem
        for stem in sorted(beginnings)
        if not any(other in stem for other in beginnings - {stem})
    )


@dataclass(frozen=True)
class NounKind:
    """Nouns that announce one kind of secret."""

    pattern: re.Pattern[str]
    stems: tuple[str, ...]  # a text that the pattern matches holds at least one of them


def _noun_kind(pattern: str, *fields: str) -> NounKind:
    return NounKind(re.compile(pattern), stems(*fields))


# Named groups say which nouns matched: `ambiguous` ones mostly mean something else.
PASSWORD = _noun_kind(
    rf"(?:{_NO_LETTER_BEFORE}(?P<ambiguous>(?P<short>{_alternatives('password_short')})"
    rf"|{_alternatives('password_or_code')}|(?P<code_or_key>{_alternatives('code_or_key')}))"
    # Not "$pwd" of a script, nor "?pw=" of a web address.
    rf"|{_NO_LETTER_BEFORE}(?<![$/.?&])"
    rf"(?:{_alternatives('password')}|(?P<credentials>{_alternatives('credentials')}))"
    rf"|{_alternatives('password_ending')}){_NO_LETTER_AFTER}",
    "password_short",
    "password_or_code",
    "code_or_key",
    "password",
    "credentials",
    "password_ending",
)
CODE = _noun_kind(
    rf"(?:{_NO_LETTER_BEFORE}(?P<pin>{_alternatives('pin')})|{_alternatives('code')})"
    rf"{_NO_LETTER_AFTER}",
    "pin",
    "code",
)
ACCOUNT = _noun_kind(
    rf"{_NO_LETTER_BEFORE}{any_entry('account')}{_NO_LETTER_AFTER}\.?",
    "account",
)
KEY = _noun_kind(
    rf"(?:{_NO_LETTER_BEFORE}{any_entry('key')}|{_alternatives('key_ending')}){_NO_LETTER_AFTER}",
    "key",
    "key_ending",
)
WALLET = _noun_kind(rf"{_NO_LETTER_BEFORE}{any_entry('wallet')}{_NO_LETTER_AFTER}", "wallet")
ANSWER = _noun_kind(rf"{_NO_LETTER_BEFORE}{any_entry('answer')}{_NO_LETTER_AFTER}", "answer")
