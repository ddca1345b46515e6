"""An event loop whose time passes only while nothing is left to be done: waits take no time, and tests do not depend on how
busy the machine is."""

from __future__ import annotations

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine
from typing import Any

LONGEST = 86_400.0
"""No test waits for so long, in seconds: what does has hung."""


class _Selector(selectors.DefaultSelector):
    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None or self.loop.passed > LONGEST:
            raise RuntimeError("nothing will ever happen")
        self.loop.passed += max(0.0, timeout)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """Its clock is what was waited for so far."""

    def __init__(self) -> None:
        self.passed = 0.0
        selector = _Selector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.passed


def in_virtual_time(test: Callable[[Any], Coroutine[Any, Any, None]]) -> Callable[[Any], None]:
    """Runs a test, and looks at what it leaves: no task, and nothing that failed where nobody looks."""

    @functools.wraps(test)
    def run(self: Any) -> None:
        loop = VirtualLoop()
        failed: list[str] = []
        loop.set_exception_handler(lambda _, context: failed.append(str(context)))
        try:
            loop.run_until_complete(test(self))
            loop.run_until_complete(turns())
            self.assertEqual(asyncio.all_tasks(loop), set(), "tasks are left")
            timers = [timer for timer in loop._scheduled if not timer.cancelled()]  # type: ignore[attr-defined]
            self.assertEqual(timers, [], "timers are left")
        finally:
            for task in asyncio.all_tasks(loop):
                task.cancel()
            loop.run_until_complete(turns())
            loop.close()
        self.assertEqual(failed, [])

    return run


async def turns(count: int = 10) -> None:
    """Lets everything run that can run now."""
    for _ in range(count):
        await asyncio.sleep(0)
