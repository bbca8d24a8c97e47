"""Decrees about the tree: who may, what is refused and why, who is told."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from lifang.builtin.households import households
from lifang.builtin.places import communities
from lifang.entities.audit import AuditChange, AuditEntry
from lifang.entities.caller import Caller
from lifang.entities.community import Community, CommunityCode, CommunityEdge, CommunitySuccessor
from lifang.events.tables import EventRow, EventScope
from lifang.kit import clock, json
from lifang.kit.errors import Conflict, Forbidden, Invalid, LifangError, NotFound
from lifang.services.gateway import preview, write
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.builtin.trees import BASIS, YEAR, decree, node, plant

Make = Callable[..., Caller]
STREET, XIYUAN = "620102001000", "620103001000"
TODAY = clock.today()
TWO = "e1 东社区\ne2 西社区: g1"


@pytest.fixture
def grid(boss: Caller) -> Community:
    return plant(boss, "g1", "grid", world.HOME)


def household(boss: Caller, code: str, number: str = "1-101") -> Any:
    return write(households, "create", boss, {"number": number, "community": {"code": code}})


REFUSED: list[tuple[str, str, dict[str, Any], str]] = [
    ("transfer", world.HOME, {"parent": world.NEIGHBOUR}, "大一级"),
    ("transfer", world.CHENGGUAN, {"parent": STREET}, "大一级"),
    ("transfer", world.HOME, {"parent": STREET}, "已在「酒泉路街道」之下"),
    ("transfer", world.HOME, {"parent": XIYUAN, "date": "2999-01-01"}, "不能晚于今天"),
    ("transfer", world.HOME, {"parent": XIYUAN, "basis": " "}, "1 个字段"),
    ("merge", world.HOME, {"into": world.HOME}, "另一个同类别"),
    ("merge", world.HOME, {"into": STREET}, "另一个同类别"),
    ("close", world.HOME, {}, "还有 1 个下级没有停用：名g1"),
    ("reopen", world.HOME, {}, "没有停用"),
    ("recode", world.HOME, {"code": world.NEIGHBOUR}, "已被使用"),
    ("recode", world.HOME, {"code": world.HOME}, "没有变化"),
    ("recode", world.HOME, {"code": "9" * 41}, "1 个字段"),
    ("rename", world.HOME, {"name": "畅家巷社区"}, "没有变化"),
    ("split", world.HOME, {"into": "e1 东社区: g1"}, "至少两个"),
    ("split", world.HOME, {"into": "e1 东社区: g1\ne2 西社区: g1"}, "只写一次；请核对：g1"),
    ("split", world.HOME, {"into": "e1 东社区\ne2 西社区"}, "只写一次；请核对：g1"),
    ("split", world.HOME, {"into": "e1 东社区: g1 g9\ne2 西社区"}, "请核对：g9"),
    ("split", world.HOME, {"into": "e1 东 60%: g1\ne2 西社区"}, "合计 100%"),
    ("split", world.HOME, {"into": "e1 东 60%: g1\ne2 西 30%"}, "合计 100%"),
    ("split", world.HOME, {"into": "e1 东 100%: g1\ne2 西 0%"}, "合计 100%"),
    ("split", world.HOME, {"into": "e1: g1\ne2 西社区"}, "没有代码为「e1」"),
    ("split", world.HOME, {"into": f"e1 东社区: g1\n{world.NEIGHBOUR} 西社区"}, "已被使用"),
    ("split", world.HOME, {"into": f"e1 东社区: g1\n{STREET}"}, "另一个同类别"),
    ("split", world.HOME, {"into": f"{world.NEIGHBOUR}: g1\n{world.NEIGHBOUR}"}, "写了两次"),
    ("split", world.HOME, {"into": ": g1\ne2 西社区"}, "看不懂"),
]


@pytest.mark.parametrize(("verb", "code", "given", "sentence"), REFUSED)
def test_what_cannot_be_is_refused_in_a_clear_sentence_and_leaves_nothing(
    boss: Caller, grid: Community, verb: str, code: str, given: dict[str, Any], sentence: str
) -> None:
    tables = (Community, CommunityEdge, CommunityCode, CommunitySuccessor, EventRow)
    before = [list(table.select().tuples()) for table in tables]
    given = {"date": str(TODAY), "basis": BASIS, **given}
    for name in ("parent", "into"):
        if name in given and " " not in given[name] and verb != "split":
            given[name] = {"code": given[name]}
    with pytest.raises(LifangError, match=sentence):
        write(communities, verb, boss, given, int(node(code).id))
    assert [list(table.select().tuples()) for table in tables] == before


def test_a_date_lies_after_the_last_change_of_what_it_changes(
    boss: Caller, grid: Community
) -> None:
    decree(boss, "transfer", world.HOME, YEAR, parent={"code": XIYUAN})
    early = YEAR - dt.timedelta(days=1)
    with pytest.raises(Invalid, match=f"在 {YEAR} 设立或有过变动"):
        decree(boss, "transfer", world.HOME, early, parent={"code": STREET})
    decree(boss, "rename", world.HOME, early, name="新名")  # what it is called did not change then
    decree(boss, "transfer", world.HOME, YEAR, parent={"code": STREET})
    decree(boss, "transfer", "g1", YEAR, parent={"code": world.NEIGHBOUR})
    with pytest.raises(Invalid, match="变动"):
        decree(boss, "merge", world.NEIGHBOUR, early, into={"code": world.HOME})
    new = write(communities, "create", boss, {"code": "n1", "name": "新", "kind": "community",
                "parent": {"code": STREET}, "valid_from": str(YEAR)})  # fmt: skip
    with pytest.raises(Invalid, match="「新」在"):
        decree(boss, "merge", world.HOME, early, into=int(new.id))
    decree(boss, "merge", world.HOME, YEAR, into=int(new.id))


def test_a_closed_node_is_only_opened_again_and_one_that_others_followed_never_is(
    boss: Caller, grid: Community
) -> None:
    decree(boss, "close", grid, YEAR)
    for verb, given in (("rename", {"name": "新"}), ("recode", {"code": "x"}), ("close", {}),
                        ("transfer", {"parent": {"code": world.NEIGHBOUR}}),
                        ("merge", {"into": {"code": world.HOME}}),
                        ("split", {"into": TWO})):  # fmt: skip
        with pytest.raises(Conflict, match=f"已于 {YEAR} 停用"):
            decree(boss, verb, grid, TODAY, **given)
    with pytest.raises(Invalid, match="日期不能更早"):
        decree(boss, "reopen", grid, YEAR - dt.timedelta(days=1))
    again = decree(boss, "reopen", grid, TODAY, parent={"code": world.NEIGHBOUR})
    assert (again.valid_to, again.parent.code) == (None, world.NEIGHBOUR)
    decree(boss, "close", grid, TODAY)
    plant(boss, "g1", "grid", world.HOME)
    with pytest.raises(Conflict, match="已被使用"):
        decree(boss, "reopen", grid, TODAY)
    gone = node(world.HOME)
    decree(boss, "merge", gone, TODAY, into={"code": world.NEIGHBOUR})
    with pytest.raises(Conflict, match="接续"):
        decree(boss, "reopen", gone, TODAY)
    decree(boss, "recode", node("g1"), TODAY, code="g9")
    decree(boss, "close", "g9", TODAY)
    decree(boss, "close", world.NEIGHBOUR, TODAY)
    with pytest.raises(Invalid, match="原来的上级已停用"):
        decree(boss, "reopen", grid, TODAY)


def test_closing_and_moving_are_decrees_and_no_corrections(boss: Caller, grid: Community) -> None:
    for wrong in ({"valid_to": str(YEAR)}, {"parent": {"code": world.NEIGHBOUR}}):
        with pytest.raises(Invalid) as refused:
            write(communities, "update", boss, wrong, int(grid.id))
        assert [error.code for error in refused.value.errors] == ["locked"]
    write(communities, "update", boss, {"name": "改正", "code": "g1x"}, int(grid.id))
    (row,) = CommunityCode.select().where(CommunityCode.community == grid)
    assert (row.code, row.name, row.from_date, row.to_date) == ("g1x", "改正", None, None)
    decree(boss, "close", grid, YEAR)
    saved = write(communities, "update", boss, {"class_code": "111"}, int(grid.id))
    assert (saved.valid_to, saved.class_code) == (YEAR, "111")


def test_who_takes_over_must_be_within_the_same_rights(
    instance: Instance, caller: Make, boss: Caller, grid: Community
) -> None:
    district = caller("district_admin", at=world.CHENGGUAN)
    for verb, given in (("transfer", {"parent": {"code": XIYUAN}}),
                        ("merge", {"into": {"code": world.FOREIGN}})):  # fmt: skip
        with pytest.raises(Invalid, match="不存在，或您看不到它"):
            decree(district, verb, world.HOME, TODAY, **given)
    both = district.standings + caller("grid_worker", at=world.QILIHE).standings
    reader = dataclasses.replace(district, standings=both)
    for verb, given in (("transfer", {"parent": {"code": XIYUAN}}),
                        ("merge", {"into": {"code": world.FOREIGN}}),
                        ("split", {"into": f"e1 东社区: g1\n{world.FOREIGN}"})):  # fmt: skip
        with pytest.raises(Forbidden, match="没有对它"):
            decree(reader, verb, world.HOME, TODAY, **given)
    worker = caller("subdistrict_admin", at=STREET)
    with pytest.raises(Forbidden):
        decree(worker, "rename", world.HOME, TODAY, name="新")
    with pytest.raises(NotFound):
        decree(caller("district_admin", at=world.QILIHE), "close", grid, TODAY)
    decree(district, "merge", world.HOME, TODAY, into={"code": world.NEIGHBOUR})
    assert node("g1").parent.code == world.NEIGHBOUR


def events(after: int) -> dict[tuple[str, int], tuple[Any, set[str]]]:
    """What was told since, by type and record: the data, and the codes of the places."""
    found = {}
    for row in EventRow.select().where(EventRow.pos > after):
        places = EventScope.select().where(EventScope.pos == row.pos)
        codes = {Community.get_by_id(place.community_id).code for place in places}
        data = json.loads_strict(row.data.encode())
        found[row.type.split(".", 1)[1], int(row.agg.split("/")[1])] = (data, codes)
    return found


def last() -> int:
    return int(EventRow.select().order_by(EventRow.pos.desc()).get().pos)


def test_every_change_is_told_in_both_places_and_audited_with_its_basis(
    boss: Caller, grid: Community
) -> None:
    home = node(world.HOME)
    street, xiyuan = node(STREET), node(XIYUAN)
    pos = last()
    decree(boss, "transfer", home, YEAR, parent=int(xiyuan.id))
    data, codes = events(pos)["community.transferred", int(home.id)]
    assert data == {"parent": xiyuan.id, "date": str(YEAR), "basis": BASIS,
                    "old": street.id, "new": xiyuan.id}  # fmt: skip
    assert {world.HOME, STREET, XIYUAN} <= codes
    entry = AuditEntry.select().where(AuditEntry.verb == "transfer").get()
    assert (entry.reason, entry.record) == (BASIS, home.id)
    changed = AuditChange.get(AuditChange.entry == entry, AuditChange.field == "parent")
    assert (changed.before, changed.after) == (str(street.id), str(xiyuan.id))


def test_what_lay_in_a_merged_or_split_node_is_told_to_have_moved(
    boss: Caller, grid: Community
) -> None:
    home, pos = node(world.HOME), last()
    decree(boss, "merge", home, YEAR, into={"code": world.FOREIGN})
    told_of = events(pos)
    assert told_of["community.merged", int(home.id)][1] >= {world.HOME, world.FOREIGN}
    moved, codes = told_of["community.transferred", int(grid.id)]
    assert (moved["old"], moved["new"]) == (home.id, node(world.FOREIGN).id)
    assert moved["basis"] == BASIS
    assert codes >= {"g1", world.HOME, world.FOREIGN}
    pos = last()
    decree(boss, "split", world.FOREIGN, YEAR, into=f"e1 东社区: g1\n{world.NEIGHBOUR}")
    data, codes = events(pos)["community.split", int(node(world.FOREIGN, closed=True).id)]
    assert data["into"] == [node("e1").id, node(world.NEIGHBOUR).id]
    assert codes >= {world.FOREIGN, "e1", world.NEIGHBOUR}
    assert ("community.transferred", int(grid.id)) in events(pos)


def test_names_codes_and_closings_are_told(boss: Caller, grid: Community) -> None:
    decree(boss, "split", world.HOME, TODAY, into="e1 东社区: g1\ne2 西社区")
    pos = last()
    decree(boss, "rename", "e1", TODAY, name="新东社区")
    decree(boss, "recode", "e1", TODAY, code="e9")
    decree(boss, "close", "g1", TODAY)
    decree(boss, "reopen", grid, TODAY)
    names = {name.split(".")[1] for name, _record in events(pos)}
    assert names == {"renamed", "recoded", "closed", "opened"}
    assert events(pos)["community.recoded", int(node("e9").id)][0]["old_code"] == "e1"


def test_a_preview_says_how_much_is_concerned_and_is_refused_as_the_act(
    boss: Caller, grid: Community, caller: Make
) -> None:
    household(boss, "g1")
    given = {"into": {"code": world.NEIGHBOUR}, "date": str(TODAY), "basis": BASIS}
    shown = preview(communities, "merge", boss, given, int(node(world.HOME).id))
    (section,) = shown.sections
    assert dict(section.rows) == {"社区": "2", "户": "1"}
    assert node(world.HOME).valid_to is None
    for refused in ({**given, "date": "2999-01-01"}, {**given, "into": {"code": STREET}}):
        with pytest.raises(Invalid):
            preview(communities, "merge", boss, refused, int(node(world.HOME).id))
    secretary = caller("community_secretary", at=STREET)
    with pytest.raises(Forbidden):
        preview(communities, "merge", secretary, given, int(node(world.HOME).id))


def test_shares_of_a_split_are_kept_and_equal_where_none_are_said(
    boss: Caller, grid: Community
) -> None:
    decree(boss, "split", "g1", TODAY, into="h1 网格 1 62.5%；h2 网格 2 37.5％")
    decree(boss, "split", world.HOME, TODAY, into="e1 东：h1；e2 西：h2")
    rows = CommunitySuccessor.select().order_by(CommunitySuccessor.id)
    assert [(row.new.code, row.new.name, row.share) for row in rows] == [
        ("h1", "网格 1", 0.625), ("h2", "网格 2", 0.375), ("e1", "东", 0.5), ("e2", "西", 0.5)
    ]  # fmt: skip
    made = rows[2].new
    assert (made.kind, made.valid_from, made.parent.code) == ("community", TODAY, STREET)
