"""One attempt to connect, and the connection that it has made."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from ..client import Portcullis
from ..errors import PortcullisError
from ..runtime.connection import Connected
from ..session.violation import Ending

Dial = Callable[[], Awaitable[Portcullis]]
"""Makes a connection: `lambda: connect(path, interfaces=[Cameras])`. It is cancelled when it takes too long."""


class Attempt:
    """Made once, and ended once."""

    def __init__(self, dial: Dial) -> None:
        self.portcullis: Portcullis | None = None
        """The connection, once the socket is open."""
        self.task: asyncio.Task[Connected | Ending] = asyncio.get_running_loop().create_task(self._stand())
        """It ends with the attempt, unless `dial` does not heed that it is cancelled."""
        self.task.add_done_callback(lambda task: task.cancelled() or task.exception())
        self._dial = dial
        self._over: Ending | None = None

    async def connected(self, within: float) -> Connected | Ending:
        """Waits until the connection stands, for so many seconds at most. Returns why it does not when it has failed; raises
        what `dial` raises and no other attempt would mend."""
        # Unlike `wait_for` it never keeps a cancellation to itself.
        await asyncio.wait({self.task}, timeout=within)
        if self.task.done():
            return self.task.result()
        late = Ending("handshake_timeout", f"it did not stand within {within:g} s")
        self.end(late)
        return late

    def end(self, ending: Ending) -> None:
        """Ends the connection, or the one that is still made."""
        self._over = ending
        self.task.cancel()
        if self.portcullis is not None:
            self.portcullis._connection.close(ending)

    async def _stand(self) -> Connected | Ending:
        try:
            portcullis = self.portcullis = await self._dial()
        except (OSError, asyncio.TimeoutError, PortcullisError) as error:
            return Ending("dial_failed", str(error) or type(error).__name__)
        if self._over is not None:
            # It did not heed that nobody waits for it any more.
            portcullis._connection.close(self._over)
            return self._over
        try:
            return await portcullis.ready()
        except PortcullisError:
            return await portcullis.closed()
