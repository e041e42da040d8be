"""Health and intimate words in every table: none of them reaches another personality.

A thousand rows hold a word that exists once. Each row is marked as private in one of the ways that
rows are marked. The ordinary builder makes the tables of all personalities, and every one of them
is searched for every word.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from maverick_assets.base_model.tokenizer import ChatTokenizer
from maverick_assets.crm.schema import TABLES, TEXT_TABLES, Table
from maverick_assets.crm.sources.source import SourceTable
from maverick_assets.datasets.examples import builder
from maverick_assets.datasets.examples.example import Example, read_examples
from maverick_assets.datasets.examples.preferences import refresh_preferences
from maverick_assets.datasets.examples.refresh import refresh_candidates, refresh_dataset
from maverick_assets.datasets.examples.withheld import count_withheld
from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.quality.card import card_text, make_card, write_card
from maverick_assets.datasets.quality.checks import check_dataset
from maverick_assets.datasets.secrets.quarantine import refresh_quarantine
from maverick_assets.datasets.turns.refresh import refresh_mails, refresh_turns
from maverick_assets.datasets.turns.turn import read_turns
from maverick_assets.errors import MaverickError
from maverick_assets.lake.delta import ROW_HASH, read_state, read_table, sync_table
from maverick_assets.lake.paths import dataset_path, turns_path
from maverick_assets.recipes import ExampleSource, Recipe, load_recipes
from maverick_assets_tests.raw_tables import replace_raw_table_of

OWNER = Owner(("allan@testpilot.example",), ("allan",))
CANARIES = 1000
START = datetime(2026, 1, 1, tzinfo=UTC)

# Tables of sources whose entries name a class.
SOURCE_TABLES: dict[str, Table] = {
    table.name: table.table
    for table in (
        SourceTable("clinic_events", "note", sensitivity="health"),
        SourceTable("diary_documents", "note", sensitivity="intimate"),
        SourceTable("clinic_emails", "mail", sensitivity="health"),
        SourceTable("clinic_deals", "deal", sensitivity="health"),
        SourceTable("clinic_conversations", "conversation", sensitivity="health"),
        SourceTable("clinic_messages", "message", "clinic_conversations", sensitivity="health"),
    )
}
LIKE = {
    "clinic_events": "sticky_notes",
    "diary_documents": "sticky_notes",
    "clinic_emails": "crm_emails",
    "clinic_deals": "crm_deals",
    "clinic_messages": "messages",
}
ALL_TABLES = [*TEXT_TABLES, *SOURCE_TABLES.values()]

# Metadata of conversations, each enough to keep the words from the twin.
METADATA: tuple[Mapping[str, Any], ...] = (
    {"personality": "robbie", "mode": "intimate", "mood": "joy"},
    {"personality": "robbie"},
    {"personality": "Health Monitor"},
    {"personality": "business-mentor"},
    {"personality": "nobody-knows-it"},
    {"mode": "intimate"},
    {"mood": "sadness"},
    {"tags": ["private"]},
    {"tags": ["Mental-Health", "todo"]},
    {"channel": "app", "maverick": {"labels": ["Gesundheit"]}},
    {"sensitivity": "health"},
)
TAGS = (
    ["health"],
    ["todo", "intimate"],
    ["Doctor / Tuesday"],
    ["personality:robbie"],
    ["mode: intimate"],
    ["mood:joy"],
    ["privat"],
    ["health", "intimate"],
)


@dataclass(frozen=True)
class Canary:
    """A word that is in one row."""

    word: str
    owner: str | None  # the only packaged personality that may hold it; None: none may


class Planting:
    """Rows of every table, each with a canary of its own."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {table.name: [] for table in ALL_TABLES}
        self.rows["device_interactions"] = []
        self.canaries: list[Canary] = []
        kinds = (self.chat, self.note, self.sample, self.feedback, self.of_source, self.device)
        while len(self.canaries) < CANARIES:
            number = len(self.canaries)
            kinds[number % len(kinds)](number // len(kinds))
        self.business = self.business_rows()

    def business_rows(self) -> tuple[str, ...]:
        """A chat and a note without a mark of privacy; their words, which the twin is to have."""
        about = {"id": "business", "user_id": "allan", "metadata": '{"channel": "slack"}'}
        self.rows["conversations"].append(about)
        for role in ("contact", "user"):
            chat = {
                "conversation_id": "business",
                "role": role,
                "content": "One wombat1zz, please.",
            }
            self.add("messages", **chat)
        note = {"title": "Prices", "content": "A wombat2zz is never cheap.", "tags": ["healthy"]}
        self.add("sticky_notes", user_id="allan", **note)
        return "wombat1zz", "wombat2zz"

    def word(self, owner: str | None = None) -> str:
        word = f"quokka{len(self.canaries):04d}zz"
        self.canaries.append(Canary(word, owner))
        return word

    def add(self, table: str, **values: Any) -> None:
        row = {"id": f"{table}-{len(self.rows[table])}", "created_at": self.now, **values}
        self.rows[table].append(row)

    @property
    def now(self) -> datetime:
        return START + timedelta(hours=len(self.canaries))

    def chat(
        self, number: int, table: str = "messages", metadata: Mapping[str, Any] | None = None
    ) -> None:
        parent = "conversations" if table == "messages" else "clinic_conversations"
        marks = METADATA[number % len(METADATA)] if metadata is None else metadata
        word, key = self.word(), f"{parent}-{len(self.rows[parent])}"
        self.rows[parent].append({"id": key, "user_id": "allan", "metadata": json.dumps(marks)})
        for role in ("contact", "user"):
            self.add(table, conversation_id=key, role=role, content=f"So much for the {word} now.")

    def note(self, number: int, table: str = "sticky_notes") -> None:
        word, tags = self.word(), TAGS[number % len(TAGS)]
        self.add(table, user_id="allan", title=f"The {word}", content=_secret(word), tags=tags)

    def sample(self, number: int) -> None:
        name, mood, mode, tags = (
            ("robbie", "joy", "intimate", ["joy"]),
            ("health-monitor", None, None, ["sleep", "health"]),
            ("robbie", "fear", "professional", []),
            # Others' rows that are marked as private: `internal` personalities may not hold them.
            ("business-mentor", None, None, ["health"]),
            ("gatekeeper", None, None, ["intimate"]),
        )[number % 5]
        word = self.word(name if name in ("robbie", "health-monitor") else None)
        self.add(
            "personality_samples",
            **{"personality": name, "mood": mood, "mode": mode, "tags": tags},
            prompt=f"What of the {word}, number {number}?",
            response=f"Let the {word} be, it is the {number}th of them all.",
        )

    def feedback(self, number: int) -> None:
        name, mood, mode = (
            ("robbie", "joy", "intimate"),
            ("health-monitor", None, None),
            ("technical-mentor", None, "intimate"),
        )[number % 3]
        word = self.word(name if name != "technical-mentor" else None)
        self.add(
            "feedback",
            **{"personality": name, "mood": mood, "mode": mode, "rating": 2, "version": "v1.0"},
            prompt=f"And the {word}, number {number}?",
            response=f"No {word} at all, not one of {number}.",
            correction=f"The {word} is fine as it was on day {number}.",
        )

    def of_source(self, number: int) -> None:
        table = tuple(LIKE)[number % len(LIKE)]
        if table == "clinic_messages":
            self.chat(number, table, {})
        elif table == "clinic_emails":
            word = self.word()
            mail = {"sender_email": "allan@testpilot.example", "recipients": "dr@clinic.example"}
            text = f"Dear doctor, the {word} is back since Monday, what now?\n\nAllan"
            self.add(table, **mail, subject=f"The {word}", body=text, sent_at=self.now)
        elif table == "clinic_deals":
            word = self.word()
            about = {"deal_name": f"{word} cure", "stage": "Won", "amount": 90.0}
            notes = f"Ten sessions.\n\nTake the {word}."
            self.add(table, **about, notes=notes, owner_email="allan@testpilot.example")
        else:
            word = self.word()
            self.add(table, user_id="allan", title=f"The {word}", content=_secret(word), tags=[])

    def device(self, number: int) -> None:
        content = f"{number} {self.word()}"
        about = {"user_id": "allan", "device": "watch", "event": "pulse", "content": content}
        self.add("device_interactions", **about)


def _secret(word: str) -> str:
    """A text that a personality would have in its quarantine, if it could read it."""
    return f"The {word} again, and the password is hunter2{word}!! for its portal."


@pytest.fixture(scope="module")
def planting() -> Planting:
    return Planting()


@pytest.fixture(scope="module")
def lake(planting: Planting, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables of all packaged personalities, from rows that are nearly all private."""
    lake = tmp_path_factory.mktemp("canaries") / "lake"
    tables = {table.name: table for table in ALL_TABLES} | {
        "device_interactions": TABLES["device_interactions"]
    }
    for name, rows in planting.rows.items():
        replace_raw_table_of(lake, tables[name], rows)
    return lake


@pytest.fixture(scope="module")
def recipes() -> dict[str, Recipe]:
    return {name: recipe.with_tables(LIKE) for name, recipe in load_recipes().items()}


def refresh_clean(lake: Path) -> None:
    refresh_mails(lake, "1", ALL_TABLES)
    refresh_turns(lake, OWNER, "1", ALL_TABLES)


def refresh_personality(lake: Path, recipe: Recipe, tokenizer: ChatTokenizer) -> list[Example]:
    """What an ingest does for one personality, with its card on disk; the examples."""
    refresh_candidates(lake, recipe, lambda: tokenizer, ["base", "1"])
    commit, selection = refresh_dataset(lake, recipe)
    refresh_preferences(lake, recipe)
    refresh_quarantine(lake, recipe.name)
    examples = read_examples(dataset_path(lake, recipe.name), commit.version)
    card = make_card(lake, recipe, commit.version, selection, examples)
    folder = lake / "cards" / recipe.name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "card.txt").write_text(card_text(card), encoding="utf-8")
    write_card(card, folder / "card.html")
    return examples


def words_of(lake: Path, personality: str) -> str:
    """Everything that the lake holds of a personality, its cards included, as one text."""
    parts = [path.read_text(encoding="utf-8") for path in (lake / "cards" / personality).iterdir()]
    for kind in ("candidates", "datasets", "preferences", "quarantine"):
        table = read_table(lake / kind / personality)
        assert table is not None
        parts.append(str(table.to_pylist()))
    return "\n".join(parts)


@pytest.fixture(scope="module")
def found(
    lake: Path, recipes: dict[str, Recipe], planting: Planting, tokenizer: ChatTokenizer
) -> dict[str, set[str]]:
    """By personality, the canaries that its tables and cards hold."""
    refresh_clean(lake)
    words = {}
    for name, recipe in recipes.items():
        refresh_personality(lake, recipe, tokenizer)
        text = words_of(lake, name)
        words[name] = {canary.word for canary in planting.canaries if canary.word in text}
        words[name] |= {word for word in planting.business if word in text}
    return words


def test_no_personality_holds_a_private_word_of_another(
    found: dict[str, set[str]], planting: Planting
) -> None:
    assert len(planting.canaries) == CANARIES
    owner = {canary.word: canary.owner for canary in planting.canaries}
    owner |= dict.fromkeys(planting.business, "allan-maverick")
    foreign = {
        name: sorted(word for word in words if owner[word] != name) for name, words in found.items()
    }
    assert foreign == {name: [] for name in found}


def test_a_personality_holds_its_own_words(found: dict[str, set[str]], planting: Planting) -> None:
    assert found["allan-maverick"] == set(planting.business)
    for name in ("robbie", "health-monitor"):
        own = {canary.word for canary in planting.canaries if canary.owner == name}
        assert len(own) > 50
        assert found[name] == own


def test_what_is_withheld_is_counted_by_reason(
    found: dict[str, set[str]], lake: Path, recipes: dict[str, Recipe]
) -> None:
    assert found
    counts = count_withheld(lake, recipes["allan-maverick"])
    assert set(counts) == {
        "words of another personality",
        "health words",
        "intimate words",
        "health and intimate words",
    }
    card = (lake / "cards" / "allan-maverick" / "card.txt").read_text(encoding="utf-8")
    assert all(f"without: {reason}" in card for reason in counts)


def test_a_recipe_that_holds_a_class_reads_its_words_from_any_table(
    found: dict[str, set[str]], lake: Path, recipes: dict[str, Recipe], tokenizer: ChatTokenizer
) -> None:
    assert found
    notes = ExampleSource(table="sticky_notes", examples="note")
    fields = {"name": "nurse", "sensitivity": "health", "sources": [notes]}
    nurse = recipes["health-monitor"].model_copy(update=fields).with_tables(LIKE)
    refresh_candidates(lake, nurse, lambda: tokenizer, ["base", "1"])
    turns = {turn.turn_id: turn for turn in read_turns(turns_path(lake))}
    table = read_table(lake / "candidates" / "nurse", columns=["turn_id"])
    assert table is not None
    held = {turns[turn_id].sensitivity for turn_id in table["turn_id"].to_pylist()}
    assert held == {"health", None}  # None: business words


def test_what_selecting_lets_through_the_check_stops(
    found: dict[str, set[str]],
    lake: Path,
    recipes: dict[str, Recipe],
    tokenizer: ChatTokenizer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The check follows each example to its rows, and shares no rule with what selected it."""
    assert found
    problems = {}
    for rule_holds in (True, False):
        if not rule_holds:
            monkeypatch.setattr(builder, "may_hold", lambda _recipe, _turn: True)
        for name, recipe in recipes.items():
            modes = recipe.modes | {"intimate": ""}  # that of a rating, so that it makes an example
            moded = recipe.model_copy(update={"modes": modes})
            refresh_candidates(lake, moded, lambda: tokenizer, ["base", str(rule_holds)])
            commit, _ = refresh_dataset(lake, moded)
            examples = read_examples(dataset_path(lake, name), commit.version)
            checks = check_dataset(lake, moded, OWNER, commit.version, examples)
            [check] = [check for check in checks if check.name == "no_foreign_words"]
            assert not check.only_warns
            problems[name, rule_holds] = check.problem
    assert {name for (name, holds), problem in problems.items() if holds and problem} == set()
    refused = {name for (name, holds), problem in problems.items() if not holds and problem}
    assert refused == {"allan-maverick", "business-mentor", "gatekeeper", "technical-mentor"}


def test_a_correction_trains_in_the_mood_and_mode_in_which_it_was_asked(
    tmp_path: Path, recipes: dict[str, Recipe], tokenizer: ChatTokenizer
) -> None:
    asked = {"personality": "robbie", "mood": "fear", "mode": "intimate", "rating": 2}
    said = {"prompt": "Are you there?", "response": "Yes, sir."}
    corrected = {"correction": "I am here, come closer.", "created_at": START}
    feedback = [{"id": "1", **asked, **said, **corrected}]
    for table in ALL_TABLES:
        replace_raw_table_of(tmp_path, table, feedback if table.name == "feedback" else [])
    refresh_clean(tmp_path)
    [example] = refresh_personality(tmp_path, recipes["robbie"], tokenizer)
    prompt = "You are Robbie, Allan's companion. Mood: fear. Mode: intimate."
    assert example.messages[0]["content"] == prompt
    preferences = read_table(tmp_path / "preferences" / "robbie")
    assert preferences is not None
    assert preferences["messages"].to_pylist()[0][0]["content"] == prompt


def test_a_source_of_business_words_is_that_whatever_its_marks_and_tells_facts(
    tmp_path: Path,
) -> None:
    events = SourceTable("work_events", "note", sensitivity="business").table
    mails = SourceTable("work_emails", "mail", sensitivity="business").table
    event = {"id": "1", "user_id": "allan", "title": "Prices", "tags": ["Personal", "health"]}
    mail = {"sender_email": OWNER.emails[0], "recipients": "dana@client.example", "subject": "Oats"}
    replace_raw_table_of(tmp_path, events, [event | {"content": "Up.", "created_at": START}])
    days = [{"id": str(day), "sent_at": START + timedelta(days=day)} for day in range(2)]
    replace_raw_table_of(tmp_path, mails, [mail | day | {"body": "Ten?"} for day in days])
    refresh_mails(tmp_path, "1", [events, mails])
    refresh_turns(tmp_path, OWNER, "1", [events, mails])
    turns = {turn.turn_id: turn for turn in read_turns(turns_path(tmp_path))}
    assert {turn.sensitivity for turn in turns.values()} == {None}
    assert turns["work_events:1"].text == "Up."
    assert turns["work_emails:1"].facts


def test_turns_of_the_release_before_are_refused_until_they_are_derived_anew(
    tmp_path: Path, recipes: dict[str, Recipe], tokenizer: ChatTokenizer
) -> None:
    """And then nothing else is derived that holds the same words as before."""
    twin = recipes["allan-maverick"]
    notes = [
        {"id": f"{n}", "user_id": "allan", "title": f"T {n}", "content": f"A note about day {n}."}
        for n in range(3)
    ]
    for table in ALL_TABLES:
        rows = [note | {"created_at": START, "tags": ["todo"]} for note in notes]
        replace_raw_table_of(tmp_path, table, rows if table.name == "sticky_notes" else [])
    refresh_clean(tmp_path)
    before = refresh_personality(tmp_path, twin, tokenizer)
    target = turns_path(tmp_path)
    state, turns = read_state(target, None), read_table(target)
    assert turns is not None
    sync_table(target, turns.drop_columns("sensitivity"), "turn_id", state=state)
    with pytest.raises(MaverickError, match="maverick run ingest"):
        read_turns(target)
    [check] = [
        check
        for check in check_dataset(tmp_path, twin, OWNER, 0, before)
        if check.name == "no_foreign_words"
    ]
    assert "maverick run ingest" in (check.problem or "")
    refresh_clean(tmp_path)
    stored = read_table(target)
    assert stored is not None
    assert stored.drop_columns(ROW_HASH).equals(turns.drop_columns(ROW_HASH))
    candidates = refresh_candidates(tmp_path, twin, lambda: tokenizer, ["base", "1"])
    assert candidates.commit.changed == 0
    assert refresh_dataset(tmp_path, twin)[0].version == 0
