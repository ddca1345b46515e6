"""The committed transcripts, replayed on the Python session: as they are, and cut into single bytes. And bytes of chance."""

from __future__ import annotations

import json
import random
import unittest

from portcullis.session import frame
from portcullis.session.session import Session

from .notation import VECTORS
from .transcript import Mismatch, Replay

TRANSCRIPTS = [json.loads(path.read_text()) for path in sorted((VECTORS / "transcripts").glob("*.json"))]


class Transcripts(unittest.TestCase):
    def test_all_replay(self) -> None:
        self.assertGreater(len(TRANSCRIPTS), 80)
        for transcript in TRANSCRIPTS:
            with self.subTest(transcript["name"]):
                Replay(transcript, cut=False).run(transcript["steps"])

    def test_all_replay_byte_by_byte(self) -> None:
        for transcript in TRANSCRIPTS:
            if not transcript.get("messages", False):
                with self.subTest(transcript["name"]):
                    Replay(transcript, cut=True).run(transcript["steps"])

    def test_a_replay_notices_what_is_missing_and_what_differs(self) -> None:
        (good,) = [one for one in TRANSCRIPTS if one["name"] == "call-ok"]
        for at in range(len(good["steps"])):
            steps = good["steps"][:at] + good["steps"][at + 1 :]
            with self.subTest(at), self.assertRaises((Mismatch, KeyError)):
                Replay(good, cut=False).run(steps)
        other = json.loads(json.dumps(good).replace("c0ffee", "c0ffef", 1))
        with self.assertRaises(Mismatch):
            Replay(other, cut=False).run(other["steps"])


class Hostile(unittest.TestCase):
    """A hub that sends anything at all ends the connection by a typed reason; nothing else is raised."""

    def replay(self) -> tuple[Replay, list[bytes]]:
        (good,) = [one for one in TRANSCRIPTS if one["name"] == "both-directions"]
        frames = [bytes.fromhex(one) for step in good["steps"] for one in step.get("receive", [])]
        return Replay(good, cut=False), frames

    def test_f03_frames_of_chance_end_the_connection_or_are_taken(self) -> None:
        chance = random.Random(22)
        ended = 0
        for _ in range(2000):
            replay, frames = self.replay()
            session: Session = replay.session
            data = bytearray(b"".join(frames))
            for _ in range(chance.randint(1, 4)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            for _ in range(chance.randrange(4)):
                binding, ordinal, id, budget = (chance.choice((0, 1, 0x10000, 0x10001, 0xFFFFFFFF)) for _ in range(4))
                kind, body = chance.randint(1, 21), chance.randbytes(chance.randrange(12))
                data += frame.build(kind, chance.choice((0, 0, 1, 2, 4)), binding, ordinal, id, budget, body)
            rest = bytes(data)
            while rest and not session.is_closed:
                size = chance.randint(1, len(rest))
                used = session.receive(rest[:size], replay.now)
                if used == 0 and size == len(rest):
                    break
                rest = rest[used:]
            session.handle_timeout(replay.now + 1e6)
            ended += session.is_closed
            while session.outbox.transmit(replay.now) is not None:
                pass
            if session.is_closed:
                self.assertIsNone(session.next_timeout())
        self.assertGreater(ended, 500)

    def test_f02_a_length_is_judged_before_anything_is_waited_for(self) -> None:
        replay, _ = self.replay()
        replay.session.receive(b"\xff\xff\xff\xff", 0.0)
        self.assertTrue(replay.session.is_closed)


if __name__ == "__main__":
    unittest.main()
