"""What can be bought, from whom, for how much and for how long; what cannot is refused by law."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

import lifang as lf
from lifang.testing import world
from lifang_agency_contracts.models.buying import OBJECTS
from lifang_agency_contracts.resources.buying import procurements, programmes
from lifang_agency_contracts.resources.contract import contracts
from lifang_agency_contracts.services import buying, contract


def test_users_are_consulted_and_the_catalogue_is_named_before_anything_is_approved(
    deal: Any,
) -> None:
    bare = {
        "name": "为老服务", "community": {"code": "620102001000"}, "budget_year": 2026,
        "amount": "1.00", "demand": "探访",
    }  # fmt: skip
    made = lf.write(programmes, "create", deal.purchaser, bare)
    with pytest.raises(lf.Conflict, match="指导性目录编号"):
        lf.act(buying.approve, made, deal.bureau, basis="批文")
    told = {"catalogue_code": "B0401"}
    made = lf.write(programmes, "update", deal.purchaser, told, made.id)
    with pytest.raises(lf.Conflict, match="征求社会公众意见"):
        lf.act(buying.approve, made, deal.bureau, basis="批文")
    with pytest.raises(lf.Conflict, match="还没有批复"):
        deal.award(made)
    told = {"users_consulted": "居民议事会", "consulted_on": "2026-01-20"}
    made = lf.write(programmes, "update", deal.purchaser, told, made.id)
    with pytest.raises(lf.Forbidden):
        lf.act(buying.approve, made, deal.purchaser, basis="批文")
    assert lf.act(buying.approve, made, deal.bureau, basis="批文").state == "approved"
    with pytest.raises(lf.Conflict):
        lf.write(programmes, "update", deal.purchaser, {"amount": "2.00"}, made.id)


def test_what_stands_on_the_negative_list_cannot_be_procured(deal: Any) -> None:
    programme = deal.programme()
    refused = set()
    for word in OBJECTS:
        told = {"programme": programme.id, "method": "single_source", "object": word}
        try:
            lf.write(procurements, "create", deal.purchaser, told)
        except lf.Invalid as invalid:
            assert "财政部令第102号第十条" in invalid.sentence
            refused.add(word)
    assert refused == {"not_a_duty", "own_duty", "goods_or_works", "financing", "hiring"}


def test_offers_are_awaited_and_the_price_is_the_award_and_the_contract_within_the_budget(
    deal: Any, clock: Any
) -> None:
    programme = deal.programme(amount="480000.00")
    waiting = {
        "programme": programme.id, "method": "open", "object": "public_service",
        "bid_deadline": "2026-03-20T09:00:00+08:00",
    }  # fmt: skip
    early = lf.write(procurements, "create", deal.purchaser, waiting)
    lf.act(buying.announce, early, deal.purchaser, notice_url="https://example.cn/n/2")
    given = {"winner": deal.agency, "amount": "1.00", "notice_on": lf.today()}
    with pytest.raises(lf.Conflict, match="响应截止时间还没有到"):
        lf.act(buying.award, early, deal.purchaser, **given)

    made, award = deal.planned(programme), deal.award(programme)
    other = deal.programme("禁毒服务")
    with pytest.raises(lf.Conflict, match="本项目已成交的采购"):
        lf.act(contract.procure, deal.planned(other, "二"), deal.purchaser, procurement=award)
    made = lf.act(contract.procure, made, deal.purchaser, procurement=award)
    with pytest.raises(lf.Conflict, match="不能更换项目和购买主体"):
        lf.write(contracts, "update", deal.purchaser, {"programme": other.id}, made.id)
    with pytest.raises(lf.Conflict, match="承接主体还没有确认"):
        lf.act(
            contract.sign, made, deal.purchaser, amount="480000.00",
            starts_on=lf.today(), ends_on=lf.today(), signed_on=lf.today(),
        )  # fmt: skip
    with pytest.raises(
        lf.Conflict, match=r"须等于中标（成交）金额 480000\.00 元，不是 480000\.01 元"
    ):
        deal.sign(made, "2026-03-02", amount="480000.01")
    more = deal.planned(programme, "超出预算")
    with pytest.raises(lf.Conflict, match=r"合同合计 960000\.00 元，预算 480000\.00 元"):
        lf.act(contract.procure, more, deal.purchaser, procurement=deal.award(programme))


@pytest.mark.parametrize(
    ("recurring", "last"), [(False, dt.date(2026, 12, 31)), (True, dt.date(2028, 12, 31))]
)
def test_a_contract_runs_a_year_or_three_where_it_recurs(
    deal: Any, *, recurring: bool, last: dt.date
) -> None:
    programme = deal.programme(recurring=recurring)
    made = deal.planned(programme)
    lf.act(contract.procure, made, deal.purchaser, procurement=deal.award(programme))
    with pytest.raises(lf.Invalid, match=f"在 2026-01-01 和 {last} 之间"):
        deal.sign(made, "2026-03-02", ends_on=last + dt.timedelta(days=1))
    with pytest.raises(lf.Invalid, match="结束日期须在"):
        deal.sign(made, "2026-03-02", ends_on=dt.date(2025, 12, 31))
    assert deal.sign(made, "2026-03-02", ends_on=last).ends_on == last


def test_the_staff_of_an_agency_are_never_the_subdistricts_own(deal: Any, boss: lf.Caller) -> None:
    made = deal.procured()
    seats = deal.instance.registry.of(lf.Membership)
    deal.staff(made, "孙丽华")
    assert lf.count(seats, boss, organization=deal.office.id) == 0
    official = world.person(deal.instance, "赵敏")
    seat = {"person": official.id, "organization": deal.office.id, "role": "科员"}
    lf.write(seats, "create", boss, seat)
    seat = {"person": official.id, "organization": deal.agency.id, "role": "社工"}
    lf.write(seats, "create", boss, seat)
    from lifang_agency_contracts.resources.service import staff_members

    told = {"contract": made.id, "person": official.id, "since": "2026-01-01"}
    with pytest.raises(lf.Invalid, match="不得以购买服务名义用工"):
        lf.write(staff_members, "create", deal.provider, told)


def test_a_provider_sees_its_own_contracts_and_nobody_elses(deal: Any, caller: Any) -> None:
    made = deal.procured()
    deal.planned(deal.programme("别家"), "别家")
    assert [one.id for one in lf.each(contracts, deal.provider)] == [made.id]
    assert list(lf.each(contracts, deal.evaluator)) == []
    with pytest.raises(lf.NotFound):
        lf.get(contracts, deal.worker, made.id)
    with pytest.raises(lf.Forbidden):
        lf.act(contract.agree, made, deal.purchaser)
    elsewhere = caller("subdistrict_admin", at="620103001000")
    with pytest.raises(lf.NotFound):
        lf.get(contracts, elsewhere, made.id)


def test_a_providers_grade_has_its_day_of_five_years_at_most_and_holds_when_it_is_signed(
    deal: Any, clock: Any
) -> None:
    clock.move_to(deal.at("2026-03-20"))
    made = deal.procured(notice="2026-03-02")

    def grade(**told: Any) -> Any:
        return lf.write(contracts, "update", deal.purchaser, told, made.id)

    with pytest.raises(lf.Invalid, match="一并填写"):
        grade(provider_grade="4A")
    with pytest.raises(lf.Invalid, match="有效期为 5 年"):
        grade(provider_grade="4A", provider_grade_until="2032-01-01")
    grade(provider_grade="4A", provider_grade_until="2026-03-01")
    with pytest.raises(lf.Conflict, match="已于 2026-03-01 失效"):
        deal.sign(made, "2026-03-20")
    grade(provider_grade_until="2028-03-01")
    assert deal.sign(made, "2026-03-20").state == "signed"
