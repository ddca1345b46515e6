"""What every codec is: it writes a value to a writer and reads one from a reader."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from .error import CodecError
from .reader import Reader
from .writer import Writer

T = TypeVar("T")


class Codec(Generic[T]):
    """Writes and reads the values of one type."""

    __slots__ = ()

    def encode(self, out: Writer, value: T) -> None:
        """Writes `value`; raises `CodecError` when it breaks its contract."""
        raise NotImplementedError

    def decode(self, input: Reader) -> T:
        """Reads a value; raises `CodecError`, and nothing else."""
        raise NotImplementedError


class Reference(Codec[T]):
    """A codec that is made later in the module, or that holds itself."""

    __slots__ = ("_find", "_found")

    def __init__(self, find: Callable[[], Codec[T]]) -> None:
        self._find = find
        self._found: Codec[T] | None = None

    @property
    def target(self) -> Codec[T]:
        """What it stands for."""
        if self._found is None:
            self._found = self._find()
        return self._found

    def encode(self, out: Writer, value: T) -> None:
        self.target.encode(out, value)

    def decode(self, input: Reader) -> T:
        return self.target.decode(input)


def to_bytes(codec: Codec[T], value: T) -> bytes:
    """The one encoding of a value. Raises `CodecError`, and nothing else, for a value that breaks its contract."""
    out = Writer()
    encode_checked(codec, out, value)
    return bytes(out.out)


def encode_checked(codec: Codec[T], out: Writer, value: T) -> None:
    """Writes a value; what only a value of another type can raise becomes a `CodecError`."""
    try:
        codec.encode(out, value)
    except CodecError:
        raise
    except (AttributeError, LookupError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise CodecError("bad_value", f"{type(error).__name__}: {error}") from error


def from_bytes(codec: Codec[T], body: bytes | bytearray | memoryview) -> T:
    """The value of a whole body. Raises `CodecError`, and nothing else."""
    input = Reader(bytes(body))
    value = codec.decode(input)
    input.finish()
    return value
