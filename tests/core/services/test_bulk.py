"""One verb on many records: what the check tells is done, once, and nothing beyond reach."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest

from lifang.access.callers import caller_for
from lifang.builtin.people import organizations, people
from lifang.entities.account import Account, Grant
from lifang.entities.audit import AuditEntry
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.entities.job import Job, JobProblem
from lifang.entities.organization import Organization
from lifang.events.tables import EventRow
from lifang.kit.errors import Forbidden, Invalid, LifangError, NotFound
from lifang.services import bulk, jobs
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.services.query import Query
from lifang.testing import world

Signed = Callable[..., Caller]
_numbers = itertools.count(1)
SUBMITTED = Query(filters=(("state", "", ("submitted",)),))


@pytest.fixture
def signed(instance: Instance) -> Signed:
    """A caller with an account, so that a worker can act for it later."""

    def make(role: str, *, at: str) -> Caller:
        with instance.database.transaction():
            account = Account.create(name=f"{role}-{next(_numbers)}")
            place = Community.get(Community.code == at)
            Grant.create(account=account, role=role, community=place)
        return caller_for(instance, account, source="api")

    return make


@pytest.fixture
def reports(instance: Instance, enable: Any) -> Any:
    enable("dual_reporting", at=world.CITY)
    return instance.registry.find("dual_reporting", "reports")


def report(instance: Instance, reports: Any, name: str = "李强", at: str = world.HOME) -> int:
    person = world.person(instance, name, at=at)
    told = {"person": person.id, "community": {"code": at}}
    return int(write(reports, "create", world.boss(instance), told).id)


def do(caller: Caller, resource: Any, verb: str, query: Query, data: Any = None) -> dict[str, Any]:
    job = bulk.begin(caller, resource, verb, query, data or {})
    return bulk.outcome_of(bulk.carry_out(caller, resource, job))


def states(reports: Any) -> list[str]:
    rows = reports.model.select(reports.model.state).order_by(reports.model.id)
    return [state for (state,) in rows.tuples()]


def moved(reports: Any, event: str = "accepted") -> list[str]:
    told = EventRow.type == f"dual_reporting.report.{event}"
    return [agg for (agg,) in EventRow.select(EventRow.agg).where(told).tuples()]


def work(instance: Instance) -> None:
    worker = jobs.Jobs(instance)
    while worker.step():
        continue


def test_what_the_check_tells_is_what_is_done(
    instance: Instance, reports: Any, signed: Signed, boss: Caller
) -> None:
    made = [report(instance, reports, f"张三{n}") for n in range(4)]
    write(reports, "end", boss, {"reason": "已迁出"}, made[3])
    worker = signed("community_worker", at=world.HOME)
    found = bulk.check(worker, reports, "accept", Query(), {})
    assert (found.matched, found.ready, found.not_found) == (4, 3, 0)
    assert [(one.count, one.state, one.message) for one in found.left_out] == [
        (1, "ended", "现在是「已结束」")
    ]
    assert [view["id"] for view in found.first] == made[:3]
    assert states(reports) == ["submitted"] * 3 + ["ended"]
    done = do(worker, reports, "accept", Query())
    assert (done["done"], done["skipped"], done["failed"]) == (3, 1, 0)
    sentence = "只有「已提交」的记录可以接收；这条记录是「已结束」"
    assert done["errors"] == [{"id": made[3], "message": sentence}]
    assert states(reports) == ["accepted"] * 3 + ["ended"]
    job = Job.get_by_id(done["job"])
    assert (job.title, job.state, job.done, job.total) == ("批量接收：报到记录", "finished", 4, 4)
    entries = AuditEntry.select().where(AuditEntry.verb == "accept")
    assert {one.request_id for one in entries} == {f"job-{job.id}"}


def test_the_input_is_judged_once_and_given_to_every_record(
    instance: Instance, reports: Any, signed: Signed
) -> None:
    for name in ("张三", "李四"):
        report(instance, reports, name)
    worker = signed("community_worker", at=world.HOME)
    for wrong in ({}, {"reason": ""}, {"reason": "已迁出", "more": 1}):
        with pytest.raises(Invalid):
            bulk.begin(worker, reports, "end", Query(), wrong)
    assert Job.select().count() == 0
    assert do(worker, reports, "end", SUBMITTED, {"reason": "已迁出"})["done"] == 2
    reasons = AuditEntry.select(AuditEntry.reason).where(AuditEntry.verb == "end")
    assert [reason for (reason,) in reasons.tuples()] == ["已迁出"] * 2


def test_records_of_another_district_are_neither_touched_nor_counted_nor_named(
    instance: Instance, reports: Any, signed: Signed
) -> None:
    near = report(instance, reports, "本地居民")
    far = report(instance, reports, "金丝雀", at=world.FOREIGN)
    worker = signed("community_worker", at=world.CHENGGUAN)
    told: list[str] = []
    for query in (Query(), bulk.chosen([near, far]), bulk.chosen([near, 10**9])):
        found = bulk.check(worker, reports, "accept", query, {})
        assert (found.matched, found.ready, found.left_out) == (1, 1, ())
        told.append(str(found))
    assert told[1] == told[2]  # out of reach and missing are told word for word alike
    assert bulk.check(worker, reports, "accept", bulk.chosen([near, far])).not_found == 1
    done = do(worker, reports, "accept", bulk.chosen([near, far]))
    assert (done["done"], done["skipped"], done["failed"], done["errors"]) == (1, 0, 0, [])
    assert states(reports) == ["accepted", "submitted"]
    kept = [row for table in (Job, JobProblem) for row in table.select().dicts()]
    assert "金丝雀" not in "".join(told) + str(kept)
    boss = signed("community_worker", at=world.CITY)
    assert bulk.check(boss, reports, "accept", bulk.chosen([near, far])).matched == 2


def test_a_verb_that_reaches_only_some_of_what_is_read_is_told_and_kept_to(
    instance: Instance, reports: Any, signed: Signed
) -> None:
    home, other = report(instance, reports), report(instance, reports, "王五", at=world.NEIGHBOUR)
    worker = signed("community_worker", at=world.CHENGGUAN)
    with instance.database.transaction():
        place = Community.get(Community.code == world.HOME)
        Grant.create(account=worker.account, role="community_secretary", community=place)
    worker = caller_for(instance, Account.get_by_id(worker.account), source="api")
    found = bulk.check(worker, reports, "remove", Query())
    assert (found.matched, found.ready) == (2, 1)
    assert [(o.count, o.message) for o in found.left_out] == [(1, "您没有对它「移除」的权限")]
    done = do(worker, reports, "remove", Query())
    assert (done["done"], done["failed"]) == (1, 1)
    assert done["errors"] == [{"id": other, "message": "您没有对它「移除」的权限"}]
    assert reports.model.get_by_id(home).removed_at is not None
    assert reports.model.get_by_id(other).removed_at is None


def test_without_the_verb_anywhere_it_is_forbidden_and_audited(
    instance: Instance, reports: Any, signed: Signed
) -> None:
    report(instance, reports)
    worker = signed("community_worker", at=world.HOME)
    bulk.check(worker, reports, "accept", Query())
    with pytest.raises(Forbidden):
        bulk.begin(worker, reports, "remove", Query(), {})
    denied = AuditEntry.select().where(AuditEntry.outcome == "denied").get()
    assert (denied.verb, denied.record) == ("remove", None)
    for verb in ("create", "import", "read", "reveal", "nonsense"):
        with pytest.raises(NotFound):
            bulk.check(worker, reports, verb, Query())
    stranger = signed("community_worker", at=world.HOME)
    with instance.database.transaction():
        Grant.update(removed_at=Grant.created_at).where(Grant.account == stranger.account).execute()
    gone = caller_for(instance, Account.get_by_id(stranger.account), source="api")
    with pytest.raises(NotFound):
        bulk.check(gone, reports, "accept", Query())


def test_many_records_are_changed_alike_and_sensitive_fields_never(
    instance: Instance, signed: Signed
) -> None:
    made = [world.organization(instance, name) for name in ("甲社", "乙社", "丙社")]
    worker = signed("community_worker", at=world.HOME)
    query = bulk.chosen(int(one.id) for one in made[:2])
    done = do(worker, organizations, "update", query, {"kind": "enterprise"})
    assert (done["done"], done["skipped"]) == (2, 0)
    again = do(worker, organizations, "update", query, {"kind": "enterprise"})
    assert (again["done"], again["skipped"], again["errors"]) == (0, 2, [])
    kinds = Organization.select(Organization.kind).order_by(Organization.id).tuples()
    assert [kind for (kind,) in kinds] == ["enterprise", "enterprise", "party"]
    person = world.person(instance, "李强", phone="13800001234")
    for wrong in ({"phone": "13800005678"}, {"community": {"code": world.NEIGHBOUR}}, {}):
        with pytest.raises(Invalid):
            bulk.begin(worker, people, "update", bulk.chosen([int(person.id)]), wrong)
    assert do(worker, people, "update", Query(), {"sex": "male"})["done"] == 1


def test_a_number_that_was_looked_up_is_never_kept(instance: Instance, signed: Signed) -> None:
    world.person(instance, "李强", phone="13800001234")
    worker = signed("community_worker", at=world.HOME)
    with pytest.raises(Invalid):
        bulk.begin(worker, people, "update", Query(exact={"phone": "13800001234"}), {"sex": "male"})
    for ids in ([], range(1, 1002)):
        with pytest.raises(Invalid):
            bulk.chosen(ids)


def test_one_record_that_is_refused_does_not_keep_the_others(
    instance: Instance, signed: Signed, boss: Caller
) -> None:
    uscc = "91110000600037341L"
    made = [world.organization(instance, name) for name in ("甲社", "乙社", "丙社")]
    worker = signed("community_worker", at=world.HOME)
    told = {"uscc": uscc, "kind": "enterprise", "no_uscc_reason": ""}
    query = bulk.chosen(int(one.id) for one in made)
    done = do(worker, organizations, "update", query, told)
    assert (done["done"], done["failed"]) == (1, 2), done
    assert [one["id"] for one in done["errors"]] == [int(one.id) for one in made[1:]]
    assert all(one["message"] for one in done["errors"])
    assert Organization.select().where(Organization.uscc == uscc).count() == 1


def test_a_worker_does_what_is_long_and_another_goes_on_where_it_was_killed(
    instance: Instance, reports: Any, signed: Signed
) -> None:
    for n in range(5):
        report(instance, reports, f"张三{n}")
    caller = signed("community_worker", at=world.HOME)
    job = bulk.begin(caller, reports, "accept", SUBMITTED, {}, at_once=4)
    assert bulk.carry_out(caller, reports, job).state == "queued"
    first = jobs.Jobs(instance)
    assert [first.step() for _n in range(2)] == [True, True]
    assert states(reports).count("accepted") == 2
    kept = Job.get_by_id(job.id)
    assert (kept.state, kept.done, kept.updated, kept.total) == ("running", 2, 2, 5)
    with instance.database.transaction():  # what a process that was killed leaves behind
        Job.update(lease_owner=f"{kept.lease_owner}0").where(Job.id == job.id).execute()
    work(instance)
    assert states(reports) == ["accepted"] * 5
    assert len(moved(reports)) == len(set(moved(reports))) == 5
    kept = Job.get_by_id(job.id)
    assert (kept.state, kept.done, kept.updated) == ("finished", 5, 5)
    source = AuditEntry.select(AuditEntry.source).where(AuditEntry.verb == "accept")
    assert {told for (told,) in source.tuples()} == {"api"}


def test_two_jobs_over_the_same_records_move_each_of_them_once(
    instance: Instance, reports: Any, signed: Signed
) -> None:
    for n in range(6):
        report(instance, reports, f"张三{n}")
    both = []
    for _n in range(2):
        caller = signed("community_worker", at=world.HOME)
        job = bulk.begin(caller, reports, "accept", Query(), {})
        both.append((jobs.run(caller, job, bulk.work_off(caller, reports, job)), job))
    for turns in itertools.zip_longest(*(steps for steps, _job in both)):
        assert turns
    assert sorted(moved(reports)) == sorted(f"dual_reporting.report/{n}" for n in range(1, 7))
    ended = [Job.get_by_id(job.id) for _steps, job in both]
    assert [job.state for job in ended] == ["finished"] * 2
    assert sum(job.updated for job in ended) == 6
    assert sum(job.unchanged for job in ended) == 6
    assert all("只有「已提交」" in one["message"] for job in ended for one in jobs.problems(job))


def test_what_changed_after_the_check_is_judged_as_it_is(
    instance: Instance, reports: Any, signed: Signed, boss: Caller
) -> None:
    made = [report(instance, reports, f"张三{n}") for n in range(3)]
    caller = signed("community_worker", at=world.HOME)
    job = bulk.begin(caller, reports, "accept", SUBMITTED, {})
    steps = jobs.run(caller, job, bulk.work_off(caller, reports, job))
    next(steps)
    write(reports, "end", boss, {"reason": "已迁出"}, made[1])  # no longer in the list
    write(reports, "update", boss, {"organization": None}, made[2])
    late = report(instance, reports, "后来者")
    list(steps)
    assert states(reports) == ["accepted", "ended", "accepted", "accepted"]
    assert Job.get_by_id(job.id).updated == 3
    assert late == made[2] + 1


def test_a_job_stops_where_its_right_ends_and_where_it_is_cancelled(
    instance: Instance, reports: Any, signed: Signed, boss: Caller
) -> None:
    for n in range(3):
        report(instance, reports, f"张三{n}")
    caller = signed("community_worker", at=world.HOME)
    job = bulk.begin(caller, reports, "accept", SUBMITTED, {})
    steps = jobs.run(caller, job, bulk.work_off(caller, reports, job))
    next(steps)
    write(instance.registry.of(Job), "cancel", boss, {}, job.id)
    assert list(steps) == []
    assert (states(reports).count("accepted"), Job.get_by_id(job.id).state) == (1, "cancelled")
    job = bulk.begin(caller, reports, "accept", SUBMITTED, {}, at_once=0)
    with instance.database.transaction():
        Account.update(disabled=True).where(Account.id == caller.account).execute()
    work(instance)
    assert (states(reports).count("accepted"), Job.get_by_id(job.id).state) == (1, "failed")


def test_a_plugin_that_stumbles_over_one_record_does_not_hold_up_the_others(
    instance: Instance, reports: Any, signed: Signed, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [report(instance, reports, f"张三{n}") for n in range(3)]

    action = reports.actions["accept"]

    def stumble(record: Any, caller: Caller) -> Any:
        if record.id == made[1]:
            raise ZeroDivisionError
        return action.run(record, caller)

    monkeypatch.setitem(reports.actions, "accept", type(action)(
        action.name, action.label, action.moves, action.event, stumble))  # fmt: skip
    done = do(signed("community_worker", at=world.HOME), reports, "accept", SUBMITTED)
    assert (done["done"], done["failed"]) == (2, 1)
    assert done["errors"][0]["id"] == made[1]
    assert states(reports) == ["accepted", "submitted", "accepted"]


def test_a_job_keeps_which_records_are_meant_until_it_is_done(
    instance: Instance, reports: Any, signed: Signed
) -> None:
    report(instance, reports)
    caller = signed("community_worker", at=world.HOME)
    query = Query(filters=(("person", "", (1,)),), within=world.HOME, sort="-id", cursor="x")
    job = bulk.begin(caller, reports, "accept", query, {})
    assert json.loads(job.asked)["query"] == {
        "filters": [["person", "", [1]]], "q": None, "within": world.HOME
    }  # fmt: skip
    done = bulk.carry_out(caller, reports, job)
    assert (done.updated, done.asked) == (1, "{}")  # what was searched for is forgotten again
    with pytest.raises(LifangError):
        bulk.check(caller, reports, "accept", Query(filters=(("nonsense", "", (1,)),)))
