"""URLs. The standard library has no parser of the WHATWG's, so what is checked here is the serialized form itself.

What passes is an absolute URL that such a parser leaves as it is. Internationalized names stand in their ASCII form
(`xn--…`), as they do in every serialized URL.
"""

from __future__ import annotations

import ipaddress
import re

from .base import Codec
from .error import fail
from .reader import Reader
from .writer import Writer

_PORTS = {"http": "80", "https": "443", "ws": "80", "wss": "443", "ftp": "21", "file": ""}
"""The special schemes with the port that is not written."""

_SCHEME = re.compile(r"([a-z][a-z0-9+.\-]*):")
_AUTHORITY = re.compile(r"//(?:([^/?#@\\]*)@)?(\[[^\]/?#]*\]|[^/?#@:\\]*)(?::([0-9]{1,5}))?(?=[/?#]|$)")
_HOST = re.compile(r"[!$&'()*+,\-.0-9;=_a-z~]+")
_OPAQUE_HOST = re.compile(r"[!$%&'()*+,\-.0-9;=A-Z_a-z~]+")
_USER = re.compile(r"[^\x00-\x20\x7f-\U0010ffff\"#/:;<=>?@\[\\\]^`{|}]+(?::[^\x00-\x20\x7f-\U0010ffff\"#/:;<=>?@\[\\\]^`{|}]+)?")
_PATH = re.compile(r"[^\x00-\x20\x7f-\U0010ffff\"<>`{}#?^]*")
_OPAQUE_PATH = re.compile(r"[^\x00-\x1f\x7f-\U0010ffff#?]*")
_QUERY = re.compile(r"\?[^\x00-\x20\x7f-\U0010ffff\"#<>]*")
_FRAGMENT = re.compile(r"#[^\x00-\x20\x7f-\U0010ffff\"<>`]*")
_DOTS = re.compile(r"(?:\.|%2e){1,2}", re.IGNORECASE)


_DRIVE_BEHIND_HOST = re.compile(r"file://[^/]+/[a-z]:(?:[/?#]|$)", re.IGNORECASE)
"""Not every parser keeps that host, so that no text of such a URL is the same everywhere."""


class Url(Codec[str]):
    """An absolute URL in its serialized form."""

    __slots__ = ()

    def encode(self, out: Writer, value: str) -> None:
        if isinstance(value, str):
            _check(value)
        out.string(value)

    def decode(self, input: Reader) -> str:
        text = input.string()
        _check(text)
        return text


def _check(text: str) -> None:
    if not _is_url(text):
        fail("bad_url")


def _is_url(text: str) -> bool:
    scheme = _SCHEME.match(text)
    if scheme is None:
        return False
    if _DRIVE_BEHIND_HOST.match(text) is not None:
        return False
    special = scheme[1] in _PORTS
    at = scheme.end()
    authority = _AUTHORITY.match(text, at)
    if authority is not None:
        if not _is_authority(scheme[1], special, authority):
            return False
        at = authority.end()
    elif special or text.startswith("//", at):
        return False
    rooted = text.startswith("/", at)
    if special and not rooted:
        return False
    hierarchical = authority is not None or rooted
    path = (_PATH if hierarchical else _OPAQUE_PATH).match(text, at)
    at = path.end() if path is not None else at
    segments = text[text.find("/", scheme.end() + 2 if authority else scheme.end()) : at]
    if hierarchical and any(_DOTS.fullmatch(part) for part in segments.split("/")[1:]):
        return False
    if special and "\\" in segments:
        return False
    if not hierarchical and text[at - 1] == " ":
        return False
    for part in (_QUERY, _FRAGMENT):
        found = part.match(text, at)
        if found is not None:
            if part is _QUERY and special and "'" in found[0]:
                return False
            at = found.end()
    return at == len(text)


def _is_authority(scheme: str, special: bool, authority: re.Match[str]) -> bool:
    user, host, port = authority[1], authority[2], authority[3]
    if user is not None and (not host or scheme == "file" or not _USER.fullmatch(user)):
        return False
    if port is not None:
        if not host or scheme == "file" or str(int(port)) != port or int(port) > 0xFFFF or port == _PORTS.get(scheme):
            return False
    if host.startswith("["):
        return _is_ipv6(host[1:-1])
    if not host:
        return scheme == "file" or not special
    if not special:
        return _OPAQUE_HOST.fullmatch(host) is not None
    if scheme == "file" and host == "localhost":
        return False
    return _HOST.fullmatch(host) is not None and _is_name_or_ipv4(host)


def _is_ipv6(host: str) -> bool:
    try:
        return "%" not in host and "." not in host and str(ipaddress.IPv6Address(host)) == host
    except ValueError:
        return False


def _is_name_or_ipv4(host: str) -> bool:
    """A host whose last label is a number is an IPv4 address, and has one spelling."""
    labels = host.split(".")
    last = labels[-1] or (labels[-2] if len(labels) > 1 else "")
    if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", last) is None:
        return True
    try:
        return str(ipaddress.IPv4Address(host)) == host
    except ValueError:
        return False
