"""Many records created at once obey the same law as one: the same rows, events, audit and reach."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from lifang.builtin.households import households
from lifang.builtin.jobs import jobs as jobs_noun
from lifang.builtin.people import organizations, people
from lifang.entities.account import Account
from lifang.entities.audit import AuditEntry
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.entities.gram import NameGram
from lifang.entities.job import Job, JobProblem
from lifang.entities.person import Affiliation, Person
from lifang.events.tables import EventRow, EventScope
from lifang.kit import identifiers
from lifang.kit.errors import Busy, Conflict, NotFound
from lifang.services import accounts, importing, jobs, reading
from lifang.services.gateway import write
from lifang.services.importing import Imported, import_table
from lifang.services.instance import Instance
from lifang.services.many import Batch, Maker
from lifang.services.query import Query
from lifang.testing import world

Make = Callable[..., Caller]
TOLD = {
    "name": "阿依古丽·买买提",
    "sex": "female",
    "birth_date": "1980-05",
    "citizen_id": identifiers.make_citizen_id("620102", dt.date(1980, 5, 4), 4),
    "phone": "13812345678",
    "address": "畅家巷 3 号楼 1 单元",
}
SECRET = ("birth_date", "citizen_id", "phone", "address")
LEFT_OUT = {"id", "created_at", "updated_at", "person", "record", "mac", "seq", "chain", "at"}
LEFT_OUT |= {*SECRET, "pos", "xid", "trace", "agg", "changes", "corr", "request_id", "source"}


def bring(caller: Caller, resource: Any, header: str, *rows: str, **more: Any) -> Imported:
    return import_table(caller, resource, io.BytesIO("\n".join([header, *rows]).encode()), **more)


def seen(rows: Any) -> list[dict[str, Any]]:
    return [{k: v for k, v in row.items() if k not in LEFT_OUT} for row in rows.dicts()]


def traces(instance: Instance) -> list[Any]:
    """Everything that was written of the people there are, but numbers, times and ciphertexts."""
    person = Person.select().order_by(Person.id.desc()).first()
    opened = [
        instance.keys.open(getattr(person, name), table="core_person", column=name, row=person.id)
        for name in SECRET
    ]
    last = EventRow.select(EventRow.pos).where(EventRow.type == "core.person.created")
    position = last.order_by(EventRow.pos.desc()).scalar()
    pieces = (NameGram.noun == "core.people", NameGram.record == person.id)
    entries = (AuditEntry.noun == "people", AuditEntry.record == person.id)
    return [
        opened,
        seen(Person.select().where(Person.id == person.id)),
        seen(Affiliation.select().where(Affiliation.person == person.id)),
        sorted(row.gram for row in NameGram.select().where(*pieces)),
        seen(AuditEntry.select().where(*entries)),
        seen(EventRow.select().where(EventRow.agg == f"core.person/{person.id}")),
        [row.community_id for row in EventScope.select().where(EventScope.pos == position)],
    ]


def test_a_row_of_a_file_leaves_the_same_traces_as_a_form(instance: Instance, boss: Caller) -> None:
    write(people, "create", boss, {**TOLD, "community": {"code": world.HOME}})
    by_hand = traces(instance)
    write(people, "update", boss, {"citizen_id": None}, Person.get().id)
    header = ",".join([*TOLD, "community"])
    done = bring(boss, people, header, ",".join([*TOLD.values(), world.HOME]))
    assert (done["created"], done["failed"]) == (1, 0)
    assert Person.select().count() == 2
    assert traces(instance) == by_hand


def test_an_imported_entry_names_its_job_and_the_trail_stays_whole(boss: Caller) -> None:
    bring(boss, people, "姓名,居住社区", f"甲,{world.HOME}", f"乙,{world.HOME}")
    mine = (AuditEntry.noun == "people") & (AuditEntry.source == "import")
    entries = list(AuditEntry.select().where(mine, AuditEntry.verb == "create"))
    assert {entry.request_id for entry in entries} == {f"job-{Job.get().id}"}
    assert len(entries) == 2


def test_rules_of_a_noun_are_asked_of_every_row(boss: Caller) -> None:
    header = "名称,类别,统一社会信用代码,无代码原因,所在社区"
    sound = f"畅家巷党支部,党组织,,党组织无代码,{world.HOME}"
    done = bring(boss, organizations, header, sound, f"无名,企业,,,{world.HOME}", skip_invalid=True)
    assert (done["created"], done["failed"]) == (1, 1)
    assert "统一社会信用代码" in done["errors"][0]["message"]


def test_a_unique_rule_in_the_middle_of_a_piece_costs_one_row_only(boss: Caller) -> None:
    rows = [f"{number},{world.HOME}" for number in ("1-101", "1-102", "1-101", "1-103")]
    done = bring(boss, households, "户编号,所在社区、网格或楼栋", *rows, skip_invalid=True)
    assert (done["created"], done["failed"]) == (3, 1)
    assert [error["row"] for error in done["errors"]] == [4]
    assert bring(boss, households, "户编号,所在社区、网格或楼栋", *rows)["unchanged"] == 0


def test_without_skipping_the_piece_of_a_refused_row_is_undone(boss: Caller) -> None:
    rows = [f"{number},{world.HOME}" for number in ("1-101", "1-102", "1-101")]
    done = bring(boss, households, "户编号,所在社区、网格或楼栋", *rows)
    assert (done["created"], done["failed"]) == (0, 1)
    assert reading.count(boss, households, Query()) == 0
    job = Job.get()
    assert (job.state, job.done) == ("failed", 0)
    assert JobProblem.select().count() == 1


def test_what_is_pointed_at_must_stand_when_it_is_written(instance: Instance, boss: Caller) -> None:
    home = Community.get(Community.code == world.HOME)
    maker = Maker(boss, people, verbs=("create",), expected=1)
    batch = Batch(maker, [{"name": "甲", "community": home.id}])
    Community.update(valid_to=dt.date(2020, 1, 1)).where(Community.id == home.id).execute()
    with pytest.raises(NotFound), instance.database.transaction():
        batch.write()
    assert Person.select().count() == 0


def test_the_same_file_again_changes_nothing_also_where_nobody_has_a_number(boss: Caller) -> None:
    rows = [f"人{number},{world.HOME}" for number in range(20)]
    assert bring(boss, people, "姓名,居住社区", *rows)["created"] == 20
    events = EventRow.select().count()
    again = bring(boss, people, "姓名,居住社区", *rows)
    assert (again["created"], again["unchanged"]) == (0, 20)
    assert EventRow.select().count() == events
    assert bring(boss, people, "姓名,居住社区", *rows, dry_run=True)["unchanged"] == 20
    more = bring(boss, people, "姓名,居住社区", *rows, f"新人,{world.HOME}")
    assert more["created"] == 21, "another file is another file"


def test_rows_that_failed_are_taken_when_the_same_file_comes_again(boss: Caller) -> None:
    rows = [f"甲,{world.HOME}", "乙,620102001077"]
    first = bring(boss, people, "姓名,居住社区", *rows, skip_invalid=True)
    assert (first["created"], first["failed"]) == (1, 1)
    told = {"code": "620102001077", "name": "新社区", "kind": "community"}
    write(boss.instance.registry.of(Community), "create", boss,
          {**told, "parent": {"code": "620102001000"}})  # fmt: skip
    again = bring(boss, people, "姓名,居住社区", *rows, skip_invalid=True)
    assert (again["created"], again["unchanged"], again["failed"]) == (1, 1, 0)


def cut_off(caller: Caller, monkeypatch: pytest.MonkeyPatch, *rows: str) -> None:
    """Import a file and die after its first piece."""
    monkeypatch.setattr(importing, "CHUNK", 3)
    source = io.BytesIO("\n".join(["姓名,居住社区", *rows]).encode())
    with importing.sheets.opened(source) as sheet:
        run = importing.Import(caller.through("import"), people, sheet, {})
        job = run.begin(title="导入", asked={"skip_invalid": True})
        next(run.carry_out(job, skip_invalid=True))
    Job.update(lease_owner=None).execute()  # whoever held it is gone


def test_an_import_that_was_cut_off_goes_on_where_it_was(
    boss: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [f"人{number},{world.HOME}" for number in range(7)]
    cut_off(boss, monkeypatch, *rows)
    assert Person.select().count() == 3
    done = bring(boss, people, "姓名,居住社区", *rows, skip_invalid=True)
    assert (done["created"], done["failed"]) == (7, 0)
    assert sorted(row.name for row in Person.select()) == sorted(row.split(",")[0] for row in rows)
    assert [(job.state, job.created) for job in Job.select()] == [("finished", 7)]


def test_two_imports_of_one_file_at_once_are_one(
    boss: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [f"人{number},{world.HOME}" for number in range(7)]
    cut_off(boss, monkeypatch, *rows)
    later = dt.datetime(2099, 1, 1, tzinfo=dt.UTC)
    Job.update(lease_owner="elsewhere/1/1", lease_until=later).execute()
    with pytest.raises(Conflict, match="正在导入"):
        bring(boss, people, "姓名,居住社区", *rows, skip_invalid=True)


def test_a_cancelled_import_stops_at_its_next_piece(
    boss: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "CHUNK", 3)
    rows = [f"人{number},{world.HOME}" for number in range(9)]
    source = io.BytesIO("\n".join(["姓名,居住社区", *rows]).encode())
    with importing.sheets.opened(source) as sheet:
        run = importing.Import(boss.through("import"), people, sheet, {})
        job = run.begin(title="导入", asked={"skip_invalid": True})
        work = jobs.run(boss, job, run.carry_out(job, skip_invalid=True))
        next(work)
        write(jobs_noun, "cancel", boss, {}, job.id)
        assert next(work, "stopped") == "stopped"
    assert Person.select().count() == 3
    assert Job.get().state == "cancelled"


def test_a_job_is_seen_and_stopped_by_the_account_that_began_it(
    instance: Instance, boss: Caller, caller: Make
) -> None:
    for name in ("wang", "zhao"):
        accounts.create_account(boss, name, role="community_worker", at=world.CHENGGUAN)
    wang, zhao = (
        Caller(
            instance=instance,
            snapshot=instance.plugins.refresh(),
            name=name,
            source="cli",
            account=Account.get(Account.name == name).id,
            standings=caller("community_worker", at=world.CHENGGUAN).standings,
        )
        for name in ("wang", "zhao")
    )
    bring(wang, people, "姓名,居住社区", f"甲,{world.HOME}")
    found = reading.find(wang, jobs_noun, Query()).items
    assert [job["created"] for job in found] == [1]
    assert json.dumps(found[0]).find("甲") == -1
    assert reading.find(zhao, jobs_noun, Query()).items == []
    for id in (found[0]["id"], 999):
        with pytest.raises(NotFound):
            reading.get(zhao, jobs_noun, id)


def test_a_busy_database_ends_no_job(boss: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [f"人{number},{world.HOME}" for number in range(7)]
    monkeypatch.setattr(importing, "CHUNK", 3)
    real, taken = Batch.write, []

    def write_some(batch: Batch) -> None:
        taken.append(batch)
        if len(taken) == 2:
            raise Busy("数据库正忙")
        real(batch)

    monkeypatch.setattr(Batch, "write", write_some)
    with pytest.raises(Busy):
        bring(boss, people, "姓名,居住社区", *rows, skip_invalid=True)
    assert Job.get().state == "running"
    done = bring(boss, people, "姓名,居住社区", *rows, skip_invalid=True)
    assert (done["created"], Person.select().count()) == (7, 7)
