"""What each side announces of itself in the handshake (protocol, sections 3 and 11), and what this side bounds by itself."""

from __future__ import annotations

from dataclasses import dataclass

from . import frame

PROTOCOL = 1
"""The protocol version that this build speaks."""
FRAME_BYTES_FLOOR = 4 * 1024
"""Least frame size that a side may announce, in bytes."""
WINDOW_BYTES_FLOOR = 4 * 1024
"""Least connection window that a side may announce, in bytes."""
NAME_BYTES_MAX = 128
"""Longest role, label, interface or instance name in the protocol's own bodies, in bytes."""
CLIENT_BYTES_MAX = 64
"""Longest name that a client may give itself, in bytes."""
GOODBYE_BYTES_MAX = 1024
"""Longest text of a goodbye, in bytes."""
OUTBOX_BYTES_MAX = 32 * 1024 * 1024
"""Data that may wait for the hub; more, and calls are refused here, and answers cut short. In bytes."""
CONTROL_BYTES_MAX = 1024 * 1024
"""Control frames that may wait for a socket that takes nothing; more ends the connection. In bytes."""
BLOBS_WAITING_BYTES_MAX = 64 * 1024 * 1024
"""Bytes of blobs that may wait for the hub; more, and messages with blobs are refused here. In bytes."""
PARCELS_MAX = 64
"""Parcels of one direction that are not used yet."""
PARCEL_BYTES_MAX = 64 * 1024
"""Bytes of a parcel that one frame carries."""
QUIET_MS = 10_000
"""Silence after which an awaited hub is pinged, in milliseconds."""
GRACE_MS = 20_000
"""Silence after a ping that ends the wait, in milliseconds."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a side accepts from the other."""

    frame_bytes: int = 16 * 1024 * 1024
    """Largest frame, header included."""
    window_bytes: int = 4 * 1024 * 1024
    """Data that may be on its way without being acknowledged."""
    calls: int = 1024
    """Calls that the other side may have open at once."""
    stream_items: int = 16
    """Items that each stream towards this side may send at first."""
    stream_bytes: int = 1024 * 1024
    """Bytes of items that each stream towards this side may send at first."""
    blob_bytes: int = 64 * 1024 * 1024
    """Bytes of blobs that may be on their way to this side, or wait here for their message."""
    pools: int = 0
    """Pools of shared memory that this side maps: none, as blobs come by copies here."""


def too_large(frame_bytes: int, blob_bytes: int, limits: Limits) -> str | None:
    """Why a frame of that size, with blobs of that many bytes, is none for the other side; `None` when it is."""
    room = limits.frame_bytes - frame.HEADER_BYTES
    if frame_bytes > limits.frame_bytes:
        return f"a body of {frame_bytes - frame.HEADER_BYTES} bytes is larger than the {room} that the hub takes"
    if blob_bytes > limits.blob_bytes:
        return f"blobs of {blob_bytes} bytes are more than the {limits.blob_bytes} that the hub takes"
    return None
