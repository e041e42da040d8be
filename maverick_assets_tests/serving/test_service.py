"""Every version in service answers, alone or beside others, while versions come and go."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable

import pytest

from maverick_assets.base_model.tokenizer import Message
from maverick_assets.errors import BadInput
from maverick_assets.serving.runtime import Sampling
from maverick_assets.serving.service import ChatService, Question, Reply
from maverick_assets_tests.serving.released_homes import ReleasedHome

NAMES = [f"persona-{word}" for word in ("one", "two", "three", "four", "five", "six")]
LONG = Sampling(max_tokens=400, temperature=0)


def question(personality: str, text: str, sampling: Sampling | None = None) -> Question:
    messages = [
        Message(role="system", content="You are here."),
        Message(role="user", content=text),
    ]
    return Question(personality, messages, sampling or Sampling(max_tokens=12, temperature=0))


@contextlib.asynccontextmanager
async def open_service(home: ReleasedHome) -> AsyncIterator[ChatService]:
    service = ChatService(home.settings)
    await service.open()
    try:
        yield service
    finally:
        await service.close()


async def ask(service: ChatService, asked: Question) -> Reply:
    *_, reply = [part async for part in service.stream(asked)]
    assert isinstance(reply, Reply)
    return reply


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


@pytest.fixture
def six_homes(released_home: ReleasedHome) -> ReleasedHome:
    for number, name in enumerate(NAMES):
        released_home.release(name, "v1.0", f"adapter-{number}")
    return released_home


def test_all_released_versions_answer_as_themselves_beside_one_another(
    six_homes: ReleasedHome,
) -> None:
    asked = [question(name, f"Number {n}?") for n in range(4) for name in NAMES]

    async def scenario() -> None:
        async with open_service(six_homes) as service:
            alone = [await ask(service, each) for each in asked]
            together = await asyncio.gather(*(ask(service, each) for each in asked))
            assert [r.answer.text for r in together] == [r.answer.text for r in alone]
            assert [(r.personality, r.version) for r in together] == [
                (each.personality, "v1.0") for each in asked
            ]
            assert {r.node for r in together} == {service.node}
            assert len({r.answer.text for r in alone[:6]}) == 6  # six adapters, six answers

    asyncio.run(scenario())


def test_the_pieces_of_an_answer_are_the_answer(released_home: ReleasedHome) -> None:
    released_home.release("persona", "v1.0", "adapter-0")

    async def scenario() -> None:
        async with open_service(released_home) as service:
            *pieces, reply = [part async for part in service.stream(question("persona", "Well?"))]
            assert isinstance(reply, Reply)
            assert "".join(str(piece) for piece in pieces) == reply.answer.text
            assert len(pieces) > 1
            assert reply.answer.completion_tokens == 12
            assert reply.answer.prompt_tokens > 10

    asyncio.run(scenario())


def test_an_answer_ends_before_a_stop_text(released_home: ReleasedHome) -> None:
    released_home.release("persona", "v1.0", "adapter-0")

    async def scenario() -> None:
        async with open_service(released_home) as service:
            whole = (await ask(service, question("persona", "Well?"))).answer
            middle = whole.text[len(whole.text) // 2 :][:4]
            stopped = Sampling(max_tokens=12, temperature=0, stop=(middle,))
            answer = (await ask(service, question("persona", "Well?", stopped))).answer
            assert answer.finish_reason == "stop"
            assert answer.text == whole.text.split(middle)[0].rstrip()

    asyncio.run(scenario())


def test_a_release_is_taken_in_and_no_answer_is_dropped(released_home: ReleasedHome) -> None:
    released_home.release("persona", "v1.0", "adapter-0")

    async def scenario() -> None:
        async with open_service(released_home) as service:
            running = service.stream(question("persona", "Tell me all.", LONG))
            assert await anext(running)
            # Two are computed at a time, so that the old engine has work while the new one loads.
            asked = [question("persona", f"Tell me {n}.", LONG) for n in range(5)]
            waiting = [asyncio.ensure_future(ask(service, each)) for each in asked]
            await until(lambda: service.answers == 6)
            released_home.release("persona", "v1.1", "adapter-1")
            await service.refresh()
            assert service.engines == 2
            assert (await ask(service, question("persona", "Now?"))).version == "v1.1"
            *_, reply = [part async for part in running]
            assert isinstance(reply, Reply)
            for each in (reply, *await asyncio.gather(*waiting)):
                assert (each.version, each.answer.completion_tokens) == ("v1.0", 400)
            await until(lambda: service.engines == 1)

    asyncio.run(scenario())


def test_a_revoked_version_stops_in_the_middle_of_its_answer(released_home: ReleasedHome) -> None:
    released_home.release("persona", "v1.0", "adapter-0")
    released_home.release("other", "v1.0", "adapter-1")

    async def scenario() -> None:
        async with open_service(released_home) as service:
            running = service.stream(question("persona", "Tell me all.", LONG))
            assert await anext(running)
            version = released_home.registry.get("persona", "v1.0").version
            released_home.registry.revoke("persona", [version], "it knows too much")
            with pytest.raises(BadInput, match="revoked"):  # before anything is read again
                await ask(service, question("persona", "Still there?"))
            await service.refresh()
            with pytest.raises(BadInput, match="revoked"):
                async for _ in running:
                    pass
            with pytest.raises(BadInput, match="those that do: other"):
                await ask(service, question("persona", "Still there?"))
            assert (await ask(service, question("other", "And you?"))).version == "v1.0"

    asyncio.run(scenario())


def test_an_abandoned_answer_frees_its_slot(released_home: ReleasedHome) -> None:
    released_home.release("persona", "v1.0", "adapter-0")

    async def scenario() -> int:
        async with open_service(released_home) as service:
            abandoned = [
                service.stream(question("persona", f"Tell me {n}.", LONG)) for n in range(6)
            ]
            tasks = [asyncio.ensure_future(anext(each)) for each in abandoned]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:  # two are computed, the others wait
                task.cancel()
            await asyncio.wait(tasks)
            for each in abandoned:
                await each.aclose()
            reply = await ask(service, question("persona", "Anybody there?"))
            await until(lambda: service.answers == 0)
            return reply.answer.completion_tokens

    assert asyncio.run(scenario()) == 12


def test_a_damaged_version_is_named_and_the_others_answer(released_home: ReleasedHome) -> None:
    released_home.release("persona", "v1.0", "adapter-0")
    released_home.release("other", "v1.0", "adapter-1")
    released_home.flip_a_bit("persona", "v1.0")

    async def scenario() -> None:
        async with open_service(released_home) as service:
            assert service.served() == {"other": "v1.0"}
            assert "is corrupt: sha256" in service.released.left_out["persona"]
            assert (await ask(service, question("other", "And you?"))).version == "v1.0"

    asyncio.run(scenario())


def test_a_release_that_cannot_be_loaded_leaves_the_version_before_in_service(
    released_home: ReleasedHome,
) -> None:
    released_home.release("persona", "v1.0", "adapter-0")

    async def scenario() -> None:
        async with open_service(released_home) as service:
            await ask(service, question("persona", "Now?"))
            released_home.release("persona", "v1.1", "adapter-1")
            released_home.flip_a_bit("persona", "v1.1")
            await service.refresh()
            reply = await ask(service, question("persona", "Now?"))
            assert reply.version == "v1.0"

    asyncio.run(scenario())
