"""Blobs on their way in: parcels that are put together, and that wait for the message that takes them (protocol, section 15).
Every bound is checked before anything is allocated."""

from __future__ import annotations

from collections.abc import Sequence

from . import frame
from .limits import PARCEL_BYTES_MAX, PARCELS_MAX
from .violation import Violation


class Arrivals:
    """The parcels of one connection that no message has taken yet."""

    def __init__(self, blob_bytes: int) -> None:
        self._blob_bytes = blob_bytes
        self._parcels: dict[int, _Parcel] = {}
        self._bytes = 0
        """The lengths of all of them, whole or not."""

    def __len__(self) -> int:
        return len(self._parcels)

    @property
    def held_bytes(self) -> int:
        """Bytes of them that have come."""
        return sum(len(parcel.bytes) for parcel in self._parcels.values())

    def take(self, head: frame.Head, body: bytes) -> None:
        """Takes in a `parcel` frame. Raises a `Violation`."""
        number, length = head.id, head.budget
        parcel = self._parcels.get(number)
        if head.flags & frame.FLAG_ABANDON:
            if parcel is None or body:
                raise _bad(number, "is given up, but is none" if parcel is None else "is given up with bytes")
            self._remove(number, parcel)
            return
        if parcel is None:
            parcel = self._open(number, length)
        elif parcel.length != length:
            raise _bad(number, f"was said to have {parcel.length} bytes, and now {length}")
        elif parcel.is_whole:
            raise _bad(number, "is whole already")
        if len(body) > min(PARCEL_BYTES_MAX, length - len(parcel.bytes)) or (length and not body):
            raise _bad(number, f"of {length} bytes has {len(parcel.bytes)}, and {len(body)} came")
        parcel.bytes += body

    def claim(self, numbers: Sequence[int]) -> tuple[bytes, ...]:
        """The blobs of a message, whose parcels are free again. Raises a `Violation` when one is not whole."""
        blobs: list[bytes] = []
        for number in numbers:
            parcel = self._parcels.get(number)
            if parcel is None or not parcel.is_whole:
                raise _bad(number, "is none, or was used" if parcel is None else "is not whole")
            self._remove(number, parcel)
            blobs.append(bytes(parcel.bytes))
        return tuple(blobs)

    def clear(self) -> None:
        """Forgets them all: the connection has ended."""
        self._parcels.clear()
        self._bytes = 0

    def _open(self, number: int, length: int) -> _Parcel:
        if number == 0:
            raise _bad(number, "is no number")
        if len(self._parcels) >= PARCELS_MAX:
            raise _bad(number, f"is one more than the {PARCELS_MAX} that may be unused")
        if length > self._blob_bytes - self._bytes:
            raise _bad(number, f"of {length} bytes is more than may be on its way")
        parcel = self._parcels[number] = _Parcel(length)
        self._bytes += length
        return parcel

    def _remove(self, number: int, parcel: _Parcel) -> None:
        del self._parcels[number]
        self._bytes -= parcel.length


class _Parcel:
    """What has come of one."""

    __slots__ = ("bytes", "length")

    def __init__(self, length: int) -> None:
        self.length = length
        # Grows with what comes, by an eighth in advance.
        self.bytes = bytearray()

    @property
    def is_whole(self) -> bool:
        return len(self.bytes) == self.length


def _bad(number: int, what: str) -> Violation:
    return Violation("bad_parcel", f"parcel {number} {what}")
