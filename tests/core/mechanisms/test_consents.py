"""Consent is to words, by who may give it, on a day, and is taken back as easily as given."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from lifang.builtin.people import people
from lifang.entities.caller import Caller
from lifang.events.tables import EventRow
from lifang.kit import clock as hours_of
from lifang.kit.errors import Conflict, Forbidden, Invalid, NotFound
from lifang.mechanisms.consents import Consent, consents
from lifang.mechanisms.oneself import agree, oneself
from lifang.services import reading
from lifang.services.erasing import erase
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.testing import world
from lifang.testing.events import Clock, Events
from tests.core.mechanisms.club import hours, noted, open_club, photos

Make = Callable[..., Caller]
JUNE = dt.datetime(2026, 6, 15, 9, tzinfo=hours_of.zone())


@pytest.fixture(autouse=True)
def club(instance: Instance, clock: Clock) -> None:
    clock.move_to(JUNE)
    open_club(instance, at=world.CHENGGUAN)


@pytest.fixture
def worker(instance: Instance, caller: Make) -> Caller:
    return caller("community_worker", at=world.HOME)


def on_paper(caller: Caller, person: Any, **told: Any) -> Any:
    given = {
        "person": int(person.id),
        "purpose_name": "club.hours",
        "how": "paper",
        "basis": "2026-7",
    }
    return write(consents, "create", caller, given | told)


def as_guardian(caller: Caller, person: Any, **told: Any) -> Any:
    more = {"how": "guardian", "guardian_name": "王建国", "basis": None}
    return on_paper(caller, person, **more | told)


def test_somebody_agrees_for_themselves_and_nobody_else_does_it_for_them(
    instance: Instance, caller: Make, worker: Caller
) -> None:
    wang, li = world.person(instance, "王秀兰"), world.person(instance, "李强")
    own = caller("resident", person=wang)
    with pytest.raises(Conflict, match="还没有「志愿时长记录」的同意：请由本人"):
        hours.require(wang, own)
    for who, whose, why in ((own, li, "您看不到它"), (worker, wang, "只有本人能在线同意")):
        with pytest.raises(Invalid, match=why):
            write(consents, "create", who, {"person": int(whose.id), "purpose_name": "club.hours",
                                            "how": "self"})  # fmt: skip
    made = agree(own, "club.hours")
    hours.require(wang, own)
    assert (made.edition, made.title) == (1, "志愿时长记录")
    assert "保存三年" in made.wording
    assert not photos.given(wang, own)
    assert not hours.given(li, own)
    assert not hours.given(wang, own, JUNE.date() - dt.timedelta(days=1))
    with pytest.raises(Conflict, match="已有「志愿时长记录」的同意"):
        agree(own, "club.hours")
    with pytest.raises(Invalid, match="没有这个用途。可用：志愿时长记录（club.hours）"):
        agree(own, "club.nothing")


def test_paper_names_where_it_lies_and_is_never_of_tomorrow(
    instance: Instance, caller: Make, worker: Caller
) -> None:
    wang = world.person(instance, "王秀兰")
    with pytest.raises(Invalid, match="请填写同意书的编号或存放处"):
        on_paper(worker, wang, basis=None)
    with pytest.raises(Invalid, match="同意日期不能晚于今天"):
        on_paper(worker, wang, given_on="2026-06-16")
    with pytest.raises(NotFound):
        on_paper(caller("auditor"), wang)
    stranger = world.person(instance, "外区人", at=world.FOREIGN)
    with pytest.raises(Invalid):
        on_paper(worker, stranger)
    on_paper(worker, wang, given_on="2026-06-01", purpose_name="志愿时长记录")
    assert [hours.given(wang, worker, dt.date(2026, 5 + n, 31 - 30 * n)) for n in (0, 1)] == [
        False,
        True,
    ]


def test_what_is_taken_back_counts_no_more_from_that_day_on_and_is_told(
    instance: Instance, caller: Make, worker: Caller, events: Events, clock: Clock
) -> None:
    wang, li = world.person(instance, "王秀兰"), world.person(instance, "李强")
    own = caller("resident", person=wang)
    made, kept = agree(own, "club.hours"), on_paper(worker, li)
    clock.later(days=2)
    with pytest.raises(NotFound):
        write(consents, "withdraw", caller("resident", person=li), {}, made.id)
    write(consents, "withdraw", own, {}, made.id)
    assert not hours.given(wang, own)
    assert hours.given(wang, own, JUNE.date() + dt.timedelta(days=1))
    with pytest.raises(Conflict):
        write(consents, "withdraw", own, {}, made.id)
    events.deliver()
    assert noted() == [("core.consent.withdrawn", "club.hours")]
    clock.later(minutes=1)
    agree(own, "club.hours")
    assert hours.given(wang, own)
    write(consents, "withdraw", worker, {}, kept.id)
    assert not hours.given(li, worker)


def test_for_a_child_only_a_guardian_speaks_up_to_the_fourteenth_birthday(
    instance: Instance, caller: Make, worker: Caller, clock: Clock
) -> None:
    child = world.person(instance, "王小明", birth_date="2012-06-16")
    own = caller("resident", person=child)
    with pytest.raises(Invalid, match="未满 14 周岁，只有监护人的同意有效"):
        agree(own, "club.hours")
    with pytest.raises(Invalid, match="未满 14 周岁"):
        on_paper(worker, child)
    with pytest.raises(Invalid, match="请填写监护人"):
        as_guardian(worker, child, guardian_name=None)
    with pytest.raises(Invalid, match="监护人的同意由工作人员登记"):
        as_guardian(own, child)
    with pytest.raises(Conflict, match="须由监护人同意"):
        hours.require(child, own)
    as_guardian(worker, child)
    assert hours.given(child, own)
    clock.later(days=1)
    assert agree(own, "club.photos").how == "self"
    assert hours.given(child, own), "a guardian's word holds on until it is taken back"
    assert photos.given(child, own)
    assert not photos.given(child, own, JUNE.date())
    write(people, "update", worker, {"birth_date": "2013-01-01"}, child.id)
    assert not photos.given(child, own), "the birth date was wrong: a child's own word is none"


def test_a_text_that_asks_anew_ends_what_was_given_to_an_older_one(
    instance: Instance, caller: Make
) -> None:
    wang = world.person(instance, "王秀兰")
    own = caller("resident", person=wang)
    agree(own, "club.hours")
    assert replace(hours, edition=2).given(wang, own)
    renewed = replace(hours, edition=2, since=2)
    assert not renewed.given(wang, own)
    plugin = instance.plugins.loaded["club"]
    plugin.purposes["club.hours"] = renewed
    told = {one.name: one for one in oneself(own).agreements}["club.hours"]
    assert (told.given, told.since) == (False, "2026-06-15")
    assert agree(own, "club.hours").edition == 2
    assert renewed.given(wang, own)


def test_consents_follow_a_person_who_is_merged_and_a_withdrawal_beats_both(
    instance: Instance, caller: Make, worker: Caller, boss: Caller, clock: Clock
) -> None:
    wang, again = world.person(instance, "王秀兰"), world.person(instance, "王秀兰")
    on_paper(worker, wang)
    second = on_paper(worker, again)
    photo = on_paper(worker, again, purpose_name="club.photos")
    secretary = caller("community_secretary", at=world.HOME)
    write(people, "merge", secretary, {"into": int(wang.id)}, again.id)
    assert hours.given(wang, worker)
    assert photos.given(wang, worker)
    assert reading.get(worker, consents, int(photo.id)).person_id == wang.id
    clock.later(minutes=1)
    write(consents, "withdraw", worker, {}, second.id)
    assert not hours.given(wang, worker)


def test_an_erased_person_leaves_no_name_in_consents(
    instance: Instance, boss: Caller, worker: Caller
) -> None:
    child = world.person(instance, "王小明", birth_date="2015-01-01")
    other = world.person(instance, "李小红", birth_date="2015-01-01")
    mother = world.person(instance, "赵敏")
    for one in (child, other):
        as_guardian(worker, one, basis="赵敏签字", guardian=int(mother.id))
    with pytest.raises(Forbidden):
        erase(worker, f"core.person/{child.id}")
    erase(boss, f"core.person/{child.id}")
    mine, theirs = Consent.select().order_by(Consent.id)
    assert (mine.guardian_name, mine.guardian_name_mask, mine.basis) == (None, None, None)
    assert (theirs.guardian_name_mask, theirs.basis) == ("王*国", "赵敏签字")
    assert hours.given(child, worker)
    erase(boss, f"core.person/{mother.id}")
    mine, theirs = Consent.select().order_by(Consent.id)
    assert (theirs.guardian_name, theirs.basis) == (None, "赵敏签字")
    assert EventRow.select().where(EventRow.type == "core.person.erased").count() == 2
