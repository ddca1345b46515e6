"""Codecs of what a contract declares: structs, tables, newtypes, tuples and enums. Generated modules make one of each."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from .base import Codec
from .collections import Some, Tuple
from .error import CodecError, fail, refuse_type
from .reader import Reader
from .scalars import Int
from .writer import Writer

T = TypeVar("T")

_U32 = Int(32, False)


@dataclass(frozen=True, slots=True)
class Unknown:
    """A variant of a flexible enum that this build does not know; it encodes back to the same bytes."""

    tag: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Field:
    """A field: its name on the wire's paths, the attribute that holds it, and in a table its number."""

    name: str
    attribute: str
    codec: Codec[Any]
    number: int = 0


class Struct(Codec[T]):
    """Fields in order."""

    __slots__ = ("fields", "make")

    def __init__(self, make: type[T], *fields: Field) -> None:
        self.make = make
        self.fields = fields

    def encode(self, out: Writer, value: T) -> None:
        if not isinstance(value, self.make):
            refuse_type(self.make.__name__, value)
        out.enter()
        _write_fields(out, self.fields, value)
        out.leave()

    def decode(self, input: Reader) -> T:
        input.enter()
        values = _read_fields(input, self.fields)
        input.leave()
        return self.make(*values)


def _write_fields(out: Writer, fields: tuple[Field, ...], value: object, prefix: str = "") -> None:
    name = ""
    try:
        for field in fields:
            name = field.name
            field.codec.encode(out, getattr(value, field.attribute))
    except CodecError as error:
        raise error.prepend(prefix + name) from None


def _read_fields(input: Reader, fields: tuple[Field, ...], prefix: str = "") -> list[Any]:
    values: list[Any] = []
    try:
        for field in fields:
            values.append(field.codec.decode(input))
    except CodecError as error:
        raise error.prepend(prefix + fields[len(values)].name) from None
    return values


class Arguments(Codec["tuple[Any, ...]"]):
    """The arguments of a channel, by name; they stand at depth 0."""

    __slots__ = ("parts",)

    def __init__(self, *parts: tuple[str, Codec[Any]]) -> None:
        self.parts = parts

    def encode(self, out: Writer, value: tuple[Any, ...]) -> None:
        name = ""
        try:
            for (name, codec), item in zip(self.parts, value):
                codec.encode(out, item)
        except CodecError as error:
            raise error.prepend(name) from None

    def decode(self, input: Reader) -> tuple[Any, ...]:
        values: list[Any] = []
        try:
            for _, codec in self.parts:
                values.append(codec.decode(input))
        except CodecError as error:
            raise error.prepend(self.parts[len(values)][0]) from None
        return tuple(values)


class Table(Codec[T]):
    """Numbered fields that may be absent; those that this build does not know are passed over."""

    __slots__ = ("fields", "make", "numbers")

    def __init__(self, make: type[T], *fields: Field) -> None:
        self.make = make
        self.fields = fields
        self.numbers = {field.number: field for field in fields}

    def encode(self, out: Writer, value: T) -> None:
        if not isinstance(value, self.make):
            refuse_type(self.make.__name__, value)
        out.enter()
        there = [(field, item) for field in self.fields if (item := getattr(value, field.attribute)) is not None]
        out.varint(len(there))
        name = ""
        try:
            for field, item in there:
                name = field.name
                out.varint(field.number)
                start = len(out.out)
                field.codec.encode(out, item)
                _count_part(out, start)
        except CodecError as error:
            raise error.prepend(name) from None
        out.leave()

    def decode(self, input: Reader) -> T:
        input.enter()
        values: dict[str, Any] = {field.attribute: None for field in self.fields}
        name = ""
        try:
            number = 0
            for _ in range(input.count(2)):
                name = ""
                before, number = number, input.varint(32)
                if number <= before:
                    fail("table_order")
                field = self.numbers.get(number)
                if field is None:
                    input.raw(input.count(1))
                    continue
                name = field.name
                outer = input.begin_part()
                values[field.attribute] = field.codec.decode(input)
                input.end_part(outer)
        except CodecError as error:
            raise error.prepend(name) from None
        input.leave()
        return self.make(**values)


class Present(Codec[Any]):
    """The value of a table's field that may itself be `None`: it stands in a `Some`, without a byte of its own."""

    __slots__ = ("inner",)

    def __init__(self, inner: Codec[Any]) -> None:
        self.inner = inner

    def encode(self, out: Writer, value: Any) -> None:
        if not isinstance(value, Some):
            refuse_type("a Some", value)
        self.inner.encode(out, value.value)

    def decode(self, input: Reader) -> Any:
        return Some(self.inner.decode(input))


def _count_part(out: Writer, start: int) -> None:
    """Puts the byte count before a part that begins at `start`."""
    head = Writer()
    head.varint(len(out.out) - start)
    out.out[start:start] = head.out


class Newtype(Codec[T]):
    """One field, encoded as itself; it counts as a level of nesting."""

    __slots__ = ("inner",)

    def __init__(self, inner: Codec[Any]) -> None:
        self.inner = inner

    def encode(self, out: Writer, value: T) -> None:
        out.enter()
        self.inner.encode(out, value)
        out.leave()

    def decode(self, input: Reader) -> T:
        input.enter()
        value: T = self.inner.decode(input)
        input.leave()
        return value


class TupleStruct(Codec[Any]):
    """Fields without names."""

    __slots__ = ("inner",)

    def __init__(self, *parts: Codec[Any]) -> None:
        self.inner = Tuple(*parts)

    def encode(self, out: Writer, value: Any) -> None:
        out.enter()
        self.inner.encode(out, value)
        out.leave()

    def decode(self, input: Reader) -> Any:
        input.enter()
        value = self.inner.decode(input)
        input.leave()
        return value


@dataclass(frozen=True, slots=True)
class Variant:
    """A variant with its tag: a member of a Python enum, or a dataclass with the fields."""

    name: str
    tag: int
    make: Any
    fields: tuple[Field, ...] = ()


class Enum(Codec[T]):
    """One of several variants. Without data they are members of a Python enum, else each is a dataclass."""

    __slots__ = ("flexible", "kinds", "tags", "unit")

    def __init__(self, flexible: bool, *variants: Variant) -> None:
        self.flexible = flexible
        self.unit = all(isinstance(variant.make, enum.Enum) for variant in variants)
        self.tags = {variant.tag: variant for variant in variants}
        self.kinds: dict[Any, Variant] = {variant.make: variant for variant in variants}

    def encode(self, out: Writer, value: T) -> None:
        if self.flexible and isinstance(value, Unknown):
            return self._write_unknown(out, value)
        key: Any = value if isinstance(value, enum.Enum) else type(value)
        variant = self.kinds.get(key)
        if variant is None:
            fail("bad_value", f"there is no variant {value!r:.64}")
        out.varint(variant.tag)
        start = len(out.out)
        if variant.fields:
            try:
                out.enter()
            except CodecError as error:
                raise error.prepend(variant.name) from None
            _write_fields(out, variant.fields, value, variant.name + ".")
            out.leave()
        if self.flexible:
            _count_part(out, start)

    def decode(self, input: Reader) -> T:
        tag = input.varint(32)
        variant = self.tags.get(tag)
        if variant is None:
            if not self.flexible:
                fail("unknown_tag", str(tag))
            return cast(T, Unknown(tag, input.bytes()))
        outer = self._at(variant, input.begin_part) if self.flexible else 0
        value: Any
        if variant.fields:
            self._at(variant, input.enter)
            values = _read_fields(input, variant.fields, variant.name + ".")
            input.leave()
            value = variant.make(*values)
        else:
            value = variant.make if self.unit else variant.make()
        if self.flexible:
            self._at(variant, lambda: input.end_part(outer))
        found: T = value
        return found

    @staticmethod
    def _at(variant: Variant, step: Callable[[], Any]) -> Any:
        try:
            return step()
        except CodecError as error:
            raise error.prepend(variant.name) from None

    def _write_unknown(self, out: Writer, value: Unknown) -> None:
        if value.tag in self.tags:
            fail("bad_value", "the tag of an unknown variant is that of a known one")
        _U32.encode(out, value.tag)
        out.bytes(value.data)
