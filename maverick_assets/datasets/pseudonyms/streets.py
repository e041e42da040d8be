"""Street addresses in text, as they are written in eight languages."""

import re
from collections.abc import Callable, Iterator

_WORD = r"[A-ZÀ-Þ][\w'\u2019]{1,24}"
_ENGLISH = re.compile(
    r"(?<![\w.,-])(?P<number>\d{1,5}[A-Za-z]?) "
    rf"(?P<name>(?:[NSEW]\.? )?{_WORD}(?: {_WORD}){{0,2}}?) "
    r"(?P<kind>Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Way|Place|Pl"
    r"|Square|Sq|Terrace|Parkway|Pkwy|Crescent)\b"
)
_GERMANIC = re.compile(
    r"(?<!\w)(?P<name>[A-ZÄÖÜÅÆØ][^\W\d_]{1,24}?)"
    r"(?P<kind>straße|strasse|str\.|gasse|platz|allee|straat|laan|gade|gatan|vägen|vej) "
    r"(?P<number>\d{1,4}[a-z]?)(?!\w)"
)
_FRENCH = re.compile(
    r"(?<![\w.,-])(?P<number>\d{1,4})(?P<kind>,? (?:rue|avenue|boulevard|place|chemin|allée|quai) "
    rf"(?:de la |de l['\u2019]|des |du |de )?)(?P<name>{_WORD}(?: {_WORD}){{0,2}})"
)
_SOUTHERN = re.compile(
    r"(?<!\w)(?P<kind>(?:Calle|Avenida|Plaza|Via|Viale|Piazza|Rua|Largo|ul\.|ulica) "
    r"(?:de la |de los |de |della |dei |di |da |do |dos )?)"
    rf"(?P<name>{_WORD}(?: {_WORD}){{0,2}})(?P<gap>,? )(?P<number>\d{{1,4}})(?!\w)"
)
# Words of which a text that the expression matches has one: looking for these is fast.
_SIGNS = {
    _ENGLISH: "St Ave Ro Rd B Lane Ln D Court Ct Way Pl Sq Ter Park Pkwy Cres",
    _GERMANIC: "straße strasse str. gasse platz allee straat laan gade gatan vägen vej",
    _FRENCH: "rue avenue boulevard place chemin allée quai",
    _SOUTHERN: "Calle Avenida Plaza Via Piazza Rua Largo ul",
}
_PUBLIC = frozenset(["Wall"])  # the market, not an address

StandIn = Callable[[str], tuple[int, str]]


def streets(text: str, stand_in: StandIn) -> Iterator[tuple[int, int, str]]:
    """Start, end and replacement of each street with a house number; the kind of street stays.

    `stand_in` gives a number and a name for what is written (in lower case).
    """
    for pattern, signs in _SIGNS.items():
        for match in pattern.finditer(text) if any(sign in text for sign in signs.split()) else ():
            if match["name"] in _PUBLIC:
                continue
            number, name = stand_in(" ".join(match.group().lower().split()))
            new = {"number": str(number), "name": name}
            if pattern is _GERMANIC:
                new["name"] = name.removesuffix("e")
            parts = sorted((match.start(group), match.end(group), new[group]) for group in new)
            yield match.start(), match.end(), _filled(text, match.start(), match.end(), parts)


def _filled(text: str, start: int, end: int, parts: list[tuple[int, int, str]]) -> str:
    """`text[start:end]` with each part replaced."""
    pieces = []
    for first, last, new in parts:
        pieces += [text[start:first], new]
        start = last
    return "".join([*pieces, text[start:end]])
