"""A contract ends when its users were heard, its data given back, and nothing is owed."""

from __future__ import annotations

import datetime as dt
from io import BytesIO
from typing import Any

import pytest

import lifang as lf
from lifang.mechanisms.attachments import attach
from lifang_agency_contracts.documents import acceptance_sheet
from lifang_agency_contracts.resources.contract import contracts
from lifang_agency_contracts.resources.money import payments
from lifang_agency_contracts.resources.service import staff_members
from lifang_agency_contracts.services import closing


def test_settlement_waits_for_opinions_a_public_result_and_the_return_of_data(
    deal: Any, clock: Any
) -> None:
    made = deal.running()
    member = deal.staff(made)
    clock.move_to(deal.at("2026-12-15"))
    deal.judged(made, 850)
    with pytest.raises(lf.Conflict, match="申诉期到 2026-12-22 为止"):
        lf.act(closing.accept, made, deal.purchaser, opinions="座谈会 27 人")
    clock.move_to(deal.at("2026-12-31"))
    accepted = lf.act(closing.accept, made, deal.purchaser, opinions="座谈会 27 人")
    assert [one.number for one in acceptance_sheet.of(accepted)] == ["GM-620102001000-2026-001"]
    with pytest.raises(lf.Conflict, match="还缺少：服务对象意见、验收结果公告、承接主体确认"):
        lf.act(closing.settle, accepted, deal.purchaser)
    opinions = {"name": "意见.pdf", "kind": "opinions"}
    attach(deal.purchaser, contracts, made.id, BytesIO(b"%PDF-1.4 "), **opinions)
    lf.act(closing.publish_result, accepted, deal.purchaser, date=lf.today())
    with pytest.raises(lf.Forbidden):
        lf.act(closing.return_data, accepted, deal.purchaser, account="已删除")
    lf.act(closing.return_data, accepted, deal.provider, account="纸质档案移交，电子数据已删除")
    with pytest.raises(lf.Conflict, match="还有没有付清的款项"):
        lf.act(closing.settle, accepted, deal.purchaser)
    deal.pay(made, 1, 2, 3)
    settled = lf.act(closing.settle, accepted, deal.purchaser)
    assert settled.keep_until == dt.date(2041, 12, 31)
    gone = lf.get(staff_members, deal.provider, member.id)
    assert (gone.state, gone.until) == ("left", dt.date(2026, 12, 31))
    deal.events.deliver()
    [told] = deal.events.published("agency_contracts.contract.settled")
    assert told.data["staff"] == [member.person_id]
    assert lf.act(closing.archive, settled, deal.purchaser).state == "archived"
    with pytest.raises(lf.Conflict):
        lf.act(closing.terminate, settled, deal.purchaser, reason="晚了", liquidation="无")


def test_whoever_ends_a_contract_says_why_and_its_payments_stop(deal: Any, clock: Any) -> None:
    made = deal.running()
    with pytest.raises(lf.Forbidden):
        lf.act(closing.terminate, made, deal.provider, reason="不做了", liquidation="无")
    with pytest.raises(lf.Invalid):
        lf.act(closing.terminate, made, deal.purchaser, reason="", liquidation="无")
    ended = lf.act(
        closing.terminate, made, deal.purchaser,
        reason="社工全部离职", liquidation="已付 240000 元，应退 80000 元", agreed=True,
    )  # fmt: skip
    deal.events.deliver()
    assert (ended.state, ended.keep_until) == ("terminated", dt.date(2041, 3, 20))
    assert {one.state for one in lf.each(payments, deal.purchaser, contract=made.id)} == {"blocked"}
    assert len(deal.events.published("agency_contracts.contract.payment_blocked")) == 3
    with pytest.raises(lf.Conflict, match="数据交还或删除"):
        lf.act(closing.archive, ended, deal.purchaser)
    lf.act(closing.return_data, ended, deal.provider, account="已删除")
    assert lf.act(closing.archive, ended, deal.purchaser).state == "archived"
