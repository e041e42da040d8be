"""Names at the door of serving: who reads which, and what it costs.

    python -m benchmarks.names [--prompts 1000] [--engine 10] [--contacts 50000]

Prompts name contacts of the sample CRM as people and programs do, and ask through the HTTP API: as
the owner and as somebody else, plain and streamed. In the engine's place stands a text: the prompt
repeated, surrogates of contacts that it does not name, or real names that a model had learnt. Some
prompts go to the embedded base itself. Prints Markdown; the exit code is 1 when a name is where it
should not be.
"""

import argparse
import asyncio
import io
import json
import logging
import random
import re
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from benchmarks.machine import machine_line
from maverick_assets.api.app import api_rules, create_app
from maverick_assets.api.routes.sessions import Sessions
from maverick_assets.api.tokens import TokenBook
from maverick_assets.base_model.prepare import ensure_base
from maverick_assets.base_model.tokenizer import Message
from maverick_assets.crm.people.folding import fold
from maverick_assets.crm.sample import sample_crm
from maverick_assets.crm.sample.world import OWNER_EMAIL, SampleContact, contacts
from maverick_assets.crm.schema import TEXT_TABLES
from maverick_assets.datasets.pseudonyms.contact_table import refresh_contacts
from maverick_assets.datasets.pseudonyms.contacts import (
    contacts_of_address,
    contacts_of_deal,
    name_words,
)
from maverick_assets.datasets.pseudonyms.name_lists import given_names, surnames
from maverick_assets.datasets.pseudonyms.surrogates import load_key, squeezed
from maverick_assets.datasets.turns.refresh import refresh_mails
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.versions import Version
from maverick_assets.serving.export.base import ensure_base_gguf
from maverick_assets.serving.names.at_the_door import Names, restored
from maverick_assets.serving.names.book import read_names
from maverick_assets.serving.released import Released
from maverick_assets.serving.runtime import Answer, Runtime
from maverick_assets.serving.service import ChatService, Question, Reply
from maverick_assets.serving.sessions.store import SessionStore
from maverick_assets.settings import Settings
from maverick_assets_tests.raw_tables import upsert_raw_rows
from maverick_assets_tests.registry.conftest import recipe_of

PIECES = (1, 2, 3, 5, 8)  # letters of a streamed piece
SENTENCES = (
    "Is {} still waiting for us?",
    "Please call {} before noon.",
    "I met {} yesterday, it went well.",
    "What do we owe {} by Friday?",
    "The samples of {} are late.",
)
TO_MODEL = "real names that reached the model"
TO_OWNER = "surrogates of contacts that reached the owner"
TO_OTHERS = "real names that reached somebody else"
IN_LOG = "real names in a log"
MANIFEST = Manifest.model_validate(
    {
        "personality": "twin",
        "version": Version.parse("v1.0"),
        "kind": "full",
        "created_at": datetime(2026, 11, 28, tzinfo=UTC),
        "fingerprint": "twin",
        "base_digest": "none",
        "dataset_version": 0,
        "recipe": recipe_of("twin"),
        "code_version": "1",
    }
)
Speaker = Callable[[Sequence[Message]], str]


@dataclass(frozen=True)
class Mention:
    """A part of a text that names somebody, and what of it nobody else may see."""

    text: str
    secret: tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """A request, what the engine says, and the words by which a leak is found."""

    kind: str
    body: dict[str, Any]
    speak: Speaker
    asked: Sequence[Mention]
    answered: Sequence[Mention]


@dataclass
class Tally:
    """What was wrong, by kind, with the first of each."""

    requests: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)

    def check(self, kind: str, text: str, words: Iterable[str]) -> None:
        """Count a text that holds one of some words, in any case."""
        for word in filter(None, words):
            if re.search(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])", text, re.IGNORECASE):
                self.wrong[kind] += 1
                self.first.setdefault(kind, f"{word!r} in {text[:400]!r}")
                return


class SpeakingService(ChatService):
    """The service, with `speak` in the engine's place."""

    def __init__(self, settings: Settings, rng: random.Random) -> None:
        super().__init__(settings)
        self.speak: Speaker = lambda _: ""
        self.asked = ""  # all that the model was asked last
        self._rng = rng

    @property
    def released(self) -> Released:
        return Released({"twin": MANIFEST})

    async def stream(self, question: Question) -> AsyncGenerator[str | Reply, None]:
        self.asked = "\n".join(message["content"] for message in question.messages)
        text, at = await asyncio.to_thread(self.speak, question.messages), 0
        while at < len(text):
            size = self._rng.choice(PIECES)
            yield text[at : at + size]
            at += size
        yield Reply(Answer(text, "stop"), question.personality, "v1.0", self.node)


def mentions(person: SampleContact, rng: random.Random) -> Iterator[Mention]:
    """A contact as people and programs name her, as far as the CRM's columns know her."""
    domain = person.email.partition("@")[2]
    is_colleague = domain == OWNER_EMAIL.partition("@")[2]  # the owner's company stays
    if not is_colleague and squeezed(fold(re.sub(r"\W", " ", person.company))) in companies():
        for text in (person.company, f"{person.company} Ltd", person.company.upper()):
            yield Mention(text, (person.company,))
    if not is_colleague:
        yield Mention(f"https://www.{domain}/tea", (domain,))
    for text in (person.email, person.email.replace("@", " (at) ")):
        yield Mention(text, (text, "" if is_colleague else domain.partition(".")[0]))
    number = f"{rng.randrange(10_000):04}"
    yield Mention(f"+44 20 7946 {number}", (number,))
    if name_words(person.email.partition("@")[0]) == person.name.lower().split():
        first, last = person.name.split()
        straight = (f"{first} {last}", f"{first} {last}'s", f"{first}\n{last}", f"{last}, {first}")
        odd = (person.name.upper(), person.name.lower(), person.name.lower().replace(" ", ""))
        for text in (*straight, *odd):
            yield Mention(text, (first, last, f"{first}{last}"))


@cache
def companies() -> frozenset[str]:
    """The companies that deals and domains of the sample name: no column holds any other."""
    deals = [str(deal["deal_name"]) for deal in sample_crm()["crm_deals"]]
    known = [contact for deal in deals for contact in contacts_of_deal(deal)]
    known += [contact for person in contacts() for contact in contacts_of_address(person.email)]
    return frozenset(contact.identity for contact in known if contact.kind == "company")


def some_mentions(rng: random.Random, count: int) -> list[Mention]:
    people = rng.sample(list(contacts()), count)
    return [rng.choice([*mentions(person, rng)]) for person in people]


def case_of(rng: random.Random, kind: str, names: Names, engine: Speaker) -> Case:
    """A prompt with two or three mentions, in a chat or in a mail to be answered."""
    asked, others = some_mentions(rng, rng.randint(2, 3)), some_mentions(rng, 2)
    text = " ".join(rng.choice(SENTENCES).format(each.text) for each in asked)
    body: dict[str, Any] = {"message": text}
    if rng.random() < 0.3:
        local = {person: person.email.partition("@")[0] for person in contacts()}
        named = [p for p, words in local.items() if name_words(words)[:1] == [p.first.lower()]]
        sender = rng.choice(named)
        mail = {"from": sender.email, "subject": f"{sender.first} and tea"}
        mail["body"] = f"Hi,\n\n{text}\n\n{sender.first}"
        body = {"context": {"mail": mail}}
        asked.append(Mention(sender.first, (sender.first,)))
    said = " ".join(rng.choice(SENTENCES).format(each.text) for each in others)
    speakers: dict[str, tuple[Speaker, Sequence[Mention]]] = {
        "the prompt, repeated": (lambda messages: messages[-1]["content"], asked),
        "surrogates of others": (lambda _: names.third_parties.protect(said), others),
        "real names": (lambda _: said, others),
        "the embedded base": (engine, asked),
    }
    speak, answered = speakers[kind]
    return Case(kind, body, speak, asked, answered)


def surrogate_words(names: Names, named: Sequence[Mention]) -> set[str]:
    """The words that stand for what is named, and are in nothing that is named."""
    shown = " ".join(names.third_parties.protect(each.text) for each in named)
    own = {word.lower() for each in named for word in re.findall(r"[^\W_]+", each.text)}
    return {
        word for word in re.findall(r"[^\W\d_]{3,}", shown) if word.lower() not in own | {"com"}
    }


async def answer_to(client: httpx.AsyncClient, body: dict[str, Any]) -> str:
    """The whole of an answer, streamed or not."""
    response = await client.post("/api/chat", json={"personality": "twin", **body})
    response.raise_for_status()
    if not body["stream"]:
        return str(response.json()["response"])
    *pieces, end = (json.loads(line[6:]) for line in response.text.splitlines() if line)
    text = "".join(piece["text"] for piece in pieces)
    if text != end["response"]:
        raise AssertionError("the pieces are another answer")
    return text


async def ask_everything(
    settings: Settings, arguments: argparse.Namespace, logged: io.StringIO
) -> Tally:
    """Ask each prompt as each caller, plain and streamed."""
    rng, tally = random.Random(arguments.seed), Tally()
    service = SpeakingService(settings, rng)
    service.names.refresh()
    names = service.names.names
    assert isinstance(names, Names)
    sessions = Sessions(SessionStore(settings), settings.owner_user_ids[0])
    tokens = TokenBook(settings.home / "keys")
    rules = api_rules(settings, "127.0.0.1").model_copy(update={"requests_per_minute": 10**9})
    transport = httpx.ASGITransport(create_app(service, sessions, settings, rules, tokens))
    engine = real_engine(settings) if arguments.engine else lambda _: ""
    kinds = ["the prompt, repeated", "surrogates of others", "real names"]
    plan = [kinds[number % 3] for number in range(arguments.prompts)]
    plan += ["the embedded base"] * arguments.engine
    cases = [case_of(rng, kind, names, engine) for kind in plan]
    for caller, is_owner in (("owner", True), ("guest", False)):
        path = tokens.add(caller, ["chat", "owner"] if is_owner else ["chat", "train", "admin"])
        headers = {"Authorization": f"Bearer {path.read_text().strip()}"}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1", headers=headers, timeout=600
        ) as client:
            for case in cases:
                service.speak = case.speak
                for stream in (False, True):
                    answer = await answer_to(client, case.body | {"stream": stream})
                    tally.requests[case.kind] += 1
                    secret = [word for each in case.asked for word in each.secret]
                    tally.check(TO_MODEL, service.asked, secret)
                    if is_owner:
                        tally.check(TO_OWNER, answer, surrogate_words(names, case.answered))
                    else:
                        told = [word for each in case.answered for word in each.secret]
                        tally.check(TO_OTHERS, answer, told)
    everybody = [w for person in contacts() for w in (person.name, person.email, person.company)]
    tally.check(IN_LOG, logged.getvalue(), everybody)
    await sessions.close()
    return tally


def real_engine(settings: Settings) -> Speaker:
    """The embedded base, greedily."""
    gguf = ensure_base_gguf(ensure_base(settings), settings.base_dir)
    runtime = Runtime(gguf, {})
    return lambda messages: runtime.chat(messages, adapter=None, max_tokens=40, temperature=0)


def sample_lake(settings: Settings) -> None:
    """The sample CRM, and whom it knows: one mail says as much as all of the same people."""
    rows = sample_crm()
    mails = {(row["sender_email"], row["recipients"]): row for row in rows["crm_emails"]}
    rows["crm_emails"] = list(mails.values())
    for table in TEXT_TABLES:
        upsert_raw_rows(settings.lake, table.name, rows.get(table.name, []))
    refresh_mails(settings.lake, "1")
    refresh_contacts(settings.lake, TEXT_TABLES, load_key(settings.lake), settings.owner_emails)


def many_contacts(settings: Settings, count: int) -> list[str]:
    """A lake that knows so many people; their addresses."""
    rng = random.Random(1)
    first, last = (sorted(n for n in names if n.isalpha()) for names in (given_names(), surnames()))
    addresses = [
        f"{rng.choice(first)}.{rng.choice(last)}@{rng.choice(last)}{rng.randrange(300)}.com"
        for _ in range(count)
    ]
    notes = [{"id": f"n{at}", "user_id": address} for at, address in enumerate(addresses)]
    upsert_raw_rows(settings.lake, "sticky_notes", notes)
    refresh_contacts(settings.lake, TEXT_TABLES, load_key(settings.lake), settings.owner_emails)
    return addresses


def scale(settings: Settings, count: int) -> Iterator[str]:
    """What many contacts cost, as rows of a table."""
    addresses = many_contacts(settings, count)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    names = read_names(settings)
    yield f"| reading the names of {count:,} contacts | {time.process_time() - start:.1f} s CPU |"
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory
    yield f"| memory that they take beyond that of making the lake | {memory / 1024:.0f} MB |"
    start, exact = time.process_time(), 0
    for address in addresses[:500]:
        words = address.partition("@")[0].split(".")
        text = f"Did {' '.join(words).title()} ({address}) call? She is late with the samples."
        request = names.incoming(by_owner=True)
        exact += restored(request.outgoing(), request.hide(text)) == text
    cost = (time.process_time() - start) / 500 * 1000
    yield f"| a prompt in and its answer out, but for the search by a model | {cost:.1f} ms CPU |"
    yield f"| of 500 prompts, come back as they were | {exact} |"


def run_home(folder: Path) -> Settings:
    folder.mkdir(mode=0o700)
    return Settings(home=folder, owner_email=OWNER_EMAIL)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--prompts", type=int, default=1000)
    parser.add_argument("--engine", type=int, default=10)
    parser.add_argument("--contacts", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    logged = io.StringIO()
    logging.basicConfig(stream=logged, level=logging.DEBUG)
    with tempfile.TemporaryDirectory(prefix="maverick-bench-") as name:
        cost = [*scale(run_home(Path(name) / "many"), arguments.contacts)]
        settings = run_home(Path(name) / "sample")
        sample_lake(settings)
        tally = asyncio.run(ask_everything(settings, arguments, logged))
    print(machine_line(), "\n")
    print("| the engine says | requests |\n|---|---:|")
    for kind, count in tally.requests.items():
        print(f"| {kind} | {count:,} |")
    print("\n| leak | requests |\n|---|---:|")
    for kind in (TO_MODEL, IN_LOG, TO_OWNER, TO_OTHERS):
        print(f"| {kind} | {tally.wrong[kind]} |")
    print("\n| cost | |\n|---|---:|", *cost, sep="\n")
    for kind, text in tally.first.items():
        print(f"\n{kind}: {text}", file=sys.stderr)
    return int(tally.wrong.total() > 0)


if __name__ == "__main__":
    sys.exit(main())
