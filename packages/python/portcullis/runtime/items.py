"""Items that have come and were not read yet, as an async iterator that gives credit as they are read; and sending items as
credit comes."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterable, Callable, Iterable
from typing import Generic, TypeVar

from ..codec import Codec
from ..codec.base import encode_checked
from .connection import Connection

T = TypeVar("T")

Items = Iterable[T] | AsyncIterable[T]
"""Items that go out: any iterable."""


class CreditMeter:
    """Gathers what was read into few `credit` frames: one for each half of what a stream starts with."""

    def __init__(self, connection: Connection, callee: bool, id: Callable[[], int]) -> None:
        self._connection = connection
        self._callee = callee
        self._id = id
        self._items = self._bytes = 0

    def taken(self, count: int) -> None:
        """An item of so many bytes was read."""
        session = self._connection.session
        self._items += 1
        self._bytes += count
        if self._items * 2 < session.ours.stream_items and self._bytes * 2 < session.ours.stream_bytes:
            return
        session.credit(self._callee, self._id(), self._items, self._bytes)
        self._items = self._bytes = 0
        self._connection.touched()


class Source(Generic[T]):
    """Items that come in, as an async iterator. Bounded by the credit that it gives."""

    def __init__(self, taken: Callable[[int], None]) -> None:
        self._taken = taken
        self._items: deque[tuple[T, int]] = deque()
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._over = False
        self._error: BaseException | None = None

    def push(self, value: T, count: int) -> None:
        """An item has come."""
        if not self._over:
            self._items.append((value, count))
            self._wake()

    def end(self, error: BaseException | None = None) -> None:
        """No more items come. Those that have come can still be read; then the error is raised, once."""
        if not self._over:
            self._over = True
            self._error = error
            for waiter in self._waiters:
                if not waiter.done():
                    waiter.set_result(None)
            self._waiters.clear()

    def retract(self, which: Callable[[T], bool]) -> None:
        """Forgets some of what was not read."""
        self._items = deque(item for item in self._items if not which(item[0]))

    def drop(self) -> None:
        """Forgets what was not read: its reader has left."""
        self._items.clear()
        self.end()
        self._error = None

    def __aiter__(self) -> Source[T]:
        return self

    async def __anext__(self) -> T:
        # Each turn waits for an item or the end, which come once.
        while not self._items:
            if self._over:
                error, self._error = self._error, None
                if error is not None:
                    raise error
                raise StopAsyncIteration
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            try:
                await waiter
            finally:
                if waiter in self._waiters:
                    self._waiters.remove(waiter)
        value, count = self._items.popleft()
        if self._items:
            self._wake()
        if not self._over:
            self._taken(count)
        return value

    def _wake(self) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return


class Gone(Exception):
    """The call that items were for has ended."""


class Outflow(Generic[T]):
    """The sending end of one flow of a call: an item waits for credit."""

    def __init__(self, connection: Connection, callee: bool, id: int, codec: Codec[T]) -> None:
        self._connection = connection
        self._callee = callee
        self._id = id
        self._codec = codec
        self._waiter: asyncio.Future[None] | None = None
        self._lock = asyncio.Lock()

    def wake(self) -> None:
        """Credit has come, or the call has ended."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def may_send(self) -> bool | None:
        """Whether an item may be sent now; `None` when the call has ended."""
        return self._connection.session.may_send(self._callee, self._id)

    async def ready(self) -> None:
        """Waits until an item may be sent. Raises `Gone` when the call has ended."""
        # Each turn waits for credit or the end.
        while (may := self.may_send()) is not True:
            if may is None:
                raise Gone
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter

    def put(self, value: T, missed: int = 0) -> None:
        """Sends an item that may be sent. Raises `CodecError` and `SendError`."""
        session = self._connection.session
        session.item(self._callee, self._id, missed, lambda out: encode_checked(self._codec, out, value))
        self._connection.touched()

    async def send(self, value: T) -> None:
        """Sends an item when it may be sent; several at once keep their order."""
        async with self._lock:
            await self.ready()
            self.put(value)
