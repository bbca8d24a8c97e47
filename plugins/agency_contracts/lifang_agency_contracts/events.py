"""What follows from what happened, here and elsewhere; everything through the gateway."""

from __future__ import annotations

import datetime as dt
from typing import Any

import lifang as lf
from lifang_agency_contracts import settings
from lifang_agency_contracts.models import (
    Contract,
    MonthlyReport,
    ServiceLog,
)
from lifang_agency_contracts.models.contract import RUNNING
from lifang_agency_contracts.resources.case import case_files
from lifang_agency_contracts.resources.contract import contracts
from lifang_agency_contracts.resources.evaluation import evaluations
from lifang_agency_contracts.resources.money import supplements
from lifang_agency_contracts.resources.service import indicators, service_logs, staff_members
from lifang_agency_contracts.services import (
    case,
    closing,
    contract,
    evaluation,
    money,
    paying,
    reporting,
    service,
)

CONTRACT = "agency_contracts.contract"


@lf.on("agency_contracts.evaluation.concluded")
def let_it_count(event: lf.Event, caller: lf.Caller) -> None:
    """An evaluation that both offices have signed takes effect on its contract."""
    judged = _before(event, caller)
    if judged is not None:
        action = closing.judge_mid if event.data["stage"] == "mid" else closing.judge_final
        lf.act(action, judged, caller, event=event.position)


def _before(event: lf.Event, caller: lf.Caller) -> Contract | None:
    """The contract of an event that has not had its effect yet; what is told again has."""
    found = lf.find(contracts, caller, id=event.data["contract"])
    return None if found is None or (found.judged or 0) >= event.position else found


@lf.on("agency_contracts.evaluation.expert_named", "agency_contracts.evaluation.concluded")
def show_without_the_person(event: lf.Event, caller: lf.Caller) -> None:
    """An expert sees the case files of a contract, de-identified, until the evaluation is over."""
    judged = lf.find(evaluations, caller, id=event.subject)
    if judged is None:
        return
    expert = 0 if judged.state == "concluded" else judged.expert_id or 0
    for one in lf.each(case_files, caller, contract=judged.contract_id):
        if (one.expert_id or 0) != expert:
            lf.act(case.let_judge, one, caller, expert=expert)


@lf.on(f"{CONTRACT}.evaluated", f"{CONTRACT}.terminated")
def stop_or_go_on_paying(event: lf.Event, caller: lf.Caller) -> None:
    """Whoever failed or was sent away is paid no further; whoever has put it right is again."""
    judged = lf.find(contracts, caller, id=event.subject)
    if judged is None:
        return
    if event.type.endswith("terminated"):
        money.block_all(judged, caller, money.ENDED)
    elif judged.grade == "failed":
        money.block_all(judged, caller, money.FAILED)
    elif judged.state != "terminated":
        money.release_all(judged, caller)


@lf.on(f"{CONTRACT}.settled", f"{CONTRACT}.terminated")
def take_cases_back(event: lf.Event, caller: lf.Caller) -> None:
    """What the provider knew of residents it knew for the contract, and that is over."""
    for one in lf.each(case_files, caller, contract=event.subject, state=["open", "closed"]):
        lf.act(case.hand_back, one, caller)


@lf.on("agency_contracts.appeal.upheld")
def judge_anew(event: lf.Event, caller: lf.Caller) -> None:
    """An appeal that was upheld undoes the latest evaluation of its contract."""
    judged = _before(event, caller)
    if judged is None or judged.state not in ("mid_evaluated", "final_evaluated"):
        return
    stage = "mid" if judged.state == "mid_evaluated" else "final"
    told = lf.find(evaluations, caller, contract=judged.id, stage=stage, state="concluded")
    lf.act(closing.reopen, judged, caller, event=event.position)
    if told is not None:
        lf.act(evaluation.reopen, told, caller)


@lf.on("agency_contracts.supplement.agreed")
def pay_the_supplement(event: lf.Event, caller: lf.Caller) -> None:
    """What was bought beside a contract is paid as one more part of it."""
    agreed = lf.find(supplements, caller, id=event.subject)
    if agreed is not None:
        paying.add_payment(agreed, caller)


@lf.on(f"{CONTRACT}.deadline_set")
def follow_the_calendar(event: lf.Event, caller: lf.Caller) -> None:
    """Where the calendar has moved a period that is running, its last day and warning follow."""
    clock = str(event.data["name"]).removesuffix("_overdue")
    moved = lf.find(contracts, caller, id=event.subject)
    if "old" not in event.data or moved is None:
        return
    done = {"sign": moved.signed_on, "publish": moved.published_on, "file": moved.filed_on}
    running = clock == contract.APPEAL and moved.appeal_until is not None
    if running or (clock in done and done[clock] is None):
        lf.act(contract.redate, moved, caller, clock=clock, at=event.data["at"])


@lf.on("core.clock.day")
def miss_reports(event: lf.Event, caller: lf.Caller) -> None:
    """The day after a month's report was due, its contract tells of one that is missing."""
    today = dt.date.fromisoformat(event.data["date"])
    month = f"{today.replace(day=1) - dt.timedelta(days=1):%Y-%m}"
    for running in lf.each(contracts, caller, state=list(RUNNING)):
        if today.day != settings.report_day(running.community_id, today) + 1:
            continue
        if running.starts_on is None or f"{running.starts_on:%Y-%m}" > month:
            continue
        if (running.missing_month or "") >= month:
            continue  # told already
        sent = MonthlyReport.select(MonthlyReport.id).where(
            MonthlyReport.contract == running.id,
            MonthlyReport.month == month,
            MonthlyReport.state != "draft",
            MonthlyReport.removed_at.is_null(),
        )
        if not sent.exists():
            lf.act(reporting.miss, running, caller, month=month)


@lf.on("talent.certificate.expired")
def mark_what_came_later(event: lf.Event, caller: lf.Caller) -> None:
    """Whose certificate has run out renders no professional service until it is renewed.

    Carries `person` and `valid_to`, its last day.
    """
    valid_to = dt.date.fromisoformat(str(event.data["valid_to"]))
    person = event.data["person"]
    for member in lf.each(staff_members, caller, person=person, state="working"):
        if member.renewed_on is None or member.renewed_on <= valid_to:
            if member.lapsed_from != valid_to:
                lf.act(service.lapse, member, caller, valid_to=valid_to)
            for log in lf.each(service_logs, caller, staff_member=member.id):
                if log.state != "rejected" and not log.lapsed:
                    lf.act(service.mark, log, caller)


@lf.on("activities.activity.completed")
def count_the_activity(event: lf.Event, caller: lf.Caller) -> None:
    """An activity that a provider held counts once for its contract, however often it is told.

    Carries `organization` (who held it), `title`, `start`, `minutes`, and `person_times`. It counts
    where that organization has one running contract there that promises activities.
    """
    data, source = event.data, f"activities.activity/{event.subject}"
    place = event.communities[0] if event.communities else None
    known = ServiceLog.select(ServiceLog.id).where(ServiceLog.source == source)
    if place is None or known.exists():
        return
    promised = [
        one
        for one in lf.each(indicators, caller, provider=data["organization"], kind="activity")
        if (of := Contract.get_by_id(one.contract_id)).state in RUNNING and _covers(of, place)
    ]
    if len(promised) != 1:
        return  # two contracts: people say for which one it was
    told: dict[str, Any] = {
        "contract": promised[0].contract_id,
        "indicator": promised[0].id,
        "community": place,
        "start": data["start"],
        "minutes": data["minutes"],
        "users": data["person_times"],
        "content": data["title"],
        "evidence": source,
        "source": source,
    }
    log = lf.write(service_logs, "create", caller, told)
    lf.act(service.count, log, caller)


def _covers(of: Contract, place: int) -> bool:
    above: lf.Community = lf.Community.get_by_id(of.community_id)
    return lf.Community.get_by_id(place).path.startswith(above.path)


handlers = [
    let_it_count,
    show_without_the_person,
    stop_or_go_on_paying,
    take_cases_back,
    judge_anew,
    pay_the_supplement,
    follow_the_calendar,
    miss_reports,
    mark_what_came_later,
    count_the_activity,
]
