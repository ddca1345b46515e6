"""What a call can fail with: one class for every status, and one that carries the application's own error."""

from __future__ import annotations

from typing import Generic, TypeVar

from .codec.base import Body
from .codec.error import CodecError
from .interface import Channel
from .session.violation import SendError
from .session.wire import FAILURE, After, Failure, Later, Never
from .tables import STATUS_RETRIES

E = TypeVar("E")

Retry = Never | Later | After
"""Whether making a call again can help."""

_TEXTS = {
    "cancelled": "the caller cancelled",
    "deadline_exceeded": "the time for the call ran out",
    "unavailable": "its server has left",
    "internal": "the handler failed",
}


class PortcullisError(Exception):
    """A call that failed. Handlers raise it too, to end a call with a status."""

    def __init__(
        self,
        status: str,
        message: str = "",
        *,
        channel: str = "",
        path: str = "",
        retry: Retry = Never(),
        correlation: int = 0,
        sent: bool = True,
    ) -> None:
        detail = message or text_of(status)
        super().__init__(status, detail)
        self.status = status
        """One of `STATUS_CODES` (protocol, section 9)."""
        self.channel = channel
        """Which call: `interface.method`."""
        self.path = path
        """The field that is wrong; empty when it is no single one."""
        self.detail = detail
        """What happened, without what the other fields say."""
        self.retry = retry
        """Whether trying again can help."""
        self.correlation = correlation
        """The number under which the logs of hub and callee have the call; 0 where there is none."""
        self.sent = sent
        """Whether the request was handed to the socket. False: surely nobody has executed it, so that it is safe to make it
        again, whatever its channel is. True: it may have been executed."""

    def __str__(self) -> str:
        at = f" at {self.path}" if self.path else ""
        number = f" [{self.correlation:x}]" if self.correlation else ""
        where = f"{self.channel}: " if self.channel else ""
        return f"{where}{self.status}{at}: {self.detail}{number}"


class ApplicationError(PortcullisError, Generic[E]):
    """The application's own error, typed by its contract. Handlers raise it; callers get it with every field."""

    def __init__(self, error: E, channel: str = "") -> None:
        super().__init__("application", f"the application refused the call: {error!r:.200}", channel=channel)
        self.error = error
        """The value that the contract declares."""


def text_of(status: str) -> str:
    """What is to be said of a status when nothing better is known."""
    return _TEXTS.get(status, status)


def local_error(
    channel: Channel[object], status: str, message: str | None = None, path: str = "", sent: bool = True
) -> PortcullisError:
    """An error that arose at this end."""
    advice = STATUS_RETRIES.get(status)
    again = advice == "later" or (advice == "idempotent" and (channel.idempotent or not sent))
    text = text_of(status) if message is None else message
    retry = Later() if again else Never()
    return PortcullisError(status, text, channel=channel.name, path=path, retry=retry, sent=sent)


def value_error(
    channel: Channel[object], status: str, what: str, error: CodecError, sent: bool = True
) -> PortcullisError:
    """A value that could not be written or read."""
    made = local_error(channel, status, f"{what}: {error}", error.path, sent)
    made.__cause__ = error
    return made


def send_error(channel: Channel[object], what: str, error: SendError | CodecError) -> PortcullisError:
    """What kept a call from being sent."""
    if isinstance(error, SendError):
        made = local_error(channel, error.status, error.message, sent=False)
        if error.final:
            made.retry = Never()
        return made
    return value_error(channel, "invalid_argument", what, error, sent=False)


def end_error(channel: Channel[object], status: str, body: Body) -> PortcullisError:
    """What an `end` other than `ok` says."""
    try:
        if status == "application" and channel.error is not None:
            return ApplicationError(body.read(channel.error), channel.name)
        failure: Failure = body.read(FAILURE)
    except CodecError as error:
        # The hub let it pass and this side cannot read it: two builds disagree.
        return value_error(channel, "internal", "an error that cannot be read", error)
    return PortcullisError(
        status,
        failure.message,
        channel=failure.channel or channel.name,
        path=failure.path,
        retry=failure.retry,
        correlation=failure.correlation,
    )
