"""From an evaluation to the end of a contract: rectified, accepted, settled, archived, or ended."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

import lifang as lf
from lifang import _
from lifang_agency_contracts import policies, settings
from lifang_agency_contracts.documents import acceptance_sheet
from lifang_agency_contracts.models import Appeal, Contract, Evaluation, Payment, StaffMember
from lifang_agency_contracts.models.contract import RUNNING
from lifang_agency_contracts.services import money, service
from lifang_agency_contracts.services.contract import demand_between, stop_clock

DATA_RETURNS = ("final_evaluated", "accepted", "terminated")
"""States in which the provider says that personal data are given back or deleted."""

TO_RECTIFY = ("fair", "failed")
BEFORE_END = ("planned", "procured", "signed", "filed", *RUNNING, "final_evaluated", "accepted")


def _judged(contract: Contract, caller: lf.Caller, stage: str, event: int) -> lf.Data:
    """Keep what an evaluation found, let the appeal begin, and say what follows."""
    place, today = contract.community_id, lf.today()
    mine = Evaluation.contract == contract.id, Evaluation.removed_at.is_null()
    found = Evaluation.get(Evaluation.stage == stage, *mine)
    contract.score, contract.grade, contract.judged = found.total, found.grade, event
    contract.rectified = contract.rectify_until = None  # type: ignore[assignment]  # peewee knows no null
    lf.timer(contract, caller, "rectify_overdue", None)
    days = settings.appeal_days(place, today)
    moment = lf.deadline(contract, caller, "appeal_closed", start=today, working_days=days)
    contract.appeal_until = policies.last_day(moment, caller)
    failed = found.grade == "failed"
    assert contract.ends_on is not None  # noqa: S101 – what is evaluated was signed
    barred = failed and stage == "final" and settings.bar_failed(place, today)
    good = found.grade in ("excellent", "good") and stage == "final"
    preferred = good and settings.prefer_good(place, today)
    contract.barred_year = contract.ends_on.year + 1 if barred else None
    contract.preferred_year = contract.ends_on.year + 1 if preferred else None
    return {
        "stage": stage,
        "score": found.total,
        "grade": found.grade,
        "appeal_until": contract.appeal_until.isoformat(),
        "barred_year": contract.barred_year,
        "preferred_year": contract.preferred_year,
    }


@lf.action(
    "中期评估生效",
    moves=dict.fromkeys(("running", "rectifying"), "mid_evaluated"),
    event="evaluated",
)
def judge_mid(
    contract: Contract, caller: lf.Caller, *, event: Annotated[int, "事件位置"]
) -> lf.Data:
    """The evaluation at half-time has taken effect."""
    return _judged(contract, caller, "mid", event)


@lf.action("末期评估生效", moves=dict.fromkeys(RUNNING, "final_evaluated"), event="evaluated")
def judge_final(
    contract: Contract, caller: lf.Caller, *, event: Annotated[int, "事件位置"]
) -> lf.Data:
    """The evaluation at the end has taken effect."""
    return _judged(contract, caller, "final", event)


@lf.action(
    "撤回评估结果",
    moves=dict.fromkeys(("mid_evaluated", "final_evaluated"), "running"),
    event="reopened",
)
def reopen(contract: Contract, caller: lf.Caller, *, event: Annotated[int, "事件位置"]) -> None:
    """An appeal was upheld: what the evaluation found holds no more."""
    contract.judged = event
    contract.score = contract.grade = None
    contract.barred_year = contract.preferred_year = None
    contract.appeal_until = None  # type: ignore[assignment]  # peewee knows no null
    lf.timer(contract, caller, "appeal_closed", None)


@lf.action("要求整改", moves=dict.fromkeys(("mid_evaluated", "final_evaluated"), "rectifying"))
def rectify(
    contract: Contract,
    caller: lf.Caller,
    *,
    until: Annotated[dt.date, "整改期限"],
    demands: Annotated[str, "整改要求"],
) -> lf.Data:
    """Give a provider whose work was barely good enough, or worse, one chance to put it right."""
    if contract.grade not in TO_RECTIFY:
        raise lf.Conflict(_("只有基本合格或不合格的合同需要整改"))
    if until <= lf.today():
        raise lf.Invalid(_("整改期限须晚于今天"))
    if _latest(contract).round:
        raise lf.Conflict(_("这次评估已经整改过一轮，不能再次整改"))
    _demand_no_appeal(contract)
    contract.rectify_until, contract.demands = until, demands
    lf.timer(
        contract, caller, "rectify_overdue", policies.midnight(until + dt.timedelta(days=1), caller)
    )
    return {"until": until.isoformat()}


@lf.action("提交整改情况", event="rectified", when=lambda view: view["state"] == "rectifying")
def report_rectified(
    contract: Contract, caller: lf.Caller, *, account: Annotated[str, "整改情况"]
) -> None:
    """The provider says what it has put right."""
    if contract.state != "rectifying":
        raise lf.Conflict(_("合同不在整改中"))
    contract.rectified = account
    lf.timer(contract, caller, "rectify_overdue", None)


def _latest(contract: Contract) -> Any:
    mine = Evaluation.contract == contract.id, Evaluation.state == "concluded"
    return Evaluation.select().where(*mine).order_by(Evaluation.updated_at.desc()).get()


def _demand_no_appeal(contract: Contract) -> None:
    open_ = Appeal.contract == contract.id, Appeal.state == "filed", Appeal.removed_at.is_null()
    if Appeal.select(Appeal.id).where(*open_).exists():
        raise lf.Conflict(_("承接主体的申诉还没有处理"))


@lf.action("验收", moves={"final_evaluated": "accepted"})
def accept(
    contract: Contract, caller: lf.Caller, *, opinions: Annotated[str, "服务对象参加验收的意见"]
) -> lf.Data:
    """Accept what was rendered; its users take part.

    政府采购法实施条例 第四十五条.
    """
    if contract.grade == "failed":
        raise lf.Conflict(_("末期评估不合格，不能验收；请整改后复核，或终止合同"))
    if contract.appeal_until is None or lf.today() <= contract.appeal_until:
        raise lf.Conflict(_("申诉期到 {day} 为止，期满后才能验收", day=contract.appeal_until))
    _demand_no_appeal(contract)
    contract.user_opinions = opinions
    sheet = acceptance_sheet.issue(
        contract, caller, number=contract.number or "", issuer=contract.purchaser.name,
        on=lf.today(),
    )  # fmt: skip
    return {"document": sheet.id}


@lf.action("公告验收结果", event="result_published", when=lambda view: view["state"] == "accepted")
def publish_result(contract: Contract, caller: lf.Caller, *, date: dt.date) -> None:
    """Say when the result was made public.

    政府采购法实施条例 第四十五条.
    """
    if contract.state != "accepted":
        raise lf.Conflict(_("合同还没有验收，没有可以公告的结果"))
    demand_between(contract.signed_on, date, "date")
    contract.result_published_on = date


@lf.action("确认数据交还", event="data_returned", when=lambda view: view["state"] in DATA_RETURNS)
def return_data(
    contract: Contract, caller: lf.Caller, *, account: Annotated[str, "数据交还或删除说明"]
) -> None:
    """The provider has given back or deleted all personal data.

    个人信息保护法 第二十一条.
    """
    if contract.state not in DATA_RETURNS:
        raise lf.Conflict(_("合同还在履行，不能确认数据交还"))
    contract.data_return, contract.data_returned_on = account, lf.today()


@lf.action("结算", moves={"accepted": "settled"})
def settle(contract: Contract, caller: lf.Caller) -> lf.Data:
    """Close the accounts of a contract: its users were heard, and nothing is owed."""
    missing = lf.missing(contract, caller, ["opinions"]) + [
        _(what)
        for what, there in (
            ("验收结果公告", contract.result_published_on),
            ("承接主体确认数据交还或删除", contract.data_returned_on),
        )
        if not there
    ]
    if missing:
        raise lf.Conflict(_("还缺少：{names}", names=_("、").join(missing)))
    if money.standing(contract).where(Payment.state.in_(money.OPEN)).exists():
        raise lf.Conflict(_("还有没有付清的款项，不能结算"))
    contract.settled_on = lf.today()
    contract.keep_until = policies.years_after(lf.today(), policies.KEEP_YEARS)
    return {"staff": _let_staff_go(contract, caller), "keep_until": contract.keep_until.isoformat()}


def _let_staff_go(contract: Contract, caller: lf.Caller) -> list[int]:
    """Nobody works on a contract any more that has ended; gives whose access ends with it."""
    mine = StaffMember.contract == contract.id, StaffMember.state == "working"
    begun = StaffMember.since <= lf.today(), StaffMember.removed_at.is_null()
    people = []
    for member in StaffMember.select().where(*mine, *begun):
        lf.act(service.leave, member, caller, date=lf.today())
        people.append(int(member.person_id))
    return people


@lf.action("归档", moves={"settled": "archived", "terminated": "archived"})
def archive(contract: Contract, caller: lf.Caller) -> None:
    """Put the files away; they are kept for fifteen years.

    政府采购法 第四十二条.
    """
    if contract.data_returned_on is None:
        raise lf.Conflict(_("承接主体还没有确认数据交还或删除"))


@lf.action("终止", moves=dict.fromkeys(BEFORE_END, "terminated"), waits=False)
def terminate(
    contract: Contract,
    caller: lf.Caller,
    *,
    reason: str,
    liquidation: Annotated[str, "终止结算清单"],
    agreed: Annotated[bool, "双方协商一致"] = False,
) -> lf.Data:
    """End a contract before its time, with cause or by agreement; its payments stop."""
    contract.end_reason, contract.liquidation = reason, liquidation
    contract.keep_until = policies.years_after(lf.today(), policies.KEEP_YEARS)
    for what in ("sign", "publish", "file"):
        stop_clock(contract, caller, what)
    for name in ("appeal_closed", "rectify_overdue"):
        lf.timer(contract, caller, name, None)
    return {"staff": _let_staff_go(contract, caller), "agreed": agreed}
