"""Why a connection ended, and the one exception that the receiving half raises (protocol, section 10)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ending:
    """How a connection ended: the reason (one of `REASON_CODES`, or `transport_lost`), and a sentence for the log."""

    reason: str
    message: str


class Violation(Exception):
    """The other side broke the protocol. It never leaves the session, which ends with it."""

    def __init__(self, reason: str, message: str = "") -> None:
        super().__init__(reason, message)
        self.ending = Ending(reason, message or reason)


class SendError(Exception):
    """Something that cannot be sent."""

    def __init__(self, status: str, message: str, final: bool = False) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message
        self.final = final
        """It can never be sent to this hub."""
