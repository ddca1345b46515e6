"""Codecs of numbers, text and bytes, with their declared limits."""

from __future__ import annotations

import math
import struct

from .base import Codec
from .error import fail, refuse_type
from .reader import UNLIMITED, Reader
from .writer import Writer

SAFE_MAX = (1 << 53) - 1
"""The greatest safe integer."""


class Unit(Codec[None]):
    """Nothing at all."""

    __slots__ = ()

    def encode(self, out: Writer, value: None) -> None:
        if value is not None:
            refuse_type("None", value)

    def decode(self, input: Reader) -> None:
        return None


class Bool(Codec[bool]):
    """`True` or `False`."""

    __slots__ = ()

    def encode(self, out: Writer, value: bool) -> None:
        out.bool(value)

    def decode(self, input: Reader) -> bool:
        return input.bool()


class Int(Codec[int]):
    """An integer of a width, within a range."""

    __slots__ = ("bits", "least", "most", "signed")

    def __init__(self, bits: int, signed: bool, least: int | None = None, most: int | None = None) -> None:
        self.bits = bits
        self.signed = signed
        # 53 bits are a safe integer, which is symmetric and travels as 64.
        low = -SAFE_MAX if bits == 53 else -(1 << (bits - 1)) if signed else 0
        high = SAFE_MAX if bits == 53 else (1 << (bits - signed)) - 1
        self.least = low if least is None else max(low, least)
        self.most = high if most is None else min(high, most)

    def encode(self, out: Writer, value: int) -> None:
        if type(value) is not int:
            # A bool is an int to Python, and never to a contract; other subclasses are taken as the number that they are.
            if isinstance(value, bool) or not isinstance(value, int):
                refuse_type("an int", value)
            value = int(value)
        if not self.least <= value <= self.most:
            fail("out_of_range", f"{value} is not from {self.least} to {self.most}")
        if self.bits == 8:
            out.u8(value & 0xFF)
        elif self.signed:
            out.zigzag(value)
        else:
            out.varint(value)

    def decode(self, input: Reader) -> int:
        if self.bits == 8:
            value = input.u8()
            if self.signed and value >= 0x80:
                value -= 0x100
        else:
            width = 64 if self.bits == 53 else self.bits
            value = input.zigzag(width) if self.signed else input.varint(width)
        if not self.least <= value <= self.most:
            fail("out_of_range", f"{value} is not from {self.least} to {self.most}")
        return value


class Float(Codec[float]):
    """A float, within a range if it has one; NaN is then refused."""

    __slots__ = ("bits", "least", "most", "ranged")

    def __init__(self, bits: int, least: float | None = None, most: float | None = None) -> None:
        self.bits = bits
        self.ranged = least is not None or most is not None
        self.least = -math.inf if least is None else least
        self.most = math.inf if most is None else most

    def encode(self, out: Writer, value: float) -> None:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            refuse_type("a float", value)
        value = nearest_f32(float(value)) if self.bits == 32 else float(value)
        # What counts is the value that the other side will see.
        self._check(value)
        if self.bits == 32:
            out.f32(value)
        else:
            out.f64(value)

    def decode(self, input: Reader) -> float:
        value = input.f32() if self.bits == 32 else input.f64()
        self._check(value)
        return value

    def _check(self, value: float) -> None:
        if self.ranged and not self.least <= value <= self.most:
            fail("out_of_range", f"{value} is not from {self.least} to {self.most}")


def nearest_f32(value: float) -> float:
    """The 32-bit float that is nearest; beyond the greatest one, infinity."""
    try:
        rounded: float = struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)
    return rounded


class String(Codec[str]):
    """Text of so many bytes of UTF-8."""

    __slots__ = ("least", "most")

    def __init__(self, least: int = 0, most: int = UNLIMITED) -> None:
        self.least = least
        self.most = most

    def encode(self, out: Writer, value: str) -> None:
        out.string(value, self.least, self.most)

    def decode(self, input: Reader) -> str:
        return input.string(self.least, self.most)


class Bytes(Codec[bytes]):
    """So many bytes."""

    __slots__ = ("least", "most")

    def __init__(self, least: int = 0, most: int = UNLIMITED) -> None:
        self.least = least
        self.most = most

    def encode(self, out: Writer, value: bytes) -> None:
        out.bytes(value, self.least, self.most)

    def decode(self, input: Reader) -> bytes:
        return input.bytes(self.least, self.most)


class Blob(Codec[bytes]):
    """So many bytes that stand beside the body. Whatever lends its memory can be written: `bytes`, arrays, `mmap`."""

    __slots__ = ("least", "most")

    def __init__(self, least: int = 0, most: int = UNLIMITED) -> None:
        self.least = least
        self.most = most

    def encode(self, out: Writer, value: bytes) -> None:
        out.blob(value, self.least, self.most)

    def decode(self, input: Reader) -> bytes:
        return input.blob(self.least, self.most)


class FixedBytes(Codec[bytes]):
    """Exactly so many bytes."""

    __slots__ = ("length",)

    def __init__(self, length: int) -> None:
        self.length = length

    def encode(self, out: Writer, value: bytes) -> None:
        out.raw(value, self.length)

    def decode(self, input: Reader) -> bytes:
        return input.raw(self.length)
