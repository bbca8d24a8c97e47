"""What the law says of buying services, and the rules that follow: constants, not settings."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any
from zoneinfo import ZoneInfo

import peewee as pw

import lifang as lf
from lifang import _
from lifang_agency_contracts.models import Contract, Procurement, Programme, StaffMember
from lifang_agency_contracts.models.buying import OBJECTS

SIGN_DAYS = 30
"""Natural days from the award notice to the signature (政府采购法 第四十六条)."""

PUBLISH_WORKING_DAYS = 2
"""From the signature until the contract is published (政府采购法实施条例 第五十条)."""

FILE_WORKING_DAYS = 7
"""From the signature until a copy lies with the finance department (政府采购法 第四十七条)."""

SUPPLEMENT_PERCENT = 10
"""What all supplements together may come to, of the contract's amount (政府采购法 第四十九条)."""

KEEP_YEARS = 15
"""How long procurement files are kept after its end, at least (政府采购法 第四十二条)."""

GRADE_YEARS = 5
"""How long the grade of a social organization is valid (社会组织评估管理办法)."""

TERM_YEARS, RECURRING_YEARS = 1, 3
"""How long a contract runs at most, and where the service recurs with its budget assured
(政府购买服务管理办法, 财政部令第102号)."""

PURCHASABLE = ("public_service", "support_service")


def demand_consulted(programme: Programme) -> None:
    """A service for the public is in the catalogue, and its users were asked.

    政府采购法实施条例 第十五条; the catalogue is that of 政府购买服务管理办法.
    """
    if not programme.catalogue_code:
        raise lf.Conflict(_("请先填写指导性目录编号：目录以外的服务不得购买"))
    if not programme.users_consulted or programme.consulted_on is None:
        raise lf.Conflict(
            _("请先填写征求服务对象意见的情况和日期：公共服务项目的需求须征求社会公众意见")
        )


def demand_purchasable(procurement: Procurement) -> None:
    """What is bought stands on no negative list (政府购买服务管理办法 第十条)."""
    if procurement.object not in PURCHASABLE:
        name = _(OBJECTS[procurement.object])
        raise lf.Invalid(
            _("「{name}」不得通过政府购买服务实施（财政部令第102号第十条）", name=name),
            errors=[lf.FieldError("object", "negative_list", _("属于负面清单"))],
        )


def demand_budget(contract: Contract, caller: lf.Caller) -> None:
    """The contracts of a programme together stay within its budget."""
    if contract.amount is None:
        return
    programme = Programme.get_by_id(contract.programme_id)
    others = total(
        Contract.amount,
        Contract.programme == contract.programme_id,
        Contract.id != contract.id,
        Contract.removed_at.is_null(),
    )
    if others + contract.amount > programme.amount:
        told = {
            "sum": lf.Money.text(others + contract.amount),
            "amount": lf.Money.text(programme.amount),
        }
        raise lf.Conflict(_("超出项目预算：合同合计 {sum} 元，预算 {amount} 元", **told))


def demand_term(contract: Contract, caller: lf.Caller) -> None:
    """A contract ends after it begins and within a year, or three where that is budgeted."""
    if contract.starts_on is None or contract.ends_on is None:
        return
    recurring = Programme.get_by_id(contract.programme_id).recurring
    years = RECURRING_YEARS if recurring else TERM_YEARS
    last = years_after(contract.starts_on, years) - dt.timedelta(days=1)
    if not contract.starts_on <= contract.ends_on <= last:
        sentence = _("结束日期须在 {first} 和 {last} 之间", first=contract.starts_on, last=last)
        raise lf.Invalid.about("ends_on", "term", sentence)


def demand_grade(contract: Contract) -> None:
    """A provider's grade says until when it is valid, five years at most."""
    if (contract.provider_grade is None) != (contract.provider_grade_until is None):
        sentence = _("承接主体评估等级和有效期须一并填写")
        raise lf.Invalid.about("provider_grade_until", "required", sentence)
    until = contract.provider_grade_until
    if until is not None and until.year - lf.today().year > GRADE_YEARS:
        sentence = _("评估等级有效期为 {n} 年，请核对有效期", n=GRADE_YEARS)
        raise lf.Invalid.about("provider_grade_until", "range", sentence)


def demand_grade_holds(contract: Contract, day: dt.date) -> None:
    """What is signed names no grade that has lapsed."""
    until = contract.provider_grade_until
    if until is not None and until < day:
        raise lf.Conflict(_("承接主体的评估等级已于 {day} 失效；请更新，或清空等级", day=until))


def demand_not_barred(contract: Contract, day: dt.date) -> None:
    """Whoever failed the last evaluation does not serve the same purchaser in the barred year."""
    barred: Any = Contract.select(Contract.name).where(
        Contract.provider == contract.provider_id,
        Contract.purchaser == contract.purchaser_id,
        Contract.barred_year == day.year,
        Contract.removed_at.is_null(),
    )
    for failed in barred:
        told = {"name": failed.name, "year": day.year}
        raise lf.Conflict(_("该机构承接的「{name}」评估不合格，{year} 年不得承接", **told))


def demand_own_staff(member: StaffMember, caller: lf.Caller) -> None:
    """A provider's worker belongs to the provider, and never to the office that buys.

    政府购买服务管理办法 第十条 forbids to buy labour under the name of a service.
    """
    purchaser = Contract.get_by_id(member.contract_id).purchaser_id
    if member.state == "working" and belongs_to(member.person_id, purchaser):
        sentence = _("这个人是购买主体的人员，不能列为承接主体的社工：不得以购买服务名义用工")
        raise lf.Invalid.about("person", "employment", sentence)


def belongs_to(person: int, organization: int) -> bool:
    """Whether somebody is a member of an organization today."""
    seat = lf.Membership
    rows: Any = seat.select(seat.id).where(
        seat.person == person,
        seat.organization == organization,
        seat.removed_at.is_null(),
        seat.to_date.is_null() | (seat.to_date > lf.today()),
    )
    return bool(rows.exists())


def total(column: Any, *where: Any) -> int:
    """The sum of a column over some rows; nothing is 0."""
    return int(column.model.select(pw.fn.COALESCE(pw.fn.SUM(column), 0)).where(*where).scalar())


def demand_url(url: str, field: str) -> None:
    """An address is whole, so that others can follow it."""
    if not re.fullmatch(r"https?://[^\s/]+(/\S*)?", url):
        sentence = _("网址须完整，例如 https://www.example.gov.cn/notice/1")
        raise lf.Invalid.about(field, "url", sentence)


def years_after(day: dt.date, years: int) -> dt.date:
    """The same day some years later; the 29th of February becomes the 1st of March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return dt.date(day.year + years, 3, 1)


def day_of(moment: dt.datetime, caller: lf.Caller) -> dt.date:
    """The day of a moment, as people of the instance read it."""
    return local(moment, caller).date()


def local(moment: dt.datetime, caller: lf.Caller) -> dt.datetime:
    """A moment with the offset of the instance's zone."""
    return moment.astimezone(ZoneInfo(caller.instance.settings.zone))


def last_day(moment: dt.datetime, caller: lf.Caller) -> dt.date:
    """The day at whose end, at midnight, a deadline passes."""
    return day_of(moment - dt.timedelta(seconds=1), caller)


def midnight(day: dt.date, caller: lf.Caller) -> dt.datetime:
    """The moment at which a day begins, as people of the instance read it."""
    return dt.datetime.combine(day, dt.time(), ZoneInfo(caller.instance.settings.zone))


def split(amount: int, percents: list[int]) -> list[int]:
    """Split fen by percentages that sum to 100, so that the parts sum to the amount exactly.

    Each part is rounded down; the fen that are left go one each to the parts with the largest
    remainder, of equal ones to the earlier. Raises ValueError for other percentages.
    """
    if sum(percents) != 100 or min(percents) <= 0:
        raise ValueError(f"percentages above 0 that sum to 100, not {percents}")
    parts = [amount * percent // 100 for percent in percents]
    by_remainder = sorted(range(len(parts)), key=lambda n: (-(amount * percents[n] % 100), n))
    for n in by_remainder[: amount - sum(parts)]:
        parts[n] += 1
    return parts
