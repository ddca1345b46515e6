"""Frames: the header of 24 bytes, its checks, and writing it (protocol, section 1). What a frame means is the session's business."""

from __future__ import annotations

import struct
from typing import NamedTuple

from .violation import Violation

HEADER_BYTES = 24
"""Bytes of a frame header."""
OPTIONAL_KINDS_FROM = 128
"""Kinds from here on may be skipped by a receiver that does not know them."""
FLAG_CALLEE = 1
"""On `item` and `credit`: the sender is the callee."""
FLAG_ACK = 2
"""On `item`: the receiver answers with `ack`."""

HELLO, WELCOME, GOODBYE, PING, PONG, WINDOW = 1, 2, 3, 4, 5, 6
REQUEST, NOTIFY, SUBSCRIBE, PUBLISH, ITEM = 7, 8, 9, 10, 11
ACK, CREDIT, FINISH, CANCEL, END, UNBOUND, CALLER = 12, 13, 14, 15, 16, 17, 18

DATA_KINDS = frozenset({REQUEST, NOTIFY, SUBSCRIBE, PUBLISH, ITEM, FINISH, CANCEL, END, UNBOUND, CALLER})
"""Kinds that count against the connection window and keep their place in the order."""
PEER_KINDS = frozenset({HELLO, SUBSCRIBE, PUBLISH, ACK})
"""Kinds that only a peer sends."""

_FLAGS = {ITEM: FLAG_CALLEE | FLAG_ACK, CREDIT: FLAG_CALLEE}
_HEADER = struct.Struct("<IBBHIIII")
_LENGTH = struct.Struct("<I")


class Head(NamedTuple):
    """A parsed header. Kind 0 is an optional kind that is to be passed over."""

    length: int
    kind: int
    flags: int
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
    if kind == 0 or kind > CALLER:
        if kind < OPTIONAL_KINDS_FROM:
            raise Violation("unknown_kind", f"kind {kind}")
        return Head(length, 0, 0, 0, 0, 0, 0) if have >= length else None
    if flags & ~_FLAGS.get(kind, 0):
        raise Violation("unknown_flag", f"kind {kind}, flags {flags}")
    if attachments:
        raise Violation("malformed_frame", "attachments")
    return Head(length, kind, flags, binding, ordinal, id, budget) if have >= length else None


def build(kind: int, flags: int, binding: int, ordinal: int, id: int, budget: int, body: bytes | bytearray = b"") -> bytes:
    """The bytes of a frame."""
    return _HEADER.pack(HEADER_BYTES + len(body), kind, flags, 0, binding, ordinal, id, budget) + body


def with_budget(frame: bytes, budget: int) -> bytes:
    """The same frame with another budget."""
    return frame[:20] + _LENGTH.pack(budget) + frame[24:]
