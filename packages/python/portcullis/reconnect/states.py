"""How a client that connects again is, and being told of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from ..runtime.connection import Connected, logger


@dataclass(frozen=True, slots=True)
class Connecting:
    """An attempt is made."""

    attempt: int
    """Which it is since a connection last stood for long, from 1."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Another attempt follows."""

    after: float
    """The whole wait, in seconds."""
    reason: str
    """How the connection ended: one of `REASON_CODES`, `transport_lost`, or that none was made, `dial_failed`."""
    message: str


@dataclass(frozen=True, slots=True)
class Closed:
    """There will be no connection any more."""

    reason: str
    """As in `Waiting`."""
    message: str


ReconnectState = Connecting | Connected | Waiting | Closed
"""How a client that connects again is."""


def guard(what: str, run: Callable[[], object]) -> None:
    """Runs code of the application's, which must not disturb what calls it: what it raises is logged."""
    try:
        run()
    except Exception:
        logger.exception("%s failed", what)


class StateCell:
    """The state that is now. It tells of every change."""

    def __init__(self, state: ReconnectState) -> None:
        self.now = state
        self.changed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done at the next change, which has another one."""
        self._listeners: dict[object, Callable[[ReconnectState], object]] = {}

    def listen(self, listener: Callable[[ReconnectState], object]) -> Callable[[], None]:
        """Calls `listener` at every change, until what this returns is called."""
        key = object()
        self._listeners[key] = listener

        def leave() -> None:
            self._listeners.pop(key, None)

        return leave

    def change(self, state: ReconnectState) -> None:
        """Another state holds from now on."""
        self.now = state
        changed, self.changed = self.changed, asyncio.get_running_loop().create_future()
        changed.set_result(None)
        for listener in list(self._listeners.values()):
            guard("a state listener", lambda: listener(state))
        if isinstance(state, Closed):
            self._listeners.clear()


class States:
    """One state after the other, the present one first; it ends behind `Closed`. States that were over before they were asked
    for are left out."""

    def __init__(self, cell: StateCell) -> None:
        self._cell = cell
        self._seen: ReconnectState | None = None

    def __aiter__(self) -> States:
        return self

    async def __anext__(self) -> ReconnectState:
        # Every turn waits for a change. States are told apart by identity, as two attempts may be equal.
        while self._cell.now is self._seen:
            if isinstance(self._seen, Closed):
                raise StopAsyncIteration
            await asyncio.shield(self._cell.changed)
        self._seen = self._cell.now
        return self._seen
