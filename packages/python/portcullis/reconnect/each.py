"""What is done on each connection: serving, publishing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from ..client import Portcullis
from ..runtime.connection import logger

Always = Callable[[Portcullis], Awaitable[object]]
"""Run at the beginning of each connection, as a task, and cancelled at its end."""


class Each:
    """One thing that is done on each connection, in a task for each: it is the application's code, which may take its time."""

    def __init__(self, run: Always) -> None:
        self._run = run
        self.tasks: set[asyncio.Task[None]] = set()
        """That of the present connection, and those of earlier ones that have not ended yet."""
        self._present: asyncio.Task[None] | None = None

    def begin(self, portcullis: Portcullis) -> None:
        """A connection stands."""
        task = self._present = portcullis._connection.loop.create_task(self._on(portcullis, set(self.tasks)))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def end(self) -> None:
        """Its connection has ended, or nothing more is to be done. Code that closes the client itself goes on to its end."""
        # Cancelled once: another time would end what it tidies up.
        present, self._present = self._present, None
        if present is not None and present is not asyncio.current_task():
            present.cancel()

    async def _on(self, portcullis: Portcullis, before: set[asyncio.Task[None]]) -> None:
        if before:
            # What they tidy up is not to meet their successor.
            await asyncio.wait(before)
        try:
            await self._run(portcullis)
        except Exception:
            # What fails with its connection is done again on the next one.
            if portcullis.ending is None:
                logger.exception("what is always done failed")
