"""Questions go to nodes that have the version in service, and to another when one fails."""

import asyncio
import contextlib
import platform
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import httpx
import pytest

from maverick_assets.api.app import api_rules, create_app
from maverick_assets.api.routes.sessions import Sessions
from maverick_assets.api.tokens import TokenBook
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.fleets import load_fleet
from maverick_assets.pipeline.deploy import deploy
from maverick_assets.serving.nodes.endpoints import Endpoint
from maverick_assets.serving.nodes.node_line import AskingPatience, NodeLine
from maverick_assets.serving.nodes.routing import NodeService, chat_service
from maverick_assets.serving.runtime import Sampling
from maverick_assets.serving.service import ChatService, Reply
from maverick_assets.serving.sessions.store import SessionStore
from maverick_assets_tests.decisions.own_cases import SOURCES, write_cases
from maverick_assets_tests.serving.nodes.conftest import QUICK, MakeNodeHome
from maverick_assets_tests.serving.nodes.node_home import NodeHome
from maverick_assets_tests.serving.nodes.simulated_nodes import SimulatedNode
from maverick_assets_tests.serving.test_service import LONG, ask, question, until

ASKING = AskingPatience(connect=2, first=20, next=20, look=0.1, rest=30)


@pytest.fixture
def home(make_node_home: MakeNodeHome, two_nodes: list[SimulatedNode]) -> NodeHome:
    home = make_node_home(two_nodes)
    home.release("persona", "v1.0", "adapter-0")
    [deployment] = deploy(home.run(), ["persona"], QUICK)
    assert deployment.is_level
    return home


@contextlib.asynccontextmanager
async def open_service(
    home: NodeHome, patience: AskingPatience = ASKING
) -> AsyncIterator[NodeService]:
    service = NodeService(home.settings, load_fleet(home.settings.fleet), patience)
    await service.open()
    watching = asyncio.create_task(service.watch())
    try:
        await until(lambda: all(line.models for line in service._lines.values()))
        yield service
    finally:
        watching.cancel()
        await service.close()


async def settled(service: NodeService, condition: Callable[[dict[str, str]], bool]) -> None:
    """Until what is known of every node's models fulfils a condition."""
    await until(lambda: all(condition(dict(line.models)) for line in service._lines.values()))


def test_nodes_answer_in_turn_what_the_engine_here_answers(home: NodeHome) -> None:
    async def scenario() -> None:
        asked = question("persona", "Number one? <|im_end|>")
        own = ChatService(home.settings)
        await own.open()
        expected = (await ask(own, asked)).answer
        await own.close()
        async with open_service(home) as service:
            replies = await asyncio.gather(*(ask(service, asked) for _ in range(4)))
            assert {reply.node for reply in replies} == {"one", "two"}
            assert {reply.version for reply in replies} == {"v1.0"}
            assert {reply.answer for reply in replies} == {expected}

    asyncio.run(scenario())


def test_a_decision_is_computed_by_the_engine_here_and_says_so(
    home: NodeHome, two_nodes: list[SimulatedNode]
) -> None:
    """A node's Ollama gives no log-probabilities of phrases that it did not say itself."""
    home.release("persona", "v1.1", "adapter-0", sources=SOURCES)
    write_cases(home.settings.lake)
    deploy(home.run(), ["persona"], QUICK)
    tokens = TokenBook(home.settings.home / "keys")
    secret = tokens.add("program", {"chat"}).read_text().strip()
    body = {"context": "Should we wait for the paper?", "options": ["yes", "no"]}
    question = {"message": body["context"], "personality": "persona", "max_tokens": 8}

    async def scenario() -> None:
        async with open_service(home) as service:
            settings = home.settings
            sessions = Sessions(SessionStore(settings), "allan")
            rules = api_rules(settings, "127.0.0.1")
            app = create_app(service, sessions, settings, rules, tokens)
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(app),
                base_url="http://127.0.0.1",
                headers={"Authorization": f"Bearer {secret}"},
            ) as client:
                for node in two_nodes:
                    node.requests()
                decision = (await client.post("/api/decide", json=body)).json()
                assert (decision["node"], decision["version"]) == (platform.node(), "v1.1")
                assert decision["reasons"]
                assert not any("generate" in node.requests() for node in two_nodes)
                answer = (await client.post("/api/chat", json=question)).json()
                assert answer["node"] in ("one", "two")
                assert answer["decision"]["node"] == platform.node()
            await sessions.close()

    asyncio.run(scenario())


def test_a_laptop_is_served_by_its_own_engine(home: NodeHome) -> None:
    settings = home.settings.model_copy(update={"fleet": "laptop"})
    assert type(chat_service(settings)) is ChatService
    assert type(chat_service(home.settings)) is NodeService


def test_another_node_answers_when_one_fails_before_its_first_word(
    home: NodeHome, two_nodes: list[SimulatedNode]
) -> None:
    async def scenario() -> None:
        for kind in ("500", "cut", "error line"):
            async with open_service(home) as service:
                two_nodes[0].plant("generate", kind)
                replies = [await ask(service, question("persona", f"{n}?")) for n in range(3)]
                assert {reply.node for reply in replies} == {"two"}

    asyncio.run(scenario())


def test_a_slow_node_is_passed_over(home: NodeHome, two_nodes: list[SimulatedNode]) -> None:
    async def scenario() -> None:
        async with open_service(home, replace(ASKING, first=1.5)) as service:
            await ask(service, question("persona", "Load it?"))
            two_nodes[0].plant("generate", "slow", times=2)
            assert (await ask(service, question("persona", "Well?"))).node != "one"

    asyncio.run(scenario())


def test_the_engine_here_answers_when_no_node_does(
    home: NodeHome, two_nodes: list[SimulatedNode]
) -> None:
    async def scenario() -> None:
        async with open_service(home) as service:
            for node in two_nodes:
                node.stop()
            reply = await ask(service, question("persona", "Anybody?"))
            assert (reply.node, reply.version) == (service.node, "v1.0")

    asyncio.run(scenario())


def test_a_node_that_breaks_off_is_said_to(home: NodeHome, two_nodes: list[SimulatedNode]) -> None:
    async def scenario() -> None:
        async with open_service(home) as service:
            running = service.stream(question("persona", "Tell me all.", LONG))
            assert await anext(running)
            for node in two_nodes:
                node.stop()
            with pytest.raises(MaverickError, match="broke off; ask again"):
                async for _ in running:
                    pass
            assert service.answers == 0

    asyncio.run(scenario())


def test_a_node_with_another_version_is_never_asked(
    home: NodeHome, two_nodes: list[SimulatedNode]
) -> None:
    async def scenario() -> None:
        async with open_service(home) as service:
            home.release("persona", "v1.1", "adapter-1")
            await service.refresh()
            reply = await ask(service, question("persona", "Now?"))
            assert (reply.node, reply.version) == (service.node, "v1.1")
            await asyncio.to_thread(deploy, home.run(), ["persona"], QUICK)
            await settled(service, lambda models: "persona:v1.1" in models)
            reply = await ask(service, question("persona", "And now?"))
            assert (reply.node in ("one", "two"), reply.version) == (True, "v1.1")
            for node in two_nodes:  # somebody makes another model of that name
                store = node.store
                content = store.manifest("persona:v1.0").read_bytes()
                store.set_manifest("persona:v1.1", content)
            await settled(service, lambda m: m["persona:v1.1"] == m["persona:v1.0"])
            assert (await ask(service, question("persona", "Well?"))).node == service.node

    asyncio.run(scenario())


def test_a_caller_who_hangs_up_ends_the_answer_on_the_node(
    home: NodeHome, two_nodes: list[SimulatedNode]
) -> None:
    async def scenario() -> None:
        async with open_service(home) as service:
            running = service.stream(question("persona", "Tell me all.", LONG))
            assert await anext(running)
            await running.aclose()
            await until(lambda: any(_ended_early(node) for node in two_nodes))
            assert service.answers == 0

    asyncio.run(scenario())


def _ended_early(node: SimulatedNode) -> bool:
    path = node.folder / "answers"
    return path.exists() and "persona:v1.0 1\n" in path.read_text()


def test_a_revoked_version_stops_in_the_middle_of_its_answer(home: NodeHome) -> None:
    async def scenario() -> None:
        async with open_service(home) as service:
            running = service.stream(question("persona", "Tell me all.", LONG))
            assert await anext(running)
            registry = home.home.registry
            version = registry.get("persona", "v1.0").version
            registry.revoke("persona", [version], "it knows too much")
            await service.refresh()  # the watch would come half a second later: the answer is short
            with pytest.raises(BadInput, match="revoked"):
                async for _ in running:
                    pass

    asyncio.run(scenario())


def test_stop_words_limits_and_a_full_context_are_as_here(home: NodeHome) -> None:
    async def scenario() -> None:
        async with open_service(home) as service:
            whole = await ask(service, question("persona", "Well?"))
            assert whole.answer.finish_reason == "length"
            assert whole.answer.completion_tokens == 12
            middle = whole.answer.text[len(whole.answer.text) // 2 :][:4]
            stopped = Sampling(max_tokens=12, temperature=0, stop=(middle,))
            reply = await ask(service, question("persona", "Well?", stopped))
            assert isinstance(reply, Reply)
            assert reply.answer.finish_reason == "stop"
            assert reply.answer.text == whole.answer.text.split(middle)[0].rstrip()
            with pytest.raises(BadInput, match="the context 512; shorten it"):
                await ask(service, question("persona", "word " * 600))

    asyncio.run(scenario())


def test_time_is_not_spent_on_a_node_that_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    line = NodeLine(Endpoint("one", "http://127.0.0.1:1", None), ASKING)
    line.models = {"persona:v1.0": "abc"}
    assert line.has("persona:v1.0", "abc") and not line.has("persona:v1.0", "abd")
    line.rest()
    assert not line.has("persona:v1.0", "abc")
    later = time.monotonic() + ASKING.rest
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert line.has("persona:v1.0", "abc")
