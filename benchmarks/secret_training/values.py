"""Secrets for training texts, by kind, drawn from a generator.

They share no list and no code with those of the test corpora (`corpora/*_values.py`).
"""

import random
import string
from collections.abc import Callable
from pathlib import Path

import yaml

Draw = Callable[[random.Random], str]

LISTS: dict[str, str] = yaml.safe_load(
    Path(__file__).with_name("lists.yaml").read_text(encoding="utf-8")
)
_ONSETS, _VOWELS = LISTS["onsets"].split(), LISTS["vowels"].split()
_CODAS = LISTS["codas"].split() + [""] * 6
_LIKED, _PLAIN, NAMES = LISTS["liked"].split(), LISTS["plain"].split(), LISTS["names"].split()
UPPER = string.ascii_uppercase + string.digits
HEX = "0123456789abcdef"


def pick(rng: random.Random, chars: str, count: int) -> str:
    return "".join(rng.choices(chars, k=count))


def number(rng: random.Random, count: int) -> str:
    return pick(rng, string.digits, count)


def mixed(rng: random.Random, count: int) -> str:
    return pick(rng, string.ascii_letters + string.digits, count)


def cut(text: str, size: int, separator: str) -> str:
    return separator.join(text[at : at + size] for at in range(0, len(text), size))


def word(rng: random.Random) -> str:
    """A word, invented or liked."""
    if rng.random() < 0.4:
        return rng.choice(_LIKED)
    if rng.random() < 0.3:
        return rng.choice(_PLAIN)
    return "".join(
        rng.choice(_ONSETS) + rng.choice(_VOWELS) + rng.choice(_CODAS)
        for _ in range(rng.choice([2, 2, 3]))
    )


def _cased(rng: random.Random, text: str) -> str:
    return rng.choice([text, text, text.title(), text.title(), text.upper(), text.swapcase()])


def password(rng: random.Random) -> str:
    """A password as people invent it: words, figures, signs, in any order."""
    if rng.random() < 0.2:
        return pick(
            rng, string.ascii_letters + string.digits + "!#$%&*+-_=?@^~", rng.randint(6, 16)
        )
    if rng.random() < 0.12:
        return mixed(rng, rng.randint(7, 14))
    if rng.random() < 0.18:  # "tulip42"
        return f"{word(rng)}{rng.choice(['', '', '.', '-'])}{number(rng, rng.choice([2, 2, 3, 4]))}"
    parts: list[str] = [_cased(rng, word(rng))]
    if rng.random() < 0.45:
        parts.append(rng.choice(["", "", ".", "-", "_", "&", "+", "/", "#"]))
        parts.append(_cased(rng, word(rng))[: rng.choice([3, 4, 12])])
    if rng.random() < 0.75:
        figures = rng.choice([number(rng, 1), number(rng, 2), number(rng, 3), number(rng, 4)])
        figures = rng.choice([figures, str(rng.randint(1940, 2035))])
        parts.insert(rng.choice([0, len(parts), len(parts)]), figures)
    if rng.random() < 0.5 or len(parts) == 1:
        parts.insert(
            rng.choice([0, len(parts), len(parts)]),
            rng.choice("!!??#$%*+=@&") * rng.choice([1, 1, 2]),
        )
    text = "".join(parts)
    if rng.random() < 0.2:
        text = text.translate(str.maketrans("aeiost", "4310$7"))
    return text if len(text) > 4 else text + number(rng, 3)


def plain_password(rng: random.Random) -> str:
    return rng.choice([word(rng), _cased(rng, word(rng)), word(rng) + word(rng)])


def passphrase(rng: random.Random) -> str:
    words = [rng.choice([word(rng), rng.choice(_PLAIN)]) for _ in range(rng.randint(3, 7))]
    return rng.choice([" ", " ", " ", "-", "."]).join(words)


def groups(rng: random.Random) -> str:
    size, count = rng.choice([(4, 4), (4, 4), (4, 3), (5, 4), (4, 5), (3, 4)])
    return cut(pick(rng, string.ascii_lowercase, size * count), size, rng.choice("   -"))


def pin(rng: random.Random) -> str:
    return number(rng, rng.choice([4, 4, 4, 4, 5, 6, 8]))


def dial(rng: random.Random) -> str:
    """A combination of a safe or a lock."""
    turns = [
        f"{rng.randint(0, 99):{rng.choice(['d', '02d'])}}" for _ in range(rng.choice([3, 3, 4]))
    ]
    style = rng.randrange(5)
    if style == 0:
        return rng.choice("-/. ").join(turns)
    if style == 1:
        return " ".join(f"{'LR'[at % 2]}{turn}" for at, turn in enumerate(turns))
    if style == 2:
        return "-".join(f"{turn}{'RL'[at % 2]}" for at, turn in enumerate(turns))
    return " ".join(turns) if style == 3 else number(rng, rng.choice([3, 4, 4, 5, 6]))


def door(rng: random.Random) -> str:
    figures = number(rng, rng.choice([4, 4, 5, 6]))
    return rng.choice(
        [
            figures,
            figures,
            f"{figures}#",
            f"*{figures}",
            f"#{figures}",
            f"{figures}*",
            rng.choice("ABCEV") + figures,
            figures + rng.choice("ABCEV"),
            f"*{figures}#",
            f"{figures[:2]} {figures[2:]}",
        ]
    )


def seed(rng: random.Random) -> str:
    words = [rng.choice(_PLAIN) for _ in range(rng.choice([12, 12, 24, 18]))]
    if rng.random() < 0.2:
        return " ".join(
            f"{at}{rng.choice(['.', ')', ''])} {name}" for at, name in enumerate(words, 1)
        )
    return rng.choice([" ", " ", " ", ", "]).join(words)


def backup_codes(rng: random.Random) -> str:
    draw: Callable[[], str] = rng.choice(
        [
            lambda: f"{number(rng, 4)} {number(rng, 4)}",
            lambda: number(rng, 8),
            lambda: f"{pick(rng, HEX, 5)}-{pick(rng, HEX, 5)}",
            lambda: mixed(rng, 10).lower(),
            lambda: f"{number(rng, 3)} {number(rng, 3)}",
            lambda: f"{number(rng, 4)}-{number(rng, 4)}",
            lambda: pick(rng, UPPER, 8),
        ]
    )
    return rng.choice(["\n", "\n", "\n", ", ", "\n- "]).join(
        draw() for _ in range(rng.randint(2, 8))
    )


def key(rng: random.Random) -> str:
    start = pick(rng, string.ascii_lowercase, rng.randint(2, 5))
    body = rng.choice(
        [mixed(rng, rng.randint(16, 64)), pick(rng, HEX, rng.choice([24, 32, 40, 64]))]
    )
    return rng.choice(
        [
            body,
            body,
            f"{start}_{body}",
            f"{start}-{body}",
            f"{start}_live_{body}",
            f"{start}.{body}",
            f"{body[:12]}-{body[12:]}",
            f"{start}-v1-{body}",
            f"{body}==",
            f"{body[:8]}.{body[8:]}",
            f"{start}_{pick(rng, string.ascii_lowercase, 3)}_{body}",
            mixed(rng, rng.randint(10, 15)) + "7",
        ]
    )


def licence(rng: random.Random) -> str:
    size, count = rng.choice([(5, 5), (4, 4), (5, 4), (6, 4), (4, 5), (5, 3)])
    return cut(pick(rng, rng.choice([UPPER, UPPER, string.digits]), size * count), size, "-")


def tax(rng: random.Random) -> str:
    return rng.choice(
        [
            f"{number(rng, 3)} {number(rng, 2)} {number(rng, 4)}",
            f"{number(rng, 3)}-{number(rng, 2)}-{number(rng, 4)}",
            number(rng, 11),
            number(rng, 10),
            f"{number(rng, 2)} {number(rng, 3)} {number(rng, 3)} {number(rng, 3)}",
            f"{number(rng, 6)}-{number(rng, 4)}",
            f"{number(rng, 6)}/{number(rng, 4)}",
            f"{number(rng, 3)}.{number(rng, 3)}.{number(rng, 3)}-{number(rng, 2)}",
            f"{number(rng, 8)}{rng.choice('ABKXZ')}",
            pick(rng, string.ascii_uppercase, 6)
            + f"{number(rng, 2)}A{number(rng, 2)}H{number(rng, 3)}Z",
        ]
    )


def answer(rng: random.Random) -> str:
    return rng.choice(
        [
            rng.choice(NAMES),
            rng.choice(NAMES),
            f"{rng.choice(NAMES)} {rng.choice(['Street', 'Allee', 'School'])}",
            word(rng).title(),
        ]
    )


def card(rng: random.Random) -> str:
    return cut(rng.choice("345") + number(rng, 15), 4, rng.choice([" ", "-", ""]))


def bank(rng: random.Random) -> str:
    iban = pick(rng, string.ascii_uppercase, 2) + number(rng, rng.randint(16, 25))
    return rng.choice(
        [
            cut(iban, rng.choice([2, 4, 4, 4]), rng.choice(" -.")),
            iban,
            number(rng, rng.randint(8, 12)),
        ]
    )


def one_time(rng: random.Random) -> str:
    code = number(rng, rng.choice([6, 6, 6, 4, 4, 5, 7, 8]))
    return rng.choice(
        [code, code, code, f"{code[:3]} {code[3:]}", f"{code[:3]}-{code[3:]}", f"G-{code}"]
    )


SECRETS: dict[str, Draw] = {
    "pw": password,
    "login": password,
    "wifi": lambda rng: plain_password(rng) if rng.random() < 0.15 else password(rng),
    "phrase": passphrase,
    "groups": groups,
    "pin": pin,
    "door": door,
    "safe": dial,
    "seed": seed,
    "backup": backup_codes,
    "key": key,
    "lic": licence,
    "tax": tax,
    "answer": answer,
    "card": card,
    "bank": bank,
    "otp": one_time,
}
