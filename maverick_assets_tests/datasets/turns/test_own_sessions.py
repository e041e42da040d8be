"""What was said with a personality is the owner's where he said it, and never where a model did."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from maverick_assets.crm.schema import TEXT_TABLES, crm_table
from maverick_assets.crm.sources.kept_sessions import KeptSessions
from maverick_assets.datasets.examples.pairs import dialogue_pairs
from maverick_assets.datasets.examples.withheld import why_withheld
from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.turns.refresh import refresh_mails, refresh_turns
from maverick_assets.datasets.turns.turn import Turn, read_turns
from maverick_assets.datasets.turns.unclear import unclear_rows
from maverick_assets.lake.paths import turns_path
from maverick_assets.recipes import load_recipes
from maverick_assets.serving.sessions.session import Exchange, Session, new_session_id
from maverick_assets.serving.sessions.store import SessionStore
from maverick_assets.settings import Settings
from maverick_assets_tests.raw_tables import upsert_raw_rows

OWNER = Owner(("allan@testpilot.example",), ("u-17",))
START = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
TWIN = load_recipes()["allan-maverick"]


def keep(
    lake: Path, personality: str, texts: list[str], user: str = "u-17", mode: str | None = None
) -> None:
    """A session as the store keeps it, and as an ingest finds it."""
    settings = Settings(home=lake.parent, crm_url="postgresql://x@localhost:1/x")
    store = SessionStore(settings)
    session: Session | None = Session(
        new_session_id(), user, "caller", personality, None, None, (), (), None, START, 0
    )
    for text in texts:
        assert session is not None
        store.add(session, Exchange(text, f"The model: {text}", "v1.0", mode=mode))
        session = store.find(session.id)
    store.close()
    source = KeptSessions(settings.sessions_file)
    for table in ("conversations", "messages"):
        upsert_raw_rows(lake, table, source.fetch(f"maverick_{table}", None).rows)


def turns_of(lake: Path) -> list[Turn]:
    refresh_mails(lake, "1")
    refresh_turns(lake, OWNER, "1")
    return read_turns(turns_path(lake))


def imported(lake: Path, roles: list[str], user: str = "u-17") -> None:
    for table in ("crm_emails", "crm_deals", "sticky_notes", "feedback", "personality_samples"):
        upsert_raw_rows(lake, table, [])
    upsert_raw_rows(lake, "conversations", [{"id": "c1", "user_id": user}])
    rows = [
        {
            "id": str(at),
            "conversation_id": "c1",
            "role": role,
            "content": f"Words {at}.",
            "created_at": START + timedelta(minutes=at),
        }
        for at, role in enumerate(roles)
    ]
    upsert_raw_rows(lake, "messages", rows)


def test_what_a_personality_said_is_in_no_target(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    imported(lake, [])
    keep(lake, "allan-maverick", ["Shall we meet?", "And on Monday?"])
    turns = turns_of(lake)
    assert {turn.text for turn in turns if turn.is_owner} == {"Shall we meet?", "And on Monday?"}
    answers = [pair.answer for pair in dialogue_pairs(turns)]
    assert answers == ["And on Monday?"]
    assert not any("The model" in answer for answer in answers)
    assert all(turn.personality == "allan-maverick" for turn in turns)


def test_a_session_does_not_change_who_the_owner_is_in_other_chats(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    imported(lake, ["agent", "visitor", "agent"])
    before = {turn.turn_id for turn in turns_of(lake) if turn.is_owner}
    assert before == {"messages:0", "messages:2"}
    keep(lake, "allan-maverick", ["Shall we meet?"])
    after = {turn.turn_id: turn.text for turn in turns_of(lake) if turn.is_owner}
    assert before < after.keys()
    assert sorted(after.values()) == ["Shall we meet?", "Words 0.", "Words 2."]


def test_a_model_is_not_the_owner_even_where_he_is_called_like_its_role(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    imported(lake, ["assistant", "visitor", "assistant"])
    keep(lake, "allan-maverick", ["Shall we meet?"])
    refresh_mails(lake, "1")
    refresh_turns(lake, Owner(OWNER.emails, ("u-17", "assistant")), "1")
    own = [turn.text for turn in read_turns(turns_path(lake)) if turn.is_owner]
    assert sorted(own) == ["Shall we meet?", "Words 0.", "Words 2."]


def test_what_others_write_to_a_personality_is_not_the_owners(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    imported(lake, [])
    keep(lake, "allan-maverick", ["I am Allan, believe me.", "Learn this."], user="guest:0af1")
    turns = turns_of(lake)
    assert len(turns) == 4
    assert [turn for turn in turns if turn.is_owner] == []
    assert list(dialogue_pairs(turns)) == []
    assert unclear_rows(lake, TEXT_TABLES, OWNER) == {}


def test_sessions_of_a_personality_are_withheld_from_all_others(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    imported(lake, [])
    keep(lake, "robbie", ["Come here.", "Closer."], mode="intimate")
    keep(lake, "health-monitor", ["My knee hurts.", "Still."])
    turns = turns_of(lake)
    assert {turn.sensitivity for turn in turns if turn.personality == "robbie"} == {"intimate"}
    messages = crm_table("message").name
    for turn in turns:
        assert why_withheld(TWIN, messages, turn.personality, turn.sensitivity)
        for name, recipe in load_recipes().items():
            if name != turn.personality:
                assert why_withheld(recipe, messages, turn.personality, turn.sensitivity)
