"""The clocks of the law: thirty days to sign, two working days to publish, seven to file."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

import lifang as lf
from lifang.services.holidays import import_days
from lifang_agency_contracts.services import contract


def told(deal: Any, name: str) -> list[dict[str, Any]]:
    deal.events.deliver()
    return [dict(one.data) for one in deal.events.published(f"agency_contracts.contract.{name}")]


def test_thirty_days_after_the_award_it_is_to_be_signed_and_two_days_before_that_is_told(
    deal: Any, clock: Any
) -> None:
    made = deal.procured(notice="2026-03-02")
    assert made.sign_due == dt.date(2026, 4, 1)
    clock.move_to(deal.at("2026-03-29", 23))
    assert told(deal, "sign_warned") == []
    clock.move_to(deal.at("2026-03-30", 0))
    [warning] = told(deal, "sign_warned")
    assert (warning["due"], warning["left"]) == ("2026-04-01", 2)
    [card] = deal.instance.plugins.cards(deal.purchaser)
    assert (card.title, card.value) == ("临期合同事项", "1")
    assert card.note == "「酒泉路为老服务」签订：剩余2天"
    clock.move_to(deal.at("2026-04-01", 23))
    assert told(deal, "sign_overdue") == []
    clock.move_to(deal.at("2026-04-02", 0))
    assert len(told(deal, "sign_overdue")) == 1
    with pytest.raises(lf.Conflict, match="已超过签订期限 2026-04-01"):
        deal.sign(made, "2026-04-02")
    late = deal.sign(made, "2026-04-02", late_reason="法定代表人变更")
    assert (late.state, late.late_reason) == ("signed", "法定代表人变更")


def test_what_is_signed_in_time_is_not_told_of_any_more(deal: Any, clock: Any) -> None:
    made = deal.procured()
    clock.move_to(deal.at("2026-03-20"))
    deal.sign(made, "2026-03-20")
    clock.move_to(deal.at("2026-05-01"))
    assert told(deal, "sign_warned") == told(deal, "sign_overdue") == []
    assert len(told(deal, "publish_overdue")) == len(told(deal, "file_overdue")) == 1


@pytest.mark.parametrize(
    ("signed", "published", "filed"),
    [
        ("2026-04-03", "2026-04-08", "2026-04-15"),  # a Friday, and 清明 from Saturday to Monday
        ("2026-02-13", "2026-02-24", "2026-03-02"),  # 春节: two make-up Saturdays are worked
        ("2026-09-30", "2026-10-09", "2026-10-15"),  # 国庆: a week is free, a Saturday is worked
    ],
)
def test_two_working_days_to_publish_and_seven_to_file_across_every_holiday(
    deal: Any, clock: Any, signed: str, published: str, filed: str
) -> None:
    day = dt.date.fromisoformat(signed)
    clock.move_to(deal.at(signed))
    made = deal.procured(notice=(day - dt.timedelta(days=10)).isoformat())
    made = deal.sign(made, signed)
    assert (str(made.publish_due), str(made.file_due)) == (published, filed)
    [told_of] = told(deal, "signed")
    assert told_of["publish_due"] == published


def test_a_contract_begins_to_run_when_it_is_published_and_filed(deal: Any, clock: Any) -> None:
    made = deal.procured()
    clock.move_to(deal.at("2026-03-20"))
    made = deal.sign(made, "2026-03-20")
    clock.move_to(deal.at("2026-04-10"))
    with pytest.raises(lf.Conflict, match="只有「已备案」的记录可以开始履行"):
        lf.act(contract.start, made, deal.purchaser)
    early = dt.date(2026, 3, 19)
    with pytest.raises(lf.Invalid, match="签订日期和今天之间"):
        lf.act(contract.file, made, deal.purchaser, date=early)
    lf.act(contract.file, made, deal.purchaser, date=lf.today())
    with pytest.raises(lf.Conflict, match="还没有公告"):
        lf.act(contract.start, made, deal.purchaser)
    url = "https://example.cn/c/1"
    lf.act(contract.publish, made, deal.purchaser, url=url, date=lf.today())
    with pytest.raises(lf.Conflict, match="已于 2026-04-10 公告"):
        lf.act(contract.publish, made, deal.purchaser, url=url, date=lf.today())
    assert lf.act(contract.start, made, deal.purchaser).state == "running"
    [published] = deal.events.published("agency_contracts.contract.published")
    assert published.data["late"] is True


def test_when_the_calendar_changes_the_last_day_and_its_warning_move(
    deal: Any, clock: Any, boss: lf.Caller, tmp_path: Path
) -> None:
    made = deal.procured()
    clock.move_to(deal.at("2026-03-20"))  # a Friday
    made = deal.sign(made, "2026-03-20")
    assert str(made.publish_due) == "2026-03-24"
    notice = tmp_path / "2026.csv"
    notice.write_text("date,kind,name\n2026-03-24,holiday,地方假日\n", encoding="utf-8")
    import_days(boss, notice)
    deal.events.deliver()
    assert str(deal.read(made).publish_due) == "2026-03-25"
    clock.move_to(deal.at("2026-03-23", 0))
    assert [one["due"] for one in told(deal, "publish_warned")] == ["2026-03-25"]
