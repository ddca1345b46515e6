"""A handle on one instance: what generated clients and publishers stand on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from ..codec.base import encode_checked
from ..codec.error import CodecError
from ..errors import send_error
from ..interface import Channel
from ..session import frame
from ..session.core import Write
from ..session.violation import SendError
from ..session.wire import REPORT, DeliveryReport
from .call import PendingCall, Stream, Subscription, time_limit, upload
from .connection import Connection, logger
from .items import Items, Outflow

if TYPE_CHECKING:
    from collections.abc import Callable

    from .serving import CallContext

R = TypeVar("R")

REPORT_SLACK_MS = 1_000
"""A report comes when its time is used up: its caller waits that much longer, in milliseconds."""


class Binding:
    """One instance, as its clients or its server see it."""

    def __init__(self, connection: Connection, id: int) -> None:
        self.connection = connection
        self.id = id
        self.gone = False
        """It has left, or was released: nothing more is sent to it."""

    async def call(
        self, channel: Channel[R], args: tuple[Any, ...], timeout: float | None = None, parent: CallContext | None = None
    ) -> R:
        """A call with one reply."""
        return await self.request(channel, args, time_limit(channel, timeout, parent))  # type: ignore[no-any-return]

    async def request(
        self,
        channel: Channel[Any],
        args: tuple[Any, ...],
        limit_ms: float,
        on_reply: Callable[[Any, bool], None] | None = None,
    ) -> Any:
        """The same; `on_reply` is called before anything behind the reply is looked at."""
        return await self.request_written(channel, _arguments(channel, args), limit_ms, on_reply)

    async def request_written(
        self,
        channel: Channel[Any],
        args: Write,
        limit_ms: float,
        on_reply: Callable[[Any, bool], None] | None = None,
    ) -> Any:
        """The same, with arguments that write themselves."""
        call = PendingCall(self.connection, channel, on_reply)
        call.begin(self, args, frame.REQUEST, limit_ms=limit_ms)
        return await call.wait()

    async def send(
        self,
        channel: Channel[R],
        args: tuple[Any, ...],
        items: Items[Any],
        timeout: float | None = None,
        parent: CallContext | None = None,
    ) -> R:
        """A stream with items up only."""
        call = PendingCall(self.connection, channel)
        call.begin(self, _arguments(channel, args), frame.REQUEST, up=True, limit_ms=time_limit(channel, timeout, parent))
        assert channel.up is not None
        if call.done:
            return await call.wait()  # type: ignore[no-any-return]
        call.outflow = Outflow(self.connection, False, call.id, channel.up)
        sending = self.connection.loop.create_task(upload(call, call.outflow, items))
        try:
            return await call.wait()  # type: ignore[no-any-return]
        finally:
            sending.cancel()

    def stream(
        self,
        channel: Channel[R],
        args: tuple[Any, ...],
        items: Items[Any] | None,
        timeout: float | None = None,
        parent: CallContext | None = None,
    ) -> Stream[Any, R]:
        """Opens a stream with items down."""
        stream: Stream[Any, R] = Stream(self.connection, channel)
        stream.start(self, args, items, time_limit(channel, timeout, parent))
        return stream

    def subscribe(self, channel: Channel[Any]) -> Subscription[Any]:
        """Subscribes to a topic."""
        subscription: Subscription[Any] = Subscription(self.connection, channel)
        subscription.start(self)
        return subscription

    def notify(self, channel: Channel[Any], args: tuple[Any, ...]) -> None:
        """A notification. Raises `PortcullisError` for arguments that break the contract."""
        self._tell(frame.NOTIFY, channel, args)

    def publish(self, channel: Channel[Any], args: tuple[Any, ...]) -> None:
        """Publishes a value. Raises `PortcullisError` for one that breaks the contract."""
        self._tell(frame.PUBLISH, channel, args)

    async def publish_reported(self, channel: Channel[Any], args: tuple[Any, ...], within: float) -> DeliveryReport:
        """Publishes a value, and tells who got it."""
        call = PendingCall(self.connection, _reported(channel))
        body = _arguments(channel, args)
        call.begin(self, body, frame.PUBLISH, limit_ms=within * 1000, slack_ms=REPORT_SLACK_MS)
        report: DeliveryReport = await call.wait()
        return report

    def _tell(self, kind: int, channel: Channel[Any], args: tuple[Any, ...]) -> None:
        """A message of which nothing comes back: where nobody is, it is dropped."""
        if self.gone:
            return
        try:
            self.connection.session.one_way(kind, self.id, channel.ordinal, _arguments(channel, args))
        except CodecError as error:
            raise send_error(channel, "the arguments", error) from error
        except SendError as error:
            if error.status != "unavailable":
                logger.error("%s was dropped: %s", channel.name, error.message)
        self.connection.touched()


def _arguments(channel: Channel[Any], args: tuple[Any, ...]) -> Write:
    return lambda out: encode_checked(channel.args, out, args)


def _reported(channel: Channel[Any]) -> Channel[DeliveryReport]:
    """The topic as a call: its reply is the report."""
    return Channel(
        channel.name, channel.method, channel.ordinal, "call", 0, False, "wait", 0, 0, channel.args, REPORT
    )
