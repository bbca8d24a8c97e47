"""Cases are opened by whoever works on them, shown to an expert without the person, and closed."""

from __future__ import annotations

from typing import Annotated, Any

import lifang as lf
from lifang import _
from lifang_agency_contracts import policies
from lifang_agency_contracts.models import CaseFile, CaseNote, Contract, StaffMember
from lifang_agency_contracts.models.case import SEXES
from lifang_agency_contracts.models.contract import RUNNING


@lf.action("结案", moves={"open": "closed"})
def close(case: CaseFile, caller: lf.Caller, *, outcome: Annotated[str, "结案小结"]) -> None:
    """Say what came of a case; nothing is added to it any more."""
    case.outcome = outcome


@lf.action("交还", moves={"open": "returned", "closed": "returned"})
def hand_back(case: CaseFile, caller: lf.Caller) -> None:
    """The contract is over: the provider's people read a case no more."""
    case.worker_id = case.supervisor_id = case.expert_id = None


@lf.action("更换督导", event="reassigned")
def reassign(
    case: CaseFile, caller: lf.Caller, *, supervisor: Annotated[lf.Person, "督导"]
) -> None:
    """Let somebody else supervise a case; whoever did so no longer reads it."""
    case.supervisor = supervisor


@lf.action("开放去标识化副本", event="opened_to_expert")
def let_judge(
    case: CaseFile, caller: lf.Caller, *, expert: Annotated[int, "评估专家编号"] = 0
) -> None:
    """Let the expert of an evaluation see what says nothing of who it is about, or nobody (0)."""
    case.expert_id = expert or None


def anonymised(case: CaseFile, caller: lf.Caller) -> dict[str, Any]:
    """What an expert judges by: an alias, the sex, and ten years in which the age lies."""
    notes = CaseNote.select().where(CaseNote.case == case.id, CaseNote.removed_at.is_null())
    return {
        "called": case.called,
        "sex": _(SEXES[case.sex]),
        _("年龄"): band(lf.today().year - case.born) if case.born else _("未知"),
        _("过程记录数"): notes.count(),
        "state": _(dict(CaseFile.state.choices)[case.state]),
    }


def band(age: int) -> str:
    """The ten years in which an age lies: 64 is `60-69岁`."""
    return _("{low}-{high}岁", low=age // 10 * 10, high=age // 10 * 10 + 9)


def demand_own_case(case: CaseFile, caller: lf.Caller) -> None:
    """A case is one of a running contract, and both who read it belong to its provider."""
    contract = Contract.get_by_id(case.contract_id)
    if case.state != "open":
        return
    if case.worker_id is None or case.supervisor_id is None:
        _refuse("worker", _("请填写承办社工和督导"))
        return
    if contract.state not in RUNNING:
        raise lf.Conflict(_("合同不在履行中，不能登记个案"))
    if case.worker_id == case.supervisor_id:
        _refuse("supervisor", _("承办社工不能督导自己的个案"))
    working = StaffMember.select().where(
        StaffMember.contract == contract.id,
        StaffMember.person == case.worker_id,
        StaffMember.state == "working",
        StaffMember.removed_at.is_null(),
    )
    if not working.exists():
        _refuse("worker", _("承办社工须是本合同在岗的社工"))
    if not policies.belongs_to(case.supervisor_id, contract.provider_id or 0):
        _refuse("supervisor", _("督导须是承接主体的人员"))
    if case.born is not None and not 1900 <= case.born <= lf.today().year:
        _refuse("born", _("出生年份写作四位数，例如 1960"))


def demand_open(note: CaseNote, caller: lf.Caller) -> None:
    """Nothing is added to a closed case, nor told of a day to come."""
    if CaseFile.get_by_id(note.case_id).state != "open":
        raise lf.Conflict(_("个案已结案，不能再记录"))
    if note.day > lf.today():
        _refuse("day", _("日期不能晚于今天"))


def _refuse(field: str, sentence: str) -> None:
    raise lf.Invalid.about(field, "case", sentence)
