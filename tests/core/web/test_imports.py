"""Importing from a page: sent, checked, mended by hand, confirmed, and told how it went."""

from __future__ import annotations

import csv
import io
import re

import pytest
from werkzeug.test import TestResponse

from lifang.entities.community import Community
from lifang.entities.job import Job
from lifang.entities.person import Person
from lifang.services import unpacking
from lifang.services.instance import Instance
from lifang.services.jobs import Jobs
from lifang.testing import world
from tests.core.web.conftest import Visit, Visitor

PEOPLE = "/people/import"
HEADER = "姓名,性别,联系方式,居住社区"
GOOD, BAD = f"欧阳小燕,女,13800001111,{world.HOME}", f"王五,男,13x,{world.HOME}"


def table(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *rows]).encode()


def send(visitor: Visitor, raw: bytes, *, to: str = PEOPLE, name: str = "名册.csv") -> str:
    """Upload a file; gives the address of its import."""
    answer = visitor.post(to, {"file": (io.BytesIO(raw), name)})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def choose(visitor: Visitor, at: str, do: str, **said: str) -> str:
    """Press a button of an import's page with every menu as it stands; gives where it leads."""
    page = visitor.text(at)
    menus = re.findall(r'<select[^>]* name="(c\d+)">(.*?)</select>', page, re.DOTALL)
    now = {name: re.search(r'value="([^"]*)" selected', options) for name, options in menus}
    told = {name: found.group(1) for name, found in now.items() if found}
    answer = visitor.post(at, {**told, **said, "do": do})
    return str(answer.headers.get("Location", answer.text))


def finish(instance: Instance) -> None:
    worker = Jobs(instance)
    while worker.step():
        pass


def figures(page: str) -> list[int]:
    return [int(one.replace(",", "")) for one in re.findall(r"<dd>([\d,]+)</dd>", page)]


def test_a_file_is_sent_mapped_by_hand_checked_confirmed_and_told(worker: Visitor) -> None:
    assert following_import(worker.text("/people"))
    form = worker.text(PEOPLE)
    assert "必填" in form and "lifang people import" in form
    at = send(worker, table(GOOD, BAD))
    page = worker.text(at)
    assert "名册.csv" in page and "表头需要处理" in page and 'href="#f-c2"' in page
    assert "13800001111" not in page and "导入 1 行" not in page
    assert choose(worker, at, "check", c2="phone") == at
    page = worker.text(at)
    assert figures(page) == [1, 0, 0, 1]
    assert "138****1111" in page and "13800001111" not in page and "13x" not in page
    assert "第 3 行 联系方式" in page and 'href="#f-r3"' in page and 'id="f-r3"' in page
    assert 'id="problems" tabindex="-1" autofocus' in page
    refused = choose(worker, at, "import")
    assert "勾选「跳过有误的行」" in refused and Person.select().count() == 0
    assert choose(worker, at, "import", skip="1") == at
    page = worker.text(at)
    assert "写入了 1 行" in page and "跳过了有误的 1 行" in page and "/people" in page
    assert Person.get().name == "欧阳小燕"
    job = at.rsplit("/", 1)[-1]
    assert f"lifang jobs result {job}" in page
    assert f'href="{at}"' in worker.text(f"/admin/jobs/{job}")


def following_import(page: str) -> bool:
    return 'href="/people/import"' in page


def test_the_failing_rows_are_handed_back_and_come_in_once_mended(worker: Visitor) -> None:
    at = send(worker, table(GOOD, BAD, header="姓名,性别,手机号,居住社区"))
    raw = worker.get(f"{at}/failing.csv").data.decode("utf-8-sig")
    header, line = csv.reader(io.StringIO(raw))
    assert header[-1] == "错误" and line[:3] == ["王五", "男", "13x"] and "手机号" in line[-1]
    book = io.BytesIO(worker.get(f"{at}/failing.xlsx").data)
    assert [cells[0] for _number, cells in unpacking.unpack(book)()] == ["姓名", "王五"]
    only = worker.text(f"{at}?only=errors")
    assert "王五" in only and "欧阳小燕" not in only
    mended = send(worker, raw.replace("13x", "13900002222").encode())
    page = worker.text(mended)
    assert figures(page) == [1, 0, 0, 0] and "导入 1 行" in page
    choose(worker, mended, "import")
    assert Person.get().name == "王五"


def test_a_mapping_that_was_not_seen_is_checked_before_anything_is_written(
    worker: Visitor,
) -> None:
    at = send(worker, table(GOOD, header="姓名,性别,手机号,居住社区"))
    assert figures(worker.text(at)) == [1, 0, 0, 0]
    assert choose(worker, at, "import", c2="") == f"{at}?unseen=1"
    assert "列的对应改过了" in worker.text(f"{at}?unseen=1") and Person.select().count() == 0
    assert choose(worker, at, "import") == at
    assert Person.get().phone_mask is None


def test_what_was_chosen_is_remembered_for_the_same_header_and_the_same_account(
    worker: Visitor, visit: Visit
) -> None:
    at = send(worker, table(GOOD))
    choose(worker, at, "check", c2="phone")
    choose(worker, at, "import")
    again = send(worker, table(f"赵六,男,13800003333,{world.HOME}"))
    assert figures(worker.text(again)) == [1, 0, 0, 0]
    colleague = visit("community_worker", at=world.CHENGGUAN)
    assert "表头需要处理" in colleague.text(send(colleague, table(GOOD)))


@pytest.mark.parametrize(
    ("header", "cell"),
    [
        ("身份证件号码", "620102198001010033"),
        ("出生日期", "1980/1/7"),
        ("出生日期", "19800107"),
        ("出生日期", "1980-13-77"),
        ("手机号", "138 0000 1234"),
        ("手机号", "+8613800001234x"),
        ("手机号", "1380000123412"),
        ("备注", "13800001234"),
        ("备注", "家住3号楼2单元501室"),
        ("姓名", "张三13800001234"),
    ],
)
def test_no_page_of_an_import_shows_a_sensitive_cell(
    worker: Visitor, header: str, cell: str
) -> None:
    names = ["姓名"] if header != "姓名" else []
    row = ["张三"] if names else []
    raw = table(",".join([*row, cell, world.HOME]), header=",".join([*names, header, "居住社区"]))
    at = send(worker, raw)
    for address in (at, f"{at}?only=errors", f"/admin/jobs/{at.rsplit('/', 1)[-1]}"):
        assert cell not in worker.text(address)
    if header != "姓名":
        assert "*" in worker.text(at)


def test_an_update_says_what_it_changes_and_a_mask_means_unchanged(
    worker: Visitor, instance: Instance
) -> None:
    person = world.person(instance, "李强", phone="13800001234")
    row = f"{person.id},李强强,138****1234,{world.HOME}"
    page = worker.text(send(worker, table(row, header="编号,姓名,手机号,居住社区")))
    assert figures(page) == [0, 1, 0, 0] and "138****1234" in page
    assert re.search(r"更新</span> 姓名\s*</span>", page)
    same = f"{person.id},李强,{world.HOME}"
    page = worker.text(send(worker, table(same, header="编号,姓名,居住社区")))
    assert "与现有记录相同" in page and 'value="import"' not in page


def test_a_long_file_is_checked_and_taken_in_by_a_worker_and_the_page_follows(
    worker: Visitor, instance: Instance
) -> None:
    rows = [f"人{number},女,,{world.HOME}" for number in range(5_001)]
    at = send(worker, table(*rows, header="姓名,性别,手机号,居住社区"))
    answer = worker.get(at)
    assert answer.headers["Refresh"] == "2" and "<progress" in answer.text
    still = worker.get(f"{at}?still=1")
    assert "Refresh" not in still.headers and "自动刷新" in still.text
    finish(instance)
    page = worker.text(at)
    assert figures(page)[0] == 5_001 and "导入 5,001 行" in page and Person.select().count() == 0
    assert choose(worker, at, "import") == at
    step = Jobs(instance)
    for _turn in range(14):  # eleven pieces are judged, then written
        assert step.step()
    page = worker.text(at)
    done = Job.get_by_id(at.rsplit("/", 1)[-1]).done
    assert 0 < done < 5_001 and f'value="{done}"' in page
    while step.step():
        pass
    answer = worker.get(at)
    assert "写入了 5,001 行" in answer.text and "Refresh" not in answer.headers
    assert Person.select().count() == 5_001


def test_an_import_is_stopped_and_what_was_written_stays(
    worker: Visitor, instance: Instance
) -> None:
    waiting = send(worker, table(GOOD, header="姓名,性别,手机号,居住社区"))
    kept = list((instance.settings.data / "files").iterdir())
    assert choose(worker, waiting, "cancel") == "/people"
    assert "什么都没有写入" in worker.text(waiting)
    assert len(kept) == 1 and not kept[0].exists()
    rows = [f"人{number},女,,{world.HOME}" for number in range(5_001)]
    at = send(worker, table(*rows, header="姓名,性别,手机号,居住社区"))
    finish(instance)
    choose(worker, at, "import")
    step = Jobs(instance)
    for _turn in range(13):
        step.step()
    choose(worker, at, "cancel")
    while step.step():
        pass
    written = Person.select().count()
    assert 0 < written < 5_001
    assert f"已经写入的 {written:,} 行保留" in worker.text(at)


def test_nobody_else_finds_an_import_and_a_missing_one_looks_the_same(
    worker: Visitor, visit: Visit, administrator: Visitor
) -> None:
    at = send(worker, table(GOOD, BAD))
    missing = f"{PEOPLE}/999999"
    for other in (visit("community_worker", at=world.CHENGGUAN), administrator):
        for tail in ("", "/failing.csv", "/failing.xlsx"):
            foreign, none = other.get(at + tail), other.get(missing + tail)
            assert (foreign.status_code, none.status_code) == (404, 404)
        assert other.post(at, {"do": "import", "skip": "1"}).status_code == 404
    assert worker.get(at.replace("people", "organizations")).status_code == 404
    assert Person.select().count() == 0 and Job.get().state == "waiting"


def test_who_may_not_import_is_neither_led_there_nor_let_in(
    worker: Visitor, visit: Visit, stranger: Visitor
) -> None:
    reader = visit("grid_worker", at=world.HOME)
    assert not following_import(reader.text("/people")) and following_import(worker.text("/people"))
    assert reader.get(PEOPLE).status_code == worker.get("/communities/import").status_code == 403
    assert reader.post(PEOPLE, {"file": (io.BytesIO(table(GOOD)), "a.csv")}).status_code == 403
    assert stranger.get(PEOPLE).status_code == 303
    assert worker.client.post(PEOPLE, data={"file": (io.BytesIO(b"x"), "a")}).status_code == 403
    assert worker.get("/admin/accounts/import").status_code == 404


@pytest.mark.parametrize("raw", [b"", b"PK\x03\x04xx", b"\xff\xff", b"a,a\n1,2"])
def test_what_is_no_table_is_refused_on_the_form(worker: Visitor, raw: bytes) -> None:
    answer = worker.post(PEOPLE, {"file": (io.BytesIO(raw), "a.csv")})
    assert answer.status_code == 400 and 'href="#f-file"' in answer.text
    assert worker.post(PEOPLE).status_code == 422
    assert Job.select().count() == 0


def send_whole(visitor: Visitor, raw: bytes) -> TestResponse:
    """Upload a file as one body, which the test client would else put into a file of its own."""
    parts = (
        f'--x\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{visitor.token()}\r\n'
        '--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    )
    body = parts.encode() + raw + b"\r\n--x--\r\n"
    return visitor.client.post(PEOPLE, data=body, content_type="multipart/form-data; boundary=x")


def test_a_file_may_be_large_but_not_without_end(worker: Visitor) -> None:
    padding = "x" * 100_000
    raw = table(*[f"{GOOD},{padding}"] * 30, header=f"{HEADER},备注")
    assert send_whole(worker, raw).status_code == 303
    assert Job.get().total == 30
    assert send_whole(worker, b"x" * (65 * 1024 * 1024)).status_code == 413
    assert worker.post("/people/new", {"name": padding * 30}).status_code == 413


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_template_is_the_header_alone_and_is_understood(worker: Visitor, form: str) -> None:
    raw = worker.get(f"{PEOPLE}/template.{form}").data
    rows = [cells for _number, cells in unpacking.unpack(io.BytesIO(raw))()]
    assert len(rows) == 1 and "姓名" in rows[0]
    page = worker.text(send(worker, raw))
    assert "只有表头" in page and "需要处理" not in page


def test_communities_come_in_like_everything_else(administrator: Visitor) -> None:
    where = "/communities/import"
    assert "空白模板" in administrator.text(where)
    header = "代码,name,类别,上级代码"
    good, bad = f"620102001099,新社区,社区,{world.HOME[:9]}000", "1,x,nothing,2"
    child = "9901,一网格,网格,620102001099"
    at = send(administrator, table(child, good, bad, header=header), to=where)
    assert "表头需要处理" in administrator.text(at)
    assert choose(administrator, at, "check", c3="parent") == at
    page = administrator.text(at)
    assert figures(page) == [2, 0, 0, 1] and "第 4 行 类别" in page
    assert "勾选「跳过有误的行」" in choose(administrator, at, "import")
    assert not Community.select().where(Community.code == "9901").exists()
    choose(administrator, at, "import", skip="1")
    grid = Community.get(Community.code == "9901")
    assert (grid.kind, grid.parent.code) == ("grid", "620102001099")
    wrong = send(administrator, table(good, header="编号,name,kind,parent_code"), to=where)
    assert "改好表头重新上传" in administrator.text(wrong)


def test_after_a_week_the_file_is_gone_and_the_page_says_so(
    worker: Visitor, instance: Instance
) -> None:
    at = send(worker, table(GOOD, BAD, header="姓名,性别,手机号,居住社区"))
    choose(worker, at, "import", skip="1")
    Job.update(place=None).execute()
    page = worker.text(at)
    assert "不再保存" in page and "failing.csv" not in page
    assert worker.get(f"{at}/failing.csv").status_code == 404


def test_an_import_that_is_refused_says_why(worker: Visitor, instance: Instance) -> None:
    at = send(worker, table(GOOD, header="姓名,性别,手机号,居住社区"))
    world.person(instance, "别人", phone="13800001111")
    Community.update(valid_to="2020-01-01").where(Community.code == world.HOME).execute()
    assert choose(worker, at, "import") == at
    page = worker.text(at)
    assert "什么都没有导入" in page and "第 2 行" in page and Person.select().count() == 1
