"""The codec of typed arrays: many numbers of one kind, whose bytes are a blob."""

from __future__ import annotations

import sys
from array import array

from .base import Codec
from .error import fail, refuse_type
from .reader import UNLIMITED, Reader, must_fit
from .writer import Writer

_FORMATS = {"i8": "b", "i16": "h", "u16": "H", "i32": "i", "u32": "I", "i64": "q", "u64": "Q", "f32": "f", "f64": "d"}
"""The format of a view, as `struct` writes it, for each kind of number of a contract."""

_CLASSES = {"signed": "bhilqn", "unsigned": "BHILQN", "float": "fd"}


class TypedArray(Codec[memoryview]):
    """So many numbers: a `memoryview` of them. Whatever lends such numbers can be written: `array.array`, arrays of NumPy."""

    __slots__ = ("_class", "format", "least", "most", "number", "size")

    def __init__(self, number: str, least: int = 0, most: int = UNLIMITED) -> None:
        self.number = number
        """What the contract calls them: `f32`, say."""
        self.format = _FORMATS[number]
        self.size = int(number[1:]) // 8
        self.least = least
        self.most = most
        # Several formats are one kind of number: `l` is as long as `q` or as `i`, by the platform.
        self._class = next(formats for formats in _CLASSES.values() if self.format in formats)

    def encode(self, out: Writer, value: memoryview) -> None:
        try:
            view = memoryview(value)
        except TypeError:
            refuse_type(f"an array of {self.number}", value)
        # Other orders of bytes than the machine's are another format.
        letter = view.format.lstrip("@=<" if sys.byteorder == "little" else "@=>!")
        if len(letter) != 1 or letter not in self._class or view.itemsize != self.size:
            fail("bad_value", f"an array of {self.number} was expected, not one of the format {view.format!r}")
        must_fit(view.nbytes // self.size, self.least, self.most)
        data = view.tobytes()
        out.blob(data if sys.byteorder == "little" else self._swapped(data))

    def decode(self, input: Reader) -> memoryview:
        data = input.blob()
        count, rest = divmod(len(data), self.size)
        if rest:
            fail("truncated", f"{rest} bytes behind {count} numbers")
        must_fit(count, self.least, self.most)
        return memoryview(data if sys.byteorder == "little" else self._swapped(data)).cast(self.format)

    def _swapped(self, data: bytes) -> bytes:
        numbers = array(self.format, data)
        numbers.byteswap()
        return numbers.tobytes()
