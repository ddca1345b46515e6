"""What an application holds: one connection to the hub, and the instances that it uses and serves there."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Generic, TypeVar

from .codec import Unit
from .codec.messages import Arguments
from .errors import PortcullisError
from .interface import Channel, Interface
from .runtime.binding import Binding
from .runtime.connection import Connected, Connection
from .runtime.serving import Export, Server
from .session.limits import Limits
from .session.violation import Ending
from .session.wire import BIND, BOUND, NUMBER, SERVE, U32, AnyInstance, Bound, Instance, Label, Offer

C = TypeVar("C")
S = TypeVar("S")
P = TypeVar("P")

Target = AnyInstance | Label | Instance
"""Which instance to bind to."""
HUB_DEADLINE_MS = 30_000
"""How long the hub has for an answer when the caller says nothing; in milliseconds."""


def _hub_channel(method: str, ordinal: int, args: Any, reply: Any) -> Channel[Any]:
    name = f"portcullis.hub.{method}"
    return Channel(name, method, ordinal, "call", HUB_DEADLINE_MS, False, "wait", 0, 0, args, reply)


BIND_CHANNEL = _hub_channel("bind", 0, BIND, BOUND)
_RELEASE = _hub_channel("release", 1, NUMBER, Unit())
_SERVE = _hub_channel("serve", 2, SERVE, U32)
_WITHDRAW = _hub_channel("withdraw", 3, NUMBER, Unit())


class Served(Generic[P]):
    """An instance that is served."""

    def __init__(self, portcullis: Portcullis, binding: Binding, publisher: P) -> None:
        self.publisher = publisher
        """Sends values to the topics of this instance."""
        self._portcullis = portcullis
        self._binding = binding

    async def withdraw(self) -> None:
        """Serves it no more; calls that are open on it end with `unavailable`."""
        if self._binding.gone:
            return
        self._binding.gone = True
        self._portcullis._server().remove(self._binding.id)
        await self._portcullis._hub.request(_WITHDRAW, (self._binding.id,), HUB_DEADLINE_MS)


class Portcullis:
    """One connection to the hub. Use `connect` or `connect_inherited`; leave it by `async with`, or `close`."""

    def __init__(self, interfaces: Sequence[Interface[Any, Any, Any]], client: str, limits: Limits | None, keepalive: bool):
        self._connection = Connection(limits, keepalive, self._unbound)
        self._bindings: dict[int, Binding] = {}
        self._hub = Binding(self._connection, 0)
        self._tasks: set[asyncio.Task[None]] = set()
        self._given: dict[int, tuple[object, Binding]] = {}
        """Which binding a client or publisher stands on, by its identity."""
        self._connection.session.hello(
            client,
            [Offer(one.name, one.version, one.shape, [channel.digest for channel in one.channels]) for one in interfaces],
        )

    async def ready(self) -> Connected:
        """Waits until the connection stands, and says who main says this peer is. Raises `PortcullisError` (`unavailable`)
        when it has ended."""
        return await asyncio.shield(self._connection.connected)

    async def closed(self) -> Ending:
        """Waits until the connection has ended, and says why."""
        return await asyncio.shield(self._connection.ended)

    @property
    def ending(self) -> Ending | None:
        """Why the connection has ended; `None` while it has not."""
        return self._connection.ended.result() if self._connection.ended.done() else None

    async def bind(
        self,
        interface: Interface[C, Any, Any],
        *,
        label: str | None = None,
        instance: str | None = None,
        timeout: float | None = None,
    ) -> C:
        """A client for one instance of an interface that is served now: any, that of the server with a label, or the one with
        a name. May be called before the connection stands. Raises `unavailable` when there is none."""
        binding = await self._bind(interface, target_of(label, instance), timeout)
        return self._give(interface.client(binding), binding)

    async def publisher(
        self,
        interface: Interface[Any, Any, P],
        *,
        label: str | None = None,
        instance: str | None = None,
        timeout: float | None = None,
    ) -> P:
        """A publisher for the topics of an instance that somebody else serves, for peers that are granted that. Whoever serves
        an instance gets its publisher from `serve`."""
        binding = await self._bind(interface, target_of(label, instance), timeout)
        return self._give(interface.publisher(binding), binding)

    async def release(self, client: object) -> None:
        """Gives a client or publisher back. Its calls that are open go on; later ones fail."""
        _, binding = self._given.pop(id(client), (None, None))
        if binding is not None:
            await self._drop(binding)

    async def serve(
        self, interface: Interface[Any, S, P], handlers: S, *, instance: str = "", timeout: float | None = None
    ) -> Served[P]:
        """Serves an instance of an interface. What a handler raises reaches the caller: an `ApplicationError` with its value, a
        `PortcullisError` with its status; anything else as `internal`, with a number that the log has as well."""
        server = self._server()
        export = Export(interface, handlers)
        taken: list[Served[P]] = []

        def given(number: int, wanted: bool) -> None:
            binding = Binding(self._connection, number)
            served = Served(self, binding, interface.publisher(binding))
            if wanted:
                server.add(number, export)
                taken.append(served)
            else:
                # Nobody else knows of it.
                self._later(served.withdraw())

        args = (interface.name, interface.shape, instance)
        try:
            await self._hub.request(_SERVE, args, hub_limit(timeout), given)
        except asyncio.CancelledError:
            # The answer may have come in the turn in which its caller gave up.
            for served in taken:
                self._later(served.withdraw())
            raise
        return taken[0]

    async def close(self, message: str = "the application closed the connection") -> None:
        """Ends the connection. What was sent before still leaves; every open call fails with `unavailable`."""
        self._connection.close(Ending("closed", message))
        await asyncio.shield(self._connection.lost)

    async def __aenter__(self) -> Portcullis:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _bind(self, interface: Interface[Any, Any, Any], target: Target, timeout: float | None) -> Binding:

        taken: list[Binding] = []

        def given(bound: Bound, wanted: bool) -> None:
            if wanted:
                binding = self._bindings[bound.binding] = Binding(self._connection, bound.binding)
                taken.append(binding)
            else:
                # Nobody else knows of it.
                self._later(self._release(bound.binding))

        args = (interface.name, interface.shape, target)
        try:
            await self._hub.request(BIND_CHANNEL, args, hub_limit(timeout), given)
        except asyncio.CancelledError:
            # The answer may have come in the turn in which its caller gave up.
            for binding in taken:
                self._later(self._drop(binding))
            raise
        return taken[0]

    def _give(self, client: C, binding: Binding) -> C:
        self._given[id(client)] = (client, binding)
        return client

    async def _drop(self, binding: Binding) -> None:
        """Gives a binding back, once; one that has left keeps its number until then."""
        if self._bindings.get(binding.id) is not binding:
            return
        del self._bindings[binding.id]
        binding.gone = True
        await self._release(binding.id)

    async def _release(self, number: int) -> None:
        await self._hub.request(_RELEASE, (number,), HUB_DEADLINE_MS)

    def _later(self, work: Any) -> asyncio.Task[None]:
        """Asks the hub for something whose answer changes nothing here."""
        async def quietly() -> None:
            try:
                await work
            except PortcullisError:
                # The connection has ended, and with it what was to be given back.
                pass

        task = self._connection.loop.create_task(quietly())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _server(self) -> Server:
        server = self._connection.server
        if not isinstance(server, Server):
            server = self._connection.server = Server(self._connection)
        return server

    def _unbound(self, number: int) -> None:
        binding = self._bindings.get(number)
        if binding is not None:
            binding.gone = True


def target_of(label: str | None, instance: str | None) -> Target:
    """The instance of the server with a label, the one with a name, or any. Raises `ValueError` for both."""
    if label is not None and instance is not None:
        raise ValueError("bind to a label or to an instance, not to both")
    if label is not None:
        return Label(label)
    return AnyInstance() if instance is None else Instance(instance)


def hub_limit(timeout: float | None) -> float:
    """How long the hub has for an answer, in milliseconds."""
    return HUB_DEADLINE_MS if timeout is None else min(timeout * 1000, 0xFFFF_FFFF)


async def connect(
    path: str,
    *,
    interfaces: Sequence[Interface[Any, Any, Any]] = (),
    client: str = "",
    limits: Limits | None = None,
    keepalive: bool = True,
) -> Portcullis:
    """Connects to a hub that listens at a path. `interfaces` are those that this client was built with: the hub compares them
    with its own. `client` is what it calls itself in the hub's log, in at most 64 bytes. Raises `OSError` when nobody listens."""
    return await _start(
        lambda loop, made: loop.create_unix_connection(made, path), interfaces, client, limits, keepalive
    )


async def connect_inherited(
    *,
    interfaces: Sequence[Interface[Any, Any, Any]] = (),
    client: str = "",
    limits: Limits | None = None,
    keepalive: bool = True,
) -> Portcullis:
    """Connects over the socket that main has given this process as its standard input. Raises `OSError` when that is none."""
    inherited = socket.socket(fileno=sys.stdin.fileno())
    if inherited.family != socket.AF_UNIX or inherited.type != socket.SOCK_STREAM:
        inherited.detach()
        raise OSError("the standard input is no Unix socket: was this process started by main?")
    inherited.setblocking(False)
    return await _start(
        lambda loop, made: loop.create_connection(made, sock=inherited), interfaces, client, limits, keepalive
    )


async def _start(
    open: Callable[[asyncio.AbstractEventLoop, Callable[[], Connection]], Any],
    interfaces: Sequence[Interface[Any, Any, Any]],
    client: str,
    limits: Limits | None,
    keepalive: bool,
) -> Portcullis:
    portcullis = Portcullis(interfaces, client, limits, keepalive)
    await open(asyncio.get_running_loop(), lambda: portcullis._connection)
    return portcullis
