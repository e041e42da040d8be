"""Personal data of the CRM's columns that is left in turns and datasets.

    python -m benchmarks.privacy [--mentions 5000]

Invents contacts and deals, plants values of their columns (names, addresses, phone numbers,
companies, domains and streets, as people write them; addresses in encodings, too, and names that
headers alone have) in mails, chats, notes and deals of other people, builds turns and datasets, and
searches these for every planted value. Also times the search on hostile texts. Prints Markdown; the
exit code is 1 when a value is left.

No column holds a phone number or a street: these are planted as signatures and notes have them.
The corpora of phone numbers, figures and addresses are scored by half: rules were tuned on the open
one, and the locked one says what they forecast.
"""

import argparse
import json
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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
from maverick_assets_tests.corpora.phone_numbers import (
    LabelledText,
    clean_figures,
    keeps_number,
    phone_texts,
)
from maverick_assets_tests.corpora.written_addresses import (
    address_texts,
    clean_texts,
    holds_address,
)
from maverick_assets_tests.raw_tables import upsert_raw_rows

OWNER = Owner(("allan@testpilot.example",), ("allan",))
OWNER_ADDRESS = OWNER.emails[0]
START = datetime(2025, 1, 6, 9, 0, tzinfo=UTC)
PARTICIPANTS = ("dana.cole@acme.example",)
KINDS = (
    *("name", "address", "phone", "company", "domain", "street"),
    *("national phone", "encoded address", "header name"),
)
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
# Of people whose addresses spell no name
_HEADER_LAST = """
Zbigniewska Halvorsen Ottaviani Brzezicki Lundgaard Mirzoyan Thorvaldsen Ibarrola Vandenberghe
Szczepanski
"""
# Numbers in the forms of countries, `#` for a digit
_NATIONAL_PHONES = (
    *("0171 ### ## ##", "0171/#######", "(089) ### ## ##", "030-#######", "+49 (0) 171 #######"),
    *("06 ## ## ## ##", "06.##.##.##.##", "0033 6 ## ## ## ##", "020 7### ####", "07700 ######"),
    *("+48 6## ### ###", "+34 6## ### ###", "+39 333 #######", "0041 79 ### ## ##", "06-########"),
    *("+45 2# ## ## ##", "070-### ## ##", "0664 #######", "0475/##.##.##", "+1 (415) 5##-####"),
)
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
    is_in_headers: bool = False  # the address spells no name, headers do

    @property
    def address(self) -> str:
        if self.is_in_headers:
            return f"{self.last[0]}{self.phone[-4:]}@{self.domain}".lower()
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
                "national phone": [digits_drawn(form, rng) for form in _NATIONAL_PHONES],
                "encoded address": encoded_forms(self.address),
                "header name": [name, name.upper(), f"{self.last}, {self.first}"],
            }[kind]
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mentions", type=int, default=5000)
    rng = random.Random(1)
    people = invented_people(rng, 900)
    in_headers = people_of_headers(rng)
    planted: list[tuple[str, str]] = []
    searched: dict[str, str] = {}  # of encoded addresses: what stands in front of the sign
    for _ in range(parser.parse_args().mentions):
        kind = rng.choice(KINDS)
        person = rng.choice(in_headers if kind == "header name" else people)
        planted.append((kind, person.value(kind, rng)))
        if kind == "encoded address":
            searched[planted[-1][1]] = person.address.partition("@")[0]
    third_parties = ThirdParties(bytes(32), contacts_of(people), OWNER.emails)
    # Before turns and datasets are built: among their objects, garbage collection doubles the time.
    hostile = slowest_hostile_text(partial(third_parties.protect, participants=PARTICIPANTS))
    with tempfile.TemporaryDirectory(prefix="maverick-bench-") as name:
        lake = Path(name) / "lake"
        base = ensure_base(Settings(home=Path(name), base_model=None))
        rows = 0
        for table, content in rows_by_table([*people, *in_headers], planted, rng):
            upsert_raw_rows(lake, table, content)
            rows += len(content)
        started = time.monotonic()
        refresh_mails(lake, "bench")
        refresh_turns(lake, OWNER, "bench")
        seconds = time.monotonic() - started
        texts = dict(texts_of_tables(lake, ChatTokenizer(base.directory)))
    left = {table: count_leaks(planted, content, searched) for table, content in texts.items()}
    print(report(rows, planted, texts, left, seconds))
    print(f"\n{hostile}\n\n{report_of_halves(third_parties)}")
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


def people_of_headers(rng: random.Random) -> list[InventedPerson]:
    """People whom display names alone name."""
    lasts, people = _HEADER_LAST.split(), invented_people(rng, 300)
    return [
        replace(person, last=lasts[at % len(lasts)], is_in_headers=True)
        for at, person in enumerate(people)
    ]


def digits_drawn(form: str, rng: random.Random) -> str:
    """A number of this form; no group of it begins with a zero."""
    return re.sub("#", lambda _: str(rng.randint(1, 9)), form)


def encoded_forms(address: str) -> list[str]:
    """An address as programs encode it and people spell it."""
    escaped = address.replace("@", "%40")
    return [
        f"https://news.example/u?email={escaped}&l=3",
        f"https://eur03.safelinks.protection.outlook.com/?data=05%7C02%7C{escaped}%7C3f1c&sdata=x",
        f"https://urldefense.com/v2/url?u=http-3A__x.example-3Fto-3D{address.replace('@', '-40')}",
        address.replace("@", "&#64;"),
        address.replace("@", " (at) ").replace(".", " (dot) "),
        address.replace("@", "%2540"),
        address.replace("@", "=40"),
    ]


def report_of_halves(third_parties: ThirdParties) -> str:
    """The scores of the corpora's halves."""
    protect = third_parties.protect
    rows: list[tuple[str, Sequence[LabelledText], Callable[[str], bool]]] = [
        ("phone numbers left", phone_texts(), partial(keeps_number, protect=protect)),
        ("figures changed", clean_figures(), lambda text: protect(text) != text),
        ("addresses left", address_texts(), lambda text: holds_address(protect(text))),
        ("look-alikes changed", clean_texts(), lambda text: protect(text) != text),
    ]
    lines = ["| corpus | open half | locked half |", "|---|---:|---:|"]
    for name, texts, is_wrong in rows:
        halves = [[case.text for case in texts if case.is_locked is half] for half in (False, True)]
        scores = [f"{sum(map(is_wrong, half))} of {len(half)}" for half in halves]
        lines.append(f"| {name} | {' | '.join(scores)} |")
    return "\n".join(lines)


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
        mail(f"known{at}", one.address, OWNER_ADDRESS, "See you then.") | headers_of(one)
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
        named = f"Tel. {value}" if kind == "phone" else value
        said = rng.choice(_SENTENCES).format(named)
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


def headers_of(person: InventedPerson) -> dict[str, str]:
    if not person.is_in_headers:
        return {}
    entry = f'"{person.last}, {person.first}" <{person.address}>'
    return {"headers": json.dumps({"from": [entry]})}


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


def count_leaks(
    planted: list[tuple[str, str]], texts: list[str], searched: Mapping[str, str]
) -> Counter[str]:
    """Number of planted values by kind that a text still holds; letters and digits are compared.

    `searched`: what is looked for in place of a value.
    """
    everything = "\n".join(letters_and_digits(text) for text in texts)
    values = {
        (kind, re.sub(r"^(?:www|https)", "", letters_and_digits(searched.get(value, value))))
        for kind, value in planted
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
