"""The receiving half of a peer's session, and its time-outs: one frame in, at most one event out. Everything that a frame can
break is checked here; no other exception than a `Violation` arises in it, and that one ends the connection."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..codec.base import Body
from ..codec.error import CodecError
from ..tables import REASON_NAMES, STATUS_NAMES
from . import frame
from .calls import Gone
from .core import Flow, Inbound, Outbound, SessionCore, State
from .limits import CONTROL_BYTES_MAX, FRAME_BYTES_FLOOR, GOODBYE_BYTES_MAX, GRACE_MS, PROTOCOL, QUIET_MS, WINDOW_BYTES_FLOOR
from .violation import Ending, Violation
from .wire import decode_welcome


class Session(SessionCore):
    """The peer's end of one connection."""

    _unacknowledged = 0
    """Data parsed and not yet acknowledged, in bytes."""
    _ping_sent: float | None = None

    def receive(self, data: bytes | bytearray, now: float, whole: bool = False) -> int:
        """Takes in bytes that begin with a frame, and returns how many of them were whole frames. `whole` says that the
        transport keeps messages: then none may end inside a frame."""
        offset = 0
        # Whatever is heard answers a ping, too, and be it half a frame.
        self._heard = now
        self._ping_sent = None
        try:
            # Every turn uses up at least a header.
            while offset < len(data) and self.state is not State.CLOSED:
                head = frame.parse_head(data, offset, self.ours.frame_bytes)
                if head is None:
                    if whole:
                        raise Violation("partial_message")
                    break
                end = offset + head.length
                body = bytes(memoryview(data)[offset + frame.HEADER_BYTES : end - frame.NUMBER_BYTES * head.attachments])
                offset = end
                if head.kind:
                    numbers = frame.parcel_numbers(data, end, head.attachments) if head.attachments else ()
                    self._take(head, body, numbers, now)
                elif self.state is State.GREETING:
                    raise Violation("unexpected_frame", "before the handshake")
            if self.outbox.control_bytes > CONTROL_BYTES_MAX:
                raise Violation("slow_consumer")
        except Violation as violation:
            self.close(violation.ending)
        return offset

    def next_timeout(self) -> float | None:
        """When to call `handle_timeout`; `None` while nothing can run out. May be too early, never too late."""
        if not self._awaits():
            return self._deadline_floor
        keepalive = self._heard + QUIET_MS if self._ping_sent is None else self._ping_sent + GRACE_MS
        return keepalive if self._deadline_floor is None else min(keepalive, self._deadline_floor)

    def handle_timeout(self, now: float) -> None:
        """Deals with what has run out by `now`."""
        if self._deadline_floor is not None and self._deadline_floor <= now:
            self._expire_calls(now)
        if not self._awaits():
            return
        if self._ping_sent is None:
            if self._heard + QUIET_MS <= now:
                self._ping_sent = now
                self.outbox.control(frame.PING, 0, 0, 1, 0)
        elif self._ping_sent + GRACE_MS <= now:
            late = now - self._ping_sent - GRACE_MS
            # Asked again after another grace period, should the owner let the silent side live.
            self._ping_sent = now
            self.events.silent(late)

    def _expire_calls(self, now: float) -> None:
        self._deadline_floor = None
        late: list[Callable[[], None]] = []
        # What one of them does may end another, or the connection.
        for id, outbound in self.outbound.items():
            if self._is_late(outbound, now):
                late.append(lambda id=id: self._expire_outbound(id))  # type: ignore[misc]
        for id, inbound in self.inbound.items():
            if self._is_late(inbound, now):
                late.append(lambda id=id: self._expire_inbound(id))  # type: ignore[misc]
        for expire in late:
            expire()

    def _is_late(self, call: Outbound | Inbound, now: float) -> bool:
        if call.deadline is None or call.deadline > now:
            self._note_deadline(call.deadline)
            return False
        call.deadline = None
        return True

    def _expire_outbound(self, id: int) -> None:
        call = self.outbound.get(id)
        sent = self.cancel(id)
        if sent is not None and call is not None:
            call.owner.fail("deadline_exceeded", sent)

    def _expire_inbound(self, id: int) -> None:
        call = self.inbound.get(id)
        if call is not None and call.owner is not None:
            call.owner.stop("deadline_exceeded")

    def _awaits(self) -> bool:
        return self.keepalive and self.state is State.OPEN and (self._awaited > 0 or self.outbox.is_held)

    def _take(self, head: frame.Head, data: bytes, parcels: Sequence[int], now: float) -> None:
        kind = head.kind
        if kind in frame.DATA_KINDS:
            self._count_data(head.length)
        misplaced = kind != frame.GOODBYE and (self.state is State.GREETING) != (kind == frame.WELCOME)
        if kind in frame.PEER_KINDS or misplaced:
            raise Violation("unexpected_frame", f"kind {kind}")
        # Whatever becomes of the message, its parcels are used.
        body = Body(data, self.arrivals.claim(parcels) if parcels else ())
        match kind:
            case frame.WELCOME:
                self._take_welcome(data, now)
            case frame.GOODBYE:
                message = data[:GOODBYE_BYTES_MAX].decode(errors="replace")
                self.abort(Ending(REASON_NAMES.get(head.ordinal, "closed"), message))
            case frame.REQUEST:
                self._take_request(head, body, now)
            case frame.NOTIFY:
                self.events.notify(head.binding, head.ordinal, body)
            case frame.ITEM:
                self._take_item(head, body)
            case frame.END:
                self._take_end(head.id, head.ordinal, body)
            case frame.CALLER:
                self.events.caller(head.binding, data)
            case frame.PARCEL:
                self.arrivals.take(head, data)
            case frame.LEND | frame.POOL:
                raise Violation("bad_pool", "no pool of shared memory is mapped here")
            case _:
                if data:
                    raise Violation("malformed_frame", f"kind {kind} has no body")
                self._take_bare(head, now)

    def _take_bare(self, head: frame.Head, now: float) -> None:
        """Frames without a body."""
        match head.kind:
            case frame.PING:
                self.outbox.control(frame.PONG, 0, 0, head.id, 0)
            case frame.WINDOW:
                self.outbox.add_window(head.budget)
            case frame.CREDIT:
                self._take_credit(head)
            case frame.FINISH:
                self._take_finish(head.id)
            case frame.CANCEL:
                call = self._served(head.id)
                # Nobody waits for items that wait for their blobs.
                self.outbox.drop_kept(False, head.id)
                if call is not None and call.owner is not None:
                    call.owner.stop("cancelled")
            case frame.UNBOUND:
                self.events.unbound(head.binding)

    def _count_data(self, length: int) -> None:
        """Charges a data frame to our window, and acknowledges in time."""
        ours = self.ours
        self._unacknowledged += length
        # What was acknowledged while these bytes were taken in cannot have reached their sender.
        if self._unacknowledged + self.outbox.acknowledging > ours.window_bytes + ours.frame_bytes:
            raise Violation("window_exceeded")
        if self._unacknowledged >= ours.window_bytes // 2:
            self.outbox.acknowledging += self._unacknowledged
            self.outbox.control(frame.WINDOW, 0, 0, 0, self._unacknowledged)
            self._unacknowledged = 0

    def _take_welcome(self, body: bytes, now: float) -> None:
        try:
            welcome = decode_welcome(body)
        except CodecError as error:
            raise Violation("malformed_payload", f"welcome: {error}") from None
        limits = welcome.limits
        works = (
            welcome.protocol == PROTOCOL
            and limits.frame_bytes >= FRAME_BYTES_FLOOR
            and limits.window_bytes >= WINDOW_BYTES_FLOOR
            and min(limits.calls, limits.stream_items, limits.stream_bytes) > 0
        )
        if not works:
            raise Violation("malformed_payload", "welcome: its limits or protocol cannot be")
        self.theirs = limits
        self.outbound.slots_max = limits.calls
        # Written before the hub's limits were known: what it has no room for never leaves, nor what belongs to it.
        refused = [(self._forget(id), text) for id, text in self.outbox.agree(limits).items()]
        # Opened before the handshake was done, without credit.
        waiting = [call for _, call in self.outbound.items() if call.send is not None]
        for call in waiting:
            call.send = Flow(limits.stream_items, limits.stream_bytes)
        self.state = State.OPEN
        self.events.welcome(welcome)
        for gone, text in refused:
            if gone is not None:
                gone.owner.fail("resource_exhausted", False, text)
        for call in waiting:
            if call.send is not None:
                call.owner.credit()

    def _take_request(self, head: frame.Head, body: Body, now: float) -> None:
        match self.inbound.admit(head.id, Inbound()):
            case Gone.NEVER:
                raise Violation("duplicate_id")
            case Gone.PAST:
                self.refuse(head.id, "resource_exhausted", "too many calls are open")
                return
        if head.budget:
            self.set_inbound_deadline(head.id, now + head.budget)
        self.events.request(head.id, head.binding, head.ordinal, body, head.budget)

    def _take_item(self, head: frame.Head, body: Body) -> None:
        is_made = bool(head.flags & frame.FLAG_CALLEE)
        call = self._made(head.id) if is_made else self._served(head.id)
        token = head.budget if head.flags & frame.FLAG_ACK else None
        missed = head.ordinal
        for item in _items_of(head, body, call):
            # Whoever takes an item may end or cancel the call, and with it what follows.
            if is_made:
                made = self.outbound.get(head.id)
                if made is None or made is not call or made.cancelled:
                    return
                made.owner.item(missed, token, item)
            else:
                served = self.inbound.find(head.id)
                if served is not call or not isinstance(served, Inbound) or served.owner is None:
                    return
                served.owner.item(item)
            # What was missed stood before the first of a row.
            missed = 0

    def _take_credit(self, head: frame.Head) -> None:
        call = self._made(head.id) if head.flags & frame.FLAG_CALLEE else self._served(head.id)
        if call is None or call.send is None:
            return
        call.send.add(head.ordinal, head.budget)
        if call.owner is not None:
            call.owner.credit()

    def _take_finish(self, id: int) -> None:
        call = self._served(id)
        if call is None:
            return
        if call.recv is None:
            raise Violation("credit_exceeded")
        call.recv = None
        if call.owner is not None:
            call.owner.finish()

    def _take_end(self, id: int, code: int, body: Body) -> None:
        call = self.outbound.get(id)
        if call is None:
            raise _unknown_id(id)
        status = STATUS_NAMES.get(code)
        if status is None and not call.cancelled:
            raise Violation("malformed_payload", f"status {code}")
        # Nobody takes what waits of it, and the next call of its slot may leave before what waits for blobs.
        self.outbox.drop_kept(True, id)
        self._forget(id)
        if status is None:
            return
        if call.cancelled:
            call.owner.late(status, body)
        else:
            call.owner.end(status, body)

    def _served(self, id: int) -> Inbound | None:
        """An open call of the hub's; `None` for one that has ended."""
        match self.inbound.find(id):
            case Gone.NEVER:
                raise _unknown_id(id)
            case Gone.PAST:
                return None
            case Inbound() as call:
                return call
        return None

    def _made(self, id: int) -> Outbound | None:
        """An open call of this side's; `None` for one that is being cancelled."""
        call = self.outbound.get(id)
        if call is None:
            raise _unknown_id(id)
        return None if call.cancelled else call


def _spend(call: Inbound | Outbound, body: Body) -> None:
    """Charges an item to the credit that this side has given."""
    if call.recv is None or not call.recv.is_open:
        raise Violation("credit_exceeded")
    call.recv.spend(body.size)


def _items_of(head: frame.Head, body: Body, call: Inbound | Outbound | None) -> list[Body]:
    """What a frame has brought, all of it charged. Nobody wants it any more when there is no call."""
    items = []
    for item in map(Body, frame.items_of(body.data)) if head.flags & frame.FLAG_ROW else (body,):
        if call is not None:
            _spend(call, item)
        items.append(item)
    return items


def _unknown_id(id: int) -> Violation:
    return Violation("unknown_id", f"id {id}")
