"""Where may be sent to: public addresses over https, and what the instance's operator allows.

An address is judged twice: as it is written, when somebody enters it, and by what its name leads to
each time something is sent. The name is looked up once and what was found is connected to, so a
name that leads elsewhere a moment later deceives nobody.
"""

from __future__ import annotations

import ipaddress
import queue
import re
import socket
import threading
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import lifang as lf
from lifang import _

PORTS = {"https": 443, "http": 80}
INNER_NAMES = ("localhost", "local", "internal", "lan", "home", "intranet", "corp", "arpa")
"""Last parts of names that lead to machines nearby, clouds' metadata services among them."""

PLATFORM = tuple(map(ipaddress.IPv4Network, ("168.63.129.16/32", "192.0.0.0/24")))
"""Public in form, answered by a cloud's own machinery (Azure, Oracle)."""

NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""IPv6 addresses whose last 32 bits are the IPv4 address that is really meant."""

_LABEL = re.compile("(?!-)[a-z0-9_-]{1,63}(?<!-)")

IP = ipaddress.IPv4Address | ipaddress.IPv6Address
Found = tuple[int, int, int, str, tuple[Any, ...]]
"""One answer of the resolver, ready to be connected to."""


class Unsafe(ValueError):
    """Nothing may be sent there; says why."""


@dataclass(frozen=True)
class Address:
    """A web address taken apart: `target` is its path with what follows, `place` its host:port."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def place(self) -> str:
        """What an operator's list of allowed places calls it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def header(self) -> str:
        """Its host as a request names it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else self.place


def read(written: str) -> Address:
    """Take an address apart; raises Unsafe for one that cannot be one."""
    if not re.fullmatch("[\x21-\x7e]+", written):
        raise Unsafe(_("网址只能用英文字母、数字和符号；中文域名请写成 xn-- 开头的形式"))
    try:
        parts = urlsplit(written)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise Unsafe(_("网址的写法有误，例如 https://example.cn/hook")) from None
    if parts.scheme not in PORTS or not host or port == 0 or "\\" in written:
        raise Unsafe(_("网址的写法有误，例如 https://example.cn/hook"))
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise Unsafe(_("网址里不能有用户名、密码或 # 后的部分"))
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Address(parts.scheme, host, port or PORTS[parts.scheme], target)


def judge(written: str, allowed: Collection[str]) -> Address:
    """Read an address and judge what can be known from it alone; raises Unsafe."""
    address = read(written)
    if address.place in allowed:
        return address
    if address.scheme != "https":
        raise Unsafe(_("网址须以 https:// 开头"))
    if (ip := _literal(address.host)) is not None:
        demand_public(ip)
        return address
    labels = address.host.split(".")
    if not all(map(_LABEL.fullmatch, labels)) or re.fullmatch("[0-9]+|0x[0-9a-f]*", labels[-1]):
        raise Unsafe(_("网址里的主机名写法有误；IP 地址请写成四段十进制数"))
    if len(labels) < 2 or labels[-1] in INNER_NAMES:
        raise Unsafe(_("不能发往内部网络的主机；确需如此，请系统管理员写入 outbound_allow"))
    return address


def resolve(address: Address, allowed: Collection[str], within: float) -> list[Found]:
    """Look a host up once, in so many seconds; raises Unsafe if any answer is no public address.

    The resolver has no time limit of its own, so it is asked in a thread that is left behind.
    """
    answers: queue.SimpleQueue[list[Found] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(
                list(socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM))
            )
        except OSError as error:
            answers.put(error)

    threading.Thread(target=ask, daemon=True, name="resolver").start()
    try:
        found = answers.get(timeout=max(0.0, within))
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(found, OSError):
        raise found
    if address.place not in allowed:
        for one in found:
            demand_public(ipaddress.ip_address(one[4][0]))
    return found


def demand_public(ip: IP) -> None:
    """Raise Unsafe for whatever is not reached over the public internet."""
    if not all(map(_public, (ip, *_carried(ip)))):
        raise Unsafe(_("不能发往内部网络的主机；确需如此，请系统管理员写入 outbound_allow"))


def _public(ip: IP) -> bool:
    if ip in NAT64:
        return True  # what it carries is judged
    inner = ip.is_multicast or ip.is_reserved or ip.is_unspecified
    inner = inner or any(ip in network for network in PLATFORM)
    inner = inner or (isinstance(ip, ipaddress.IPv6Address) and ip.is_site_local)
    return ip.is_global and not inner


def _carried(ip: IP) -> list[IP]:
    """The IPv4 addresses that an IPv6 address stands for."""
    if not isinstance(ip, ipaddress.IPv6Address):
        return []
    told: list[IP | None] = [ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())]
    if ip in NAT64:
        told.append(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
    return [one for one in told if one is not None]


def _literal(host: str) -> IP | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def check(written: str) -> str:
    """An address as it is kept, for the form; raises ValueError with a sentence."""
    read(written)
    return written


def demand_allowed(written: str, caller: lf.Caller) -> None:
    """Refuse an address that this instance may not send to; raises Invalid on the field."""
    try:
        judge(written, caller.instance.settings.outbound_allow)
    except Unsafe as error:
        wrong = lf.FieldError("address", "unsafe", str(error))
        raise lf.Invalid(str(error), errors=[wrong]) from None
