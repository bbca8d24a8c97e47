"""A mail server spoken to within a few seconds: found, judged, signed in to, given one mail.

What smtplib raises is an OSError too.
"""

from __future__ import annotations

import ipaddress
import queue
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

import lifang as lf
from lifang import _
from lifang_mail_notices import settings

SECONDS = 8.0
"""For all of it, less than the hook may take."""

NAMELESS = "[127.0.0.1]"
"""What this machine calls itself: it needs no look-up and tells nothing."""

Found = tuple[Any, ...]
"""One answer of the resolver: family, kind, protocol, name, address."""


class Unusable(Exception):
    """Nothing can be sent by this server just now; says why, and nothing that is secret."""


@dataclass(frozen=True)
class Server:
    """A place's mail server; `login` is a user and a password, or None to send without."""

    host: str
    port: int
    security: str
    login: tuple[str, str] | None = field(repr=False)
    inner: bool

    @classmethod
    def at(cls, caller: lf.Caller, community: lf.Community) -> Server:
        """The server set for a community; raises NotReady where none is."""
        name, port = settings.host(community), settings.port(community)
        password = settings.password.reveal(caller, community)
        user = settings.user.reveal(caller, community) or settings.sender_address(community)
        allowed = f"{name}:{port}".lower() in caller.instance.settings.outbound_allow
        login = (user, password) if password else None
        return cls(name, port, settings.security(community), login, allowed)

    def send(self, mail: EmailMessage) -> None:
        """Hand over a mail; raises Unusable, or what smtplib says of this one mail."""
        line = self._greeted(time.monotonic() + SECONDS)
        try:
            line.send_message(mail)
        except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused):
            raise
        except OSError as error:
            raise Unusable(_sentence(error)) from error
        finally:
            line.leave()

    def greet(self, within: float) -> None:
        """Ask whether it is there, sending nothing; raises Unusable."""
        self._connected(time.monotonic() + within).leave()

    def _greeted(self, end: float) -> _Line:
        line = self._connected(end)
        try:
            line.ehlo_or_helo_if_needed()
            if self.security == "starttls":
                line.starttls(context=ssl.create_default_context())
            if self.login is not None and self.security != "none":
                line.login(*self.login)
        except OSError as error:
            line.leave()
            raise Unusable(_sentence(error)) from error
        return line

    def _connected(self, end: float) -> _Line:
        try:
            return _Line(self, self._found(end), end)
        except OSError as error:
            raise Unusable(_sentence(error)) from error

    def _found(self, end: float) -> Found:
        """Where its name leads, looked up once; raises Unusable for what lies inside.

        The resolver has no time limit of its own, so it is asked in a thread that is left behind.
        """
        answers: queue.SimpleQueue[list[Found] | OSError] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answers.put(list(socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)))
            except OSError as error:
                answers.put(error)

        threading.Thread(target=ask, daemon=True, name="resolver").start()
        try:
            found = answers.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            raise TimeoutError from None
        if isinstance(found, OSError):
            raise found
        if not self.inner:
            for one in found:
                if not ipaddress.ip_address(one[4][0]).is_global:
                    told = _("不能连接内部网络的主机；确需如此，请系统管理员写入 outbound_allow")
                    raise Unusable(told)
        return found[0]


class _Line(smtplib.SMTP):
    """A connection to the address that was judged, by the name that was asked for."""

    def __init__(self, server: Server, found: Found, end: float) -> None:
        """Connect and hear the greeting."""
        self._server, self._found, self._end = server, found, end
        super().__init__(server.host, server.port, NAMELESS, timeout=self._left())

    def _left(self) -> float:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """Reach the address that was found: a second look at the name might find another."""
        made = socket.socket(*self._found[:3])
        try:
            made.settimeout(self._left())
            made.connect(self._found[4])
            if self._server.security == "tls":
                made = ssl.create_default_context().wrap_socket(made, server_hostname=host)
        except OSError:
            made.close()
            raise
        return made

    def send(self, s: Any) -> None:
        """Say something within what is left of the time; the answer is waited for no longer."""
        if self.sock is not None:
            self.sock.settimeout(self._left())
        super().send(s)

    def leave(self) -> None:
        """Say goodbye, if it still listens."""
        _quietly(self.quit)
        _quietly(self.close)


def _quietly(call: Callable[[], object]) -> None:
    try:
        call()
    except OSError:
        return


def _sentence(error: BaseException) -> str:
    """What went wrong, in words that repeat nothing of user, password or address."""
    if isinstance(error, smtplib.SMTPServerDisconnected):
        error = error.__context__ or error  # smtplib says so of whatever happens to a connection
    match error:
        case smtplib.SMTPAuthenticationError():
            return _("用户名或密码不对（{code}）", code=error.smtp_code)
        case smtplib.SMTPNotSupportedError():
            return _("它不支持所设的加密方式或登录")
        case smtplib.SMTPResponseException():
            return _("它回答 {code}", code=error.smtp_code)
        case TimeoutError():
            return _("{n} 秒内没有回答", n=round(SECONDS))
        case ssl.SSLCertVerificationError():
            return _("它的证书不可信：{why}", why=lf.Away.why(error))
        case smtplib.SMTPException():
            return _("它断开了连接，或者那里不是邮件服务器")
    return _("连不上：{why}", why=lf.Away.why(error))
