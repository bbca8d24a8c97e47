"""An address gets no notice before the code that was sent to it came back."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

import lifang as lf
from lifang.services.erasing import erase
from lifang.testing import visitors, world
from lifang.testing.events import Clock, Events
from lifang_mail_notices.models import Mailbox
from plugins.mail_notices.tests.conftest import READER, Office

API = "/api/v1/mail-notices/mailboxes"
PAGE = "/p/mail-notices/mailboxes"
OTHER = "li@example.cn"


class Desk:
    """Somebody who gives an address, through the API."""

    def __init__(self, who: lf.Person, api: Any) -> None:
        self.who, self.api = who, api("resident", person=who)

    def give(self, address: str | None) -> None:
        answer = self.api.post("/api/v1/inbox/address", json={"email": address})
        assert answer.status_code == 200, answer.json

    def box(self) -> Any:
        [box] = self.api.get(API).json["items"]
        return box

    def act(self, verb: str, **told: str) -> Any:
        return self.api.post(f"{API}/{self.box()['id']}/actions/{verb}", json=told)


@pytest.fixture
def desk(instance: Any, serve: Callable[..., int], reach: Callable[..., None], api: Any) -> Desk:
    reach(serve())
    return Desk(world.person(instance, "王芳", at=world.HOME), api)


def code_of(mail: Any) -> str:
    found = re.search("确认码：([0-9A-Z]{8})\n", mail.get_content())
    assert found is not None, mail.get_content()
    return found[1]


def test_an_address_gets_a_code_at_once_and_notices_only_when_it_was_entered(
    desk: Desk, office: Office, events: Events, page: Any, tell: Callable[..., lf.Account]
) -> None:
    mine = page("resident", person=desk.who)
    assert mine.post("/inbox/address", {"email": READER, "language": "zh"}).status_code == 303
    events.deliver()
    [first] = office.mails
    assert (first["to"], first["subject"]) == (READER, "邮箱待确认")
    number, shown = Mailbox.get().id, mine.text("/me")
    assert "w***@example.cn" in shown and "未确认" in shown and code_of(first) not in shown
    tell(7, to=desk.who)
    events.deliver()
    assert len(office.mails) == 1, "until then notices go to the inbox alone"
    assert "还有 7 天" in mine.text("/inbox")
    entered = {"code": f" {code_of(first).lower()} "}
    path = f"{PAGE}/{number}"
    assert mine.post(f"{path}/actions/confirm", entered).status_code == 303
    assert "已确认" in mine.text(path)
    assert code_of(first) not in str(events.published("mail_notices.mailbox.confirmed"))
    tell(5, to=desk.who)
    events.deliver()
    assert "还有 5 天" in office.mails[1].get_content()

    assert mine.post("/inbox/address", {"email": OTHER, "language": "zh"}).status_code == 303
    tell(3, to=desk.who)
    events.deliver()
    [asked] = office.mails[2:]
    assert (asked["to"], Mailbox.get_by_id(number).state) == (OTHER, "unconfirmed")
    assert code_of(asked) != code_of(first)
    assert mine.post("/inbox/address", {"email": "", "language": "zh"}).status_code == 303
    events.deliver()
    assert Mailbox.get_by_id(number).removed_at is not None


def test_only_the_latest_code_counts_and_nobody_elses_hand_enters_it(
    desk: Desk, instance: Any, office: Office, events: Events, clock: Clock, api: Any
) -> None:
    desk.give(READER)
    events.deliver()
    refused = desk.act("confirm", code="22222222")
    assert refused.status_code == 422 and "请照最近一封邮件填写" in str(refused.json)
    early = desk.act("ask-again")
    assert early.status_code == 409 and "十分钟以后" in str(early.json)
    clock.later(minutes=11)
    assert desk.act("ask-again").status_code == 200
    events.deliver()
    old, new = map(code_of, office.mails)
    assert desk.act("confirm", code=old).status_code == 422
    stranger = api("community_worker", at=world.HOME)
    path = f"{API}/{desk.box()['id']}"
    assert stranger.get(path).status_code == 404
    assert stranger.post(f"{path}/actions/confirm", json={"code": new}).status_code == 404
    assert desk.act("confirm", code=new).json["state"] == "confirmed"
    assert desk.act("ask-again").status_code == 409


def test_whose_place_nobody_knows_is_asked_with_the_first_notice(
    desk: Desk, office: Office, events: Events, tell: Callable[..., lf.Account]
) -> None:
    account = tell(7)
    Mailbox.delete().execute()
    tell(5)
    events.deliver()
    [mail] = office.mails
    assert code_of(mail)
    assert Mailbox.get().account_id == account.id


@pytest.mark.once
def test_who_is_erased_has_no_address_any_more(
    desk: Desk, instance: Any, boss: lf.Caller, events: Events
) -> None:
    account = visitors.account(instance, "resident", person=desk.who)
    Mailbox.create(
        account=account, community=lf.Community.get(lf.Community.code == world.HOME),
        address="w***@example.cn", code="-", sent_at=lf.now(), state="confirmed",
    )  # fmt: skip
    erase(boss, f"core.person/{desk.who.id}")
    events.deliver()
    assert not Mailbox.select().where(Mailbox.removed_at.is_null()).exists()
