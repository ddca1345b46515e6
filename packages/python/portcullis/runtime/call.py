"""Calls, streams and subscriptions of this side's: a beginning, one end, and ways to end early."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ..codec.base import Body, encode_checked
from ..codec.error import CodecError
from ..errors import PortcullisError, end_error, local_error, send_error, value_error
from ..interface import Channel
from ..session import frame
from ..session.core import Write
from ..session.violation import SendError
from .connection import Connection, logger
from .items import CreditMeter, Gone, Items, Outflow, Source

if TYPE_CHECKING:
    from .binding import Binding
    from .serving import CallContext

T = TypeVar("T")
R = TypeVar("R")


def time_limit(channel: Channel[Any], timeout: float | None, parent: CallContext | None) -> float:
    """The time that a call may take, in milliseconds."""
    own = channel.deadline_ms if timeout is None else timeout * 1000
    outer = float("inf") if parent is None else parent.remaining() * 1000
    return min(own, outer, 0xFFFF_FFFF)


class Exchange:
    """What every call of this side's has in common."""

    def __init__(self, connection: Connection, channel: Channel[Any]) -> None:
        self.connection = connection
        self.channel = channel
        self.id = 0
        self.done = False
        """The one outcome has been told."""

    def begin(
        self,
        to: Binding,
        body: Write,
        kind: int,
        up: bool = False,
        down: bool = False,
        limit_ms: float | None = None,
        slack_ms: float = 0,
    ) -> None:
        """Begins it; what is wrong with that is told like any other failure."""
        connection, channel = self.connection, self.channel
        if to.gone:
            return self.fail("unavailable", False)
        if limit_ms is not None and not limit_ms > 0:
            return self.fail("deadline_exceeded", False)
        now = connection.now()
        deadline = None if limit_ms is None else now + limit_ms + slack_ms
        try:
            self.id = connection.session.open(
                kind, to.id, channel.ordinal, up, down, deadline, now, self, body, slack_ms
            )
        except (SendError, CodecError) as error:
            return self.settle(send_error(channel, "the arguments", error))
        connection.touched()

    def abort(self, error: PortcullisError) -> None:
        """Ends it early: nothing about it comes after this."""
        if not self.done:
            error.sent = self.id != 0 and self.connection.session.cancel(self.id) is not False
            self.connection.touched()
            self.settle(error)

    def cancel(self) -> None:
        """Gives it up."""
        self.abort(local_error(self.channel, "cancelled"))

    def item(self, missed: int, token: int | None, body: Body) -> None:
        """An item of a flow that this call does not have does not come: the session refuses it."""

    def credit(self) -> None:
        """More items may be sent."""

    def late(self, status: str, body: Body) -> None:
        """An outcome that nobody waits for."""

    def end(self, status: str, body: Body) -> None:
        if self.done:
            return
        if status != "ok":
            return self.settle(end_error(self.channel, status, body))
        try:
            value = body.read(self.channel.reply)
        except CodecError as error:
            return self.settle(self.unreadable("the reply", error))
        self.done = True
        self.succeeded(value)

    def fail(self, status: str, sent: bool, message: str | None = None) -> None:
        self.settle(local_error(self.channel, status, message, sent=sent))

    def settle(self, error: PortcullisError) -> None:
        """The one failure."""
        if not self.done:
            self.done = True
            self.failed(error)

    def unreadable(self, what: str, error: CodecError) -> PortcullisError:
        """A body that the hub let pass and this side cannot read: two builds disagree."""
        return value_error(self.channel, "internal", what, error)

    def meter(self) -> CreditMeter:
        """Counts what was read of the items down."""
        return CreditMeter(self.connection, False, lambda: self.id)

    def succeeded(self, value: Any) -> None:
        raise NotImplementedError

    def failed(self, error: PortcullisError) -> None:
        raise NotImplementedError


class PendingCall(Exchange):
    """A call with one reply: a future."""

    def __init__(
        self, connection: Connection, channel: Channel[Any], on_reply: Callable[[Any, bool], None] | None = None
    ) -> None:
        super().__init__(connection, channel)
        self.outcome: asyncio.Future[Any] = connection.loop.create_future()
        self.on_reply = on_reply
        """Told of a reply before anything behind it is looked at, and also when its caller has given up (`False` then)."""
        self.outflow: Outflow[Any] | None = None

    async def wait(self) -> Any:
        """The reply. A task that is cancelled here cancels the call."""
        try:
            return await self.outcome
        except asyncio.CancelledError:
            self.cancel()
            raise

    def credit(self) -> None:
        if self.outflow is not None:
            self.outflow.wake()

    def late(self, status: str, body: Body) -> None:
        if status == "ok" and self.on_reply is not None:
            try:
                value = body.read(self.channel.reply)
            except CodecError as error:
                return logger.error("%s", self.unreadable("the reply", error))
            self.on_reply(value, False)

    def succeeded(self, value: Any) -> None:
        if self.on_reply is not None:
            self.on_reply(value, not self.outcome.done())
        if not self.outcome.done():
            self.outcome.set_result(value)
        self.credit()

    def failed(self, error: PortcullisError) -> None:
        if not self.outcome.done():
            self.outcome.set_exception(error)
            # Whoever waits is told; nobody may wait any more.
            self.outcome.exception()
        self.credit()


async def upload(call: Exchange, outflow: Outflow[Any], items: Items[Any]) -> None:
    """Sends the items of an iterable as credit comes, then `finish`. Ends the call when they fail."""
    try:
        if isinstance(items, AsyncIterable):
            async for value in items:
                await outflow.send(value)
        else:
            for value in items:
                await outflow.send(value)
    except Gone:
        return
    except asyncio.CancelledError:
        raise
    except (CodecError, SendError) as error:
        return call.abort(send_error(call.channel, "an item", error))
    except Exception as error:
        failure = local_error(call.channel, "cancelled", f"its items failed: {error!r}")
        failure.__cause__ = error
        return call.abort(failure)
    call.connection.session.finish(call.id)
    call.connection.touched()


class Stream(Exchange, Generic[T, R]):
    """A stream with items down: an async iterator that gives credit as it is read, and a reply behind it.

    Leave it early with `cancel`, or by `async with`.
    """

    def __init__(self, connection: Connection, channel: Channel[R]) -> None:
        super().__init__(connection, channel)
        self._source: Source[T] = Source(self.meter().taken)
        self._outcome: asyncio.Future[R] = connection.loop.create_future()
        self._first = True
        self._outflow: Outflow[Any] | None = None
        self._upload: asyncio.Task[None] | None = None
        self.missed = 0
        """Items that the server has dropped so far because this side was slow."""

    def start(self, to: Binding, args: tuple[Any, ...], items: Items[Any] | None, limit_ms: float) -> None:
        """Opens it; a failure is told where the items are read."""
        up = self.channel.up
        body: Write = lambda out: encode_checked(self.channel.args, out, args)
        self.begin(to, body, frame.REQUEST, up is not None, True, limit_ms)
        if up is not None and items is not None and not self.done:
            self._outflow = Outflow(self.connection, False, self.id, up)
            self._upload = self.connection.loop.create_task(upload(self, self._outflow, items))

    async def reply(self) -> R:
        """What the stream ends with."""
        return await asyncio.shield(self._outcome)

    def cancel(self) -> None:
        """Leaves it before its end."""
        super().cancel()
        self._source.drop()

    def __aiter__(self) -> Stream[T, R]:
        return self

    async def __anext__(self) -> T:
        return await self._source.__anext__()

    async def __aenter__(self) -> Stream[T, R]:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.cancel()

    def credit(self) -> None:
        if self._outflow is not None:
            self._outflow.wake()

    def item(self, missed: int, token: int | None, body: Body) -> None:
        if self._first:
            self._first = False
            self.connection.session.clear_deadline(False, self.id)
        assert self.channel.down is not None
        try:
            value: T = body.read(self.channel.down)
        except CodecError as error:
            return self.abort(self.unreadable("an item", error))
        self.missed += missed
        self._source.push(value, body.size)

    def succeeded(self, value: R) -> None:
        self._over()
        self._source.end()
        if not self._outcome.done():
            self._outcome.set_result(value)

    def failed(self, error: PortcullisError) -> None:
        self._over()
        self._source.end(error)
        if not self._outcome.done():
            self._outcome.set_exception(error)
            self._outcome.exception()

    def _over(self) -> None:
        self.credit()
        if self._upload is not None and self._upload is not asyncio.current_task():
            self._upload.cancel()


class Subscription(Exchange, Generic[T]):
    """A subscription to a topic: an async iterator. It ends when it is left by `cancel` or `async with`; when the instance
    leaves, the error is raised where it is read."""

    def __init__(self, connection: Connection, channel: Channel[Any]) -> None:
        super().__init__(connection, channel)
        self._source: Source[tuple[T, int]] = Source(self.meter().taken)
        self.missed = 0
        """Values that this subscriber has missed, up to the one that was read last, as far as somebody has counted them."""
        self.anew = False
        """Whether the subscription was made anew right before the value that was read last, so that others may have been
        missed: only one of a client that connects again ever is."""
        self.on_anew: Callable[[], object] | None = None
        """Called when the reader comes to where the subscription was made anew, before the first value behind it."""

    def start(self, to: Binding) -> None:
        """Subscribes; a failure is told where the values are read."""
        self.begin(to, lambda out: None, frame.SUBSCRIBE, down=True)

    def cancel(self) -> None:
        """Leaves the topic."""
        super().cancel()
        self._source.drop()

    def listen(self, listener: Callable[[T], None]) -> asyncio.Task[None]:
        """Calls `listener` with each value, until the subscription ends; the task fails as reading it would. What the
        listener raises is logged."""

        async def run() -> None:
            async for value in self:
                try:
                    listener(value)
                except Exception:
                    logger.exception("a listener of %s failed", self.channel.name)

        return self.connection.loop.create_task(run())

    def __aiter__(self) -> Subscription[T]:
        return self

    async def __anext__(self) -> T:
        value, missed = await self._source.__anext__()
        self.missed += missed
        return value

    async def __aenter__(self) -> Subscription[T]:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.cancel()

    def item(self, missed: int, token: int | None, body: Body) -> None:
        try:
            (value,) = body.read(self.channel.args)
        except CodecError as error:
            return self.abort(self.unreadable("a value", error))
        if token is not None:
            self.connection.session.ack(self.id, token)
        self.came(value, missed, body.size)

    def came(self, value: T, missed: int, count: int) -> None:
        """A value of so many bytes has come, after so many that this subscriber has missed."""
        self._source.push((value, missed), count)

    def end(self, status: str, body: Body) -> None:
        # A topic does not end well: whoever leaves it cancels.
        self.settle(end_error(self.channel, "internal" if status == "ok" else status, body))

    def failed(self, error: PortcullisError) -> None:
        self._source.end(error)
