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


def test_a_contact_leaves_what_messages_were_about(tmp_path: Path) -> None:
    """A mail of his goes with its chat; a deal that names him keeps what else it says."""
    settings = Settings(home=tmp_path, crm_url="postgresql://x@localhost:1/x")
    store = SessionStore(settings)
    now = datetime.now(UTC)
    sessions = [
        Session(new_session_id(), "allan", "me", "robbie", None, None, (), (), None, now, 0)
        for _ in range(2)
    ]
    deal = {"deal_amount": 50000, "deal_notes": "Dana\nWhitfield asks for 20% off."}
    mail = {"mail": {"from": "dana@acme.example", "body": "20%?"}}
    for session, context in zip(sessions, (deal, mail), strict=True):
        store.add(session, Exchange("Well?", "No.", "v1.0", context=context))
    store.close()
    assert b"Dana\\nWhitfield" in settings.sessions_file.read_bytes()  # as JSON has it
    clean_sessions(settings.sessions_file, DANA)
    kept, gone = (SessionStore(settings).messages(session.id) for session in sessions)
    assert gone == []
    assert kept[0].context is not None
    assert kept[0].context["deal_amount"] == 50000
    assert kept[0].context["deal_notes"].endswith("asks for 20% off.")
    content = settings.sessions_file.read_bytes()
    for word in (b"Dana", b"Whitfield", b"acme"):
        assert word not in content


def test_a_contact_whose_address_spells_umlauts_out_leaves_what_messages_were_about(
    tmp_path: Path,
) -> None:
    settings = Settings(home=tmp_path, crm_url="postgresql://x@localhost:1/x")
    store = SessionStore(settings)
    now = datetime.now(UTC)
    session = Session(new_session_id(), "allan", "me", "robbie", None, None, (), (), None, now, 0)
    notes = {"deal_notes": "jörg müller asks for 20% off; Jörg Maier does not."}
    store.add(session, Exchange("Well, MÜLLER, JÖRG?", "No.", "v1.0", context=notes))
    store.close()
    joerg = people_of([Identity("joerg.mueller@kunde.example", names=("joerg mueller",))])
    clean_sessions(settings.sessions_file, joerg)
    [asked, _] = SessionStore(settings).messages(session.id)
    assert asked.context == {"deal_notes": "N. N. asks for 20% off; Jörg Maier does not."}
    content = settings.sessions_file.read_bytes().lower()
    for word in ("müller", "m\\u00fcller", "mueller"):
        assert word.encode() not in content
