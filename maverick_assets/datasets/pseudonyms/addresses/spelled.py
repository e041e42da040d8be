"""Addresses that people spell, so that no program reads them: `dana (at) acme (dot) example`."""

import re
from collections.abc import Iterator

from maverick_assets.datasets.pseudonyms.addresses.written import WrittenAddress

# The sign and the full stop in words, by language: what stands for one in a sentence goes with that
# language's other, as English has "at some point in". To add a language, add its words.
_SPOKEN = (
    ("at", "dot"),  # English
    ("ät|at|klammeraffe", "punkt"),  # German
    ("arobase|arrobase|arobas", "point"),  # French
    ("arroba", "punto|ponto"),  # Spanish, Portuguese
    ("chiocciola", "punto"),  # Italian
    ("apenstaartje|apestaart", "punt"),  # Dutch
    ("małpa|malpa", "kropka"),  # Polish
    ("snabel-?a|krøllalfa|kanelbulle", "punktum|punkt|prikk|dot"),  # Danish, Norwegian, Swedish
    ("zavináč|zavinac", "tečka|tecka|bodka"),  # Czech, Slovak
    ("собака|собачка", "точка"),  # Russian
    ("kukac", "pont"),  # Hungarian
)
_AT_WORDS = "|".join(at for at, _ in _SPOKEN)
_DOT_WORDS = "|".join(dot for _, dot in _SPOKEN)
_IN_BRACKETS = rf"{_AT_WORDS}|a t|bei|chez|@|a"  # some mean something else in a sentence
_OPEN, _CLOSE = r"[\[({<]{1,2} ?", r" ?[\])}>]{1,2}[ \t]?"
_LABEL = r"[^\W_](?:[^\W_]|-){0,40}"
_WORD = r"[^\W_][\w+'-]{0,40}"
_DOT = (
    rf"(?:\.|[ \t]?{_OPEN}(?:{_DOT_WORDS}|\.){_CLOSE}|[ \t](?:{_DOT_WORDS})[ \t]|[_-]dot[_-]"
    r"|[ ]\.[ ])"
)
# From the sign on, and words of which a text must hold one: looking for these is fast. What stands
# in front of the sign is looked for where an expression matches.
_FORMS = (
    # "dana (at) acme (dot) example", "dana[at]acme.example", "dana (@) acme.example"
    (
        rf"[ \t]?{_OPEN}(?:{_IN_BRACKETS}){_CLOSE}(?P<domain>{_LABEL}(?:{_DOT}{_LABEL}){{1,4}})",
        ("(", "[", "{", "<"),
    ),
    # "dana at acme dot example", "dana.cole arroba acme punto example"
    *(
        (
            rf"[ \t](?:{at})[ \t](?P<domain>{_LABEL}(?:[ \t](?:{dot})[ \t]{_LABEL}){{1,4}})",
            tuple(f"{word} " for word in dot.split("|")),
        )
        for at, dot in _SPOKEN
    ),
    # "dana_at_acme_dot_example", "dana-at-acme.example"
    (
        rf"(?<=[^\W_])[_-]at[_-](?P<domain>{_LABEL}?(?:(?:[_-]dot[_-]|\.){_LABEL}?){{1,4}})(?!\w)",
        ("_at_", "-at-"),
    ),
    # "dana @ acme.example", "dana . cole @ acme . example", "dana@\nacme.example"
    (
        r"(?:[ \t]@[ \t]|@[ \t]|@\r?\n[> ]{0,3})"
        rf"(?P<domain>{_LABEL}(?:(?:\.|[ ]\.[ ]){_LABEL}){{1,4}})",
        ("@",),
    ),
)
# Behind a name with a full stop alone: "dana.cole at acme.example", "dana.cole @acme.example"
_BEHIND_NAME = re.compile(
    rf"(?:[ _-](?:{_AT_WORDS})[ _-]|[ ]@)(?P<domain>{_LABEL}(?:\.{_LABEL}){{1,4}})", re.IGNORECASE
)
_BEHIND_NAME_HINTS = (" @", *(word.replace("-?", "") for word in _AT_WORDS.split("|")), "snabel-a")
_PATTERNS = tuple((re.compile(form, re.IGNORECASE), hints) for form, hints in _FORMS)
_BEFORE = re.compile(rf"(?<![\w.+'-])(?:{_WORD}(?:{_DOT}{_WORD}){{0,3}})\Z", re.IGNORECASE)
_DOTTED_NAME = re.compile(r"(?<![\w.+'-])[^\W\d_]{1,30}(?:\.[^\W\d_]{2,30}){1,2}\Z")
_LONGEST_BEFORE = 120
_SPELLED_DOT = re.compile(_DOT, re.IGNORECASE)
# Words in front of "at amazon dot com" that are no part of an address. To add another language, add
# its words here.
_VERBS_TEXT = """
a an and are at available bought breakfast buy cheaper coffee dinner down found he her here him home
i in information is it listed look looked looking lunch me meet met of on online or out page posted
price prices see seen she shop site sold the them there they up us visit was we were work worked
working works you
"""
_VERBS = frozenset(_VERBS_TEXT.split())
_MIN_LETTERS = 2  # of a top-level domain


def spelled_addresses(text: str) -> Iterator[WrittenAddress]:
    """Addresses with words or blanks around or in place of the sign and the full stop."""
    lowered = text.lower()
    for pattern, hints in _PATTERNS:
        if any(hint in lowered for hint in hints):
            yield from _addresses(text, pattern, _BEFORE)
    if any(hint in lowered for hint in _BEHIND_NAME_HINTS):
        yield from _addresses(text, _BEHIND_NAME, _DOTTED_NAME)


def _addresses(
    text: str, pattern: re.Pattern[str], before: re.Pattern[str]
) -> Iterator[WrittenAddress]:
    for match in pattern.finditer(text):
        left = before.search(text, max(0, match.start() - _LONGEST_BEFORE), match.start())
        if left is None:
            continue
        local = _SPELLED_DOT.sub(".", left.group())
        domain = _SPELLED_DOT.sub(".", match["domain"])
        ending = domain.rpartition(".")[2]
        if local.lower() in _VERBS or not ending.isalpha() or len(ending) < _MIN_LETTERS:
            continue
        yield WrittenAddress(left.start(), match.end(), f"{local}@{domain}", str)
