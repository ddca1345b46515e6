"""A subscription on a lasting binding: it begins anew when it was lost, and says so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from ..errors import PortcullisError
from ..interface import Channel
from ..runtime.binding import Binding
from ..runtime.call import Subscription
from ..runtime.items import Source
from .ground import Waiter
from .states import guard
from .waits import Waits

if TYPE_CHECKING:
    from .lasting import Lasting

T = TypeVar("T")


class Leg(Subscription[T]):
    """The subscription on one instance. What comes of it goes to the lasting one, and is credited here when it was read."""

    def __init__(self, whole: LastingSubscription[T], to: Binding) -> None:
        super().__init__(to.connection, whole.channel)
        self._whole = whole
        self._meter = self.meter()

    def taken(self, count: int) -> None:
        """A value of so many bytes was read."""
        if not self.done:
            self._meter.taken(count)

    def came(self, value: T, missed: int, count: int) -> None:
        self._whole.source.push(Came(self, value, missed, count), 0)

    def failed(self, error: PortcullisError) -> None:
        self._whole.lost(self, error)


class Came(NamedTuple):
    """A value that was not read yet; without a leg the mark of a gap."""

    leg: Leg[Any] | None
    value: Any = None
    missed: int = 0
    size: int = 0


class LastingSubscription(Subscription[T]):
    """Subscribes now or when there is an instance, and again after each loss, until it is left or ends for good."""

    def __init__(self, lasting: Lasting, channel: Channel[Any]) -> None:
        super().__init__(lasting.connection, channel)
        self.source: Source[Came] = Source(lambda count: None)
        """Bounded by the credit of two legs: what is behind a mark that was not read goes when there is another one."""
        self._lasting = lasting
        self._waits = Waits(lasting.ground.policy)
        self._begun: float | None = None
        self._leg: Leg[T] | None = None
        self._stop: Callable[[], None] = _nothing
        """Ends a wait for the next leg."""
        self._marked = False
        """A mark of a gap was not read yet."""
        self._gap = False
        """A mark was read, and no value behind it."""
        lasting.subscriptions[self] = None

    async def __anext__(self) -> T:
        # Every turn takes a value or a mark.
        while (came := await self.source.__anext__()).leg is None:
            self._marked = False
            self._gap = True
            if self.on_anew is not None:
                guard(f"`on_anew` of {self.channel.name}", self.on_anew)
        came.leg.taken(came.size)
        self.missed += came.missed
        self.anew, self._gap = self._gap, False
        value: T = came.value
        return value

    def cancel(self) -> None:
        """Leaves the topic."""
        self._leave()
        self.source.drop()

    def resume(self) -> None:
        """Begins, now or when there is an instance."""
        self._stop = _nothing
        present = self._lasting.present
        if present is not None:
            return self._start(present)
        stop = self._lasting.wait(Waiter(self._start, self.end_for_good))
        # It may have failed at once.
        if not self.done:
            self._stop = stop

    def lost(self, leg: Leg[T], error: PortcullisError) -> None:
        """A leg has ended."""
        if self.done or leg is not self._leg:
            return
        if error.status != "unavailable" or self._lasting.over is not None:
            return self.end_for_good(error)
        loop = self.connection.loop
        self._stop = loop.call_later(self._waits.next(loop.time() - (self._begun or 0)), self.resume).cancel

    def end_for_good(self, error: PortcullisError) -> None:
        """It is over; what has come can still be read, and then the error is raised."""
        if not self.done:
            self._leave()
            self.source.end(error)

    def _start(self, to: Binding) -> None:
        lost, anew = self._leg, self._begun is not None
        self._stop = _nothing
        self._begun = self.connection.loop.time()
        leg = self._leg = Leg(self, to)
        if anew and self._marked:
            # Who is told of one gap has no use for what stands between it and the next.
            self.source.retract(lambda came: came.leg is not None and came.leg is lost)
        elif anew:
            self._marked = True
            self.source.push(Came(None), 0)
        leg.start(to)

    def _leave(self) -> None:
        if self.done:
            return
        self.done = True
        self._lasting.subscriptions.pop(self, None)
        self._stop()
        if self._leg is not None:
            self._leg.cancel()


def _nothing() -> None:
    """There is nothing to be ended."""
