"""The built-in types of a contract that are more than a number: moments, spans of time, UUIDs, JSON. URLs are `url.py`."""

from __future__ import annotations

import json
import re
import uuid
from datetime import datetime, timedelta, timezone

from .base import Codec
from .error import fail, refuse_type
from .reader import Reader
from .scalars import SAFE_MAX
from .writer import Writer

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)

JSON_DEPTH_MAX = 64
"""How deep arrays and objects of a JSON text may nest."""

_DIGITS_MAX = 4000
"""A number of more digits is read as a float: converting it would take quadratic time. Python's own limit is 4,300."""

_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)
_SURROGATES = re.compile("[\ud800-\udfff]")


class Timestamp(Codec[datetime]):
    """A moment, in microseconds; with a time zone, as a contract's moments have no other meaning."""

    __slots__ = ()

    def encode(self, out: Writer, value: datetime) -> None:
        if not isinstance(value, datetime):
            refuse_type("a datetime", value)
        if value.tzinfo is None:
            fail("bad_value", "this datetime has no time zone")
        micros = (value - _EPOCH) // _MICROSECOND
        if not -SAFE_MAX <= micros <= SAFE_MAX:
            fail("out_of_range")
        out.zigzag(micros)

    def decode(self, input: Reader) -> datetime:
        micros = input.zigzag(64)
        if not -SAFE_MAX <= micros <= SAFE_MAX:
            fail("out_of_range")
        return _EPOCH + timedelta(microseconds=micros)


class Duration(Codec[timedelta]):
    """A span of time, in microseconds, not below zero."""

    __slots__ = ()

    def encode(self, out: Writer, value: timedelta) -> None:
        if not isinstance(value, timedelta):
            refuse_type("a timedelta", value)
        micros = value // _MICROSECOND
        if not 0 <= micros <= SAFE_MAX:
            fail("out_of_range")
        out.varint(micros)

    def decode(self, input: Reader) -> timedelta:
        micros = input.varint(64)
        if micros > SAFE_MAX:
            fail("out_of_range")
        return timedelta(microseconds=micros)


class Uuid(Codec[uuid.UUID]):
    """16 bytes."""

    __slots__ = ()

    def encode(self, out: Writer, value: uuid.UUID) -> None:
        if not isinstance(value, uuid.UUID):
            refuse_type("a UUID", value)
        out.raw(value.bytes, 16)

    def decode(self, input: Reader) -> uuid.UUID:
        return uuid.UUID(bytes=input.raw(16))


class Json(Codec[object]):
    """What a JSON text stands for, as the module `json` has it."""

    __slots__ = ()

    def encode(self, out: Writer, value: object) -> None:
        try:
            text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        except (TypeError, ValueError, RecursionError) as error:
            fail("bad_json", str(error))
        # A surrogate alone has a JSON and no UTF-8.
        text = _SURROGATES.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
        _check_depth(text)
        out.string(text)

    def decode(self, input: Reader) -> object:
        text = input.string()
        _check_depth(text)
        try:
            return json.loads(text, parse_int=_integer, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            fail("bad_json", str(error))


def _check_depth(text: str) -> None:
    """Says nothing of what is not JSON."""
    depth = 0
    for bracket in _BRACKETS.finditer(text):
        match bracket[0][0]:
            case "[" | "{":
                depth += 1
                if depth > JSON_DEPTH_MAX:
                    fail("bad_json", f"nested deeper than {JSON_DEPTH_MAX}")
            case "]" | "}":
                depth -= 1


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _DIGITS_MAX else float(digits)


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")
