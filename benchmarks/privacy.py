"""Personal data of the CRM's columns that is left in turns and datasets.

    python -m benchmarks.privacy [--mentions 5000]

Invents contacts and deals, plants values of their columns (names, addresses, phone numbers,
companies, domains and streets, as people write them) in mails, chats, notes and deals of other
people, builds turns and datasets, and searches these for every planted value. Also times the search
on hostile texts. Prints Markdown; the exit code is 1 when a value is left.

No column holds a phone number or a street: these are planted as signatures have them.
"""

import argparse
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.machine import machine_line
from benchmarks.secrets import slowest_hostile_text
from maverick_assets.base_model.prepare import ensure_base
from maverick_assets.base_model.tokenizer import ChatTokenizer
from maverick_assets.datasets.examples.example import read_examples
from maverick_assets.datasets.examples.refresh import refresh_candidates, refresh_dataset
from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.pseudonyms.contacts import Contact, contacts_of_address
from maverick_assets.datasets.pseudonyms.third_parties import ThirdParties
from maverick_assets.datasets.turns.refresh import refresh_mails, refresh_turns
from maverick_assets.datasets.turns.turn import read_turns
from maverick_assets.lake.delta import open_table
from maverick_assets.lake.paths import dataset_path, turns_path
from maverick_assets.recipes import load_recipes
from maverick_assets.settings import Settings
from maverick_assets_tests.raw_tables import upsert_raw_rows

OWNER = Owner(("allan@testpilot.example",), ("allan",))
OWNER_ADDRESS = OWNER.emails[0]
START = datetime(2025, 1, 6, 9, 0, tzinfo=UTC)
PARTICIPANTS = ("dana.cole@acme.example",)
KINDS = ("name", "address", "phone", "company", "domain", "street")
# No contact's full name or company is ever a surrogate, so no planted value is one by chance.
_FIRST = """
Aisha Bartosz Chiara Dmitri Elif Fatima Giorgos Hiroshi Ibrahim Jadwiga Kwame Lucia Mateusz Nkechi
Oyelaran Paola Quynh Rasmus Soledad Tariq Umberto Vasiliki Wojciech Xiomara Yusuf Zsofia Anneliese
Thibault Joao Sebastiano
"""
_LAST = """
Abramczyk Bellandi Chukwu Dragomir Eriksen Fonseca Grzelak Haverkamp Iglesias Jankowski Kobayashi
Lindqvist Mokoena Nakamura Okonkwo Papadakis Quaresma Rasmussen Szymanski Tavares Uchida Vermeulen
Wiśniewski Ximenes Yilmaz Zamora Bertrand Oyelowo Castellani Novotny
"""
_COMPANY = """
Alderbrook Bexcom Cindermill Dornbach Eastvale Fjordline Glimworth Hollin Ivorygate Jutland Kestrel
Loamfield Mirabel Norrby Ostrava Pinecrest Quarnero Rothley Silverfen Tollmere
"""
_TRADE = "Foods Bakery Dairy Analytics Logistics Textiles Ceramics Brewing Optics Farms"
_SENTENCES = (
    "I spoke to {} about the shelf test and we agreed on the date.",
    "Before you answer, check with {} first.",
    "No. {} has the last word on this one.",
    "Thanks, and copy {} when the numbers are in.",
    "We lost a week because of {}, so no discount.",
    "My notes on {}: careful, slow, pays late.",
)


@dataclass(frozen=True)
class InventedPerson:
    """A person whom the CRM knows."""

    first: str
    last: str
    company: str
    domain: str
    phone: str
    street: str

    @property
    def address(self) -> str:
        return f"{as_address_part(self.first)}.{as_address_part(self.last)}@{self.domain}"

    def value(self, kind: str, rng: random.Random) -> str:
        """One of the person's values, written in one of the ways in which people do."""
        name = f"{self.first} {self.last}"
        return rng.choice(
            {
                "name": [name, name, name.upper(), f"{self.last}, {self.first}"],
                "address": [self.address, self.address.title(), f"{name} <{self.address}>"],
                "phone": [self.phone, f"({self.phone[:3]}) {self.phone[4:]}", f"+1 {self.phone}"],
                "company": [self.company, self.company, self.company.upper()],
                "domain": [f"www.{self.domain}", f"https://{self.domain}/about"],
                "street": [self.street],
            }[kind]
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mentions", type=int, default=5000)
    rng = random.Random(1)
    people = invented_people(rng, 900)
    planted = [
        (kind, person.value(kind, rng))
        for kind, person in (
            (rng.choice(KINDS), rng.choice(people)) for _ in range(parser.parse_args().mentions)
        )
    ]
    third_parties = ThirdParties(bytes(32), contacts_of(people), OWNER.emails)
    # Before turns and datasets are built: among their objects, garbage collection doubles the time.
    hostile = slowest_hostile_text(partial(third_parties.protect, participants=PARTICIPANTS))
    with tempfile.TemporaryDirectory(prefix="maverick-bench-") as name:
        lake = Path(name) / "lake"
        base = ensure_base(Settings(home=Path(name), base_model=None))
        rows = 0
        for table, content in rows_by_table(people, planted, rng):
            upsert_raw_rows(lake, table, content)
            rows += len(content)
        started = time.monotonic()
        refresh_mails(lake, "bench")
        refresh_turns(lake, OWNER, "bench")
        seconds = time.monotonic() - started
        texts = dict(texts_of_tables(lake, ChatTokenizer(base.directory)))
    left = {table: count_leaks(planted, content) for table, content in texts.items()}
    print(report(rows, planted, texts, left, seconds))
    print(f"\n{hostile}")
    sys.exit(any(left.values()))


def invented_people(rng: random.Random, count: int) -> list[InventedPerson]:
    firsts, lasts = _FIRST.split(), _LAST.split()
    names = [(first, last) for first in firsts for last in lasts]
    companies = [f"{one} {trade}" for one in _COMPANY.split() for trade in _TRADE.split()]
    people = []
    for first, last in rng.sample(names, count):
        company = rng.choice(companies)
        domain = f"{as_address_part(company)}.{rng.choice(('com', 'de', 'co.uk', 'example'))}"
        phone = f"{rng.randint(201, 989)}-{rng.randint(201, 989)}-{rng.randint(1000, 9999)}"
        street = f"{rng.randint(2, 980)} {last} {rng.choice(('Street', 'Avenue', 'Road'))}"
        people.append(InventedPerson(first, last, company, domain, phone, street))
    return people


def contacts_of(people: list[InventedPerson]) -> list[Contact]:
    """The contacts of these people, and those whose names the hostile texts repeat."""
    addresses = [*(person.address for person in people), *PARTICIPANTS]
    return [contact for address in addresses for contact in contacts_of_address(address)]


def as_address_part(name: str) -> str:
    return name.lower().replace(" ", "").replace("ś", "s")


def rows_by_table(
    people: list[InventedPerson], planted: list[tuple[str, str]], rng: random.Random
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Rows by table: those whose columns name everybody, and the mentions in texts of others."""
    mails = [
        mail(f"known{at}", one.address, OWNER_ADDRESS, "See you then.")
        for at, one in enumerate(people)
    ]
    deals = [
        deal(f"known{at}", f"{company}: shelf test", "So far so good.")
        for at, company in enumerate(sorted({one.company for one in people}))
    ]
    notes: list[dict[str, Any]] = []
    chats: list[dict[str, Any]] = []
    talks: list[dict[str, Any]] = []
    for at, (kind, value) in enumerate(planted):
        said = rng.choice(_SENTENCES).format(f"Tel. {value}" if kind == "phone" else value)
        key, moment = f"{at:05}", START + timedelta(hours=at)
        match at % 4:
            case 0:
                mails += [
                    mail(
                        f"asked{key}",
                        "kim@elsewhere.example",
                        OWNER_ADDRESS,
                        f"Hello Allan. {said}",
                        key,
                    ),
                    mail(
                        f"said{key}", OWNER_ADDRESS, "kim@elsewhere.example", f"Hello. {said}", key
                    ),
                ]
            case 1:
                notes.append({"id": key, "title": f"On {key}", "content": said, "user_id": "allan"})
            case 2:
                talks.append({"id": key, "user_id": "allan"})
                chats += [
                    {"id": f"{key}a", "conversation_id": key, "role": "guest", "content": said},
                    {"id": f"{key}b", "conversation_id": key, "role": "user", "content": said}
                    | {"created_at": moment},
                ]
            case 3:
                deals.append(deal(key, f"Something {key}", f"{said}\n\nNo. {said}"))
    yield from {
        "crm_emails": mails,
        "crm_deals": deals,
        "sticky_notes": notes,
        "conversations": talks,
        "messages": chats,
        "personality_samples": [],
    }.items()


def mail(key: str, sender: str, to: str, body: str, subject: str = "Hi") -> dict[str, Any]:
    moment = START + timedelta(minutes=0 if key.startswith("asked") else 5)
    thread = {"thread_id": key, "recipients": to, "subject": subject, "sent_at": moment}
    return {"id": key, "sender_email": sender, "body": body, **thread}


def deal(key: str, name: str, notes: str) -> dict[str, Any]:
    return {
        "id": key,
        "deal_name": name,
        "notes": notes,
        "owner_email": OWNER_ADDRESS,
        "created_at": START,
    }


def texts_of_tables(lake: Path, tokenizer: ChatTokenizer) -> Iterator[tuple[str, list[str]]]:
    """The texts of the turns, and of the dataset of every personality that has examples."""
    turns = read_turns(turns_path(lake))
    yield "clean/turns", [f"{turn.title}\n{turn.text}\n{turn.context or ''}" for turn in turns]
    for recipe in load_recipes().values():
        sources = [source.model_copy(update={"limit": 100_000}) for source in recipe.sources]
        wide = recipe.model_copy(update={"sources": sources})
        refresh_candidates(lake, wide, lambda: tokenizer, ["bench"])
        refresh_dataset(lake, wide)
        target = dataset_path(lake, recipe.name)
        table = open_table(target)
        examples = read_examples(target, table.version()) if table else []
        texts = [
            "\n".join(message["content"] for message in example.messages) for example in examples
        ]
        if texts:
            yield f"datasets/{recipe.name}", texts


def count_leaks(planted: list[tuple[str, str]], texts: list[str]) -> Counter[str]:
    """Number of planted values by kind that a text still holds; letters and digits are compared."""
    everything = "\n".join(letters_and_digits(text) for text in texts)
    values = {
        (kind, re.sub(r"^(?:www|https)", "", letters_and_digits(value))) for kind, value in planted
    }
    leaked = Counter[str]()
    for kind, value in values:
        wanted = value.removesuffix("about") if kind == "domain" else value
        leaked[kind] += wanted in everything
    return +leaked


def letters_and_digits(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.lower())


def report(
    rows: int,
    planted: list[tuple[str, str]],
    texts: dict[str, list[str]],
    left: dict[str, Counter[str]],
    seconds: float,
) -> str:
    counts = Counter(kind for kind, _ in planted)
    lines = [
        machine_line(),
        "",
        f"{len(planted)} mentions of column values in {rows} rows; turns in {seconds:.1f} s.",
        "",
        f"| table | texts | {' | '.join(f'{kind} ({counts[kind]})' for kind in KINDS)} | left |",
        f"|---|---:|{'---:|' * (len(KINDS) + 1)}",
    ]
    lines += [
        f"| {table} | {len(content)} | {' | '.join(str(left[table][kind]) for kind in KINDS)} "
        f"| {left[table].total()} |"
        for table, content in texts.items()
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
