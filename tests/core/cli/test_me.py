"""`lifang me` and the commands of consents."""

from __future__ import annotations

import json

from lifang.entities.account import Account
from lifang.mechanisms.consents import Consent
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.cli.conftest import Command
from tests.core.mechanisms.club import open_club


def test_a_worker_enters_paper_and_whoever_it_is_about_reads_it(
    instance: Instance, lifang: Command, worker: str
) -> None:
    open_club(instance, at=world.CHENGGUAN)
    nobody = lifang("me")
    assert nobody.code == 5
    assert "没有关联人员" in nobody.err
    wang = world.person(instance, "王秀兰", phone="13800001234")
    words = ("--person", str(wang.id), "--how", "paper", "--as", worker)
    refused = lifang("consents", "create", "--purpose-name", "志愿时长记录", *words)
    assert refused.code == 2
    assert "请填写同意书的编号或存放处" in refused.err
    made = lifang("consents", "create", "--purpose-name", "志愿时长记录", "--basis", "7 号", *words)
    assert made.code == 0, made.err
    with instance.database.transaction():
        Account.update(person=wang).where(Account.name == "boss").execute()
    told = lifang("me")
    assert told.code == 0, told.err
    assert "138****1234" in told.out
    assert "志愿时长记录\t已同意" in told.out
    assert json.loads(lifang("me", "--json").out)["consents"][0]["given"] is True
    assert lifang("consents", "withdraw", str(Consent.get().id)).code == 0
    assert "志愿时长记录\t未同意" in lifang("me").out
