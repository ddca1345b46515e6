"""One connection to the hub after the other. The rules: `docs/decisions/reconnecting.md`. A connection is made anew when it was
lost, and nothing of it is resumed: bindings are bound again (`lasting.py`), and what an application does at the beginning of
each connection it says once, to `always`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, TypeVar

from ..client import BIND_CHANNEL, Portcullis, connect, hub_limit, target_of
from ..errors import PortcullisError
from ..interface import Interface
from ..runtime.connection import Connected, logger
from ..session.limits import Limits
from ..session.violation import Ending
from ..tables import RECONNECT_REASONS
from .attempt import Attempt, Dial
from .each import Always, Each
from .ground import Ground
from .lasting import Lasting
from .retrying import first
from .states import Closed, Connecting, ReconnectState, StateCell, States, Waiting
from .waits import WaitPolicy, Waits

C = TypeVar("C")

ATTEMPT_TIMEOUT = 30.0
"""How long an attempt may take until the connection stands, in seconds."""
_PASSING = RECONNECT_REASONS | {"transport_lost", "dial_failed"}
"""Endings that another attempt may mend."""


class Reconnecting:
    """A client that connects again. It begins when it is made, on the event loop that runs; leave it by `async with`, or
    `close`. `reconnecting` makes one for a hub that listens at a path."""

    def __init__(
        self,
        dial: Dial,
        *,
        waits: WaitPolicy = WaitPolicy(),
        attempts: int | None = None,
        attempt_timeout: float = ATTEMPT_TIMEOUT,
    ) -> None:
        """`dial` makes a connection: what it raises of `OSError` and `PortcullisError` is followed by another attempt, anything
        else is a mistake and ends the client. After `attempts` in a row, none of which led to a connection that stood for
        `waits.steady`, it ends for good; `None`: it goes on. An attempt that takes longer than `attempt_timeout` seconds is
        given up, the handshake included."""
        self._dial = dial
        self._attempts = attempts
        self._within = attempt_timeout
        self._cell = StateCell(Connecting(1))
        self._ground = Ground(waits)
        self._bindings: dict[Lasting, None] = {}
        self._given: dict[int, tuple[object, Lasting]] = {}
        """Which binding a client stands on, by its identity."""
        self._each: dict[Each, None] = {}
        self._attempt: Attempt | None = None
        self._left: set[asyncio.Future[Any]] = set()
        """What belongs to connections and bindings that are over, until it has ended."""
        self._keeper = asyncio.get_running_loop().create_task(self._keep())
        # However the task ends, and be it before it begins, whoever waits is told.
        self._keeper.add_done_callback(lambda _: self._end(Ending("closed", "the task of the client has ended")))

    @property
    def state(self) -> ReconnectState:
        """How it is now."""
        return self._cell.now

    def on_state(self, listener: Callable[[ReconnectState], object]) -> Callable[[], None]:
        """Tells of every change of `state` from now on, until what it returns is called. What the listener raises is logged."""
        return self._cell.listen(listener)

    def states(self) -> States:
        """One state after the other, the present one first, as an async iterator that ends behind `Closed`."""
        return States(self._cell)

    @property
    def current(self) -> Portcullis | None:
        """The connection that stands now; `None` in a gap. What is made with it ends with it."""
        return self._ground.current

    async def ready(self) -> Connected:
        """Waits until a connection stands, and says who main says this peer is. Raises `PortcullisError` (`unavailable`) when
        there will be none any more."""
        async for state in self.states():
            if isinstance(state, Connected) and self.current is not None:
                return state
        raise PortcullisError("unavailable", self._ground.over or "", sent=False)

    async def closed(self) -> Ending:
        """Waits until there will be no connection any more, and says why."""
        async for state in self.states():
            if isinstance(state, Closed):
                return Ending(state.reason, state.message)
        raise AssertionError("the last state is that it is closed")

    async def bind(
        self,
        interface: Interface[C, Any, Any],
        *,
        label: str | None = None,
        instance: str | None = None,
        timeout: float | None = None,
    ) -> C:
        """A client for one instance of an interface, as `Portcullis.bind` gives it, which is looked for again on each new
        connection, and when it has left. Waits for a connection and an instance, `timeout` seconds at most. Raises
        `permission_denied` and `contract_mismatch` at once."""
        lasting = Lasting(self._ground, interface, target_of(label, instance))
        self._bindings[lasting] = None
        try:
            await first(lasting, BIND_CHANNEL, hub_limit(timeout) / 1000)
        except BaseException:
            self._bindings.pop(lasting, None)
            lasting.release()
            raise
        client = interface.client(lasting)
        self._given[id(client)] = (client, lasting)
        return client

    async def release(self, client: object) -> None:
        """Gives a client back. Its calls and subscriptions that are open go on; later ones fail, and nothing begins anew."""
        _, lasting = self._given.pop(id(client), (None, None))
        if lasting is None:
            return
        self._bindings.pop(lasting, None)
        told = lasting.release()
        if told is not None:
            await asyncio.shield(told)

    def always(self, run: Always) -> Callable[[], None]:
        """Does something on this connection, if one stands, and on each later one: serving, say, or making a publisher. It runs
        as a task, which is cancelled when its connection ends; what it raises before is logged. It ends by calling what this
        returns."""
        each = Each(run)
        if self._ground.over is None:
            self._each[each] = None
            if self.current is not None:
                each.begin(self.current)

        def end() -> None:
            self._each.pop(each, None)
            each.end()
            self._await(*each.tasks)

        return end

    async def close(self, message: str = "the application closed the connection") -> None:
        """Ends it for good, also while it waits. What was sent before still leaves; every open call fails with `unavailable`.
        Returns when nothing of it runs any more."""
        self._end(Ending("closed", message))
        mine = asyncio.current_task()
        while left := {one for one in (self._keeper, *self._left) if not one.done() and one is not mine}:
            await asyncio.wait(left)

    async def __aenter__(self) -> Reconnecting:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _keep(self) -> None:
        """Until it is closed, or has ended for good."""
        waits = Waits(self._ground.policy)
        loop = asyncio.get_running_loop()
        failed = 0
        try:
            # Every turn is one attempt; behind each there is a wait.
            while True:
                self._attempt = Attempt(self._dial)
                outcome = await self._attempt.connected(self._within)
                well = 0.0
                if isinstance(outcome, Connected):
                    since = loop.time()
                    outcome = await self._stand(self._attempt, outcome)
                    well = loop.time() - since
                failed = 0 if well >= self._ground.policy.steady else failed + 1
                if outcome.reason not in _PASSING or (self._attempts is not None and failed >= self._attempts):
                    return self._end(outcome)
                self._leave()
                after = waits.next(well)
                logger.debug("the hub is connected to again after %.3f s: %s: %s", after, outcome.reason, outcome.message)
                self._cell.change(Waiting(after, outcome.reason, outcome.message))
                await asyncio.sleep(after)
                self._cell.change(Connecting(failed + 1))
        except Exception as error:
            logger.exception("what makes a connection failed")
            self._end(Ending("dial_failed", repr(error)))

    async def _stand(self, attempt: Attempt, who: Connected) -> Ending:
        """A connection stands. Returns why it does not any more."""
        portcullis = attempt.portcullis
        assert portcullis is not None
        if portcullis.ending is not None:
            return portcullis.ending
        self._ground.standing = portcullis
        self._cell.change(who)
        for lasting in list(self._bindings):
            lasting.connected()
        for each in list(self._each):
            each.begin(portcullis)
        return await portcullis.closed()

    def _leave(self, message: str = "") -> None:
        """What belongs to the connection or attempt that was ends."""
        attempt, self._attempt = self._attempt, None
        self._ground.standing = None
        if attempt is not None:
            attempt.end(Ending("closed", message))
            self._await(attempt.task)
            if attempt.portcullis is not None:
                self._await(attempt.portcullis._connection.lost, *attempt.portcullis._tasks)
        for each in self._each:
            each.end()
            self._await(*each.tasks)

    def _end(self, ending: Ending) -> None:
        """There will be no connection any more."""
        if self._ground.over is not None:
            return
        self._ground.over = f"the connection ended: {ending.message}"
        if asyncio.current_task() is not self._keeper:
            self._keeper.cancel()
        self._leave(ending.message)
        self._cell.change(Closed(ending.reason, ending.message))
        for lasting in self._bindings:
            lasting.closed()
            self._await(*lasting.tasks)
        self._bindings.clear()
        self._given.clear()
        self._each.clear()

    def _await(self, *left: asyncio.Future[Any]) -> None:
        """Closing waits for these."""
        for one in left:
            if not one.done():
                self._left.add(one)
                one.add_done_callback(self._left.discard)


def reconnecting(
    path: str,
    *,
    interfaces: Sequence[Interface[Any, Any, Any]] = (),
    client: str = "",
    limits: Limits | None = None,
    keepalive: bool = True,
    waits: WaitPolicy = WaitPolicy(),
    attempts: int | None = None,
    attempt_timeout: float = ATTEMPT_TIMEOUT,
) -> Reconnecting:
    """Connects to a hub that listens at a path, and again when the connection is lost. The first options are those of `connect`,
    the others those of `Reconnecting`. It ends for good when it is closed, and for reasons that another connection would not
    mend: docs/errors.md has them."""

    async def dial() -> Portcullis:
        return await connect(path, interfaces=interfaces, client=client, limits=limits, keepalive=keepalive)

    return Reconnecting(dial, waits=waits, attempts=attempts, attempt_timeout=attempt_timeout)
