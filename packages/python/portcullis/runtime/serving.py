"""What this side serves: finds the handler of a request, runs it as a task, and sends its outcome. That its caller may, the
hub has decided already."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from ..codec.base import Body, encode_checked
from ..codec.error import CodecError
from ..errors import ApplicationError, PortcullisError, text_of
from ..interface import Channel, Interface
from ..session.core import Write
from ..session.violation import SendError
from ..session.wire import Caller, Failure, Never, decode_caller, write_failure
from .connection import Connection, logger
from .fault_log import FaultLog
from .items import CreditMeter, Gone, Outflow, Source
from .places import Places

T = TypeVar("T")

NOTIFY_MS = 30_000
"""How long a handler of a notification may think it has, when its channel does not say; in milliseconds."""


class CallContext:
    """What a handler knows of the call that it serves. Its task is cancelled when the caller gives up or time runs out."""

    def __init__(self, connection: Connection, channel: Channel[Any], caller: Caller | None, deadline: float) -> None:
        self._connection = connection
        self.channel = channel.name
        """The full name of the channel."""
        self.caller = caller
        """Who calls, where the hub tells this peer: main's own services only."""
        self.deadline = deadline

    def remaining(self) -> float:
        """The time that is left, in seconds."""
        return max(0.0, self.deadline - self._connection.now()) / 1000


class Sink(Generic[T]):
    """Where a handler sends its items. `send` waits for credit, unless the channel drops the oldest: then it never waits, and
    keeps the newest `depth` that cannot be sent yet."""

    def __init__(self, flow: Outflow[T], serving: Serving) -> None:
        self._flow = flow
        self._serving = serving
        channel = serving.channel
        self._depth = channel.depth if channel.overflow == "drop_oldest" else None
        self._waiting: deque[T] = deque()
        self._missed = 0

    async def send(self, value: T) -> None:
        """Sends an item. Raises `CodecError` when it breaks its contract, and is cancelled once nobody waits for items."""
        if self._serving.stopped is not None:
            # A handler that did not heed its cancellation is told again.
            raise asyncio.CancelledError
        if self._depth is None:
            try:
                await self._flow.send(value)
            except Gone:
                raise asyncio.CancelledError from None
            self._serving.first_item()
            return
        self._waiting.append(value)
        self._drain()
        if len(self._waiting) > self._depth:
            self._waiting.popleft()
            self._missed += 1
        # A source that is always ready must not keep credit from coming in.
        await asyncio.sleep(0)

    async def flush(self) -> None:
        """Waits until what may wait has been sent."""
        while self._waiting:
            await self._flow.ready()
            self._drain()

    def wake(self) -> None:
        """Credit has come."""
        self._flow.wake()

    def _drain(self) -> None:
        while self._waiting and self._flow.may_send() is True:
            self._flow.put(self._waiting.popleft(), self._missed)
            self._missed = 0
            self._serving.first_item()


class Serving:
    """One call that this side serves. A call with id 0 is a notification: nothing is answered, all else is the same."""

    def __init__(self, connection: Connection, faults: FaultLog, channel: Channel[Any], cx: CallContext, id: int) -> None:
        self.connection = connection
        self.faults = faults
        self.channel = channel
        self.cx = cx
        self.id = id
        self.task: asyncio.Task[None] | None = None
        self.source: Source[Any] | None = None
        self.sink: Sink[Any] | None = None
        self.ended = False
        self.stopped: str | None = None
        """The status of a call that nobody waits for any more."""
        self._first = True
        if channel.up is not None:
            self.source = Source(CreditMeter(connection, True, lambda: id).taken)
        if channel.down is not None:
            self.sink = Sink(Outflow(connection, True, id, channel.down), self)

    async def run(self, handler: Any, body: Body) -> None:
        """Runs the handler and answers."""
        channel = self.channel
        try:
            args = body.read(channel.args)
        except CodecError as error:
            return self._fault("got arguments that cannot be read", error)
        more: dict[str, Any] = {}
        if self.source is not None:
            more["items"] = self.source
        if self.sink is not None:
            more["out"] = self.sink
        try:
            result = await handler(self.cx, *args, **more)
            if self.sink is not None and self.stopped is None:
                await self.sink.flush()
            self._answer("ok", lambda out: encode_checked(channel.reply, out, result))
        except asyncio.CancelledError:
            self._refuse("cancelled")
        except Gone:
            pass
        except Exception as error:
            self._failed(error)
        if self.source is not None:
            self.source.end()
        self.over()

    def over(self) -> None:
        """The handler has come to its end. Until then a call keeps its place, here and among those that the hub lets its
        caller have, or who gives up again and again would pile up handlers. Whoever has called does not wait for that."""
        if (status := self.stopped) is not None:
            self.stopped = None
            self._refuse(status)

    # What the session tells.

    def item(self, body: Body) -> None:
        assert self.source is not None and self.channel.up is not None
        try:
            self.source.push(body.read(self.channel.up), body.size)
        except CodecError as error:
            self._fault("got an item that cannot be read", error)
            self._cancel()

    def finish(self) -> None:
        if self.source is not None:
            self.source.end()

    def credit(self) -> None:
        if self.sink is not None:
            self.sink.wake()

    def stop(self, status: str) -> None:
        if self.stopped is None and not self.ended:
            self.stopped = status
            self.finish()
            self._cancel()

    def abandon(self) -> None:
        self.ended = True
        self._cancel()

    def first_item(self) -> None:
        """The time of a stream was that to the first item."""
        if self._first:
            self._first = False
            self.cx.deadline = float("inf")
            self.connection.session.clear_deadline(True, self.id)

    def _cancel(self) -> None:
        if self.task is not None:
            self.task.cancel()

    def _answer(self, status: str, body: Write) -> None:
        if self.ended or self.stopped is not None:
            return
        if self.id:
            self.connection.session.reply(self.id, status, body)
        self.ended = True
        self.connection.touched()

    def _failed(self, error: Exception) -> None:
        """What the handler raised, or the reply or item of its that breaks the contract."""
        if isinstance(error, ApplicationError):
            codec = self.channel.error
            if codec is None:
                return self._fault("raised an error that it does not declare", error)
            try:
                return self._answer("application", lambda out: encode_checked(codec, out, error.error))
            except (CodecError, SendError) as broken:
                return self._fault("raised an error that breaks its contract", broken)
        if isinstance(error, PortcullisError) and error.status not in ("ok", "application"):
            failure = Failure(self.channel.name, error.path, error.detail, error.retry, error.correlation)
            return self._answer(error.status, lambda out: write_failure(out, failure))
        if isinstance(error, SendError):
            return self._refuse(error.status, error.message)
        self._fault("gave a value that breaks its contract" if isinstance(error, CodecError) else "failed", error)

    def _fault(self, what: str, error: Exception) -> None:
        """The callee is at fault: the caller gets a number, the log says what it stands for."""
        if self.ended or self.stopped is not None:
            return
        # The hub makes it of the same two numbers, so that its log and this one name the call alike.
        connected = self.connection.connected
        peer = connected.result().peer if connected.done() and connected.exception() is None else 0
        correlation = peer << 32 | self.id
        self.faults.error(self.channel.name, label_of(self.cx.caller), f"{what} [{correlation:x}]", error)
        self._refuse("internal", correlation=correlation)

    def _refuse(self, status: str, message: str = "", correlation: int = 0) -> None:
        failure = Failure(self.channel.name, "", message or text_of(status), Never(), correlation)
        self._answer(status, lambda out: write_failure(out, failure))


def label_of(caller: Caller | None) -> str:
    """What lines tell callers apart by."""
    return "" if caller is None else caller.label


class Export:
    """One instance that is served."""

    def __init__(self, interface: Interface[Any, Any, Any], handlers: object) -> None:
        self.interface = interface
        self.handlers = handlers
        self.open: set[Serving] = set()
        """Those at work, also when their caller is gone."""

    def handler(self, ordinal: int, kinds: tuple[str, ...]) -> tuple[Channel[Any] | None, Any]:
        """The channel, and its handler if it takes such frames."""
        channels = self.interface.channels
        channel = channels[ordinal] if ordinal < len(channels) else None
        if channel is None or channel.kind not in kinds:
            return channel, None
        return channel, getattr(self.handlers, channel.method, None)


class Server:
    """All instances that one connection serves."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._exports: dict[int, Export] = {}
        self._faults = FaultLog()
        self._running = 0
        """Handlers of calls at work. The hub counts the same calls until they end, each for its caller."""
        self._notified = Places(connection.session.ours.calls)
        self._caller: Caller | None = None
        """Who makes the calls that come next, where this peer is told."""

    def add(self, id: int, export: Export) -> None:
        """Serves an instance under the hub's number."""
        self._exports[id] = export

    def remove(self, id: int) -> None:
        """Serves it no more: calls that are open on it are given up."""
        export = self._exports.pop(id, None)
        for serving in list(export.open) if export is not None else []:
            serving.stop("unavailable")

    def caller(self, peer: int, body: bytes) -> None:
        self._caller = decode_caller(peer, body)

    def request(self, id: int, binding: int, ordinal: int, body: Body, budget_ms: int) -> None:
        session = self._connection.session
        export = self._exports.get(binding)
        if export is None:
            return session.refuse(id, "unavailable", text_of("unavailable"))
        channel, handler = export.handler(ordinal, ("call", "stream"))
        if channel is None or handler is None:
            name = "" if channel is None else channel.name
            return session.refuse(id, "unimplemented", "there is no handler for it", name)
        # Handlers that do not heed their cancellation keep their place, those whose calls were answered with a fault included.
        if self._running >= session.ours.calls:
            return session.refuse(id, "resource_exhausted", "too many handlers are at work", channel.name)
        deadline = self._connection.now() + (budget_ms or channel.deadline_ms)
        if not budget_ms:
            session.set_inbound_deadline(id, deadline)
        serving = self._serving(channel, id, deadline)
        session.accept(id, serving, channel.up is not None, channel.down is not None)
        self._running += 1

        def give() -> None:
            self._running -= 1

        self._run(export, serving, handler, body, give)

    def notify(self, binding: int, ordinal: int, body: Body) -> None:
        export = self._exports.get(binding)
        if export is None:
            return
        channel, handler = export.handler(ordinal, ("notify",))
        if channel is None or handler is None:
            return
        label = None if self._caller is None else self._caller.label
        if not self._notified.take(label):
            return self._faults.error(channel.name, label or "", "was dropped: too many handlers are at work")
        deadline = self._connection.now() + (channel.deadline_ms or NOTIFY_MS)
        serving = self._serving(channel, 0, deadline)
        self._run(export, serving, handler, body, lambda: self._notified.give(label))

    def _serving(self, channel: Channel[Any], id: int, deadline: float) -> Serving:
        cx = CallContext(self._connection, channel, self._caller, deadline)
        return Serving(self._connection, self._faults, channel, cx, id)

    def _run(self, export: Export, serving: Serving, handler: Any, body: Body, over: Callable[[], None]) -> None:
        export.open.add(serving)
        task = self._connection.loop.create_task(serving.run(handler, body))
        serving.task = task

        def done(task: asyncio.Task[None]) -> None:
            over()
            export.open.discard(serving)
            # A task that was cancelled before its first step has not answered.
            if task.cancelled():
                serving.over()
                serving._refuse("cancelled")
            elif (error := task.exception()) is not None:
                logger.error("%s failed", serving.channel.name, exc_info=error)

        task.add_done_callback(done)
