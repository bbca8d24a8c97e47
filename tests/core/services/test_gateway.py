"""What the gateway promises of every write, tried with the core's own resources."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from lifang.builtin.people import people
from lifang.entities.audit import AuditEntry
from lifang.entities.caller import Caller
from lifang.entities.person import Affiliation, Person
from lifang.events.tables import EventRow, EventScope
from lifang.kit.errors import Conflict, Forbidden, Invalid, LifangError, NotFound, Stale
from lifang.services import reading
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.services.presenting import present_one
from lifang.services.query import Query
from lifang.testing import world

Make = Callable[..., Caller]
CITIZEN = "620102198001010033"


def blamed(error: LifangError) -> set[tuple[str, str]]:
    return {(one.field, one.code) for one in error.errors}


def events() -> list[tuple[str, str]]:
    return list(EventRow.select(EventRow.type, EventRow.agg).order_by(EventRow.pos).tuples())


def names(caller: Caller, **query: Any) -> list[str]:
    return [item["name"] for item in reading.find(caller, people, Query(**query)).items]


def test_a_created_person_lives_somewhere_and_is_told_once(
    instance: Instance, caller: Make
) -> None:
    worker = caller("community_worker", at=world.HOME)
    made = write(people, "create", worker, {"name": "李强", "community": {"code": world.HOME}})
    assert made.version == 1
    home = Affiliation.get(Affiliation.person == made)
    assert (home.kind, home.primary, home.community.code) == ("resides", True, world.HOME)
    assert events()[-2:] == [
        ("core.affiliation.created", f"core.affiliation/{home.id}"),
        ("core.person.created", f"core.person/{made.id}"),
    ]
    scopes = EventScope.select().order_by(EventScope.pos.desc()).first()
    assert scopes.community_id == home.community_id


def test_nobody_creates_a_person_in_a_neighbours_community(
    instance: Instance, caller: Make
) -> None:
    worker = caller("community_worker", at=world.HOME)
    good = {"name": "李强", "community": {"code": world.HOME}}
    write(people, "create", worker, good)
    before = (Person.select().count(), EventRow.select().count())
    sentences = set()
    for place in ({"code": world.FOREIGN}, {"code": "620199999999"}, 999):
        with pytest.raises(Invalid) as refused:
            write(people, "create", worker, {**good, "community": place})
        assert blamed(refused.value) == {("community", "unknown_reference")}
        sentences.add(refused.value.sentence)
    assert len(sentences) == 1  # missing and out of reach are told word for word alike
    assert (Person.select().count(), EventRow.select().count()) == before


def test_sensitive_values_are_kept_sealed_and_shown_masked(
    instance: Instance, boss: Caller
) -> None:
    told = {"citizen_id": CITIZEN, "phone": "13812345678", "birth_date": "1980-01-01"}
    made = world.person(instance, "李强", address="示例小区3号楼2单元501室", **told)
    shown = present_one(boss, people, made)
    assert shown["citizen_id"] == "620102***********3"
    assert shown["phone"] == "138****5678"
    assert shown["birth_date"] == "1980-**-**"
    assert "501" not in shown["address"]
    dump = b"".join(
        repr(row).encode()
        for table in instance.database.engine.get_tables()
        for row in instance.database.engine.execute_sql(f'SELECT * FROM "{table}"').fetchall()  # noqa: S608
    )
    for secret in (CITIZEN, "13812345678", "1980-01-01", "501室"):
        assert secret.encode() not in dump
    revealed = reading.reveal(boss, people, made.id, fields=["phone"], reason="核对")
    assert revealed == {"phone": "13812345678"}


def test_a_revealed_value_is_audited_before_it_leaves_and_never_without_a_reason(
    instance: Instance, boss: Caller, caller: Make
) -> None:
    made = world.person(instance, "李强", phone="13812345678")
    with pytest.raises(Invalid):
        reading.reveal(boss, people, made.id, fields=["phone"], reason=" ")
    with pytest.raises(Invalid):
        reading.reveal(boss, people, made.id, fields=["name"], reason="核对")
    worker = caller("community_worker", at=world.HOME)
    with pytest.raises(Forbidden):
        reading.reveal(worker, people, made.id, fields=["phone"], reason="核对")
    reading.reveal(boss, people, made.id, fields=["phone"], reason="核对身份")
    entries = AuditEntry.select().where(AuditEntry.verb == "reveal").order_by(AuditEntry.id)
    told = [(entry.outcome, entry.actor_name, entry.reason) for entry in entries]
    assert told[0][:2] == ("denied", worker.name)
    assert told[1] == ("done", "boss", "核对身份")


def test_a_mask_that_comes_back_means_unchanged_and_any_other_is_refused(
    instance: Instance, boss: Caller
) -> None:
    made = world.person(instance, "李强", phone="13812345678")
    same = write(people, "update", boss, {"phone": "138****5678"}, made.id)
    assert same.version == made.version  # nothing changed, so nothing was written
    for mask in ("139****5678", "*"):
        with pytest.raises(Invalid) as refused:
            write(people, "update", boss, {"phone": mask}, made.id)
        assert blamed(refused.value) == {("phone", "masked")}
    with pytest.raises(Invalid):
        world.person(instance, "赵敏", phone="138****5678")
    changed = write(people, "update", boss, {"phone": "13912345678"}, made.id)
    assert changed.version == made.version + 1
    assert reading.reveal(boss, people, made.id, fields=["phone"], reason="x")["phone"] == (
        "13912345678"
    )


def test_the_second_of_two_editors_learns_what_the_first_changed(
    instance: Instance, boss: Caller
) -> None:
    made = world.person(instance, "李强")
    write(people, "update", boss, {"name": "李小强"}, made.id, version=1)
    with pytest.raises(Stale) as refused:
        write(people, "update", boss, {"sex": "male"}, made.id, version=1)
    assert refused.value.extra["changed"] == ["name"]
    assert refused.value.extra["current"]["name"] == "李小强"
    assert Person.get_by_id(made.id).sex == "unknown"
    write(people, "update", boss, {"sex": "male"}, made.id, version=2)


def test_of_two_who_accept_at_once_one_succeeds(
    instance: Instance, enable: Callable[..., None], caller: Make
) -> None:
    enable("dual_reporting", at=world.CHENGGUAN)
    reports = instance.registry.find("dual_reporting", "reports")
    assert reports is not None
    worker = caller("community_worker", at=world.HOME)
    person = world.person(instance, "李强")
    told = {"person": person.id, "community": {"code": world.HOME}}
    report = write(reports, "create", worker, told)
    outcomes: list[str] = []
    together = threading.Barrier(2)

    def accept() -> None:
        with instance.database.connection():
            together.wait()
            try:
                write(reports, "accept", worker, {}, report.id)
                outcomes.append("accepted")
            except Conflict as error:
                outcomes.append(error.sentence)

    threads = [threading.Thread(target=accept) for _n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes)[0] == "accepted"
    assert "只有「已提交」的记录可以接收" in sorted(outcomes)[1]
    kinds = [type for type, agg in events() if agg == f"dual_reporting.report/{report.id}"]
    assert kinds == ["dual_reporting.report.created", "dual_reporting.report.accepted"]


def test_a_state_is_moved_by_actions_only(
    instance: Instance, enable: Callable[..., None], caller: Make
) -> None:
    enable("dual_reporting", at=world.CHENGGUAN)
    reports = instance.registry.find("dual_reporting", "reports")
    assert reports is not None
    person = world.person(instance, "李强")
    resident = caller("resident", person=person)
    told = {"person": person.id, "community": {"code": world.HOME}}
    with pytest.raises(Invalid) as refused:
        write(reports, "create", resident, {**told, "state": "accepted"})
    assert blamed(refused.value) == {("state", "locked")}
    assert "接收" in refused.value.sentence
    made = write(reports, "create", resident, told)
    assert made.state == "submitted"
    with pytest.raises(Forbidden):
        write(reports, "accept", resident, {}, made.id)
    worker = caller("community_worker", at=world.HOME)
    with pytest.raises(Invalid):
        write(reports, "update", worker, {"state": "accepted"}, made.id)
    with pytest.raises(Invalid) as asked:
        write(reports, "end", worker, {}, made.id)
    assert blamed(asked.value) == {("reason", "required")}
    ended = write(reports, "end", worker, {"reason": "退休"}, made.id)
    assert (ended.state, ended.version) == ("ended", 2)
    with pytest.raises(Conflict, match="的记录可以结束；这条记录是「已结束」"):
        write(reports, "end", worker, {"reason": "退休"}, made.id)


def test_a_resident_reports_for_nobody_else(
    instance: Instance, enable: Callable[..., None], caller: Make
) -> None:
    enable("dual_reporting", at=world.CHENGGUAN)
    reports = instance.registry.find("dual_reporting", "reports")
    assert reports is not None
    liqiang, zhaomin = world.person(instance, "李强"), world.person(instance, "赵敏")
    resident = caller("resident", person=liqiang)
    with pytest.raises(Invalid):  # the neighbour is not even readable
        write(
            reports,
            "create",
            resident,
            {"person": zhaomin.id, "community": {"code": world.HOME}},
        )
    write(reports, "create", resident, {"person": liqiang.id, "community": {"code": world.HOME}})
    with pytest.raises(Conflict):  # one standing report per person
        write(
            reports, "create", resident, {"person": liqiang.id, "community": {"code": world.HOME}}
        )


def test_a_refused_write_leaves_a_denial_and_nothing_else(instance: Instance, caller: Make) -> None:
    foreign = world.person(instance, "赵敏", at=world.FOREIGN)
    grid = caller("grid_worker", at=world.HOME)
    local = world.person(instance, "李强")
    before = EventRow.select().count()
    with pytest.raises(Forbidden):
        write(people, "update", grid, {"name": "王五"}, local.id)
    with pytest.raises(NotFound):
        write(people, "update", grid, {"name": "王五"}, foreign.id)
    with pytest.raises(NotFound):
        write(people, "update", grid, {"name": "王五"}, 10_000)
    with pytest.raises(Forbidden):
        write(people, "create", grid, {"name": "王五", "community": {"code": world.HOME}})
    assert EventRow.select().count() == before
    denied = AuditEntry.select().where(AuditEntry.outcome == "denied")
    assert [(entry.verb, entry.record) for entry in denied] == [
        ("update", local.id),
        ("update", foreign.id),
        ("update", 10_000),
        ("create", None),
    ]


def test_every_wrong_field_is_named_with_what_would_be_right(
    instance: Instance, boss: Caller
) -> None:
    with pytest.raises(Invalid) as refused:
        write(
            people,
            "create",
            boss,
            {"nmae": "李强", "sex": "man", "phone": "12345", "citizen_id": "620102198001010034"},
        )
    assert blamed(refused.value) == {
        ("nmae", "unknown"),
        ("name", "required"),
        ("sex", "invalid"),
        ("phone", next(e.code for e in refused.value.errors if e.field == "phone")),
        ("citizen_id", next(e.code for e in refused.value.errors if e.field == "citizen_id")),
        ("community", "required"),
    }
    said = {error.field: error.message for error in refused.value.errors}
    assert "name" in said["nmae"]
    assert "male（男）" in said["sex"]
