"""Tables of open calls: slots with generations, so that memory is bounded by the announced limit, and an id is told apart
from the one that had its slot before (protocol, section 5)."""

from __future__ import annotations

import enum
import heapq
from typing import Generic, TypeVar

T = TypeVar("T")

_GENERATIONS = 0xFFFF


class Gone(enum.Enum):
    """A look-up that found no call."""

    PAST = 0
    """It ended, or was refused because its slot is beyond the limit."""
    NEVER = 1
    """That id never was."""


class CallTable(Generic[T]):
    """The calls that one side has opened."""

    def __init__(self, slots_max: int) -> None:
        self.slots_max = slots_max
        self._ids: dict[int, int] = {}
        """By slot: the id that has it, or had it last. Never more than the limit."""
        self._calls: dict[int, T] = {}
        self._free: list[int] = []
        """Free slots below `_next`, the lowest first."""
        self._next = 0

    def __len__(self) -> int:
        return len(self._calls)

    def open(self, call: T) -> int:
        """Opens a call in the lowest free slot; 0 when all are taken."""
        if len(self._calls) >= self.slots_max:
            return 0
        if self._free:
            slot = heapq.heappop(self._free)
        else:
            slot = self._next
            self._next += 1
        generation = self._ids.get(slot, 0) >> 16
        id = (1 if generation == _GENERATIONS else generation + 1) << 16 | slot
        self._ids[slot] = id
        self._calls[slot] = call
        return id

    def admit(self, id: int, call: T) -> Gone | None:
        """Takes in a call that the other side has opened under `id`; or says why not."""
        slot = id & 0xFFFF
        if slot >= self.slots_max:
            return Gone.PAST
        if id < 0x10000 or slot in self._calls or self._ids.get(slot) == id:
            return Gone.NEVER
        self._ids[slot] = id
        self._calls[slot] = call
        return None

    def find(self, id: int) -> T | Gone:
        """The call of that id, or what became of it."""
        slot = id & 0xFFFF
        if slot >= self.slots_max:
            return Gone.PAST
        if id == 0 or self._ids.get(slot) != id:
            return Gone.NEVER
        return self._calls.get(slot, Gone.PAST)

    def get(self, id: int) -> T | None:
        """The open call of that id."""
        slot = id & 0xFFFF
        return self._calls.get(slot) if id and self._ids.get(slot) == id else None

    def remove(self, id: int) -> T | None:
        """Closes a call and returns it."""
        call = self.get(id)
        if call is not None:
            slot = id & 0xFFFF
            del self._calls[slot]
            if slot < self._next:
                heapq.heappush(self._free, slot)
        return call

    def items(self) -> list[tuple[int, T]]:
        """Every open call with its id, by slot."""
        return [(self._ids[slot], self._calls[slot]) for slot in sorted(self._calls)]

    def drain(self) -> list[T]:
        """Closes all calls and returns them."""
        calls = [call for _, call in self.items()]
        self._calls.clear()
        self._free.clear()
        self._next = 0
        return calls
