"""Lines about what callers bring about. One of them can do so without end, and must not fill the log with it."""

from __future__ import annotations

import time

from .connection import logger

LINES_FIRST = 8
"""Lines about one channel and caller that are all written, in each minute."""
MINUTE_S = 60.0
KEYS_MAX = 1_024
"""Channels and callers that are counted at a time."""


class FaultLog:
    """Writes the first lines about a channel and its caller; of more within a minute those whose count is a power of two."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], tuple[float, int]] = {}

    def error(self, channel: str, label: str, what: str, error: BaseException | None = None) -> None:
        """A line about a channel, as far as it is not one too many. Callers are told apart by label, which outlives a connection."""
        times = self._count((channel, label))
        if times > LINES_FIRST and times & (times - 1):
            return
        often = f" ({times} times within a minute)" if times > LINES_FIRST else ""
        logger.error("%s %s%s", channel, what, often, exc_info=error)

    def _count(self, key: tuple[str, str]) -> int:
        now = time.monotonic()
        until, times = self._counts.get(key, (now, 0))
        if now >= until:
            # Whoever makes so many is not told apart any more.
            if len(self._counts) >= KEYS_MAX:
                self._counts.clear()
            until, times = now + MINUTE_S, 0
        self._counts[key] = (until, times + 1)
        return times + 1
