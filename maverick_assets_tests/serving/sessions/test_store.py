"""Sessions and ratings are kept in the embedded CRM, or in a private file of the run home."""

import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from maverick_assets.crm.connection import crm_url
from maverick_assets.files import keep_files_private
from maverick_assets.serving.sessions.session import (
    Exchange,
    NotKept,
    Overtaken,
    Rating,
    Session,
    new_session_id,
)
from maverick_assets.serving.sessions.store import SessionStore
from maverick_assets.settings import Settings

HELLO = Exchange("Hello", "Hi there", "v1.0", device="phone")


@pytest.fixture(scope="module")
def embedded_home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(home=tmp_path_factory.mktemp("embedded") / "home")


@pytest.fixture(params=["embedded", "file"])
def settings(request: pytest.FixtureRequest, embedded_home: Settings, tmp_path: Path) -> Settings:
    keep_files_private()
    if request.param == "embedded":
        embedded_home.home.mkdir(mode=0o700, exist_ok=True)
        return embedded_home
    (tmp_path / "home").mkdir(mode=0o700)
    return Settings(home=tmp_path / "home", crm_url="postgresql://nobody@localhost:1/none")


@pytest.fixture
def store(settings: Settings) -> Iterator[SessionStore]:
    store = SessionStore(settings)
    yield store
    store.close()


def new_session(personality: str = "robbie", caller: str = "me") -> Session:
    return Session(
        id=new_session_id(),
        user_id="allan",
        caller=caller,
        personality=personality,
        mood=None,
        mode=None,
        modes=(),
        sensitivity=(),
        device=None,
        updated_at=datetime.now(UTC),
        length=0,
    )


def test_a_session_is_read_as_it_was_kept(store: SessionStore) -> None:
    session = new_session()
    assert store.find(session.id) is None
    asked, answered = store.add(session, HELLO)
    found = store.find(session.id)
    assert found is not None
    assert (found.title, found.personality, found.length) == ("Hello", "robbie", 2)
    more = Exchange("And?", "", "v1.1", "joy", "intimate", "desk")
    store.add(found, more)
    said = store.messages(session.id)
    assert [(m.role, m.text) for m in said] == [
        ("user", "Hello"),
        ("assistant", "Hi there"),
        ("user", "And?"),
        ("assistant", ""),
    ]
    assert [m.id for m in said[:2]] == [asked, answered]
    assert [m.device for m in said] == ["phone", None, "desk", None]
    assert [(m.version, m.mood, m.mode) for m in said][1::2] == [
        ("v1.0", None, None),
        ("v1.1", "joy", "intimate"),
    ]
    assert [m.at for m in said] == sorted({m.at for m in said})
    newest = store.sessions()[0]
    assert (newest.id, newest.mood, newest.mode) == (session.id, "joy", "intimate")
    assert newest.modes == ("intimate",)


def test_what_a_message_was_about_is_kept_with_it(store: SessionStore) -> None:
    mail = {"mail": {"from": "dana@acme.example", "subject": "Angebot\0", "body": "Für Müller"}}
    session = new_session()
    store.add(session, Exchange("", "Gern.", "v1.0", context=mail))
    found = store.find(session.id)
    assert found is not None
    store.add(found, Exchange("And?", "Yes.", "v1.0", context={}))
    said = store.messages(session.id)
    assert [m.text for m in said] == ["", "Gern.", "And?", "Yes."]
    kept = {"mail": {"from": "dana@acme.example", "subject": "Angebot", "body": "Für Müller"}}
    assert [m.context for m in said] == [kept, None, None, None]


def test_a_session_of_the_release_before_has_no_contexts(store: SessionStore) -> None:
    session = new_session()
    store.add(session, HELLO)
    found = store.find(session.id)
    assert found is not None
    about = {"maverick-1-00001": {"device": "phone"}}
    assert "context" not in str(found.metadata(about))  # which is what it wrote
    assert [m.context for m in store.messages(session.id)] == [None, None]


def test_the_first_requests_may_come_together(tmp_path: Path) -> None:
    """A page that is opened asks for more than one thing at once."""
    store = SessionStore(Settings(home=tmp_path / "home"))
    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(store.sessions) for _ in range(8)]
        assert [each.result() for each in asked] == [[]] * 8
    store.close()


def test_a_message_is_replaced_with_all_that_follows(store: SessionStore) -> None:
    session = new_session()
    store.add(session, HELLO)
    second = store.find(session.id)
    assert second is not None
    asked, answered = store.add(second, Exchange("Wrong", "Yes", "v1.0", mode="intimate"))
    third = store.find(session.id)
    assert third is not None
    with pytest.raises(NotKept):
        store.add(third, HELLO, replaces=answered)
    store.add(third, Exchange("Right", "No", "v1.0"), replaces=asked)
    said = store.messages(session.id)
    assert [m.text for m in said] == ["Hello", "Hi there", "Right", "No"]
    assert asked not in {m.id for m in said}  # an id never comes back with another text
    found = store.find(session.id)
    assert found is not None
    assert found.modes == ("intimate",)  # copies of the words may be elsewhere already


def test_of_two_who_answer_one_message_the_second_is_refused(store: SessionStore) -> None:
    session = new_session()
    refused: list[Overtaken] = []
    barrier = threading.Barrier(6)

    def add() -> None:
        barrier.wait()
        try:
            store.add(session, HELLO)
        except Overtaken as error:
            refused.append(error)

    threads = [threading.Thread(target=add) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 5
    assert len(store.messages(session.id)) == 2


def test_a_removed_session_is_gone(store: SessionStore) -> None:
    session = new_session()
    store.add(session, HELLO)
    store.remove(session.id)
    assert store.find(session.id) is None
    assert store.messages(session.id) == []


def test_texts_that_databases_do_not_take_are_kept_without_what_they_do_not_take(
    store: SessionStore,
) -> None:
    session = new_session()
    store.add(session, Exchange("a\0b\ud800", "é😀' or 1=1; --", "v1.0"))
    assert [m.text for m in store.messages(session.id)] == ["ab?", "é😀' or 1=1; --"]


def test_long_sessions_end(store: SessionStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maverick_assets.serving.sessions.store.MOST_MESSAGES", 2)
    monkeypatch.setattr("maverick_assets.serving.sessions.store.MOST_SESSIONS", 1)
    session = new_session(caller="busy")
    store.add(session, HELLO)
    found = store.find(session.id)
    assert found is not None
    with pytest.raises(NotKept, match="begin another"):
        store.add(found, HELLO)
    with pytest.raises(NotKept, match="delete some"):
        store.add(new_session(caller="busy"), HELLO)
    other = new_session(caller="another")
    store.add(other, HELLO)
    assert [found.id for found in store.sessions("another")] == [other.id]
    assert {session.id, other.id} <= {found.id for found in store.sessions()}


def test_the_file_of_the_run_home_is_private_and_forgets_what_is_deleted(tmp_path: Path) -> None:
    keep_files_private()
    (tmp_path / "home").mkdir()
    settings = Settings(home=tmp_path / "home", crm_url="postgresql://nobody@localhost:1/none")
    store = SessionStore(settings)
    session = new_session()
    store.add(session, replace(HELLO, text="Dana Whitfield " * 200))
    for path in (settings.sessions_file, settings.sessions_file.parent):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
    assert b"Whitfield" in settings.sessions_file.read_bytes()
    store.remove(session.id)
    store.close()
    content = b"".join(p.read_bytes() for p in settings.sessions_file.parent.iterdir())
    assert b"Whitfield" not in content


def test_what_other_programs_keep_in_the_crm_is_no_session(embedded_home: Settings) -> None:
    embedded_home.home.mkdir(mode=0o700, exist_ok=True)
    store = SessionStore(embedded_home)
    store.sessions()  # makes the tables
    with psycopg.connect(crm_url(embedded_home)) as connection:
        connection.execute(
            "insert into conversations values ('c1', 'allan', null), ('c2', 'allan', '[1]'), "
            "('c3', 'allan', '\"x\"'), ('c4', 'allan', '{\"made_by\": \"maverick\"}') "
            "on conflict do nothing"
        )
    assert not {"c1", "c2", "c3", "c4"} & {session.id for session in store.sessions()}
    assert all(store.find(name) is None for name in ("c1", "c2", "c3", "c4"))
    store.close()


def test_a_rating_is_a_row_of_the_crm(embedded_home: Settings) -> None:
    embedded_home.home.mkdir(mode=0o700, exist_ok=True)
    store = SessionStore(embedded_home)
    key = store.rate(Rating("robbie", "v1.0", "Well?", "So.", 9, "So so.", "joy", None))
    with psycopg.connect(crm_url(embedded_home)) as connection:
        row = connection.execute(
            "select personality, version, prompt, response, rating, correction, mood, mode "
            "from feedback where id = %s",
            [key],
        ).fetchone()
    assert row == ("robbie", "v1.0", "Well?", "So.", 9, "So so.", "joy", None)
    store.close()
