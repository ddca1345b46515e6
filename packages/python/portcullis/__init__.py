"""Portcullis for Python: a peer that joins an application over a Unix socket. Standard library only, on asyncio."""

from .client import Portcullis, Served, connect, connect_inherited
from .codec import CodecError, Some, Unknown
from .errors import ApplicationError, PortcullisError, Retry
from .interface import Channel, Interface, no_publisher
from .reconnect import Closed, Connecting, Reconnecting, ReconnectState, States, WaitPolicy, Waiting, reconnecting
from .runtime.binding import Binding
from .runtime.call import Stream, Subscription
from .runtime.connection import Connected
from .runtime.items import Items, Source
from .runtime.serving import CallContext, Sink
from .session.limits import Limits
from .session.violation import Ending
from .session.wire import After, Caller, DeliveryReport, Later, Miss, Never, Recipient, Why

__all__ = [
    "After",
    "ApplicationError",
    "Binding",
    "CallContext",
    "Caller",
    "Channel",
    "Closed",
    "CodecError",
    "Connected",
    "Connecting",
    "DeliveryReport",
    "Ending",
    "Interface",
    "Items",
    "Later",
    "Limits",
    "Miss",
    "Never",
    "Portcullis",
    "PortcullisError",
    "Recipient",
    "ReconnectState",
    "Reconnecting",
    "Retry",
    "Served",
    "Sink",
    "Some",
    "Source",
    "States",
    "Stream",
    "Subscription",
    "Unknown",
    "WaitPolicy",
    "Waiting",
    "Why",
    "connect",
    "connect_inherited",
    "no_publisher",
    "reconnecting",
]
