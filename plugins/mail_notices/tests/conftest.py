"""A real mail server on this machine, and a plugin that tells somebody something."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import peewee as pw
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import lifang as lf
from lifang.testing import visitors, world
from lifang.testing.events import Events
from lifang_mail_notices.models import Mailbox

HERE = "127.0.0.1"
READER = "wang@example.cn"
USER, PASSWORD = "notice@example.cn", "s3cret-of-the-test"

near = lf.Notice("teller.near", "报到截止提醒", "{who}距报到截止还有 {days} 天")


class Office:
    """What a mail server keeps and answers: to recipients and to mails, as a test pleases."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.users: list[str] = []
        self.to_recipient = self.to_mail = "250 OK"

    async def handle_RCPT(  # noqa: N802 – aiosmtpd's name
        self, server: Any, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        if self.to_recipient.startswith("2"):
            envelope.rcpt_tos.append(address)
        return self.to_recipient

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.to_mail.startswith("2"):
            mail: Any = message_from_bytes(bytes(envelope.content or b""), policy=default)
            self.mails.append(mail)
        return self.to_mail

    def knows(self, server: Any, session: Any, envelope: Any, how: str, said: Any) -> AuthResult:
        assert isinstance(said, LoginPassword)
        self.users.append(said.login.decode())
        return AuthResult(success=said.password.decode() == PASSWORD, handled=False)


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind((HERE, 0))
        return int(asked.getsockname()[1])


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def serve(office: Office) -> Iterator[Callable[..., int]]:
    """Start a server that speaks as told: `serve(ssl_context=…)`; gives its port."""
    running: list[Controller] = []

    def start(port: int = 0, **told: Any) -> int:
        made = Controller(office, hostname=HERE, port=port or free_port(), **told)
        made.start()
        running.append(made)
        return int(made.port)

    yield start
    for one in running:
        one.stop()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """A certificate for this machine that vouches for itself, and a context to serve with."""
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail")])
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HERE))])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=9))
        .add_extension(here, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder, pem = tmp_path_factory.mktemp("certificate"), serialization.Encoding.PEM
    file, whole = folder / "mail.pem", folder / "whole.pem"
    file.write_bytes(made.public_bytes(pem))
    plain = serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    whole.write_bytes(private + file.read_bytes())
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(whole)
    return file, serving


class Matter(lf.Record):
    """Something people are told about."""

    title = pw.CharField(max_length=60, verbose_name="事项")
    community = lf.place("社区")

    class Meta:
        table_name = "teller_matter"


@pytest.fixture
def reach(
    instance: Any, enable: Callable[..., None], temp_plugin: Callable[..., Any]
) -> Callable[..., None]:
    """Switch the plugin on at a district, with a server on this machine."""
    matters = lf.Resource(
        Matter, label="事项", columns=["title"], roles={"community_worker": "read create"}
    )
    teller = lf.Plugin("teller", "通知员", resources=[matters], notices=[near])
    temp_plugin(teller, at=world.CHENGGUAN)

    def switch_on(port: int, **told: Any) -> None:
        allowed = (f"{HERE}:{port}",)
        instance.settings = replace(instance.settings, outbound_allow=allowed)
        said = {"host": HERE, "port": port, "security": "none", "sender_address": USER}
        enable("mail_notices", at=world.CHENGGUAN, **(said | told))

    return switch_on


@pytest.fixture
def tell(instance: Any, boss: lf.Caller, events: Events) -> Callable[..., lf.Account]:
    """Tell somebody something whose address is confirmed: `tell(7, language="en")`; gives who."""
    made: list[Any] = []

    def send(
        days: int, *, language: str | None = None, who: str = "", to: Any = None
    ) -> lf.Account:
        if not made:
            matters = instance.registry.of(Matter)
            worker = world.caller(instance, "community_worker", at=world.HOME)
            told = {"title": "灯坏了", "community": {"code": world.HOME}}
            accounts = instance.registry.of(lf.Account)
            reader = visitors.account(instance, "community_worker", at=world.HOME)
            lf.write(accounts, "update", boss, {"email": READER}, int(reader.id), version=1)
            events.deliver()
            matter, reader = (
                lf.write(matters, "create", worker, told),
                lf.Account.get_by_id(reader.id),
            )
            made[:] = [matter, reader]
            Mailbox.create(
                account=reader, community=matter.community, code="-", sent_at=lf.now(),
                address=reader.email_mask, state="confirmed",
            )  # fmt: skip
        matter, reader = made
        lf.Account.update(language=language).where(lf.Account.id == reader.id).execute()
        with instance.database.transaction():
            near.send(matter, boss, to=to or reader, key=f"T-{days}", who=who, days=days)
        return reader

    return send
