"""Sending one message: five seconds in all, no redirects, and only the answer's head is read."""

from __future__ import annotations

import email.utils
import http.client
import io
import socket
import ssl
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import lifang as lf
from lifang import _
from lifang_webhooks.addresses import Address, Found, Unsafe, judge, resolve

SECONDS = 5.0
MOST = 64 * 1024  # bytes of an answer that are read: its head, for its body says nothing to us
AGENT = "Lifang-Webhooks/1"


@dataclass(frozen=True)
class Answer:
    """How one try went: the status if there was an answer, the milliseconds, and what was wrong.

    `refused` says that nothing was sent because of where the address leads; `wait` is how many
    seconds the receiver asked for.
    """

    ms: int
    status: int | None = None
    error: str | None = None
    refused: bool = False
    wait: float | None = None


def post(written: str, headers: Mapping[str, str], body: bytes, allowed: Collection[str]) -> Answer:
    """Send a body to an address and tell how it went; whatever goes wrong is told, never raised."""
    began = time.monotonic()

    def took() -> int:
        return round((time.monotonic() - began) * 1000)

    try:
        address = judge(written, allowed)
        answer = _exchange(address, headers, body, resolve(address, allowed, SECONDS), began)
    except Unsafe as error:
        return Answer(took(), error=str(error), refused=True)
    except (OSError, http.client.HTTPException) as error:
        return Answer(took(), error=_sentence(error))
    if 200 <= answer.status < 300:
        return Answer(took(), answer.status)
    if 300 <= answer.status < 400:
        told = _("对方要求改发别处（{status}），不予跟随", status=answer.status)
    else:
        told = _("对方回答 {status}", status=answer.status)
    return Answer(took(), answer.status, told, wait=_wait(answer.headers.get("retry-after")))


def _exchange(
    address: Address, headers: Mapping[str, str], body: bytes, found: list[Found], began: float
) -> http.client.HTTPResponse:
    """Ask and read the head of the answer, over the first of the addresses found that answers."""
    line = _Line(_connect(found, began + SECONDS), began + SECONDS)
    try:
        line.secure(address)
        asking = http.client.HTTPConnection(address.host)
        asking.sock = line  # it asks for no more of a socket
        asking.putrequest("POST", address.target, skip_host=True, skip_accept_encoding=True)
        own = {"host": address.header, "user-agent": AGENT, "content-length": str(len(body))}
        for name, value in {**own, **headers, "connection": "close"}.items():
            asking.putheader(name, value)
        asking.endheaders(body)
        return asking.getresponse()
    finally:
        line.close()


def _connect(found: list[Found], end: float) -> socket.socket:
    failed: OSError = TimeoutError()
    for family, kind, protocol, _name, there in found:
        made = socket.socket(family, kind, protocol)
        try:
            made.settimeout(_left(end))
            made.connect(there)
        except OSError as error:
            made.close()
            failed = error
        else:
            return made
    raise failed


def _left(end: float) -> float:
    """The seconds until a moment; raises TimeoutError where it is over."""
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class _Line(io.RawIOBase):
    """A connection that ends at one moment, however slowly it drips, and after so many bytes."""

    def __init__(self, made: socket.socket, end: float) -> None:
        self._made, self._end, self._room = made, end, MOST

    def secure(self, address: Address) -> None:
        """Speak TLS where the address asks for it, with the host that was asked for by name."""
        if address.scheme == "https":
            self._made.settimeout(_left(self._end))
            self._made = trust().wrap_socket(self._made, server_hostname=address.host)

    def sendall(self, data: Any) -> None:
        self._made.settimeout(_left(self._end))
        self._made.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._room:
            raise http.client.LineTooLong("answer")
        self._made.settimeout(_left(self._end))
        got = self._made.recv_into(memoryview(buffer)[: self._room])
        self._room -= got
        return got

    def close(self) -> None:
        """Close the connection; what the answer holds beyond its head is never read."""
        self._made.close()


@cache
def trust() -> ssl.SSLContext:
    """Whom this machine trusts; made once, for reading its certificates takes a while."""
    return ssl.create_default_context()


def _wait(said: str | None) -> float | None:
    """What Retry-After says, in seconds: it may be a number or a moment."""
    if said is None:
        return None
    if said.strip().isdecimal() and len(said) < 10:
        return float(said)
    try:
        return max(0.0, (email.utils.parsedate_to_datetime(said) - lf.now()).total_seconds())
    except (TypeError, ValueError):
        return None


def _sentence(error: OSError | http.client.HTTPException) -> str:
    """What went wrong, in words that repeat nothing of address, answer or secret."""
    match error:
        case TimeoutError():
            return _("{n} 秒内没有回答", n=round(SECONDS))
        case ssl.SSLCertVerificationError():
            return _("对方的证书不可信：{why}", why=lf.Away.why(error))
        case http.client.HTTPException():
            return _("回答的不是 HTTP，或者太长")
    return _("连不上：{why}", why=lf.Away.why(error))
