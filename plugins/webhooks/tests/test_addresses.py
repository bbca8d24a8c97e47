"""Nothing is ever sent to a machine inside the network, however it is written or looked up."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest

from lifang.services.delivery import drain
from lifang.testing import world
from lifang_webhooks.addresses import Unsafe, judge, resolve
from lifang_webhooks.models import Attempt
from lifang_webhooks.sending import post

WRITTEN = r"""
127.0.0.1 127.1 0x7f.1 0x7f000001 2130706433 017700000001 0177.0.0.1 127.0.0.1. 0.0.0.0 0
10.0.0.1 172.16.5.4 192.168.1.1 169.254.169.254 100.64.0.1 100.100.100.200 192.0.0.192
198.18.0.1 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255 168.63.129.16 [::1] [::]
[fe80::1] [fe80::1%25lo] [fc00::1] [fd00:ec2::254] [fec0::1] [ff02::1] [::ffff:10.0.0.1]
[::ffff:7f00:1] [::127.0.0.1] [64:ff9b::10.0.0.1] [64:ff9b:1::1] [2002:7f00:1::] [2001:db8::1]
[2001:0:a00:1:8000:63bf:f5ff:fffe] localhost LOCALHOST a.localhost metadata
metadata.google.internal instance-data.ec2.internal printer.local router.lan intranet
1.in-addr.arpa 例子.cn a..b.cn -a.cn a_.-b.c 127。0。0。1 ①②⑦.0.0.1 example.com\@127.0.0.1
"""
"""As somebody could write them; every one is refused before anything is looked up."""

FOUND = """
127.0.0.1 10.1.2.3 172.31.255.255 192.168.0.1 169.254.169.254 0.0.0.0 100.100.100.200
168.63.129.16 224.0.0.251 ::1 :: fe80::1 fd00:ec2::254 ::ffff:127.0.0.1 64:ff9b::a00:1
2002:a00:1:: ff02::1 fec0::1
"""
"""What a public name could lead to."""


def found(*addresses: str) -> list[Any]:
    """What the resolver answers for these."""
    return [
        (
            socket.AF_INET6 if ":" in one else socket.AF_INET,
            socket.SOCK_STREAM,
            6,
            "",
            (one, 443, 0, 0) if ":" in one else (one, 443),
        )
        for one in addresses
    ]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Let the resolver answer as told, one answer after another; gives what it was asked."""

    def answer(*answers: list[Any] | OSError) -> list[str]:
        asked: list[str] = []
        left = list(answers)

        def getaddrinfo(host: str, *_told: Any, **_more: Any) -> list[Any]:
            asked.append(host)
            one = left.pop(0) if len(left) > 1 else left[0]
            if isinstance(one, OSError):
                raise one
            return one

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        return asked

    return answer


@pytest.mark.parametrize("host", ["", "exa mple.com", *WRITTEN.split()])
def test_an_inner_address_is_refused_however_it_is_written(
    host: str, names: Callable[..., list[str]]
) -> None:
    asked = names(found("8.8.8.8"))
    for written in (f"https://{host}/hook", f"https://{host}:8443/hook"):
        with pytest.raises(Unsafe):
            judge(written, ())
        assert post(written, {}, b"{}", ()).refused
    assert asked == []


@pytest.mark.parametrize(
    "written",
    [
        "http://example.com/", "ftp://example.com/", "file:///etc/passwd", "https:",
        "//example.com/",
        "https://u@example.com/", "https://u:p@example.com/", "https://example.com/#x",
        "https://example.com:0/", "https://example.com:65536/", "https://example.com:x/",
        "https://example.com/a b", "https://example.com/\r\nx: y", "https://[::1/", "javascript:1",
        "https://example.com\\.evil.cn/", "https://example.com/ÿ",
    ],  # fmt: skip
)  # fmt: skip
def test_what_is_no_plain_https_address_is_refused(written: str) -> None:
    with pytest.raises(Unsafe):
        judge(written, ())


@pytest.mark.parametrize("address", FOUND.split())
def test_a_public_name_that_leads_inside_is_refused_and_nothing_is_connected_to(
    address: str, names: Callable[..., list[str]]
) -> None:
    for answer in (found(address), found("8.8.8.8", address), found(address, "8.8.8.8")):
        names(answer)
        told = post("https://hook.example.com/", {}, b"{}", ())
        assert told.refused and told.status is None
        assert "outbound_allow" in (told.error or "")


@pytest.mark.parametrize("address", ["8.8.8.8", "2a00::1", "64:ff9b::808:808"])
def test_a_public_address_passes(address: str, names: Callable[..., list[str]]) -> None:
    names(found(address))
    one = judge("https://hook.example.com:8443/a?b=c", ())
    assert (one.host, one.port, one.target) == ("hook.example.com", 8443, "/a?b=c")
    assert one.header == "hook.example.com:8443"
    assert [there[0] for *_kind, there in resolve(one, (), 1.0)] == [address]


def test_a_name_is_looked_up_once_and_what_was_found_is_connected_to(
    receiver: Any, names: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second answer would lead inside: whoever asks twice is deceived."""
    inside = found("127.0.0.1")
    inside[0] = (*inside[0][:4], ("127.0.0.1", receiver.server.server_port))
    asked = names(found("2a00::1"), inside)  # public in form, and nobody lives there
    monkeypatch.setattr("lifang_webhooks.sending.SECONDS", 0.5)
    told = post(f"https://hook.example.com:{receiver.server.server_port}/", {}, b"{}", ())
    assert asked == ["hook.example.com"]
    assert told.status is None and not told.refused
    assert receiver.letters == []


def test_an_allowed_place_is_that_host_and_port_and_no_other() -> None:
    allowed = ("10.1.2.3:8443", "[fd00::1]:443", "gate.internal:80")
    assert judge("http://10.1.2.3:8443/x", allowed).header == "10.1.2.3:8443"
    assert judge("https://[fd00::1]/x", allowed).header == "[fd00::1]"
    assert judge("http://GATE.internal/x", allowed).header == "gate.internal"
    for near in ("http://10.1.2.3/x", "https://10.1.2.4:8443/", "http://gate.internal:81/"):
        with pytest.raises(Unsafe):
            judge(near, allowed)


def test_a_resolver_that_answers_nothing_or_never_is_told_and_waited_for_no_longer(
    names: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    names(socket.gaierror(-2, "Name or service not known"))
    told = post("https://nowhere.example.com/", {}, b"{}", ())
    assert (told.status, told.error) == (None, "连不上：找不到这个主机名")
    import threading

    free = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_told, **_more: free.wait(30) and [])
    monkeypatch.setattr("lifang_webhooks.sending.SECONDS", 0.2)
    told = post("https://slow.example.com/", {}, b"{}", ())
    free.set()
    assert told.status is None and told.ms < 2_000


def test_an_endpoint_whose_name_was_turned_inside_gets_nothing_and_a_dead_letter_says_so(
    switched_on: Any, point: Any, quickly: None, names: Callable[..., list[str]]
) -> None:
    point("https://hook.example.com/hook")
    asked = names(found("169.254.169.254"))
    world.person(switched_on, "李强")
    assert drain(switched_on)
    assert len(asked) == 3
    rows = list(Attempt.select())
    assert {row.status for row in rows} == {None}
    assert all("内部网络" in row.error for row in rows)
