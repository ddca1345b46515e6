"""Replays one transcript on a session (`tests/vectors/transcripts/README.md` says what each step means)."""

from __future__ import annotations

import re
from typing import Any

from portcullis.codec import Body
from portcullis.codec.writer import Writer
from portcullis.session import frame
from portcullis.session.limits import Limits
from portcullis.session.session import Session
from portcullis.session.violation import Ending, SendError
from portcullis.session.wire import Offer, Shape, Welcome, decode_caller


class Mismatch(AssertionError):
    """The session did something else than the transcript says."""


def must_equal(found: object, wanted: object, what: str) -> None:
    if found != wanted:
        raise Mismatch(f"{what}:\n  found  {found}\n  wanted {wanted}")


def told(name: str, body: Body) -> dict[str, Any]:
    """A body in an event: its bytes under `name`, and its blobs where it has any."""
    return {name: body.data.hex(), **({"blobs": [blob.hex() for blob in body.blobs]} if body.blobs else {})}


class Call:
    """A call of either side, by its name in the transcript."""

    def __init__(self, replay: Replay, name: str, inbound: bool) -> None:
        self.replay = replay
        self.name = name
        self.inbound = inbound
        self.id = 0

    def tell(self, event: str, **more: Any) -> None:
        self.replay.tell({"event": event, "as": self, **more})

    def credit(self) -> None:
        self.tell("credit")

    def finish(self) -> None:
        self.tell("finish")

    def stop(self, status: str) -> None:
        self.tell("cancel" if status == "cancelled" else "expired")

    def abandon(self) -> None:
        assert self.replay.ended is not None
        self.replay.ended["served"].append(self.name)

    def end(self, status: str, body: Body) -> None:
        self.tell("end", status=status, **told("body", body))

    def late(self, status: str, body: Body) -> None:
        pass

    def fail(self, status: str, sent: bool, message: str | None = None) -> None:
        if status == "unavailable":
            assert self.replay.ended is not None
            self.replay.ended["calls"].append(self.name)
        elif status == "resource_exhausted":
            # The caller is told both sizes.
            size, room = (int(number) for number in re.findall(r"\d+", message or ""))
            self.tell("refused", bytes=size, room=room)
        else:
            self.tell("expired")


class Made(Call):
    def item(self, missed: int, token: int | None, body: Body) -> None:
        self.tell("item", missed=missed, **({} if token is None else {"token": token}), **told("value", body))


class Taken(Call):
    def item(self, body: Body) -> None:
        self.tell("item", **told("value", body))


class Replay:
    """One session, and what it has told and sent since the last step."""

    def __init__(self, transcript: dict[str, Any], cut: bool) -> None:
        self.cut = cut
        self.messages = transcript.get("messages", False)
        self.now = 0.0
        self.rest = b""
        self.events: list[dict[str, Any]] = []
        self.frames: list[str] = []
        self.ended: dict[str, Any] | None = None
        self.calls: dict[str, Call] = {}
        self.unnamed: list[Call] = []
        limits = Limits(**transcript.get("limits", {}))
        self.session = Session(self, 0.0, limits, transcript.get("keepalive", False))
        offers = [
            Offer(one["name"], one["version"], Shape(bytes.fromhex(one["hash"]), [bytes.fromhex(each) for each in one.get("earlier", [])]), one["channels"])
            for one in transcript["interfaces"]
        ]
        self.session.hello(transcript["client"], offers)
        self.collect()

    # What the session tells.

    def tell(self, event: dict[str, Any]) -> None:
        if self.ended is not None:
            raise Mismatch("nothing is told after the end")
        self.events.append(event)

    def welcome(self, welcome: Welcome) -> None:
        self.tell({"event": "welcome", "peer": welcome.peer, "label": welcome.label, "role": welcome.role})

    def request(self, id: int, binding: int, ordinal: int, body: Body, budget_ms: int) -> None:
        call = Taken(self, "", True)
        call.id = id
        self.unnamed.append(call)
        self.session.accept(id, call, False, False)
        more = {"binding": binding, "ordinal": ordinal, "budgetMs": budget_ms, **told("args", body)}
        self.tell({"event": "request", "as": call, **more})

    def notify(self, binding: int, ordinal: int, body: Body) -> None:
        self.tell({"event": "notify", "binding": binding, "ordinal": ordinal, **told("args", body)})

    def caller(self, peer: int, body: bytes) -> None:
        who = decode_caller(peer, body)
        self.tell({"event": "caller", "peer": who.peer, "label": who.label, "role": who.role})

    def unbound(self, binding: int) -> None:
        self.tell({"event": "unbound", "binding": binding})

    def silent(self, late_ms: float) -> None:
        self.tell({"event": "silent"})

    def closed(self, ending: Ending) -> None:
        must_equal(self.ended, None, "the connection ends once")
        self.ended = {"reason": ending.reason, "calls": [], "served": []}

    # The steps.

    def run(self, steps: list[dict[str, Any]]) -> None:
        at = 0
        while at < len(steps):
            step = steps[at]
            if "do" in step or "receive" in step or "advance" in step:
                self.act(step)
                at += 1
            expected = []
            while at < len(steps) and ("send" in steps[at] or "event" in steps[at] or "closed" in steps[at]):
                expected.append(steps[at])
                at += 1
            self.check(expected, str(step)[:200])

    def act(self, step: dict[str, Any]) -> None:
        if "receive" in step:
            self.receive(bytes.fromhex("".join(step["receive"])))
        elif "advance" in step:
            self.now += step["advance"]
            due = self.session.next_timeout()
            if due is not None and due <= self.now:
                self.session.handle_timeout(self.now)
        else:
            before = len(self.frames)
            try:
                done = self.do(step) is not False
            except SendError:
                done = False
            self.collect()
            if step.get("refused", False):
                must_equal(len(self.frames), before, f"{step} must be refused")
            else:
                must_equal(done, True, f"{step} must not be refused")
        self.collect()

    def receive(self, data: bytes) -> None:
        size = 1 if self.cut else max(1, len(data))
        for at in range(0, len(data), size):
            self.rest += data[at : at + size]
            used = self.session.receive(self.rest, self.now, self.messages)
            self.rest = self.rest[used:]

    def do(self, step: dict[str, Any]) -> bool | None:
        session = self.session
        name = step.get("as", "")
        call = self.calls.get(name)
        id = call.id if call else 0
        inbound = call.inbound if call else False
        data = bytes.fromhex(step.get("args", step.get("value", step.get("body", ""))))
        place = (step.get("binding", 0), step.get("ordinal", 0))

        def body(out: Writer) -> None:
            out.out += data
            out.blobs += [bytes.fromhex(blob) for blob in step.get("blobs", [])]

        def open(kind: int, up: bool, down: bool) -> None:
            deadline = self.now + step["timeoutMs"] if "timeoutMs" in step else None
            made = Made(self, name, False)
            made.id = session.open(kind, *place, up, down, deadline, self.now, made, body)
            self.calls[name] = made

        match step["do"]:
            case "call":
                open(frame.REQUEST, step.get("up", False), step.get("down", False))
            case "subscribe":
                open(frame.SUBSCRIBE, False, True)
            case "publish" if "as" in step:
                open(frame.PUBLISH, False, False)
            case "publish":
                session.one_way(frame.PUBLISH, *place, body)
            case "notify":
                session.one_way(frame.NOTIFY, *place, body)
            case "accept":
                assert isinstance(call, Taken)
                session.accept(id, call, step.get("up", False), step.get("down", False))
            case "item":
                return session.item(inbound, id, step.get("missed", 0), body)
            case "credit":
                session.credit(inbound, id, step.get("items", 0), step.get("bytes", 0))
            case "ack":
                session.ack(id, step.get("token", 0))
            case "finish":
                session.finish(id)
            case "cancel":
                return session.cancel(id) is not None
            case "end":
                return session.reply(id, step.get("status", "ok"), body)
            case "close":
                session.close(Ending(step.get("reason", "closed"), step.get("message", "")))
            case other:
                raise Mismatch(f"unknown step {other}")
        return None

    def check(self, expected: list[dict[str, Any]], after: str) -> None:
        frames: list[str] = []
        events: list[dict[str, Any]] = []
        ended = None
        for step in expected:
            if "send" in step:
                frames += step["send"]
            elif "closed" in step:
                ended = {
                    "reason": step["closed"],
                    "calls": sorted(step.get("calls", [])),
                    "served": sorted(step.get("served", [])),
                }
            else:
                if step["event"] == "request" and self.unnamed:
                    named = self.unnamed.pop(0)
                    named.name = step["as"]
                    self.calls[step["as"]] = named
                events.append(step)
        found = [{**one, "as": one["as"].name} if "as" in one else one for one in self.events]
        must_equal(found, events, f"events after {after}")
        for data in (False, True):
            sent = [one for one in self.frames if (bytes.fromhex(one)[4] in frame.DATA_KINDS) == data]
            wanted = [one for one in frames if (int(one[8:10], 16) in frame.DATA_KINDS) == data]
            must_equal(blur(sent, wanted), wanted, f"frames after {after}")
        if self.ended is not None:
            self.ended["calls"].sort()
            self.ended["served"].sort()
        must_equal(self.ended, ended, f"the end after {after}")
        self.events, self.frames, self.ended = [], [], None

    def collect(self) -> None:
        while (data := self.session.outbox.transmit(self.now)) is not None:
            while data:
                length = int.from_bytes(data[:4], "little")
                self.frames.append(data[:length].hex())
                data = data[length:]


def blur(frames: list[str], expected: list[str]) -> list[str]:
    """Puts the star of an expected frame on the frame that stands there, so that the two can be compared."""
    blurred = list(frames)
    for at, (found, wanted) in enumerate(zip(frames, expected)):
        if wanted.endswith("*"):
            blurred[at] = f"{wanted[:8]}{found[8:48]}*"
    return blurred
