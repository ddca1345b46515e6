"""The order of data frames where messages wait for their blobs: which frames are kept back behind which (protocol, section 15,
**Order**). How the blobs travel is not known here."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from . import frame

K = TypeVar("K")

_OPENING = frozenset({frame.REQUEST, frame.NOTIFY, frame.SUBSCRIBE, frame.PUBLISH})
"""Kinds that keep their order within a binding and ordinal, whatever calls they belong to."""
_HUB = (0, -1)
"""All requests of binding 0: what they say of bindings holds for everything behind them."""


@dataclass(slots=True)
class Held:
    """A data frame that has to wait."""

    data: bytes
    kind: int
    id: int
    ours: bool
    """Whether it belongs to a call of this side's."""
    due: float | None
    """When its call runs out; its budget is written when it leaves."""


@dataclass(slots=True, eq=False)
class Kept:
    """A data frame that is kept back."""

    place: int
    """Its place among all that were kept."""
    held: Held
    channel: tuple[int, int] | None
    """Binding and ordinal, where it opens a call or is one-way; one for all requests of binding 0."""
    parcels_left: int
    """Parcels of its own that are not whole yet."""
    before: set[Kept] = field(default_factory=set)
    """Frames that must leave before it."""
    behind: set[Kept] = field(default_factory=set)

    @property
    def call(self) -> tuple[bool, int]:
        return self.held.ours, self.held.id

    @property
    def is_free(self) -> bool:
        return not self.before and self.parcels_left == 0


class Order:
    """All frames that are kept back. Their number is bounded by the bytes that may wait."""

    def __init__(self) -> None:
        self._places = 0
        self._kept: dict[int, Kept] = {}
        """By place."""
        self._calls: dict[tuple[bool, int], Kept] = {}
        """The last frame that is kept of each call."""
        self._channels: dict[tuple[int, int], Kept] = {}
        """The last one of each binding and ordinal."""

    def keep(self, held: Held, binding: int, ordinal: int, parcels: int) -> Kept | None:
        """Keeps a frame back that has parcels, or that must not overtake one that is kept; else returns `None`."""
        channel = (binding, ordinal) if held.kind in _OPENING else None
        if held.kind == frame.REQUEST and binding == 0:
            channel = _HUB
        before = self._before(held, channel)
        if not parcels and not before:
            return None
        self._places += 1
        kept = Kept(self._places, held, channel, parcels, before)
        self._kept[kept.place] = kept
        for one in before:
            one.behind.add(kept)
        if held.id:
            self._calls[kept.call] = kept
        if channel is not None:
            self._channels[channel] = kept
        return kept

    def release(self, kept: Kept) -> list[Kept]:
        """Lets a frame go that waits for nothing more, and all that waited for it alone, in the order in which they came."""
        return self._release([kept])

    def of_call(self, ours: bool, id: int) -> list[Kept]:
        """What is kept of a call, the last first."""
        found: list[Kept] = []
        kept = self._calls.get((ours, id)) if id else None
        # Each is kept behind the one before it.
        while kept is not None:
            found.append(kept)
            kept = next((one for one in kept.before if one.call == kept.call), None)
        return found

    def drop(self, gone: Iterable[Kept]) -> list[Kept]:
        """Takes frames out that will not leave, and returns those that waited for nothing else."""
        behind: set[Kept] = set()
        for kept in gone:
            behind |= kept.behind
            # What it had to wait for, those behind it wait for still.
            for after in kept.behind:
                after.before |= kept.before
            for one in kept.before:
                one.behind |= kept.behind
            self._forget(kept)
        return self._release(behind.difference(gone))

    def _before(self, held: Held, channel: tuple[int, int] | None) -> set[Kept]:
        # The last one of a call or channel stands for those before it.
        if not self._calls and not self._channels:
            return set()
        before = {self._calls.get((held.ours, held.id)) if held.id else None}
        if channel == _HUB:
            before.update(self._channels.values())
        elif channel is not None:
            before |= {self._channels.get(channel), self._channels.get(_HUB)}
        return {kept for kept in before if kept is not None}

    def _release(self, candidates: Iterable[Kept]) -> list[Kept]:
        queue = [(kept.place, kept) for kept in candidates if kept.is_free]
        heapq.heapify(queue)
        free: list[Kept] = []
        # A frame comes in once: when the last one that it waits for has left.
        while queue:
            _, kept = heapq.heappop(queue)
            free.append(kept)
            behind = kept.behind
            self._forget(kept)
            for after in behind:
                if after.is_free:
                    heapq.heappush(queue, (after.place, after))
        return free

    def all(self, which: Callable[[Kept], bool]) -> list[Kept]:
        """Those that `which` says, in the order in which they came."""
        return [kept for kept in self._kept.values() if which(kept)]

    def _forget(self, kept: Kept) -> None:
        del self._kept[kept.place]
        for one in kept.before:
            one.behind.discard(kept)
        for after in kept.behind:
            after.before.discard(kept)
        if self._calls.get(kept.call) is kept:
            _pass_on(self._calls, kept.call, [one for one in kept.before if one.call == kept.call])
        if kept.channel is not None and self._channels.get(kept.channel) is kept:
            _pass_on(self._channels, kept.channel, [one for one in kept.before if one.channel == kept.channel])


def _pass_on(table: dict[K, Kept], key: K, heirs: list[Kept]) -> None:
    """The last one of a call or channel goes: the one before it is the last now."""
    del table[key]
    if heirs:
        table[key] = max(heirs, key=lambda kept: kept.place)
