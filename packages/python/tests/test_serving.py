"""Serving: a call ends with its handler and not before, and one caller leaves the others their places and the log its lines."""

from __future__ import annotations

import asyncio
import logging
import unittest
from typing import Any, cast

from portcullis import CallContext
from portcullis.codec.base import Body
from portcullis.runtime.serving import Export, Server
from portcullis.session.limits import Limits

from .generated import Echo, Flows

NEVER, TELL, NOTHING = (
    next(at for at, channel in enumerate(Echo.channels) if channel.method == method)
    for method in ("never", "tell", "nothing")
)
STALL = next(at for at, channel in enumerate(Flows.channels) if channel.method == "stall")


class Wire:
    """A session and connection that note what is sent."""

    def __init__(self, calls: int) -> None:
        self.ours = Limits(calls=calls)
        self.session = self
        self.loop = asyncio.get_running_loop()
        self.connected: asyncio.Future[Any] = self.loop.create_future()
        self.open: dict[int, Any] = {}
        self.ends: list[tuple[int, str]] = []

    def now(self) -> float:
        return self.loop.time() * 1000

    def touched(self) -> None: ...

    def clear_deadline(self, callee: bool, id: int) -> None: ...

    def set_inbound_deadline(self, id: int, deadline: float) -> None: ...

    def accept(self, id: int, owner: Any, up: bool, down: bool) -> None:
        self.open[id] = owner

    def may_send(self, callee: bool, id: int) -> bool | None:
        return True if id in self.open else None

    def item(self, callee: bool, id: int, missed: int, body: Any) -> None: ...

    def reply(self, id: int, status: str, body: Any) -> None:
        if self.open.pop(id, None) is not None:
            self.ends.append((id, status))

    def refuse(self, id: int, status: str, message: str, channel: str = "") -> None:
        self.ends.append((id, status))


class Stubborn:
    """Handlers that do not heed their cancellation until they are let go."""

    def __init__(self) -> None:
        self.let_go = asyncio.Event()
        self.begun: list[str] = []
        self.cancelled = 0

    async def _work(self, cx: CallContext) -> None:
        self.begun.append("" if cx.caller is None else cx.caller.label)
        while not self.let_go.is_set():
            try:
                await self.let_go.wait()
            except asyncio.CancelledError:
                self.cancelled += 1

    async def never(self, cx: CallContext) -> None:
        await self._work(cx)

    async def tell(self, cx: CallContext, text: str) -> None:
        await self._work(cx)

    async def nothing(self, cx: CallContext) -> None: ...

    async def stall(self, cx: CallContext, out: Any) -> None:
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                self.cancelled += 1
                await out.send(1)


async def turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def caller(label: str) -> bytes:
    return b"".join(bytes((len(text),)) + text.encode() for text in (label, "w"))


class ServingTest(unittest.IsolatedAsyncioTestCase):
    def serve(self, interface: Any, handlers: Any, calls: int = 4) -> tuple[Server, Wire]:
        wire = Wire(calls)
        server = Server(cast(Any, wire))
        server.add(1, Export(interface, handlers))
        return server, wire

    async def test_f13_f15_a_call_that_is_given_up_ends_with_its_handler(self) -> None:
        handlers = Stubborn()
        server, wire = self.serve(Echo, handlers)
        server.request(7, 1, NEVER, Body(b""), 1000)
        server.request(8, 1, NEVER, Body(b""), 1000)
        # One that has not begun is over at once.
        wire.open[8].stop("cancelled")
        await turns()
        wire.open[7].stop("deadline_exceeded")
        wire.open[7].stop("cancelled")
        await turns()
        self.assertEqual((handlers.cancelled, wire.ends), (1, [(8, "cancelled")]))
        handlers.let_go.set()
        await turns()
        self.assertEqual(wire.ends, [(8, "cancelled"), (7, "deadline_exceeded")])

    async def test_a_stream_that_is_given_up_sends_nothing_more(self) -> None:
        handlers = Stubborn()
        server, wire = self.serve(Flows, handlers)
        server.request(7, 1, STALL, Body(b""), 1000)
        await turns()
        wire.open[7].stop("cancelled")
        await turns()
        self.assertEqual((handlers.cancelled, wire.ends), (1, [(7, "cancelled")]))

    async def test_f15_notifications_take_no_places_of_calls_and_leave_others_theirs(self) -> None:
        handlers = Stubborn()
        server, wire = self.serve(Echo, handlers)
        with self.assertLogs("portcullis", logging.ERROR) as logged:
            for peer in (7, 8):
                server.caller(peer, caller("greedy"))
                for _ in range(100):
                    server.notify(1, TELL, Body(b"\x01x"))
            server.caller(9, caller("other"))
            server.notify(1, TELL, Body(b"\x01x"))
            server.request(7, 1, NOTHING, Body(b""), 1000)
            await turns()
        self.assertEqual(handlers.begun, ["greedy", "greedy", "other"])
        self.assertEqual(wire.ends, [(7, "ok")])
        # Of 198 that were dropped: eight, then the 16th, 32nd, 64th and 128th.
        self.assertEqual(len(logged.output), 12)
        handlers.let_go.set()
        await turns()
        server.notify(1, TELL, Body(b"\x01x"))
        await turns()
        self.assertEqual(handlers.begun[3:], ["other"])
