"""Values for the phrases of `planted/unseen.yaml`: secrets by kind. Nothing here is real."""

import random
import string
from collections.abc import Callable

from maverick_assets_tests.corpora.drawn_values import (
    HARMLESS_VALUES,
    SECRET_VALUES,
    Draw,
    digits,
    grouped,
    letters,
    token,
)
from maverick_assets_tests.corpora.files import read_corpus

_WORDS: list[str] = read_corpus("planted/any_language.yaml")["recovery_words"]
_INVENTED = [
    "Butter",
    "Kirsche",
    "velo",
    "Bernard",
    "copper",
    "Sardine",
    "ostrich",
    "plume",
    "marlene",
    "Zitrone",
    "quark",
    "pelican",
    "Hamster",
    "jardin",
    "nuage",
    "tornado",
    "sirup",
    "Olive",
    "camion",
    "basilico",
    "perro",
    "Lluvia",
    "manteiga",
    "klomp",
]
_FIRST_NAMES = ("Dana", "Joris", "Mireille", "Paolo", "Agata", "Svea", "Tom")
_UPPER = string.ascii_uppercase + string.digits


def _invented(rng: random.Random) -> str:
    word, other = rng.sample(_INVENTED, 2)
    year = rng.randint(1975, 2031)
    return rng.choice(
        [
            f"{word}{year}!",
            f"{word.lower()}{rng.randint(1, 99)}",
            f"{word}.{other}.{rng.randint(1, 99)}",
            f"{word}&{other}",
            f"{word[:3]}{other[:3].upper()}{rng.randint(10, 99)}{rng.choice('!#$%')}",
            f"{rng.randint(10, 99)}{word.lower()}{other.title()}",
            f"!{word}{rng.randint(0, 9)}{other}",
            f"{word.replace('a', '@').replace('o', '0')}{rng.randint(1, 9)}x",
            token(rng, 10) + "9!",
            f"{word}-{rng.randint(100, 999)}-{other}",
            "Xq" + letters(rng, 4, string.ascii_lowercase) + rng.choice("#?%") + digits(rng, 2),
        ]
    )


def _passphrase(rng: random.Random) -> str:
    words = rng.sample([word.lower() for word in _INVENTED] + _WORDS, rng.choice([4, 4, 5]))
    return " ".join(words)


def _groups(rng: random.Random) -> str:
    return grouped(letters(rng, 16, string.ascii_lowercase), 4, " ")


def _safe(rng: random.Random) -> str:
    a, b, c = (rng.randint(0, 99) for _ in range(3))
    return rng.choice(
        [
            f"{a:02d}-{b:02d}-{c:02d}",
            f"{a:02d} {b:02d} {c:02d}",
            f"L{a} R{b} L{c}",
            f"{a:02d}/{b:02d}/{c:02d}",
            digits(rng, 4),
            f"{a}R-{b}L-{c}R",
        ]
    )


def _door(rng: random.Random) -> str:
    return rng.choice(
        [
            digits(rng, 4),
            digits(rng, 6),
            "#" + digits(rng, 4),
            digits(rng, 4) + "*",
            "A" + digits(rng, 4),
            digits(rng, 4) + "E",
        ]
    )


def _words(rng: random.Random) -> str:
    return " ".join(rng.choices(_WORDS + [word.lower() for word in _INVENTED], k=12))


def _codes(rng: random.Random) -> str:
    size = rng.choice(["4 4", "8", "5-5"])
    lines: dict[str, Callable[[], str]] = {
        "4 4": lambda: f"{digits(rng, 4)} {digits(rng, 4)}",
        "8": lambda: digits(rng, 8),
        "5-5": lambda: "-".join(letters(rng, 5, "0123456789abcdef") for _ in range(2)),
    }
    line = lines[size]
    return "\n".join(line() for _ in range(4))


def _key(rng: random.Random) -> str:
    return rng.choice(
        [
            token(rng, 24),
            token(rng, 40),
            letters(rng, 32, "0123456789abcdef"),
            f"{letters(rng, 3, string.ascii_lowercase)}_{token(rng, 28)}",
            f"sk-or-v1-{letters(rng, 64, '0123456789abcdef')}",
            f"gsk_{token(rng, 52)}",
            f"xai-{token(rng, 80)}",
            f"phc_{token(rng, 43)}",
            f"dckr_pat_{token(rng, 27)}",
            f"rnd_{token(rng, 32)}",
            f"re_{token(rng, 8)}_{token(rng, 24)}",
            f"sbp_{letters(rng, 40, '0123456789abcdef')}",
            f"pk.eyJ{token(rng, 60)}.{token(rng, 22)}",
            f"tskey-auth-{token(rng, 12)}CNTRL-{token(rng, 32)}",
            f"xkeysib-{letters(rng, 64, '0123456789abcdef')}-{token(rng, 16)}",
            f"AKIA{letters(rng, 16, _UPPER)}",
        ]
    )


def _iban(rng: random.Random) -> str:
    """An IBAN whose check digits may be wrong, with spaces as people put them."""
    number = rng.choice(["DE", "FR", "ES", "NL", "IT", "PL"])
    number += digits(rng, 2) + ("RABO" if number == "NL" else "")
    number += digits(rng, {"DE": 18, "FR": 23, "ES": 20, "IT": 23, "PL": 24}.get(number[:2], 10))
    cuts = [number[:4], number[4:7], number[7:13], number[13:]]
    return rng.choice(
        [
            number,
            grouped(number, 4, " "),
            grouped(number, 2, " "),
            " ".join(cuts),
            grouped(number, 4, "-"),
            number.lower(),
            grouped(number, 4, "."),
        ]
    )


def _licence(rng: random.Random) -> str:
    return rng.choice(
        [
            grouped(letters(rng, 25, _UPPER), 5, "-"),
            grouped(letters(rng, 16, _UPPER), 4, "-"),
            grouped(digits(rng, 20), 5, "-"),
        ]
    )


def _tax(rng: random.Random) -> str:
    return rng.choice(
        [
            f"{rng.randint(100, 665)} {digits(rng, 2)} {digits(rng, 4)}",
            f"{rng.randint(100, 665)}-{digits(rng, 2)}-{digits(rng, 4)}",
            digits(rng, 11),
        ]
    )


def _answer(rng: random.Random) -> str:
    return rng.choice(["Brandhuber", "Rosalind", "Kermit", "Wilmot Lane", "Snowflake", "Okonjo"])


UNSEEN_VALUES: dict[str, Draw] = {
    "password": _invented,
    "passphrase": _passphrase,
    "groups": _groups,
    "pin": SECRET_VALUES["pin"][0],
    "safe": _safe,
    "door": _door,
    "words": _words,
    "codes": _codes,
    "key": _key,
    "card": SECRET_VALUES["card"][0],
    "iban": _iban,
    "otp": SECRET_VALUES["otp"][0],
    "licence": _licence,
    "wifi": _invented,
    "tax": _tax,
    "answer": _answer,
}


def _user(rng: random.Random) -> str:
    return rng.choice(["allan", "a.reyes", "svc-web", "buero", "mk42", "root"])


CLEAN_VALUES: dict[str, Draw] = HARMLESS_VALUES | {
    "user": _user,
    "first": lambda rng: rng.choice(_FIRST_NAMES),
    "mail": lambda rng: f"{_user(rng)}@testpilot.example",
    "login": lambda rng: (
        f"{_user(rng)}@{rng.choice(['10.0.4.12', 'db1.acme.example', 'nas.local'])}"
    ),
    "part": lambda rng: rng.choice(
        [
            f"AX-{digits(rng, 4)}-B",
            f"{digits(rng, 3)}.{digits(rng, 3)}.{digits(rng, 2)}",
            f"TR{digits(rng, 5)}K",
            f"{letters(rng, 3, string.ascii_uppercase)}{digits(rng, 6)}",
        ]
    ),
    "isbn": lambda rng: (
        f"978-{rng.randint(0, 9)}-{digits(rng, 4)}-{digits(rng, 4)}-{digits(rng, 1)}"
    ),
    "meeting": lambda rng: grouped(digits(rng, 9), 3, " "),
    "booking": lambda rng: letters(rng, 6, _UPPER),
}
