"""What receivers may do to us: be slow, drip, redirect, answer without end, show false papers."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from lifang_webhooks.sending import MOST, Answer, post

ALLOWED = [f"127.0.0.1:{port}" for port in range(1, 65536)]


def send(receiver: Any, body: bytes = b"{}", **headers: str) -> Answer:
    return post(receiver.address, headers, body, (receiver.place,))


def test_a_request_carries_what_was_given_and_its_answer_is_timed(receiver: Any) -> None:
    told = send(receiver, b'{"a":1}', **{"webhook-id": "x/1"})
    [letter] = receiver.letters
    assert (told.status, told.error, letter.body) == (204, None, b'{"a":1}')
    assert letter.headers["webhook-id"] == "x/1"
    assert letter.headers["user-agent"].startswith("Lifang-Webhooks/")
    assert 0 <= told.ms < 5_000


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_error_and_is_not_followed(receiver: Any, status: int) -> None:
    receiver.answer = lambda _letter: (status, {"Location": receiver.address + "/2"})
    told = send(receiver)
    assert told.status == status and "不予跟随" in str(told.error)
    assert len(receiver.letters) == 1


def test_an_endless_answer_is_not_read_and_counts_by_its_status(receiver: Any) -> None:
    huge = b"x" * (64 * 1024 * 1024)
    receiver.answer = lambda _letter: (200, {}, huge)
    began = time.monotonic()
    assert send(receiver).status == 200
    assert time.monotonic() - began < 3


def test_what_an_answer_says_is_kept_nowhere(receiver: Any) -> None:
    receiver.answer = lambda _letter: (500, {"x-why": "hunter2"}, b"hunter2")
    assert "hunter2" not in repr(send(receiver))


@pytest.fixture
def raw() -> Iterator[Callable[[Callable[[socket.socket], None]], str]]:
    """Somebody who speaks no HTTP but what the test says: gives where."""
    stop, servers = threading.Event(), []

    def start(talk: Callable[[socket.socket], None]) -> str:
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)

        def serve() -> None:
            while not stop.is_set():
                try:
                    made, _there = server.accept()
                except OSError:
                    return
                with made, suppress(OSError):
                    talk(made)

        threading.Thread(target=serve, daemon=True).start()
        return f"http://127.0.0.1:{server.getsockname()[1]}/"

    yield start
    stop.set()
    for server in servers:
        server.close()


def drip(made: socket.socket) -> None:
    made.sendall(b"HTTP/1.1 200 OK\r\n")
    for number in range(200):
        made.sendall(f"x-{number}: y\r\n".encode())
        time.sleep(0.05)


def silent(made: socket.socket) -> None:
    made.recv(65536)
    time.sleep(10)


def long_line(made: socket.socket) -> None:
    made.sendall(b"HTTP/1.1 200 " + b"x" * (MOST * 2))


def many_headers(made: socket.socket) -> None:
    made.sendall(b"HTTP/1.1 200 OK\r\n" + b"".join(b"x-%d: y\r\n" % n for n in range(9_000)))


def hang_up(made: socket.socket) -> None:
    made.recv(16)


def babble(made: socket.socket) -> None:
    made.recv(65536)
    made.sendall(b"\x00\x01SSH-2.0-OpenSSH\r\n\r\n")


@pytest.mark.parametrize("talk", [drip, silent, long_line, many_headers, hang_up, babble])
def test_whoever_drips_hangs_babbles_or_never_ends_is_left_after_the_time(
    raw: Any, talk: Callable[[socket.socket], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lifang_webhooks.sending.SECONDS", 0.6)
    began = time.monotonic()
    told = post(raw(talk), {}, b"{}", ALLOWED)
    assert time.monotonic() - began < 1.5
    assert told.status is None and told.error


def test_a_body_that_nobody_takes_does_not_hold_us(
    raw: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lifang_webhooks.sending.SECONDS", 0.6)
    began = time.monotonic()
    told = post(raw(lambda _made: time.sleep(3)), {}, b"x" * 30_000_000, ALLOWED)
    assert time.monotonic() - began < 1.5
    assert told.error == "1 秒内没有回答"


def test_nobody_there_is_told_in_words(serve: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as once:
        port = once.getsockname()[1]
    told = post(f"http://127.0.0.1:{port}/", {}, b"{}", ALLOWED)
    assert told.status is None and "连不上" in str(told.error)


def test_a_certificate_of_nobody_we_trust_is_refused(serve: Any) -> None:
    """Without the fixture that trusts the tests' authority."""
    receiver = serve()
    told = send(receiver)
    assert told.status is None and "证书" in str(told.error)
    assert receiver.letters == []


def test_a_certificate_of_another_host_is_refused(
    serve: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, authorities: Any
) -> None:
    made = authorities(tmp_path, host="other.example.com")
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    receiver = serve(made.serving)
    told = send(receiver)
    assert told.status is None and "证书" in str(told.error)
    assert receiver.letters == []


def test_plain_http_is_not_taken_for_tls_nor_the_other_way_round(
    serve: Any, trusting: None
) -> None:
    plain = serve(None)
    told = post(plain.address.replace("http:", "https:"), {}, b"{}", (plain.place,))
    assert told.status is None and told.error
    assert send(plain).status == 204, "where the operator allowed it"
    secret = serve()
    assert post(secret.address.replace("https:", "http:"), {}, b"{}", (secret.place,)).error


def test_old_tls_is_refused(serve: Any, trusting: None, authority: Any) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    old.load_cert_chain(authority.file.with_name("receiver.pem"))
    with pytest.warns(DeprecationWarning):
        old.minimum_version = ssl.TLSVersion.TLSv1_1
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    assert send(serve(old)).status is None
