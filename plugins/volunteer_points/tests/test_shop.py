"""Points buy thanks: held with the stock in one transaction, handed out to who has the code."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import lifang as lf
from lifang.entities.ledger import LedgerPosting
from lifang.kit.errors import Busy
from lifang.mechanisms.ledger import discrepancies
from lifang.testing import world
from lifang_volunteer_points.models import Redemption
from lifang_volunteer_points.resources import items, redemptions
from lifang_volunteer_points.services import shop, volunteer
from lifang_volunteer_points.services.points import points
from lifang_volunteer_points.services.shop import stock

YEAR_END, NEXT_JUNE = dt.date(2026, 12, 31), dt.date(2027, 6, 30)


@pytest.fixture(autouse=True)
def adds_up(request: pytest.FixtureRequest, instance: Any) -> Any:
    yield
    assert discrepancies() == []


def item(station: Any, cost: int = 10, quantity: int = 5, **told: Any) -> Any:
    data = {"name": "肥皂", "community": {"code": world.HOME}, "points": cost}
    made = lf.write(items, "create", station.worker, data | told)
    return lf.act(shop.restock, made, station.worker, quantity=quantity) if quantity else made


def rich(station: Any, name: str = "张晓燕", *lots: tuple[int, dt.date | None]) -> Any:
    one = station.volunteer(name)
    with station.instance.database.transaction():
        for number, (amount, expires) in enumerate(lots or ((100, None),)):
            key = f"lot/{one.id}/{number}"
            points.grant(one, station.boss, amount, key=key, expires=expires)
    return one


def redeem(station: Any, what: Any, who: Any, quantity: int = 1) -> Any:
    told = {"item": what.id, "volunteer": who.id, "quantity": quantity}
    return lf.write(redemptions, "create", station.self_of(who), told)


def had(station: Any, who: Any) -> tuple[int, int]:
    told = points.balance(who, station.boss)
    return told.available, told.held


def test_what_expires_first_is_used_first_and_comes_back_to_its_lots(station: Any):
    zhang = rich(station, "张晓燕", (50, NEXT_JUNE), (30, YEAR_END))
    one = redeem(station, item(station, 40), zhang)
    assert points.balance(zhang, station.boss).lots == ((NEXT_JUNE, 40),)
    lf.act(shop.cancel, one, station.self_of(zhang))
    assert points.balance(zhang, station.boss).lots == ((YEAR_END, 30), (NEXT_JUNE, 50))
    with pytest.raises(lf.Conflict):
        lf.act(shop.cancel, one, station.self_of(zhang))


def test_an_item_is_kept_until_its_code_is_shown_and_then_points_and_stock_are_gone(station: Any):
    zhang, soap = rich(station), item(station)
    one = redeem(station, soap, zhang)
    code = one.shown_once["code"]
    assert (had(station, zhang), stock.balance(soap, station.boss).available) == ((90, 10), 4)
    for wrong in ("", "七号的领取码", f"{one.id}-AAAAAAAAAA", code[:-1]):
        with pytest.raises(lf.Invalid):
            lf.act(shop.pick_up, one, station.worker, code=wrong)
    with pytest.raises(lf.Forbidden):
        lf.act(shop.pick_up, one, station.self_of(zhang), code=code)
    assert lf.act(shop.show_code, one, station.self_of(zhang)).shown_once["code"] == code
    with pytest.raises(lf.Forbidden):
        lf.act(shop.show_code, one, station.worker)
    done = lf.act(shop.pick_up, one, station.worker, code=f" {code.lower()} ")
    assert (done.state, done.handed_out_by) == ("picked_up", station.worker.name)
    assert (had(station, zhang), stock.balance(soap, station.boss)) == (
        (90, 0), type(stock.balance(soap, station.boss))(4, 0, ((None, 4),)),
    )  # fmt: skip
    assert lf.act(shop.sign_for, one, station.self_of(zhang)).state == "done"
    station.events.deliver()
    assert (station.now(soap).stock, station.now(zhang).points) == (4, 90)
    assert code not in str([row.__data__ for row in Redemption.select()])


def test_what_nobody_picks_up_in_fifteen_days_goes_back_to_shelf_and_owner(station: Any):
    zhang, soap = rich(station), item(station)
    one = redeem(station, soap, zhang)
    station.clock.later(days=15)
    station.events.deliver()
    assert station.now(one).state == "reserved"
    station.clock.later(days=1)
    station.events.deliver()
    assert station.now(one).state == "expired"
    assert (had(station, zhang), station.now(soap).stock) == ((100, 0), 5)
    with pytest.raises(lf.Conflict):
        lf.act(shop.pick_up, one, station.worker, code=one.shown_once["code"])


def test_in_huangshan_points_are_deducted_at_once_and_not_given_back(station: Any):
    station.set("huangshan")
    zhang, soap = rich(station), item(station)
    one = redeem(station, soap, zhang)
    assert had(station, zhang) == (90, 0)
    with pytest.raises(lf.Conflict, match="不能取消"):
        lf.act(shop.cancel, one, station.self_of(zhang))
    station.clock.later(days=16)
    station.events.deliver()
    assert (station.now(one).state, had(station, zhang)) == ("expired", (90, 0))
    assert station.now(soap).stock == 5


def test_in_hailin_one_redeems_once_a_quarter_and_keeps_the_hours(station: Any):
    station.set("hailin")
    zhang, soap = rich(station), item(station)
    locked = station.lock(station.serve(zhang))
    first = redeem(station, soap, zhang)
    with pytest.raises(lf.Conflict, match="本期已经兑换过一次"):
        redeem(station, soap, zhang)
    lf.act(shop.pick_up, first, station.worker, code=first.shown_once["code"])
    station.clock.move_to(station.at(0, day=1, month=7))
    redeem(station, soap, zhang)
    with pytest.raises(lf.Conflict, match="本期已经兑换过一次"):
        redeem(station, soap, zhang)
    station.set("yuzhong")
    with pytest.raises(lf.Conflict, match="本期已经兑换过一次"):
        redeem(station, soap, zhang)
    lf.act(volunteer.recount, zhang, station.worker)
    assert (station.now(zhang).minutes, locked.minutes) == (210, 210)


def test_an_item_has_a_limit_per_person_and_is_had_while_it_lasts(station: Any):
    zhang, soap = rich(station), item(station, 1, 3, limit_per_person=2)
    other = rich(station, "李强")
    redeem(station, soap, zhang, 2)
    with pytest.raises(lf.Conflict, match="每人限兑 2 件"):
        redeem(station, soap, zhang)
    with pytest.raises(lf.Conflict, match="余额不足：可用 1件，需要 2件"):
        redeem(station, soap, other, 2)
    assert had(station, other) == (100, 0), "and the points are untouched"
    lf.act(shop.write_off, soap, station.worker, quantity=1, reason="破损")
    with pytest.raises(lf.Conflict, match="余额不足：可用 0件"):
        redeem(station, soap, other)
    lf.act(shop.withdraw, soap, station.worker)
    with pytest.raises(lf.Conflict, match="「肥皂」已下架"):
        redeem(station, soap, other)
    with pytest.raises(lf.Conflict, match="余额不足：可用 98分，需要 150分"):
        redeem(station, item(station, 150), zhang)


def test_points_expire_after_their_last_day_whoever_is_told_a_month_before(station: Any):
    zhang = rich(station, "张晓燕", (30, YEAR_END), (50, NEXT_JUNE))
    station.clock.move_to(station.at(12, day=30, month=11))
    station.events.deliver()
    station.clock.move_to(station.at(12, day=1, month=12))
    station.events.deliver()
    (warned,) = station.events.published("volunteer_points.volunteer.points_expiring")
    assert (warned.subject, warned.data["points"]) == (zhang.id, 30)
    station.clock.move_to(station.at(12, day=31, month=12))
    assert had(station, zhang) == (80, 0)
    station.clock.move_to(station.at(12, day=1, month=1, year=2027))
    assert had(station, zhang) == (50, 0), "not to be spent, told or not"
    with pytest.raises(lf.Conflict, match="余额不足：可用 50分"):
        redeem(station, item(station, 60), zhang)
    station.events.deliver()
    (gone,) = station.events.published("volunteer_points.volunteer.points_expired")
    assert (gone.subject, gone.data["points"]) == (zhang.id, 30)
    assert station.now(zhang).points == 50


def test_years_of_points_are_the_places_and_hours_never_expire(station: Any):
    kept = {}
    for number, preset in enumerate(("youth", "huangshan", None)):
        station.set(preset, **({} if preset else {"points_years": 0}))
        who = station.volunteer(f"王{'甲乙丙'[number]}")
        start = station.at(9) + dt.timedelta(days=20 * number)
        station.lock(station.serve(who, start=start))
        ((expires, _left),) = points.balance(who, station.boss).lots
        kept[preset] = expires and expires.year - lf.today().year
        assert station.now(who).minutes == 210
    assert kept == {"youth": 1, "huangshan": 3, None: None}


def test_whoever_brings_somebody_in_gets_two_points_in_hailin_once_per_person(station: Any):
    station.set("hailin")
    zhang, person = station.volunteer("张晓燕"), station.person("李强")
    new = station.volunteer("李强", person=person, referrer=zhang.number)
    station.events.deliver()
    assert had(station, zhang) == (2, 0)
    lf.act(volunteer.leave, new, station.resident(person))
    station.volunteer("李强", person=person, referrer=zhang.number)
    station.events.deliver()
    assert had(station, zhang) == (2, 0)
    with pytest.raises((lf.Invalid, lf.Conflict)):
        station.volunteer("张晓燕", person=zhang.person, referrer=zhang.number)


def test_of_fifty_who_want_the_last_item_at_once_one_gets_it_and_the_points_sum_to_zero(
    busy: Any,
):
    soap = item(busy, 10, 1)
    people = [rich(busy, f"王{n}") for n in range(5)]
    callers = [busy.self_of(one) for one in people]

    def want(number: int) -> bool:
        told = {"item": soap.id, "volunteer": people[number % 5].id}
        with busy.instance.database.connection():
            for _try in range(60):
                try:
                    lf.write(redemptions, "create", callers[number % 5], told)
                except Busy:
                    continue  # as a client would after a 503
                except lf.Conflict:
                    return False
                return True
        raise AssertionError("always busy")

    with ThreadPoolExecutor(8) as pool:
        won = sum(pool.map(want, range(50)))
    assert won == 1
    assert stock.balance(soap, busy.boss).available == 0
    assert sum(had(busy, one)[0] for one in people) == 490
    assert sum(row.amount for row in LedgerPosting.select()) == 0
