"""What waits to leave: control frames first, then data frames in the order they were given, as far as the hub's window lets
them go (protocol, section 8). Whether there is room is asked by the session; sockets are not known here."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from . import frame

BATCH_BYTES_MAX = 64 * 1024
"""Frames are gathered up to this size; a larger one is written alone. In bytes."""

CLOCK_ERROR_MS = 1e-3
"""A clock with fractions does not give a difference back to the last digit. In milliseconds."""

_OPENS = frozenset({frame.REQUEST, frame.SUBSCRIBE, frame.PUBLISH})
_BELONGS = frozenset({frame.FINISH, frame.CANCEL, frame.ITEM})


def budget_ms(deadline: float, now: float) -> int:
    """What the budget of a frame says that leaves now."""
    return min(max(1, math.ceil(deadline - now - CLOCK_ERROR_MS)), 0xFFFF_FFFF)


@dataclass(slots=True)
class _Held:
    """A data frame that waits for the window to open."""

    data: bytes
    kind: int
    id: int
    ours: bool
    due: float | None
    """When its call runs out; its budget is written when it leaves."""


class Outbox:
    """The outgoing side of one connection."""

    def __init__(self) -> None:
        self._control: deque[bytes] = deque()
        self._ready: deque[bytes] = deque()
        self._held: deque[_Held] = deque()
        self._window = 0
        self.data_bytes = 0
        """Bytes of data that wait, in all."""
        self.control_bytes = 0
        """Bytes of control frames that wait."""
        self.acknowledging = 0
        """Bytes of acknowledgements among the control frames that have not left."""

    @property
    def has_output(self) -> bool:
        """Whether something can leave now."""
        return bool(self._control or self._ready)

    @property
    def is_held(self) -> bool:
        """Whether data waits for the hub's window."""
        return bool(self._held)

    def control(self, kind: int, flags: int, ordinal: int, id: int, budget: int, body: bytes | bytearray = b"") -> None:
        """A control frame: outside the window, ahead of data."""
        data = frame.build(kind, flags, 0, ordinal, id, budget, body)
        self._control.append(data)
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
    ) -> None:
        """A data frame. If it has to wait, its budget is what is left until `due` when it leaves."""
        data = frame.build(kind, flags, binding, ordinal, id, budget, body)
        self.data_bytes += len(data)
        if self._window > 0 and not self._held:
            self._window -= len(data)
            self._ready.append(data)
        else:
            self._held.append(_Held(data, kind, id, not flags & frame.FLAG_CALLEE, due))

    def add_window(self, count: int, now: float) -> None:
        """Opens the hub's window further."""
        self._window += count
        while self._window > 0 and self._held:
            held = self._held.popleft()
            data = held.data
            if held.due is not None:
                data = frame.with_budget(data, budget_ms(held.due, now))
            self._window -= len(data)
            self._ready.append(data)

    def take_larger(self, bytes_max: int) -> dict[int, int]:
        """Takes back all frames that are larger than that, and everything of their calls; returns how large the frame was by
        the id of its call. Only before anything has left, and so before the hub has opened calls."""
        taken = {held.id: len(held.data) for held in self._held if len(held.data) > bytes_max and held.id}
        stays: deque[_Held] = deque()
        for held in self._held:
            if len(held.data) > bytes_max or held.id in taken:
                self.data_bytes -= len(held.data)
            else:
                stays.append(held)
        self._held = stays
        return taken

    def withdraw(self, id: int) -> bool:
        """Takes back a call that still waits for the window, and all that belongs to it. False when it has left."""
        if not any(held.id == id and held.kind in _OPENS for held in self._held):
            return False
        stays: deque[_Held] = deque()
        for held in self._held:
            if held.id == id and (held.kind in _OPENS or (held.ours and held.kind in _BELONGS)):
                self.data_bytes -= len(held.data)
            else:
                stays.append(held)
        self._held = stays
        return True

    def clear(self, control: bool) -> None:
        """Drops all data that has not left, and control frames where nobody wants them: the connection ends."""
        if control:
            self._control.clear()
            self.control_bytes = 0
        self._ready.clear()
        self._held.clear()
        self.data_bytes = 0

    def transmit(self) -> bytes | None:
        """The next bytes of whole frames; `None` when nothing may leave now."""
        self.acknowledging = 0
        frames: list[bytes] = []
        control = _gather(self._control, frames, 0)
        self.control_bytes -= control
        if not self._control:
            self.data_bytes -= _gather(self._ready, frames, control) - control
        return b"".join(frames) if frames else None


def _gather(waiting: deque[bytes], frames: list[bytes], length: int) -> int:
    """Takes frames from the front, as many as fit behind `length` bytes; one at least where there is nothing yet."""
    while waiting and (length == 0 or length + len(waiting[0]) <= BATCH_BYTES_MAX):
        length += len(waiting[0])
        frames.append(waiting.popleft())
    return length
