"""Codecs of what holds other values: options, lists, arrays, maps and tuples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from .base import Codec
from .error import CodecError, fail, refuse_type
from .reader import UNLIMITED, Reader
from .writer import Writer

T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Some(Generic[T]):
    """A value that is there, where `None` is a value by itself."""

    value: T


class Option(Codec["T | None"], Generic[T]):
    """A value that may be absent: `None`."""

    __slots__ = ("inner",)

    def __init__(self, inner: Codec[T]) -> None:
        self.inner = inner

    def encode(self, out: Writer, value: T | None) -> None:
        out.bool(value is not None)
        if value is not None:
            self.inner.encode(out, value)

    def decode(self, input: Reader) -> T | None:
        return self.inner.decode(input) if input.bool() else None


class NestedOption(Codec["Some[T] | None"], Generic[T]):
    """A value that may be absent and may itself be `None`: it stands in a `Some`."""

    __slots__ = ("inner",)

    def __init__(self, inner: Codec[T]) -> None:
        self.inner = inner

    def encode(self, out: Writer, value: Some[T] | None) -> None:
        if value is not None and not isinstance(value, Some):
            refuse_type("a Some", value)
        out.bool(value is not None)
        if value is not None:
            self.inner.encode(out, value.value)

    def decode(self, input: Reader) -> Some[T] | None:
        return Some(self.inner.decode(input)) if input.bool() else None


def _read_items(input: Reader, item: Codec[T], count: int) -> tuple[T, ...]:
    items: list[T] = []
    try:
        for _ in range(count):
            items.append(item.decode(input))
    except CodecError as error:
        raise error.prepend(f"[{len(items)}]") from None
    return tuple(items)


def _write_items(out: Writer, item: Codec[T], items: Sequence[T]) -> None:
    index = 0
    try:
        for index, value in enumerate(items):
            item.encode(out, value)
    except CodecError as error:
        raise error.prepend(f"[{index}]") from None


def _must_be_sequence(value: object) -> None:
    if isinstance(value, (str, bytes, bytearray)) or not isinstance(value, Sequence):
        refuse_type("a sequence", value)


class List(Codec["Sequence[T]"], Generic[T]):
    """So many items, each of at least `bytes_min` bytes. They are read into a tuple, and any sequence is written."""

    __slots__ = ("bytes_min", "item", "least", "most")

    def __init__(self, item: Codec[T], bytes_min: int, least: int = 0, most: int = UNLIMITED) -> None:
        self.item = item
        self.bytes_min = bytes_min
        self.least = least
        self.most = most

    def encode(self, out: Writer, value: Sequence[T]) -> None:
        _must_be_sequence(value)
        out.count(len(value), self.least, self.most)
        _write_items(out, self.item, value)

    def decode(self, input: Reader) -> Sequence[T]:
        return _read_items(input, self.item, input.count(self.bytes_min, self.least, self.most))


class Array(Codec["Sequence[T]"], Generic[T]):
    """Exactly `length` items, which occupy at least `bytes_min` bytes together."""

    __slots__ = ("bytes_min", "item", "length")

    def __init__(self, item: Codec[T], length: int, bytes_min: int) -> None:
        self.item = item
        self.length = length
        self.bytes_min = bytes_min

    def encode(self, out: Writer, value: Sequence[T]) -> None:
        _must_be_sequence(value)
        if len(value) != self.length:
            fail("too_short" if len(value) < self.length else "too_long")
        _write_items(out, self.item, value)

    def decode(self, input: Reader) -> Sequence[T]:
        if input.remaining < self.bytes_min:
            fail("truncated")
        return _read_items(input, self.item, self.length)


class Map(Codec["Mapping[K, V]"], Generic[K, V]):
    """So many entries, each of at least `bytes_min` bytes; keys ascend by their bytes, and are put in order here."""

    __slots__ = ("bytes_min", "key", "least", "most", "value")

    def __init__(self, key: Codec[K], value: Codec[V], bytes_min: int, least: int = 0, most: int = UNLIMITED) -> None:
        self.key = key
        self.value = value
        self.bytes_min = bytes_min
        self.least = least
        self.most = most

    def encode(self, out: Writer, value: Mapping[K, V]) -> None:
        if not isinstance(value, Mapping):
            refuse_type("a mapping", value)
        out.count(len(value), self.least, self.most)
        start = len(out.out)
        entries: list[tuple[bytes, int, bytes]] = []
        segment = ""
        try:
            for index, (key, item) in enumerate(value.items()):
                segment = f"{{key {index}}}"
                at = len(out.out)
                self.key.encode(out, key)
                middle = len(out.out)
                segment = f"{{{index}}}"
                self.value.encode(out, item)
                entries.append((bytes(out.out[at:middle]), index, bytes(out.out[middle:])))
        except CodecError as error:
            raise error.prepend(segment) from None
        del out.out[start:]
        entries.sort()
        for before, (key_bytes, index, item_bytes) in zip([None, *entries], entries):
            if before is not None and before[0] == key_bytes:
                raise CodecError("map_order").prepend(f"{{key {index}}}")
            out.out += key_bytes
            out.out += item_bytes

    def decode(self, input: Reader) -> Mapping[K, V]:
        entries: dict[K, V] = {}
        before: bytes | None = None
        segment = ""
        try:
            for index in range(input.count(self.bytes_min, self.least, self.most)):
                segment = f"{{key {index}}}"
                start = input.position
                key = self.key.decode(input)
                here = input.since(start)
                if before is not None and here <= before:
                    fail("map_order")
                before = here
                if _is_no_new_key(key, entries):
                    fail("bad_value")
                segment = f"{{{index}}}"
                entries[key] = self.value.decode(input)
        except CodecError as error:
            raise error.prepend(segment) from None
        return entries


def _is_no_new_key(key: Any, entries: Mapping[Any, Any]) -> bool:
    """Whether Python cannot tell `key` from one that is there (0.0 and -0.0), or cannot use it as a key (it holds a map)."""
    try:
        return key in entries
    except TypeError:
        return True


class Tuple(Codec[Any]):
    """One value for each of its parts."""

    __slots__ = ("parts",)

    def __init__(self, *parts: Codec[Any]) -> None:
        self.parts = parts

    def encode(self, out: Writer, value: Sequence[Any]) -> None:
        _must_be_sequence(value)
        if len(value) != len(self.parts):
            fail("too_short" if len(value) < len(self.parts) else "too_long")
        index = 0
        try:
            for index, part in enumerate(self.parts):
                part.encode(out, value[index])
        except CodecError as error:
            raise error.prepend(str(index)) from None

    def decode(self, input: Reader) -> tuple[Any, ...]:
        values: list[Any] = []
        try:
            for part in self.parts:
                values.append(part.decode(input))
        except CodecError as error:
            raise error.prepend(str(len(values))) from None
        return tuple(values)
