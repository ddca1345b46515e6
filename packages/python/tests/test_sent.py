"""What a failed call knows of itself: whether its request was handed to the socket. False is a promise. And how long what was
sent may hold a connection that has ended."""

from __future__ import annotations

import asyncio
import tempfile
import unittest
from pathlib import Path
from typing import Any, cast
from unittest import mock

from portcullis import Later, Limits, Never, Portcullis, PortcullisError, connect
from portcullis.codec import to_bytes
from portcullis.runtime import connection
from portcullis.session import frame
from portcullis.session.limits import FRAME_BYTES_FLOOR, WINDOW_BYTES_FLOOR
from portcullis.session.wire import WELCOME, Welcome

from .generated import Blobs, Echo, Flows, Scan
from .scripted_hub import SILENCE, Hub
from .test_end_to_end import watched
from .virtual_time import in_virtual_time, turns


class SentTest(unittest.TestCase):
    async def begin(self, limits: Limits = Limits()) -> Portcullis:
        self.hub = Hub(Echo, Blobs, Flows)
        self.hub.limits = limits
        self.hub.handlers = {name: lambda *_: SILENCE for name in ("inline", "bytes", "join", "echo", "sum")}
        return await self.hub.dial()

    async def told(self, task: asyncio.Task[Any], status: str, sent: bool) -> PortcullisError:
        with self.assertRaises(PortcullisError) as caught:
            await task
        self.assertEqual((caught.exception.status, caught.exception.sent), (status, sent))
        return caught.exception

    @in_virtual_time
    async def test_a_call_that_waits_for_the_handshake_was_not_sent(self) -> None:
        portcullis = await self.begin()
        self.hub.welcomes = False
        waits = asyncio.create_task(portcullis.bind(Echo))
        late = asyncio.create_task(portcullis.bind(Echo, timeout=0.05))
        await self.told(late, "deadline_exceeded", False)
        self.hub.wires[-1].cut()
        error = await self.told(waits, "unavailable", False)
        self.assertEqual(error.retry, Later())

    @in_virtual_time
    async def test_a_call_that_waits_for_the_window_was_not_sent_and_one_that_has_left_was(self) -> None:
        portcullis = await self.begin(Limits(window_bytes=WINDOW_BYTES_FLOOR, frame_bytes=FRAME_BYTES_FLOOR))
        echo = await portcullis.bind(Echo)
        first, second = (asyncio.create_task(echo.bytes(bytes(4060))) for _ in range(2))
        await turns()
        late = [asyncio.create_task(call) for call in (echo.inline(1, timeout=0.1), echo.inline(1, timeout=0.0))]
        for task in late:
            await self.told(task, "deadline_exceeded", False)
        self.hub.wires[-1].cut()
        self.assertEqual((await self.told(first, "unavailable", True)).retry, Never())
        await self.told(second, "unavailable", False)
        await self.told(asyncio.create_task(echo.inline(1)), "unavailable", False)

    @in_virtual_time
    async def test_a_call_in_the_turn_of_the_loss_was_not_sent(self) -> None:
        portcullis = await self.begin()
        echo = await portcullis.bind(Echo)
        call = asyncio.create_task(echo.inline(1))
        await asyncio.sleep(0)
        portcullis._connection.connection_lost(None)
        await self.told(call, "unavailable", False)
        await portcullis.close()
        self.hub.wires[-1].cut()

    @in_virtual_time
    async def test_a_call_whose_request_waits_for_its_blobs_was_not_sent(self) -> None:
        portcullis = await self.begin(Limits(window_bytes=WINDOW_BYTES_FLOOR, frame_bytes=FRAME_BYTES_FLOOR))
        blobs = await portcullis.bind(Blobs)
        call = asyncio.create_task(blobs.echo(Scan("", bytes(20_000), [], None)))
        await turns()
        self.assertGreater(self.hub.wires[-1].up, 2_000)
        self.assertEqual(self.hub.peer.asked, {})
        self.hub.wires[-1].cut()
        await self.told(call, "unavailable", False)

    @in_virtual_time
    async def test_what_ends_here_after_it_has_left_was_sent(self) -> None:
        portcullis = await self.begin()
        echo, flows = await portcullis.bind(Echo), await portcullis.bind(Flows)
        late = asyncio.create_task(echo.inline(1, timeout=0.1))
        # An item of it breaks the contract, and not the call itself.
        wrong = asyncio.create_task(flows.sum([-1]))
        await self.told(wrong, "invalid_argument", True)
        await self.told(late, "deadline_exceeded", True)
        await self.told(asyncio.create_task(echo.join("a" * 17, None, 1)), "invalid_argument", False)
        self.hub.peer.unbind()
        await turns()
        await self.told(asyncio.create_task(echo.inline(1)), "unavailable", False)
        await portcullis.close()

    @in_virtual_time
    async def test_what_a_cancelled_task_was_given_in_the_same_turn_is_given_back(self) -> None:
        portcullis = await self.begin()
        await portcullis.ready()
        kept = 0
        for moment in range(10):
            for work in (portcullis.bind(Echo), portcullis.serve(Echo, cast(Any, object()))):
                task = asyncio.create_task(work)
                await turns(moment)
                kept += not task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                await turns()
            peer = self.hub.peer
            there = len(peer.bound) - len(peer.released) + len(peer.served) - len(peer.withdrawn)
            self.assertEqual(there, kept, moment)
        self.assertEqual(len(asyncio.all_tasks()), 1)
        await portcullis.close()


class LingeringTest(unittest.IsolatedAsyncioTestCase):
    @watched
    async def test_a_hub_that_reads_nothing_holds_no_connection_that_has_ended(self) -> None:
        welcome = frame.build(frame.WELCOME, 0, 0, 0, 0, 0, to_bytes(WELCOME, Welcome(1, Limits(), 1, "label", "role")))
        writers: list[asyncio.StreamWriter] = []

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writers.append(writer)
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            writer.write(welcome)

        with tempfile.TemporaryDirectory() as folder, mock.patch.object(connection, "LINGER", 0.01):
            path = str(Path(folder) / "hub")
            server = await asyncio.start_unix_server(accept, path)
            portcullis = await connect(path)
            await portcullis.ready()
            portcullis._connection.session.one_way(frame.NOTIFY, 1, 0, lambda out: out.out.extend(bytes(3 << 20)))
            await portcullis.close()
            self.assertEqual((await portcullis.closed()).reason, "closed")
            for writer in writers:
                writer.close()
            server.close()
            await server.wait_closed()


if __name__ == "__main__":
    unittest.main()
