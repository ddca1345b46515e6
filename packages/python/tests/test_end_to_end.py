"""The client against the Rust hub, over a Unix socket. Needs the hub's program: `cargo build -p conformance --example
sample-hub`, and its path in `PORTCULLIS_SAMPLE_HUB`. (R31)"""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import os
import subprocess
import tempfile
import unittest
from array import array
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, cast

from portcullis import ApplicationError, CallContext, Portcullis, PortcullisError, Sink, Source, connect
from portcullis.session.frame import build

from .generated import Blobs, BlobsErrorRejected, BlobsServer, Samples, Scan
from .generated import Echo, EchoRequest, EchoServer, Flows, FlowsServer, Topics, TopicsServer
from .generated import EchoErrorOdd, FlowsErrorBroken, Shared, Stale, StateVersion, Summary, Tally

PROGRAM = os.environ.get("PORTCULLIS_SAMPLE_HUB", "")
WATCHDOG = 60.0
"""Nothing here takes so long, in seconds; what hangs fails."""


def watched(test: Callable[[Any], Coroutine[Any, Any, None]]) -> Callable[[Any], Coroutine[Any, Any, None]]:
    """Ends a test that hangs."""

    @functools.wraps(test)
    async def run(self: Any) -> None:
        await asyncio.wait_for(test(self), WATCHDOG)

    return run


class Echoes:
    """Handlers of the methods that the tests call; the others are missing, which answers `unimplemented`."""

    def __init__(self) -> None:
        self.cancelled = asyncio.Event()

    async def join(self, cx: CallContext, left: str, right: str | None, times: int) -> str:
        return f"{left}-{right}-{times}"

    async def fail(self, cx: CallContext, number: int, reasons: Any) -> int:
        raise ApplicationError(EchoErrorOdd(number))

    async def refuse(self, cx: CallContext, message: str) -> None:
        raise PortcullisError("failed_precondition", message, path="message")

    async def panic(self, cx: CallContext, message: str) -> None:
        raise RuntimeError("broken")

    async def told(self, cx: CallContext) -> int:
        return -1

    async def never(self, cx: CallContext) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise


class Flowing:
    async def count(self, cx: CallContext, count: int, fail_after: int | None, out: Sink[int]) -> Summary:
        for number in range(count):
            await out.send(number)
        return Summary(count, 0)

    async def sum(self, cx: CallContext, items: Source[int]) -> Summary:
        total = 0
        async for item in items:
            total += item
        return Summary(0, total)


class Scanning:
    """Serves what sends blobs every way."""

    def __init__(self) -> None:
        self.handed: asyncio.Queue[Scan] = asyncio.Queue()

    async def echo(self, cx: CallContext, scan: Scan) -> Scan:
        if not scan.name:
            raise ApplicationError(BlobsErrorRejected(scan.points))
        return scan

    async def small(self, cx: CallContext, number: int) -> int:
        return number

    async def hand_over(self, cx: CallContext, scan: Scan) -> None:
        self.handed.put_nowait(scan)

    async def mirror(self, cx: CallContext, samples: Samples) -> Samples:
        return samples

    async def waves(self, cx: CallContext, count: int, length: int, out: Sink[memoryview]) -> None:
        for number in range(count):
            await out.send(memoryview(array("f", [number + place / 2 for place in range(length)])))

    async def frames(self, cx: CallContext, count: int, bytes: int, out: Sink[bytes]) -> None:
        for number in range(count):
            await out.send(bytearray([number]) * bytes)  # type: ignore[arg-type]

    async def total(self, cx: CallContext, items: Source[bytes]) -> int:
        return sum([len(item) async for item in items])


class Nothing:
    async def emit(self, cx: CallContext, number: int, times: int) -> None:
        return None


@unittest.skipIf(PROGRAM == "", "PORTCULLIS_SAMPLE_HUB names no hub")
class AgainstTheRustHub(unittest.IsolatedAsyncioTestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = str(Path(folder.name) / "socket" / "hub")
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self.hub = subprocess.Popen([PROGRAM, self.path], **pipes)  # type: ignore[call-overload]
        self.addCleanup(self.end_hub)
        self.hub.stdout.readline()

    def end_hub(self) -> None:
        self.hub.stdin.close()
        self.hub.wait()
        self.hub.stdout.close()

    async def peer(self, **options: Any) -> Portcullis:
        made = await connect(self.path, client="python", **{"interfaces": [Echo, Flows, Topics], **options})
        self.addAsyncCleanup(made.close)
        return made

    async def refused(self, work: Any) -> PortcullisError:
        with self.assertRaises(PortcullisError) as caught:
            await work
        return caught.exception

    @watched
    async def test_calls_of_every_kind(self) -> None:
        portcullis = await self.peer()
        who = await portcullis.ready()
        self.assertEqual((who.label, who.role), ("peer", "all"))
        echo = await portcullis.bind(Echo)
        reply = await echo.call(EchoRequest(41, "answer", 1.5))
        self.assertEqual((reply.number, reply.text, reply.value), (42, "answer", 3.0))
        self.assertEqual(await echo.join("ab", "c", 2), "abcabc")
        large = bytes(range(256)) * 20_000
        self.assertEqual(await echo.bytes(large), large)
        odd = await self.refused(echo.fail(3, []))
        self.assertIsInstance(odd, ApplicationError)
        self.assertEqual(odd.error, EchoErrorOdd(3))  # type: ignore[attr-defined]
        refused = await self.refused(echo.refuse("no"))
        self.assertEqual((refused.status, refused.path, refused.detail), ("failed_precondition", "message", "no"))
        broken = await self.refused(echo.panic("oh"))
        self.assertEqual(broken.status, "internal")
        self.assertNotEqual(broken.correlation, 0)
        self.assertEqual((await self.refused(echo.never(timeout=0.05))).status, "deadline_exceeded")
        wrong = await self.refused(echo.join("a" * 17, None, 1))
        self.assertEqual((wrong.status, wrong.path), ("invalid_argument", "left"))
        many = await asyncio.gather(*(echo.inline(number) for number in range(1000)))
        self.assertEqual(many, list(range(1000)))
        await portcullis.release(echo)
        self.assertEqual((await self.refused(echo.nothing())).status, "unavailable")

    @watched
    async def test_a_task_that_is_cancelled_cancels_its_call(self) -> None:
        server, client = await self.peer(), await self.peer()
        handlers = Echoes()
        await server.serve(Echo, cast(Any, handlers), instance="mine")
        echo = await client.bind(Echo, instance="mine")
        task = asyncio.create_task(echo.never(timeout=30))
        await asyncio.sleep(0.05)
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task
        await handlers.cancelled.wait()
        self.assertEqual(await echo.join("a", "b", 1), "a-b-1")

    @watched
    async def test_blobs_go_every_way(self) -> None:
        server, client = await self.peer(interfaces=[Blobs]), await self.peer(interfaces=[Blobs])
        scanning = Scanning()
        served = await server.serve(Blobs, cast(BlobsServer, scanning), instance="mine")
        blobs = await client.bind(Blobs, instance="mine")
        large = bytes(range(256)) * 12 * 1024 + b"end"
        scan = Scan("left", large, [b"", b"one"], None)
        self.assertEqual(await blobs.echo(scan), dataclasses.replace(scan, pictures=(b"", b"one")))
        rejected = await self.refused(blobs.echo(Scan("", b"seen", [], None)))
        self.assertEqual(cast(Any, rejected).error, BlobsErrorRejected(b"seen"))
        many = await asyncio.gather(blobs.echo(scan), *(blobs.small(number) for number in range(100)))
        self.assertEqual(many[1:], list(range(100)))
        blobs.hand_over(scan)
        self.assertEqual((await scanning.handed.get()).points, large)
        # More than the credit that a stream starts with.
        frames = [frame async for frame in blobs.frames(5, 1_500_000)]
        self.assertEqual([(len(frame), frame[0], frame[-1]) for frame in frames], [(1_500_000, n, n) for n in range(5)])
        self.assertEqual(await blobs.total([large, b"", bytearray(large), memoryview(b"four")]), 2 * len(large) + 4)  # type: ignore[list-item]
        async with blobs.scanned() as scans, blobs.latest() as latest:
            served.publisher.latest(large)
            self.assertEqual(await anext(latest), large)
            report = await served.publisher.scanned_reported(scan, within=20.0)
            self.assertEqual(len(report.delivered), 1)
            self.assertEqual((await anext(scans)).points, large)

    @watched
    async def test_typed_arrays_go_both_ways(self) -> None:
        server, client = await self.peer(interfaces=[Blobs]), await self.peer(interfaces=[Blobs])
        await server.serve(Blobs, cast(BlobsServer, Scanning()), instance="mine")
        blobs = await client.bind(Blobs, instance="mine")
        of = {"i8s": "b", "i16s": "h", "u16s": "H", "i32s": "i", "u32s": "I", "i64s": "q", "u64s": "Q", "f32s": "f"}
        given = {name: memoryview(array(format, range(100))) for name, format in of.items()}
        samples = Samples(**given, f64s=memoryview(array("d", [0.5, -0.0])), channels=(given["f32s"],))
        self.assertEqual(await blobs.mirror(samples), samples)
        refused = await self.refused(blobs.mirror(dataclasses.replace(samples, f64s=memoryview(array("d", [0.5])))))
        self.assertEqual((refused.status, refused.path), ("invalid_argument", "samples.f64s"))
        waves = [wave async for wave in blobs.waves(3, 100_000)]
        self.assertEqual([(len(wave), wave[0], wave[-1]) for wave in waves], [(100_000, n, n + 49_999.5) for n in range(3)])

    @watched
    async def test_a_call_whose_blobs_are_on_their_way_can_be_given_up(self) -> None:
        server, client = await self.peer(interfaces=[Blobs]), await self.peer(interfaces=[Blobs])
        await server.serve(Blobs, cast(BlobsServer, Scanning()), instance="mine")
        blobs = await client.bind(Blobs, instance="mine")
        task = asyncio.create_task(blobs.echo(Scan("left", bytes(40 << 20), [], None)))
        await asyncio.sleep(0)
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task
        self.assertEqual((await self.refused(blobs.echo(Scan("left", bytes(65 << 20), [], None)))).status, "invalid_argument")
        self.assertEqual(await blobs.small(1), 1)
        self.assertEqual((await blobs.echo(Scan("right", b"1", [], None))).points, b"1")

    @watched
    async def test_streams_down_up_and_both(self) -> None:
        flows = await (await self.peer()).bind(Flows)
        stream = flows.count(1000, None)
        self.assertEqual([number async for number in stream], list(range(1000)))
        self.assertEqual(await stream.reply(), Summary(1000, 499_500))
        seen = []
        with self.assertRaises(ApplicationError) as caught:
            async for number in flows.count(10, 3):
                seen.append(number)
        self.assertEqual((seen, caught.exception.error), ([0, 1, 2], FlowsErrorBroken(3)))
        self.assertEqual(await flows.sum(range(500)), Summary(500, 124_750))

        async def texts() -> Any:
            for text in "abc":
                yield text

        self.assertEqual([text async for text in flows.mirror(texts())], ["a", "b", "c"])
        async with flows.pictures(1_000_000, 100_000) as pictures:
            async for picture in pictures:
                self.assertEqual(len(picture.pixels), 100_000)
                if picture.sequence > 20:
                    break
        self.assertEqual(await flows.sum([1]), Summary(1, 1))
        wrong = await self.refused(flows.sum([1, -1]))
        self.assertEqual((wrong.status, wrong.path), ("invalid_argument", ""))

    @watched
    async def test_a_shared_state_is_a_tuple_of_version_and_value(self) -> None:
        peer = await self.peer()
        shared = await peer.bind(Shared)
        async with shared.tally() as tallies:
            version, tally = await anext(tallies)
            self.assertIsInstance(version, StateVersion)
            changed = await shared.replace((version, Tally([7], "")))
            self.assertEqual(changed, StateVersion(version.epoch, version.number + 1))
            self.assertEqual(await anext(tallies), (changed, Tally((7,), "peer")))
            with self.assertRaises(ApplicationError) as caught:
                await shared.replace((version, tally))
            self.assertEqual(caught.exception.error, Stale(changed))

    @watched
    async def test_topics_with_reports(self) -> None:
        one, two = await self.peer(), await self.peer()
        topics = await one.bind(Topics)
        async with topics.ticked() as ticks, topics.level() as levels:
            await topics.emit(7, 3)
            self.assertEqual([await anext(ticks) for _ in range(3)], [7, 7, 7])
            publisher = await two.publisher(Topics)
            report = await publisher.level_reported(9, within=5)
            self.assertEqual((report.missed, len(report.delivered)), ((), 1))
            while await anext(levels) != 9:
                pass
        async with (await two.bind(Topics)).level() as late:
            self.assertEqual(await anext(late), 9)

    @watched
    async def test_one_python_peer_serves_another_through_the_hub(self) -> None:
        server, client = await self.peer(), await self.peer()
        served = await server.serve(Echo, cast(Any, Echoes()), instance="mine")
        await server.serve(Flows, cast(Any, Flowing()), instance="mine")
        topics = await server.serve(Topics, cast(Any, Nothing()), instance="mine")
        echo = await client.bind(Echo, instance="mine")
        self.assertEqual(await echo.join("a", "b", 3), "a-b-3")
        odd = await self.refused(echo.fail(5, []))
        self.assertEqual(odd.error, EchoErrorOdd(5))  # type: ignore[attr-defined]
        self.assertEqual((await self.refused(echo.refuse("no"))).detail, "no")
        for broken in (echo.panic(""), echo.told()):
            with self.assertLogs("portcullis", "ERROR") as log:
                error = await self.refused(broken)
            self.assertEqual(error.status, "internal")
            self.assertIn(f"[{error.correlation:x}]", log.output[0])
        self.assertEqual((await self.refused(echo.nothing())).status, "unimplemented")
        self.assertEqual((await self.refused(echo.never(timeout=0.05))).status, "deadline_exceeded")
        flows = await client.bind(Flows, instance="mine")
        self.assertEqual([number async for number in flows.count(300, None)], list(range(300)))
        self.assertEqual(await flows.sum([1, 2, 3]), Summary(0, 6))
        async with (await client.bind(Topics, instance="mine")).level() as levels:
            topics.publisher.level(4)
            self.assertEqual(await anext(levels), 4)
            await topics.withdraw()
            with self.assertRaises(PortcullisError) as caught:
                await anext(levels)
            self.assertEqual(caught.exception.status, "unavailable")
        await served.withdraw()
        self.assertEqual((await self.refused(echo.nothing())).status, "unavailable")
        self.assertEqual((await self.refused(client.bind(Echo, instance="mine"))).status, "unavailable")

    @watched
    async def test_a_contract_that_differs_is_told_at_the_handshake(self) -> None:
        other = dataclasses.replace(Echo, hash=b"\xff" * 16)
        portcullis = await self.peer(interfaces=[other])
        self.assertEqual((await self.refused(portcullis.bind(other))).status, "unavailable")
        ending = await portcullis.closed()
        self.assertEqual(ending.reason, "contract_mismatch")
        self.assertIn("sample.echo", ending.message)
        self.assertEqual((await self.refused(portcullis.ready())).status, "unavailable")

    @watched
    async def test_f03_a_frame_of_an_unknown_kind_ends_this_peer_and_nobody_else(self) -> None:
        bad, good = await self.peer(), await self.peer()
        await bad.ready()
        transport = bad._connection._transport
        assert transport is not None
        transport.write(build(99, 0, 0, 0, 0, 0))
        self.assertEqual((await bad.closed()).reason, "unknown_kind")
        self.assertEqual(await (await good.bind(Echo)).inline(5), 5)

    @watched
    async def test_a_hub_that_is_gone_ends_every_call(self) -> None:
        portcullis = await self.peer()
        echo = await portcullis.bind(Echo)
        task = asyncio.create_task(echo.block(30_000))
        await asyncio.sleep(0.05)
        self.hub.kill()
        self.assertEqual((await self.refused(task)).status, "unavailable")
        self.assertIn((await portcullis.closed()).reason, ("transport_lost", "going_away"))


class Generated(unittest.TestCase):
    def test_servers_are_abstract_and_name_every_method(self) -> None:
        servers: Any = ((EchoServer, "join"), (FlowsServer, "count"), (TopicsServer, "emit"))
        for server, some in servers:
            self.assertIn(some, server.__abstractmethods__)
            with self.assertRaises(TypeError):
                server()


if __name__ == "__main__":
    unittest.main()
