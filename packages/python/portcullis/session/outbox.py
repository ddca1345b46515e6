"""What waits to leave: control frames first, then data frames in the order they were given, as far as the hub's window lets them
go (protocol, section 8), then pieces of parcels. Whether there is room is asked by the session; sockets are not known here."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence

from . import frame
from .limits import Limits, too_large
from .order import Held
from .shipping import Shipping
from .violation import Violation

BATCH_BYTES_MAX = 64 * 1024
"""Frames are gathered up to this size; a larger one is written alone. In bytes."""

CLOCK_ERROR_MS = 1e-3
"""A clock with fractions does not give a difference back to the last digit. In milliseconds."""

_OPENS = frozenset({frame.REQUEST, frame.SUBSCRIBE, frame.PUBLISH})
_BELONGS = frozenset({frame.FINISH, frame.CANCEL, frame.ITEM})


def budget_ms(deadline: float, now: float) -> int:
    """What the budget of a frame says that leaves now."""
    return min(max(1, math.ceil(deadline - now - CLOCK_ERROR_MS)), 0xFFFF_FFFF)


class Outbox:
    """The outgoing side of one connection."""

    def __init__(self) -> None:
        self._control: deque[Held] = deque()
        self._ready: deque[Held] = deque()
        self._held: deque[Held] = deque()
        """What waits for the window to open."""
        self._shipping = Shipping()
        self._window = 0
        self._window_bytes = 0
        """The whole window, of which `_window` is left."""
        self._left_over = 0
        """What pieces of parcels leave over of the window, so that other frames find room in it."""
        self.data_bytes = 0
        """Bytes of data that wait, blobs not counted."""
        self.control_bytes = 0
        """Bytes of control frames that wait."""
        self.acknowledging = 0
        """Bytes of acknowledgements among the control frames that have not left."""

    @property
    def has_output(self) -> bool:
        """Whether something can leave now."""
        return bool(self._control or self._ready) or self._may_ship

    @property
    def is_held(self) -> bool:
        """Whether data waits for the hub's window."""
        return bool(self._held) or (self._shipping.is_ready and not self._may_ship)

    @property
    def blob_bytes(self) -> int:
        """Bytes of blobs that wait."""
        return self._shipping.waiting_bytes

    @property
    def _may_ship(self) -> bool:
        return self._shipping.is_ready and self._window > self._left_over

    def control(self, kind: int, flags: int, ordinal: int, id: int, budget: int, body: bytes | bytearray = b"") -> None:
        """A control frame: outside the window, ahead of data."""
        data = frame.build(kind, flags, 0, ordinal, id, budget, body)
        self._control.append(Held(data, kind, id, True, None))
        self.control_bytes += len(data)

    def data(
        self,
        kind: int,
        flags: int,
        binding: int,
        ordinal: int,
        id: int,
        budget: int,
        body: bytes | bytearray = b"",
        due: float | None = None,
        blobs: Sequence[bytes] = (),
    ) -> None:
        """A data frame. If it has to wait, its budget is what is left until `due` when it leaves. It waits for the parcels of
        its blobs."""
        data = frame.build(kind, flags, binding, ordinal, id, budget, body, len(blobs))
        self.data_bytes += len(data)
        held = Held(data, kind, id, kind != frame.END and not flags & frame.FLAG_CALLEE, due)
        if self._shipping.keep(held, binding, ordinal, blobs):
            return
        if self._window > 0 and not self._held:
            # Its budget is right.
            held.due = None
        self._queue((held,))

    def add_window(self, count: int) -> None:
        """Opens the hub's window further: at first, and by what it has taken in, which is not more than is on its way."""
        self._window += count
        if self._window > self._window_bytes:
            raise Violation("window_exceeded")
        while self._window > 0 and self._held:
            held = self._held.popleft()
            self._window -= len(held.data)
            self._ready.append(held)

    def agree(self, limits: Limits) -> dict[int, str]:
        """The hub has said what it accepts: data may leave now. What was written before and is more than that is taken back,
        with everything of its call; returns why, by the ids of these calls."""
        self._window_bytes = limits.window_bytes
        self._left_over = limits.window_bytes // 2
        gone, freed, refused = self._shipping.agree(limits)
        self._give_up(gone, freed)
        stays: deque[Held] = deque()
        for held in self._held:
            text = too_large(len(held.data), 0, limits)
            if text is None:
                stays.append(held)
            elif held.id:
                refused[held.id] = text
                stays.append(held)
            else:
                self.data_bytes -= len(held.data)
        self._held = stays
        for id in refused:
            self.withdraw(id)
        self.add_window(limits.window_bytes)
        return refused

    def drop_kept(self, ours: bool, id: int) -> bool:
        """Takes back what is kept behind blobs of a call of either side's. Returns whether the call itself was."""
        gone, freed = self._shipping.withdraw(ours, id)
        self._give_up(gone, freed)
        return any(held.kind in _OPENS for held in gone)

    def withdraw(self, id: int) -> bool:
        """Takes back a call of this side's that has not left, and all that belongs to it. False when it has left; then only
        what is kept behind blobs is taken back."""
        if self.drop_kept(True, id):
            return True
        if not any(held.id == id and held.kind in _OPENS for held in self._held):
            return False
        stays: deque[Held] = deque()
        for held in self._held:
            if held.id == id and (held.kind in _OPENS or (held.ours and held.kind in _BELONGS)):
                self.data_bytes -= len(held.data)
            else:
                stays.append(held)
        self._held = stays
        return True

    def clear(self, control: bool) -> set[int]:
        """Drops all data that has not left, and control frames where nobody wants them: the connection ends. Returns the ids of
        calls of this side's whose first frame was dropped."""
        waiting = (*self._ready, *self._held, *self._shipping.held())
        unsent = {held.id for held in waiting if held.kind in _OPENS}
        if control:
            self._control.clear()
            self.control_bytes = 0
        self._ready.clear()
        self._held.clear()
        self._shipping.clear()
        self.data_bytes = 0
        return unsent

    def transmit(self, now: float) -> bytes | None:
        """The next bytes of whole frames; `None` when nothing may leave now."""
        self.acknowledging = 0
        batch = _Batch(now)
        self.control_bytes -= batch.gather(self._control)
        if not self._control:
            self.data_bytes -= batch.gather(self._ready)
            # Small frames leave first; those that a parcel lets go, behind it.
            while self._may_ship and not self._ready and batch.has_room(self._shipping.next_bytes()):
                piece, released = self._shipping.ship()
                self._window -= len(piece)
                batch.add(piece)
                self._queue(released)
                self.data_bytes -= batch.gather(self._ready)
        return b"".join(batch.frames) if batch.frames else None

    def _queue(self, frames: Iterable[Held]) -> None:
        for held in frames:
            if self._window > 0 and not self._held:
                self._window -= len(held.data)
                self._ready.append(held)
            else:
                self._held.append(held)

    def _give_up(self, gone: list[Held], freed: list[Held]) -> None:
        self.data_bytes -= sum(len(held.data) for held in gone)
        # What tells the hub of it waits from now on, too.
        self.data_bytes += sum(len(held.data) for held in freed if held.kind == frame.PARCEL)
        self._queue(freed)


class _Batch:
    """Frames that leave together."""

    def __init__(self, now: float) -> None:
        self.frames: list[bytes] = []
        self._now = now
        self._bytes = 0

    def has_room(self, count: int) -> bool:
        """Whether a frame of so many bytes fits; one always does."""
        return self._bytes == 0 or self._bytes + count <= BATCH_BYTES_MAX

    def add(self, data: bytes) -> None:
        """Takes a frame in."""
        self._bytes += len(data)
        self.frames.append(data)

    def gather(self, waiting: deque[Held]) -> int:
        """Takes frames from the front as long as they fit. Returns their bytes."""
        before = self._bytes
        while waiting and self.has_room(len(waiting[0].data)):
            held = waiting.popleft()
            self.add(held.data if held.due is None else frame.with_budget(held.data, budget_ms(held.due, self._now)))
        return self._bytes - before
