"""Writes values in their one encoding: the primitives of `docs/protocol.md`, section 2. Declared limits are checked here too."""

from __future__ import annotations

import builtins
import struct

from .error import fail, refuse_type
from .reader import DEPTH_MAX, UNLIMITED, must_fit

_F32 = struct.Struct("<f")
_F64 = struct.Struct("<d")

BLOBS_MAX = 16
"""Most blobs that the body of one message may have."""


class Writer:
    """Gathers one body, and the blobs that stand beside it."""

    __slots__ = ("_depth", "blobs", "out")

    def __init__(self) -> None:
        self.out = bytearray()
        """What was written so far."""
        self.blobs: list[builtins.bytes] = []
        """The blobs that it refers to, in order."""
        self._depth = 0

    def enter(self) -> None:
        """Counts one more level of nesting; paired with `leave`."""
        if self._depth >= DEPTH_MAX:
            fail("too_deep")
        self._depth += 1

    def leave(self) -> None:
        """Leaves a level of nesting."""
        self._depth -= 1

    def bool(self, value: builtins.bool) -> None:
        """`True` or `False`, or the presence of an option."""
        if value is not True and value is not False:
            refuse_type("a bool", value)
        self.out.append(value)

    def u8(self, value: int) -> None:
        """One byte; the caller has checked it."""
        self.out.append(value)

    def varint(self, value: int) -> None:
        """An unsigned integer; the caller has checked its width."""
        out = self.out
        while value >= 0x80:
            out.append(value & 0x7F | 0x80)
            value >>= 7
        out.append(value)

    def zigzag(self, value: int) -> None:
        """A signed integer; the caller has checked its width."""
        self.varint(value << 1 if value >= 0 else ~(value << 1))

    def f32(self, value: float) -> None:
        """A 32-bit float: the nearest that there is."""
        self.out += b"\x00\x00\xc0\x7f" if value != value else _F32.pack(value)

    def f64(self, value: float) -> None:
        """A 64-bit float."""
        self.out += b"\x00\x00\x00\x00\x00\x00\xf8\x7f" if value != value else _F64.pack(value)

    def count(self, count: int, least: int = 0, most: int = UNLIMITED) -> None:
        """A count within its declared limits."""
        must_fit(count, least, most)
        self.varint(count)

    def string(self, value: str, least: int = 0, most: int = UNLIMITED) -> None:
        """Text of `least` to `most` bytes."""
        if not isinstance(value, str):
            refuse_type("a str", value)
        try:
            raw = value.encode()
        except UnicodeEncodeError:
            fail("bad_utf8", "a surrogate alone")
        self.count(len(raw), least, most)
        self.out += raw

    def bytes(self, value: builtins.bytes | bytearray | memoryview, least: int = 0, most: int = UNLIMITED) -> None:
        """`least` to `most` bytes with their count."""
        view = as_bytes(value)
        self.count(len(view), least, most)
        self.out += view

    def blob(self, value: object, least: int = 0, most: int = UNLIMITED) -> None:
        """A blob of `least` to `most` bytes: its place. The bytes are kept, not copied, unless their owner may change them."""
        if not isinstance(value, builtins.bytes):
            view = _as_view(value)
            must_fit(view.nbytes, least, most)
            value = view.tobytes()
        must_fit(len(value), least, most)
        place = len(self.blobs)
        if place >= BLOBS_MAX:
            fail("bad_blob", f"more than {BLOBS_MAX} in one message")
        self.blobs.append(value)
        self.varint(place)

    def raw(self, value: builtins.bytes | bytearray | memoryview, length: int) -> None:
        """Exactly `length` bytes."""
        view = as_bytes(value)
        if len(view) != length:
            fail("too_short" if len(view) < length else "too_long")
        self.out += view


def as_bytes(value: object) -> bytes | bytearray | memoryview:
    """Bytes in any of their forms; of a view, its bytes and not its items."""
    if isinstance(value, memoryview):
        return value.cast("B") if value.c_contiguous else value.tobytes()
    if not isinstance(value, (bytes, bytearray)):
        refuse_type("bytes", value)
    return value


def _as_view(value: object) -> memoryview:
    """The memory of whatever lends its own: `bytearray`, `memoryview`, arrays, `mmap`."""
    try:
        return memoryview(value)  # type: ignore[arg-type]
    except TypeError:
        refuse_type("bytes", value)
