"""A binding that outlives connections and instances: it is bound again on each new connection, and when its instance has left,
as long as somebody needs it. Which connection there is, is the business of `client.py`; how calls and subscriptions go on is
in `retrying.py` and `resuming.py`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from ..client import Portcullis, Target
from ..errors import PortcullisError, text_of
from ..interface import Channel, Interface
from ..runtime.binding import Binding
from ..runtime.call import Subscription
from ..runtime.serving import CallContext
from ..session.wire import After
from .ground import Ground, Waiter
from .resuming import LastingSubscription
from .retrying import retry
from .waits import AFTER_AT_LEAST, Waits

R = TypeVar("R")

_PASSING = ("unavailable", "resource_exhausted", "deadline_exceeded")
"""Why a bind failed that may succeed later. Anything else is told to whoever waits."""
_NO_CONNECTION = "there is no connection"


class Lasting(Binding):
    """What clients stand on that last. Streams, notifications and publications are made on the instance that is there, as on
    any binding: where there is none they fail, or are dropped."""

    def __init__(self, ground: Ground, interface: Interface[Any, Any, Any], target: Target) -> None:
        self.ground = ground
        self.interface = interface
        self.lack = _NO_CONNECTION
        """What a wait for the instance lacks."""
        self.subscriptions: dict[LastingSubscription[Any], None] = {}
        """Those that are not over, the first first."""
        self.tasks: set[asyncio.Task[None]] = set()
        """Each asks the hub for an instance."""
        self._target = target
        self._last: Binding | None = None
        """The instance that is there, or was there last."""
        self._waiters: dict[object, Waiter] = {}
        self._waits = Waits(ground.policy)
        self._timer: asyncio.TimerHandle | None = None
        self._asked: Portcullis | None = None
        """The connection on which an instance is being asked for."""
        self._released = False

    @property
    def connection(self) -> Any:  # type: ignore[override]
        """That of the instance. A client has this binding only after there was one."""
        assert self._last is not None
        return self._last.connection

    @property
    def id(self) -> int:  # type: ignore[override]
        """The number of the instance."""
        assert self._last is not None
        return self._last.id

    @property
    def gone(self) -> bool:  # type: ignore[override]
        """Whether no instance is there. Who asks needs it: one that has left is looked for, so that it may be there later."""
        if self.present is not None:
            return False
        self._seek()
        return True

    @property
    def present(self) -> Binding | None:
        """The instance, if it is there."""
        last, current = self._last, self.ground.current
        stands = last is not None and current is not None and not last.gone and last.connection is current._connection
        return last if stands and not self._released else None

    @property
    def over(self) -> PortcullisError | None:
        """Why nothing will be there any more; `None` while it may be."""
        message = "its client was given back" if self._released else self.ground.over
        if message is None:
            return None
        return PortcullisError("unavailable", message, channel=self.interface.name, sent=False)

    def wait(self, waiter: Waiter) -> Callable[[], None]:
        """Waits for an instance where none is present; `failed` may be called at once. What this returns ends the wait."""
        over = self.over
        if over is not None:
            waiter.failed(over)
            return lambda: None
        key = object()
        self._waiters[key] = waiter
        self._seek()

        def leave() -> None:
            # Nothing runs for nobody.
            if self._waiters.pop(key, None) is not None and not self._waiters:
                self._rest()

        return leave

    def connected(self) -> None:
        """A connection stands."""
        self._rest()
        self._waits = Waits(self.ground.policy)
        self._seek()

    def closed(self) -> None:
        """There will be no connection any more: whoever waits is told."""
        self._rest()
        over = self.over
        assert over is not None
        for subscription in list(self.subscriptions):
            subscription.end_for_good(over)
        self._fail(over)

    def release(self) -> asyncio.Task[None] | None:
        """Gives it back: what is open on the instance goes on, whoever waits for one is told that there will be none. Returns
        the task that tells the hub, if it has to be told."""
        self._released = True
        self._rest()
        for task in self.tasks:
            task.cancel()
        over = self.over
        assert over is not None
        self._fail(over)
        current, last = self.ground.current, self._last
        # One that has left has its number still.
        if current is None or last is None or last.connection is not current._connection:
            return None
        return current._later(current._drop(last))

    async def call(
        self, channel: Channel[R], args: tuple[Any, ...], timeout: float | None = None, parent: CallContext | None = None
    ) -> R:
        """A call with one reply, made as often as it takes."""
        return await retry(self, channel, args, timeout, parent)  # type: ignore[no-any-return]

    def subscribe(self, channel: Channel[Any]) -> Subscription[Any]:
        """Subscribes to a topic, now or when there is an instance, and again after each loss."""
        subscription: LastingSubscription[Any] = LastingSubscription(self, channel)
        subscription.resume()
        return subscription

    def _seek(self) -> None:
        """Asks the hub for an instance, unless it is being asked, or a wait for that runs."""
        current = self.ground.current
        if current is None:
            self.lack = _NO_CONNECTION
            return
        if current is self._asked or self._timer is not None or self.over is not None:
            return
        last = self._last
        # The hub keeps its number until it is given back.
        if last is not None and last.gone and last.connection is current._connection:
            current._later(current._drop(last))
        self._asked = current
        task = current._connection.loop.create_task(self._ask(current))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _ask(self, current: Portcullis) -> None:
        try:
            binding = await current._bind(self.interface, self._target, None)
        except PortcullisError as error:
            self._unbound(current, error)
        else:
            self._bound(current, binding)

    def _bound(self, current: Portcullis, binding: Binding) -> None:
        if current is not self._asked:
            return
        self._asked = None
        self._last = binding
        self.lack = text_of("unavailable")
        self._waits = Waits(self.ground.policy)
        waiters = list(self._waiters.values())
        self._waiters.clear()
        for waiter in waiters:
            waiter.bound(binding)

    def _unbound(self, current: Portcullis, error: PortcullisError) -> None:
        if current is not self._asked:
            return
        self._asked = None
        self.lack = error.detail
        # A connection that has ended is followed by another, or by `closed`.
        if current is not self.ground.current:
            return
        if error.status not in _PASSING:
            self._fail(error)
        elif self._waiters:
            after = error.retry.ms / 1000 if isinstance(error.retry, After) else self._waits.next()
            self._timer = current._connection.loop.call_later(max(after, AFTER_AT_LEAST), self._again)

    def _again(self) -> None:
        self._timer = None
        self._seek()

    def _fail(self, error: PortcullisError) -> None:
        waiters = list(self._waiters.values())
        self._waiters.clear()
        for waiter in waiters:
            waiter.failed(error)

    def _rest(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
