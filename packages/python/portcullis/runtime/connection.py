"""Drives one session on asyncio: gives it the socket's bytes and the time, gathers what it sends, keeps its one timer, and
knows how the connection is. What calls, streams and subscriptions do is in the modules beside this one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ..codec.base import Body
from ..session.limits import Limits
from ..session.session import Session
from ..session.violation import Ending
from ..session.wire import Welcome

logger = logging.getLogger("portcullis")
"""Where faults are written that nobody else is told of."""

LINGER = 2.0
"""How long what was sent before the end may take to leave, in seconds: a hub that reads nothing would hold the socket."""

SLEPT_MS = 2_000
"""A time-out that fires so much later than it should says that this side slept, in milliseconds."""


@dataclass(frozen=True, slots=True)
class Connected:
    """The connection stands; who this peer is, main says."""

    peer: int
    label: str
    role: str


class Requests(Protocol):
    """What takes the hub's calls."""

    def request(self, id: int, binding: int, ordinal: int, body: Body, budget_ms: int) -> None: ...

    def notify(self, binding: int, ordinal: int, body: Body) -> None: ...

    def caller(self, peer: int, body: bytes) -> None: ...


class Connection(asyncio.Protocol):
    """One connection, until it ends. It belongs to the event loop that it was made in."""

    def __init__(self, limits: Limits | None, keepalive: bool, unbound: Callable[[int], None]) -> None:
        self.loop = asyncio.get_running_loop()
        self.session = Session(self, self.now(), limits, keepalive)
        self.server: Requests | None = None
        """There once something is served."""
        self.connected: asyncio.Future[Connected] = self.loop.create_future()
        self.ended: asyncio.Future[Ending] = self.loop.create_future()
        self.lost: asyncio.Future[None] = self.loop.create_future()
        self.unbound = unbound
        self._transport: asyncio.Transport | None = None
        self._rest = bytearray()
        """The beginning of a frame; never longer than one frame and one read."""
        self._paused = False
        self._flushing = False
        self._timer: asyncio.TimerHandle | None = None
        self._lingering: asyncio.TimerHandle | None = None
        # Nobody need wait for these.
        self.connected.add_done_callback(lambda future: future.cancelled() or future.exception())

    def now(self) -> float:
        """Milliseconds since a moment of no meaning."""
        return self.loop.time() * 1000

    # What asyncio tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.touched()

    def data_received(self, data: bytes) -> None:
        self._rest += data
        used = self.session.receive(self._rest, self.now())
        del self._rest[:used]
        self.touched()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.session.abort(Ending("transport_lost", str(exc) if exc else "the hub closed the socket"))
        if self._lingering is not None:
            self._lingering.cancel()
        if not self.lost.done():
            self.lost.set_result(None)

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self.flush()

    # What the session tells.

    def welcome(self, welcome: Welcome) -> None:
        if not self.connected.done():
            self.connected.set_result(Connected(welcome.peer, welcome.label, welcome.role))

    def request(self, id: int, binding: int, ordinal: int, body: Body, budget_ms: int) -> None:
        if self.server is None:
            self.session.refuse(id, "unimplemented", "this peer serves nothing")
        else:
            self.server.request(id, binding, ordinal, body, budget_ms)

    def notify(self, binding: int, ordinal: int, body: Body) -> None:
        if self.server is not None:
            self.server.notify(binding, ordinal, body)

    def caller(self, peer: int, body: bytes) -> None:
        if self.server is not None:
            self.server.caller(peer, body)

    def silent(self, late_ms: float) -> None:
        # After a sleep the answer may stand behind this timer in the event loop's queue.
        if late_ms <= SLEPT_MS:
            self.session.close(Ending("unresponsive", "the hub was silent"))

    def closed(self, ending: Ending) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self.flush()
        if self._transport is not None:
            self._transport.close()
            if self._transport.get_write_buffer_size() > 0:
                self._lingering = self.loop.call_later(LINGER, self._transport.abort)
        if not self.ended.done():
            self.ended.set_result(ending)
        if not self.connected.done():
            from ..errors import PortcullisError

            self.connected.set_exception(PortcullisError("unavailable", f"{ending.reason}: {ending.message}"))

    # What the modules beside this one ask.

    def touched(self) -> None:
        """To be called when the session may have something to send, or something to wait for."""
        if self.session.outbox.has_output and not self._flushing:
            self._flushing = True
            # Everything that this turn of the loop sends leaves with one system call.
            self.loop.call_soon(self.flush)
        self._arm()

    def flush(self) -> None:
        """Hands the socket what may leave; the rest waits in the outbox, where a call that is cancelled can be taken back."""
        self._flushing = False
        transport = self._transport
        if transport is None:
            return
        while (self.session.is_closed or not self._paused) and not transport.is_closing():
            data = self.session.outbox.transmit(self.now())
            if data is None:
                return
            transport.write(data)

    def close(self, ending: Ending) -> None:
        """Ends the connection: what was sent before still leaves, then a goodbye."""
        self.flush()
        self.session.close(ending)

    def _arm(self) -> None:
        """One timer for the whole connection, and none while nothing can run out."""
        next = self.session.next_timeout()
        if next is None or self.session.is_closed:
            return
        when = next / 1000
        if self._timer is not None:
            if not self._timer.cancelled() and self._timer.when() <= when:
                return
            self._timer.cancel()
        self._timer = self.loop.call_at(when, self._fired)

    def _fired(self) -> None:
        self._timer = None
        # The loop may fire by the clock's resolution too early.
        self.session.handle_timeout(self.now() + 1e-3)
        self.touched()
