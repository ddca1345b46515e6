"""Blobs on their way out: parcels that leave by turns, and the messages that wait for theirs (protocol, section 15). Which other
frames are kept back behind such a message is decided in `order.py`; the window, and what else leaves, in `outbox.py`."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from . import frame
from .limits import PARCEL_BYTES_MAX, PARCELS_MAX, Limits, too_large
from .order import Held, Kept, Order

_NUMBERS = 0xFFFF_FFFF


@dataclass(slots=True, eq=False)
class _Parcel:
    """A blob that leaves in pieces."""

    blob: bytes
    message: Kept
    number: int = 0
    """0 until it may be opened."""
    sent: int = 0
    begun: bool = False


class Shipping:
    """The parcels of one connection that no message has taken yet, and everything that waits for them."""

    def __init__(self) -> None:
        self._limits: Limits | None = None
        """What the hub accepts; nothing leaves before it has said so."""
        self._order = Order()
        self._parcels: dict[Kept, list[_Parcel]] = {}
        """By the message that takes them."""
        self._unopened: deque[_Parcel] = deque()
        """Those that may not be opened yet. They are in the order of their messages, so that the first can always be finished."""
        self._sending: dict[Kept, deque[_Parcel]] = {}
        """Those that are opened and have something left, by message, in the order of these."""
        self._turn = 0
        """The place of the message that a piece was sent of last."""
        self._numbers: set[int] = set()
        """Those that are opened and not used yet."""
        self._last_number = 0
        self._unused_bytes = 0
        """The lengths of these."""
        self.waiting_bytes = 0
        """Bytes of blobs that have not left."""

    @property
    def is_ready(self) -> bool:
        """Whether a piece of a parcel can leave."""
        return bool(self._sending)

    def agree(self, limits: Limits) -> tuple[list[Held], list[Held], dict[int, str]]:
        """The hub has said what it accepts. Gives up one-way messages that are more than that. Returns them, what may leave
        now, and which calls cannot be, and why."""
        self._limits = limits
        too_much = self._order.all(lambda kept: self._refusal(kept) is not None)
        gone = [kept for kept in too_much if not kept.held.id]
        refused = {kept.held.id: self._refusal(kept) or "" for kept in too_much if kept.held.id}
        return [kept.held for kept in gone], self._drop(gone), refused

    def _refusal(self, kept: Kept) -> str | None:
        return too_large(len(kept.held.data), self._blob_bytes(kept), self._limits or Limits())

    def keep(self, held: Held, binding: int, ordinal: int, blobs: Sequence[bytes]) -> bool:
        """Keeps a frame back, if it has blobs or stands behind one that is kept back; else returns false."""
        kept = self._order.keep(held, binding, ordinal, len(blobs))
        if kept is None:
            return False
        if blobs:
            parcels = self._parcels[kept] = [_Parcel(blob, kept) for blob in blobs]
            self.waiting_bytes += self._blob_bytes(kept)
            self._unopened += parcels
            self._open()
        return True

    def next_bytes(self) -> int:
        """The size of the frame that `ship` would return."""
        parcel = self._sending[self._next()][0]
        return frame.HEADER_BYTES + min(self._piece_bytes, len(parcel.blob) - parcel.sent)

    def ship(self) -> tuple[bytes, list[Held]]:
        """The next piece for the message whose turn it is, as a frame, and the data frames that may leave behind it."""
        kept = self._next()
        self._turn = kept.place
        parcel = self._sending[kept][0]
        piece = memoryview(parcel.blob)[parcel.sent : parcel.sent + self._piece_bytes]
        data = frame.build(frame.PARCEL, 0, 0, 0, parcel.number, len(parcel.blob), piece)
        parcel.begun = True
        parcel.sent += len(piece)
        self.waiting_bytes -= len(piece)
        if parcel.sent < len(parcel.blob):
            return data, []
        self._sending[kept].popleft()
        if not self._sending[kept]:
            del self._sending[kept]
        kept.parcels_left -= 1
        return data, self._load(self._order.release(kept))

    def withdraw(self, ours: bool, id: int) -> tuple[list[Held], list[Held]]:
        """Gives up all that is kept back of a call of either side's. Returns it, and what may leave now."""
        gone = self._order.of_call(ours, id)
        return [kept.held for kept in gone], self._drop(gone)

    def held(self) -> list[Held]:
        """Every frame that is kept back."""
        return [kept.held for kept in self._order.all(lambda kept: True)]

    def clear(self) -> None:
        """Forgets everything: the connection ends."""
        self._order = Order()
        for one in (self._parcels, self._unopened, self._sending, self._numbers):
            one.clear()
        self._unused_bytes = self.waiting_bytes = 0

    @property
    def _piece_bytes(self) -> int:
        limits = self._limits or Limits()
        return min(PARCEL_BYTES_MAX, limits.frame_bytes - frame.HEADER_BYTES)

    def _blob_bytes(self, kept: Kept) -> int:
        return sum(len(parcel.blob) for parcel in self._parcels.get(kept, ()))

    def _open(self) -> None:
        """Opens as many parcels as the hub has room for."""
        while self._unopened and self._limits is not None and len(self._numbers) < PARCELS_MAX:
            parcel = self._unopened[0]
            if len(parcel.blob) > self._limits.blob_bytes - self._unused_bytes:
                return
            self._unopened.popleft()
            parcel.number = self._free_number()
            self._numbers.add(parcel.number)
            self._unused_bytes += len(parcel.blob)
            self._sending.setdefault(parcel.message, deque()).append(parcel)

    def _next(self) -> Kept:
        """The message whose turn it is: the one behind that which was served last. There are few."""
        return next((kept for kept in self._sending if kept.place > self._turn), None) or next(iter(self._sending))

    def _free_number(self) -> int:
        # Few are in use, so that this ends soon.
        while True:
            self._last_number = self._last_number % _NUMBERS + 1
            if self._last_number not in self._numbers:
                return self._last_number

    def _close(self, parcels: list[_Parcel]) -> None:
        """Frees the numbers of those that were opened."""
        for parcel in parcels:
            if parcel.number:
                self._numbers.discard(parcel.number)
                self._unused_bytes -= len(parcel.blob)

    def _load(self, free: list[Kept]) -> list[Held]:
        """Lets messages take their parcels."""
        for kept in free:
            parcels = self._parcels.pop(kept, [])
            if parcels:
                kept.held.data = frame.with_parcels(kept.held.data, [parcel.number for parcel in parcels])
                self._close(parcels)
        self._open()
        return [kept.held for kept in free]

    def _drop(self, gone: list[Kept]) -> list[Held]:
        """Gives messages up. Returns the word of it to the hub, and what waited for nothing else."""
        words: list[Held] = []
        for kept in gone:
            parcels = self._parcels.pop(kept, [])
            self._close(parcels)
            for parcel in parcels:
                self.waiting_bytes -= len(parcel.blob) - parcel.sent
                if parcel.begun:
                    data = frame.build(frame.PARCEL, frame.FLAG_ABANDON, 0, 0, parcel.number, 0)
                    words.append(Held(data, frame.PARCEL, 0, False, None))
            self._sending.pop(kept, None)
        dropped = set(gone)
        self._unopened = deque(parcel for parcel in self._unopened if parcel.message not in dropped)
        return words + self._load(self._order.drop(gone))
