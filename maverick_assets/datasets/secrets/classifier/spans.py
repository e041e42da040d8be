"""Spans of a text that may be a secret: tokens, groups of figures or letters, phrases set off."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from maverick_assets.datasets.secrets.classifier.cues import cues
from maverick_assets.datasets.secrets.classifier.tokens import PLAIN, TOKEN, Token, analysed
from maverick_assets.datasets.secrets.rules import is_placeholder

# More than people write in one text: a text with more is held as it stands, as reading all of it
# would take too long.
MAX_SPANS = 2_000
MAX_TOKENS = 6_000


_AHEAD, _BEHIND = 18, 7  # tokens after and before an announcing word that are looked at
_LINES = 5  # lines after it: "Backup codes\n4821 9034\n7719 0283\n..."
# Classes of words after which figures are the number of something.
_NUMBERED_THINGS = frozenset(
    {"order", "document", "phone", "place", "part", "shipping", "error", "offer", "money"}
)
_MOST_TOKEN = 400  # characters
_MOST_WORDS = 26  # of a phrase: 24 words recover a wallet

_QUOTES = "\"'“„«`"
_SIGNS = frozenset(':=/|→-\u2013>»\uff1a«„“"(') | {"->", "=>", "//", "-->", "»", "is", "|"}
# Tokens; in a note, a chat or a mail, what has figures, signs or a sign before it is looked at
# anywhere: "the till asks for 4821", "nora and Kestrel88?".
_SHORT_TEXT = 400
_LONGEST_STRONG = 40  # characters
# A figure, a small and a capital letter, and a sign that sentences and code hardly have in words:
# "Xqe!fc73", "!Plum7Tart", "Kestrel88?"
_STRONG = re.compile(r"(?=.*\d)(?=.*[a-z])(?=.*[A-Z])(?:.*[!?#$%&*+@^~]|(?=.*\d.*\D.*\d|\w{8,}$))")
# an address, a web address, a file
_ADDRESS = re.compile(r"\S*@\S+\.\w|\w+:|[\w-]*[/\\]|\S*\.[a-z]{2,4}$")
# 4821, L23, R7, 12
_FIGURES = re.compile(r"[a-z]?\d{1,6}[a-z]?|[a-z]{2}\d{2}", re.IGNORECASE)
_LONGEST_PART = 8  # characters of a part of a group
_MOST_TURNS = 5  # of a combination
_LEAST_SPELLED, _MOST_SPELLED = 3, 12  # words
_TURN = re.compile(r"\d{1,2}")
_LEAST_TURNS = 2
_MOST_TURN_TOKENS, _LONGEST_LINK = 16, 5  # "links 34, dann rechts 12"
_MEASURE = re.compile(r"\d+[-*x/]\d+|\d+(?:\.\d+)+-\d+")
_UNSPEAKABLE = re.compile(r"[bcdfghjklmnpqrstvwxz]{3}|^[^aeiouy]+$")
_LETTERS = re.compile(r"[a-z]{3,6}")
_NUMBERED = re.compile(r"\d{1,2}[.)]?")


@dataclass(frozen=True, slots=True)
class Span:
    """Tokens `first` to `last`, the last included."""

    first: int
    last: int
    shape: str  # token, word, figures, letters, spelled, turns, phrase
    announced: bool  # whether a word that announces a secret stands near it


def may_hold_secret(text: str) -> bool:
    """Whether a text is short, has a word near which secrets are looked for, or a strong token.

    Most long texts have none, and looking at each different word once is much faster.
    """
    every = TOKEN.findall(text)
    if len(every) <= _SHORT_TEXT:
        return True
    announcing = cues().announcing
    return any(
        "@" in token or analysed(token)[3] in announcing or _is_strong(analysed(token)[1])
        for token in set(every)
    )


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
        announced = bool(after[index] or before[index])
        if announced or is_short:
            looked_at += 1
            spans += _spans_at(tokens, index, bool(after[index]), announced)
        elif _is_strong(token.bare):
            spans.append(Span(index, index, "token", False))
    return spans, len(tokens)


def _is_strong(bare: str) -> bool:
    """Whether a token mixes letters in both cases, figures and signs as hardly anything else."""
    if not 6 <= len(bare) <= _LONGEST_STRONG or bare.isalpha() or not _STRONG.match(bare):
        return False
    return not (_ADDRESS.match(bare) or is_placeholder(bare))


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


def _spans_at(tokens: list[Token], index: int, after: bool, announced: bool) -> Iterator[Span]:
    """The spans that begin with a token; words and phrases only after an announcing word.

    `announced` says whether an announcing word stands before or after it.
    """
    token = tokens[index]
    previous = tokens[index - 1] if index else None
    if len(token.bare) > _MOST_TOKEN:
        return
    if token.shaped:
        spoken = _ends_sentence(token.bare) and not (after and is_set_off(tokens, index))
        looked_at = not spoken and (announced or not _is_common(token.bare))
    else:
        looked_at = after and len(token.bare) >= 3 and _is_alone(tokens, index)
    if looked_at and not _is_ordinary(tokens, index):
        yield Span(index, index, "token" if token.shaped else "word", announced)
    yield from _group_spans(tokens, index, announced)
    yield from _spoken_spans(tokens, index, announced)
    after_sign = previous is not None and previous.line == token.line
    phrase_end = index
    if after or (is_set_off(tokens, index) and (after_sign or token.text[0] in _QUOTES)):
        phrase_end = _phrase_end(tokens, index)
    if phrase_end > index:
        yield Span(index, phrase_end, "phrase", announced)


def _group_spans(tokens: list[Token], index: int, announced: bool) -> Iterator[Span]:
    """Groups of figures or of letters that begin with a token and go on in the next one."""
    token = tokens[index]
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    if following is None or following.line != token.line or len(token.bare) > _LONGEST_PART:
        return
    previous = tokens[index - 1] if index else None
    shape, pattern = ("letters", _LETTERS) if token.bare.isalpha() else ("figures", _FIGURES)
    if previous is not None and (
        _continues(previous, token, shape, pattern) or _ends_in_figures(previous, token)
    ):
        return
    last = _group_end(tokens, index, shape, pattern)
    if last > index and _is_group(tokens, index, last, shape):
        yield Span(index, last, shape, announced)


def _spoken_spans(tokens: list[Token], index: int, announced: bool) -> Iterator[Span]:
    """Figures as words, "four seven one nine", and turns of a dial, "links 34, rechts 12"."""
    word, known = tokens[index].word, cues()
    if word in known.spelled and not (index and tokens[index - 1].word in known.spelled):
        last = index
        while last + 1 < len(tokens) and tokens[last + 1].word in known.spelled:
            last += 1
        if last - index + 1 >= _LEAST_SPELLED and last - index < _MOST_SPELLED:
            yield Span(index, last, "spelled", announced)
    if _is_turn(tokens[index]) and not (index and _is_turn(tokens[index - 1])):
        last = _last_turn(tokens, index)
        if last > index:
            yield Span(index, last, "turns", announced)


def _is_turn(token: Token) -> bool:
    return token.word in cues().directions or _TURN.fullmatch(token.word) is not None


def _last_turn(tokens: list[Token], index: int) -> int:
    """The last token of at least two turns that begin at `index`; `index` when none do."""
    directions = cues().directions
    kinds: list[str] = []
    last = index
    for at in range(index, min(index + _MOST_TURN_TOKENS, len(tokens))):
        token = tokens[at]
        kind = "side" if token.word in directions else "turn" if _TURN.fullmatch(token.word) else ""
        if kind and (not kinds or kind != kinds[-1]):
            kinds.append(kind)
            last = at
        elif kind or token.line > tokens[index].line + 1 or len(token.bare) > _LONGEST_LINK:
            break
    return last if min(kinds.count("side"), kinds.count("turn")) >= _LEAST_TURNS else index


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


def _ends_sentence(bare: str) -> bool:
    """Whether a token is a word at the end of a question or an exclamation: "really?!"."""
    word = bare.rstrip("?!")
    return word.isalpha() and (word.islower() or word[1:].islower() or word.isupper())


def _group_end(tokens: list[Token], index: int, shape: str, pattern: re.Pattern[str]) -> int:
    """The last token of a group that begins at `index`; the one before it when none begins."""
    if not pattern.fullmatch(tokens[index].bare):
        return index - 1
    last = index
    limit = min(index + 24, len(tokens))
    while last + 1 < limit and _continues(tokens[last], tokens[last + 1], shape, pattern):
        last += 1
    return last


def _continues(token: Token, following: Token, shape: str, pattern: re.Pattern[str]) -> bool:
    """Whether the following token is the next part of the same group: one space further.

    Parts of letters are equally long: "kzpw hfue qlat mxrd".
    """
    return (
        following.start - token.end <= 2
        and following.line == token.line
        and (shape == "figures" or len(token.bare) == len(following.bare))
        and pattern.fullmatch(token.bare) is not None
        and pattern.fullmatch(following.bare) is not None
    )


def _ends_in_figures(token: Token, following: Token) -> bool:
    """Whether a longer number begins with a token: "DE280 209 021"."""
    return (
        following.start - token.end <= 1
        and following.line == token.line
        and token.bare[-3:].isdigit()
        and not token.bare.isdigit()
    )


def _is_group(tokens: list[Token], first: int, last: int, shape: str) -> bool:
    """Whether parts make a combination, or an application password.

    Words of a sentence may be equally long, too: "cool cool cool", "second option sounds".
    """
    parts = [tokens[at].bare for at in range(first, last + 1)]
    if shape == "figures":  # neither a list, "94 95 96 97 98 99", nor a vector, "1 2 3"
        longest = max(map(len, parts))
        return longest > 1 and (longest > 2 or len(parts) <= _MOST_TURNS)
    if len(parts) < (4 if len(parts[0]) == 3 else 3):
        return False
    odd = sum(bool(_UNSPEAKABLE.search(part)) for part in parts)
    return odd >= (1 if len(parts) > 3 else 2)


def _is_common(bare: str) -> bool:
    """Whether a token is common where nothing announces a secret.

    "roads!see", "BobTheGreat", "800*600", "100-200", "id=1150540", "2.6.10-5"
    """
    return not any(map(str.isdigit, bare)) or "=" in bare or bool(_MEASURE.fullmatch(bare))


def _phrase_end(tokens: list[Token], index: int) -> int:
    """The last token of a phrase that begins at `index` and is set off; `index` when none is."""
    token = tokens[index]
    first = token.bare
    if not (PLAIN.fullmatch(first) or _NUMBERED.fullmatch(first)):
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
    return bool(PLAIN.fullmatch(following.bare) or _NUMBERED.fullmatch(following.bare))
