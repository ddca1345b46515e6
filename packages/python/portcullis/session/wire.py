"""The protocol's own bodies: handshake, failures, the calls of binding 0, delivery reports (protocol, sections 3 to 7).
Written by hand from the text, of the same codecs as generated code."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..codec import Codec, Enum, Field, FixedBytes, Int, List, String, Struct, Tuple, Variant
from ..codec.base import from_bytes
from ..codec.error import CodecError
from ..codec.reader import Reader
from ..codec.writer import Writer
from .limits import CLIENT_BYTES_MAX, NAME_BYTES_MAX, Limits
from .violation import Violation

CHANNEL_BYTES_MAX = 256
"""Longest channel of a failure, in bytes."""
PATH_BYTES_MAX = 512
"""Longest path of a failure, in bytes."""
MESSAGE_BYTES_MAX = 1024
"""Longest message of a failure, in bytes."""
EARLIER_MAX = 32
"""Most earlier shapes of an interface that are named."""

_U16, U32, _U64 = Int(16, False), Int(32, False), Int(64, False)
_NAME, HASH = String(0, NAME_BYTES_MAX), FixedBytes(16)


@dataclass(frozen=True, slots=True)
class Shape:
    """The shape of an interface, as a build knows it."""

    hash: bytes
    """16 bytes."""
    earlier: Sequence[bytes] = ()
    """Hashes of earlier shapes that were proven compatible with it."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One interface, of at most 256, that this client was built with."""

    name: str
    version: int
    shape: Shape
    channels: Sequence[int]
    """The digest of each channel."""


@dataclass(frozen=True, slots=True)
class Hello:
    """The first frame of a peer."""

    protocol_min: int
    protocol_max: int
    client: str
    limits: Limits
    interfaces: Sequence[Offer]


@dataclass(frozen=True, slots=True)
class Welcome:
    """The hub's answer."""

    protocol: int
    limits: Limits
    peer: int
    label: str
    role: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a call, told by the hub to main's own services only."""

    peer: int
    label: str
    role: str


@dataclass(frozen=True, slots=True)
class Bound:
    """What `bind` gives."""

    binding: int
    label: str
    instance: str


@dataclass(frozen=True, slots=True)
class AnyInstance:
    """Any instance."""


@dataclass(frozen=True, slots=True)
class Label:
    """The instance of the server with this label."""

    label: str


@dataclass(frozen=True, slots=True)
class Instance:
    """The instance of this name."""

    instance: str


@dataclass(frozen=True, slots=True)
class Never:
    """Trying again does not help."""


@dataclass(frozen=True, slots=True)
class Later:
    """Trying again may help."""


@dataclass(frozen=True, slots=True)
class After:
    """Trying again may help after so many milliseconds."""

    ms: int


@dataclass(frozen=True, slots=True)
class Failure:
    """The body of an `end` that is neither `ok` nor `application`."""

    channel: str
    path: str
    message: str
    retry: Never | Later | After
    correlation: int


@dataclass(frozen=True, slots=True)
class Recipient:
    """A subscriber that got a value."""

    peer: int
    label: str


class Why(enum.Enum):
    """Why a subscriber did not get a value."""

    DROPPED = 0
    LEFT = 1
    TIMED_OUT = 2


@dataclass(frozen=True, slots=True)
class Miss:
    """A subscriber that did not get a value."""

    peer: int
    label: str
    why: Why


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """Who got a published value, and who did not."""

    delivered: Sequence[Recipient]
    missed: Sequence[Miss]


def _struct(make: Any, **fields: Codec[Any]) -> Codec[Any]:
    return Struct(make, *(Field(name, name, codec) for name, codec in fields.items()))


_LIMITS = _struct(Limits, frame_bytes=U32, window_bytes=U32, calls=_U16, stream_items=U32, stream_bytes=U32, blob_bytes=U32, pools=_U16)
_SHAPE = _struct(Shape, hash=HASH, earlier=List(HASH, 16, 0, EARLIER_MAX))
_OFFER = _struct(Offer, name=_NAME, version=_U16, shape=_SHAPE, channels=List(U32, 1, 0, 1024))
_CLIENT = String(0, CLIENT_BYTES_MAX)

HELLO: Codec[Hello] = _struct(
    Hello, protocol_min=_U16, protocol_max=_U16, client=_CLIENT, limits=_LIMITS, interfaces=List(_OFFER, 20, 0, 256)
)
WELCOME: Codec[Welcome] = _struct(Welcome, protocol=_U16, limits=_LIMITS, peer=U32, label=_NAME, role=_NAME)
BOUND: Codec[Bound] = _struct(Bound, binding=U32, label=_NAME, instance=_NAME)
_TARGET: Codec[AnyInstance | Label | Instance] = Enum(
    False,
    Variant("Any", 0, AnyInstance),
    Variant("Label", 1, Label, (Field("label", "label", _NAME),)),
    Variant("Instance", 2, Instance, (Field("instance", "instance", _NAME),)),
)
BIND = Tuple(_NAME, _SHAPE, _TARGET)
"""The arguments of `bind`."""
SERVE = Tuple(_NAME, _SHAPE, _NAME)
"""The arguments of `serve`."""
NUMBER = Tuple(U32)
"""The arguments of `release` and `withdraw`."""
_RETRY: Codec[Never | Later | After] = Enum(
    False, Variant("Never", 0, Never), Variant("Later", 1, Later), Variant("After", 2, After, (Field("ms", "ms", U32),))
)
FAILURE: Codec[Failure] = _struct(
    Failure,
    channel=String(0, CHANNEL_BYTES_MAX),
    path=String(0, PATH_BYTES_MAX),
    message=String(0, MESSAGE_BYTES_MAX),
    retry=_RETRY,
    correlation=_U64,
)
_WHY: Codec[Why] = Enum(False, *(Variant(why.name, why.value, why) for why in Why))
REPORT: Codec[DeliveryReport] = _struct(
    DeliveryReport,
    delivered=List(_struct(Recipient, peer=U32, label=_NAME), 2),
    missed=List(_struct(Miss, peer=U32, label=_NAME, why=_WHY), 3),
)
_CALLER = Tuple(_NAME, _NAME)


def write_failure(out: Writer, failure: Failure) -> None:
    """Writes a failure; texts that are too long are cut."""
    cut = Failure(
        _cut(failure.channel, CHANNEL_BYTES_MAX),
        _cut(failure.path, PATH_BYTES_MAX),
        _cut(failure.message, MESSAGE_BYTES_MAX),
        failure.retry,
        failure.correlation,
    )
    FAILURE.encode(out, cut)


def _cut(text: str, most: int) -> str:
    return text.encode(errors="replace")[:most].decode(errors="ignore")


def goodbye_text(text: str, most: int) -> bytes:
    """The bytes of a goodbye's text."""
    return _cut(text, most).encode()


def decode_welcome(body: bytes) -> Welcome:
    """Raises `CodecError`."""
    input = Reader(body)
    welcome = WELCOME.decode(input)
    input.finish()
    return welcome


def decode_caller(peer: int, body: bytes) -> Caller:
    """Who makes the calls that follow. Raises a `Violation` when the body does not say."""
    try:
        label, role = from_bytes(_CALLER, body)
    except CodecError as error:
        raise Violation("malformed_payload", f"caller: {error}") from None
    return Caller(peer, label, role)
