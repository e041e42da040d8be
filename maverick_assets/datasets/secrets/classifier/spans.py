"""Spans of a text that may be a secret: tokens, groups of figures or letters, phrases set off."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from maverick_assets.datasets.secrets.classifier.cues import CJK_RANGES, class_of, cues, fold
from maverick_assets.datasets.secrets.rules import is_placeholder

# More than people write in one text: a text with more is held as it stands, as reading all of it
# would take too long.
MAX_SPANS = 2_000
MAX_TOKENS = 6_000
MAX_READ = 80_000  # tokens

_AHEAD, _BEHIND = 18, 7  # tokens after and before an announcing word that are looked at
_LINES = 5  # lines after it: "Backup codes\n4821 9034\n7719 0283\n..."
# Classes of words after which figures are the number of something.
_NUMBERED_THINGS = frozenset(
    {"order", "document", "phone", "place", "part", "shipping", "error", "offer", "money"}
)
_MOST_TOKEN = 400  # characters
_MOST_WORDS = 26  # of a phrase: 24 words recover a wallet

_TOKEN = re.compile(rf"[{CJK_RANGES}]+|[^\s{CJK_RANGES}]+|\n")
_OPENING = "\"'“”„«»\u2039\u203a`\u2018\u2019*_([{<|"
_CLOSING = "\"'“”„«»\u2039\u203a`\u2018\u2019_)]}>|,;:.…"
_SIGNS = frozenset(':=/|→-\u2013>»\uff1a«„“"(') | {"->", "=>", "//", "-->", "»", "is", "|"}
_SHORT_TEXT = 40  # tokens; in a note or a chat, what is strong by its shape is looked at anywhere
# an address, a web address, a file
_ADDRESS = re.compile(r"\S*@\S+\.\w|\w+:|[\w-]*[/\\]|\S*\.[a-z]{2,4}$")
# 4821, L23, R7, 12
_FIGURES = re.compile(r"[a-z]?\d{1,6}[a-z]?|[a-z]{2}\d{2}", re.IGNORECASE)
_LETTERS = re.compile(r"[a-z]{3,6}")
_PLAIN = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
_NUMBERED = re.compile(r"\d{1,2}[.)]?")


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


@dataclass(frozen=True, slots=True)
class Span:
    """Tokens `first` to `last`, the last included."""

    first: int
    last: int
    shape: str  # token, word, figures, letters, phrase


def tokens_of(text: str, most: int = MAX_READ) -> list[Token]:
    """The first tokens of a text, without line breaks."""
    tokens: list[Token] = []
    line = 0
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token == "\n":
            line += 1
            continue
        offset, bare, word, name, shaped = _analysed(token)
        start = match.start() + offset
        tokens.append(Token(start, start + len(bare), line, token, bare, word, name, shaped))
        if len(tokens) == most:
            break
    return tokens


def may_hold_secret(text: str) -> bool:
    """Whether a text is short, or has a word near which secrets are looked for.

    Most long texts have none, and looking at each different word once is much faster.
    """
    every = _TOKEN.findall(text)
    if len(every) <= _SHORT_TEXT:
        return True
    announcing = cues().announcing
    return any("@" in token or _analysed(token)[3] in announcing for token in set(every))


@lru_cache(maxsize=100_000)
def _analysed(token: str) -> tuple[int, str, str, str, bool]:
    """Offset of the bare token, the bare token, its folded word, the word's class, its shape."""
    bare = token.lstrip(_OPENING)
    offset = len(token) - len(bare)
    bare = bare.rstrip(_CLOSING)
    if not bare:
        bare, offset = token, 0
    word = fold(bare[:40].rstrip("?!\u037e\u00bf\uff1f"))
    return offset, bare, word, class_of(word), _is_shaped(bare)


def spans_of(tokens: list[Token]) -> tuple[list[Span], int]:
    """What may be a secret, in order, and how many tokens were read.

    Of a text with more than MAX_SPANS, or with more than MAX_TOKENS near announcing words, only the
    first ones are read.
    """
    after, before = _near_announcing(tokens)
    spans: list[Span] = []
    looked_at = 0
    is_short = len(tokens) <= _SHORT_TEXT
    for index, token in enumerate(tokens):
        if looked_at >= MAX_TOKENS or len(spans) >= MAX_SPANS:
            return spans[:MAX_SPANS], index
        if is_short and not after[index] and _is_strong(token.bare):
            spans.append(Span(index, index, "token"))
        elif after[index] or before[index]:
            looked_at += 1
            spans += _spans_at(tokens, index, bool(after[index]))
    return spans, len(tokens)


def _is_strong(bare: str) -> bool:
    """Whether a token mixes letters in both cases, figures and signs as hardly anything else."""
    if not 6 <= len(bare) <= _MOST_TOKEN or _ADDRESS.match(bare) or is_placeholder(bare):
        return False
    figures, letters = sum(map(str.isdigit, bare)), sum(map(str.isalpha, bare))
    both_cases = not (bare.islower() or bare.isupper())
    return letters > 2 and (figures > 0) + (figures + letters < len(bare)) + both_cases >= 2


def _near_announcing(tokens: list[Token]) -> tuple[bytearray, bytearray]:
    """For each token, whether it stands after a word that announces a secret, and before one."""
    count = len(tokens)
    after, before = bytearray(count), bytearray(count)
    announcing = cues().announcing
    covered = 0  # tokens before it are marked already
    for index, token in enumerate(tokens):
        if token.name not in announcing and "@" not in token.bare:
            continue
        stop = min(index + _AHEAD + 1, count)
        while stop > index + 1 and tokens[stop - 1].line > token.line + _LINES:
            stop -= 1
        start = max(index + 1, covered)
        if stop > start:
            after[start:stop] = b"\1" * (stop - start)
            covered = stop
        for earlier in range(max(index - _BEHIND, 0), index):
            before[earlier] |= tokens[earlier].line == token.line
    return after, before


def _spans_at(tokens: list[Token], index: int, after: bool) -> Iterator[Span]:
    """The spans that begin with a token; words and phrases only after an announcing word."""
    token = tokens[index]
    previous = tokens[index - 1] if index else None
    if len(token.bare) > _MOST_TOKEN:
        return
    if not _is_ordinary(tokens, index):
        if token.shaped:
            yield Span(index, index, "token")
        elif after and len(token.bare) >= 3 and _is_alone(tokens, index):
            yield Span(index, index, "word")
    for shape, pattern, least in (("figures", _FIGURES, 2), ("letters", _LETTERS, 3)):
        if previous is not None and _continues(previous, token, pattern):
            continue
        last = _group_end(tokens, index, pattern)
        if last - index + 1 >= least and _alike(tokens, index, last, shape):
            yield Span(index, last, shape)
    phrase_end = _phrase_end(tokens, index) if after else index
    if phrase_end > index:
        yield Span(index, phrase_end, "phrase")


def _is_shaped(bare: str) -> bool:
    """Whether a token has figures, signs inside, or capitals inside."""
    if bare.isalpha():
        return not (bare.islower() or bare[1:].islower() or bare.isupper())
    return len(bare) >= 3 and any(char.isalnum() for char in bare) and not _PLAIN.fullmatch(bare)


def is_set_off(tokens: list[Token], index: int) -> bool:
    """Whether a sign, a quote or the beginning of a line stands before a token."""
    token = tokens[index]
    if index == 0 or tokens[index - 1].line != token.line:
        return True
    before = tokens[index - 1].text
    return before[-1] in ":=>→|\uff1a" or before in _SIGNS or token.text[0] in "\"'“„«`([|"


def _is_ordinary(tokens: list[Token], index: int) -> bool:
    """Whether a token stands in for a secret, is a part of a longer number, or is named as another.

    "order 4711", "Kundennummer: 12345678", "Seite 12": the word before figures says what they are.
    """
    token = tokens[index]
    figures = sum(map(str.isdigit, token.bare))
    if figures < len(token.bare):
        if is_placeholder(token.bare):
            return True
    elif _is_number(tokens, index - 1, index) or _is_number(tokens, index + 1, index):
        return True
    if 2 * figures < len(token.bare):
        return False
    previous = [tokens[at] for at in range(max(index - 2, 0), index)]
    names = [word.name for word in previous if word.name and word.line == token.line]
    return bool(names) and names[-1] in _NUMBERED_THINGS


def _is_number(tokens: list[Token], index: int, beside: int) -> bool:
    """Whether a token is figures, one sign from the token at `beside`."""
    if not 0 <= index < len(tokens):
        return False
    first, second = sorted((tokens[index], tokens[beside]))
    return (
        tokens[index].bare.isdigit()
        and second.start - first.end <= 2
        and (first.line == second.line)
    )


def _is_alone(tokens: list[Token], index: int) -> bool:
    """Whether a word is set off and nothing of its phrase follows: "password: swordfish"."""
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    token = tokens[index]
    ends = following is None or following.line != token.line or not following.bare[0].isalpha()
    return is_set_off(tokens, index) and (ends or token.text[-1] in "\"'”\u2019»)],.")


def _group_end(tokens: list[Token], index: int, pattern: re.Pattern[str]) -> int:
    last = index - 1
    limit = min(index + 24, len(tokens))
    while last + 1 < limit and pattern.fullmatch(tokens[last + 1].bare):
        if last >= index and not _continues(tokens[last], tokens[last + 1], pattern):
            break
        last += 1
    return last


def _continues(token: Token, following: Token, pattern: re.Pattern[str]) -> bool:
    """Whether the following token is the next part of the same group: one space further."""
    return (
        following.start - token.end <= 2
        and following.line == token.line
        and pattern.fullmatch(token.bare) is not None
    )


def _alike(tokens: list[Token], first: int, last: int, shape: str) -> bool:
    """Whether groups of letters are equally long: "kzpw hfue qlat mxrd"."""
    return shape == "figures" or len({len(tokens[at].bare) for at in range(first, last + 1)}) == 1


def _phrase_end(tokens: list[Token], index: int) -> int:
    """The last token of a phrase that begins at `index` and is set off; `index` when none is."""
    token = tokens[index]
    first = token.bare
    if not (_PLAIN.fullmatch(first) or _NUMBERED.fullmatch(first)):
        return index
    set_off = is_set_off(tokens, index)
    begins_run = index == 0 or not _lower_word(tokens[index - 1].text)
    after_cue = index > 0 and (tokens[index - 1].name != "" or len(tokens[index - 1].bare) <= 3)
    if not (set_off or begins_run or after_cue):
        return index
    last = index
    limit = min(index + 2 * _MOST_WORDS, len(tokens))
    while last + 1 < limit and _goes_on(token.line, tokens[last], tokens[last + 1]):
        last += 1
    count = last - index + 1
    if set_off and count >= 2:
        return last
    return last if count >= 11 else index


def _lower_word(text: str) -> bool:
    return text.isalpha() and text.islower()


def _goes_on(line: int, last: Token, following: Token) -> bool:
    """Whether a phrase goes on: plain words in one line, perhaps numbered or with commas."""
    if following.line != line or last.text[-1] in '.!?;:”"»)':
        return last.line == line and following.line == line and bool(_NUMBERED.fullmatch(last.bare))
    return bool(_PLAIN.fullmatch(following.bare) or _NUMBERED.fullmatch(following.bare))
