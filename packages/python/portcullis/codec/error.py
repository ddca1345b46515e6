"""Why a value could not be written or read, and where in it. The kinds and the syntax of the path are those of the Rust codec."""

from __future__ import annotations

from typing import NoReturn


class CodecError(ValueError):
    """A value that breaks its contract: what is wrong, and the path of the field (`docs/protocol.md`, section 2)."""

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(kind, detail)
        self.kind = kind
        """One of `ERROR_KINDS`."""
        self.detail = detail
        """More about it, in words; empty when the kind says it all."""
        self.path = ""
        """Where it is: `formats[3].width`; empty when it is the body itself."""

    def prepend(self, segment: str) -> CodecError:
        """Adds the level that holds the value: a name, `[3]`, `{key 2}` or `{2}`."""
        rest = self.path
        joined = not rest or not segment or rest[0] in "[{"
        self.path = segment + rest if joined else f"{segment}.{rest}"
        return self

    def __str__(self) -> str:
        path = f"{self.path}: " if self.path else ""
        return f"{path}{self.kind}" + (f" ({self.detail})" if self.detail else "")


def fail(kind: str, detail: str = "") -> NoReturn:
    """Raises the error of the value at hand; the levels above add where it is."""
    raise CodecError(kind, detail)


def refuse_type(wanted: str, value: object) -> NoReturn:
    """Raises: a value of another type than the contract's."""
    raise CodecError("bad_value", f"{wanted} was expected, not {type(value).__name__}")
