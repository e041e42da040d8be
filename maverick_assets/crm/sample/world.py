"""Who and what the sample records are about: contacts, projects, prices and working days."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from maverick_assets.crm.sample.expander import load_bank

OWNER_EMAIL = "allan@testpilot.example"
OWNER_NAME = "Allan Reyes"
OWNER_ID = "allan"
FIRST_DAY = datetime(2025, 5, 1, tzinfo=UTC)
LAST_DAY = datetime(2026, 10, 31, tzinfo=UTC)

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
FIXED_FEE = 1800  # pounds


@dataclass(frozen=True)
class TestType:
    """A kind of consumer test."""

    name: str
    rate: int  # pounds per respondent
    min_n: int  # respondents of the smallest sample that is worth running
    weeks: int  # duration


TESTS = (
    TestType("home-use test", 45, 60, 5),
    TestType("shelf test", 30, 80, 4),
    TestType("concept screen", 18, 100, 3),
    TestType("pack test", 25, 80, 4),
    TestType("sensory panel", 60, 40, 4),
)


@dataclass(frozen=True)
class SampleContact:
    """A correspondent, and the habits of their mail."""

    name: str
    email: str
    kind: str  # "client", "analyst", ...: scenarios and exchanges name the kind that they suit
    company: str
    role: str  # in the company
    register: str  # key of a bank of pleasantries: "formal", "brisk", ...
    greeting: str  # as their mails begin
    closing: str  # as their mails end
    quote: str = "inline"  # how their program quotes: "inline" with marks, or "outlook"
    disclaimer: str = ""  # below their signature

    @property
    def first(self) -> str:
        return self.name.removeprefix("Dr ").split()[0]


@dataclass(frozen=True)
class Project:
    """A test of a product."""

    brand: str
    product: str
    test: TestType
    sample: int  # respondents

    @property
    def price(self) -> int:
        return list_price(self.test, self.sample)


@cache
def contacts() -> tuple[SampleContact, ...]:
    return tuple(SampleContact(**entry) for entry in load_bank("world")["contacts"])


@cache
def products() -> dict[str, list[str]]:
    """Products of each client brand."""
    brands: dict[str, list[str]] = load_bank("world")["brands"]
    return brands


def list_price(test: TestType, sample: int) -> int:
    """List price in pounds, rounded to 50."""
    return round((FIXED_FEE + test.rate * sample) / 50) * 50


def pounds(amount: float) -> str:
    return f"£{amount:,.0f}"


def draw_project(rng: random.Random, brand: str | None = None) -> Project:
    """A project of the brand (None: of any), with a sample well above the minimum."""
    brand = brand or rng.choice(sorted(products()))
    test = rng.choice(TESTS)
    sample = round(test.min_n * rng.uniform(1.4, 2.6) / 10) * 10
    return Project(brand, rng.choice(products()[brand]), test, sample)


def project_slots(project: Project, rng: random.Random) -> dict[str, str]:
    """What texts can say about a project. The figures agree with the rules for prices."""
    less_n = max(project.test.min_n, round(project.sample * 0.7 / 10) * 10)
    return {
        "brand": project.brand,
        "product": project.product,
        "test": project.test.name,
        "n": str(project.sample),
        "min_n": str(project.test.min_n),
        "small_n": str(round(project.test.min_n * rng.uniform(0.2, 0.5))),
        "less_n": str(less_n),
        "price": pounds(project.price),
        "less_price": pounds(list_price(project.test, less_n)),
        "rush_price": pounds(project.price * 1.2),
        "repeat_price": pounds(project.price * 0.95),
        "deposit": pounds(project.price * 0.4),
        "weeks": str(project.test.weeks),
        "score": f"{rng.uniform(5.2, 7.9):.1f}",
        "bench": f"{rng.uniform(6.0, 7.4):.1f}",
        "share": str(rng.randrange(52, 79)),
        "few": str(rng.randrange(3, 13)),
        "town": rng.choice(load_bank("world")["towns"]),
    }


def day_slots(start: datetime, rng: random.Random) -> dict[str, str]:
    """Three successive, different weekdays after `start`: <day1>, <day2>, <day3>."""
    first = min(start.weekday(), 4) + rng.choice((1, 2))
    second = first + 1
    third = second + rng.choice((1, 2))
    return {
        f"day{i}": WEEKDAYS[offset % 5] for i, offset in enumerate((first, second, third), start=1)
    }


def draw_moment(rng: random.Random, margin_days: int = 1) -> datetime:
    """A moment of a working day, at least `margin_days` before the records end."""
    span = (LAST_DAY - FIRST_DAY).days - margin_days
    day = FIRST_DAY + timedelta(days=rng.randrange(span))
    return in_working_hours(day + timedelta(minutes=rng.randrange(7 * 60 + 30, 18 * 60)))


def in_working_hours(moment: datetime) -> datetime:
    """The moment, moved from a night to the morning after it, and from a weekend to Monday."""
    if not 7 <= moment.hour < 19:
        moment = moment.replace(hour=8 + moment.minute % 9) + timedelta(days=moment.hour >= 19)
    return moment + timedelta(days=max(0, 7 - moment.weekday()) if moment.weekday() > 4 else 0)
