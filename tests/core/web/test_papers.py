"""Papers on the web: a record's files, the sheet to print, the page where anybody verifies."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import Any

import pytest

import lifang as lf
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.mechanisms import papers_desk as desk
from tests.core.mechanisms.papers_desk import CANARY, PDF
from tests.core.web.conftest import Visit, Visitor


@pytest.fixture
def case(instance: Instance) -> desk.Case:
    desk.open_desk(instance)
    return desk.new_case(instance)


def upload(who: Visitor, page: str, data: bytes = PDF, name: str = CANARY) -> Any:
    return who.post(f"{page}/attachments", {"kind": "evidence", "file": (io.BytesIO(data), name)})


def test_a_file_goes_in_and_out_by_the_records_page(visit: Visit, case: desk.Case) -> None:
    page = f"/p/papers/cases/{case.id}"
    worker, reader = visit("community_worker", at=world.HOME), visit("grid_worker", at=world.HOME)
    assert "还没有附件" in worker.text(page) and "上传附件" not in reader.text(page)
    answer = upload(worker, page)
    assert answer.headers["Location"] == f"{page}?done=attach#attachments"
    told = worker.text(f"{page}?done=attach")
    assert "已添加附件" in told and CANARY in told and "证明材料" in told
    link = re.findall(rf'href="({page}/attachments/\d+)"', reader.text(page))[0]
    got = reader.get(link)
    assert got.data == PDF and got.headers["Content-Disposition"].startswith("attachment")
    history = worker.text(f"{page}/history")
    assert "添加附件" in history and "证明材料" in history
    assert CANARY not in worker.text(f"{page}/history")
    refused = upload(worker, page, b"MZ", "a.exe")
    assert refused.status_code == 422 and "不接收「a.exe」这类文件" in refused.text
    none = worker.post(f"{page}/attachments", {"kind": "evidence"})
    assert none.status_code == 422 and "请选择要上传的文件" in none.text
    assert reader.post(f"{link}/remove").status_code == 403
    assert worker.client.post(f"{link}/remove").status_code == 403  # without a token of ours
    assert worker.post(f"{link}/remove").status_code == 303
    assert "还没有附件" in worker.text(page)
    foreign = visit("community_worker", at=world.FOREIGN)
    for path in (page, link):
        foreign.text(path, status=404)


def test_a_document_is_printed_by_who_reads_the_record_and_verified_by_anybody(
    visit: Visit, stranger: Visitor, case: desk.Case, instance: Instance
) -> None:
    lf.act(desk.certify, case, world.boss(instance), holder="王秀兰", day=desk.ISSUED_ON)
    [issued] = desk.certificate.of(case)
    reader, foreign = (visit("grid_worker", at=at) for at in (world.HOME, world.FOREIGN))
    sheet = f"/documents/{issued.id}"
    assert sheet in reader.text(f"/p/papers/cases/{case.id}")
    told = reader.text(sheet)
    for part in (
        "王秀兰",
        issued.number,
        issued.code,
        "平台记录",
        "楼道清洁",
        "畅家巷社区居民委员会",
    ):
        assert part in told
    assert "qr.svg" not in told and "lifang.toml" in told  # nobody has said where we are
    reader.text(f"{sheet}/qr.svg", status=404)
    foreign.text(sheet, status=404)
    assert stranger.get(sheet).headers["Location"].startswith("/sign-in?next=")
    instance.settings = replace(instance.settings, address="https://lifang.example.cn")
    assert "https://lifang.example.cn/verify" in reader.text(sheet)
    drawing = reader.get(f"{sheet}/qr.svg")
    assert drawing.content_type.startswith("image/svg+xml") and b"<svg" in drawing.data
    foreign.text(f"{sheet}/qr.svg", status=404)

    assert "验证码" in stranger.text("/verify")
    asked = stranger.get(f"/verify?code={issued.code.lower()}")
    told = stranger.text(asked.headers["Location"])
    assert "有效" in told and issued.number in told and "王*兰" in told and "平台记录" in told
    assert "王秀兰" not in told and "楼道清洁" not in told
    lf.act(desk.decertify, case, world.boss(instance), reason="时长有误")
    told = stranger.text(f"/verify/{issued.code}")
    assert "已撤销" in told and "时长有误" not in told
    assert "已撤销" in reader.text(sheet)
    assert "没有查到这个验证码" in stranger.text("/verify/2222-2222-2222-2222", status=404)
    assert "<script>" not in stranger.text("/verify/%3Cscript%3E", status=404)
    for _guess in range(20):
        answer = stranger.get("/verify/2222-2222-2222-2222")
    assert answer.status_code == 429 and "15 分钟后再试" in answer.text
