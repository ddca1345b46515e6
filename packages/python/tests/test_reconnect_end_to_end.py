"""A client that connects again against the Rust hub, which is killed and started anew. Needs the hub's program, as
`test_end_to_end.py` does."""

from __future__ import annotations

import asyncio
import dataclasses
import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import Any, cast

from portcullis import Closed, Portcullis, PortcullisError, Reconnecting, WaitPolicy, connect, reconnecting

from .generated import Echo, Flows, Topics
from .test_end_to_end import PROGRAM, Echoes, Nothing, watched

QUICK = WaitPolicy(0.01, 0.1)


@unittest.skipIf(PROGRAM == "", "PORTCULLIS_SAMPLE_HUB names no hub")
class AgainstAHubThatIsKilled(unittest.IsolatedAsyncioTestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = str(Path(folder.name) / "socket" / "hub")
        self.addCleanup(self.kill_hub)
        self.start_hub()

    def start_hub(self) -> None:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self.hub = subprocess.Popen([PROGRAM, self.path], **pipes)  # type: ignore[call-overload]
        self.hub.stdout.readline()

    def kill_hub(self) -> None:
        self.hub.kill()
        self.hub.wait()
        self.hub.stdin.close()
        self.hub.stdout.close()

    def client(self, **options: Any) -> Reconnecting:
        made = reconnecting(self.path, client="python", **{"interfaces": [Echo, Flows, Topics], "waits": QUICK, **options})
        self.addAsyncCleanup(made.close)
        return made

    @watched
    async def test_f25_a_hub_that_was_killed_and_came_back_is_connected_to_again(self) -> None:
        others = asyncio.all_tasks()
        server, client = self.client(), self.client()

        async def serve(portcullis: Portcullis) -> None:
            await portcullis.serve(Echo, cast(Any, Echoes()), instance="mine")
            topics = await portcullis.serve(Topics, cast(Any, Nothing()), instance="mine")
            served.append(len(served))
            topics.publisher.level(served[-1])
            for number in range(1_000_000 * len(served), 1_000_000 * (len(served) + 1)):
                topics.publisher.ticked(number)
                await asyncio.sleep(0.01)

        async def heard(connections: int) -> None:
            """Waits until something of the last of so many connections has come."""
            while len(served) < connections or levels[-1:] != served[-1:] or ticks[-1:] in ([], ["anew"]):
                await asyncio.sleep(0.01)

        served: list[int] = []
        server.always(serve)
        mine, topics = await client.bind(Echo, instance="mine"), await client.bind(Topics, instance="mine")
        hubs = await client.bind(Echo)
        levels: list[int] = []
        ticks: list[int | str] = []
        level, ticked = topics.level(), topics.ticked()
        ticked.on_anew = lambda: ticks.append("anew")
        listening = [level.listen(levels.append), ticked.listen(ticks.append)]
        for round in range(2):
            await heard(round + 1)
            # Some come before, some while it is away, some after.
            calls = []
            lost = asyncio.create_task(mine.never(timeout=30.0))
            for number in range(60):
                calls.append(asyncio.create_task(mine.join("a", "b", number)))
                if number == 20:
                    self.kill_hub()
                if number == 40:
                    self.start_hub()
                await asyncio.sleep(0.002)
            self.assertEqual(await asyncio.gather(*calls), [f"a-b-{number}" for number in range(60)])
            with self.assertRaises(PortcullisError) as caught:
                await lost
            self.assertEqual((caught.exception.status, caught.exception.sent), ("unavailable", True))
            self.assertEqual(await hubs.inline(5), 5)
        await heard(3)
        self.assertEqual(levels, [0, 1, 2])
        # Between the values of two connections a gap was told, and nowhere else was one needed.
        for before, after in zip(ticks, ticks[1:]):
            if isinstance(before, int) and isinstance(after, int):
                self.assertTrue(after == before + 1 or ticked.missed > 0, ticks)
        self.assertEqual(ticks.count("anew"), 2)
        await client.close()
        await asyncio.gather(*listening, return_exceptions=True)
        await server.close()
        for _ in range(10):
            await asyncio.sleep(0)
        self.assertEqual(asyncio.all_tasks(), others)

    @watched
    async def test_an_instance_that_left_is_bound_again_while_it_is_called(self) -> None:
        client = self.client()
        first = await connect(self.path, interfaces=[Echo])
        await first.serve(Echo, cast(Any, Echoes()), instance="mine")
        mine = await client.bind(Echo, instance="mine")
        self.assertEqual(await mine.join("a", "b", 1), "a-b-1")
        await first.close()
        calls = [asyncio.create_task(mine.join("a", "b", number)) for number in range(20)]
        await asyncio.sleep(0.05)
        second = await connect(self.path, interfaces=[Echo])
        self.addAsyncCleanup(second.close)
        await second.serve(Echo, cast(Any, Echoes()), instance="mine")
        self.assertEqual(await asyncio.gather(*calls), [f"a-b-{number}" for number in range(20)])

    @watched
    async def test_f48_another_contract_ends_it_for_good(self) -> None:
        client = self.client(interfaces=[dataclasses.replace(Echo, hash=b"\xff" * 16)])
        ending = await client.closed()
        self.assertEqual(ending.reason, "contract_mismatch")
        self.assertIn("sample.echo", ending.message)
        self.assertIsInstance(client.state, Closed)


if __name__ == "__main__":
    unittest.main()
