"""Subscriptions that outlive connections and instances: they begin anew and say so. In virtual time, against a hub that does
what the test says."""

from __future__ import annotations

import asyncio
import unittest
from typing import Any

from portcullis import PortcullisError, Subscription
from portcullis.session.limits import Limits

from .generated import Topics
from .scripted_hub import SILENCE
from .test_reconnect_bindings import Base
from .virtual_time import in_virtual_time, turns


class TopicsTest(Base):
    async def topics(self) -> Any:
        self.begin(Topics)
        return await self.client.bind(Topics)

    def read(self, subscription: Subscription[Any]) -> list[Any]:
        """What a reader that keeps up is told; the mark of a gap as `anew`."""
        told: list[Any] = []
        subscription.on_anew = lambda: told.append("anew")
        reading = subscription.listen(told.append)
        self.addCleanup(lambda: reading.done() and not reading.cancelled() and reading.exception())
        return told

    @in_virtual_time
    async def test_it_begins_anew_and_says_so_before_its_first_value(self) -> None:
        topics = await self.topics()
        ticked, level = topics.ticked(), topics.level()
        ticks, levels = self.read(ticked), self.read(level)
        for number in range(3):
            await turns()
            self.hub.publish("ticked", number)
            self.hub.publish("level", number)
            await turns()
            self.hub.wires[-1].cut()
            # Nobody hears this, but the state's value comes first on the next connection.
            self.hub.publish("ticked", 10 + number)
            self.hub.publish("level", 10 + number)
            await asyncio.sleep(1)
        self.assertEqual(ticks, [0, "anew", 1, "anew", 2, "anew"])
        self.assertEqual(levels, [0, "anew", 10, 1, "anew", 11, 2, "anew", 12])
        ticked.cancel()
        level.cancel()
        await turns()
        self.assertEqual(self.hub.peer.subscribed, {})
        self.hub.wires[-1].cut()
        await asyncio.sleep(1)
        self.assertEqual(self.hub.peer.subscribed, {})
        await self.client.close()

    @in_virtual_time
    async def test_a_gap_is_told_at_once_also_where_nothing_is_published_and_behind_the_subscription(self) -> None:
        topics = await self.topics()
        ticked = topics.ticked()
        told = self.read(ticked)
        there: list[int] = []
        self.hub.handlers["emit"] = lambda *_: there.append(len(self.hub.peer.subscribed))
        # What is asked for in it finds the subscription made.
        ticked.on_anew = lambda: asyncio.ensure_future(topics.emit(1, 1))
        await turns()
        self.hub.peer.unbind()
        await asyncio.sleep(1)
        self.assertEqual((there, told), ([1], []))
        await self.client.close()

    @in_virtual_time
    async def test_a_loop_sees_the_gap_at_the_first_value_behind_it(self) -> None:
        topics = await self.topics()
        seen = []
        async with topics.ticked() as ticks:
            await turns()
            for number in (1, 2):
                self.hub.publish("ticked", number)
            await turns()
            self.hub.wires[-1].cut()
            await asyncio.sleep(1)
            for number in (4, 5):
                self.hub.publish("ticked", number)
            async for tick in ticks:
                seen.append((tick, ticks.anew))
                if tick == 5:
                    break
        # What had come before is read before.
        self.assertEqual(seen, [(1, False), (2, False), (4, True), (5, False)])
        await self.client.close()

    @in_virtual_time
    async def test_who_reads_nothing_holds_what_two_subscriptions_may_send(self) -> None:
        topics = await self.topics()
        ticked = topics.ticked()
        for round in range(50):
            await turns()
            for number in range(3):
                self.hub.publish("ticked", 10 * round + number)
            await turns()
            self.hub.wires[-1].cut()
            await asyncio.sleep(6)
            self.assertLessEqual(len(ticked.source._items), 2 * Limits().stream_items + 1)
        self.hub.publish("ticked", 1000)
        seen = [(await anext(ticked), ticked.anew) for _ in range(4)]
        self.assertEqual(seen, [(0, False), (1, False), (2, False), (1000, True)])
        await self.client.close()
        with self.assertRaises(PortcullisError):
            await anext(ticked)
        with self.assertRaises(StopAsyncIteration):
            await anext(ticked)

    @in_virtual_time
    async def test_it_gives_credit_to_the_instance_that_its_values_came_from(self) -> None:
        topics = await self.topics()
        async with topics.ticked() as ticks:
            for round in range(3):
                for number in range(40):
                    await turns()
                    self.hub.publish("ticked", number)
                    self.assertEqual(await anext(ticks), number)
                self.hub.wires[-1].cut()
                await asyncio.sleep(1)
        self.assertEqual(await self.client.ready(), self.client.state)
        await self.client.close()

    @in_virtual_time
    async def test_it_ends_for_what_is_final_once(self) -> None:
        for status in ("permission_denied", "contract_mismatch", "resource_exhausted"):
            topics = await self.topics()
            ticked = topics.ticked()
            await turns()
            self.hub.publish("ticked", 1)
            self.hub.peer.drop_subscriptions(status)
            self.assertEqual(await anext(ticked), 1)
            await self.refused(anext(ticked), status, True)
            await asyncio.sleep(60)
            self.assertEqual((len(self.hub.peers), self.hub.peer.subscribed), (1, {}))
            await self.client.close()

    @in_virtual_time
    async def test_it_ends_when_there_will_be_no_connection_or_its_client_was_given_back(self) -> None:
        topics = await self.topics()
        ended = topics.ticked()
        await turns()
        self.hub.peer.say_goodbye("revoked")
        await self.refused(anext(ended), "unavailable", False)
        await self.refused(anext(topics.ticked()), "unavailable", False)
        topics = await self.topics()
        open = topics.ticked()
        await turns()
        await self.client.release(topics)
        self.hub.publish("ticked", 1)
        self.assertEqual(await anext(open), 1)
        self.hub.wires[-1].cut()
        await self.refused(anext(open), "unavailable", True)
        await self.client.close()

    @in_virtual_time
    async def test_an_instance_that_comes_and_goes_is_met_with_back_off(self) -> None:
        topics = await self.topics()
        told = self.read(topics.ticked())
        for _ in range(600):
            await asyncio.sleep(0.1)
            self.hub.peer.unbind()
        # After 0.1, 0.2 ... and 5 s, a minute has room for 16.
        self.assertGreater(len(told), 10)
        self.assertLess(len(told), 20)
        await self.client.close()

    @in_virtual_time
    async def test_one_that_is_left_or_cancelled_anywhere_leaves_nothing(self) -> None:
        for moment in range(60):
            topics = await self.topics()
            if moment % 3 == 1:
                self.hub.wires[-1].cut()
            if moment % 3 == 2:
                self.hub.peer.unbind()
                self.hub.bind = lambda: SILENCE
            ticked = topics.ticked()
            reading = asyncio.create_task(anext(ticked))
            await turns(moment // 6)
            if moment % 2:
                await asyncio.sleep(0.1)
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            ticked.cancel()
            ticked.cancel()
            (lasting,) = self.client._bindings
            self.assertEqual((lasting.subscriptions, lasting._waiters), ({}, {}))
            await self.client.close()
            self.assertEqual(asyncio.all_tasks(), {asyncio.current_task()})

    @in_virtual_time
    async def test_what_its_listeners_raise_is_logged(self) -> None:
        topics = await self.topics()
        ticked = topics.ticked()
        told = self.read(ticked)

        def broken() -> None:
            raise RuntimeError("broken")

        ticked.on_anew = broken
        await turns()
        self.hub.wires[-1].cut()
        with self.assertLogs("portcullis", "ERROR"):
            await asyncio.sleep(1)
        self.hub.publish("ticked", 1)
        await turns()
        self.assertEqual(told, [1])
        await self.client.close()


if __name__ == "__main__":
    unittest.main()
