"""A real receiver on this machine, with a certificate of an authority made for the tests."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import lifang as lf
from lifang.testing import world
from lifang_webhooks.resources import endpoints
from lifang_webhooks.sending import trust

HERE = "127.0.0.1"


@dataclass(frozen=True)
class Letter:
    """What arrived: one request, its headers' names in small letters."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float


Said = int | tuple[int, dict[str, str]] | tuple[int, dict[str, str], bytes]


@dataclass
class Receiver:
    """Another system: it keeps what arrives and answers as a test pleases."""

    server: ThreadingHTTPServer
    scheme: str
    letters: list[Letter] = field(default_factory=list)
    answer: Callable[[Letter], Said] = lambda _letter: 204

    @property
    def place(self) -> str:
        return f"{HERE}:{self.server.server_port}"

    @property
    def address(self) -> str:
        return f"{self.scheme}://{self.place}/hook?t=1"

    def ids(self) -> list[str]:
        return [one.headers["webhook-id"] for one in self.letters]


class Desk(BaseHTTPRequestHandler):
    """Hands each request to the receiver of its server."""

    def do_POST(self) -> None:
        receiver: Receiver = self.server.receiver  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers["content-length"]))
        named = {name.lower(): value for name, value in self.headers.items()}
        letter = Letter(self.path, named, body, time.monotonic())
        receiver.letters.append(letter)
        said = receiver.answer(letter)
        status, more, text = (*(said if isinstance(said, tuple) else (said,)), {}, b"")[:3]  # type: ignore[misc]
        self.send_response(status)
        for name, value in more.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_told: Any) -> None:
        """Keep the test's output to what the test says."""


class Office(ThreadingHTTPServer):
    """Says nothing when whoever asks hangs up early: that is what is being tested."""

    daemon_threads = True

    def handle_error(self, *_told: Any) -> None:
        """Whoever hung up has been told enough."""


@dataclass(frozen=True)
class Authority:
    """Who vouches for receivers: the file of its certificate, and a context to serve with."""

    file: Path
    serving: ssl.SSLContext


def authority_in(folder: Path, *, host: str = HERE) -> Authority:
    """Make an authority and a certificate for a host, valid for a day."""
    now = dt.datetime.now(dt.UTC)

    def made(name: str, issuer: str, own: Any, signer: Any, *, ca: bool) -> x509.Certificate:
        names = [
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)]) for one in (name, issuer)
        ]
        alternative: x509.GeneralName = (
            x509.IPAddress(ipaddress.ip_address(host)) if host[0].isdigit() else x509.DNSName(host)
        )
        return (
            x509.CertificateBuilder()
            .subject_name(names[0])
            .issuer_name(names[1])
            .public_key(own.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
            .sign(signer, hashes.SHA256())
        )

    above, own = (ec.generate_private_key(ec.SECP256R1()) for _one in range(2))
    pem = serialization.Encoding.PEM
    root = made("tests", "tests", above, above, ca=True)
    leaf = made("receiver", "tests", own, above, ca=False)
    file, chain = folder / "ca.pem", folder / "receiver.pem"
    file.write_bytes(root.public_bytes(pem))
    key = own.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    chain.write_bytes(key + leaf.public_bytes(pem))
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(chain)
    return Authority(file, serving)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority_in(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def authorities() -> Iterator[Callable[..., Authority]]:
    """Make other authorities; what this process trusts is read anew before and after."""
    trust.cache_clear()
    yield authority_in
    trust.cache_clear()


@pytest.fixture
def trusting(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let this process, and those it starts, trust the tests' authority."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    trust.cache_clear()
    yield
    trust.cache_clear()


Serve = Callable[..., Receiver]


@pytest.fixture
def serve(authority: Authority) -> Iterator[Serve]:
    """Start receivers: `serve()`, `serve(tls=None)` for one without TLS."""
    running: list[ThreadingHTTPServer] = []

    def start(tls: ssl.SSLContext | None = authority.serving) -> Receiver:
        server = Office((HERE, 0), Desk)
        if tls is not None:
            server.socket = tls.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        receiver = Receiver(server, "http" if tls is None else "https")
        server.receiver = receiver  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        running.append(server)
        return receiver

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.fixture
def receiver(serve: Serve, trusting: None) -> Receiver:
    return serve()


def allow(instance: Any, *places: str) -> None:
    """Let the instance send to some places inside, as its operator would in lifang.toml."""
    known = instance.settings.outbound_allow
    instance.settings = replace(instance.settings, outbound_allow=(*known, *places))


Make = Callable[..., Any]


@pytest.fixture
def switched_on(instance: Any, enable: Callable[..., None]) -> Any:
    enable("webhooks", at=world.CITY)
    return instance


@pytest.fixture
def admin(switched_on: Any, caller: Callable[..., lf.Caller]) -> lf.Caller:
    return caller("district_admin", at=world.CHENGGUAN)


@pytest.fixture
def point(switched_on: Any, boss: lf.Caller) -> Make:
    """Make an endpoint that a receiver is reached by: `point(receiver, types="*")`."""

    def make(receiver: Receiver | str, **told: Any) -> Any:
        address = receiver if isinstance(receiver, str) else receiver.address
        if isinstance(receiver, Receiver):
            allow(switched_on, receiver.place)
        data = {"name": f"系统{make.count}", "address": address, "types": "core.person.created"}  # type: ignore[attr-defined]
        make.count += 1  # type: ignore[attr-defined]
        data["community"] = {"code": told.pop("at", world.CHENGGUAN)}
        return lf.write(endpoints, "create", world.boss(switched_on), {**data, **told})

    make.count = 1  # type: ignore[attr-defined]
    return make


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once what failed."""
    monkeypatch.setattr("lifang.events.retry.FIRST_WAIT", 0.0)
    monkeypatch.setattr("lifang.events.retry.FACTOR", 1.0)
