"""A hub in this process that does what a test says: it takes peers in, answers what it is asked, and ends connections where it
is told to. And wires to it that are cut after so many bytes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from portcullis import Limits, Portcullis, PortcullisError
from portcullis.codec.base import Body, from_bytes, to_bytes
from portcullis.interface import Channel, Interface
from portcullis.session import frame
from portcullis.session.wire import BIND, BOUND, FAILURE, NUMBER, SERVE, U32, WELCOME, Bound, Failure, Welcome
from portcullis.tables import REASON_CODES, STATUS_CODES

SILENCE = object()
"""What a handler returns whose call is not answered."""


class Hub:
    """All connections to it, and what was asked of it."""

    def __init__(self, *interfaces: Interface[Any, Any, Any]) -> None:
        self.interfaces = {interface.name: interface for interface in interfaces}
        self.handlers: dict[str, Callable[..., Any]] = {}
        """By method: gets the arguments, and returns the reply or raises the failure."""
        self.bind: Callable[[], object] = lambda: None
        """Run at each bind; raises its failure, or returns `SILENCE`."""
        self.welcomes = True
        """Whether peers are taken in."""
        self.limits = Limits()
        self.peers: list[Peer] = []
        """All that ever connected."""
        self.wires: list[Wire] = []
        """The near ends of the same."""
        self.cuts: list[tuple[int | None, int | None]] = []
        """After how many bytes up and down each connection that comes is cut; later ones are not."""
        self.refuses = 0
        """So many that come find nobody."""
        self.published: dict[str, Any] = {}
        """The last value of each topic that is a state."""

    @property
    def peer(self) -> Peer:
        """The one that connected last."""
        return self.peers[-1]

    async def dial(self) -> Portcullis:
        """Makes a connection to it."""
        if self.refuses > 0:
            self.refuses -= 1
            raise ConnectionRefusedError("nobody listens")
        portcullis = Portcullis((), "test", None, True)
        Wire(self, portcullis._connection)
        return portcullis

    def publish(self, method: str, value: Any) -> None:
        """Publishes on a topic of any interface, to all who have subscribed."""
        for interface in self.interfaces.values():
            for channel in interface.channels:
                if channel.method == method and channel.is_topic:
                    if channel.kind == "state":
                        self.published[method] = value
                    for peer in list(self.peers):
                        peer.publish(channel, value)


class Wire(asyncio.Transport):
    """The near end of a connection, which takes bytes at once and gives them in the next turn."""

    def __init__(self, hub: Hub, near: asyncio.Protocol) -> None:
        super().__init__()
        self.loop = asyncio.get_running_loop()
        self.near = near
        self.up_left, self.down_left = hub.cuts.pop(0) if hub.cuts else (None, None)
        self.up = self.down = 0
        """Bytes that went each way."""
        self._over = False
        self.peer = Peer(hub, self)
        hub.wires.append(self)
        near.connection_made(self)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._over:
            return
        part = bytes(data) if self.up_left is None else bytes(data)[: self.up_left - self.up]
        self.up += len(part)
        self.loop.call_soon(self.peer.receive, part)
        if self.up == self.up_left:
            self.cut()

    def answer(self, data: bytes) -> None:
        """Bytes from the hub."""
        if self._over:
            return
        part = data if self.down_left is None else data[: self.down_left - self.down]
        self.down += len(part)
        self.loop.call_soon(self._give, part)
        if self.down == self.down_left:
            self.cut()

    def _give(self, data: bytes) -> None:
        if not self.near_is_gone:
            self.near.data_received(data)

    near_is_gone = False

    def cut(self) -> None:
        """Neither end gets what is sent from now on."""
        if self._over:
            return
        self._over = True
        self.loop.call_soon(self._lost)

    def _lost(self) -> None:
        self.near_is_gone = True
        self.peer.gone = True
        self.near.connection_lost(None)

    def close(self) -> None:
        self.cut()

    def abort(self) -> None:
        self.cut()

    def is_closing(self) -> bool:
        return self._over

    def get_write_buffer_size(self) -> int:
        return 0


class Peer:
    """The hub's end of one connection."""

    def __init__(self, hub: Hub, wire: Wire) -> None:
        self.hub = hub
        self.wire = wire
        self.gone = False
        self.bound: dict[int, Interface[Any, Any, Any]] = {}
        """By binding."""
        self.released: list[int] = []
        self.served: list[str] = []
        self.withdrawn: list[int] = []
        self.notified: list[str] = []
        self.subscribed: dict[int, Channel[Any]] = {}
        """By the call's id."""
        self.asked: dict[int, Channel[Any]] = {}
        """Calls that were not answered."""
        self._open: set[int] = set()
        """Everything that has no end yet."""
        self.goodbye: str | None = None
        self._rest = b""
        hub.peers.append(self)

    def receive(self, data: bytes) -> None:
        """Takes bytes in, also when the wire is cut behind them."""
        self._rest += data
        while (head := frame.parse_head(self._rest, 0, 1 << 24)) is not None:
            body, self._rest = self._rest[frame.HEADER_BYTES : head.length], self._rest[head.length :]
            self._take(head, body)

    def send(self, kind: int, id: int = 0, ordinal: int = 0, body: bytes = b"", binding: int = 0, flags: int = 0) -> None:
        """Sends a frame."""
        self.wire.answer(frame.build(kind, flags, binding, ordinal, id, 0, body))

    def welcome(self) -> None:
        """Takes it in."""
        self.send(frame.WELCOME, body=to_bytes(WELCOME, Welcome(1, self.hub.limits, len(self.hub.peers), "label", "role")))

    def say_goodbye(self, reason: str) -> None:
        """Ends the connection with a reason."""
        self.send(frame.GOODBYE, ordinal=REASON_CODES[reason], body=b"because")

    def unbind(self) -> None:
        """The instances behind all bindings leave."""
        for binding in self.bound:
            self.send(frame.UNBOUND, binding=binding)
        self.drop_subscriptions()

    def drop_subscriptions(self, status: str = "unavailable") -> None:
        """Ends all subscriptions."""
        for id, channel in self.subscribed.items():
            self.fail(id, PortcullisError(status, "it has left", channel=channel.name))
        self.subscribed.clear()

    def end(self, id: int, body: bytes = b"") -> None:
        """Answers a call."""
        self.asked.pop(id, None)
        self._open.discard(id)
        self.send(frame.END, id, STATUS_CODES["ok"], body)

    def fail(self, id: int, error: PortcullisError) -> None:
        """Ends a call with a failure."""
        self.asked.pop(id, None)
        self._open.discard(id)
        body = to_bytes(FAILURE, Failure(error.channel, error.path, error.detail, error.retry, 0))
        self.send(frame.END, id, STATUS_CODES[error.status], body)

    def publish(self, channel: Channel[Any], value: Any) -> None:
        """Sends a value to its subscriptions."""
        for id in [id for id, one in self.subscribed.items() if one is channel]:
            self.send(frame.ITEM, id, body=to_bytes(channel.args, (value,)), flags=frame.FLAG_CALLEE)

    def _take(self, head: frame.Head, body: bytes) -> None:
        if head.kind in (frame.REQUEST, frame.SUBSCRIBE):
            self._open.add(head.id)
        match head.kind:
            case frame.HELLO if self.hub.welcomes:
                self.welcome()
            case frame.REQUEST if head.binding == 0:
                self._asked(head.id, head.ordinal, body)
            case frame.REQUEST:
                channel = self.bound[head.binding].channels[head.ordinal]
                self.asked[head.id] = channel
                self._call(head.id, channel, body)
            case frame.NOTIFY:
                self.notified.append(self.bound[head.binding].channels[head.ordinal].method)
            case frame.SUBSCRIBE:
                channel = self.bound[head.binding].channels[head.ordinal]
                self.subscribed[head.id] = channel
                if channel.method in self.hub.published:
                    value = to_bytes(channel.args, (self.hub.published[channel.method],))
                    self.send(frame.ITEM, head.id, body=value, flags=frame.FLAG_CALLEE)
            case frame.CANCEL if head.id in self._open:
                self.subscribed.pop(head.id, None)
                self.fail(head.id, PortcullisError("cancelled"))
            case frame.GOODBYE:
                self.goodbye = body.decode()

    def _asked(self, id: int, ordinal: int, body: bytes) -> None:
        """What is asked of the hub itself."""
        if ordinal == 0:
            name, _, _ = from_bytes(BIND, body)
            try:
                if self.hub.bind() is SILENCE:
                    return
            except PortcullisError as error:
                return self.fail(id, error)
            number = len(self.bound) + 1
            self.bound[number] = self.hub.interfaces[name]
            return self.end(id, to_bytes(BOUND, Bound(number, "label", "")))
        if ordinal == 1:
            self.released += from_bytes(NUMBER, body)
            return self.end(id)
        if ordinal == 3:
            self.withdrawn += from_bytes(NUMBER, body)
            return self.end(id)
        name, _, _ = from_bytes(SERVE, body)
        self.served.append(name)
        self.end(id, to_bytes(U32, len(self.served)))

    def _call(self, id: int, channel: Channel[Any], body: bytes) -> None:
        try:
            reply = self.hub.handlers[channel.method](*Body(body).read(channel.args))
        except PortcullisError as error:
            return self.fail(id, error)
        if reply is not SILENCE:
            self.end(id, to_bytes(channel.reply, reply))
