"""`lifang inbox`: what one was told, on a terminal and for scripts."""

from __future__ import annotations

import json

from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.cli.conftest import Command
from tests.core.mechanisms import bellman
from tests.core.mechanisms.bellman import matters, near


def test_notices_are_listed_and_read(instance: Instance, lifang: Command, worker: str) -> None:
    bellman.open_bellman(instance)
    by = world.caller(instance, "community_worker", at=world.HOME)
    matter = write(matters, "create", by, {"title": "灯", "community": {"code": world.HOME}})
    with instance.database.transaction():
        for days in (7, 5):
            near.send(matter, by, to="community_worker", key=str(days), who="", days=days)
    as_worker = ("--as", worker)
    listed = lifang("inbox", "list", *as_worker)
    assert listed.code == 0, listed.err
    first, second = listed.out.splitlines()[1:]
    number = first.split("\t")[0]
    assert first.endswith("未读\t临近截止提醒\t距报到截止还有 5 天")
    assert second.endswith("距报到截止还有 7 天")
    older = lifang("inbox", "list", "--before", number, *as_worker).out
    assert "5 天" not in older and "7 天" in older
    assert lifang("inbox", "read", number, *as_worker).out == "1 条已标为已读\n"
    unread = json.loads(lifang("inbox", "list", "--unread", "--json", *as_worker).out)
    assert [one["text"] for one in unread["items"]] == ["距报到截止还有 7 天"]
    assert lifang("inbox", "read", *as_worker).code == 2
    assert lifang("inbox", "read", "x", *as_worker).code == 2
    assert lifang("inbox", "read", "999", *as_worker).code == 4
    assert json.loads(lifang("inbox", "read", "--all", "--json", *as_worker).out) == {"read": 1}


def test_kinds_are_chosen_and_an_address_is_given(
    instance: Instance, lifang: Command, worker: str
) -> None:
    bellman.open_bellman(instance)
    as_worker = ("--as", worker)
    chosen = lifang("inbox", "choose", "bellman.near", "--shown", "no", *as_worker)
    assert "bellman.near\t临近截止提醒\t通知员\t否\t是\t是" in chosen.out
    assert lifang("inbox", "choose", "bellman.due", "--sent", "no", *as_worker).code == 5
    kinds = json.loads(lifang("inbox", "kinds", "--json", *as_worker).out)["items"]
    assert {one["name"]: one["shown"] for one in kinds} == {
        "bellman.near": False, "bellman.due": True,
    }  # fmt: skip
    kept = lifang("inbox", "address", "--email", "wang@example.cn", *as_worker)
    assert "w***@example.cn" in kept.out
    lifang("inbox", "address", "--language", "en", *as_worker)
    told = json.loads(lifang("inbox", "address", "--json", *as_worker).out)
    assert told == {"email": "w***@example.cn", "language": "en"}
    assert lifang("inbox", "address", "--email", "", "--json", *as_worker).code == 0
    assert json.loads(lifang("inbox", "address", "--json", *as_worker).out)["email"] is None
