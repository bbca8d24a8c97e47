"""Where a request comes from: this machine, an address or network that was named, or elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network


def trusting(named: Iterable[str]) -> Callable[[str | None], bool]:
    """Whether a request comes from this machine, or from an address or network that was named."""
    networks = [ip_network(one) for one in named]

    @lru_cache(maxsize=1_000)
    def trusted(address: str | None) -> bool:
        ip = _read(address)
        return near(address) or any(ip in one for one in networks if ip is not None)

    return trusted


def near(address: str | None) -> bool:
    """Whether a request comes from this machine; over a local socket there is no address."""
    ip = _read(address)
    return not address or (ip is not None and ip.is_loopback)


@lru_cache(maxsize=1_000)
def _read(address: str | None) -> IPv4Address | IPv6Address | None:
    """An address taken apart, an IPv4 one as such also where it came in over IPv6."""
    try:
        ip = ip_address(address or "")
    except ValueError:
        return None
    return getattr(ip, "ipv4_mapped", None) or ip
