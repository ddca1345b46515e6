"""A call on a lasting binding: it waits for an instance, and is made again where that is safe, inside one deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..codec.base import Body, to_body
from ..codec.error import CodecError
from ..codec.writer import Writer
from ..errors import PortcullisError, local_error, send_error, text_of
from ..interface import Channel
from ..runtime.binding import Binding
from ..runtime.call import time_limit
from ..session.core import Write
from ..session.wire import After, Never
from .ground import Waiter
from .waits import AFTER_AT_LEAST, Waits

if TYPE_CHECKING:
    from ..runtime.serving import CallContext
    from .lasting import Lasting


async def retry(
    lasting: Lasting,
    channel: Channel[Any],
    args: tuple[Any, ...],
    timeout: float | None,
    parent: CallContext | None,
) -> Any:
    """Makes a call, as often as it takes."""
    try:
        # As they are now: their owner may go on with them before the call is made again.
        body = to_body(channel.args, args)
    except CodecError as error:
        raise send_error(channel, "the arguments", error) from error
    tries = Tries(lasting, channel, body.size, time_limit(channel, timeout, parent) / 1000)
    write = _written(body)
    # Every turn but the first waits, and the deadline bounds them all.
    while True:
        binding = lasting.present or await tries.found()
        try:
            return await binding.request_written(channel, write, tries.left * 1000)
        except PortcullisError as error:
            after = tries.after(error)
            if after is None or after >= tries.left or lasting.over is not None:
                raise
        await tries.sleep(after)


async def first(lasting: Lasting, channel: Channel[Any], within: float) -> Binding:
    """The first instance of a binding, in so many seconds."""
    return await Tries(lasting, channel, 0, within).found()


class Tries:
    """The tries of one call so far."""

    def __init__(self, lasting: Lasting, channel: Channel[Any], count: int, within: float) -> None:
        self._lasting = lasting
        self._channel = channel
        self._count = count
        self._loop = asyncio.get_running_loop()
        self._until = self._loop.time() + within
        self._waits = Waits(lasting.ground.policy)
        self._sent = False
        """What one try may have done, the call may have done."""

    @property
    def left(self) -> float:
        """The time that is left, in seconds."""
        return max(0.0, self._until - self._loop.time())

    def after(self, error: PortcullisError) -> float | None:
        """After which wait, in seconds, a call that failed is made again; `None`: not at all."""
        unsent = not error.sent
        self._sent = error.sent = self._sent or error.sent
        idempotent = self._channel.idempotent
        if error.status == "unavailable":
            return self._waits.next() if idempotent or unsent else None
        if not idempotent or error.status not in ("resource_exhausted", "aborted"):
            return None
        match error.retry:
            case After(ms=ms):
                return max(ms / 1000, AFTER_AT_LEAST)
            case Never():
                return None
            case _:
                return self._waits.next()

    async def found(self) -> Binding:
        """The instance that a call waits for. Raises the call's failure: that it was denied, say, or its time ran out."""
        with self._kept():
            future: asyncio.Future[Binding] = self._loop.create_future()

            def done(binding: Binding | None, error: PortcullisError | None = None) -> None:
                if future.done():
                    return
                if binding is not None:
                    future.set_result(binding)
                else:
                    future.set_exception(error or self._late())
                    # Whoever waits is told; a task that was cancelled meanwhile does not wait any more.
                    future.exception()

            timer = self._loop.call_later(self.left, done, None)
            leave = self._lasting.wait(Waiter(done, lambda error: done(None, self._told(error))))
            try:
                return await future
            finally:
                timer.cancel()
                leave()

    async def sleep(self, after: float) -> None:
        """Waits for so many seconds, less than are left."""
        with self._kept():
            await asyncio.sleep(after)

    @contextmanager
    def _kept(self) -> Iterator[None]:
        """Waits only where there is room for what waits."""
        ground = self._lasting.ground
        if not ground.keep(self._count):
            raise local_error(self._channel, "resource_exhausted", "too much waits for a connection", sent=self._sent)
        try:
            yield
        finally:
            ground.give(self._count)

    def _late(self) -> PortcullisError:
        text = f"{text_of('deadline_exceeded')}: {self._lasting.lack}"
        return local_error(self._channel, "deadline_exceeded", text, sent=self._sent)

    def _told(self, error: PortcullisError) -> PortcullisError:
        """Why there will be no instance, as this call's failure."""
        made = local_error(self._channel, error.status, error.detail, sent=self._sent)
        made.__cause__ = error
        return made


def _written(body: Body) -> Write:
    def write(out: Writer) -> None:
        out.out += body.data
        out.blobs += body.blobs

    return write
