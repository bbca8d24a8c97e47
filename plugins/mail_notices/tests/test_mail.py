"""What reaches a mailbox: one sentence to one reader, known again, and nothing else."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import lifang as lf
from lifang.testing import world
from lifang.testing.events import Clock, Events
from plugins.mail_notices.tests.conftest import HERE, PASSWORD, READER, USER, Office, free_port

BY = "mail_notices.deliver_message"
Serve = Callable[..., int]
Reach = Callable[..., None]
Tell = Callable[..., lf.Account]


def findings(instance: Any) -> list[str]:
    told: list[str] = instance.plugins.health(world.boss(instance))["mail_notices"]
    return told


def letters(events: Events) -> list[tuple[str, str]]:
    return [(one.state, str(one.error).partition(": ")[2]) for one in events.letters(BY)]


def test_a_notice_arrives_as_plain_text_in_its_readers_language_with_the_way_to_it(
    instance: Any, office: Office, serve: Serve, reach: Reach, tell: Tell, events: Events
) -> None:
    reach(serve(), sender_name="城关区\n民政")
    instance.settings = replace(instance.settings, address="https://lifang.example.cn")
    tell(7)
    events.deliver()
    [mail] = office.mails
    assert mail["to"] == READER
    assert mail["from"] == f"城关区 民政 <{USER}>"
    assert mail["subject"] == "报到截止提醒"
    assert mail.get_content_type() == "text/plain"
    text = mail.get_content()
    assert text.startswith("距报到截止还有 7 天\n\nhttps://lifang.example.cn/inbox#n-")
    assert "可以在里坊「收件箱 · 接收哪些通知」里关闭" in text
    assert mail["auto-submitted"] == "auto-generated"
    tell(5, language="en")
    events.deliver()
    english = office.mails[1].get_content()
    assert "switch them off in Lifang under" in english
    assert office.mails[1]["content-language"] == "en"


def test_a_second_copy_is_known_by_its_message_id(
    instance: Any, office: Office, serve: Serve, reach: Reach, tell: Tell, events: Events
) -> None:
    reach(serve())
    tell(7)
    with events.crashing(BY):  # the mail is taken, and the process ends before that is noted
        events.deliver()
    tell(5)
    events.deliver()
    first, *copies = [one for one in office.mails if "7 天" in one.get_content()]
    assert copies
    assert {one["message-id"] for one in copies} == {first["message-id"]}
    assert first["message-id"].endswith("@example.cn>")
    assert {one["date"] for one in copies} == {first["date"]}
    other = next(one for one in office.mails if "5 天" in one.get_content())
    assert other["message-id"] != first["message-id"]


@pytest.mark.once
def test_nothing_that_is_told_becomes_a_header_or_a_number(
    office: Office, serve: Serve, reach: Reach, tell: Tell, events: Events
) -> None:
    reach(serve())
    tell(7, who="\r\nBcc: all@example.cn\r\n\r\n电话 13800001234，")
    events.deliver()
    [mail] = office.mails
    assert mail["bcc"] is None
    assert mail["to"] == READER
    assert "138****1234" in mail.get_content()


def test_a_refused_recipient_is_given_up_and_a_busy_server_is_asked_again(
    office: Office, serve: Serve, reach: Reach, tell: Tell, events: Events, clock: Clock
) -> None:
    reach(port := serve())
    office.to_recipient = "550 no such user"
    tell(7)
    events.deliver()
    assert letters(events) == [("dead", "收件地址被拒绝（550）")]
    office.to_recipient, office.to_mail = "250 OK", "451 try later"
    tell(5)
    events.deliver()
    assert [state for state, _error in letters(events)] == ["dead", "waiting"]
    office.to_mail = "250 OK"
    clock.later(minutes=9)
    events.deliver()
    assert office.mails == []
    clock.later(minutes=2)
    events.deliver()
    assert len(office.mails) == 1
    office.to_mail = "554 this is spam"
    tell(3)
    events.deliver()
    assert letters(events)[-1] == ("dead", f"邮件服务器 {HERE}:{port}：它回答 554")
    office.to_mail = "250 OK"
    events.replay(BY)
    events.deliver()
    assert len(office.mails) == 3


def test_a_server_that_is_away_is_asked_again_and_named_by_the_doctor(
    instance: Any, office: Office, serve: Serve, reach: Reach, tell: Tell, events: Events,
    clock: Clock,
) -> None:  # fmt: skip
    port = free_port()
    reach(port)
    tell(7)
    events.deliver()
    [(state, error)] = letters(events)
    assert (state, error) == ("waiting", f"邮件服务器 {HERE}:{port}：连不上：那里没有程序在接听")
    assert findings(instance) == [error]
    serve(port)
    assert findings(instance) == []
    assert office.mails == []
    clock.later(minutes=31)
    events.deliver()
    assert len(office.mails) == 1


@pytest.mark.once
def test_over_starttls_it_signs_in_to_whom_it_trusts(
    office: Office, serve: Serve, reach: Reach, tell: Tell, events: Events, clock: Clock,
    certificate: Any, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    file, serving = certificate
    port = serve(tls_context=serving, require_starttls=True, auth_required=True,
                 authenticator=office.knows)  # fmt: skip
    reach(port, security="starttls", password="wrong")
    tell(7)
    events.deliver()
    [(state, error)] = letters(events)
    assert state == "waiting"
    assert error == f"邮件服务器 {HERE}:{port}：它的证书不可信：证书是自己签的"
    assert office.users == []
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    clock.later(minutes=31)
    events.deliver()
    [(state, error)] = letters(events)
    assert error == f"邮件服务器 {HERE}:{port}：用户名或密码不对（535）"
    reach(port, security="starttls", password=PASSWORD)
    clock.later(minutes=31)
    events.deliver()
    assert len(office.mails) == 1
    assert office.users[-1] == USER


@pytest.mark.once
def test_over_tls_from_the_first_byte_on(
    office: Office, serve: Serve, reach: Reach, tell: Tell, events: Events, certificate: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    file, serving = certificate
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    reach(serve(ssl_context=serving), security="tls", user="clerk")
    tell(7)
    events.deliver()
    assert len(office.mails) == 1
    assert PASSWORD not in repr(office.mails[0])


@pytest.mark.once
def test_a_machine_inside_the_network_is_not_spoken_to_unless_it_was_allowed(
    instance: Any, office: Office, serve: Serve, reach: Reach, tell: Tell,
    events: Events,
) -> None:  # fmt: skip
    reach(serve())
    instance.settings = replace(instance.settings, outbound_allow=())
    tell(7)
    events.deliver()
    [(state, error)] = letters(events)
    assert state == "waiting"
    assert "不能连接内部网络的主机" in error
    assert findings(instance) == [error]
    assert office.mails == []


@pytest.mark.once
def test_a_server_that_says_nothing_is_left_in_time(
    reach: Reach, tell: Tell, events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lifang_mail_notices import server

    monkeypatch.setattr(server, "SECONDS", 1.0)
    silent = socket.create_server((HERE, 0))
    held: list[socket.socket] = []
    hold = threading.Thread(target=lambda: held.append(silent.accept()[0]), daemon=True)
    hold.start()
    reach(port := silent.getsockname()[1])
    tell(7)
    began = time.monotonic()
    events.deliver()
    assert time.monotonic() - began < 5
    assert letters(events) == [("waiting", f"邮件服务器 {HERE}:{port}：1 秒内没有回答")]
    hold.join(5)
    for one in (*held, silent):
        one.close()


def test_who_gave_no_address_or_is_elsewhere_gets_no_mail(
    instance: Any, office: Office, serve: Serve, reach: Reach, tell: Tell, events: Events
) -> None:
    reach(serve())
    reader = tell(7)
    lf.Account.update(email=None, email_mask=None).where(lf.Account.id == reader.id).execute()
    events.deliver()
    assert office.mails == []
    assert letters(events) == []


@pytest.mark.once
def test_the_settings_tell_nobody_the_password(instance: Any, reach: Reach, run: Any) -> None:
    reach(free_port(), password=PASSWORD)
    shown = run("settings", "show", "--at", world.CHENGGUAN)
    assert shown.code == 0, shown.err
    assert PASSWORD not in shown.out
    assert "邮件服务器" in shown.out
    assert PASSWORD.encode() not in b"".join(
        one.read_bytes() for one in Path(instance.settings.home).rglob("*") if one.is_file()
    )
