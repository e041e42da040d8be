"""A forgotten contact is in no session and no rating, and in no byte of their file."""

from datetime import UTC, datetime
from pathlib import Path

from maverick_assets.crm.forgotten import Identity, people_of
from maverick_assets.pipeline.forget.kept_sessions import clean_sessions
from maverick_assets.serving.sessions.session import Exchange, Rating, Session, new_session_id
from maverick_assets.serving.sessions.store import SessionStore
from maverick_assets.settings import Settings

DANA = people_of([Identity("dana@acme.example", names=("dana whitfield",))])


def test_a_contact_leaves_sessions_and_ratings(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, crm_url="postgresql://x@localhost:1/x")
    assert clean_sessions(settings.sessions_file, DANA) == 0
    store = SessionStore(settings)
    now = datetime.now(UTC)
    session = Session(new_session_id(), "allan", "me", "robbie", None, None, (), (), None, now, 0)
    store.add(session, Exchange("Write to Dana Whitfield.", "To dana@acme.example?", "v1.0"))
    store.rate(Rating("robbie", "v1.0", "Who?", "Dana Whitfield.", 1, "Nobody."))
    store.close()
    assert clean_sessions(settings.sessions_file, DANA) == 3
    texts = [message.text for message in SessionStore(settings).messages(session.id)]
    assert len(texts) == 2
    assert texts[0].startswith("Write to ")
    content = settings.sessions_file.read_bytes()
    assert b"Whitfield" not in content
    assert b"dana@acme" not in content
    assert b"Nobody." in content
    assert clean_sessions(settings.sessions_file, DANA) == 0
