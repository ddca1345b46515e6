"""Bindings, calls and streams that outlive connections and instances. In virtual time, against a hub that does what the test
says."""

from __future__ import annotations

import asyncio
import unittest
from collections.abc import Callable
from typing import Any

from portcullis import After, Never, PortcullisError, Reconnecting, WaitPolicy
from portcullis.errors import local_error
from portcullis.reconnect.ground import WAITING_BYTES_MAX, WAITING_CALLS_MAX, Ground
from portcullis.session.limits import FRAME_BYTES_FLOOR, WINDOW_BYTES_FLOOR, Limits

from .generated import Echo, Flows, Topics
from .scripted_hub import SILENCE, Hub
from .virtual_time import in_virtual_time, turns

EXACT = WaitPolicy(jitter_percent=0)


class Failing:
    """A handler that fails so many times, and then answers."""

    def __init__(self, times: int, error: Callable[[], PortcullisError], reply: Any) -> None:
        self.left = times
        self.error = error
        self.reply = reply
        self.at: list[float] = []
        """When it ran."""

    def __call__(self, *_: Any) -> Any:
        self.at.append(round(asyncio.get_running_loop().time(), 3))
        self.left -= 1
        if self.left >= 0:
            raise self.error()
        return self.reply


class Base(unittest.TestCase):
    def begin(self, *interfaces: Any) -> None:
        """A hub, and a client of it."""
        self.hub = Hub(*interfaces)
        self.client = Reconnecting(self.hub.dial, waits=EXACT)

    async def refused(self, work: Any, status: str, sent: bool) -> PortcullisError:
        with self.assertRaises(PortcullisError) as caught:
            await work
        self.assertEqual((caught.exception.status, caught.exception.sent), (status, sent), caught.exception)
        return caught.exception

    def now(self) -> float:
        return round(asyncio.get_running_loop().time(), 3)


class BindingsTest(Base):
    @in_virtual_time
    async def test_it_is_bound_again_on_each_connection(self) -> None:
        self.begin(Echo)
        self.hub.handlers["inline"] = lambda number: number
        echo = await self.client.bind(Echo, label="me")
        for number in range(3):
            self.assertEqual(await echo.inline(number), number)
            self.hub.wires[-1].cut()
            await turns()
        await self.client.ready()
        await turns()
        self.assertEqual([len(peer.bound) for peer in self.hub.peers], [1, 1, 1, 1])
        await self.client.release(echo)
        self.assertEqual(self.hub.peer.released, [1])
        await self.refused(echo.inline(1), "unavailable", False)
        self.hub.wires[-1].cut()
        await asyncio.sleep(1)
        self.assertEqual(self.hub.peer.bound, {})
        await self.client.close()
        await self.client.release(echo)

    @in_virtual_time
    async def test_it_is_made_anew_where_its_instance_has_left_when_somebody_needs_it(self) -> None:
        self.begin(Echo)
        self.hub.handlers["inline"] = lambda number: number
        echo = await self.client.bind(Echo)
        self.hub.peer.unbind()
        await asyncio.sleep(10)
        self.assertEqual((len(self.hub.peer.bound), self.hub.peer.released), (1, []))
        bind = self.hub.bind = Failing(2, lambda: PortcullisError("unavailable"), None)
        begun = self.now()
        self.assertEqual(await echo.inline(1), 1)
        # The one that has left is given back, or its number would stay taken.
        self.assertEqual(self.hub.peer.released, [1])
        self.assertEqual([round(at - begun, 3) for at in bind.at], [0.0, 0.1, 0.3])
        await self.client.close()

    @in_virtual_time
    async def test_what_is_refused_for_good_is_told_at_once_and_not_asked_again(self) -> None:
        for status in ("permission_denied", "contract_mismatch"):
            self.begin(Echo)
            bind = self.hub.bind = Failing(99, lambda: PortcullisError(status), None)  # noqa: B023
            await self.refused(self.client.bind(Echo), status, False)
            await asyncio.sleep(60)
            self.assertEqual(len(bind.at), 1)
            bind.left = 0
            # Whoever comes later asks anew, as what is granted may change.
            echo = await self.client.bind(Echo)
            self.hub.peer.unbind()
            bind.left = 99
            await turns()
            await self.refused(echo.join("", None, 1), status, False)
            self.assertEqual(len(bind.at), 3)
            await self.client.close()

    @in_virtual_time
    async def test_all_who_wait_share_one_bind_and_nobody_asks_for_nobody(self) -> None:
        self.begin(Echo)
        echo = await self.client.bind(Echo)
        self.hub.peer.unbind()
        bind = self.hub.bind = Failing(99, lambda: PortcullisError("unavailable", retry=After(0)), None)
        self.hub.peer.hub.handlers["join"] = lambda *_: "joined"
        await turns()
        calls = [asyncio.create_task(echo.join("", None, 1, timeout=0.01)) for _ in range(50)]
        errors = await asyncio.gather(*calls, return_exceptions=True)
        self.assertEqual({getattr(error, "status", None) for error in errors}, {"deadline_exceeded"})
        # A hub that wants to be asked at once is not asked without a pause.
        self.assertLess(len(bind.at), 15)
        await turns()
        asked = len(bind.at)
        await asyncio.sleep(60)
        self.assertEqual(len(bind.at), asked)
        await self.client.close()

    @in_virtual_time
    async def test_a_bind_that_nobody_wants_any_more_is_given_back(self) -> None:
        self.begin(Echo)
        await self.client.ready()
        for moment in range(20):
            self.hub.bind = (lambda: SILENCE) if moment % 2 else (lambda: None)
            task = asyncio.create_task(self.client.bind(Echo))
            await turns(moment // 2)
            task.cancel()
            done = await asyncio.gather(task, return_exceptions=True)
            if not isinstance(done[0], BaseException):
                await self.client.release(done[0])
            await turns(20)
            self.assertEqual(sorted(self.hub.peer.released), list(self.hub.peer.bound), moment)
            # But for the one that makes connections.
            self.assertEqual(len(asyncio.all_tasks()), 2, moment)
        self.hub.bind = lambda: None
        echo = await self.client.bind(Echo)
        self.hub.handlers["inline"] = lambda number: number
        self.assertEqual(await echo.inline(1), 1)
        await self.client.close()


class CallsTest(Base):
    @in_virtual_time
    async def test_calls_wait_for_connection_and_instance_inside_their_deadline(self) -> None:
        self.begin(Echo)
        self.hub.handlers["inline"] = lambda number: number
        self.hub.refuses = 5
        echo = await self.client.bind(Echo)
        self.assertEqual(self.now(), 3.1)
        self.hub.refuses = 1000
        self.hub.wires[-1].cut()
        await turns()
        begun = self.now()
        waits = asyncio.create_task(echo.inline(7))
        error = await self.refused(echo.inline(8, timeout=1.5), "deadline_exceeded", False)
        self.assertIn("there is no connection", error.detail)
        self.assertEqual(round(self.now() - begun, 3), 1.5)
        await self.refused(echo.inline(8, timeout=0), "deadline_exceeded", False)
        self.hub.refuses = 0
        self.assertEqual(await waits, 7)
        await self.client.close()

    @in_virtual_time
    async def test_a_call_that_left_and_was_lost_is_made_again_only_if_it_is_idempotent(self) -> None:
        self.begin(Echo)
        ran: list[str] = []

        def lose(name: str) -> Callable[..., Any]:
            def run(*_: Any) -> Any:
                ran.append(name)
                if ran.count(name) < 3:
                    return SILENCE
                return name

            return run

        self.hub.handlers = {"join": lose("join"), "inline": lose("inline")}
        echo = await self.client.bind(Echo)
        again = asyncio.create_task(echo.join("", None, 1))
        once = asyncio.create_task(echo.inline(1))
        for _ in range(2):
            await asyncio.sleep(0.5)
            self.hub.wires[-1].cut()
        error = await self.refused(once, "unavailable", True)
        self.assertEqual(error.retry, Never())
        self.assertEqual(await again, "join")
        self.assertEqual((ran.count("join"), ran.count("inline")), (3, 1))
        await self.client.close()

    @in_virtual_time
    async def test_a_call_that_did_not_leave_is_made_again_in_any_case(self) -> None:
        self.begin(Echo)
        self.hub.limits = Limits(window_bytes=WINDOW_BYTES_FLOOR, frame_bytes=FRAME_BYTES_FLOOR)
        ran: list[int] = []

        def run(data: bytes) -> Any:
            ran.append(data[0])
            return data[:1] if len(self.hub.peers) > 1 else SILENCE

        self.hub.handlers = {"bytes": run}
        echo = await self.client.bind(Echo)
        # The window is used up by the first, and this hub never opens it.
        calls = [asyncio.create_task(echo.bytes(bytes([number]) * 4060)) for number in range(3)]
        await turns()
        late = asyncio.create_task(echo.bytes(b"late", timeout=0.2))
        await self.refused(late, "deadline_exceeded", False)
        self.assertEqual(len(ran), 1)
        self.hub.limits = Limits()
        self.hub.wires[-1].cut()
        await self.refused(calls[0], "unavailable", True)
        self.assertEqual(await asyncio.gather(*calls[1:]), [b"\1", b"\2"])
        self.assertEqual(ran, [0, 1, 2])
        await self.client.close()

    @in_virtual_time
    async def test_what_one_try_may_have_done_the_call_may_have_done(self) -> None:
        self.begin(Echo)
        self.hub.handlers["join"] = lambda *_: SILENCE
        echo = await self.client.bind(Echo)
        call = asyncio.create_task(echo.join("", None, 1, timeout=2.0))
        await asyncio.sleep(0.5)
        self.hub.refuses = 1000
        self.hub.wires[-1].cut()
        await self.refused(call, "deadline_exceeded", True)
        await self.client.close()

    @in_virtual_time
    async def test_a_busy_callee_is_asked_again_when_it_says_so_and_the_call_is_idempotent(self) -> None:
        self.begin(Echo)
        echo = await self.client.bind(Echo)
        busy = Failing(2, lambda: PortcullisError("resource_exhausted", retry=After(700)), "joined")
        self.hub.handlers = {"join": busy, "inline": busy, "nothing": busy}
        begun = self.now()
        self.assertEqual(await echo.join("", None, 1), "joined")
        self.assertEqual(busy.at, [begun, round(begun + 0.7, 3), round(begun + 1.4, 3)])
        busy.left = 1
        await self.refused(echo.inline(1), "resource_exhausted", True)
        # It would be over before the callee wants to be asked again.
        busy.left = 1
        await self.refused(echo.join("", None, 1, timeout=0.5), "resource_exhausted", True)
        for error in (PortcullisError("aborted", retry=Never()), PortcullisError("not_found")):
            busy.left, busy.error = 1, lambda: error  # noqa: B023
            await self.refused(echo.join("", None, 1), error.status, True)
        await self.client.close()

    @in_virtual_time
    async def test_arguments_are_those_of_the_moment_of_the_call(self) -> None:
        self.begin(Echo)
        self.hub.handlers["fail"] = lambda number, reasons: len(reasons)
        echo = await self.client.bind(Echo)
        wrong = await self.refused(echo.join("a" * 17, None, 1), "invalid_argument", False)
        self.assertEqual(wrong.path, "left")
        self.hub.wires[-1].cut()
        await turns()
        reasons = ["one"]
        call = asyncio.create_task(echo.fail(1, reasons))
        await turns()
        reasons.append("two")
        self.assertEqual(await call, 1)
        await self.client.close()

    @in_virtual_time
    async def test_what_this_hub_never_takes_is_not_tried_again(self) -> None:
        self.begin(Echo)
        self.hub.limits = Limits(window_bytes=WINDOW_BYTES_FLOOR, frame_bytes=FRAME_BYTES_FLOOR)
        echo = await self.client.bind(Echo)
        begun = self.now()
        error = await self.refused(echo.join("", "x" * 5000, 1), "resource_exhausted", False)
        self.assertEqual((error.retry, self.now()), (Never(), begun))
        await self.client.close()

    @in_virtual_time
    async def test_f47_what_waits_is_bounded(self) -> None:
        self.begin(Echo)
        echo = await self.client.bind(Echo)
        self.hub.refuses = 1000
        self.hub.wires[-1].cut()
        await turns()
        calls = [asyncio.create_task(echo.join("", None, 1)) for _ in range(WAITING_CALLS_MAX)]
        await turns()
        await self.refused(echo.join("", None, 1), "resource_exhausted", False)
        for call in calls[:2]:
            call.cancel()
        await turns()
        # Their places are free again.
        await self.refused(echo.join("", None, 1, timeout=0.1), "deadline_exceeded", False)
        await self.client.close()
        errors = await asyncio.gather(*calls, return_exceptions=True)
        self.assertEqual([getattr(error, "status", "cancelled") for error in errors], ["cancelled"] * 2 + ["unavailable"] * (WAITING_CALLS_MAX - 2))
        ground = Ground(EXACT)
        self.assertTrue(ground.keep(WAITING_BYTES_MAX))
        self.assertFalse(ground.keep(1))
        ground.give(WAITING_BYTES_MAX)
        self.assertTrue(ground.keep(1))

    @in_virtual_time
    async def test_a_call_that_is_cancelled_anywhere_leaves_nothing(self) -> None:
        for moment in range(60):
            self.begin(Echo)
            self.hub.handlers = {"join": Failing(1, lambda: PortcullisError("aborted", retry=After(100)), "joined")}
            echo = await self.client.bind(Echo)
            if moment % 3:
                self.hub.wires[-1].cut()
            call = asyncio.create_task(echo.join("", None, 1))
            if moment % 2:
                await asyncio.sleep(0.1)
            await turns(moment // 3)
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
            await turns(20)
            ground = self.client._ground
            self.assertEqual((ground._calls, ground._bytes), (0, 0))
            self.assertEqual(await echo.join("", None, 1), "joined")
            await self.client.close()
            self.assertEqual(asyncio.all_tasks(), {asyncio.current_task()})

    @in_virtual_time
    async def test_a_stream_is_never_continued_and_fails_at_once_in_a_gap(self) -> None:
        self.begin(Flows)
        flows = await self.client.bind(Flows)
        self.hub.handlers = {"count": lambda *_: SILENCE, "sum": lambda *_: SILENCE}
        stream = flows.count(3, None)
        upload = asyncio.create_task(flows.sum([1, 2]))
        await turns()
        self.hub.wires[-1].cut()
        await self.refused(anext(stream), "unavailable", True)
        await self.refused(stream.reply(), "unavailable", True)
        await self.refused(upload, "unavailable", True)
        self.assertIsNone(self.client.current)
        await self.refused(anext(flows.count(3, None)), "unavailable", False)
        await self.refused(flows.sum([1]), "unavailable", False)
        await self.client.ready()
        await turns()
        again = flows.count(3, None)
        await turns()
        self.assertEqual([channel.method for channel in self.hub.peer.asked.values()], ["count"])
        again.cancel()
        # One that finds its instance gone fails, and the next one finds the next instance.
        self.hub.peer.unbind()
        await turns()
        await self.refused(anext(flows.count(3, None)), "unavailable", False)
        await turns(20)
        async with flows.count(3, None):
            await turns()
        await self.client.close()

    @in_virtual_time
    async def test_a_notification_in_a_gap_is_dropped(self) -> None:
        self.begin(Echo, Topics)
        echo = await self.client.bind(Echo)
        echo.tell("here")
        await turns()
        self.hub.wires[-1].cut()
        await turns()
        echo.tell("nowhere")
        await self.client.ready()
        await turns()
        echo.tell("here")
        await turns()
        self.assertEqual([peer.notified for peer in self.hub.peers], [["tell"], ["tell"]])
        await self.client.close()

    def test_advice_says_that_what_was_not_sent_may_be_sent_again(self) -> None:
        (inline,) = [channel for channel in Echo.channels if channel.method == "inline"]
        self.assertEqual(local_error(inline, "unavailable").retry, Never())
        self.assertNotEqual(local_error(inline, "unavailable", sent=False).retry, Never())


if __name__ == "__main__":
    unittest.main()
