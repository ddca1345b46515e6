"""What each side announces of itself in the handshake (protocol, sections 3 and 11), and what this side bounds by itself."""

from __future__ import annotations

from dataclasses import dataclass

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
