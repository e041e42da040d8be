"""Street addresses in text, as they are written in ten languages.

To add a language, add its words for streets to the `_Layout` that has its word order, with a sample
line, and the same words to that layout's `signs`; another word order is another `_Layout`.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from maverick_assets.datasets.pseudonyms.replacements import Replacement, apply_replacements


class _Layout(NamedTuple):
    """How some languages write a street with a house number.

    The groups `number` and `name` are replaced; the rest of a match, such as the kind of street,
    stays.
    """

    pattern: re.Pattern[str]
    signs: str  # words of which every match contains one: looking for these is fast
    is_compound: bool = False  # the kind of street is the end of the name's word


_WORD = r"[A-ZÀ-Þ][\w'\u2019]{1,24}"

_LAYOUTS = (
    # English: "1600 Amphitheatre Parkway", "14b N. Oak Hill Drive", "221B Baker St"
    _Layout(
        re.compile(
            r"(?<![\w.,-])(?P<number>\d{1,5}[A-Za-z]?) "
            rf"(?P<name>(?:[NSEW]\.? )?{_WORD}(?: {_WORD}){{0,2}}?) "
            r"(?P<kind>Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Way"
            r"|Place|Pl|Square|Sq|Terrace|Parkway|Pkwy|Crescent)\b"
        ),
        "St Ave Ro Rd B Lane Ln D Court Ct Way Pl Sq Ter Park Pkwy Cres",
    ),
    # German: "Lindenstraße 12", "Goethestr. 4a", "Königsplatz 1"
    # Dutch: "Keizerstraat 12", "Beethovenlaan 4"   Danish: "Nørregade 7", "Skovvej 3"
    # Swedish: "Kungsgatan 4", "Skolvägen 15"
    _Layout(
        re.compile(
            r"(?<!\w)(?P<name>[A-ZÄÖÜÅÆØ][^\W\d_]{1,24}?)"
            r"(?P<kind>straße|strasse|str\.|gasse|platz|allee|straat|laan|gade|gatan|vägen|vej) "
            r"(?P<number>\d{1,4}[a-z]?)(?!\w)"
        ),
        "straße strasse str. gasse platz allee straat laan gade gatan vägen vej",
        is_compound=True,
    ),
    # French: "12 rue de la Paix", "5, avenue Montaigne", "8 quai Branly"
    _Layout(
        re.compile(
            r"(?<![\w.,-])(?P<number>\d{1,4})"
            r"(?P<kind>,? (?:rue|avenue|boulevard|place|chemin|allée|quai) "
            rf"(?:de la |de l['\u2019]|des |du |de )?)(?P<name>{_WORD}(?: {_WORD}){{0,2}})"
        ),
        "rue avenue boulevard place chemin allée quai",
    ),
    # Spanish: "Calle de la Rosa, 5", "Avenida América 12"   Italian: "Via Garibaldi 3"
    # Portuguese: "Rua dos Reis 10", "Largo do Carmo 2"      Polish: "ul. Nowa 7", "ulica Długa 1"
    _Layout(
        re.compile(
            r"(?<!\w)(?P<kind>(?:Calle|Avenida|Plaza|Via|Viale|Piazza|Rua|Largo|ul\.|ulica) "
            r"(?:de la |de los |de |della |dei |di |da |do |dos )?)"
            rf"(?P<name>{_WORD}(?: {_WORD}){{0,2}})(?P<gap>,? )(?P<number>\d{{1,4}})(?!\w)"
        ),
        "Calle Avenida Plaza Via Piazza Rua Largo ul",
    ),
)
_PUBLIC = frozenset(["Wall"])  # the market, not an address

# Takes an address in lower case, and returns the house number and the name of its surrogate.
StreetSurrogate = Callable[[str], tuple[int, str]]


def street_addresses(text: str, surrogate: StreetSurrogate) -> Iterator[Replacement]:
    """The replacement of each street with a house number; the kind of street stays."""
    for layout in _LAYOUTS:
        if not any(sign in text for sign in layout.signs.split()):
            continue
        for match in layout.pattern.finditer(text):
            if match["name"] in _PUBLIC:
                continue
            number, name = surrogate(" ".join(match.group().lower().split()))
            if layout.is_compound:  # `Brandelwickestraße` would be no word
                name = name.removesuffix("e")
            yield _with_groups(match, {"number": str(number), "name": name})


def _with_groups(match: re.Match[str], groups: dict[str, str]) -> Replacement:
    """The replacement of a match in which some groups have another text."""
    offset = match.start()
    inner = (
        Replacement(match.start(group) - offset, match.end(group) - offset, new)
        for group, new in groups.items()
    )
    return Replacement(*match.span(), apply_replacements(match.group(), inner))
