"""Events on their pages: seen by those who may, dead letters replayed or given up after a check."""

from __future__ import annotations

import json
import re

import pytest

import lifang as lf
from lifang.entities.audit import AuditEntry
from lifang.entities.caller import Caller
from lifang.events.event import Event, on
from lifang.events.tables import EventRow, Retry
from lifang.services.delivery import drain
from lifang.services.instance import Instance
from lifang.testing import world
from lifang.testing.world import CHENGGUAN, CITY, FOREIGN, HOME
from tests.core.events.listeners import HEARD, listen, say, switch
from tests.core.web.conftest import Visit, Visitor

FRAIL = "probe.frail"
LETTERS = "/admin/events/letters"


@on(HEARD)
def frail(event: Event, caller: Caller) -> None:
    if event.data["bad"]:
        raise lf.Dead("cannot stand it")


@pytest.fixture
def broken(instance: Instance, boss: Caller) -> int:
    """Three dead letters; the position of the first."""
    listen(instance, frail, at=[CITY])
    say(boss, 1, 2, 3, at=HOME, bad=True, phone="13800001234")
    assert drain(instance)
    return int(Retry.select().order_by(Retry.pos).get().pos)


def chosen(verb: str, *positions: int, **more: str) -> dict[str, object]:
    keys = [f"{position}@{FRAIL}" for position in positions]
    return {"bulk.verb": verb, "bulk.id": keys, "bulk.list": "show=dead", **more}


def confirmed(page: str) -> dict[str, object]:
    """What the check page sends when its button is pressed."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    told: dict[str, object] = {}
    for name, value in found:
        if name.startswith("bulk.") or name == "data":
            value = value.replace("&#34;", '"').replace("&amp;", "&")
            told.setdefault(name, []).append(value)  # type: ignore[attr-defined]
    return told


def test_events_are_listed_for_those_who_may_see_them(
    administrator: Visitor, worker: Visitor, visit: Visit, broken: int
) -> None:
    page = administrator.text("/admin/events")
    assert HEARD in page and "近 24 小时" in page and "死信 3" in page
    first, theirs = administrator.text("/"), worker.text("/")
    assert 'href="/admin/events"' in first and "死信 3 条" in first
    assert 'href="/admin/events"' not in theirs and "死信" not in theirs
    worker.text("/admin/events", status=403)
    worker.text(f"/admin/events/{broken}", status=403)
    near = visit("auditor", at=CHENGGUAN)
    assert HEARD in near.text("/admin/events") and "订阅进度" not in near.text("/admin/events")
    dead = near.text("/admin/events?show=dead")
    assert "cannot stand it" in dead and "bulk.verb" not in dead
    assert "改后重放" not in near.text(f"/admin/events/{broken}")
    far = visit("auditor", at=FOREIGN)
    assert HEARD not in far.text("/admin/events")
    far.text(f"/admin/events/{broken}", status=404)
    administrator.text("/admin/events/999999", status=404)


def test_events_are_narrowed_and_paged(administrator: Visitor, boss: Caller, broken: int) -> None:
    assert "没有符合条件" in administrator.text("/admin/events?type=core.thing.seen")
    assert "没有符合条件" in administrator.text("/admin/events?until=2020-01-01")
    assert "没有符合条件" in administrator.text("/admin/events?show=dead&plugin=other")
    assert "core.thing #1" in administrator.text("/admin/events?about=core.thing/1")
    page = administrator.text(f"/admin/events?show=dead&subscriber={FRAIL}&since=2020-01-01")
    assert page.count("cannot stand it") == 3
    assert f"lifang events dead --subscriber {FRAIL} --since 2020-01-01" in page
    say(boss, *range(30), bad=False)
    first = administrator.text("/admin/events")
    older = re.search(r'href="(/admin/events\?show=all&amp;before=\d+)"', first)
    assert older is not None
    assert "回到第一页" in administrator.text(older.group(1).replace("&amp;", "&"))
    for bad in ("?show=gone", "?since=soon", "?before=x", "?show=dead&before=x"):
        administrator.text(f"/admin/events{bad}", status=400)


def test_dead_letters_are_paged_too(
    administrator: Visitor, instance: Instance, boss: Caller, broken: int
) -> None:
    say(boss, *range(30), bad=True)
    assert drain(instance)
    first = administrator.text("/admin/events?show=dead")
    older = re.search(r'href="(/admin/events\?show=dead&amp;before=[^"]+)"', first)
    assert older is not None
    page = administrator.text(older.group(1).replace("&amp;", "&"))
    assert page.count('name="bulk.id"') == 13 and "没有更多了" in page


def test_everybodys_progress_is_told_with_why(
    administrator: Visitor, instance: Instance, broken: int
) -> None:
    page = administrator.text("/admin/events?show=subscribers")
    assert FRAIL in page and "3 个死信" in page
    switch("probe", CITY, on=False, instance=instance)
    assert "没有在任何地方启用" in administrator.text("/admin/events?show=subscribers")


def test_one_event_shows_what_it_tells_and_where_it_failed(
    administrator: Visitor, broken: int, instance: Instance
) -> None:
    page = administrator.text(f"/admin/events/{broken}")
    assert "138****1234" in page and "13800001234" not in page
    assert "处理链" in page and "cannot stand it" in page and "test_events.py" in page
    world.person(instance, "李强")
    person = EventRow.get(EventRow.type == "core.person.created").pos
    assert "/people/" in administrator.text(f"/admin/events/{person}")


def test_what_ended_the_process_stands_among_the_dead_letters(
    administrator: Visitor, broken: int
) -> None:
    Retry.update(state="parked").where(Retry.pos == broken).execute()
    page = administrator.text("/admin/events?show=dead")
    assert page.count('name="bulk.id"') == 3 and "show=parked" not in page
    assert "pill-broken" in administrator.text(f"/admin/events/{broken}")


def test_many_are_replayed_after_a_check(administrator: Visitor, broken: int) -> None:
    check = administrator.post(LETTERS, chosen("replay", broken, broken + 1)).text
    assert "不会重复计入" in check and "2 条" in check
    assert {row.state for row in Retry.select()} == {"dead"}
    done = administrator.post(LETTERS, confirmed(check))
    assert done.status_code == 303
    page = administrator.text(done.headers["Location"])
    assert "已排队重放：2 条" in page and "等待重试 2" in page
    assert AuditEntry.select().where(AuditEntry.verb == "replay").count() == 2
    assert "重放 · 事件" in administrator.text("/admin/audit")


def test_the_whole_list_is_replayed_only_as_it_was_checked(
    administrator: Visitor, broken: int
) -> None:
    whole = chosen("replay") | {"bulk.which": "all", "bulk.list": f"show=dead&subscriber={FRAIL}"}
    check = administrator.post(LETTERS, whole).text
    assert "3 条" in check and f"--all --subscriber {FRAIL}" in check
    form = confirmed(check)
    Retry.update(state="waiting").where(Retry.pos == broken).execute()
    changed = administrator.post(LETTERS, form)
    assert changed.status_code == 409 and "刚刚有变化" in changed.text
    again = administrator.post(LETTERS, confirmed(changed.text))
    assert again.status_code == 303
    assert {row.state for row in Retry.select()} == {"waiting"}


def test_the_page_shows_the_command_that_does_just_the_same(
    administrator: Visitor, broken: int
) -> None:
    some = administrator.post(LETTERS, chosen("replay", broken, broken + 1)).text
    assert f"lifang events replay {broken} {broken + 1} --subscriber {FRAIL}" in some
    one = administrator.post(LETTERS, chosen("skip", broken)).text
    assert f"lifang events skip {broken} --subscriber {FRAIL} --reason …" in one
    edited = administrator.post(LETTERS, chosen("replay", broken) | {"data": '{"bad": false}'}).text
    assert f"lifang events replay {broken} --subscriber {FRAIL} --data …" in edited
    Retry.update(state="waiting").execute()
    whole = chosen("skip") | {"bulk.which": "all", "bulk.list": f"show=waiting&type={HEARD}"}
    every = administrator.post(LETTERS, whole).text
    assert f"lifang events skip --all --type {HEARD} --state waiting --reason …" in every


def test_one_is_given_up_with_a_reason(administrator: Visitor, broken: int) -> None:
    check = administrator.post(LETTERS, chosen("skip", broken)).text
    form = confirmed(check)
    blank = administrator.post(LETTERS, form | {"reason": " "})
    assert blank.status_code == 422 and 'href="#f-reason"' in blank.text
    done = administrator.post(LETTERS, form | {"reason": "重复登记"})
    assert done.status_code == 303
    page = administrator.text("/admin/events?show=skipped")
    assert "重复登记" in page and 'value="replay"' in page and 'value="skip"' not in page
    assert "重复登记" in administrator.text(f"/admin/events/{broken}")


def test_changed_data_is_checked_and_replayed(
    administrator: Visitor, instance: Instance, broken: int
) -> None:
    shown = {"bad": False, "phone": "138****1234"}
    wrong = administrator.post(LETTERS, chosen("replay", broken, data="{"))
    assert wrong.status_code == 422 and "JSON" in wrong.text
    check = administrator.post(LETTERS, chosen("replay", broken, data=json.dumps(shown))).text
    assert "<del>true</del>" in check and "<ins>false</ins>" in check
    hidden = json.dumps({"bad": False, "phone": "13900009999"})
    assert (
        "<ins>***</ins>" in administrator.post(LETTERS, chosen("replay", broken, data=hidden)).text
    )
    assert administrator.post(LETTERS, confirmed(check)).status_code == 303
    assert json.loads(Retry.get(Retry.pos == broken).data)["phone"] == "13800001234"
    assert "告诉这个订阅的内容改为" in administrator.text(f"/admin/events/{broken}")
    assert drain(instance)
    assert Retry.select().count() == 2


def test_nobody_else_treats_letters(
    administrator: Visitor, worker: Visitor, visit: Visit, broken: int
) -> None:
    near = visit("auditor", at=CHENGGUAN)
    for visitor in (worker, near):
        assert visitor.post(LETTERS, chosen("replay", broken)).status_code == 403
    assert administrator.post(LETTERS, chosen("fly", broken)).status_code == 400
    assert administrator.post(LETTERS, chosen("replay")).status_code == 422
    assert administrator.post(LETTERS, chosen("replay", 999_999)).status_code == 404
    assert (
        administrator.post(LETTERS, chosen("skip", broken, **{"bulk.confirm": "1"})).status_code
        == 409
    )
    assert {row.state for row in Retry.select()} == {"dead"}
