"""What the classifier knows of a span: its shape, what it ties to, what stands around.

Each fact is a string; its hash is a row of the model. Words count by themselves and by their class,
so that what is learnt of one language's "password" holds for all of them.
"""

import re
from collections import Counter
from functools import lru_cache
from itertools import pairwise
from math import log2
from zlib import crc32

from maverick_assets.datasets.secrets.classifier.cues import cues
from maverick_assets.datasets.secrets.classifier.spans import Span, is_set_off
from maverick_assets.datasets.secrets.classifier.tokens import Token
from maverick_assets.datasets.secrets.patterns import words as vocabulary_words
from maverick_assets.datasets.secrets.rules import listed

BUCKETS = 1 << 14
LEXICAL = ("before ", "after ")  # how facts begin that hold a word around the span
_BEFORE, _AFTER = 7, 5  # words around a span that count
_FAR = 16  # tokens before it whose classes count
_AHEAD = 8  # tokens after it whose classes count
_LINES = 3  # lines above it whose classes count

# Words of sentences, which a passphrase or a list of words for a wallet hardly has.
_COMMON = vocabulary_words(
    "grammar", "is_", "links", "prepositions", "adverbs", "this", "as_", "before_figure"
) | frozenset(
    listed(
        "of you we they it he she by be have has will would can if so what who my me on an or at"
        " do all this there ich du wir sie ein eine für dem des zu von nicht je tu nous vous il"
        " une un pas pour dans sur yo no una los las por para io non di per che si eu um uma os as"
        " não ik een het van voor niet jag vi en ett som på jeg et af nie się jest na"
    )
)
_RUN = re.compile(r"([A])A*|([a])a*|([9])9*|(.)")
_KINDS = (
    ("date", re.compile(r"\d{1,4}([./-])\d{1,2}\1\d{1,4}|\d{1,2}[./]\d{1,2}\.?")),
    ("time", re.compile(r"\d{1,2}[:.h]\d{2}(?::\d\d)?(?:am|pm|h)?|\d{1,2}(?:am|pm|h)", re.I)),
    ("year", re.compile(r"(?:19|20)\d\d")),
    ("price", re.compile(
        r"[$€£]\S*\d\S*|\d\S*[$€£]|\d+[.,]\d\d|\d{1,3}(?:[.,]\d{3})+(?:[.,]\d\d)?"
    )),
    ("percent", re.compile(r"\d[\d.,]*%")),
    ("phone", re.compile(r"\+\d[\d()/ .-]{5,}|\(?0?\d{2,5}\)?[/-]\d[\d-]{4,}")),
    ("version", re.compile(r"v?\d+(?:\.\d+){1,4}(?:[-.]?[a-z]+\d*)?")),
    ("address", re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    ("host", re.compile(r"[\w.+-]+@\S+")),
    ("web", re.compile(r"(?:https?:|www\.|ftp:)\S*", re.I)),
    ("file", re.compile(r"[\w.~-]*[/\\][\w/\\.~-]*|[\w-]+\.[a-z]{2,4}\d?", re.I)),
    ("uuid", re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.I)),
    ("hex", re.compile(r"(?=[a-f]*\d)[0-9a-f]{7,}")),
    ("mention", re.compile(r"[#@]\w+")),
    ("part", re.compile(r"[A-Z]{2,5}-?\d{2,8}[A-Z]?")),
    ("ordinal", re.compile(r"\d+(?:st|nd|rd|th|er|e|º|ª)")),
    ("measure", re.compile(
        r"\d[\d.,]*(?:kb|mb|gb|tb|ms|s|min|m|mm|cm|km|kg|g|k|x|kr|w|v|hz|px|pt)", re.I
    )),
    ("code", re.compile(
        r".*[(){};]\S*|\S*(?:::|\(\)|==|=>|->|\+=)\S*|[a-z]+(?:_[a-z]+)+|--?[a-z-]+"
    )),
    ("licence", re.compile(r"[A-Z0-9]{4,6}(?:-[A-Z0-9]{4,6}){2,6}")),
    ("turns", re.compile(r"[LR]?\d{1,2}[LR]?(?:[-/. ][LR]?\d{1,2}[LR]?){2,3}", re.I)),
    ("hyphened", re.compile(r"[^\W\d_]+(?:[-'\u2019/][^\W\d_]+)+")),
    ("dotted", re.compile(r"(?:[^\W\d_]+\.)+[^\W\d_]*")),
)  # fmt: skip
_ASK = "?\uff1f;"
_VOWELS = frozenset(
    "aeiouyäöüåæøéèêáàâíìîóòôúùû"
    # Cyrillic and Greek, which have letters that look Latin
    "\u0430\u0435\u0438\u043e\u0443ыэюя\u0456їє\u03b1εη\u03b9\u03bf\u03c5ωάέήίόύώ"
)
_CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxzß]+")


def feature_ids(text: str, tokens: list[Token], span: Span) -> list[int]:
    """The rows of the model for a span, each below BUCKETS."""
    return [row_of(fact) for fact in facts_of(text, tokens, span)]


def context_key(text: str, tokens: list[Token], span: Span) -> tuple[object, ...]:
    """All that the facts of a span are made from: spans of one text with equal keys have them in
    common."""
    start = max(span.first - _FAR - 1, 0)
    around = tokens[start : span.last + _AHEAD + 1]
    first, last = tokens[span.first], tokens[span.last]
    return (
        span.shape,
        span.announced,
        span.first - start,
        span.last - span.first,
        text[first.start : last.end + 1],
        *(token.text for token in around),
        *(token.line - first.line for token in around),
    )


@lru_cache(maxsize=1 << 16)  # most facts of a span were facts of another one
def row_of(fact: str) -> int:
    return crc32(fact.encode("utf-8", "surrogatepass")) % BUCKETS


def facts_of(text: str, tokens: list[Token], span: Span) -> list[str]:
    """What is known of a span."""
    first, last = tokens[span.first], tokens[span.last]
    value = text[first.start : last.end]
    strength = _strength(value, span, tokens)
    before, after = _classes(tokens, span)
    place = _place(text, tokens, span)
    return [
        f"span {span.shape}",
        f"strength {strength}",
        *_shape(value, span, tokens),
        *_words(tokens, span),
        *before,
        *after,
        *(f"{strength} {fact}" for fact in (*before, *after, *place[:5])),
        *place,
    ]


def _strength(value: str, span: Span, tokens: list[Token]) -> str:
    """How much a value looks like a secret, whatever stands around."""
    if span.shape in ("phrase", "letters"):
        words = [tokens[at].word for at in range(span.first, span.last + 1)]
        common = sum(word in _COMMON for word in words)
        return f"{span.shape} {min(len(words), 12) // 3} {min(common, 2)}"
    if span.shape in ("spelled", "turns"):
        return span.shape
    if ordinary := _kinds_of(value):
        return ordinary[0]
    if all(char.isdigit() or char in " -#*" for char in value):
        return f"figures {min(sum(map(str.isdigit, value)), 9)}"
    letters, digits = sum(map(str.isalpha, value)), sum(map(str.isdigit, value))
    signs = len(value) - letters - digits
    both_cases = not (value.islower() or value.isupper())
    kinds = (letters > 0) + (digits > 0) + (signs > 0) + both_cases
    return f"mixed {kinds} {min(len(value) // 4, 4)}" if digits or signs else f"word {both_cases}"


@lru_cache(maxsize=20_000)
def _kinds_of(value: str) -> tuple[str, ...]:
    """The kinds of ordinary values that a value has the shape of."""
    return tuple(name for name, kind in _KINDS if kind.fullmatch(value))


@lru_cache(maxsize=20_000)
def _characters(value: str) -> tuple[str, ...]:
    """What the characters of a value say."""
    classes = "".join(
        "9" if char.isdigit() else "A" if char.isupper() else "a" if char.isalpha() else char
        for char in value[:60]
    )
    pattern = "".join(filter(None, (part for run in _RUN.findall(classes) for part in run)))
    length = len(value)
    digits, upper = classes.count("9"), classes.count("A")
    signs = sorted(set(classes) - set("9Aa"))
    changes = sum(a != b for a, b in pairwise(classes))
    facts = [
        f"pattern {pattern[:12]}",
        f"end {pattern[-3:]}",
        f"length {min(length, 12)}",
        f"long {length.bit_length()}",
        f"digits {min(digits, 9)} of {min(length, 12)}",
        f"upper {min(upper, 4)} lower {min(classes.count('a'), 4)} digits {min(digits, 4)}",
        f"signs {''.join(signs)[:6]}",
        f"changes {min(changes, 12)}",
        f"entropy {int(2 * _entropy(value[:60]))}",
        *(f"sign {sign}" for sign in signs),
    ]
    facts += [f"is {name}" for name in _kinds_of(value)]
    lowered = value[:200].lower()
    vowels = sum(char in _VOWELS for char in lowered)
    facts.append(f"vowels {5 * vowels // max(sum(map(str.isalpha, lowered)), 1)}")
    facts.append(f"consonants {min(max(map(len, _CONSONANTS.findall(lowered)), default=0), 7)}")
    return tuple(facts)


def _shape(value: str, span: Span, tokens: list[Token]) -> list[str]:
    facts = [*_characters(value)]
    if span.first == span.last:
        word = tokens[span.first]
        lowered = value[:16].lower()
        facts += [f"begins {lowered[:3]}", f"named {word.name}"]
        if len(value) <= 4 or span.shape == "word":
            facts.append(f"whole {lowered}")
    else:
        words = [tokens[at] for at in range(span.first, span.last + 1)]
        facts += [
            f"count {min(len(words), 14)}",
            f"sizes {'-'.join(str(len(w.bare)) for w in words[:6])}",
        ]
        short = sum(len(word.bare) <= 2 for word in words)
        facts += [f"short {4 * short // len(words)}", f"kinds {len({len(w.bare) for w in words})}"]
        facts += [f"in {word.word}" for word in words[:14] if len(word.word) <= 4]
        facts += [f"in class {word.name}" for word in words if word.name]
    return facts


def _entropy(value: str) -> float:
    """Bits per character."""
    total = len(value)
    return -sum(n / total * log2(n / total) for n in Counter(value).values())


def _words(tokens: list[Token], span: Span) -> list[str]:
    """The words around."""
    first, last = tokens[span.first], tokens[span.last]
    facts = []
    for distance in range(1, min(_BEFORE, span.first) + 1):
        token = tokens[span.first - distance]
        same = "" if token.line == first.line else "above "
        facts.append(f"before {same}{token.word[:12]}")
        if distance <= 2:
            facts.append(f"before {distance} {same}{token.word[:12]}{token.text[-1]}")
    for distance in range(1, min(_AFTER, len(tokens) - 1 - span.last) + 1):
        token = tokens[span.last + distance]
        same = "" if token.line == last.line else "below "
        facts.append(f"after {same}{token.word[:12]}")
        if distance == 1:
            facts.append(f"after 1 {same}{token.word[:12]}")
    return facts


def _classes(tokens: list[Token], span: Span) -> tuple[list[str], list[str]]:
    """The nearest word of each class before the span and after it, with its distance."""
    first, last = tokens[span.first], tokens[span.last]
    before: dict[str, list[str]] = {}
    for distance in range(1, min(_FAR, span.first) + 1):
        token = tokens[span.first - distance]
        lines = first.line - token.line
        if lines > _LINES:
            break
        name = token.name or ("address" if "@" in token.bare else "")
        if name and name not in before:
            before[name] = [f"{name} {_near(distance)} {min(lines, 2)}", f"{name} earlier"]
    after: dict[str, list[str]] = {}
    for distance in range(1, min(_AHEAD, len(tokens) - 1 - span.last) + 1):
        token = tokens[span.last + distance]
        if token.line > last.line + 1:
            break
        if token.name and token.name not in after:
            after[token.name] = [f"{token.name} later {_near(distance)}", f"{token.name} later"]
    announcing = cues().announcing
    named = sorted(name for name in before if name in announcing)
    others = sorted(set(before) - set(named))
    return (
        [
            f"classes {'+'.join(named)}",
            f"other classes {'+'.join(others)}",
            f"announced {bool(named)} {span.announced}",
            *(fact for both in before.values() for fact in both),
        ],
        [
            f"classes later {'+'.join(sorted(after))}",
            *(fact for both in after.values() for fact in both),
        ],
    )


def _near(distance: int) -> str:
    return "next" if distance == 1 else "near" if distance <= 3 else "far"


def _place(text: str, tokens: list[Token], span: Span) -> list[str]:
    """Signs beside the span, and where it stands in its line."""
    first, last = tokens[span.first], tokens[span.last]
    gap_before = tokens[span.first - 1] if span.first else None
    following = tokens[span.last + 1] if span.last + 1 < len(tokens) else None
    opening = first.text[: first.text.find(first.bare)]
    begins = gap_before is None or gap_before.line != first.line
    ends = following is None or following.line != last.line
    sign = "start" if gap_before is None else "line" if begins else _sign(gap_before)
    facts = [
        f"sign before {sign}",
        f"opening {opening}",
        f"sign {sign} opening {opening} {span.shape}",
        f"after it {text[last.end : last.end + 1].strip() or 'space'}",
        f"line {begins} {ends}",
        f"set off {is_set_off(tokens, span.first)}",
        f"size {len(tokens).bit_length()}",
    ]
    if begins and gap_before is not None:
        mark = gap_before.text[-1]
        facts.append(
            f"line above ends {'?' if mark in _ASK else mark if not mark.isalnum() else 'a'}"
        )
        above = gap_before.name
        facts.append(f"line above {above} {ends}")
    if ends and following is None:
        facts.append("end of text")
    elif following is not None and ends:
        facts.append(f"line below {following.shaped}")
    shaped = sum(
        token.shaped
        for token in tokens[max(span.first - 5, 0) : span.last + 6]
        if token.line == first.line
    )
    facts.append(f"shaped around {min(shaped, 6)}")
    return facts


def _sign(token: Token) -> str:
    """The sign that ends a token or is one; "" for a word."""
    mark = token.text[-1]
    return token.text[:3] if not token.bare[0].isalnum() else "" if mark.isalnum() else mark
