"""What was issued stays as it was issued; a code tells anybody whether it stands."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

import lifang as lf
from lifang.entities.audit import AuditEntry
from lifang.kit.errors import NotReady
from lifang.mechanisms import codes, documents
from lifang.mechanisms.documents import DocumentRow
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.mechanisms import papers_desk as desk


@pytest.fixture
def case(instance: Instance) -> desk.Case:
    desk.open_desk(instance)
    return desk.new_case(instance)


@pytest.fixture
def boss(instance: Instance, case: desk.Case) -> lf.Caller:
    """The first administrator, after the plugin was switched on."""
    return world.boss(instance)


def certified(case: desk.Case, caller: lf.Caller) -> Any:
    lf.act(desk.certify, case, caller, holder="王秀兰", day=desk.ISSUED_ON)
    return desk.certificate.of(case)[0]


def test_a_code_finds_what_was_issued_and_nothing_personal(
    instance: Instance, boss: lf.Caller, case: desk.Case
):
    issued = certified(case, boss)
    assert issued.number == f"LF-{world.HOME}-2026-0001" and len(issued.code) == 19
    for said in (issued.code, issued.code.lower().replace("-", " "), f" {issued.code} "):
        told = documents.verify(instance, said)
        assert told["state"] == "valid" and told["number"] == issued.number
    assert (told["holder"], told["mark"], told["day"]) == ("王*兰", "平台记录", "2026-05-16")
    assert "秀" not in str(told) and "楼道" not in str(told)
    whole = documents.shown(boss, issued.id)
    assert whole["holder"] == "王秀兰"
    assert whole["sections"][0]["rows"][0] == ["事由", "楼道清洁"]
    assert [one["id"] for one in documents.listed(boss, 10)] == [issued.id]


def test_it_stays_as_it_was_issued_and_is_issued_once(
    instance: Instance, boss: lf.Caller, case: desk.Case
):
    first = certified(case, boss)
    changed = lf.write(desk.cases, "update", boss, {"title": "敬老探访"}, int(case.id))
    told = {"number": first.number, "issuer": "另一单位", "on": desk.ISSUED_ON}
    with instance.database.transaction():
        again = desk.certificate.issue(changed, boss, **told)
    assert again == first
    assert documents.shown(boss, first.id)["sections"][0]["rows"][0][1] == "楼道清洁"


def test_what_is_revoked_says_so_and_who_did_it_is_kept(
    instance: Instance, boss: lf.Caller, case: desk.Case
):
    issued = certified(case, boss)
    with pytest.raises(lf.Invalid, match="请说明撤销的原因"):
        desk.certificate.revoke(case, boss, reason=" ")
    lf.act(desk.decertify, case, boss, reason="时长有误")
    told = documents.verify(instance, issued.code)
    assert told["state"] == "revoked" and told["revoked_on"] == str(lf.today())
    assert "时长" not in str(told)  # the reason is for those who read the record
    assert documents.shown(boss, issued.id)["reason"] == "时长有误"
    with instance.database.transaction(), pytest.raises(lf.Conflict, match="已经撤销"):
        desk.certificate.revoke(issued.code, boss, reason="再来一次")
    kept = AuditEntry.select().where(AuditEntry.noun == "cases", AuditEntry.record == case.id)
    assert {"issue", "revoke"} <= {one.verb for one in kept}


def test_a_row_changed_behind_our_back_is_found_by_whoever_verifies(
    instance: Instance, boss: lf.Caller, case: desk.Case
):
    issued = certified(case, boss)
    lf.act(desk.decertify, case, boss, reason="时长有误")
    changes: list[dict[str, Any]] = [
        {"number": "LF-1"}, {"holder": "张*三"}, {"issuer": "别处"}, {"day": "2020-01-01"},
        {"mark": ""}, {"revoked_at": None}, {"content": b"\x01" + bytes(60)},
        {"about": "papers_case/9"}, {"label": "大学文凭"},
    ]  # fmt: skip
    for change in changes:
        assert documents.verify(instance, issued.code)["state"] == "revoked"
        before = DocumentRow.get()
        with instance.database.transaction():
            DocumentRow.update(**change).execute()
        assert documents.verify(instance, issued.code) == {"state": "altered", "code": issued.code}
        with pytest.raises((NotReady, lf.NotFound)):
            documents.shown(boss, issued.id)
        with instance.database.transaction():
            before.save()


def test_contents_exchanged_between_two_documents_are_found_too(
    instance: Instance, boss: lf.Caller, case: desk.Case
):
    one, two = certified(case, boss), certified(desk.new_case(instance, "敬老探访"), boss)
    with instance.database.transaction():
        rows = {row.id: (row.content, row.mac) for row in DocumentRow.select()}
        for mine, other in itertools.permutations((one.id, two.id)):
            content, mac = rows[other]
            DocumentRow.update(content=content, mac=mac).where(DocumentRow.id == mine).execute()
    assert {documents.verify(instance, x.code)["state"] for x in (one, two)} == {"altered"}


def test_who_cannot_read_the_record_sees_no_document_of_it(
    instance: Instance, boss: lf.Caller, case: desk.Case, caller: Any
):
    issued = certified(case, boss)
    for at, sees in ((world.HOME, True), (world.NEIGHBOUR, False), (world.FOREIGN, False)):
        reader = caller("grid_worker", at=at)
        assert [one["id"] for one in documents.listed(reader, 10)] == [issued.id] * sees
        if sees:
            assert documents.shown(reader, issued.id)["number"] == issued.number
        else:
            with pytest.raises(lf.NotFound):
                documents.shown(reader, issued.id)


def test_it_is_verified_when_the_record_is_gone_and_the_plugin_is_off(
    instance: Instance, boss: lf.Caller, case: desk.Case
):
    issued = certified(case, boss)
    lf.write(desk.cases, "remove", boss, {}, int(case.id))
    instance.registry.drop("papers")
    assert documents.verify(instance, issued.code)["state"] == "valid"
    assert documents.listed(boss, 10) == []
    with pytest.raises(lf.NotFound):
        documents.shown(boss, issued.id)


def test_one_slip_in_a_code_is_always_noticed():
    for _turn in range(50):
        code = codes.drawn()
        assert codes.read(codes.written(code)) == code
        for place in range(codes.LENGTH):
            wrong = {code[:place] + one + code[place + 1 :] for one in codes.ALPHABET} - {code}
            assert not any(map(codes.read, wrong))
        for place in range(codes.LENGTH - 1):
            one, two = code[place : place + 2]
            if one != two:
                assert codes.read(code[:place] + two + one + code[place + 2 :]) is None
    assert codes.read("") is codes.read("?" * 16) is codes.read("2" * 17) is None
