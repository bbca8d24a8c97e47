"""Papers on the command line: what pages and the API do, typed."""

from __future__ import annotations

from pathlib import Path

import pytest

import lifang as lf
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.cli.conftest import Command
from tests.core.mechanisms import papers_desk as desk
from tests.core.mechanisms.papers_desk import CANARY, PDF


@pytest.fixture
def case(instance: Instance, lifang: Command) -> desk.Case:
    desk.open_desk(instance)
    return desk.new_case(instance)


def test_a_file_goes_in_and_out(case: desk.Case, lifang: Command, tmp_path: Path) -> None:
    noun, file, copy = ("papers", "cases"), tmp_path / CANARY, tmp_path / "copy.pdf"
    file.write_bytes(PDF)
    assert "attach" in lifang(*noun, "--help").out
    wrong = lifang(*noun, "attach", "1", str(file))
    assert wrong.code == 2 and "须为其中之一：evidence（证明材料）" in wrong.err
    done = lifang(*noun, "attach", "1", str(file), "--kind", "evidence")
    assert done.code == 0 and f"已添加附件 1「{CANARY}」" in done.out, done.err
    assert CANARY in lifang(*noun, "attachments", "1").out
    [told] = lifang(*noun, "attachments", "1", "--json").json["items"]
    assert told["size"] == len(PDF)
    assert lifang(*noun, "attachment", "1", "1", "-o", str(copy)).code == 0
    assert copy.read_bytes() == PDF and copy.stat().st_mode & 0o077 == 0
    assert lifang(*noun, "attachment", "1", "9", "-o", str(copy)).code == 4
    assert lifang(*noun, "attach", "1", "missing.pdf", "--kind", "evidence").code == 4
    assert "已移除附件 1" in lifang(*noun, "detach", "1", "1").out
    assert lifang(*noun, "attachments", "1", "--json").json["items"] == []
    assert "添加附件" in lifang(*noun, "history", "1").out
    assert lifang("people", "attachments", "1").code == 2  # people have none


def test_documents_are_listed_shown_and_verified(
    case: desk.Case, lifang: Command, instance: Instance
) -> None:
    assert lifang("documents", "list", "--json").json["items"] == []
    lf.act(desk.certify, case, world.boss(instance), holder="王秀兰", day=desk.ISSUED_ON)
    [issued] = desk.certificate.of(case)
    listed = lifang("documents", "list").out
    assert issued.number in listed and "有效" in listed and "王*兰" in listed
    shown = lifang("documents", "show", str(issued.id)).out
    assert "王秀兰" in shown and "楼道清洁" in shown and "平台记录" in shown
    told = lifang("documents", "verify", issued.code.lower())
    assert told.code == 0 and "有效" in told.out and "王*兰" in told.out
    assert lifang("documents", "verify", issued.code, "--json").json["state"] == "valid"
    assert lifang("documents", "verify", "2222-2222-2222-2222").code == 4
    assert lifang("documents", "show", "99").code == 4
