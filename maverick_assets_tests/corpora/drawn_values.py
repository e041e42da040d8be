"""Values for planted texts, drawn from a generator: secrets by kind, and harmless ones by name.

Nothing here is real. Keys have the shape that their vendor gives them and random characters.
"""

import random
import string
from base64 import b64encode
from collections.abc import Callable
from uuid import UUID

from maverick_assets_tests.corpora.files import read_corpus

Draw = Callable[[random.Random], str]

_LISTS = read_corpus("planted/any_language.yaml")
_WORDS: list[str] = _LISTS["password_words"]
_RECOVERY_WORDS: list[str] = _LISTS["recovery_words"]
_NAMES: list[str] = _LISTS["names"]


def digits(rng: random.Random, count: int) -> str:
    return str(rng.randint(1, 9)) + "".join(rng.choices(string.digits, k=count - 1))


def letters(rng: random.Random, count: int, alphabet: str = string.ascii_letters) -> str:
    return "".join(rng.choices(alphabet, k=count))


def token(rng: random.Random, count: int) -> str:
    return letters(rng, count, string.ascii_letters + string.digits)


def _hexes(rng: random.Random, count: int) -> str:
    return letters(rng, count, "0123456789abcdef")


def _card_number(prefix: str, length: int, rng: random.Random) -> str:
    """A number with a valid check digit (ISO/IEC 7812, the Luhn formula)."""
    body = prefix + "".join(rng.choices(string.digits, k=length - 1 - len(prefix)))
    doubled = [int(d) * (2 if at % 2 == 0 else 1) for at, d in enumerate(reversed(body))]
    return body + str(-sum(d - 9 if d > 9 else d for d in doubled) % 10)


def grouped(text: str, size: int, separator: str) -> str:
    return separator.join(text[at : at + size] for at in range(0, len(text), size))


def _password(rng: random.Random) -> str:
    word, other = rng.sample(_WORDS, 2)
    leet = word.translate(str.maketrans("aeio", "4310"))
    return rng.choice(
        [
            f"{word}{rng.randint(1, 99)}!!",
            f"{word.title()}{rng.randint(1980, 2029)}{rng.choice('!#$?*')}",
            f"{word.title()}_{other}{rng.randint(1, 999)}",
            f"{leet}{rng.randint(10, 99)}",
            f"{word}-{other}-{rng.randint(10, 99)}",
            f"{word.upper()}{rng.randint(100, 999)}",
            f"{rng.choice('!$%&')}{word.title()}{other.title()}{rng.randint(0, 9)}",
            letters(rng, 10, string.ascii_letters + string.digits + "!#$%&*+-_=?@") + "7a",
            token(rng, 8) + "4k",
            letters(rng, 6, string.ascii_lowercase) + digits(rng, 3),
        ]
    )


def _word_password(rng: random.Random) -> str:
    """A plain word: people choose such, and only a colon or quotes give it away."""
    return rng.choice(_WORDS)


def _pin(rng: random.Random) -> str:
    return digits(rng, rng.choice([4, 4, 4, 5, 6]))


def _door(rng: random.Random) -> str:
    return rng.choice([digits(rng, 4), digits(rng, 4) + "#", "*" + digits(rng, 5), "B" + _pin(rng)])


def _otp(rng: random.Random) -> str:
    code = digits(rng, 6)
    return rng.choice([code, code, f"{code[:3]} {code[3:]}", f"{code[:3]}-{code[3:]}", code[:4]])


def _card(rng: random.Random) -> str:
    if rng.random() < 0.2:
        number = _card_number("37", 15, rng)
        return rng.choice([number, f"{number[:4]} {number[4:10]} {number[10:]}"])
    number = _card_number(rng.choice(["4", "51", "53", "55", "2221", "6011"]), 16, rng)
    return rng.choice([number, grouped(number, 4, " "), grouped(number, 4, "-")])


# Letters and digits of an account number by country, after the two check digits.
_IBAN_SHAPES = {
    "DE": (0, 18),
    "FR": (0, 23),
    "ES": (0, 20),
    "NL": (4, 10),
    "GB": (4, 14),
    "IT": (1, 22),
    "PT": (0, 21),
    "DK": (0, 14),
    "SE": (0, 20),
    "PL": (0, 24),
}


def _iban(rng: random.Random) -> str:
    """An IBAN with valid check digits (ISO 13616)."""
    country, (letter_count, digit_count) = rng.choice(list(_IBAN_SHAPES.items()))
    account = letters(rng, letter_count, string.ascii_uppercase) + digits(rng, digit_count)
    as_number = "".join(str(int(char, 36)) for char in account + country + "00")
    iban = f"{country}{98 - int(as_number) % 97:02d}{account}"
    return rng.choice([iban, grouped(iban, 4, " "), grouped(iban, 4, " ").lower()])


def _uuid(rng: random.Random) -> str:
    return str(UUID(int=rng.getrandbits(128), version=4))


def _jwt(rng: random.Random) -> str:
    head = b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=")
    body = b64encode(f'{{"sub":"{digits(rng, 8)}"}}'.encode()).decode().rstrip("=")
    return f"{head}.{body}.{token(rng, 43)}"


def _pem(rng: random.Random) -> str:
    kind = rng.choice(["RSA ", "OPENSSH ", "EC ", ""])
    lines = "\n".join(token(rng, 64) for _ in range(4))
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{lines}\n-----END {kind}PRIVATE KEY-----"


_KEYS: list[Draw] = [
    lambda rng: "AKIA" + letters(rng, 16, string.ascii_uppercase + "234567"),
    lambda rng: "ghp_" + token(rng, 36),
    lambda rng: "gho_" + token(rng, 36),
    lambda rng: f"github_pat_{token(rng, 22)}_{token(rng, 59)}",
    lambda rng: "glpat-" + token(rng, 20),
    lambda rng: f"xoxb-{digits(rng, 12)}-{digits(rng, 12)}-{token(rng, 24)}",
    lambda rng: "sk_live_" + token(rng, 24),
    lambda rng: "rk_live_" + token(rng, 24),
    lambda rng: "whsec_" + token(rng, 32),
    lambda rng: f"sk-{token(rng, 20)}T3BlbkFJ{token(rng, 20)}",
    lambda rng: "sk-proj-" + token(rng, 60),
    lambda rng: f"sk-ant-api03-{token(rng, 93)}AA",
    lambda rng: "AIza" + token(rng, 35),
    lambda rng: f"SG.{token(rng, 22)}.{token(rng, 43)}",
    lambda rng: "npm_" + token(rng, 36),
    lambda rng: "pypi-AgEIcHlwaS5vcmc" + token(rng, 70),
    lambda rng: "hf_" + letters(rng, 34),
    lambda rng: "dop_v1_" + _hexes(rng, 64),
    lambda rng: "key-" + _hexes(rng, 32),
    lambda rng: f"{digits(rng, 10)}:AA{token(rng, 33)}",
    lambda rng: "shpat_" + _hexes(rng, 32),
    lambda rng: "ntn_" + token(rng, 46),
    lambda rng: f"figd_{token(rng, 40)}",
    lambda rng: "lin_api_" + token(rng, 40),
    lambda rng: "dapi" + _hexes(rng, 32),
    lambda rng: "hvs." + token(rng, 90),
    lambda rng: f"PMAK-{_hexes(rng, 24)}-{_hexes(rng, 34)}",
    lambda rng: f"{_hexes(rng, 32)}-us{rng.randint(1, 20)}",
    lambda rng: "glc_" + token(rng, 60),
    lambda rng: "ATATT3xFfGF0" + token(rng, 60),
    lambda rng: (
        f"https://hooks.slack.com/services/T{digits(rng, 8)}/B{digits(rng, 8)}/{token(rng, 24)}"
    ),
    lambda rng: f"https://discord.com/api/webhooks/{digits(rng, 18)}/{token(rng, 68)}",
    lambda rng: "sq0atp-" + token(rng, 22),
    lambda rng: "EAAC" + token(rng, 100) + "ZD",
    lambda rng: "AGE-SECRET-KEY-1" + letters(rng, 58, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"),
    lambda rng: token(rng, 40),
    lambda rng: _hexes(rng, 32),
    lambda rng: _hexes(rng, 64),
    _uuid,
    _jwt,
    _pem,
]

_CONNECTIONS: list[Draw] = [
    lambda rng: f"postgres://app:{token(rng, 12)}@db.internal:5432/prod",
    lambda rng: f"postgresql+psycopg://crm:{token(rng, 10)}@10.0.3.7/crm",
    lambda rng: f"mysql://root:{token(rng, 9)}@localhost/shop",
    lambda rng: f"mongodb+srv://admin:{token(rng, 14)}@cluster0.ab1cd.mongodb.net/live",
    lambda rng: f"redis://:{token(rng, 16)}@cache:6379/0",
    lambda rng: f"amqp://guest:{token(rng, 8)}@rabbit/vhost",
    lambda rng: f"https://deploy:{token(rng, 10)}@git.example.org/site.git",
    lambda rng: f"ftp://upload:{token(rng, 8)}@files.example.org",
    lambda rng: f"Server=sql01;Database=erp;User Id=sa;Password={token(rng, 11)};",
    lambda rng: f"DefaultEndpointsProtocol=https;AccountName=acme;AccountKey={token(rng, 86)}==;",
    lambda rng: f"DB_PASSWORD={token(rng, 12)}",
    lambda rng: f"AWS_SECRET_ACCESS_KEY={token(rng, 40)}",
    lambda rng: f'"client_secret": "{token(rng, 32)}"',
    lambda rng: f"curl -u admin:{token(rng, 9)} https://api.example.org/v1/jobs",
    lambda rng: f'curl -H "Authorization: Bearer {token(rng, 40)}" https://api.example.org',
    lambda rng: f"sshpass -p '{token(rng, 10)}' ssh ops@10.2.0.4",
    lambda rng: f"mysql -u root -p{token(rng, 10)} shop",
]


def _phrase(rng: random.Random) -> str:
    words = rng.choices(_RECOVERY_WORDS, k=rng.choice([12, 12, 24]))
    numbered = " ".join(f"{at}. {word}" for at, word in enumerate(words, 1))
    return rng.choice([" ".join(words), " ".join(words), numbered, ", ".join(words)])


def _account(rng: random.Random) -> str:
    return rng.choice(
        [
            f"{digits(rng, 8)}",
            f"{digits(rng, 10)}",
            f"{digits(rng, 4)} {digits(rng, 6)}",
            f"{digits(rng, 3)}-{digits(rng, 7)}",
        ]
    )


SECRET_VALUES: dict[str, list[Draw]] = {
    "password": [_password],
    "set off": [_password, _word_password],
    "pin": [_pin],
    "door": [_door],
    "otp": [_otp],
    "card": [_card],
    "iban": [_iban],
    "account": [_account],
    "key": _KEYS,
    "connection": _CONNECTIONS,
    "phrase": [_phrase],
}


def _user(rng: random.Random) -> str:
    return rng.choice(["admin", "anna", "b.lind", "office", "jan", f"user{rng.randint(1, 99)}"])


def _price(rng: random.Random) -> str:
    amount = f"{rng.randint(1, 9999)}"
    cents = f"{rng.randint(0, 99):02d}"
    return rng.choice(
        [f"{amount},{cents} €", f"${amount}.{cents}", f"{amount} kr", f"EUR {amount}"]
    )


def _date(rng: random.Random) -> str:
    day, month, year = rng.randint(1, 28), rng.randint(1, 12), rng.randint(1999, 2029)
    return rng.choice(
        [f"{day:02d}.{month:02d}.{year}", f"{year}-{month:02d}-{day:02d}", f"{day}/{month}/{year}"]
    )


def _phone(rng: random.Random) -> str:
    return rng.choice(
        [
            f"+49 {digits(rng, 3)} {digits(rng, 7)}",
            f"({digits(rng, 3)}) {digits(rng, 3)}-{digits(rng, 4)}",
            f"0{digits(rng, 9)}",
            f"+33 6 {digits(rng, 2)} {digits(rng, 2)} {digits(rng, 2)} {digits(rng, 2)}",
        ]
    )


def _tracking(rng: random.Random) -> str:
    return rng.choice(
        [
            f"1Z{letters(rng, 16, string.ascii_uppercase + string.digits)}",
            f"00{digits(rng, 18)}",
            f"JD0{digits(rng, 17)}",
            f"RR{digits(rng, 9)}DE",
        ]
    )


HARMLESS_VALUES: dict[str, Draw] = {
    "name": lambda rng: rng.choice(_NAMES),
    "user": _user,
    "price": _price,
    "date": _date,
    "year": lambda rng: str(rng.randint(1950, 2030)),
    "time": lambda rng: f"{rng.randint(0, 23)}:{rng.randint(0, 59):02d}",
    "phone": _phone,
    "tracking": _tracking,
    "order": lambda rng: rng.choice([digits(rng, 8), f"2024-{digits(rng, 5)}", digits(rng, 12)]),
    "ticket": lambda rng: f"{rng.choice(['OPS', 'CRM', 'WEB'])}-{rng.randint(10, 9999)}",
    "number": lambda rng: str(rng.randint(2, 9999)),
    "digits4": lambda rng: digits(rng, 4),
    "digits8": lambda rng: digits(rng, 8),
    "digits9": lambda rng: grouped(digits(rng, 9), 3, " "),
    "sort": lambda rng: grouped(digits(rng, 6), 2, "-"),
    "sha": lambda rng: _hexes(rng, 40),
    "short_sha": lambda rng: _hexes(rng, 7),
    "uuid": _uuid,
    "version": lambda rng: f"{rng.randint(0, 9)}.{rng.randint(0, 30)}.{rng.randint(0, 9)}",
    "zip": lambda rng: digits(rng, 5),
    "ip": lambda rng: ".".join(str(rng.randint(1, 254)) for _ in range(4)),
    "promo": lambda rng: f"{rng.choice(['SUMMER', 'SPRING', 'HELLO'])}{rng.randint(5, 50)}",
}
