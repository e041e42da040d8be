"""Values for training texts that open nothing, and users, hosts and names that stand around."""

import random
import string

from benchmarks.secret_training.values import (
    HEX,
    LISTS,
    NAMES,
    UPPER,
    Draw,
    mixed,
    number,
    pick,
    word,
)
from maverick_assets.datasets.secrets.classifier.cues import cues

_NUMBERED = ("img", "scan", "Q", "rev", "CPU", "A", "iPhone", "Win", "win")
_UNITS = LISTS["units"].split(", ")
_SECRET_SETTINGS = LISTS["secret_settings"].split()
_HARMLESS_SETTINGS = LISTS["harmless_settings"].split()
_OFFERS = ("SAVE", "SALE", "EXTRA", "BLACK", "WELCOME", "NEW", "XMAS", "OFF", "VIP")


def price(rng: random.Random) -> str:
    amount = rng.choice(
        [number(rng, 2), f"{rng.randint(1, 99)},{number(rng, 3)}", str(rng.randint(1, 99999))]
    )
    return rng.choice(
        [
            f"{amount} €",
            f"${amount}",
            f"{amount}.{number(rng, 2)}",
            f"{amount} EUR",
            f"£{amount}",
            f"{amount},- kr",
            f"{amount}k",
        ]
    )


def date(rng: random.Random) -> str:
    day, month, year = rng.randint(1, 28), rng.randint(1, 12), rng.randint(1995, 2031)
    return rng.choice(
        [
            f"{day}.{month}.{year}",
            f"{day:02d}/{month:02d}/{year}",
            f"{year}-{month:02d}-{day:02d}",
            f"{day}.{month}.",
            f"{month}/{day}",
            f"{day}. {month}. {year}",
            str(year),
        ]
    )


def clock(rng: random.Random) -> str:
    hour, minute = rng.randint(0, 23), rng.randint(0, 59)
    return rng.choice(
        [
            f"{hour}:{minute:02d}",
            f"{hour}h{minute:02d}",
            f"{hour % 12 + 1}pm",
            f"{hour}.{minute:02d}",
            f"{hour:02d}{minute:02d}",
        ]
    )


def phone(rng: random.Random) -> str:
    return rng.choice(
        [
            f"+{number(rng, 2)} {number(rng, 3)} {number(rng, 7)}",
            f"0{number(rng, 3)} {number(rng, 6)}",
            f"({number(rng, 3)}) {number(rng, 3)}-{number(rng, 4)}",
            f"{number(rng, 3)}-{number(rng, 3)}-{number(rng, 4)}",
            "0" + " ".join(number(rng, 2) for _ in range(5)),
            f"+{number(rng, 11)}",
            f"0{number(rng, 9)}",
        ]
    )


def web(rng: random.Random) -> str:
    host = f"https://{word(rng)}.example/{word(rng)}"
    return rng.choice(
        [
            host,
            f"{host}/{pick(rng, HEX, 24)}",
            f"{host}?id={number(rng, 6)}&page={number(rng, 1)}",
            f"www.{word(rng)}.example",
            f"{host}/{mixed(rng, 11)}",
        ]
    )


def reference(rng: random.Random) -> str:
    """A number or a name of an order, a part, a shipment, a commit, a room, a page."""
    letters = pick(rng, string.ascii_uppercase, rng.randint(1, 4))
    return rng.choice(
        [
            number(rng, rng.randint(1, 4)),
            number(rng, rng.randint(5, 12)),
            f"{letters}-{number(rng, 4)}",
            f"{letters}{number(rng, rng.randint(2, 9))}",
            f"{rng.randint(2015, 2031)}-{number(rng, 4)}",
            f"{number(rng, 3)}/{number(rng, 2)}",
            f"{letters}-{number(rng, 3)}-{pick(rng, string.ascii_uppercase, 1)}",
            f"1Z{pick(rng, UPPER, 16)}",
            pick(rng, HEX, 7),
            pick(rng, HEX, 40),
            pick(rng, UPPER, 6),
            f"v{rng.randint(0, 20)}.{rng.randint(0, 30)}",
            f"{rng.randint(0, 20)}.{rng.randint(0, 30)}.{rng.randint(0, 9)}",
            f"978-{number(rng, 1)}-{number(rng, 5)}-{number(rng, 3)}-{number(rng, 1)}",
            f"{number(rng, 3)} {number(rng, 3)} {number(rng, 3)}",
            f"{number(rng, 3)}.{number(rng, 3)}.{number(rng, 3)}",
            f"JJD{number(rng, 14)}",
            f"{number(rng, 4)} {number(rng, 4)} {number(rng, 4)}",
            _uuid(rng),
            rng.choice(_NUMBERED) + number(rng, rng.randint(1, 4)),
            f"{pick(rng, string.ascii_uppercase, 2)}{number(rng, 9)}",
            f"DE{number(rng, 3)} {number(rng, 3)} {number(rng, 3)}",
            f"{number(rng, 5)}",
            f"{number(rng, 8)}",
            f"JD{number(rng, 18)}",
            f"{number(rng, 2)}{pick(rng, string.ascii_uppercase, 1)}",
            f"{number(rng, 2)}x{number(rng, 2)}",
            f"{word(rng)}_{number(rng, 4)}.pdf",
            f"{number(rng, 1)}.{number(rng, 1)}",
        ]
    )


def machine(rng: random.Random) -> str:
    """What programs write: commits, requests, addresses, expressions, placeholders."""
    name = word(rng)
    return rng.choice(
        [
            f"commit {pick(rng, HEX, 40)}",
            f"{name} {pick(rng, HEX, 7)}",
            f"sha256 {pick(rng, HEX, 64)}",
            f"sha1 {pick(rng, HEX, 40)}",
            f"md5 {pick(rng, HEX, 32)}",
            f"request {_uuid(rng)}",
            f"<{pick(rng, HEX, 12)}.{number(rng, 6)}@{name}.example>",
            f"{name}_key = os.getenv('{name.upper()}')",
            f"PASSWORD=${{{name.upper()}}}",
            f"{name}://localhost:{number(rng, 4)}/{name}",
            "password: *****",
            f"token: <{name}>",
            f"{rng.randint(1, 255)}.{number(rng, 2)}.0.{number(rng, 1)}:{number(rng, 4)}",
            f"{name}.{name}({name}, {number(rng, 1)})",
            f"def {name}(token: str) -> None:",
            f"/usr/{name}/{name}{number(rng, 1)}.so",
            f"{name}@{number(rng, 1)}.{number(rng, 2)}.{number(rng, 1)}",
            f"C:\\{name}\\{name}.exe",
            f"--{name}={number(rng, 2)}",
            f"id={number(rng, 7)}",
            f"{name.upper()}_{word(rng).upper()}",
            f"{name}-{name}-{number(rng, 1)}.{number(rng, 1)}.tar.gz",
            f"{pick(rng, UPPER, 2)}{number(rng, 9)}DE",
            f"ISBN 978{number(rng, 10)}",
        ]
    )


def version(rng: random.Random) -> str:
    """A release, a model, a format: names with figures that many people write."""
    name = word(rng).title()
    return rng.choice(
        [
            f"v{rng.randint(0, 20)}.{rng.randint(0, 30)}",
            f"{rng.randint(0, 20)}.{rng.randint(0, 30)}.{rng.randint(0, 99)}",
            f"{name} {rng.randint(1, 12)}",
            f"{pick(rng, string.ascii_uppercase, 2)}-{number(rng, 3)}",
            f"{rng.choice(['Win', 'Office', 'iPhone', 'Q', 'FY', 'A', 'H', 'CO', 'MP', 'B2'])}"
            f"{rng.randint(1, 26)}",
            f"{number(rng, 2)}MP",
            f"{number(rng, 1)}.{number(rng, 1)}.{number(rng, 2)}-{number(rng, 1)}",
            f"{number(rng, 3)}{rng.choice('-*x/')}{number(rng, 3)}",
            f"{number(rng, 2)}{rng.choice('-/')}{number(rng, 2)}",
            f"{number(rng, 5)} {rng.choice(['Hz', 'rpm', 'baud', 'lm'])}",
            f"{rng.choice(['Jan', 'Nov', 'Mar', 'Sep'])}{number(rng, 1)}-{number(rng, 1)}",
            f"{word(rng).title()}{word(rng).title()}{number(rng, 1)},",
            f"{word(rng)}{number(rng, 3)}:",
            f"{rng.choice(['3', '4', '5'])}G",
            f"{number(rng, 3)}{rng.choice(['GB', 'MHz', 'W', 'mm', 'kg', 'hp'])}",
        ]
    )


def commit(rng: random.Random) -> str:
    """What refers to a change, or takes a key from elsewhere."""
    name = word(rng)
    upper = f"{name.upper()}_{rng.choice(['KEY', 'TOKEN', 'SECRET', 'PASSWORD'])}"
    return rng.choice(
        [
            f"{rng.choice(['fixed', 'merged', 'done', 'reverted', 'added', 'see'])} "
            f"{rng.choice(['in', 'with', 'by', 'at'])} {pick(rng, HEX, rng.choice([7, 8, 40]))}",
            f"{upper}=$({upper}_FROM_{name.upper()})",
            f"{upper}=${{{upper}}}",
            f"{upper}: {{{{ {name} }}}}",
            f"{upper.lower()} = os.environ['{upper}']",
            f"{upper}=<{name}>",
            f"postgres://localhost:{number(rng, 4)}/{name}",
            f"{rng.choice(['VAT', 'USt-IdNr.', 'TVA', 'IVA', 'BTW'])} "
            f"{pick(rng, string.ascii_uppercase, 2)}{number(rng, 3)} {number(rng, 3)} "
            f"{number(rng, 3)}",
        ]
    )


def bare_number(rng: random.Random) -> str:
    return number(rng, rng.choice([1, 2, 3, 4, 4, 4, 5, 6, 8]))


def file_name(rng: random.Random) -> str:
    return rng.choice(
        [
            f"{word(rng)}_{number(rng, 4)}.{rng.choice(['xlsx', 'docx', 'zip', 'jpg', 'csv'])}",
            f"{word(rng)}-{word(rng)}-v{number(rng, 1)}.{rng.choice(['pptx', 'pdf', 'txt'])}",
            f"IMG_{number(rng, 4)}.JPG",
            f"/home/{word(rng)}/{word(rng)}{number(rng, 1)}",
            f"{word(rng)}.{word(rng)}{number(rng, 1)}.py",
        ]
    )


def promotion(rng: random.Random) -> str:
    return rng.choice(_OFFERS) + str(rng.choice([5, 10, 15, 20, 25, 30, 40, 50]))


def count(rng: random.Random) -> str:
    unit = rng.choice(_UNITS)
    return f"{rng.choice([number(rng, 1), number(rng, 2), number(rng, 3), number(rng, 4)])} {unit}"


def _uuid(rng: random.Random) -> str:
    return "-".join(pick(rng, HEX, count) for count in (8, 4, 4, 4, 12))


def spelled(rng: random.Random, figures: int) -> str:
    """So many figures in words of one language."""
    names = rng.choice(list(cues().figures.values()))
    return rng.choice([" ", " ", " ", ", ", "-"]).join(rng.choices(names, k=figures))


def turns(rng: random.Random) -> str:
    """How the dial of a safe is turned, in one language: "links 34, rechts 12, links 71"."""
    sides = rng.choice(list(cues().turns.values()))
    first = rng.random() < 0.7
    style = rng.choice(["{} {}", "{} {}", "{} {}", "{}: {}", "{} - {}", "{} auf {}", "{} to {}"])
    steps = []
    for at in range(rng.choice([2, 3, 3, 3, 4])):
        pair = [sides[at % 2], str(rng.randint(0, 99))]
        steps.append(style.format(*(pair if first else reversed(pair))))
    return rng.choice([", ", ", ", " ", " - ", "; ", " / "]).join(steps)


def way(rng: random.Random) -> str:
    """A way that somebody describes."""
    left, right = rng.choice(list(cues().turns.values()))
    return rng.choice(
        [f"{left}, {right}", f"{left} {number(rng, 2)} m", f"{number(rng, 1)} {right}"]
    )


def setting(rng: random.Random) -> str:
    """The name of a setting that holds a secret."""
    name = rng.choice(["", "", f"{word(rng)}_", "db_", "smtp_", "admin_", "ftp_", "my_", "user_"])
    text = name + rng.choice(_SECRET_SETTINGS) + rng.choice(["", "", "", "_1", "2", "_old", "_new"])
    return rng.choice([text, text, text.upper(), text.replace("_", "-"), text.title()])


def harmless_setting(rng: random.Random) -> str:
    """The name of a setting that anybody may read."""
    text = rng.choice(["", "", f"{word(rng)}_"]) + rng.choice(_HARMLESS_SETTINGS)
    return rng.choice([text, text, text.upper(), text.replace("_", "-")])


HARMLESS: dict[str, Draw] = {
    "price": price,
    "date": date,
    "clock": clock,
    "phone": phone,
    "web": web,
    "reference": reference,
}


def user(rng: random.Random) -> str:
    name = rng.choice([word(rng), rng.choice(NAMES).lower()])
    return rng.choice(
        [
            name,
            f"{name[0]}.{word(rng)}",
            f"{name}{number(rng, 2)}",
            "admin",
            "root",
            f"{name}_{word(rng)[:3]}",
            mail(rng),
        ]
    )


def mail(rng: random.Random) -> str:
    return (
        rng.choice(NAMES).lower()
        + rng.choice(["", ".k", number(rng, 2)])
        + f"@{word(rng)}."
        + rng.choice(["example", "com", "org", "de"])
    )


def host(rng: random.Random) -> str:
    where = rng.choice(
        [
            ".".join(str(rng.randint(1, 254)) for _ in range(4)),
            f"{word(rng)}.{word(rng)}.example",
            f"{word(rng)}.lan",
            f"srv{number(rng, 2)}",
        ]
    )
    return f"{rng.choice(['root', 'deploy', 'ubuntu', word(rng)])}@{where}"


def place_name(rng: random.Random) -> str:
    return rng.choice(
        [
            word(rng).title(),
            word(rng).title(),
            rng.choice(NAMES),
            word(rng) + rng.choice("_- ") + rng.choice(["2G", "Net", "Cloud", "Pro", "prod"]),
        ]
    )
