"""Fault 45, on a client that connects again: the connection breaks at every byte of a conversation, and nothing is told wrongly.
In virtual time."""

from __future__ import annotations

import asyncio
import random
import unittest
from collections import Counter
from collections.abc import Awaitable
from typing import Any

from portcullis import PortcullisError, Reconnecting

from .generated import Echo, Topics
from .scripted_hub import Hub
from .virtual_time import in_virtual_time, turns

CALLS = 2
EVENTS = 4
ANEW = -1
"""The mark of a gap among the events."""

Cut = tuple[int | None, int | None]


class Conversation:
    """One client whose connections break after so many bytes each, the last of which never does."""

    def __init__(self, cuts: list[Cut]) -> None:
        self.hub = Hub(Echo, Topics)
        self.hub.cuts = list(cuts)
        self.executed: Counter[str] = Counter()
        """How often the handler of each call ran."""
        self.outcomes: dict[str, Any] = {}
        self.levels: list[int] = []
        self.ticks: list[int] = []
        self.hub.handlers = {"inline": self._inline, "join": self._join}

    def _inline(self, number: int) -> int:
        self.executed[f"inline {number}"] += 1
        return number

    def _join(self, left: str, right: str | None, times: int) -> str:
        self.executed[f"join {left}"] += 1
        return left

    async def _settle(self, key: str, call: Awaitable[Any]) -> None:
        assert key not in self.outcomes
        try:
            self.outcomes[key] = await call
        except PortcullisError as error:
            self.outcomes[key] = error

    async def _say(self, client: Reconnecting, work: list[asyncio.Task[None]]) -> None:
        caller, listener = await asyncio.gather(client.bind(Echo), client.bind(Topics))
        level, ticked = listener.level(), listener.ticked()
        ticked.on_anew = lambda: self.ticks.append(ANEW)
        work += [level.listen(self.levels.append), ticked.listen(self.ticks.append)]
        for number in range(CALLS):
            for key, call in ((f"inline {number}", caller.inline(number)), (f"join {number}", caller.join(str(number), None, 1))):
                work.append(asyncio.create_task(self._settle(key, call)))
            await asyncio.sleep(0.001)

    async def hold(self) -> None:
        """From the first attempt to the end of all calls."""
        work: list[asyncio.Task[None]] = []
        async with Reconnecting(self.hub.dial) as client:
            said = asyncio.create_task(self._say(client, work))
            # What is published goes on, whether or not the client hears it.
            for tick in range(1, EVENTS + 1):
                await turns()
                self.hub.publish("ticked", tick)
                self.hub.publish("level", tick)
                await asyncio.sleep(0.001 if tick == 2 else 0.13)
            await asyncio.sleep(25)
            await said
            self.hub.publish("ticked", EVENTS + 1)
            self.hub.publish("level", EVENTS + 1)
            # This may be what breaks it.
            await asyncio.sleep(25)
        await asyncio.gather(*work, return_exceptions=True)


class CutTest(unittest.TestCase):
    def judge(self, one: Conversation, where: str, seen: set[str]) -> None:
        """What must hold, wherever the wire was cut."""
        self.assertEqual(len(one.outcomes), 2 * CALLS, where)
        for key, outcome in one.outcomes.items():
            name, number = key.split()
            times = one.executed[key]
            about = f"{where}: {key} ran {times} times, {outcome!r}"
            if name == "join":
                self.assertEqual(outcome, number, about)
                self.assertGreater(times, 0, about)
                if times > 1:
                    seen.add("made twice")
            elif isinstance(outcome, PortcullisError):
                self.assertEqual((outcome.status, outcome.sent), ("unavailable", True), about)
                self.assertLessEqual(times, 1, about)
                seen.add("executed, and lost" if times else "not executed, and lost")
            else:
                self.assertEqual((outcome, times), (int(number), 1), about)
                seen.add("executed, and answered")
        self.assertEqual(one.levels[-1], EVENTS + 1, f"{where}: the last state")
        self.assertEqual(one.levels, sorted(one.levels), where)
        self.assertIn(one.ticks[-1], (ANEW, EVENTS + 1), f"{where}: the last event, or a gap at its place")
        last, anew = None, False
        for tick in one.ticks:
            if tick == ANEW:
                anew = True
                continue
            if last is not None:
                self.assertGreater(tick, last, f"{where}: in order, {one.ticks}")
                self.assertTrue(anew or tick == last + 1, f"{where}: a gap is told, {one.ticks}")
                if tick != last + 1:
                    seen.add("a gap")
            last, anew = tick, False
        self.assertTrue(all(peer.gone for peer in one.hub.peers), where)

    @in_virtual_time
    async def test_f45_nowhere_does_a_cut_make_a_call_run_twice_lose_a_last_state_or_hide_a_gap(self) -> None:
        seen: set[str] = set()
        whole = Conversation([])
        await whole.hold()
        self.judge(whole, "whole", seen)
        self.assertEqual((len(whole.hub.wires), seen), (1, {"executed, and answered"}))
        up, down = whole.hub.wires[0].up, whole.hub.wires[0].down
        self.assertGreater(min(up, down), 300)
        for cut in range(max(up, down) + 1):
            for upward in (True, False):
                if cut <= (up if upward else down):
                    # The next one is cut as well, somewhere else.
                    then = 1 + cut * 31 % up
                    cuts: list[Cut] = [(cut, None), (then, None)] if upward else [(None, cut), (None, then)]
                    one = Conversation(cuts)
                    await one.hold()
                    self.judge(one, f"cut at {cuts}", seen)
        # All that can happen did.
        self.assertEqual(
            seen, {"a gap", "executed, and answered", "executed, and lost", "made twice", "not executed, and lost"}
        )

    @in_virtual_time
    async def test_f45_nor_do_several_cuts_one_after_the_other(self) -> None:
        chance = random.Random(45)
        for _ in range(100):
            cuts: list[Cut] = []
            for _ in range(chance.randint(1, 5)):
                at = chance.randint(1, 700)
                cuts.append((at, None) if chance.random() < 0.5 else (None, at))
            one = Conversation(cuts)
            await one.hold()
            self.judge(one, f"cuts at {cuts}", set())


if __name__ == "__main__":
    unittest.main()
