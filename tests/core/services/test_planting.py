"""Communities from a file: known by code, in any order, a whole country of them in pieces."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lifang.builtin.places import communities
from lifang.entities.audit import AuditEntry
from lifang.entities.caller import Caller
from lifang.entities.community import Community, CommunityCode, CommunityEdge
from lifang.entities.gram import NameGram
from lifang.entities.job import Job
from lifang.events.tables import EventRow, EventScope
from lifang.services import jobs, sheets
from lifang.services.exchange import import_table
from lifang.services.gateway import write
from lifang.services.importing import Import
from lifang.services.instance import Instance
from lifang.services.outcomes import Imported
from lifang.testing import world

Make = Callable[..., Caller]
HEADER = "code,name,kind,parent_code"
STREET = "620102001000"
LEFT_OUT = {"id", "created_at", "updated_at", "path", "code", "record", "mac", "seq", "chain", "at"}
LEFT_OUT |= {
    "pos",
    "xid",
    "trace",
    "agg",
    "changes",
    "corr",
    "request_id",
    "source",
    "community",
    "child",
}


def bring(caller: Caller, *rows: str, header: str = HEADER, **more: Any) -> Imported:
    raw = "\n".join([header, *rows]).encode()
    return import_table(caller, communities, io.BytesIO(raw), **more)


def node(code: str) -> Community:
    return Community.get(Community.code == code, Community.valid_to.is_null())


def seen(rows: Any) -> list[dict[str, Any]]:
    return [{k: v for k, v in row.items() if k not in LEFT_OUT} for row in rows.dicts()]


def traces(community: Community) -> list[Any]:
    """Everything that was written of a node, but numbers, codes and times."""
    number = community.id
    position = EventRow.get(EventRow.agg == f"core.community/{number}").pos
    scopes = EventScope.select().where(EventScope.pos == position)
    pieces = (NameGram.noun == "core.communities", NameGram.record == number)
    entries = (AuditEntry.noun == "communities", AuditEntry.record == number)
    return [
        community.path.startswith(community.parent.path),
        len(community.path),
        seen(Community.select().where(Community.id == number)),
        seen(CommunityEdge.select().where(CommunityEdge.child == number)),
        seen(CommunityCode.select().where(CommunityCode.community == number)),
        sorted(row.gram for row in NameGram.select().where(*pieces)),
        seen(AuditEntry.select().where(*entries)),
        seen(EventRow.select().where(EventRow.pos == position)),
        {row.community_id - number for row in scopes} - {0} == {community.parent.id - number},
    ]


@pytest.mark.parametrize("more", [{}, {"valid_from": "2020-01-01", "short_name": "桥门"}])
def test_a_row_of_a_file_leaves_the_same_traces_as_a_form(
    boss: Caller, more: dict[str, str]
) -> None:
    told = {"name": "桥门街社区", "kind": "community", **more}
    write(communities, "create", boss, {"code": "1", "parent": {"code": STREET}, **told})
    header, row = ",".join(["code", "parent_code", *told]), ",".join(["2", STREET, *told.values()])
    assert bring(boss, row, header=header)["created"] == 1
    assert traces(node("2")) == traces(node("1"))


def test_the_same_file_in_any_order_plants_the_same_tree(boss: Caller, instance: Instance) -> None:
    rows = ["g,网格,grid,c", "b,楼,building,g", f"c,社区,community,{STREET}"]
    assert bring(boss, *rows)["created"] == 3
    chain = [node(code) for code in "cgb"]
    paths = [one.path for one in chain]
    assert (
        paths == sorted(paths) and paths[2].startswith(paths[1]) and paths[1].startswith(paths[0])
    )
    assert bring(boss, *reversed(rows)) == {
        "created": 0, "updated": 0, "unchanged": 3, "failed": 0, "errors": []
    }  # fmt: skip


def test_labels_may_head_the_columns_and_the_parents_column_is_asked_for(boss: Caller) -> None:
    row = f"1,新社区,社区,{STREET}"
    assert bring(boss, row, header="代码,名称,类别,上级")["created"] == 1
    for header, missing in {"code,name,kind": "parent_code", "id,name,kind,parent": "code"}.items():
        told = bring(boss, row.rsplit(",", 4 - header.count(",") - 1)[0], header=header)
        assert told["created"] == 0
        assert (1, missing) in {(error["row"], error["column"]) for error in told["errors"]}


def test_whoever_hangs_on_a_wrong_row_is_left_out_with_it(boss: Caller) -> None:
    rows = [f"s,,subdistrict,{world.CHENGGUAN}", "c,社区,community,s", "g,网格,grid,c",
            f"d,好社区,community,{STREET}"]  # fmt: skip
    nothing = bring(boss, *rows)
    assert (nothing["created"], nothing["failed"]) == (0, 3)
    done = bring(boss, *rows, skip_invalid=True)
    assert (done["created"], done["failed"]) == (1, 3)
    told = {error["row"]: error["message"] for error in done["errors"]}
    assert told[3] == "上级所在的第 2 行有误" and told[4] == "上级所在的第 3 行有误"
    assert Community.select().count() == 9


CITY = ("441900003001,某社区,community,441900003000",
        "441900003000,某街道,subdistrict,441900000000",
        "441900000000,东莞市,district,441900000000", "440000000000,广东省,province,",
        "441900000000,东莞市,city,440000000000")  # fmt: skip
"""A city without districts, as the statistics bureau tells it: its code comes twice."""


def test_of_a_code_told_twice_the_wider_row_stands_and_the_other_is_reported(boss: Caller) -> None:
    assert bring(boss, *CITY)["created"] == 0
    for _again in range(2):
        done = bring(boss, *CITY, skip_invalid=True)
        assert [(e["row"], e["column"], e["message"]) for e in done["errors"]] == [
            (4, "code", "与第 6 行的代码重复")
        ]
    assert (done["created"], done["updated"], done["unchanged"], done["failed"]) == (0, 0, 4, 1)
    assert node("441900000000").kind == "city"
    assert node("441900003000").parent.code == "441900000000"


def cut_off(boss: Caller, raw: bytes, *, after: int) -> Job:
    """An import of which only some rows came in, one by one, before it was killed."""
    run = Import(boss.through("import"), communities, sheets.read(io.BytesIO(raw)), {})
    run._size = 1
    job = run.begin(title="导入", asked={"skip_invalid": True})
    work = run.carry_out(job, skip_invalid=True)
    for _row in range(after):
        run._size = 1
        next(work)
    return job


@pytest.mark.parametrize("after", range(1, 6))
def test_an_import_that_was_cut_off_goes_on_where_it_was(boss: Caller, after: int) -> None:
    raw = "\n".join([HEADER, *CITY]).encode()
    job = cut_off(boss, raw, after=after)
    assert Community.select().count() == 8 + min(after, 2) + max(0, after - 3)
    done = import_table(boss, communities, io.BytesIO(raw), skip_invalid=True)
    assert (done["created"], done["unchanged"], done["failed"]) == (4, 0, 1)
    assert [(one.id, one.state) for one in Job.select()] == [(job.id, "finished")]
    assert node("441900000000").kind == "city", "the repeated row changes nothing either"
    created = EventRow.select().where(EventRow.type == "core.community.created")
    assert created.count() == 8 + 4


def test_a_file_of_communities_is_a_job_that_a_worker_goes_on_with(boss: Caller) -> None:
    job = cut_off(boss, "\n".join([HEADER, *CITY]).encode(), after=2)
    assert (job.created, job.state) == (2, "running")
    assert jobs.held_by_another(Job.get_by_id(job.id)) is False


def test_files_plant_where_their_sender_may_and_tell_of_codes_held_elsewhere(
    boss: Caller, caller: Make
) -> None:
    near = caller("district_admin", at=world.CHENGGUAN)
    rows = [f"1,新社区,community,{STREET}", "2,新网格,grid,1", "3,国,province,",
            f"4,外社区,community,{world.FOREIGN[:9]}000", f"{world.FOREIGN},占,community,{STREET}",
            f"{STREET},酒泉路街道,subdistrict,{world.CHENGGUAN}",
            f"{world.CHENGGUAN},城关区,district,{world.CITY}"]  # fmt: skip
    for dry_run in (True, False):
        told = bring(near, *rows, skip_invalid=True, dry_run=dry_run)
        assert (told["created"], told["unchanged"], told["failed"]) == (2, 2, 3)
        messages = {error["row"]: error["message"] for error in told["errors"]}
        assert messages[4] == "这条记录不在您的管辖范围内"
        assert messages[5].endswith("或您看不到它") and messages[6].endswith("已被使用")
    assert node("2").parent.code == "1"
    assert AuditEntry.select().where(AuditEntry.outcome == "denied").exists()


def test_a_standing_node_is_renamed_but_never_moved(boss: Caller) -> None:
    told = bring(boss, f"{world.HOME},新名社区,community,{STREET}")
    assert (told["updated"], node(world.HOME).name) == (1, "新名社区")
    moved = bring(boss, f"{world.HOME},再改名,community,{world.FOREIGN[:9]}000")
    assert moved["errors"][0]["message"] == "上级与现有的不同；导入不能移动社区"
    assert bring(boss, f"{world.HOME},再改名,community,")["updated"] == 1, "nothing said, stays"
    assert node(world.HOME).parent.code == STREET


def test_a_code_that_was_taken_meanwhile_costs_its_row_only(boss: Caller) -> None:
    rows = [f"{code},社区{code},community,{STREET}" for code in "abc"]
    raw = "\n".join([HEADER, *rows]).encode()
    run = Import(boss.through("import"), communities, sheets.read(io.BytesIO(raw)), {})
    job = run.begin(title="导入", asked={})
    judge = run.judge
    write_one = {"code": "b", "name": "抢先", "kind": "community", "parent": {"code": STREET}}

    def judged() -> Any:
        found = judge()
        rows_of = found.judge

        def late(some: Any) -> Any:
            rows = rows_of(some)
            write(communities, "create", boss, write_one)
            return rows

        found.judge = late  # type: ignore[method-assign]  # somebody is quicker than the file
        return found

    run.judge = judged  # type: ignore[method-assign]  # as above
    for _piece in run.carry_out(job, skip_invalid=True):
        continue
    assert (job.created, job.failed) == (2, 1)
    assert node("b").name == "抢先"


GUIDE = Path(__file__).parents[3] / "docs" / "administrator" / "communities.md"
TABLES = {
    "provinces": "code,name\n44,广东省\n62,甘肃省",
    "cities": "code,name,provinceCode\n4419,东莞市,44\n6201,兰州市,62",
    "areas": "code,name,cityCode,provinceCode\n441900,东莞市,4419,44\n620102,城关区,6201,62",
    "streets": "code,name,areaCode,provinceCode,cityCode\n441900003,东城街道,441900,44,4419",
    "villages": "code,name,streetCode\n441900003001,岗贝社区,441900003",
}


def test_the_guide_joins_five_tables_to_one_that_comes_in(
    empty_instance: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, told in TABLES.items():
        (tmp_path / f"{name}.csv").write_text(told + "\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    (script,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    exec(script, {})  # noqa: S102 – what the guide tells people to run
    boss = world.boss(empty_instance)
    done = import_table(boss, communities, tmp_path / "divisions.csv", skip_invalid=True)
    assert (done["created"], [error["row"] for error in done["errors"]]) == (7, [6])
    assert node("441900003001").parent.parent.kind == "city"
