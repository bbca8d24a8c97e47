"""What a social worker writes of somebody is read by that worker and the supervisor alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import lifang as lf
from lifang.entities.audit import AuditEntry
from lifang.mechanisms.confidential import anonymised, uncover
from lifang.testing import world
from lifang_agency_contracts.resources.case import case_files, case_notes
from lifang_agency_contracts.resources.contract import contracts
from lifang_agency_contracts.resources.evaluation import evaluations
from lifang_agency_contracts.services import case, closing, evaluation

STORY, CLIENT = "老伴去世后不愿出门", "王秀英"


@pytest.fixture
def opened(deal: Any) -> Any:
    """A case of 孙丽华, supervised by 周敏, that nobody else has a part in."""
    made = deal.running()
    member = deal.staff(made, "孙丽华")
    supervisor = deal.seated("周敏", deal.agency)
    deal.worker_of_case = replace(deal.provider, person=member.person_id)
    deal.supervisor_of_case = world.caller(deal.instance, "resident", person=supervisor)
    told = {
        "contract": made.id, "called": "案主A", "client": CLIENT, "sex": "female", "born": 1962,
        "situation": STORY, "worker": member.person_id, "supervisor": supervisor.id,
    }  # fmt: skip
    found = lf.write(case_files, "create", deal.worker_of_case, told)
    note = {"case": found.id, "day": "2026-03-18", "text": STORY}
    lf.write(case_notes, "create", deal.worker_of_case, note)
    return found


def test_a_case_is_read_by_its_worker_and_the_supervisor_and_by_nobody_above(
    deal: Any, opened: Any, boss: lf.Caller
) -> None:
    for caller in (deal.worker_of_case, deal.supervisor_of_case):
        assert lf.get(case_files, caller, opened.id).client == CLIENT
        assert lf.count(case_notes, caller) == 1
    others = (deal.provider, deal.purchaser, deal.bureau, deal.evaluator, deal.worker, boss)
    for caller in others:
        with pytest.raises(lf.NotFound):
            lf.count(case_files, caller)
        for noun in (case_files, case_notes):
            with pytest.raises(lf.NotFound):
                lf.get(noun, caller, 1)
    events = [one for one in deal.events.published() if "case_" in one.type]
    assert events
    assert all(dict(one.data) == {} for one in events)


def test_the_expert_sees_an_alias_an_age_band_and_nothing_else_and_the_look_is_logged(
    deal: Any, opened: Any
) -> None:
    expert = deal.seated("陈志远", deal.judge)
    told = {"contract": opened.contract_id, "stage": "mid", "evaluator": deal.judge.id}
    found = lf.write(evaluations, "create", deal.purchaser, told)
    stranger = world.person(deal.instance, "外人")
    with pytest.raises((lf.Conflict, lf.Invalid)):
        lf.act(evaluation.name_expert, found, deal.evaluator, expert=stranger)
    looking = world.caller(deal.instance, "resident", person=expert)
    with pytest.raises(lf.NotFound):
        anonymised(looking, case_files, opened.id)
    lf.act(evaluation.name_expert, found, deal.evaluator, expert=expert)
    deal.events.deliver()
    shown = anonymised(looking, case_files, opened.id)
    text = str(shown)
    assert "案主A" in text and "女" in text and "60-69岁" in text
    assert STORY not in text and CLIENT not in text and "1962" not in text
    with pytest.raises(lf.NotFound):
        lf.get(case_files, looking, opened.id)
    looks = AuditEntry.select().where(AuditEntry.verb == "anonymise", AuditEntry.outcome == "done")
    assert [(one.noun, one.record, one.actor_name) for one in looks] == [
        ("case_files", opened.id, looking.name)
    ]
    deal.score(found, 800)
    deal.signed(found)
    with pytest.raises(lf.NotFound):
        anonymised(looking, case_files, opened.id)


def test_in_an_emergency_the_security_administrator_breaks_the_glass_with_a_reason(
    deal: Any, opened: Any, caller: Any
) -> None:
    security = caller("security_administrator")
    with pytest.raises(lf.Invalid):
        uncover(security, case_files, opened.id, reason="")
    uncover(security, case_files, opened.id, reason="案主走失，协助寻找")
    assert lf.get(case_files, security, opened.id).client == CLIENT
    with pytest.raises(lf.NotFound):
        uncover(deal.bureau, case_files, opened.id, reason="想看看")


def test_a_case_has_a_worker_of_its_contract_another_supervisor_and_an_end(
    deal: Any, opened: Any
) -> None:
    mine = deal.worker_of_case
    told = {
        "contract": opened.contract_id, "called": "案主B", "client": "李建国", "situation": "独居",
        "worker": opened.worker_id, "supervisor": opened.worker_id,
    }  # fmt: skip
    with pytest.raises(lf.Invalid, match="不能督导自己"):
        lf.write(case_files, "create", mine, told)
    idle = deal.seated("钱伟", deal.agency)
    with pytest.raises(lf.Invalid, match="本合同在岗的社工"):
        lf.write(
            case_files, "create", replace(deal.provider, person=idle.id),
            told | {"worker": idle.id},
        )  # fmt: skip
    outsider = world.person(deal.instance, "外人")
    with pytest.raises(lf.Invalid):
        lf.write(case_files, "create", mine, told | {"supervisor": outsider.id})
    with pytest.raises(lf.Invalid, match="请填写承办社工和督导"):
        lf.write(case_files, "update", mine, {"supervisor": None}, opened.id)
    lf.act(case.reassign, opened, mine, supervisor=idle)
    with pytest.raises(lf.NotFound):
        lf.get(case_files, deal.supervisor_of_case, opened.id)
    assert lf.act(case.close, opened, mine, outcome="恢复社交").state == "closed"
    with pytest.raises(lf.Conflict, match="个案已结案"):
        note = {"case": opened.id, "day": "2026-03-19", "text": "补记"}
        lf.write(case_notes, "create", mine, note)


def test_when_the_contract_is_over_nobody_of_the_provider_reads_its_cases_any_more(
    deal: Any, opened: Any
) -> None:
    made = lf.get(contracts, deal.purchaser, opened.contract_id)
    told = {"reason": "社工全部离职", "liquidation": "见附件"}
    lf.act(closing.terminate, made, deal.purchaser, **told)
    deal.events.deliver()
    for caller in (deal.worker_of_case, deal.supervisor_of_case):
        with pytest.raises(lf.NotFound):
            lf.get(case_files, caller, opened.id)
    assert type(opened).get_by_id(opened.id).state == "returned"
    deal.events.tell_past("agency_contracts", at=world.CHENGGUAN)
    deal.events.deliver()
    assert deal.events.letters() == []
