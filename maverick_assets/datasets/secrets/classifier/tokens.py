"""Tokens of a text: words and values, without the signs around them."""

import re
from functools import lru_cache
from typing import NamedTuple

from maverick_assets.datasets.secrets.classifier.cues import CJK_RANGES, class_of, fold

MAX_READ = 80_000  # tokens of a text that are read

TOKEN = re.compile(rf"[{CJK_RANGES}]+|[^\s{CJK_RANGES}]+|\n")
_OPENING = "¿¡\"'“”„«»\u2039\u203a`\u2018\u2019*_([{<|"
_CLOSING = "\"'“”„«»\u2039\u203a`\u2018\u2019_)]}>|,;:.…"
PLAIN = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")


class Token(NamedTuple):
    """A token. A named tuple, because a megabyte has 200,000 of them."""

    start: int  # of the token without the signs around it
    end: int
    line: int
    text: str  # the token with the signs around it
    bare: str  # without them
    word: str  # folded, without them
    name: str  # class of the word; "" for none
    shaped: bool  # whether it has figures, signs inside, or capitals inside


def tokens_of(text: str, most: int = MAX_READ) -> list[Token]:
    """The first tokens of a text, without line breaks."""
    tokens: list[Token] = []
    line = 0
    for match in TOKEN.finditer(text):
        token = match.group()
        if token == "\n":
            line += 1
            continue
        offset, bare, word, name, shaped = analysed(token)
        start = match.start() + offset
        tokens.append(Token(start, start + len(bare), line, token, bare, word, name, shaped))
        if len(tokens) == most:
            break
    return tokens


@lru_cache(maxsize=100_000)
def analysed(token: str) -> tuple[int, str, str, str, bool]:
    """Offset of the bare token, the bare token, its folded word, the word's class, its shape."""
    bare = token.lstrip(_OPENING)
    offset = len(token) - len(bare)
    bare = bare.rstrip(_CLOSING)
    if not bare:
        bare, offset = token, 0
    word = fold(bare[:40].rstrip("?!\u037e\u00bf\uff1f"))
    return offset, bare, word, class_of(word), _is_shaped(bare)


def _is_shaped(bare: str) -> bool:
    """Whether a token has figures, signs inside, or capitals inside."""
    if bare.isalpha():
        return not (bare.islower() or bare[1:].islower() or bare.isupper())
    return len(bare) >= 3 and any(char.isalnum() for char in bare) and not PLAIN.fullmatch(bare)
