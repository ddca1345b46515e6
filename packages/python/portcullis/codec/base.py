"""What every codec is: it writes a value to a writer and reads one from a reader."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from .error import CodecError, fail
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


class Body(NamedTuple):
    """A body as it travels: its bytes, and the blobs that it refers to."""

    data: bytes
    blobs: tuple[bytes, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of both, as streams count them."""
        return len(self.data) + sum(map(len, self.blobs))

    def read(self, codec: Codec[T]) -> T:
        """The value, which must use up both. Raises `CodecError`, and nothing else."""
        input = Reader(self.data, self.blobs)
        value = codec.decode(input)
        input.finish()
        return value


def to_bytes(codec: Codec[T], value: T) -> bytes:
    """The one encoding of a value without blobs. Raises `CodecError`, and nothing else, for a value that breaks its contract."""
    body = to_body(codec, value)
    if body.blobs:
        fail("bad_blob", "there is no place for blobs here")
    return body.data


def to_body(codec: Codec[T], value: T) -> Body:
    """The one encoding of a value, and its blobs. Raises as `to_bytes`."""
    out = Writer()
    encode_checked(codec, out, value)
    return Body(bytes(out.out), tuple(out.blobs))


def encode_checked(codec: Codec[T], out: Writer, value: T) -> None:
    """Writes a value; what only a value of another type can raise becomes a `CodecError`."""
    try:
        codec.encode(out, value)
    except CodecError:
        raise
    except (AttributeError, LookupError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise CodecError("bad_value", f"{type(error).__name__}: {error}") from error


def from_bytes(codec: Codec[T], body: bytes | bytearray | memoryview) -> T:
    """The value of a whole body without blobs. Raises `CodecError`, and nothing else."""
    return Body(bytes(body)).read(codec)
