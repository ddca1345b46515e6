"""What generated modules say of their interfaces and channels: data, and the classes that stand on a binding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .codec import Codec
from .codec.messages import Arguments
from .session.wire import Shape

if TYPE_CHECKING:
    from .runtime.binding import Binding

R = TypeVar("R", covariant=True)
C = TypeVar("C", covariant=True)
S = TypeVar("S")
P = TypeVar("P", covariant=True)


@dataclass(frozen=True, eq=False)
class Channel(Generic[R]):
    """One channel of an interface."""

    name: str
    """The full name: `studio.cameras.list`."""
    method: str
    """The method of clients and servers."""
    ordinal: int
    kind: str
    """`call`, `notify`, `stream`, `event` or `state`."""
    deadline_ms: int
    idempotent: bool
    overflow: str
    """What happens to a receiver that is too slow."""
    depth: int
    """Values that are kept for it."""
    digest: int
    args: Arguments
    reply: Codec[Any]
    error: Codec[Any] | None = None
    up: Codec[Any] | None = None
    down: Codec[Any] | None = None

    @property
    def is_topic(self) -> bool:
        """Whether peers subscribe to it."""
        return self.kind in ("event", "state")


@dataclass(frozen=True, eq=False)
class Interface(Generic[C, S, P]):
    """An interface, which is what `bind` and `serve` take."""

    name: str
    version: int
    hash: bytes
    """16 bytes."""
    channels: tuple[Channel[Any], ...]
    client: Callable[[Binding], C] = field(repr=False)
    publisher: Callable[[Binding], P] = field(repr=False)
    earlier: tuple[bytes, ...] = ()
    """Hashes of earlier shapes that this one gets along with, at most 32."""

    @property
    def shape(self) -> Shape:
        """What `hello`, `bind` and `serve` say of it."""
        return Shape(self.hash, self.earlier)


def no_publisher(binding: Binding) -> None:
    """For an interface without topics."""
    return None
