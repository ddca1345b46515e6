"""The state of one connection at the peer's end, and all that it can send. Bytes and the time come in; bytes, events and the
next time-out go out. Sockets, tasks and codecs of an application are not known here. The receiving half and the time-outs
are in `session.py`."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ..codec.base import Body
from ..codec.writer import Writer
from ..tables import REASON_CODES, STATUS_CODES
from . import frame
from .arrivals import Arrivals
from .calls import CallTable
from .limits import BLOBS_WAITING_BYTES_MAX, GOODBYE_BYTES_MAX, OUTBOX_BYTES_MAX, PROTOCOL, Limits, too_large
from .outbox import Outbox, budget_ms
from .violation import Ending, SendError
from .wire import HELLO, Failure, Hello, Never, Offer, Welcome, goodbye_text, write_failure

Write = Callable[[Writer], None]
"""Writes the body of a frame."""


class State(enum.Enum):
    """How far a connection is."""

    GREETING = 0
    """Waits for `welcome`."""
    OPEN = 1
    CLOSED = 2
    """Nothing is sent or taken in any more."""


class Outgoing(Protocol):
    """A call of this side's, told at once and in order what becomes of it."""

    def item(self, missed: int, token: int | None, body: Body) -> None:
        """An item of a stream or topic. With a token the sender wants an `ack`."""

    def credit(self) -> None:
        """More items may be sent."""

    def end(self, status: str, body: Body) -> None:
        """The hub has ended it, and its id is free again."""

    def late(self, status: str, body: Body) -> None:
        """The same, after this side had given it up."""

    def fail(self, status: str, sent: bool, message: str | None = None) -> None:
        """It ended here: it ran out of time and is being cancelled, never left because the hub has no room for it, or the
        connection has ended. `sent` says whether its first frame was handed to the socket."""


class Incoming(Protocol):
    """A call of the hub's that this side serves."""

    def item(self, body: Body) -> None:
        """An item from the caller."""

    def finish(self) -> None:
        """The caller has sent its last item."""

    def credit(self) -> None:
        """More items may be sent."""

    def stop(self, status: str) -> None:
        """The caller gives up, or it ran out of time: stop the work and end the call."""

    def abandon(self) -> None:
        """The connection has ended: nothing can be answered any more."""


class Events(Protocol):
    """What a session tells of everything that is not yet, or not any more, a call."""

    def welcome(self, welcome: Welcome) -> None:
        """The connection stands."""

    def request(self, id: int, binding: int, ordinal: int, body: Body, budget_ms: int) -> None:
        """A call was opened. Say `accept` before you return, or end it. `budget_ms` 0: the channel's own deadline."""

    def notify(self, binding: int, ordinal: int, body: Body) -> None:
        """A notification."""

    def caller(self, peer: int, body: bytes) -> None:
        """Requests and notifications behind this come from that peer. Raises a `Violation` when the body is none."""

    def unbound(self, binding: int) -> None:
        """The instance behind a binding has left."""

    def silent(self, late_ms: float) -> None:
        """The hub was silent for too long while it was awaited; `late_ms` after that was due."""

    def closed(self, ending: Ending) -> None:
        """The connection has ended, once. Every open call is told after this."""


@dataclass(slots=True)
class Flow:
    """Credit of one flow of a stream (protocol, section 6)."""

    items: int
    bytes: int
    """Below zero after an item that overdrew it."""

    @property
    def is_open(self) -> bool:
        """Whether an item may be sent."""
        return self.items > 0 and self.bytes > 0

    def spend(self, count: int) -> None:
        """Charges an item."""
        self.items -= 1
        self.bytes -= count

    def add(self, items: int, count: int) -> None:
        """Takes credit in."""
        self.items += items
        self.bytes += count


@dataclass(slots=True, eq=False)
class Outbound:
    """A call of this side's that is open."""

    owner: Outgoing
    send: Flow | None
    recv: Flow | None
    deadline: float | None
    cancelled: bool = False
    awaited: bool = False
    """Whether an answer is due: a topic may be silent for ever, and so may a stream between its items."""


@dataclass(slots=True, eq=False)
class Inbound:
    """A call of the hub's that is open."""

    owner: Incoming | None = None
    """`None` until `accept`."""
    send: Flow | None = None
    recv: Flow | None = None
    deadline: float | None = None


_FULL = "too much waits to be sent"


class SessionCore:
    """What can be sent. All times are milliseconds since a moment of no meaning."""

    def __init__(self, events: Events, now: float, limits: Limits | None = None, keepalive: bool = True) -> None:
        self.events = events
        self.ours = limits or Limits()
        """What this side accepts."""
        self.theirs = Limits()
        """What the hub accepts; the defaults until it has said so."""
        self.keepalive = keepalive
        self.state = State.GREETING
        self.inbound: CallTable[Inbound] = CallTable(self.ours.calls)
        self.outbound: CallTable[Outbound] = CallTable(self.theirs.calls)
        self.outbox = Outbox()
        self.arrivals = Arrivals(self.ours.blob_bytes)
        """Blobs whose messages have not come."""
        self._deadline_floor: float | None = None
        """No deadline is earlier than this."""
        self._heard = now
        """When something was last heard, or waiting began."""
        self._awaited = 0
        """Calls of this side's whose end is due."""

    @property
    def is_closed(self) -> bool:
        """Whether the connection has ended."""
        return self.state is State.CLOSED

    def hello(self, client: str, interfaces: list[Offer]) -> None:
        """Introduces this side. Everything may be sent behind it at once; data waits for the welcome here."""
        out = Writer()
        HELLO.encode(out, Hello(PROTOCOL, PROTOCOL, client, self.ours, interfaces))
        self.outbox.control(frame.HELLO, 0, 0, 0, 0, out.out)

    def open(
        self,
        kind: int,
        binding: int,
        ordinal: int,
        up: bool,
        down: bool,
        deadline: float | None,
        now: float,
        owner: Outgoing,
        body: Write,
        slack_ms: float = 0,
    ) -> int:
        """Opens a call and returns its id. `kind` is that of a request, subscription or publication. The callee is told of
        `slack_ms` less than the caller waits. Raises `SendError`, and what `body` raises; nothing was sent then."""
        written = self._encode_to_send(body)
        # How much may be sent before the hub has said so is not known.
        credit = Flow(0, 0) if self.state is State.GREETING else _flow(self.theirs)
        call = Outbound(owner, credit if up else None, _flow(self.ours) if down else None, deadline)
        id = self.outbound.open(call)
        if id == 0:
            raise SendError("resource_exhausted", "too many calls are open")
        due = None if deadline is None else deadline - slack_ms
        budget = 0 if due is None else budget_ms(due, now)
        self.outbox.data(kind, 0, binding, ordinal, id, budget, written.out, due, written.blobs)
        self._note_deadline(deadline)
        if self._awaited == 0 and now > self._heard:
            self._heard = now
        self._await(call, kind != frame.SUBSCRIBE)
        return id

    def one_way(self, kind: int, binding: int, ordinal: int, body: Write) -> None:
        """Sends a notification, or a publication without a report. Raises as `open` does."""
        written = self._encode_to_send(body)
        self.outbox.data(kind, 0, binding, ordinal, 0, 0, written.out, None, written.blobs)

    def accept(self, id: int, owner: Incoming, up: bool, down: bool) -> None:
        """Says who serves a call of the hub's, and which flows it has."""
        call = self.inbound.get(id)
        if call is None:
            return
        call.owner = owner
        if down:
            call.send = _flow(self.theirs)
        if up:
            call.recv = _flow(self.ours)

    def may_send(self, callee: bool, id: int) -> bool | None:
        """Whether an item may be sent now; `None` when the call has ended or has no such flow."""
        call = self._call(callee, id)
        return None if call is None or call.send is None else call.send.is_open

    def item(self, callee: bool, id: int, missed: int, body: Write) -> bool:
        """Sends an item; false when there is no credit or no such flow. Raises what `body` raises."""
        if not self.may_send(callee, id):
            return False
        written = self._encode(body)
        call = self._call(callee, id)
        if call is None or call.send is None:
            return False
        call.send.spend(len(written.out) + sum(map(len, written.blobs)))
        flags = frame.FLAG_CALLEE if callee else 0
        self.outbox.data(frame.ITEM, flags, 0, missed, id, 0, written.out, None, written.blobs)
        return True

    def ack(self, id: int, token: int) -> None:
        """Tells the hub that an item of a subscription has arrived."""
        self.outbox.control(frame.ACK, 0, 0, id, token)

    def credit(self, callee: bool, id: int, items: int, count: int) -> None:
        """Lets the other side send more on a stream."""
        call = self._call(callee, id)
        if call is None or call.recv is None:
            return
        call.recv.add(items, count)
        self.outbox.control(frame.CREDIT, frame.FLAG_CALLEE if callee else 0, items, id, count)

    def finish(self, id: int) -> None:
        """Says that no more items go to the callee."""
        call = self.outbound.get(id)
        if call is None or call.send is None:
            return
        call.send = None
        self.outbox.data(frame.FINISH, 0, 0, 0, id, 0)

    def cancel(self, id: int) -> bool | None:
        """Gives up a call of this side's. Returns whether its first frame was handed to the socket; `None` when it has ended
        before. Its owner is told nothing any more, but for `late`."""
        call = self.outbound.get(id)
        if call is None or call.cancelled:
            return None
        call.cancelled = True
        self._await(call, True)
        call.send = call.recv = call.deadline = None
        # A call that never left will not be answered.
        if self.outbox.withdraw(id):
            self._forget(id)
            return False
        self.outbox.data(frame.CANCEL, 0, 0, 0, id, 0)
        return True

    def reply(self, id: int, status: str, body: Write) -> bool:
        """Ends a call of the hub's with a body; false when it has ended before. Raises what `body` raises. While the hub
        takes nothing, what it asked for is not kept for it: it gets a short answer then."""
        if self.inbound.get(id) is None:
            return False
        written = None if self._is_full else self._encode(body)
        if written is None or not self._has_room(written):
            self.refuse(id, "resource_exhausted", _FULL)
            return True
        self.outbox.data(frame.END, 0, 0, STATUS_CODES[status], id, 0, written.out, None, written.blobs)
        self.inbound.remove(id)
        return True

    def refuse(self, id: int, status: str, message: str, channel: str = "") -> None:
        """Ends a call of the hub's that nobody serves."""
        body = self._encode(lambda out: write_failure(out, Failure(channel, "", message, Never(), 0)))
        self.outbox.data(frame.END, 0, 0, STATUS_CODES[status], id, 0, body.out)
        self.inbound.remove(id)

    def clear_deadline(self, callee: bool, id: int) -> None:
        """From its first item on, a stream has no deadline of its own."""
        if callee:
            inbound = self.inbound.get(id)
            if inbound is not None:
                inbound.deadline = None
            return
        outbound = self.outbound.get(id)
        if outbound is not None:
            outbound.deadline = None
            self._await(outbound, False)

    def set_inbound_deadline(self, id: int, deadline: float) -> None:
        """Sets when a call of the hub's runs out."""
        call = self.inbound.get(id)
        if call is not None:
            call.deadline = deadline
            self._note_deadline(deadline)

    def close(self, ending: Ending) -> None:
        """Ends the connection with a goodbye, which still leaves by the outbox."""
        if self.is_closed:
            return
        unsent = self.outbox.clear(control=False)
        text = goodbye_text(ending.message, GOODBYE_BYTES_MAX)
        self.outbox.control(frame.GOODBYE, 0, REASON_CODES[ending.reason], 0, 0, text)
        self._ended(ending, unsent)

    def abort(self, ending: Ending) -> None:
        """Ends the connection without a word: the socket is gone, or the hub has said goodbye."""
        if self.is_closed:
            return
        self._ended(ending, self.outbox.clear(control=True))

    def _forget(self, id: int) -> Outbound | None:
        """Frees the id of a call of this side's."""
        call = self.outbound.remove(id)
        if call is not None:
            self._await(call, False)
        return call

    def _note_deadline(self, deadline: float | None) -> None:
        if deadline is not None and (self._deadline_floor is None or deadline < self._deadline_floor):
            self._deadline_floor = deadline

    def _await(self, call: Outbound, awaited: bool) -> None:
        self._awaited += awaited - call.awaited
        call.awaited = awaited

    def _ended(self, ending: Ending, unsent: set[int]) -> None:
        self.state = State.CLOSED
        self._deadline_floor = None
        self._awaited = 0
        self.arrivals.clear()
        inbound = self.inbound.drain()
        outbound = self.outbound.items()
        self.outbound.drain()
        self.events.closed(ending)
        for served in inbound:
            if served.owner is not None:
                served.owner.abandon()
        for id, call in outbound:
            if not call.cancelled:
                call.owner.fail("unavailable", id not in unsent, f"the connection ended: {ending.message}")

    def _call(self, callee: bool, id: int) -> Inbound | Outbound | None:
        return self.inbound.get(id) if callee else self.outbound.get(id)

    def _encode_to_send(self, body: Write) -> Writer:
        """The body of something that may be sent now, or a `SendError`."""
        if self.is_closed:
            raise SendError("unavailable", "the connection has ended")
        if self._is_full:
            raise SendError("resource_exhausted", _FULL)
        written = self._encode(body)
        if not self._has_room(written):
            raise SendError("resource_exhausted", _FULL)
        return written

    @property
    def _is_full(self) -> bool:
        return self.outbox.data_bytes > OUTBOX_BYTES_MAX

    def _has_room(self, written: Writer) -> bool:
        return not written.blobs or self.outbox.blob_bytes <= BLOBS_WAITING_BYTES_MAX

    def _encode(self, body: Write) -> Writer:
        out = Writer()
        body(out)
        size = frame.HEADER_BYTES + len(out.out) + frame.NUMBER_BYTES * len(out.blobs)
        text = too_large(size, sum(map(len, out.blobs)), self.theirs)
        if text is not None:
            raise SendError("resource_exhausted", text, final=True)
        return out


def _flow(limits: Limits) -> Flow:
    return Flow(limits.stream_items, limits.stream_bytes)
