"""A third party judges, two offices sign, and what follows is what the settings say."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import lifang as lf
from lifang.services.holidays import import_days
from lifang.testing import world
from lifang_agency_contracts.models import Evaluation
from lifang_agency_contracts.resources.contract import contracts
from lifang_agency_contracts.resources.evaluation import appeals, evaluations, score_items
from lifang_agency_contracts.resources.money import payments
from lifang_agency_contracts.services import closing, contract, evaluation, money


@pytest.fixture
def made(deal: Any, clock: Any) -> Any:
    """A contract of 2026 in its last days."""
    found = deal.running()
    clock.move_to(deal.at("2026-12-15"))
    return found


def states(deal: Any, made: Any) -> list[str]:
    return [str(one.state) for one in lf.each(payments, deal.purchaser, contract=made.id)]


def appeal(deal: Any, made: Any) -> Any:
    told = {"contract": made.id, "grounds": "样本量不足"}
    return lf.write(appeals, "create", deal.provider, told)


def test_a_final_score_of_58_blocks_the_last_part_and_bars_the_agency_next_year(
    deal: Any, made: Any
) -> None:
    deal.pay(made, 1, 2)
    found = deal.judged(made, 580)
    assert (found.total, found.grade, found.state) == (580, "failed", "concluded")
    failed = deal.read(made)
    assert (failed.state, failed.score, failed.grade) == ("final_evaluated", 580, "failed")
    assert failed.barred_year == 2027
    assert failed.appeal_until == dt.date(2026, 12, 22)  # five working days
    assert states(deal, made) == ["paid", "paid", "blocked"]
    [blocked] = deal.events.published("agency_contracts.contract.payment_blocked")
    assert (blocked.data["number"], blocked.data["amount"]) == (3, 9_600_000)
    [told] = deal.events.published("agency_contracts.contract.evaluated")
    assert (told.data["grade"], told.data["appeal_until"]) == ("failed", "2026-12-22")
    last = lf.find(payments, deal.provider, number=3)
    with pytest.raises(lf.Conflict, match="不能恢复付款"):
        lf.act(money.release, last, deal.purchaser)
    with pytest.raises(lf.Conflict, match="末期评估不合格，不能验收"):
        lf.act(closing.accept, failed, deal.purchaser, opinions="座谈会")
    deal.events.tell_past("agency_contracts", at=world.CHENGGUAN)
    deal.events.deliver()
    assert deal.events.letters() == []
    assert deal.read(made).version == failed.version


def test_whoever_is_barred_is_not_taken_in_that_year_where_the_district_says_so(
    deal: Any, made: Any, clock: Any
) -> None:
    deal.judged(made, 580)
    programme = deal.programme("为老服务二期")
    award = deal.award(programme, notice="2026-12-15")
    next_one = deal.planned(programme)
    next_one = lf.act(contract.procure, next_one, deal.purchaser, procurement=award)
    january, today = dt.date(2027, 1, 1), "2026-12-15"
    with pytest.raises(lf.Conflict, match="2027 年不得承接"):
        deal.sign(next_one, today, starts_on=january, ends_on=dt.date(2027, 12, 31))
    assert deal.sign(next_one, today).state == "signed"
    clock.move_to(deal.at("2027-01-11"))
    programme = deal.programme("为老服务三期", budget_year=2027)
    award = deal.award(programme, notice="2027-01-10")
    with pytest.raises(lf.Conflict, match="「酒泉路为老服务」评估不合格，2027 年不得承接"):
        lf.act(contract.procure, deal.planned(programme), deal.purchaser, procurement=award)


def test_where_the_district_bars_nobody_nobody_is_barred(deal: Any, made: Any) -> None:
    deal.decree(bar_failed="no", grade_bands="95,85,58")
    assert deal.judged(made, 579).grade == "failed"
    assert deal.read(made).barred_year is None


def test_who_did_well_is_named_for_the_next_year_and_the_purchaser_decides(
    deal: Any, made: Any
) -> None:
    assert deal.judged(made, 900).grade == "excellent"
    assert (deal.read(made).preferred_year, deal.read(made).barred_year) == (2027, None)
    [told] = deal.events.published("agency_contracts.contract.evaluated")
    assert told.data["preferred_year"] == 2027


def test_where_the_district_prefers_nobody_nobody_is_preferred(deal: Any, made: Any) -> None:
    deal.decree(prefer_good="no")
    deal.judged(made, 900)
    assert deal.read(made).preferred_year is None


def test_a_score_is_the_same_when_it_is_worked_out_again_and_bands_begin_at_their_bound(
    deal: Any, made: Any
) -> None:
    found = deal.judged(made, 900)
    assert (found.total, found.grade) == (900, "excellent")
    kept = Evaluation.get_by_id(found.id).kept
    again = lf.Score.again(kept)
    assert (again.total, again.band) == (found.total, found.grade)
    assert set(again.parts.values()) == {900}


def test_every_dimension_is_scored_before_it_is_submitted_and_two_offices_sign(
    deal: Any, made: Any
) -> None:
    told = {"contract": made.id, "stage": "final", "evaluator": deal.agency.id}
    with pytest.raises(lf.Invalid, match="评估机构须是第三方"):
        lf.write(evaluations, "create", deal.purchaser, told)
    found = lf.write(evaluations, "create", deal.purchaser, told | {"evaluator": deal.judge.id})
    item = {
        "evaluation": found.id, "dimension": "effect", "name": "目标完成", "full": 30,
        "proof": "统计表", "reason": "见附件",
    }  # fmt: skip
    with pytest.raises(lf.Invalid, match="得分须在 0 到 30 之间"):
        lf.write(score_items, "create", deal.evaluator, item | {"points": 31})
    with pytest.raises(lf.Invalid, match="得分或完成程度中的一项"):
        lf.write(score_items, "create", deal.evaluator, item)
    with pytest.raises((lf.Forbidden, lf.Invalid, lf.NotFound)):
        lf.write(score_items, "create", deal.provider, item | {"points": 30})
    lf.write(score_items, "create", deal.evaluator, item | {"degree": "most"})
    with pytest.raises(lf.Conflict, match="还没有打分的维度：相关性、效率、公平性、可持续性"):
        lf.act(evaluation.submit, found, deal.evaluator, summary="见报告")
    deal.score(found, 800)
    lf.act(evaluation.submit, found, deal.evaluator, summary="见报告")
    with pytest.raises(lf.Conflict, match="评估已提交，评分不能再改"):
        lf.write(score_items, "create", deal.evaluator, item | {"points": 30, "name": "二"})
    with pytest.raises(lf.Conflict):
        lf.act(evaluation.conclude, found, deal.bureau)
    lf.act(evaluation.countersign, found, replace(deal.bureau, name="兼任"))
    with pytest.raises(lf.Forbidden):
        lf.act(evaluation.conclude, found, deal.purchaser)
    with pytest.raises(lf.Forbidden, match="做过「会签」的人不能再「主管部门会签」"):
        lf.act(evaluation.conclude, found, replace(deal.bureau, name="兼任"))
    done = lf.act(evaluation.conclude, found, deal.bureau)
    assert (done.total, done.grade) == (800, "good")


def test_an_appeal_within_five_working_days_may_have_the_judgement_done_anew(
    deal: Any, made: Any, clock: Any, tmp_path: Path
) -> None:
    with pytest.raises(lf.Conflict, match="不在申诉期内"):
        appeal(deal, made)
    found = deal.judged(made, 580)
    notice = tmp_path / "2026.csv"
    notice.write_text("date,kind,name\n2026-12-18,holiday,地方假日\n", encoding="utf-8")
    import_days(world.boss(deal.instance), notice)
    deal.events.deliver()
    assert deal.read(made).appeal_until == dt.date(2026, 12, 23)
    clock.move_to(deal.at("2026-12-23", 23))
    lf.act(evaluation.dismiss, appeal(deal, made), deal.bureau, decision="样本符合要求")
    said = appeal(deal, made)
    with pytest.raises(lf.Conflict, match="申诉还没有处理"):
        lf.act(
            closing.rectify, deal.read(made), deal.purchaser,
            until=dt.date(2026, 12, 30), demands="补档",
        )  # fmt: skip
    with pytest.raises(lf.Forbidden):
        lf.act(evaluation.uphold, said, deal.purchaser, decision="补充样本")
    lf.act(evaluation.uphold, said, deal.bureau, decision="补充样本")
    deal.events.deliver()
    again = deal.read(made)
    assert (again.state, again.grade, again.barred_year) == ("running", None, None)
    for item in lf.each(score_items, deal.evaluator, evaluation=found.id):
        lf.write(score_items, "update", deal.evaluator, {"points": 810}, item.id)
    assert deal.signed(found).grade == "good"
    assert deal.read(made).state == "final_evaluated"
    assert set(states(deal, made)) == {"due"}
    clock.move_to(deal.at("2026-12-31", 0))
    with pytest.raises(lf.Conflict, match="不在申诉期内"):
        appeal(deal, made)


def test_what_was_barely_good_enough_is_put_right_once_and_judged_again(
    deal: Any, made: Any, clock: Any
) -> None:
    clock.move_to(deal.at("2026-07-01"))
    found = deal.judged(made, 500, "mid")
    assert (deal.read(made).state, deal.read(made).barred_year) == ("mid_evaluated", None)
    assert set(states(deal, made)) == {"blocked"}
    until = dt.date(2026, 8, 1)
    told = lf.act(closing.rectify, made, deal.purchaser, until=until, demands="补齐个案记录")
    assert told.state == "rectifying"
    with pytest.raises(lf.Conflict, match="还没有提交整改情况"):
        lf.act(evaluation.recheck, found, deal.purchaser)
    clock.move_to(deal.at("2026-08-02", 0))
    deal.events.deliver()
    assert len(deal.events.published("agency_contracts.contract.rectify_overdue")) == 1
    lf.act(closing.report_rectified, made, deal.provider, account="已补 12 份")
    lf.act(evaluation.recheck, found, deal.purchaser)
    for item in lf.each(score_items, deal.evaluator, evaluation=found.id):
        lf.write(score_items, "update", deal.evaluator, {"points": 600}, item.id)
    deal.signed(found)
    passed = deal.read(made)
    assert (passed.state, passed.grade) == ("mid_evaluated", "fair")
    assert set(states(deal, made)) == {"due"}
    with pytest.raises(lf.Conflict, match="已经整改过一轮"):
        lf.act(closing.rectify, passed, deal.purchaser, until=dt.date(2026, 9, 1), demands="再改")
    assert lf.find(contracts, deal.provider, id=made.id).grade == "fair"
