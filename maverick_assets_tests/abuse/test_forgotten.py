"""Who was forgotten is gone: from every file, Parquet decoded, and from both databases."""

import gzip
import random
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import psycopg
import pyarrow.parquet as pq
import pytest

from maverick_assets.crm.connection import connect, crm_url, dagster_url
from maverick_assets.crm.raw_table import live_rows
from maverick_assets.errors import BadInput
from maverick_assets.lake.paths import raw_path
from maverick_assets.pipeline.forget.everywhere import Outcome
from maverick_assets.pipeline.forget.search import Leftover
from maverick_assets.settings import Settings
from maverick_assets_tests.abuse.forgotten_house import (
    ADDRESS,
    HIS_WORDS,
    KEPT_WORDS,
    ME,
    NAME,
    OTHERS,
    PHONE,
    WHEN,
    House,
    planted_rows,
    sample_rows,
)

N_CONTACTS = 100
KIM = "kim.oduya@y.example"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """The sample three times over with 120 contacts, and the planted one; all is ingested."""
    settings = Settings(home=tmp_path_factory.mktemp("house") / "home")
    rows, people = sample_rows(3, random.Random(16))
    made = House(settings, people)
    made.fill(rows, planted_rows())
    made.ingest()
    made.plant_files()
    return made


@pytest.fixture(scope="module")
def chosen(house: House) -> list[tuple[str, str]]:
    return random.Random(61).sample(house.people, N_CONTACTS)


@pytest.fixture(scope="module")
def outcome(house: House, chosen: list[tuple[str, str]]) -> Outcome:
    """Everything forgotten, in one call."""
    written = [ADDRESS, *(f"{name} <{address}>" for name, address in chosen)]
    return house.forget(*written, also_quotes=True, in_crm=True)


def everything(settings: Settings) -> Iterator[tuple[str, str]]:
    """All texts of a run home, by place, in lower case. This is not the command's own search."""
    for path in sorted(settings.home.rglob("*")):
        is_template = path.parent.name in ("1", "4", "5") and "postgres" in path.parts
        if path.is_symlink() or not path.is_file() or is_template:
            continue
        data = path.read_bytes()
        if path.suffix == ".parquet":
            data += repr(pq.read_table(path).to_pylist()).encode()
        if path.suffix == ".gz":
            data = gzip.decompress(data)
        text = data.decode("utf-8", "ignore")
        if "postgres" not in path.parts:
            text += data.replace(b"\0", b"").decode("utf-8", "ignore")  # UTF-16
        yield str(path.relative_to(settings.home)), text.lower()
    for name, url in (("crm", crm_url(settings)), ("dagster", dagster_url(settings))):
        with psycopg.connect(url) as connection:
            query = "select table_name from information_schema.tables where table_schema = 'public'"
            for (table,) in connection.execute(query).fetchall():
                rows = connection.execute(f"select t::text from {table} t".encode()).fetchall()
                yield f"{name} {table}", "\n".join(row[0] for row in rows).lower()


def places_of(texts: dict[str, str], *needles: str) -> dict[str, list[str]]:
    """Where each needle stands, however an address in it is escaped."""
    found = {}
    for needle in needles:
        spelled = {needle.lower(), needle.lower().replace("@", "%40")}
        places = [place for place, text in texts.items() if any(form in text for form in spelled)]
        if places:
            found[needle] = places
    return found


@pytest.fixture(scope="module")
def texts(house: House, outcome: Outcome) -> dict[str, str]:
    """Everything that is there once all were forgotten."""
    return dict(everything(house.settings))


def test_nothing_of_100_contacts_is_left_and_nothing_else_is_gone(
    house: House, chosen: list[tuple[str, str]], outcome: Outcome, texts: dict[str, str]
) -> None:
    assert outcome.leftovers == []
    named: set[str] = set()  # every address, and every two words in a row
    for text in texts.values():
        named.update(re.findall(r"[\w.+-]+(?:@|%40)[\w.-]+", text))
        words = re.findall(r"[^\W_]+", text)
        named.update(map(" ".join, pairwise(words)))
    gone = {each.lower() for person in chosen for each in person}
    assert gone & named == set()
    stay = {address for person in house.people if person not in chosen for address in person[1:]}
    assert len(stay & named) > 3


def test_nothing_of_a_contact_planted_everywhere_is_left(
    house: House, texts: dict[str, str]
) -> None:
    reversed_name = ", ".join(reversed(NAME.split()))
    squeezed = {place: " ".join(text.split()) for place, text in texts.items()}
    address = {
        place: text.replace(OTHERS[1], "").replace(OTHERS[0], "")
        for place, text in squeezed.items()
    }
    assert places_of(address, ADDRESS) == {}
    assert places_of(squeezed, NAME, reversed_name, PHONE, *HIS_WORDS) == {}
    places = places_of(squeezed, *KEPT_WORDS, *OTHERS)
    assert places.keys() == {*KEPT_WORDS, *OTHERS}
    mails = {row["id"]: row for row in live_rows(raw_path(house.settings.lake, "crm_emails"))}
    assert {"k0", "k1", "k2", "k3", "k4"} <= mails.keys()
    assert mails["k1"]["body"] == KEPT_WORDS[1] + "."


def test_a_later_ingest_brings_nothing_back(house: House, texts: dict[str, str]) -> None:
    with connect(house.settings) as connection:  # a restored backup
        for name, rows in planted_rows().items():
            connection.execute(
                f"delete from {name} where id = any(%s)".encode(), [[r["id"] for r in rows]]
            )
    house.fill(planted_rows())
    house.ingest()
    lake = {p: t for p, t in everything(house.settings) if p.startswith("lake/")}
    assert places_of(lake, NAME, PHONE, *HIS_WORDS) == {}


def test_what_stays_is_counted_and_named_and_what_is_left_by_places_alone(tmp_path: Path) -> None:
    small = House(Settings(home=tmp_path / "home"), [])
    of_kim = {"id": "kim", "sender_email": KIM, "recipients": ME, "body": "Kim.", "sent_at": WHEN}
    small.fill(planted_rows(), {"crm_emails": [of_kim]})
    small.ingest()
    page = small.settings.home / "models" / "robbie" / "notes.txt"  # no step looks there
    page.parent.mkdir(parents=True)
    page.write_text(f"{NAME}\n{ADDRESS}")
    with pytest.raises(BadInput, match=r"names nobody@x\.example"):
        small.forget("nobody@x.example")
    outcome = small.forget(ADDRESS)
    assert outcome.leftovers == [Leftover("models/robbie/notes.txt", 2)]
    assert outcome.forgetting.quoting == {"crm_emails": ["k1"]}
    assert outcome.forgetting.too_long == {"crm_emails": ["k4"]}
    assert not outcome.crm_cleaned
    rows_of_his = {
        "crm_emails": 10,
        "conversations": 2,
        "messages": 3,
        "crm_deals": 2,
        "sticky_notes": 3,
        "feedback": 1,
        "personality_samples": 1,
        "device_interactions": 2,
    }
    assert outcome.crm == rows_of_his
    pending = small.settings.home / "keys" / "forgetting.json"
    assert small.forget(KIM).crm == {"crm_emails": 1}
    assert NAME.lower() in pending.read_text()
    assert KIM not in pending.read_text()
    page.unlink()
    again = small.forget(ADDRESS, in_crm=True)
    assert (again.leftovers, again.crm_cleaned, again.crm) == ([], True, rows_of_his)
    assert not pending.exists()
    texts = dict(everything(small.settings))
    found = places_of(texts, NAME, PHONE, *HIS_WORDS)
    assert found.keys() == {HIS_WORDS[0]}  # the quote, without --also-quotes
    assert KIM in texts["crm crm_emails"]  # nobody asked for that
