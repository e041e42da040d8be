"""Whose request an engine computes next: adapters take turns.

llama.cpp computes one adapter at a time. Slots of another one wait while a slot with a lower number
generates, and where requests of a popular personality keep coming, those of another would wait for
ever. So an engine is given the requests of one adapter at a time, and the turn passes on.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field

from maverick_assets.errors import MaverickError


class Busy(MaverickError):
    """Too many requests wait already."""


@dataclass(eq=False)
class _Waiting:
    adapter: str | None
    admitted: asyncio.Future[None] = field(default_factory=asyncio.Future)


class Turns:
    """The slots of one engine, within one event loop.

    A turn ends when none of its requests is computed any more; the next one is that of whoever has
    waited longest. While others wait, a turn takes in those that came before them, and as many
    requests as there are slots. So a request is overtaken by no more than one in each slot.
    """

    def __init__(self, slots: int, most_waiting: int) -> None:
        self._slots = slots
        self._most_waiting = most_waiting
        self._adapter: str | None = None  # whose turn it is, while requests are computed
        self._computed = 0  # requests under way
        self._taken_in = 0  # requests since the turn began
        self._waiting: deque[_Waiting] = deque()

    @property
    def waiting(self) -> int:
        """Requests that wait for a slot."""
        return len(self._waiting)

    async def enter(self, adapter: str | None) -> None:
        """Wait for a slot, which `leave` gives back. Raises `Busy` when too many wait already."""
        if len(self._waiting) >= self._most_waiting:
            raise Busy(f"{len(self._waiting)} requests wait already; try again later")
        request = _Waiting(adapter)
        self._waiting.append(request)
        self._admit()
        try:
            await request.admitted
        except asyncio.CancelledError:
            if request in self._waiting:
                self._waiting.remove(request)
                self._admit()  # those behind may be of the adapter whose turn it is
            else:  # admitted and cancelled in one round of the loop
                self.leave()
            raise

    def leave(self) -> None:
        """Give a slot back."""
        self._computed -= 1
        self._admit()

    def _admit(self) -> None:
        """Give the free slots to those who may have them."""
        while self._computed < self._slots and (request := self._next()) is not None:
            if self._computed == 0:
                self._adapter, self._taken_in = request.adapter, 0
            self._computed += 1
            self._taken_in += 1
            self._waiting.remove(request)
            if not request.admitted.done():
                request.admitted.set_result(None)

    def _next(self) -> _Waiting | None:
        if self._computed == 0:
            return self._waiting[0] if self._waiting else None
        for request in self._waiting:
            if request.adapter == self._adapter:
                return request
            if self._taken_in >= self._slots:
                return None  # those behind would overtake it
        return None
