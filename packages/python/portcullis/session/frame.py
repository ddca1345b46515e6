"""Frames: the header of 24 bytes, its checks, and writing it (protocol, section 1). What a frame means is the session's business."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from ..codec.writer import BLOBS_MAX
from .violation import Violation

HEADER_BYTES = 24
"""Bytes of a frame header."""
OPTIONAL_KINDS_FROM = 128
"""Kinds from here on may be skipped by a receiver that does not know them."""
FLAG_CALLEE = 1
"""On `item` and `credit`: the sender is the callee."""
FLAG_ACK = 2
"""On `item`: the receiver answers with `ack`."""
FLAG_ABANDON = 4
"""On `parcel`: the rest of it will not come."""
FLAG_ROW = 8
"""On `item`: the body is a row of items. Not beside `FLAG_ACK`."""

HELLO, WELCOME, GOODBYE, PING, PONG, WINDOW = 1, 2, 3, 4, 5, 6
REQUEST, NOTIFY, SUBSCRIBE, PUBLISH, ITEM = 7, 8, 9, 10, 11
ACK, CREDIT, FINISH, CANCEL, END, UNBOUND, CALLER = 12, 13, 14, 15, 16, 17, 18
PARCEL, LEND, POOL = 19, 20, 21

DATA_KINDS = frozenset(
    {REQUEST, NOTIFY, SUBSCRIBE, PUBLISH, ITEM, FINISH, CANCEL, END, UNBOUND, CALLER, PARCEL, LEND}
)
"""Kinds that count against the connection window and keep their place in the order."""
PEER_KINDS = frozenset({HELLO, SUBSCRIBE, PUBLISH, ACK})
"""Kinds that only a peer sends."""

_FLAGS = {ITEM: FLAG_CALLEE | FLAG_ACK | FLAG_ROW, CREDIT: FLAG_CALLEE, PARCEL: FLAG_ABANDON}
_WITH_BLOBS = frozenset({REQUEST, NOTIFY, PUBLISH, ITEM, END})
_HEADER = struct.Struct("<IBBHIIII")
_LENGTH = struct.Struct("<I")
_ITEM_LENGTH = struct.Struct("<H")
NUMBER_BYTES = 4
"""Bytes of a parcel's number behind a body."""


class Head(NamedTuple):
    """A parsed header. Kind 0 is an optional kind that is to be passed over."""

    length: int
    kind: int
    flags: int
    attachments: int
    """Parcels whose numbers stand behind the body."""
    binding: int
    ordinal: int
    id: int
    budget: int


def parse_head(data: bytes | bytearray, offset: int, frame_bytes_max: int) -> Head | None:
    """The head of a frame that is whole; `None` while bytes are missing. Lengths are checked before anything is waited for."""
    have = len(data) - offset
    if have < 4:
        return None
    (length,) = _LENGTH.unpack_from(data, offset)
    if length < HEADER_BYTES:
        raise Violation("malformed_frame", f"{length} bytes")
    if length > frame_bytes_max:
        raise Violation("frame_too_large", f"{length} bytes")
    if have < HEADER_BYTES:
        return None
    _, kind, flags, attachments, binding, ordinal, id, budget = _HEADER.unpack_from(data, offset)
    if kind == 0 or kind > POOL:
        if kind < OPTIONAL_KINDS_FROM:
            raise Violation("unknown_kind", f"kind {kind}")
        return Head(length, 0, 0, 0, 0, 0, 0, 0) if have >= length else None
    if flags & ~_FLAGS.get(kind, 0) or flags & (FLAG_ACK | FLAG_ROW) == FLAG_ACK | FLAG_ROW:
        raise Violation("unknown_flag", f"kind {kind}, flags {flags}")
    if attachments > (BLOBS_MAX if kind in _WITH_BLOBS and not flags & FLAG_ROW else 0):
        raise Violation("malformed_frame", f"kind {kind}, {attachments} attachments")
    if have < length:
        return None
    if HEADER_BYTES + NUMBER_BYTES * attachments > length:
        raise Violation("malformed_frame", f"{length} bytes have no room for {attachments} attachments")
    return Head(length, kind, flags, attachments, binding, ordinal, id, budget)


def items_of(row: bytes) -> Iterator[bytes]:
    """The items of a row, in order; a violation where one is not whole, or none is there."""
    at = 0
    while at < len(row):
        start = at + _ITEM_LENGTH.size
        if start > len(row) or (at := start + _ITEM_LENGTH.unpack_from(row, start - _ITEM_LENGTH.size)[0]) > len(row):
            raise Violation("malformed_frame", "the last item of a row is cut short")
        yield row[start:at]
    if at == 0:
        raise Violation("malformed_frame", "a row without an item")


def parcel_numbers(data: bytes | bytearray, end: int, count: int) -> tuple[int, ...]:
    """The numbers of `count` parcels that end at `end`."""
    return struct.unpack_from(f"<{count}I", data, end - NUMBER_BYTES * count)


def build(
    kind: int,
    flags: int,
    binding: int,
    ordinal: int,
    id: int,
    budget: int,
    body: bytes | bytearray | memoryview = b"",
    attachments: int = 0,
) -> bytes:
    """The bytes of a frame. The numbers of its parcels are 0 until `with_parcels`."""
    length = HEADER_BYTES + len(body) + NUMBER_BYTES * attachments
    head = _HEADER.pack(length, kind, flags, attachments, binding, ordinal, id, budget)
    return b"".join((head, body, bytes(NUMBER_BYTES * attachments))) if attachments else head + body


def with_parcels(frame: bytes, numbers: list[int]) -> bytes:
    """The same frame with the numbers of all parcels that it takes."""
    return frame[: -NUMBER_BYTES * len(numbers)] + struct.pack(f"<{len(numbers)}I", *numbers)


def with_budget(frame: bytes, budget: int) -> bytes:
    """The same frame with another budget."""
    return frame[:20] + _LENGTH.pack(budget) + frame[24:]
