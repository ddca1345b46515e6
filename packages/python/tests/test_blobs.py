"""Blobs on their way: parcels by turns and in bounds, frames that are kept back and no others, and what is refused of a hub that
breaks section 15 of the protocol. (Faults 2, 3, 12, 15)"""

from __future__ import annotations

import random
import unittest
from collections.abc import Callable
from typing import Any

from portcullis.codec import Body
from portcullis.codec.base import to_bytes
from portcullis.codec.writer import Writer
from portcullis.session import frame
from portcullis.session.arrivals import Arrivals
from portcullis.session.limits import BLOBS_WAITING_BYTES_MAX, PARCEL_BYTES_MAX, PARCELS_MAX, Limits
from portcullis.session.session import Session
from portcullis.session.violation import Ending, SendError, Violation
from portcullis.session.wire import WELCOME, Welcome

KIB, MIB = 1024, 1024 * 1024


def writes(data: bytes, *blobs: bytes) -> Callable[[Writer], None]:
    def write(out: Writer) -> None:
        out.out += data
        out.blobs += blobs

    return write


class Side:
    """The peer's session, and the hub's end of its connection: takes in what the peer sends, by the rules of the protocol."""

    def __init__(self, limits: Limits | None = None, ours: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.told: list[tuple[Any, ...]] = []
        self.session = Session(self, 0.0, ours, keepalive=False)
        self.session.hello("test", [])
        self.parcels = Arrivals(self.limits.blob_bytes)
        self.frames: list[tuple[frame.Head, Body]] = []
        """The messages that have come."""
        self.pieces: list[tuple[int, int]] = []
        """The number and size of each piece of a parcel."""
        self.unacknowledged = 0
        self.now = 0.0

    def welcome(self, welcome: Welcome) -> None:
        self.told.append(("welcome",))

    def request(self, id: int, binding: int, ordinal: int, body: Body, budget_ms: int) -> None:
        self.told.append(("request", id, body))
        self.session.accept(id, self, True, True)

    def notify(self, binding: int, ordinal: int, body: Body) -> None:
        self.told.append(("notify", body))

    def caller(self, peer: int, body: bytes) -> None: ...

    def unbound(self, binding: int) -> None: ...

    def silent(self, late_ms: float) -> None: ...

    def closed(self, ending: Ending) -> None:
        self.told.append(("closed", ending.reason))

    # Of calls, whose owner this is, too.

    def item(self, *args: Any) -> None:
        self.told.append(("item", args[-1]))

    def credit(self) -> None: ...

    def finish(self) -> None: ...

    def stop(self, status: str) -> None:
        self.told.append(("stop", status))

    def abandon(self) -> None: ...

    def end(self, status: str, body: Body) -> None:
        self.told.append(("end", status, body))

    def late(self, status: str, body: Body) -> None: ...

    def fail(self, status: str, sent: bool, message: str | None = None) -> None:
        self.told.append(("fail", status))

    def open(self) -> Side:
        self.give(frame.build(frame.WELCOME, 0, 0, 0, 0, 0, to_bytes(WELCOME, Welcome(1, self.limits, 1, "a", "b"))))
        return self.take()

    def give(self, *frames: bytes) -> None:
        """What the hub sends."""
        data = b"".join(frames)
        assert self.session.receive(data, self.now) == len(data) or self.session.is_closed

    def take(self, most: int = 1 << 30) -> Side:
        """Takes in so many transmissions of the peer's, without an answer. Fails when it breaks the protocol."""
        for _ in range(most):
            data = self.session.outbox.transmit(self.now)
            if data is None:
                break
            offset = 0
            while offset < len(data):
                head = frame.parse_head(data, offset, self.limits.frame_bytes)
                assert head is not None
                end = offset + head.length
                body = data[offset + frame.HEADER_BYTES : end - frame.NUMBER_BYTES * head.attachments]
                numbers = frame.parcel_numbers(data, end, head.attachments) if head.attachments else ()
                offset = end
                if head.kind in frame.DATA_KINDS:
                    assert self.unacknowledged < self.limits.window_bytes, "more than the window"
                    self.unacknowledged += head.length
                if head.kind == frame.PARCEL:
                    self.pieces.append((head.id, len(body)))
                    self.parcels.take(head, body)
                else:
                    self.frames.append((head, Body(body, self.parcels.claim(numbers))))
        return self

    def acknowledge(self) -> Side:
        self.give(frame.build(frame.WINDOW, 0, 0, 0, 0, self.unacknowledged))
        self.unacknowledged = 0
        return self

    def drain(self) -> Side:
        """Takes everything in."""
        while self.session.outbox.has_output or self.unacknowledged:
            self.take().acknowledge()
        return self

    def call(self, data: bytes, *blobs: bytes, channel: tuple[int, int] = (1, 0), up: bool = False, due: float | None = None) -> int:
        return self.session.open(frame.REQUEST, *channel, up, False, due, self.now, self, writes(data, *blobs))

    def notice(self, data: bytes, *blobs: bytes, channel: tuple[int, int] = (1, 0)) -> None:
        self.session.one_way(frame.NOTIFY, *channel, writes(data, *blobs))

    def bodies(self) -> list[bytes]:
        """What has come, by the bodies of messages; a frame without one by its kind."""
        return [body.data or bytes([head.kind]) for head, body in self.frames if head.kind in frame.DATA_KINDS]


class Out(unittest.TestCase):
    def test_parcels_leave_by_turns_and_small_frames_ahead_of_them(self) -> None:
        side = Side().open()
        first, second = b"\1" * (3 * MIB), b"\2" * (PARCEL_BYTES_MAX * 2)
        side.call(b"first", first, channel=(1, 0))
        side.call(b"second", second, channel=(1, 1))
        side.take(3)
        self.assertEqual(side.pieces, [(1, PARCEL_BYTES_MAX), (2, PARCEL_BYTES_MAX), (1, PARCEL_BYTES_MAX)])
        side.call(b"small", channel=(1, 2))
        side.take(1)
        self.assertEqual((side.bodies(), len(side.pieces)), ([b"small"], 3))
        side.drain()
        self.assertEqual(side.bodies(), [b"small", b"second", b"first"])
        blobs = {body.data: body.blobs for _, body in side.frames}
        self.assertEqual((blobs[b"first"], blobs[b"second"]), ((first,), (second,)))
        self.assertEqual((len(side.parcels), side.session.outbox.blob_bytes), (0, 0))

    def test_parcels_use_half_of_the_window_and_calls_find_room_in_the_rest(self) -> None:
        side = Side().open()
        side.call(b"large", bytes(16 * MIB))
        side.take()
        window = side.limits.window_bytes
        self.assertLess(side.unacknowledged, window // 2 + PARCEL_BYTES_MAX + 2 * frame.HEADER_BYTES)
        self.assertGreaterEqual(side.unacknowledged, window // 2)
        self.assertTrue(side.session.outbox.is_held)
        for number in range(1000):
            side.call(b"%d" % number, channel=(1, 1))
        side.take()
        self.assertEqual(len(side.bodies()), 1000)
        self.assertEqual(side.drain().bodies()[-1], b"large")

    def test_an_empty_blob_is_one_frame_without_bytes(self) -> None:
        side = Side().open()
        side.call(b"none", b"", b"x", b"")
        side.take()
        self.assertEqual(side.pieces, [(1, 0), (2, 1), (3, 0)])
        self.assertEqual(side.frames[-1][1], Body(b"none", (b"", b"x", b"")))

    def test_what_must_not_overtake_is_kept_back_and_nothing_else(self) -> None:
        side = Side().open()
        large = bytes(4 * MIB)
        stream = side.call(b"large", large, up=True)
        side.session.item(False, stream, 0, writes(b"item"))
        side.session.finish(stream)
        side.call(b"same channel")
        side.call(b"other ordinal", channel=(1, 1))
        side.call(b"other binding", channel=(2, 0))
        side.call(b"hub", channel=(0, 1))
        side.call(b"behind hub", channel=(3, 0))
        side.notice(b"also same channel")
        side.take()
        self.assertEqual(side.bodies(), [b"other ordinal", b"other binding"])
        wanted = [b"large", b"item", bytes([frame.FINISH]), b"same channel", b"hub", b"behind hub", b"also same channel"]
        self.assertEqual(side.drain().bodies()[2:], wanted)

    def test_items_with_blobs_keep_their_order_and_use_credit_by_all_their_bytes(self) -> None:
        side = Side(Limits(stream_bytes=100)).open()
        id = side.call(b"open", up=True)
        self.assertTrue(side.session.item(False, id, 0, writes(b"a", bytes(98))))
        self.assertTrue(side.session.item(False, id, 0, writes(b"b", bytes(1000))))
        self.assertFalse(side.session.item(False, id, 0, writes(b"c")))
        side.give(frame.build(frame.CREDIT, frame.FLAG_CALLEE, 0, 0, id, 1001))
        self.assertTrue(side.session.item(False, id, 0, writes(b"c")))
        self.assertEqual(side.drain().bodies(), [b"open", b"a", b"b", b"c"])

    def test_a_call_that_is_given_up_gives_its_parcels_up(self) -> None:
        side = Side().open()
        large = bytes(4 * MIB)
        first = side.call(b"first", large)
        side.call(b"second", large)
        side.call(b"third")
        side.take(2)
        self.assertEqual(len(side.parcels), 2)
        side.session.cancel(first)
        side.drain()
        self.assertEqual(side.bodies(), [b"second", b"third"])
        self.assertEqual((len(side.parcels), side.session.outbox.blob_bytes, side.session.outbox.data_bytes), (0, 0, 0))
        # The slot is free at once, as nothing of it had left.
        self.assertEqual(side.call(b"again") & 0xFFFF, first & 0xFFFF)

    def test_what_stands_behind_a_call_that_is_given_up_still_waits_for_those_before_it(self) -> None:
        side = Side().open()
        side.call(b"large", bytes(4 * MIB))
        second = side.call(b"second", b"2")
        side.call(b"third", b"3")
        side.take()
        side.session.cancel(second)
        side.call(b"fourth")
        side.take()
        self.assertEqual(side.bodies(), [])
        self.assertEqual(side.drain().bodies(), [b"large", b"third", b"fourth"])

    def test_a_cancelled_stream_drops_the_item_that_waits_for_its_blob(self) -> None:
        side = Side().open()
        id = side.call(b"open", up=True)
        side.session.item(False, id, 0, writes(b"item", bytes(4 * MIB)))
        side.take()
        side.session.cancel(id)
        self.assertEqual(side.drain().bodies(), [b"open", bytes([frame.CANCEL])])
        self.assertEqual(len(side.parcels), 0)

    def test_nothing_of_a_call_that_has_ended_comes_behind_the_next_of_its_slot(self) -> None:
        side = Side().open()
        id = side.call(b"open", up=True)
        side.session.item(False, id, 0, writes(b"item", bytes(4 * MIB)))
        side.session.finish(id)
        side.take()
        side.give(frame.build(frame.END, 0, 0, 8, id, 0, b"enough"))
        again = side.call(b"next")
        self.assertEqual(again & 0xFFFF, id & 0xFFFF)
        self.assertEqual(side.drain().bodies(), [b"open", b"next"])
        self.assertEqual((len(side.parcels), side.session.outbox.blob_bytes, side.session.outbox.data_bytes), (0, 0, 0))

    def test_a_served_call_that_is_cancelled_ends_without_its_waiting_item(self) -> None:
        side = Side().open()
        side.give(frame.build(frame.REQUEST, 0, 5, 0, 0x10000, 0, b"go"))
        side.session.item(True, 0x10000, 0, writes(b"item", bytes(4 * MIB)))
        side.take()
        side.give(frame.build(frame.CANCEL, 0, 0, 0, 0x10000, 0))
        self.assertEqual(side.told[-1], ("stop", "cancelled"))
        side.session.reply(0x10000, "cancelled", writes(b"bye"))
        self.assertEqual(side.take().bodies(), [b"bye"])
        self.assertEqual(len(side.parcels), 0)

    def test_a_budget_is_what_is_left_when_the_call_leaves(self) -> None:
        side = Side().open()
        side.call(b"large", bytes(4 * MIB), due=1000.0)
        side.call(b"behind", due=1000.0)
        side.take()
        side.now = 400.0
        side.drain()
        self.assertEqual([head.budget for head, _ in side.frames[-2:]], [600, 600])

    def test_f15_what_is_too_large_or_too_much_is_refused_here(self) -> None:
        side = Side(Limits(blob_bytes=MIB)).open()
        with self.assertRaises(SendError) as caught:
            side.call(b"", bytes(MIB), b"1")
        self.assertEqual(caught.exception.status, "resource_exhausted")
        side.call(b"", bytes(MIB - 1), b"1")
        side = Side(Limits(blob_bytes=BLOBS_WAITING_BYTES_MAX)).open()
        half = bytes(BLOBS_WAITING_BYTES_MAX // 2)
        for _ in range(3):
            side.notice(b"", half)
        for refused in (side.notice, side.call):
            with self.assertRaises(SendError):
                refused(b"", b"1")
        side.call(b"small", channel=(1, 1))
        self.assertEqual(side.take().bodies(), [b"small"])
        side.give(frame.build(frame.REQUEST, 0, 5, 0, 0x10000, 0, b"go"))
        self.assertTrue(side.session.reply(0x10000, "ok", writes(b"", b"1")))
        side.take()
        self.assertEqual((side.frames[-1][0].kind, side.frames[-1][0].ordinal), (frame.END, 8))

    def test_no_more_parcels_are_opened_than_may_be_unused(self) -> None:
        side = Side().open()
        for ordinal in range(10):
            side.notice(b"%d" % ordinal, *[b"x"] * 16, channel=(1, ordinal))
        self.assertEqual(side.drain().bodies(), [b"%d" % ordinal for ordinal in range(10)])

    def test_what_waits_for_a_hub_that_takes_less_is_told_when_it_says_so(self) -> None:
        side = Side(Limits(blob_bytes=10))
        side.session.finish(side.call(b"large", bytes(11), up=True))
        side.notice(b"lost", bytes(11), channel=(1, 1))
        side.call(b"fits", bytes(10))
        side.call(b"next", bytes(10))
        side.call(b"behind", channel=(1, 1))
        side.open().drain()
        self.assertEqual(side.told, [("welcome",), ("fail", "resource_exhausted")])
        self.assertEqual(side.bodies(), [b"behind", b"fits", b"next"])

    def test_f12_whatever_is_sent_breaks_no_bound_and_no_order(self) -> None:
        """Chance sends, cancels and acknowledges; `Side.take` fails where the peer breaks the protocol."""
        for seed in range(150):
            with self.subTest(seed):
                self.play(random.Random(seed))

    def play(self, chance: random.Random) -> None:
        limits = Limits(chance.choice((4096, 1 << 20)), chance.choice((4096, 1 << 16)), blob_bytes=chance.choice((3000, 300_000)))
        side = Side(limits)
        welcomed = False
        sent: dict[tuple[int, int], list[bytes]] = {}
        open_calls: dict[int, tuple[tuple[int, int], bytes]] = {}
        gone: set[bytes] = set()
        for step in range(200):
            name = b"%d" % step
            channel = (chance.randrange(3), chance.randrange(2))
            blobs = [chance.randbytes(chance.choice((0, 1, 100, 900))) for _ in range(chance.choice((0, 0, 1, 3)))]
            try:
                match chance.randrange(8):
                    case 0 | 1:
                        open_calls[side.call(name, *blobs, channel=channel)] = (channel, name)
                        sent.setdefault(channel, []).append(name)
                    case 2 | 3:
                        side.notice(name, *blobs, channel=channel)
                        sent.setdefault(channel, []).append(name)
                    case 4 if open_calls:
                        id = chance.choice(list(open_calls))
                        _, called = open_calls.pop(id)
                        side.session.cancel(id)
                        gone.add(called)
                    case 5:
                        side.take(chance.randrange(4))
                    case 6 if welcomed:
                        side.take(1).acknowledge()
                    case 7 if not welcomed and step > 20:
                        side.open()
                        welcomed = True
            except SendError:
                pass
        if not welcomed:
            side.open()
        side.drain()
        failed = [told for told in side.told if told[0] == "fail"]
        came: dict[tuple[int, int], list[bytes]] = {}
        for head, body in side.frames:
            if head.kind in (frame.REQUEST, frame.NOTIFY):
                came.setdefault((head.binding, head.ordinal), []).append(body.data)
        for channel, names in sent.items():
            there = came.get(channel, [])
            self.assertEqual(there, [name for name in names if name in there])
            if not failed:
                self.assertEqual([name for name in names if name not in there and name not in gone], [])
        outbox = side.session.outbox
        self.assertEqual((outbox.data_bytes, outbox.blob_bytes, len(side.parcels), side.session.is_closed), (0, 0, 0, False))


def parcel(number: int, length: int, data: bytes = b"", flags: int = 0) -> bytes:
    return frame.build(frame.PARCEL, flags, 0, 0, number, length, data)


def taking(kind: int, numbers: list[int], data: bytes = b"", id: int = 0, flags: int = 0) -> bytes:
    return frame.with_parcels(frame.build(kind, flags, 5, 0, id, 0, data, len(numbers)), numbers)


class In(unittest.TestCase):
    def refused(self, reason: str, *frames: bytes, ours: Limits | None = None) -> None:
        side = Side(ours=ours).open()
        side.give(*frames)
        self.assertEqual(side.told[-1], ("closed", reason))
        self.assertEqual(len(side.session.arrivals), 0)

    def test_parcels_come_in_pieces_and_mixed(self) -> None:
        side = Side().open()
        large = bytes(range(256)) * 300
        side.give(
            parcel(9, len(large), large[:PARCEL_BYTES_MAX]), parcel(3, 2, b"a"), parcel(7, 0), parcel(3, 2, b"b"),
            parcel(9, len(large), large[PARCEL_BYTES_MAX:]), taking(frame.NOTIFY, [3, 9, 7], b"body"),
        )  # fmt: skip
        self.assertEqual(side.told[-1], ("notify", Body(b"body", (b"ab", large, b""))))
        side.give(parcel(3, 1, b"c"), taking(frame.REQUEST, [3], id=0x10000))
        self.assertEqual(side.told[-1], ("request", 0x10000, Body(b"", (b"c",))))
        self.assertEqual(len(side.session.arrivals), 0)

    def test_the_parcels_of_a_message_are_taken_whatever_becomes_of_it(self) -> None:
        side = Side().open()
        id = side.call(b"gone")
        side.take()
        side.session.cancel(id)
        side.give(parcel(1, 1, b"x"), taking(frame.END, [1], id=id), parcel(1, 1, b"y"), parcel(1, 0, flags=frame.FLAG_ABANDON))
        self.assertEqual((len(side.session.arrivals), side.session.is_closed), (0, False))

    def test_f12_an_item_uses_credit_by_all_its_bytes(self) -> None:
        side = Side(ours=Limits(stream_bytes=10)).open()
        side.give(frame.build(frame.REQUEST, 0, 5, 0, 0x10000, 0))
        side.give(parcel(1, 9, bytes(9)), taking(frame.ITEM, [1], b"1", id=0x10000))
        self.assertEqual(side.told[-1], ("item", Body(b"1", (bytes(9),))))
        side.give(frame.build(frame.ITEM, 0, 0, 0, 0x10000, 0))
        self.assertEqual(side.told[-1], ("closed", "credit_exceeded"))

    def test_f12_parcels_that_break_a_bound_end_the_connection(self) -> None:
        most = Limits().blob_bytes
        for name, frames in {
            "number 0": [parcel(0, 1, b"a")],
            "no bytes": [parcel(1, 1)],
            "too many bytes": [parcel(1, 1, b"ab")],
            "too many bytes in all": [parcel(1, 2, b"a"), parcel(1, 2, b"bc")],
            "too many at once": [parcel(1, most, bytes(PARCEL_BYTES_MAX + 1))],
            "another length": [parcel(1, 3, b"a"), parcel(1, 4, b"b")],
            "more behind the end": [parcel(1, 1, b"a"), parcel(1, 1, b"a")],
            "more behind an empty one": [parcel(1, 0), parcel(1, 0)],
            "more than may be on its way": [parcel(1, most, b"a"), parcel(2, 1, b"a")],
            "one too many": [parcel(number, 1, b"a") for number in range(1, PARCELS_MAX + 2)],
            "given up, but none": [parcel(1, 0, flags=frame.FLAG_ABANDON)],
            "given up with bytes": [parcel(1, 2, b"a"), parcel(1, 2, b"b", frame.FLAG_ABANDON)],
            "not whole": [parcel(1, 2, b"a"), taking(frame.NOTIFY, [1])],
            "none": [taking(frame.NOTIFY, [1])],
            "used twice": [parcel(1, 1, b"a"), taking(frame.NOTIFY, [1, 1])],
            "used again": [parcel(1, 1, b"a"), taking(frame.NOTIFY, [1]), taking(frame.NOTIFY, [1])],
            "given up, and used": [parcel(1, 1, b"a"), parcel(1, 0, flags=frame.FLAG_ABANDON), taking(frame.NOTIFY, [1])],
        }.items():
            with self.subTest(name):
                self.refused("bad_parcel", *frames)
        side = Side().open()
        side.give(*(parcel(number, 1, b"a") for number in range(1, PARCELS_MAX + 1)), taking(frame.NOTIFY, [5]), parcel(99, 1, b"b"))
        self.assertFalse(side.session.is_closed)

    def test_f15_a_length_is_refused_before_anything_is_allocated(self) -> None:
        self.refused("bad_parcel", parcel(1, 0xFFFF_FFFF, b"a"))
        self.refused("bad_parcel", parcel(1, 1, b"a"), ours=Limits(blob_bytes=0))
        arrivals = Arrivals(Limits().blob_bytes)
        head = frame.Head(25, frame.PARCEL, 0, 0, 0, 0, 1, Limits().blob_bytes)
        arrivals.take(head, b"a")
        self.assertLess(arrivals.held_bytes, 100)

    def test_f03_attachments_stand_only_where_values_do_and_have_room(self) -> None:
        for kind in (frame.CANCEL, frame.WINDOW, frame.UNBOUND, frame.PARCEL, frame.CALLER):
            self.refused("malformed_frame", frame.build(kind, 0, 0, 0, 1, 0, b"", 1))
        self.refused("malformed_frame", frame.build(frame.NOTIFY, 0, 0, 0, 0, 0, b"", 17))
        cut = bytearray(frame.build(frame.NOTIFY, 0, 0, 0, 0, 0, b"123"))
        cut[6] = 1
        self.refused("malformed_frame", bytes(cut))
        self.refused("unknown_flag", frame.build(frame.ITEM, frame.FLAG_ABANDON, 0, 0, 0, 0))

    def test_f03_loans_are_refused_where_no_pool_is_mapped(self) -> None:
        self.refused("bad_pool", frame.build(frame.LEND, 0, 0, 0, 1, 1, b"\1"))
        self.refused("bad_pool", frame.build(frame.POOL, 0, 0, 0, 0, 0, b"\1\1"))
        for kind in (frame.PARCEL, frame.LEND, frame.POOL):
            side = Side()
            side.give(frame.build(kind, 0, 0, 0, 1, 0))
            self.assertEqual(side.told, [("closed", "unexpected_frame")])

    def test_f12_parcels_of_chance_are_put_together_or_refused(self) -> None:
        chance = random.Random(15)
        refused = taken = 0
        for _ in range(3000):
            arrivals = Arrivals(60)
            try:
                for _ in range(chance.randint(1, 12)):
                    number = chance.randrange(1, 4)
                    length = chance.choice((number, number, number, number, 0, 40))
                    if chance.randrange(4) == 0:
                        blobs = arrivals.claim([number])
                        taken += len(blobs)
                        continue
                    body = chance.randbytes(chance.randrange(1, number + 1))
                    flags = chance.choice((0, 0, 0, 0, 0, frame.FLAG_ABANDON))
                    arrivals.take(frame.Head(0, frame.PARCEL, flags, 0, 0, 0, number, length), body)
                    self.assertLessEqual(arrivals.held_bytes, 60 + 9)
            except Violation as violation:
                self.assertEqual(violation.ending.reason, "bad_parcel")
                refused += 1
        self.assertGreater(refused, 100)
        self.assertGreater(taken, 100)


if __name__ == "__main__":
    unittest.main()
