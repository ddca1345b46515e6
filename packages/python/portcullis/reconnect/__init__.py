"""A client that connects again: one connection after the other, and what outlives them. The rules, and why nothing of a
connection is resumed: `docs/decisions/reconnecting.md`."""

from .client import Reconnecting, reconnecting
from .states import Closed, Connecting, ReconnectState, States, Waiting
from .waits import WaitPolicy

__all__ = ["Closed", "Connecting", "ReconnectState", "Reconnecting", "States", "WaitPolicy", "Waiting", "reconnecting"]
