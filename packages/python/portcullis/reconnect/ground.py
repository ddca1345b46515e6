"""What lasting bindings know of the connections that they outlive, and the room for what waits there."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ..client import Portcullis
from ..errors import PortcullisError
from ..runtime.binding import Binding
from ..session.limits import BLOBS_WAITING_BYTES_MAX, Limits
from .waits import WaitPolicy

WAITING_CALLS_MAX = Limits().calls
"""Calls of one client that may wait for a connection or an instance."""
WAITING_BYTES_MAX = BLOBS_WAITING_BYTES_MAX
"""Bytes of their arguments."""


class Waiter(NamedTuple):
    """Somebody who needs an instance."""

    bound: Callable[[Binding], None]
    failed: Callable[[PortcullisError], None]


class Ground:
    """What all bindings of one client stand on."""

    def __init__(self, policy: WaitPolicy) -> None:
        self.policy = policy
        self.over: str | None = None
        """Why there will be no connection any more; `None` while there may be."""
        self.standing: Portcullis | None = None
        """The connection that was taken in last; it may have ended a moment ago."""
        self._calls = self._bytes = 0

    @property
    def current(self) -> Portcullis | None:
        """The connection that stands; `None` in a gap."""
        standing = self.standing
        return standing if standing is not None and standing.ending is None else None

    def keep(self, count: int) -> bool:
        """Makes room for a call that waits with so many bytes; false when too much waits already."""
        if self._calls >= WAITING_CALLS_MAX or self._bytes + count > WAITING_BYTES_MAX:
            return False
        self._calls += 1
        self._bytes += count
        return True

    def give(self, count: int) -> None:
        """Gives that room back."""
        self._calls -= 1
        self._bytes -= count
