"""Files of a record: reached as the record is, sealed on disk, and missed when they are gone."""

from __future__ import annotations

import datetime as dt
import io
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import lifang as lf
from lifang.entities.attachment import Attachment
from lifang.entities.audit import AuditChange, AuditEntry
from lifang.events.tables import EventRow
from lifang.kit.errors import LifangError
from lifang.mechanisms import attachments
from lifang.services import depot, erasing, jobs
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.mechanisms import papers_desk as desk
from tests.core.mechanisms.papers_desk import CANARY, PDF, PNG, cases, office


@pytest.fixture
def case(instance: Instance) -> desk.Case:
    desk.open_desk(instance)
    return desk.new_case(instance)


@pytest.fixture
def boss(instance: Instance, case: desk.Case) -> lf.Caller:
    """The first administrator, after the plugin was switched on."""
    return world.boss(instance)


def add(caller: lf.Caller, case: Any, data: bytes = PDF, **told: str) -> Any:
    given = {"name": CANARY, "kind": "evidence", **told}
    return attachments.attach(caller, cases, int(case.id), io.BytesIO(data), **given)


def files(instance: Instance) -> list[Path]:
    return sorted((instance.settings.data / "files").glob("*"))


def test_a_file_comes_back_as_it_was_and_lies_sealed(
    instance: Instance, boss: lf.Caller, case: desk.Case
):
    made = add(boss, case)
    told, media, data = attachments.opened(boss, cases, int(case.id), made["id"])
    assert (data, media, told["name"], told["size"]) == (PDF, "application/pdf", CANARY, len(PDF))
    [file] = files(instance)
    assert b"evidence" not in file.read_bytes() and file.stat().st_mode & 0o077 == 0
    row = Attachment.get()
    assert CANARY.encode() not in bytes(row.name)
    [kept] = lf.attached(case)
    assert (kept.kind, kept.type, kept.size, kept.by) == ("evidence", "pdf", len(PDF), "boss")
    assert lf.attached(case, "opinion") == []


def test_a_rule_can_ask_for_papers_and_a_sealed_record_keeps_them(boss: lf.Caller, case: desk.Case):
    with pytest.raises(lf.Conflict, match="还缺：证明材料、用户意见"):
        lf.act(desk.close, case, boss)
    made = add(boss, case)
    with pytest.raises(lf.Conflict, match="还缺：用户意见$"):
        lf.act(desk.close, case, boss)
    add(boss, case, PNG, name="意见.png", kind="opinion")
    lf.act(desk.close, case, boss)
    attachments.detach(boss, cases, int(case.id), add(boss, case)["id"])
    lf.act(desk.archive, lf.get(cases, boss, int(case.id)), boss)
    sealed = "「已归档」的记录不能再增减附件"
    with pytest.raises(lf.Conflict, match=sealed):
        add(boss, case)
    with pytest.raises(lf.Conflict, match=sealed):
        attachments.detach(boss, cases, case.id, made["id"])
    assert len(lf.attached(case)) == 2


def test_it_is_reached_as_its_record_is(
    boss: lf.Caller, case: desk.Case, caller: Any, instance: Instance
):
    made = add(boss, case)
    reader = caller("grid_worker", at=world.HOME)
    foreign = caller("community_worker", at=world.FOREIGN)
    assert attachments.listed(reader, cases, case.id)[0]["name"] == CANARY
    for who, refusal in ((reader, lf.Forbidden), (foreign, lf.NotFound)):
        with pytest.raises(refusal):
            add(who, case)
        with pytest.raises(refusal):
            attachments.detach(who, cases, case.id, made["id"])
    with pytest.raises(lf.NotFound):
        attachments.opened(foreign, cases, case.id, made["id"])
    other = desk.new_case(instance, at=world.FOREIGN)
    with pytest.raises(lf.NotFound):
        attachments.opened(foreign, cases, other.id, made["id"])
    assert len(files(instance)) == 1  # nothing is left of what was refused


def test_a_resident_adds_to_their_own_record_where_the_roles_say_so(
    boss: lf.Caller, case: desk.Case, caller: Any, instance: Instance
):
    owner, other = world.person(instance, "王秀兰"), world.person(instance, "李强")
    lf.write(cases, "update", boss, {"person": int(owner.id)}, int(case.id))
    made = add(caller("resident", person=owner), case)
    assert [one.id for one in lf.attached(case)] == [made["id"]]
    with pytest.raises(lf.NotFound):
        add(caller("resident", person=other), case)
    plain = lf.Resource(desk.Case, label="事项", roles={"community_worker": "read update"})
    assert (plain.attaching, cases.attaching) == ("update", "attach")


def test_adding_and_taking_away_is_told_and_audited_without_the_name(
    boss: lf.Caller, case: desk.Case, instance: Instance
):
    made = add(boss, case)
    attachments.detach(boss, cases, case.id, made["id"])
    assert attachments.listed(boss, cases, case.id) == []
    with pytest.raises(lf.NotFound):
        attachments.opened(boss, cases, case.id, made["id"])
    assert len(files(instance)) == 1  # softly: whoever has to look back finds it
    verbs = [one.verb for one in AuditEntry.select().where(AuditEntry.noun == "cases")]
    assert verbs == ["create", "attach", "detach"]
    told = AuditChange.select().where(AuditChange.field == "attachment:evidence")
    assert all(row.sealed and row.before is row.after is None for row in told)
    types = [one.type for one in EventRow.select().order_by(EventRow.pos)]
    assert types[-2:] == ["papers.case.attached", "papers.case.detached"]
    assert CANARY not in "".join(str(one.data) for one in EventRow.select())


REFUSED = [
    ("a.exe", b"MZ\x90\x00", "不接收「a.exe」这类文件；可以是 pdf、png、jpg"),
    ("a.pdf", b"MZ\x90\x00", "不接收"),
    ("a.pdf", PNG, "「a.pdf」的内容其实是 png"),
    ("a.txt", b"<html><script>alert(1)</script>", "不接收"),
    ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "不接收"),
    ("a.docx", office("word/document.xml", "word/vbaProject.bin"), "不接收"),
    ("a.docx", office("xl/workbook.xml"), "内容其实是 xlsx"),
    ("a.xlsx", b"PK\x03\x04" + bytes(40), "不接收"),
    ("a.zip", office("x"), "不接收"),
    ("a.pdf", b"", "文件是空的"),
    ("../../etc/a.pdf", PDF, "里有路径"),
    ("C:\\a.pdf", PDF, "里有路径"),
    (".pdf", PDF, "里有路径"),
    ("", PDF, "文件名应有 1 至 120 个"),
    ("a\u202efdp.pdf", PDF, "文件名应有"),
    ("big.pdf", PDF + bytes(1024 * 1024), "文件太大；最多 1 MB"),
]


def test_a_file_that_is_not_wanted_is_refused_with_what_would_be_right(
    boss: lf.Caller, case: desk.Case, instance: Instance
):
    instance.settings = replace(instance.settings, attachment_mb=1)
    for name, data, sentence in REFUSED:
        with pytest.raises(lf.Invalid, match=sentence):
            add(boss, case, data, name=name)
    assert files(instance) == [] and lf.attached(case) == []


def test_what_is_wanted_is_known_by_its_content(boss: lf.Caller, case: desk.Case):
    wanted = [
        ("a.PDF", PDF, "pdf"), ("a.jpeg", b"\xff\xd8\xff\xe0" + bytes(9), "jpg"),
        ("a.webp", b"RIFF\0\0\0\0WEBPVP8 ", "webp"), ("a.xlsx", office("xl/workbook.xml"), "xlsx"),
        ("说明.txt", "你好".encode("gb18030"), "txt"), ("a.csv", "姓名,数\n".encode(), "csv"),
        ("a.docx", office("word/document.xml"), "docx"),
    ]  # fmt: skip
    for name, data, type in wanted:
        assert add(boss, case, data, name=name)["type"] == type
    with pytest.raises(lf.Invalid, match="须为其中之一：evidence（证明材料）、opinion"):
        add(boss, case, kind="photo")


def test_a_file_that_was_changed_exchanged_or_lost_is_not_handed_out(
    boss: lf.Caller, case: desk.Case, instance: Instance
):
    one, two = add(boss, case), add(boss, case, PNG, name="a.png")
    rows = {row.id: row.place for row in Attachment.select()}
    first, second = (instance.settings.data / "files" / rows[made["id"]] for made in (one, two))
    kept = first.read_bytes()
    shorter = (kept[:-1], kept[: depot.SEALED], b"")
    for spoilt in (second.read_bytes(), *shorter):
        first.write_bytes(spoilt)
        with pytest.raises(LifangError, match="缺失或被改动过"):
            attachments.opened(boss, cases, case.id, one["id"])
    first.unlink()
    with pytest.raises(LifangError, match="缺失或被改动过"):
        attachments.opened(boss, cases, case.id, one["id"])
    assert attachments.opened(boss, cases, case.id, two["id"])[2] == PNG
    with instance.database.transaction():  # to pass for another kind
        Attachment.update(kind="opinion").where(Attachment.id == two["id"]).execute()
    assert attachments.listed(boss, cases, case.id)[1]["name"] == "（登记被改动过）"


def test_a_file_without_a_row_is_swept_away_and_one_with_a_row_never(
    boss: lf.Caller, case: desk.Case, instance: Instance
):
    made = add(boss, case)
    attachments.detach(boss, cases, case.id, made["id"])
    depot.keep(instance, io.BytesIO(b"cut off by a crash"))
    old = time.time() - (jobs.KEPT + dt.timedelta(days=1)).total_seconds()
    for file in files(instance):
        os.utime(file, (old, old))
    jobs.Jobs(instance)._sweep()
    assert [file.name for file in files(instance)] == [Attachment.get().place]


def test_who_is_erased_takes_their_files_along_and_nobody_elses(
    boss: lf.Caller, case: desk.Case, instance: Instance
):
    she, other = world.person(instance, "夏侯金丝"), world.person(instance, "陆别人")
    hers, his = desk.new_case(instance), desk.new_case(instance)
    for record, person in ((hers, she), (his, other)):
        lf.write(cases, "update", boss, {"person": int(person.id)}, int(record.id))
    kept = {add(boss, hers, PNG, name="a.png", kind="opinion")["id"], *(
        add(boss, one, PNG, name="b.png")["id"] for one in (his, case))}  # fmt: skip
    gone = {add(boss, hers)["id"], (detached := add(boss, hers))["id"]}
    attachments.detach(boss, cases, hers.id, detached["id"])
    lf.write(cases, "remove", boss, {}, int(hers.id))
    subject = f"core.person/{she.id}"
    rows = list(Attachment.select().where(Attachment.id.in_(gone)))
    sealed = [(instance.settings.data / "files" / row.place).read_bytes() for row in rows]
    assert {row.id for row in erasing.files(boss, subject)} == gone

    with pytest.raises(ZeroDivisionError), instance.database.transaction():
        erasing.erase(boss, subject)
        raise ZeroDivisionError
    assert len(files(instance)) == len(kept | gone)  # what was not erased is not lost

    erasing.erase(boss, subject)
    assert {row.id for row in Attachment.select()} == kept
    left = b"".join(path.read_bytes() for path in instance.settings.home.rglob("*")
                    if path.is_file())  # fmt: skip
    assert not [one for one in sealed if one[:200] in left or one[-200:] in left]
    assert b"evidence evidence" not in left
    assert len(files(instance)) == len(kept)
    told = EventRow.select().where(EventRow.type == "core.person.erased").get()
    assert '"files":2' in told.data.replace(" ", "")
    noted = AuditChange.get(AuditChange.field == "erased:files")
    assert noted.after == "2"


def test_what_is_to_be_erased_is_a_field_or_a_kind_of_files() -> None:
    with pytest.raises(TypeError, match="scan"):
        lf.Resource(desk.Case, label="事项", erasable={"scan": ("person",)})
