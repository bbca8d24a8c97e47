"""Amounts are whole fen: parts sum to the price, and supplements stay within a tenth of it."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import lifang as lf
from lifang.kit.errors import Busy
from lifang_agency_contracts.models import Payment, Supplement
from lifang_agency_contracts.policies import split
from lifang_agency_contracts.resources.money import payments, supplements
from lifang_agency_contracts.services import money


def supplement(deal: Any, made: Any, amount: int) -> Supplement:
    told = {"contract": made.id, "amount": lf.Money.text(amount), "reason": "新增两个院落"}
    return lf.write(supplements, "create", deal.purchaser, told)


def test_ten_thousand_random_splits_and_supplements_sum_to_the_fen() -> None:
    dice = random.Random(20260302)
    for _ in range(10_000):
        cuts = sorted(dice.sample(range(1, 100), dice.randint(0, 8)))
        percents = [b - a for a, b in zip([0, *cuts], [*cuts, 100], strict=True)]
        amount = dice.randint(1, 10 ** dice.randint(1, 14))
        parts = split(amount, percents)
        assert sum(parts) == amount
        for part, percent in zip(parts, percents, strict=True):
            assert abs(part * 100 - amount * percent) < 100  # never a fen beyond the share
        cap, taken = amount * 10 // 100, 0
        while taken < cap:
            taken += dice.randint(1, cap - taken)
        assert taken * 10 <= amount
        more = split(taken, percents) if taken else [0] * len(percents)
        assert sum(map(sum, zip(parts, more, strict=True))) == amount + taken
    assert split(100, [33, 33, 34]) == [33, 33, 34]
    assert split(5, [50, 30, 20]) == [3, 1, 1]  # 2.5, 1.5 and 1: of equal remainders the earlier
    for wrong in ([50, 51], [100, 0], [120, -20]):
        with pytest.raises(ValueError, match="sum to 100"):
            split(1, wrong)


def test_the_price_is_split_when_it_is_signed_and_never_more_is_paid(deal: Any) -> None:
    made = deal.sign(deal.procured(), "2026-03-02")
    parts = list(lf.each(payments, deal.provider, contract=made.id))
    assert [one.amount for one in parts] == [24_000_000, 14_400_000, 9_600_000]
    told = {"contract": made.id, "number": 4, "amount": "0.01"}
    with pytest.raises(
        lf.Invalid, match=r"付款合计 480000\.01 元，超过合同和追加合同的 480000\.00 元"
    ):
        lf.write(payments, "create", deal.purchaser, told)


def test_supplements_together_stay_within_a_tenth_of_the_contract(deal: Any) -> None:
    made = deal.procured()
    with pytest.raises(lf.Conflict, match="只有履行中的合同可以追加"):
        supplement(deal, made, 1)
    made = deal.begin(deal.sign(made, "2026-03-02"))
    first = supplement(deal, made, 3_000_000)
    with pytest.raises(
        lf.Invalid, match=r"追加合计 50000\.00 元，超过合同金额的 10%（48000\.00 元）"
    ):
        supplement(deal, made, 2_000_000)
    lf.act(money.agree, first, deal.purchaser, date=lf.today())
    deal.events.deliver()
    paid = lf.find(payments, deal.provider, supplement=first.id)
    assert paid is not None
    assert (paid.number, paid.amount) == (4, 3_000_000)
    second = supplement(deal, made, 1_800_000)  # 48,000 exactly
    with pytest.raises(lf.Invalid, match="不能追加"):
        supplement(deal, made, 1)
    lf.act(money.withdraw, second, deal.purchaser, reason="另行采购")
    supplement(deal, made, 1)


def test_two_supplements_at_the_same_moment_do_not_slip_through_together(deal: Any) -> None:
    made = deal.begin(deal.sign(deal.procured(), "2026-03-02"))
    instance = deal.instance

    def add(_n: int) -> str:
        with instance.database.connection():
            while True:
                try:
                    supplement(deal, made, 1_000_000)
                except lf.Invalid:
                    return "refused"
                except Busy:
                    continue
                return "added"

    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(add, range(12)))
    assert sorted(told) == ["added"] * 4 + ["refused"] * 8
    total = sum(one.amount for one in lf.each(supplements, deal.purchaser))
    assert total == 4_000_000


def test_parts_are_asked_for_in_order_approved_by_the_purchaser_and_paid(deal: Any) -> None:
    made = deal.running()
    first, second, last = lf.each(payments, deal.provider, contract=made.id)
    with pytest.raises(lf.Conflict, match="请先申请第 1 期"):
        lf.act(money.apply, second, deal.provider)
    lf.act(money.apply, first, deal.provider)
    with pytest.raises(lf.Forbidden):
        lf.act(money.approve, first, deal.provider)
    lf.act(money.approve, first, deal.purchaser)
    voucher = {"voucher": "记-031", "date": lf.today()}
    with pytest.raises(lf.Forbidden, match="做过「批准付款」的人不能再「付款」"):
        lf.act(money.pay, first, deal.purchaser, **voucher)
    paid = lf.act(money.pay, first, deal.finance, **voucher)
    assert (paid.state, paid.voucher) == ("paid", "记-031")
    lf.act(money.apply, second, deal.provider)
    lf.act(money.apply, last, deal.provider)
    with pytest.raises(lf.Conflict, match="最后一期须在末期评估生效后批准"):
        lf.act(money.approve, last, deal.purchaser)


def test_a_split_that_does_not_sum_to_a_hundred_is_refused_by_name(deal: Any) -> None:
    made = deal.procured()
    deal.decree(payment_split="50,30")
    with pytest.raises(lf.Conflict, match="合计须为 100，现在是 80"):
        deal.sign(made, "2026-03-02")
    assert Payment.select().count() == 0
    deal.decree(payment_split="60,30,10")
    deal.sign(made, "2026-03-02")
    parts = [one.amount for one in lf.each(payments, deal.provider, contract=made.id)]
    assert parts == [28_800_000, 14_400_000, 4_800_000]
