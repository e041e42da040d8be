"""Over HTTP, the owner alone is answered with real names; the model is asked with none."""

import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import anyio
import httpx
import pytest

from maverick_assets.api.app import api_rules, create_app
from maverick_assets.api.routes.sessions import Sessions
from maverick_assets.api.tokens import Scope, TokenBook
from maverick_assets.base_model.tokenizer import Message
from maverick_assets.serving.names.book import read_names
from maverick_assets.serving.runtime import Answer, Runtime, Sampling
from maverick_assets.serving.service import ChatService
from maverick_assets.serving.sessions.store import SessionStore
from maverick_assets_tests.api.conftest import events
from maverick_assets_tests.decisions.own_cases import SOURCES, example, write_cases
from maverick_assets_tests.serving.conftest import MakeHome
from maverick_assets_tests.serving.names.test_book import receive
from maverick_assets_tests.serving.released_homes import ReleasedHome

QUESTION = "Will Dana Cole (dana.cole@acme.example) of Acme call +44 20 7946 0018?"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
REAL = ("Dana", "Cole", "Acme", "acme.example", "7946")
SCOPES: dict[str, list[Scope]] = {"owner": ["chat", "owner"], "guest": ["chat", "train", "admin"]}


@pytest.fixture(scope="module")
def home(make_released_home: MakeHome, tmp_path_factory: pytest.TempPathFactory) -> ReleasedHome:
    made = make_released_home(tmp_path_factory.mktemp("named"))
    made.release("persona", "v1.0", "adapter-0")
    receive(made.settings, 1, "dana.cole@acme.example")
    for name, scopes in SCOPES.items():
        TokenBook(made.settings.home / "keys").add(name, scopes)
    return made


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> list[list[Message]]:
    """What the model was asked: it answers with the last message, three letters at a time."""
    asked: list[list[Message]] = []

    def echo(
        _runtime: Runtime,
        messages: Sequence[Message],
        _adapter: str | None,
        _sampling: Sampling,
        on_text: Callable[[str], None],
        _cancelled: object,
    ) -> Answer:
        asked.append(list(messages))
        text = messages[-1]["content"]
        for start in range(0, len(text), 3):
            on_text(text[start : start + 3])
        return Answer(text, "stop", 1, 1)

    monkeypatch.setattr(Runtime, "answer", echo)
    return asked


@pytest.fixture(scope="module")
def deciding_home(
    make_released_home: MakeHome, tmp_path_factory: pytest.TempPathFactory
) -> ReleasedHome:
    """With a twin whose dataset has a decision on somebody whom the lake knows."""
    made = make_released_home(tmp_path_factory.mktemp("decided"))
    made.release("persona", "v1.0", "adapter-0", sources=SOURCES)
    receive(made.settings, 1, "dana.cole@acme.example")
    for name, scopes in SCOPES.items():
        TokenBook(made.settings.home / "keys").add(name, scopes)
    return made


@asynccontextmanager
async def api(home: ReleasedHome, caller: str) -> AsyncIterator[httpx.AsyncClient]:
    settings, tokens = home.settings, TokenBook(home.settings.home / "keys")
    secret = (settings.home / "keys" / f"api-token-{caller}").read_text().strip()
    service = ChatService(settings)
    await service.open()
    sessions = Sessions(SessionStore(settings), settings.owner_user_ids[0])
    app = create_app(service, sessions, settings, api_rules(settings, "127.0.0.1"), tokens)
    headers = {"Authorization": f"Bearer {secret}"}
    transport = httpx.ASGITransport(app)
    try:
        async with httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1", headers=headers
        ) as client:
            yield client
    finally:
        await sessions.close()
        await service.close()


@pytest.fixture
def everything_logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.DEBUG):
        yield caplog


@pytest.mark.parametrize("caller", ["owner", "guest"])
def test_reasons_of_a_decision_name_people_to_the_owner_alone(
    deciding_home: ReleasedHome, caller: str, everything_logged: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with api(deciding_home, caller) as client:
            names = read_names(deciding_home.settings).incoming(by_owner=True)
            asked, answer = map(names.hide, ("Should we meet Dana Cole?", "No. Dana Cole waits."))
            assert not any(real in asked + answer for real in REAL)  # as datasets are
            write_cases(deciding_home.settings.lake, [example(1, "dialogue", asked, answer)])
            body = {"context": "Should we meet Dana Cole?", "options": ["yes", "no"]}
            response = await client.post("/api/decide", json=body)
            assert response.status_code == 200, response.text
            [reason] = response.json()["reasons"]
            shown = (reason["question"], reason["answer"])
            if caller == "owner":
                assert shown == ("Should we meet Dana Cole?", "No. Dana Cole waits.")
            else:
                assert shown == (asked, answer)
                assert not any(real in response.text for real in REAL)

    anyio.run(scenario)
    assert not any(real in everything_logged.text for real in REAL)


def test_an_old_decision_is_asked_again_with_the_names_that_the_owner_knows(
    deciding_home: ReleasedHome, everything_logged: pytest.LogCaptureFixture
) -> None:
    question = "Should we meet Dana Cole?"

    async def scenario() -> None:
        names = read_names(deciding_home.settings).incoming(by_owner=True)
        asked = names.hide(question)
        assert not any(real in asked for real in REAL)
        cases = [replace(example(1, "dialogue", asked, "No."), occurred_at=LONG_AGO)]
        write_cases(deciding_home.settings.lake, cases)
        async with api(deciding_home, "owner") as client:
            [shown] = (await client.get("/api/judging/persona/decisions")).json()
            assert shown["text"] == question
        async with api(deciding_home, "guest") as client:
            refused = await client.get("/api/judging/persona/decisions")
            assert refused.status_code == 403

    anyio.run(scenario)
    assert not any(real in everything_logged.text for real in REAL)


@pytest.mark.parametrize("caller", ["owner", "guest"])
def test_who_is_answered_with_which_names(
    home: ReleasedHome,
    model: list[list[Message]],
    everything_logged: pytest.LogCaptureFixture,
    caller: str,
) -> None:
    async def ask() -> list[str]:
        async with api(home, caller) as client:
            body: dict[str, Any] = {"message": QUESTION, "personality": "persona"}
            plain = (await client.post("/api/chat", json=body)).json()["response"]
            *pieces, end = events(await client.post("/api/chat", json=body | {"stream": True}))
            said = [{"role": "user", "content": QUESTION}]
            completion: dict[str, Any] = {"model": "persona", "messages": said}
            path = "/v1/chat/completions"
            whole = (await client.post(path, json=completion)).json()
            *chunks, _ = events(await client.post(path, json=completion | {"stream": True}))
            return [
                plain,
                "".join(piece["text"] for piece in pieces),
                end["response"],
                whole["choices"][0]["message"]["content"],
                "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks),
            ]

    answers = anyio.run(ask)
    asked = model[0][-1]["content"]
    assert not [word for word in REAL if word in asked]
    assert "+999" in asked
    assert set(answers) == {QUESTION if caller == "owner" else asked}
    assert not [word for word in REAL if word in everything_logged.text]


def test_an_error_quotes_no_name(
    home: ReleasedHome, model: list[list[Message]], everything_logged: pytest.LogCaptureFixture
) -> None:
    async def ask() -> list[httpx.Response]:
        async with api(home, "guest") as client:
            body: dict[str, Any] = {"message": QUESTION, "personality": "persona"}
            changes: list[dict[str, Any]] = [
                {"context": {"mail": {"body": QUESTION, "subject": ["Dana Cole"]}}},
                {"context": {"mail": QUESTION}},
                {"message": ["Dana Cole"]},
                {"mood": "Dana Cole"},
            ]
            return [await client.post("/api/chat", json=body | change) for change in changes]

    for response in anyio.run(ask):
        assert response.status_code in (400, 422)
        if "Mood" not in response.text and "mood" not in response.text:
            assert "Cole" not in response.text
    assert not model
    assert "Cole" not in everything_logged.text


def test_a_session_holds_what_its_caller_saw(
    home: ReleasedHome, model: list[list[Message]]
) -> None:
    async def talk(caller: str) -> list[str]:
        async with api(home, caller) as client:
            body: dict[str, Any] = {"message": QUESTION, "personality": "persona", "session": "new"}
            first = (await client.post("/api/chat", json=body)).json()
            again = body | {"session": first["session"], "message": "And Dana Cole's boss?"}
            second = (await client.post("/api/chat", json=again)).json()
            kept = (await client.get(f"/api/sessions/{first['session']}")).json()
            return [second["response"], *(m["text"] for m in kept["messages"])]

    answer, *texts = anyio.run(talk, "owner")
    assert answer == "And Dana Cole's boss?"
    assert texts == [QUESTION, QUESTION, answer, answer]
    assert not [w for w in REAL for messages in model for m in messages if w in m["content"]]
    shown, question, first, *_ = anyio.run(talk, "guest")
    assert question == QUESTION
    assert not [word for word in REAL if word in shown + first]
