"""A run home with the sample's rows for many contacts, and one contact planted in every place."""

import gzip
import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from faker import Faker

from maverick_assets.crm.connection import connect, create_tables, crm_url, dagster_url
from maverick_assets.crm.extraction import extract
from maverick_assets.crm.importers import insert_rows
from maverick_assets.crm.sample import sample_crm
from maverick_assets.crm.sample.world import contacts
from maverick_assets.crm.schema import TABLES
from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.turns.refresh import refresh_mails, refresh_turns
from maverick_assets.pipeline.forget.everywhere import Outcome, Request, forget_everywhere
from maverick_assets.settings import Settings

NAME, ADDRESS = "Quillon Averdieck", "quillon@averdieckmill.example"
PHONE = "+49 40 5558 0173"
LEE, ME = "lee.ito@x.example", "allan@testpilot.example"
WHEN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
# Each of his own texts has words that stand nowhere else.
HIS_WORDS = [f"zorblatt{number} quibbles fonder than kelp" for number in range(13)]
KEPT_WORDS = [f"marlinspike{number} stays" for number in range(12)]
# Mailboxes and people that look like his and are not.
OTHERS = ("quillon+news@averdieckmill.example", "xquillon@averdieckmill.example", "Quillon Aver")

_LONG = f"{'log' * 40}\n" * 4_500  # characters; few words, so that the tests are fast

Tables = dict[str, list[dict[str, Any]]]


def _mail(key: str, sender: str, recipients: str, body: str) -> dict[str, Any]:
    named = {"id": key, "sender_email": sender, "recipients": recipients, "subject": key}
    return named | {"body": body, "sent_at": WHEN}


def _quote(mark: str = "> ") -> str:
    return f"On Mon, 2 Mar 2026 at 09:00, {NAME} <{ADDRESS}> wrote:\n{mark}{HIS_WORDS[0]} today."


def planted_rows() -> Tables:
    """Rows of his, and rows of others that name or quote him."""
    his, kept = iter(HIS_WORDS[1:]), iter(KEPT_WORDS)
    created = {"created_at": WHEN}
    reversed_name = ", ".join(reversed(NAME.split()))
    return {
        "crm_emails": [
            _mail("h0", ADDRESS, ME, f"{HIS_WORDS[0]} today.\n\nBest,\n{NAME}\nTel. {PHONE}"),
            _mail("h1", f'"{reversed_name}" <{ADDRESS.upper()}>', ME, next(his)),
            _mail("h2", ME, f"mailto:{ADDRESS.replace('@', '%40')}?subject=Hi", next(his)),
            _mail("h3", ME, f"{ME}; {NAME} <{ADDRESS}>", next(his)),
            _mail("k0", ME, f"{ADDRESS}, {LEE}", f"{next(kept)}, {NAME} said. {PHONE}"),
            _mail("k1", LEE, ME, f"{next(kept)}.\n\n{_quote()}"),
            _mail("k2", LEE, ME, f"{next(kept)}: {NAME.upper()}, {reversed_name}\n{OTHERS[0]}"),
            _mail("k3", OTHERS[1], ME, f"{next(kept)}. {OTHERS[2]} is nobody."),
            # Longer than anything that is divided into own words and quotes.
            _mail("h4", ADDRESS, ME, f"{next(his)}\n" + _LONG),
            _mail("k4", LEE, ME, f"{next(kept)}, {NAME}!\n" + _LONG),
            _mail("k5", LEE, ME, f"<div>{next(kept)}. {NAME.replace(' ', '&nbsp;')}</div>"),
        ],
        "conversations": [
            {"id": "hc", "user_id": "allan", "metadata": {"contact": {"email": ADDRESS}}},
            {"id": "hd", "user_id": "allan", "metadata": {"channel": "sms", "contact": NAME}},
            {"id": "kc", "user_id": "allan", "metadata": {"contact": LEE}},
        ],
        "messages": [
            {"id": "m1", "conversation_id": "hc", "role": "contact", "content": next(his)}
            | created,
            {"id": "m2", "conversation_id": "hd", "role": "contact", "content": next(his)}
            | created,
            {"id": "m3", "conversation_id": "kc", "role": "user"}
            | {"content": f"{next(kept)}: quillon   averdieck"}
            | created,
        ],
        "crm_deals": [
            {"id": "hx", "deal_name": "Mill: test", "stage": "open", "amount": 1.0}
            | {"notes": next(his), "owner_email": ADDRESS}
            | created,
            {"id": "kx", "deal_name": f"{NAME}: panel", "stage": "open", "amount": 1.0}
            | {"notes": f"{next(kept)}\n\nAsk {ADDRESS}.", "owner_email": ME}
            | created,
        ],
        "sticky_notes": [
            {"id": "hn", "user_id": f"MAILTO:{ADDRESS}", "title": "x", "content": next(his)}
            | {"tags": None}
            | created,
            {"id": "ha", "user_id": "allan", "title": "Lunch", "content": next(his)}
            | {"tags": ["work", f"attendee:{ADDRESS}"]}
            | created,
            {"id": "kn", "user_id": "allan", "title": NAME, "content": f"{next(kept)} <{ADDRESS}>"}
            | {"tags": [f"attendee:{ADDRESS}", f"attendee:{LEE}"]}
            | created,
        ],
        "feedback": [
            {"id": "kf", "personality": "robbie", "version": "v1.0", "rating": 9}
            | {"prompt": f"Who is {NAME}?", "response": next(kept), "correction": ADDRESS}
            | created
        ],
        "personality_samples": [
            {"id": "ks", "personality": "robbie", "prompt": f"Write {ADDRESS}"}
            | {"response": next(kept), "mood": None, "mode": None, "tags": [NAME]}
            | created
        ],
        "device_interactions": [
            {"id": "hi", "user_id": ADDRESS, "device": "phone", "event": "call"}
            | {"content": next(his)}
            | created,
            {"id": "ki", "user_id": "allan", "device": "phone", "event": "call"}
            | {"content": f"{next(kept)} with {NAME}, {PHONE}"}
            | created,
        ],
    }


def sample_rows(copies: int, rng: random.Random) -> tuple[Tables, list[tuple[str, str]]]:
    """The sample CRM, whose threads are shared out among so many times its contacts.

    Returns the rows, and names and addresses of the contacts that they name.
    """
    faker = Faker()
    faker.seed_instance(rng.randrange(1 << 30))
    people: list[tuple[str, str]] = []
    tables: Tables = {}
    for copy in range(copies):
        renamed = {}
        for contact in contacts():
            first, last = faker.unique.first_name(), faker.unique.last_name()
            local = rng.choice((f"{first}.{last}", first, f"{first[0]}.{last}")).lower()
            address = f"{local}@{contact.email.partition('@')[2]}"
            renamed |= {contact.name: f"{first} {last}", contact.email: address}
            people.append((f"{first} {last}", address))
        for name, rows in sample_crm().items():
            tables.setdefault(name, []).extend(
                _renamed(row, copy, renamed) for row in rows if _number(row) % copies == copy
            )
    text = json.dumps(tables, default=str)
    return tables, [person for person in people if person[1] in text]


def _number(row: dict[str, Any]) -> int:
    """Of its thread or conversation, or its own."""
    key = row.get("thread_id") or row.get("conversation_id") or row["id"]
    return int(str(key).rpartition("-")[2])


def _renamed(row: dict[str, Any], copy: int, renamed: dict[str, str]) -> dict[str, Any]:
    text = json.dumps(row, default=lambda moment: moment.isoformat())
    for old, new in renamed.items():
        text = text.replace(old, new)
    new_row: dict[str, Any] = json.loads(text)
    for key in ("id", "conversation_id", "thread_id", "message_id", "in_reply_to"):
        if new_row.get(key):
            new_row[key] = f"{copy}-{new_row[key]}"
    for key in ("sent_at", "created_at"):
        if key in new_row:
            new_row[key] = datetime.fromisoformat(new_row[key])
    return new_row


@dataclass
class House:
    """A run home with an embedded server of its own."""

    settings: Settings
    people: list[tuple[str, str]]

    def fill(self, *sources: Tables) -> None:
        with connect(self.settings) as connection:
            create_tables(connection)
            for tables in sources:
                for name, rows in tables.items():
                    insert_rows(connection, name, rows)

    def ingest(self) -> None:
        for table in TABLES.values():
            extract(crm_url(self.settings), table, self.settings.lake)
        refresh_mails(self.settings.lake, "1")
        owner = Owner(self.settings.owner_emails, self.settings.owner_user_ids)
        refresh_turns(self.settings.lake, owner, "1")

    def forget(self, *contacts: str, **how: bool) -> Outcome:
        request = Request(contacts, **how)
        return forget_everywhere(self.settings, list(TABLES.values()), request, self.ingest)

    def plant_files(self) -> None:
        """What runs left: logs, a page, a curve's folder, Dagster's events."""
        home = self.settings.home
        words = f"skipped {NAME} <{ADDRESS}>, {PHONE}"
        for name, data in {
            "logs/storage/r/compute_logs/a.err": words.encode(),
            "logs/old.log.gz": gzip.compress(words.encode()),
            "logs/events.json": json.dumps({"name": NAME.replace("A", "\u00c1")}).encode(),
            "logs/utf16.txt": words.encode("utf-16-le") * 40,
            "logs/link.txt": f"https://x.example/?to={ADDRESS.replace('@', '%40')}".encode(),
            "reports/monthly.md": words.encode(),
            "reports/memorisation/robbie.md": words.encode(),
            "runs/r/answer.json": json.dumps({"answer": words}).encode(),
        }.items():
            path = home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        with psycopg.connect(dagster_url(self.settings)) as connection:
            connection.execute("create table event_logs (id int primary key, event text)")
            connection.execute("create table kvs (key text, value jsonb)")
            event = json.dumps({"md": json.dumps({"rows": f"| {words} |"})})
            connection.execute("insert into event_logs values (1, %s)", [event])
            connection.execute("insert into kvs values ('x', %s)", [json.dumps([ADDRESS])])
