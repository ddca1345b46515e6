"""Reads values from untrusted bytes: the primitives of `docs/protocol.md`, section 2, each checked before it is believed.

Nothing is allocated from a length that the input does not cover.
"""

from __future__ import annotations

import builtins
import struct
from collections.abc import Sequence

from .error import fail

DEPTH_MAX = 64
"""How deep structs, tables and enum variants with fields may nest in a body."""

UNLIMITED = 1 << 64
"""For a length without a declared limit."""

_F32 = struct.Struct("<f")
_F64 = struct.Struct("<d")
_NAN32 = b"\x00\x00\xc0\x7f"
_NAN64 = b"\x00\x00\x00\x00\x00\x00\xf8\x7f"


def must_fit(count: int, least: int, most: int) -> None:
    """Fails unless a length or count is within its declared limits."""
    if count < least:
        fail("too_short")
    if count > most:
        fail("too_long")


class Reader:
    """Reads one body from front to back. After an error it cannot go on."""

    __slots__ = ("_blobs", "_blobs_used", "_body", "_depth", "_end", "_position")

    def __init__(self, body: bytes, blobs: Sequence[builtins.bytes] = ()) -> None:
        self._body = body
        self._blobs = blobs
        self._blobs_used = 0
        self._position = 0
        self._end = len(body)
        self._depth = 0

    @property
    def remaining(self) -> int:
        """The bytes that are left."""
        return self._end - self._position

    def finish(self) -> None:
        """Fails unless the whole input was used, and every blob."""
        self._must_be_used_up()
        if self._blobs_used != len(self._blobs):
            fail("bad_blob", f"{len(self._blobs) - self._blobs_used} that nothing refers to")

    def enter(self) -> None:
        """Counts one more level of nesting; paired with `leave`."""
        if self._depth >= DEPTH_MAX:
            fail("too_deep")
        self._depth += 1

    def leave(self) -> None:
        """Leaves a level of nesting."""
        self._depth -= 1

    def u8(self) -> int:
        """One byte."""
        position = self._position
        if position >= self._end:
            fail("truncated")
        self._position = position + 1
        return self._body[position]

    def bool(self) -> builtins.bool:
        """`True` or `False`, or the presence of an option."""
        byte = self.u8()
        if byte > 1:
            fail("bad_bool")
        return byte == 1

    def varint(self, bits: int) -> int:
        """An unsigned integer of at most `bits` bits, in its one encoding."""
        value = shift = 0
        # At most ten turns: a byte beyond the 64th bit is refused.
        while True:
            byte = self.u8()
            part = byte & 0x7F
            if shift >= bits or (shift == 63 and part > 1):
                fail("integer_overflow")
            value |= part << shift
            if byte < 0x80:
                if byte == 0 and shift:
                    fail("overlong_varint")
                if value >> bits:
                    fail("integer_overflow")
                return value
            shift += 7

    def zigzag(self, bits: int) -> int:
        """A signed integer of at most `bits` bits."""
        value = self.varint(bits)
        return (value >> 1) ^ -(value & 1)

    def f32(self) -> float:
        """A 32-bit float."""
        raw = self.raw(4)
        value: float = _F32.unpack(raw)[0]
        if value != value and raw != _NAN32:
            fail("bad_nan")
        return value

    def f64(self) -> float:
        """A 64-bit float."""
        raw = self.raw(8)
        value: float = _F64.unpack(raw)[0]
        if value != value and raw != _NAN64:
            fail("bad_nan")
        return value

    def count(self, bytes_min: int, least: int = 0, most: int = UNLIMITED) -> int:
        """A count of things that occupy at least `bytes_min` bytes each, from `least` to `most`."""
        count = self.varint(64)
        if count * bytes_min > self._end - self._position:
            fail("truncated")
        must_fit(count, least, most)
        return count

    def string(self, least: int = 0, most: int = UNLIMITED) -> str:
        """Text of `least` to `most` bytes."""
        try:
            return self.raw(self.count(1, least, most)).decode()
        except UnicodeDecodeError:
            fail("bad_utf8")

    def bytes(self, least: int = 0, most: int = UNLIMITED) -> builtins.bytes:
        """`least` to `most` bytes with their count."""
        return self.raw(self.count(1, least, most))

    def blob(self, least: int = 0, most: int = UNLIMITED) -> builtins.bytes:
        """A blob of `least` to `most` bytes, by its place: a body refers to its blobs one after the other."""
        place = self.varint(32)
        if place != self._blobs_used or place >= len(self._blobs):
            fail("bad_blob", f"place {place}")
        blob = self._blobs[place]
        self._blobs_used += 1
        must_fit(len(blob), least, most)
        return blob

    def raw(self, length: int) -> builtins.bytes:
        """The next `length` bytes."""
        start = self._position
        if length > self._end - start:
            fail("truncated")
        self._position = start + length
        return self._body[start : start + length]

    def begin_part(self) -> int:
        """Enters a part with a byte count before it; what it returns is for `end_part`."""
        length = self.count(1)
        outer = self._end
        self._end = self._position + length
        return outer

    def end_part(self, outer: int) -> None:
        """Leaves a part, which must be used up."""
        self._must_be_used_up()
        self._end = outer

    def _must_be_used_up(self) -> None:
        if self._position != self._end:
            fail("trailing_bytes")

    @property
    def position(self) -> int:
        """Where the reader stands."""
        return self._position

    def since(self, start: int) -> builtins.bytes:
        """The bytes from `start` to here."""
        return self._body[start : self._position]
