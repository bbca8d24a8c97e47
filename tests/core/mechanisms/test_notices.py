"""A notice reaches whom it is meant for, once, as each may see it, and stays as long as it may."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

import lifang as lf
from lifang.access.callers import caller_for
from lifang.builtin.accounts import accounts
from lifang.builtin.people import people
from lifang.entities.account import Account
from lifang.entities.caller import Caller
from lifang.events.tables import EventRow, Inbox, Subscription
from lifang.kit.errors import Conflict, Forbidden, Invalid, NotFound
from lifang.kit.words import using
from lifang.lifecycle import stored
from lifang.mechanisms import inbox
from lifang.mechanisms.notices import NoticeRow, readers_of
from lifang.plugins.tables import Activation, PluginRow, bump_epoch
from lifang.services.erasing import erase
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.testing import world
from lifang.testing.events import Clock, Events
from lifang.upkeep import sweeping
from tests.core.mechanisms import bellman
from tests.core.mechanisms.bellman import account, matters, near
from tests.core.mechanisms.test_confidential import Cast
from tests.core.mechanisms.test_confidential import cast as cast

Tell = Callable[..., int]
FOUND = SimpleNamespace(version="1", distribution="bellman")
"""What its package would say."""


@pytest.fixture(autouse=True)
def open_it(instance: Instance, clock: Clock) -> None:
    bellman.open_bellman(instance)


@pytest.fixture
def matter(instance: Instance) -> Any:
    person = world.person(instance, "陈志远")
    told = {"title": "灯坏了", "person": int(person.id), "community": {"code": world.HOME}}
    return write(matters, "create", world.caller(instance, "community_worker", at=world.HOME), told)


@pytest.fixture
def tell(instance: Instance, boss: Caller, matter: Any) -> Tell:
    """Send a notice about the matter in a transaction of its own."""

    def send(kind: lf.Notice = near, **told: Any) -> int:
        values = {"key": "T-7", "who": "", "days": 7} if kind is near else {"key": "k"}
        with instance.database.transaction():
            return kind.send(matter, boss, **(values | told))

    return send


def signed_in(instance: Instance, one: Account) -> Caller:
    return caller_for(instance, Account.get_by_id(one.id), source="web")


def from_the_start(handler: str, events: Events) -> None:
    """Let a handler be told the log from its beginning."""
    Subscription.update(pos=0, xid=0).where(Subscription.name == handler).execute()
    Inbox.delete().where(Inbox.sub == handler).execute()
    events.deliver()


def texts(caller: Caller) -> list[str]:
    return [item.text for item in inbox.items(caller)]


def test_those_nearest_to_the_place_are_told_and_the_offices_above_are_not(
    instance: Instance, boss: Caller, matter: Any
) -> None:
    home = [int(matter.community_id)]

    def told(role: str) -> set[str]:
        return readers_of(role, home)

    assert told("community_worker") == set()
    world_wide = account(instance, "root", "platform_administrator")
    assert told("platform_administrator") == {f"core.account/{world_wide.id}"}
    district = account(instance, "qu", "district_admin", at=world.CHENGGUAN)
    assert told("community_worker") == {f"core.account/{district.id}"}
    worker = account(instance, "wang", "community_worker", at=world.HOME)
    secretary = account(instance, "li", "community_secretary", at=world.HOME)
    account(instance, "net", "grid_worker", at=world.HOME)
    account(instance, "sun", "community_worker", at=world.NEIGHBOUR)
    both = {f"core.account/{one.id}" for one in (worker, secretary)}
    assert told("community_worker") == both
    assert told("district_admin") == {f"core.account/{district.id}"}
    Account.update(disabled=True).where(Account.id == secretary.id).execute()
    assert told("community_worker") == {f"core.account/{worker.id}"}
    with pytest.raises(ValueError, match="'janitor' is no role"):
        told("janitor")


def test_a_person_an_account_and_an_organization_are_told_each_human_once(
    instance: Instance, matter: Any, tell: Tell, notices_of: Callable[..., list[str]]
) -> None:
    person, unit = matter.person, world.organization(instance, "示例支部")
    liaison = account(instance, "liaison", "unit_liaison", unit=int(unit.id))
    own = account(instance, "chen", "community_worker", at=world.HOME)
    Account.update(person=person).where(Account.id == own.id).execute()
    own = Account.get_by_id(own.id)
    whom = [person, int(person.id), own, unit, "community_worker"]
    assert tell(to=whom, days=7) == 2
    assert texts(signed_in(instance, own)) == ["距报到截止还有 7 天"]
    assert notices_of(liaison) == ["距报到截止还有 7 天"]
    assert notices_of(person, kind=near.name) == notices_of(own) == ["距报到截止还有 7 天"]
    with pytest.raises(TypeError, match="goes to people"):
        tell(to=matter, key="other")
    gone = world.person(instance, "走了")
    write(people, "remove", world.boss(instance), {}, int(gone.id), version=1)
    assert tell(to=gone, key="gone") == 0


def test_one_key_is_told_once_however_often_its_event_is_told(
    instance: Instance, events: Events, matter: Any, tell: Tell, clock: Clock
) -> None:
    wang = signed_in(instance, account(instance, "wang", "community_worker", at=world.HOME))
    assert tell(to="community_worker") == 1
    assert tell(to="community_worker") == 0
    assert tell(to="community_worker", key="T-1", days=1) == 1
    assert texts(wang) == ["距报到截止还有 1 天", "距报到截止还有 7 天"]
    events.deliver()  # the matter's own event: a required one to the worker
    [created] = events.published("bellman.matter.created")
    assert inbox.unread(wang) == 3
    from_the_start("bellman.welcome", events)
    assert inbox.unread(wang) == 3
    NoticeRow.delete().execute()
    old = lf.now() - dt.timedelta(days=400)
    EventRow.update(at=old).where(EventRow.pos == created.position).execute()
    from_the_start("bellman.welcome", events)
    assert inbox.unread(wang) == 0  # of what is older than notices are kept nobody is told anew


def test_a_notice_that_is_rolled_back_was_never_sent(
    instance: Instance, boss: Caller, matter: Any, events: Events
) -> None:
    account(instance, "wang", "community_worker", at=world.HOME)
    with pytest.raises(Conflict), instance.database.transaction():
        near.send(matter, boss, to="community_worker", key="T-7", who="", days=7)
        raise Conflict("…")
    assert not NoticeRow.select().exists()
    assert events.published("core.notice.posted") == []
    with pytest.raises(RuntimeError, match="outside a transaction"):
        near.send(matter, boss, to="community_worker", key="T-7", who="", days=7)


def test_what_a_notice_cannot_say_is_refused(instance: Instance, tell: Tell) -> None:
    for values in ({}, {"who": ""}, {"who": "", "days": 1, "more": 2}):
        with pytest.raises(ValueError, match="its text takes"):
            near._demand("k", values, confidential=False)
    with pytest.raises(ValueError, match="at most 120"):
        tell(to="community_worker", key="k" * 121)
    account(instance, "wang", "community_worker", at=world.HOME)
    with pytest.raises(TypeError, match="keeps words"):
        tell(to="community_worker", who=object())
    with pytest.raises(ValueError, match="write it <plugin>"):
        lf.Notice("near", "x", "y")
    with pytest.raises(ValueError, match="of its own"):
        lf.Plugin("other", "x", notices=[near])


def test_of_what_is_confidential_a_notice_tells_nothing_and_does_not_leave(
    instance: Instance, cast: Cast, boss: Caller, events: Events, notices_of: Any
) -> None:
    review = lf.Notice("bellman.review", "有一件待督导", "请督导一份个案")
    instance.plugins.loaded["bellman"].notices["bellman.review"] = review
    supervisor = cast.people["督导"]
    with instance.database.transaction():
        with pytest.raises(ValueError, match="confidential"):
            near.send(cast.case, boss, to=supervisor, key="k", who=supervisor, days=1)
        review.send(cast.case, boss, to=[supervisor, cast.people["评估"]], key="2026-11")
    assert notices_of(supervisor) == ["请督导一份个案"]
    assert inbox.items(cast.supervisor)[0].record is not None
    assert inbox.items(cast.evaluator)[0].record is None
    assert {one.communities for one in events.published("core.notice.posted")} == {()}


def test_each_reader_sees_names_and_ways_as_far_as_their_rights_go(
    instance: Instance, matter: Any, tell: Tell
) -> None:
    wang = account(instance, "wang", "community_worker", at=world.HOME)
    far = account(instance, "far", "community_worker", at=world.FOREIGN)
    assert tell(to=[wang, far], who=matter.person, days=3) == 2
    [mine], [theirs] = inbox.items(signed_in(instance, wang)), inbox.items(signed_in(instance, far))
    assert mine.text == "陈志远距报到截止还有 3 天"
    assert mine.record == {"resource": "bellman.matters", "id": int(matter.id)}
    assert theirs.text == "有关人员距报到截止还有 3 天"
    assert theirs.record is None
    assert "陈志远" not in NoticeRow.get_by_id(mine.id).data  # kept is a reference
    assert tell(to=wang, key="说", who="电话 13800001234，", days=1) == 1
    assert texts(signed_in(instance, wang))[0].startswith("电话 138****1234，")
    with using("en"):
        assert inbox.items(signed_in(instance, wang))[0].title == "临近截止提醒"


def test_read_is_read_by_oneself_only(instance: Instance, tell: Tell) -> None:
    wang = signed_in(instance, account(instance, "wang", "community_worker", at=world.HOME))
    li = signed_in(instance, account(instance, "li", "community_worker", at=world.HOME))
    for days in (7, 5, 3):
        tell(to="community_worker", key=f"T-{days}", days=days)
    newest, *_rest, oldest = inbox.items(wang)
    assert [inbox.unread(one) for one in (wang, li)] == [3, 3]
    with pytest.raises(NotFound, match="没有这条通知"):
        inbox.read(wang, [newest.id, inbox.items(li)[0].id])
    assert inbox.unread(wang) == 3
    assert inbox.read(wang, [newest.id]) == 1
    assert inbox.read(wang, [newest.id]) == 0
    assert [one.id for one in inbox.items(wang, unread=True)] == [oldest.id + 2, oldest.id]
    assert [one.id for one in inbox.items(wang, before=newest.id, limit=1)] == [oldest.id + 2]
    assert inbox.items(wang, kind="bellman.due") == []
    assert inbox.read(wang) == 2
    assert [inbox.unread(one) for one in (wang, li)] == [0, 3]
    assert inbox.items(li, only=newest.id) == []
    narrow = caller_for(
        instance, Account.get(Account.name == "wang"), source="api", scope=frozenset({"read"})
    )
    assert len(inbox.items(narrow)) == 3
    with pytest.raises(Forbidden, match="令牌"):
        inbox.read(narrow)
    with pytest.raises(Forbidden, match="收件箱"):
        inbox.items(world.boss(instance))


def test_a_kind_can_be_left_out_of_the_list_unless_it_must_be_seen_to(
    instance: Instance, matter: Any, tell: Tell, events: Events
) -> None:
    wang = signed_in(instance, account(instance, "wang", "community_worker", at=world.HOME))
    assert {one.name: one.required for one in inbox.kinds(wang)} == {
        "bellman.near": False, "bellman.due": True,
    }  # fmt: skip
    assert inbox.choose(wang, "bellman.near", shown=False).sent
    assert inbox.choose(wang, "bellman.near", sent=True).shown is False
    tell(to="community_worker")
    assert (inbox.unread(wang), inbox.items(wang)) == (0, [])
    inbox.choose(wang, "bellman.near", shown=True)
    assert tell(to="community_worker") == 0  # it was told, and is not told again
    tell(to="community_worker", key="T-1", days=1)
    assert texts(wang) == ["距报到截止还有 1 天"]
    with pytest.raises(Conflict, match="「请签收回执」须办理或签收，不能关闭"):
        inbox.choose(wang, "bellman.due", sent=False)
    with pytest.raises(NotFound, match="没有这种通知"):
        inbox.choose(wang, "bellman.none", shown=False)


def test_what_a_plugin_told_says_that_it_is_off_or_gone(instance: Instance, tell: Tell) -> None:
    wang = account(instance, "wang", "community_worker", at=world.HOME)
    tell(to="community_worker")
    Activation.update(on=False).execute()
    plugin = instance.plugins.loaded["bellman"]
    told = json.dumps(stored.declaration(plugin, FOUND))
    PluginRow.update(declared=told).where(PluginRow.name == "bellman").execute()
    bump(instance)
    [item] = inbox.items(signed_in(instance, wang))
    assert (item.title, item.text) == ("临近截止提醒（未启用）", "距报到截止还有 7 天")
    assert item.record is None
    PluginRow.update(state="uninstalled").where(PluginRow.name == "bellman").execute()
    bump(instance)
    [item] = inbox.items(signed_in(instance, wang))
    assert (item.title, item.text) == ("临近截止提醒（已卸载）", "距报到截止还有 7 天")
    assert inbox.unread(signed_in(instance, wang)) == 1


def test_an_erased_person_leaves_no_notice_and_a_merged_one_takes_them_along(
    instance: Instance, boss: Caller, matter: Any, tell: Tell
) -> None:
    person, twin = matter.person, world.person(instance, "陈志远")
    tell(to=[person, twin])
    tell(to=twin, key="T-1", days=1)
    write(people, "merge", world.caller(instance, "community_secretary", at=world.HOME),
          {"into": int(person.id)}, int(twin.id))  # fmt: skip
    kept = [(row.who, row.key) for row in NoticeRow.select().order_by(NoticeRow.id)]
    assert kept == [(f"core.person/{person.id}", "T-7"), (f"core.person/{person.id}", "T-1")]
    assert tell(to=twin, key="T-0", days=0) == 1  # who is named still is the one who stayed
    own = account(instance, "chen", "community_worker", at=world.NEIGHBOUR)
    tell(to=own, key="office")
    Account.update(person=person).where(Account.id == own.id).execute()
    assert inbox.unread(signed_in(instance, own)) == 4
    assert erase(boss, f"core.person/{person.id}") == 4
    assert not NoticeRow.select().exists()


def test_notices_are_forgotten_after_their_days(
    instance: Instance, boss: Caller, tell: Tell, clock: Clock
) -> None:
    account(instance, "wang", "community_worker", at=world.HOME)
    tell(to="community_worker")
    clock.later(days=300)
    tell(to="community_worker", key="T-1", days=1)
    sweeping.run(boss)
    assert NoticeRow.select().count() == 2
    clock.later(days=66)
    sweeping.run(boss)
    assert [row.key for row in NoticeRow.select()] == ["T-1"]


def bump(instance: Instance) -> None:
    with instance.database.transaction():
        bump_epoch()
    instance.plugins.refresh()


def test_an_address_is_kept_sealed_masked_and_judged(instance: Instance, boss: Caller) -> None:
    wang = account(instance, "wang", "community_worker", at=world.HOME)
    for wrong in ("wang", "wang@example", "a b@example.cn\r\nBcc: x@y.cn", "王@example.cn"):
        with pytest.raises(Invalid):
            write(accounts, "update", boss, {"email": wrong}, int(wang.id), version=1)
    write(accounts, "update", boss, {"email": " wang@example.cn"}, int(wang.id), version=1)
    row = Account.get_by_id(wang.id)
    assert (str(row.email), row.email_mask) == ("***", "w***@example.cn")
