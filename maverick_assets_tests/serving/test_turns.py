"""Adapters take turns at the slots of an engine, and none waits for ever."""

import asyncio

import pytest

from maverick_assets.serving.turns import Busy, Turns


def test_requests_of_one_adapter_share_the_slots_and_others_wait_for_the_turns_end() -> None:
    async def scenario() -> None:
        turns = Turns(slots=2, most_waiting=10)
        await turns.enter("a")
        await turns.enter("a")
        b = asyncio.create_task(turns.enter("b"))
        await asyncio.sleep(0)
        turns.leave()
        await asyncio.sleep(0)
        assert not b.done()  # the other request of `a` is still computed
        turns.leave()
        await b

    asyncio.run(scenario())


def test_a_stream_of_one_adapters_requests_does_not_starve_another() -> None:
    async def scenario() -> tuple[int, int]:
        turns = Turns(slots=2, most_waiting=100)
        order: list[str] = []

        async def request(adapter: str) -> None:
            await turns.enter(adapter)
            order.append(adapter)
            await asyncio.sleep(0.001)
            turns.leave()

        async def user(adapter: str, requests: int) -> None:
            for _ in range(requests):
                await request(adapter)

        await asyncio.gather(*(user("popular", 20) for _ in range(6)), user("rare", 20))
        return order.index("rare"), max(
            len(run.split()) for run in " ".join(order).split("rare")[1:20]
        )

    first, longest_wait = asyncio.run(scenario())
    assert first <= 6  # all six came before
    assert longest_wait <= 6 + 2  # those that came before, and one in each slot


def test_who_gives_up_waiting_leaves_its_place_to_those_behind() -> None:
    async def scenario() -> None:
        turns = Turns(slots=2, most_waiting=10)
        await turns.enter("a")
        await turns.enter("a")
        b = asyncio.create_task(turns.enter("b"))
        a = asyncio.create_task(turns.enter("a"))
        await asyncio.sleep(0)
        turns.leave()
        await asyncio.sleep(0)
        assert not a.done()  # `b` came before, and the turn has had its two requests
        b.cancel()
        await a
        with pytest.raises(asyncio.CancelledError):
            await b

    asyncio.run(scenario())


def test_a_slot_given_to_who_has_just_been_cancelled_is_not_lost() -> None:
    async def scenario() -> None:
        turns = Turns(slots=1, most_waiting=10)
        await turns.enter("a")
        b = asyncio.create_task(turns.enter("b"))
        await asyncio.sleep(0)
        turns.leave()  # `b` is admitted, and
        b.cancel()  # gone before it knows
        await asyncio.wait_for(turns.enter("c"), 5)

    asyncio.run(scenario())


def test_more_than_the_queue_holds_are_refused() -> None:
    async def scenario() -> None:
        turns = Turns(slots=1, most_waiting=1)
        await turns.enter("a")
        waiting = asyncio.create_task(turns.enter("a"))
        await asyncio.sleep(0)
        with pytest.raises(Busy, match="1 requests wait already"):
            await turns.enter("a")
        turns.leave()
        await waiting

    asyncio.run(scenario())
