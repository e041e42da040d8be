"""Decisions over HTTP are those in process, also beside other chats."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import httpx
import pytest
import uvicorn

import maverick_assets
from maverick_assets.api.app import api_rules, create_app
from maverick_assets.api.routes.sessions import Sessions
from maverick_assets.api.tokens import TokenBook
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.serving.allanbot import AllanBot
from maverick_assets.serving.allanbot.decision import Decision
from maverick_assets.serving.service import ChatService
from maverick_assets.serving.sessions.store import SessionStore
from maverick_assets_tests.api.conftest import events
from maverick_assets_tests.decisions.own_cases import SOURCES, write_cases
from maverick_assets_tests.processes import wait_for
from maverick_assets_tests.serving.conftest import MakeHome
from maverick_assets_tests.serving.released_homes import ReleasedHome

OPTIONS = ["accept", "decline"]
CONTEXT = {"deal_amount": 50000, "deal_notes": "They ask for 30% off."}
BODY = {"context": CONTEXT, "options": OPTIONS}


@dataclass
class Deciding:
    """A server with a twin that has a past, and another personality."""

    home: ReleasedHome
    address: str
    token: str
    service: ChatService

    def client(self, token: str | None = None) -> httpx.Client:
        shown = {"Authorization": f"Bearer {token or self.token}"}
        return httpx.Client(base_url=self.address, headers=shown, timeout=60, trust_env=False)


@pytest.fixture(scope="module")
def deciding(
    make_released_home: MakeHome, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deciding]:
    home = make_released_home(tmp_path_factory.mktemp("deciding"))
    home.release("persona", "v1.0", "adapter-0", sources=SOURCES)
    home.release("robbie", "v1.2", "adapter-1")
    write_cases(home.settings.lake)
    tokens = TokenBook(home.settings.home / "keys")
    file = tokens.ensure_first()
    assert file is not None
    service, stop = ChatService(home.settings), asyncio.Event()
    listening = socket.create_server(("127.0.0.1", 0))
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        await service.open()
        sessions = Sessions(SessionStore(home.settings), "allan")
        rules = api_rules(home.settings, "127.0.0.1")
        app = create_app(service, sessions, home.settings, rules, tokens)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        server.install_signal_handlers = lambda: None
        serving = asyncio.create_task(server.serve([listening]))
        await stop.wait()
        server.should_exit = True
        await serving
        await service.close()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    yield Deciding(home, address, file.read_text().strip(), service)
    loop.call_soon_threadsafe(stop.set)
    thread.join()
    loop.close()


@pytest.fixture
def in_process(deciding: Deciding, monkeypatch: pytest.MonkeyPatch) -> AllanBot:
    monkeypatch.setenv("MAVERICK_HOME", str(deciding.home.settings.home))
    monkeypatch.setenv("MAVERICK_BASE_MODEL", str(deciding.home.settings.base_model))
    bot: AllanBot = maverick_assets.AllanBot(model="persona")
    return bot


def test_a_server_decides_as_the_process_does(deciding: Deciding, in_process: AllanBot) -> None:
    remote = AllanBot(model="persona", url=deciding.address, token=deciding.token)
    for context in (CONTEXT, "Should we give the new client a 30% discount?"):
        here = in_process.make_decision(context=context, options=OPTIONS)
        assert remote.make_decision(context=context, options=OPTIONS) == here
        assert here.version == "v1.0"
        assert sum(here.probabilities.values()) == pytest.approx(1)
    assert in_process.make_decision(CONTEXT, OPTIONS).reasons[0].row_ids == ["crm_deals-1"]


def test_the_order_of_options_changes_no_byte(deciding: Deciding) -> None:
    options = ["accept", "decline", "wait until they pay"]
    with deciding.client() as client:
        answers = {
            client.post("/api/decide", json=BODY | {"options": each}).text
            for each in permutations(options)
        }
    assert len(answers) == 1


def test_other_chats_change_a_decision_by_rounding_alone(deciding: Deciding) -> None:
    def ask(number: int) -> int:
        body = {"message": f"Well, {number}?", "personality": ["persona", "robbie"][number % 2]}
        with deciding.client() as client:
            return client.post("/api/chat", json=body | {"max_tokens": 60}).status_code

    with deciding.client() as client, ThreadPoolExecutor(8) as chats:
        alone = Decision.model_validate(client.post("/api/decide", json=BODY).json())
        answered = [chats.submit(ask, number) for number in range(16)]
        for _ in range(4):
            beside = Decision.model_validate(client.post("/api/decide", json=BODY).json())
            assert beside.probabilities == pytest.approx(alone.probabilities, abs=0.02)
        assert {each.result() for each in answered} == {200}


def test_a_chat_message_that_asks_for_a_decision_gets_one(deciding: Deciding) -> None:
    body = {"message": "Should we give them 30% off?", "personality": "persona", "max_tokens": 8}
    with deciding.client() as client:
        answer = client.post("/api/chat", json=body | {"seed": 1}).json()
        decision = Decision.model_validate(answer["decision"])
        assert set(decision.probabilities) == {"Yes", "No"}
        assert decision.version == answer["version"]
        *_, last = events(client.post("/api/chat", json=body | {"seed": 1, "stream": True}))
        assert last == answer
        others: list[dict[str, Any]] = [{"message": "How are you?"}, {"personality": "robbie"}]
        for other in others:
            assert "decision" not in client.post("/api/chat", json=body | other).json()


@pytest.mark.parametrize(
    ("body", "status", "problem"),
    [
        ({"options": ["yes"]}, 422, "options"),
        ({"options": ["yes", "Yes!"]}, 400, "options 1 and 2 are one phrase"),
        ({"options": ["yes", "n" * 201]}, 422, "options.1"),
        ({"options": "yes, no"}, 422, "options"),
        ({"context": {"password": "x"}}, 422, "was not trained on"),
        ({"context": ""}, 400, "empty"),
        ({"context": {}}, 400, "empty"),
        ({"context": "and so on " * 1000}, 400, "the context 512"),
        ({"personality": "nobody"}, 404, "no personality of that name"),
        ({"weights": [1, 2]}, 422, "weights"),
    ],
)
def test_what_cannot_be_decided_is_refused_in_one_line(
    deciding: Deciding, body: dict[str, Any], status: int, problem: str
) -> None:
    with deciding.client() as client:
        response = client.post("/api/decide", json=BODY | body)
    assert response.status_code == status, response.text
    assert problem in response.json()["error"]


def test_the_bot_passes_on_what_the_server_refuses(deciding: Deciding) -> None:
    bot = AllanBot(model="persona", url=deciding.address, token=deciding.token)
    with pytest.raises(BadInput, match="options 1 and 2 are one phrase"):
        bot.make_decision("Should we?", ["yes", "YES"])
    with pytest.raises(BadInput, match="show a token"):
        AllanBot(model="persona", url=deciding.address, token="x").make_decision("a", ["b", "c"])
    tokens = TokenBook(deciding.home.settings.home / "keys")
    trainer = tokens.add("trainer-alone", {"train"}).read_text().strip()
    with pytest.raises(BadInput, match="this token has no scope chat"):
        other = AllanBot(model="persona", url=deciding.address, token=trainer)
        other.make_decision("a", OPTIONS)


def test_no_token_leaves_for_an_address_that_others_read() -> None:
    bad: list[Callable[[], AllanBot]] = [
        lambda: AllanBot(model="persona", url="http://maverick.example", token="t"),
        lambda: AllanBot(model="persona", url="ftp://127.0.0.1", token="t"),
        lambda: AllanBot(model="persona", url="http://me:secret@127.0.0.1", token="t"),
        lambda: AllanBot(model="persona", url="http://127.0.0.1:99999", token="t"),
        lambda: AllanBot(model="persona", url="http://127.0.0.1", token=""),
        lambda: AllanBot(model="persona", url="http://127.0.0.1", token="a\r\nX: y"),
        lambda: AllanBot(model="persona", token="t"),
    ]
    for make in bad:
        with pytest.raises(BadInput):
            make()
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    nobody = AllanBot(model="persona", url=f"http://127.0.0.1:{port}", token="t")
    with pytest.raises(MaverickError, match="does not answer"):
        nobody.make_decision("a", ["b", "c"])


def test_a_decision_ends_with_its_connection(deciding: Deciding) -> None:
    """Long options, so that it would take long."""
    options = [f"{number} " + "and so on " * 4 for number in range(20)]
    before = deciding.service.answers
    with deciding.client() as client:
        client.timeout = httpx.Timeout(10, read=0.02)
        with pytest.raises(httpx.TimeoutException):
            client.post("/api/decide", json=BODY | {"options": options})
    wait_for(lambda: deciding.service.answers == before, 60)
