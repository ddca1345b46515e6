"""A client that connects again: when, after which waits, and when no more. In virtual time, against a hub that does what the
test says."""

from __future__ import annotations

import asyncio
import math
import random
import tempfile
import unittest
from pathlib import Path
from typing import Any, cast

from portcullis import Closed, Connected, Connecting, Portcullis, PortcullisError, Reconnecting, Waiting, WaitPolicy, reconnecting
from portcullis.reconnect.waits import Waits
from portcullis.tables import REASON_CODES, RECONNECT_REASONS

from .generated import Echo, Topics
from .notation import load
from .scripted_hub import Hub
from .test_end_to_end import watched
from .virtual_time import in_virtual_time, turns

EXACT = WaitPolicy(jitter_percent=0)


def word(state: Any) -> str:
    """A state in a word or three."""
    match state:
        case Connecting(attempt):
            return f"connecting {attempt}"
        case Connected():
            return "connected"
        case Waiting(after, reason, _):
            return f"waiting {round(after * 1000)} {reason}"
        case Closed(reason, _):
            return f"closed {reason}"
    raise AssertionError(state)


class WaitsTest(unittest.TestCase):
    def test_waits_are_those_of_supervisors(self) -> None:
        checked = 0
        for case in load("supervisor/restarts.json"):
            rules = case["policy"]
            policy = WaitPolicy(
                rules["initialMs"] / 1000, rules["maxMs"] / 1000, rules["factor"], rules["jitterPercent"], rules["steadyMs"] / 1000
            )
            waits = Waits(policy)
            for step in case["steps"]:
                if "afterMs" in step:
                    wait = waits.next(step["readyMs"] / 1000, step["roll"]) * 1000
                    # The table has whole milliseconds.
                    self.assertEqual(math.ceil(round(wait, 6)), step["afterMs"], case["name"])
                    checked += 1
        self.assertGreater(checked, 20)

    def test_chance_shortens_each_wait_by_a_fifth_at_most(self) -> None:
        self.assertEqual(WaitPolicy(), WaitPolicy(0.1, 5.0, 2, 20, 10.0))
        seen = [Waits(WaitPolicy()).next() for _ in range(500)]
        self.assertTrue(all(0.08 <= wait <= 0.1 for wait in seen))
        self.assertGreater(len(set(seen)), 50)


class ConnectionsTest(unittest.TestCase):
    def client(self, hub: Hub, **options: Any) -> tuple[Reconnecting, list[str]]:
        made = Reconnecting(hub.dial, **{"waits": EXACT, **options})
        states = [word(made.state)]
        made.on_state(lambda state: states.append(word(state)))
        return made, states

    @in_virtual_time
    async def test_what_a_goodbye_says_decides_whether_it_connects_again(self) -> None:
        for reason in REASON_CODES:
            hub = Hub()
            client, states = self.client(hub)
            await client.ready()
            hub.peer.say_goodbye(reason)
            await asyncio.sleep(1)
            if reason in RECONNECT_REASONS:
                self.assertEqual(states[1:], ["connected", f"waiting 100 {reason}", "connecting 2", "connected"])
                await client.close()
            else:
                self.assertEqual(states[1:], ["connected", f"closed {reason}"])
                ending = await client.closed()
                self.assertEqual((ending.reason, ending.message), (reason, "because"))
                with self.assertRaises(PortcullisError) as caught:
                    await client.ready()
                self.assertEqual((caught.exception.status, caught.exception.sent), ("unavailable", False))
                self.assertEqual(len(hub.peers), 1)

    @in_virtual_time
    async def test_a_hub_that_is_not_there_or_closes_at_once_is_met_with_back_off(self) -> None:
        hub = Hub()
        hub.refuses = 2
        hub.welcomes = False
        # Cut before its first byte, in the middle of the handshake, and silent in between.
        hub.cuts = [(30, None), (None, None), (None, 10)]
        client, states = self.client(hub, attempt_timeout=7.0)
        await asyncio.sleep(0.9)
        hub.welcomes = True
        await asyncio.sleep(60)
        self.assertEqual(
            states,
            ["connecting 1", "waiting 100 dial_failed", "connecting 2", "waiting 200 dial_failed", "connecting 3"]
            + ["waiting 400 transport_lost", "connecting 4", "waiting 800 handshake_timeout", "connecting 5"]
            + ["waiting 1600 transport_lost", "connecting 6", "connected"],
        )
        self.assertEqual(hub.peers[1].goodbye, "it did not stand within 7 s")
        await client.close()

    @in_virtual_time
    async def test_a_connection_that_stood_long_begins_with_the_first_wait_again(self) -> None:
        hub = Hub()
        client, states = self.client(hub)
        for stands in (0.0, 9.0, 10.5, 1.0):
            await client.ready()
            await asyncio.sleep(stands)
            hub.wires[-1].cut()
            await turns()
        waits = [state for state in states if state.startswith("waiting")]
        self.assertEqual(waits, [f"waiting {ms} transport_lost" for ms in (100, 200, 100, 200)])
        await client.close()

    @in_virtual_time
    async def test_attempts_can_be_bounded_and_the_end_is_told_once(self) -> None:
        hub = Hub(Echo)
        hub.refuses = 9
        client, states = self.client(hub, attempts=3)
        with self.assertRaises(PortcullisError) as caught:
            await client.bind(Echo)
        self.assertEqual((caught.exception.status, caught.exception.sent), ("unavailable", False))
        self.assertEqual([state for state in states if not state.startswith("connecting")][2:], ["closed dial_failed"])
        self.assertEqual(hub.refuses, 6)
        await client.close()
        self.assertEqual(states.count("closed dial_failed"), 1)

    @in_virtual_time
    async def test_a_mistake_in_what_dials_is_not_repeated(self) -> None:
        async def dial() -> Portcullis:
            raise TypeError("not like this")

        with self.assertLogs("portcullis", "ERROR"):
            client = Reconnecting(dial)
            ending = await client.closed()
        self.assertEqual(ending.reason, "dial_failed")
        self.assertIn("not like this", ending.message)

    @in_virtual_time
    async def test_a_connection_that_has_ended_already_is_followed_like_any_other(self) -> None:
        hub = Hub()
        made = await hub.dial()
        await made.ready()
        await made.close()
        client = Reconnecting(lambda: asyncio.sleep(0, made), waits=EXACT)
        states = [word(state) async for state in client.states()]
        # This side has closed it.
        self.assertEqual(states, ["connecting 1", "closed closed"])

    @in_virtual_time
    async def test_what_dials_may_be_slow_to_heed_that_nobody_waits(self) -> None:
        hub = Hub()
        hung = 0

        async def dial() -> Portcullis:
            nonlocal hung
            hung += 1
            if hung == 1:
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    await asyncio.sleep(60)
            return await hub.dial()

        client = Reconnecting(dial, waits=EXACT)
        self.assertEqual((await client.ready()).label, "label")
        self.assertEqual(asyncio.get_running_loop().time(), 30.1)
        await asyncio.sleep(70)
        # What came of the first is closed.
        self.assertEqual([peer.gone for peer in hub.peers], [False, True])
        await client.close()

    @in_virtual_time
    async def test_closing_ends_everything_at_once_wherever_it_is(self) -> None:
        for moment in range(40):
            hub = Hub(Echo)
            hub.refuses = 1
            hub.handlers = {"join": lambda *_: None}
            client, states = self.client(hub)
            work = [asyncio.create_task(client.bind(Echo)) for _ in range(3)]
            work.append(asyncio.create_task(client.ready()))  # type: ignore[arg-type]
            await turns(moment // 2)
            if moment % 2:
                await asyncio.sleep(0.1)
            before = asyncio.get_running_loop().time()
            await client.close("enough")
            await turns()
            self.assertEqual(asyncio.get_running_loop().time(), before)
            self.assertEqual(states[-1], "closed closed")
            self.assertTrue(all(task.done() for task in work), moment)
            for error in await asyncio.gather(*work, return_exceptions=True):
                self.assertTrue(error is None or not isinstance(error, Exception) or isinstance(error, PortcullisError), error)
            self.assertEqual(asyncio.all_tasks(), {asyncio.current_task()}, moment)
            self.assertTrue(all(peer.gone for peer in hub.peers), moment)
            with self.assertRaises(PortcullisError):
                await client.bind(Echo)
            await client.close()

    @in_virtual_time
    async def test_a_task_that_is_cancelled_while_it_waits_leaves_nothing(self) -> None:
        for moment in range(40):
            hub = Hub(Echo)
            client, _ = self.client(hub)
            work = [asyncio.create_task(one) for one in (client.bind(Echo), client.ready(), client.closed())]
            await turns(moment)
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            # What others asked for is not disturbed by that.
            echo = await client.bind(Echo)
            hub.handlers["join"] = lambda left, right, times: left
            self.assertEqual(await echo.join("a", None, 1), "a")
            await client.close()

    @in_virtual_time
    async def test_a_client_whose_task_is_cancelled_from_outside_tells_all_who_wait(self) -> None:
        for moment in range(12):
            client, states = self.client(Hub(Echo))
            bound = asyncio.create_task(client.bind(Echo))
            await turns(moment)
            for task in asyncio.all_tasks() - {asyncio.current_task(), bound}:
                task.cancel()
            self.assertEqual((await client.closed()).reason, "closed")
            self.assertEqual(states[-1], "closed closed")
            await client.close()
            await asyncio.gather(bound, return_exceptions=True)
            self.assertEqual(asyncio.all_tasks(), {asyncio.current_task()})

    @in_virtual_time
    async def test_states_are_told_to_those_who_listen_and_those_who_wait(self) -> None:
        hub = Hub()
        client, states = self.client(hub)

        def broken(state: Any) -> None:
            raise RuntimeError("a listener of the application's")

        with self.assertLogs("portcullis", "ERROR"):
            leave = client.on_state(broken)
            await client.ready()
        leave()
        seen: list[str] = []

        async def watch() -> None:
            async for state in client.states():
                seen.append(word(state))

        watching = asyncio.create_task(watch())
        await turns()
        hub.wires[-1].cut()
        await asyncio.sleep(1)
        await client.close()
        await watching
        wanted = ["connected", "waiting 100 transport_lost", "connecting 2", "connected", "closed closed"]
        self.assertEqual((seen, states), (wanted, ["connecting 1", *wanted]))
        self.assertEqual([word(state) async for state in client.states()], ["closed closed"])

    @in_virtual_time
    async def test_what_is_served_is_served_again_on_each_connection(self) -> None:
        hub = Hub(Echo, Topics)
        client, _ = self.client(hub)
        ends: list[int] = []

        async def publish(portcullis: Portcullis) -> None:
            await portcullis.serve(Topics, cast(Any, object()))
            try:
                await portcullis.closed()
                await asyncio.Event().wait()
            finally:
                # It takes its time, and is not met by its successor.
                await asyncio.sleep(0.5)
                ends.append(len(hub.peers))

        client.always(lambda portcullis: portcullis.serve(Echo, cast(Any, object())))
        stop = client.always(publish)
        await asyncio.sleep(1)
        hub.wires[-1].cut()
        await asyncio.sleep(0.2)
        self.assertEqual([peer.served for peer in hub.peers], [["sample.echo", "sample.topics"], ["sample.echo"]])
        await asyncio.sleep(1)
        self.assertEqual((ends, hub.peer.served), ([2], ["sample.echo", "sample.topics"]))
        stop()
        hub.wires[-1].cut()
        await asyncio.sleep(1)
        self.assertEqual((ends, hub.peer.served), ([2, 3], ["sample.echo"]))
        await client.close()

    @in_virtual_time
    async def test_what_is_always_done_may_fail_or_close_the_client(self) -> None:
        hub = Hub()
        client, _ = self.client(hub)

        async def fail(portcullis: Portcullis) -> None:
            raise RuntimeError("broken")

        async def end(portcullis: Portcullis) -> None:
            await asyncio.sleep(1)
            await client.close("done")
            closed.set_result(None)

        closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self.assertLogs("portcullis", "ERROR") as logged:
            client.always(fail)
            client.always(end)
            await closed
        self.assertEqual(len(logged.output), 1)
        self.assertEqual((await client.closed()).message, "done")
        client.always(fail)()

    @in_virtual_time
    async def test_f03_whatever_a_hub_sends_ends_with_a_reason_or_is_met_with_back_off(self) -> None:
        chance = random.Random(17)
        for _ in range(200):
            hub = Hub(Echo)
            hub.welcomes = False
            client, states = self.client(hub)
            bound = asyncio.create_task(client.bind(Echo, timeout=20.0))
            await turns()
            for _ in range(3):
                if chance.random() < 0.7:
                    hub.peer.welcome()
                length = chance.choice((24, 24, 25, 3, 0xFFFFFFFF))
                header = length.to_bytes(4, "little") + bytes(chance.choice((0, 1, 2, 7, 11, 15, 17, 21, 200)) for _ in range(2))
                hub.peer.wire.answer(header + chance.randbytes(chance.randrange(40)))
                await asyncio.sleep(chance.choice((0.0, 0.1, 6.0)))
            await asyncio.sleep(40)
            self.assertTrue(bound.done())
            self.assertIsInstance(bound.exception() or PortcullisError("ok"), PortcullisError)
            await client.close()
            # The waits bound the attempts.
            self.assertLess(len(hub.peers), 20)
            if states[-1] != "closed closed":
                self.assertIn(states[-1].split()[1], REASON_CODES)


class OverASocketTest(unittest.IsolatedAsyncioTestCase):
    @watched
    async def test_a_hub_that_accepts_and_closes_is_tried_again_over_a_socket(self) -> None:
        others = asyncio.all_tasks()
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "hub")
            quick = WaitPolicy(0.001, 0.002)
            # Nobody listens yet.
            client = reconnecting(path, interfaces=[Echo], waits=quick)
            states = client.states()
            self.assertEqual(word(await anext(states)), "connecting 1")
            self.assertIn("dial_failed", word(await anext(states)))
            accepted = 0

            def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                nonlocal accepted
                accepted += 1
                writer.close()

            server = await asyncio.start_unix_server(accept, path)
            while accepted < 5:
                await anext(states)
            self.assertIsNone(client.current)
            await client.close()
            server.close()
            await server.wait_closed()
        self.assertEqual(asyncio.all_tasks(), others)


if __name__ == "__main__":
    unittest.main()
