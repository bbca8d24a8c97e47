"""A real change, replayed: a year of Lanzhou, seen from everywhere before, on and after the day."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine

import lifang
from lifang.builtin.households import households
from lifang.builtin.people import affiliations, organizations, people
from lifang.builtin.places import communities
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.services import reading
from lifang.services.exchange import export, import_table
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.services.query import Query, find_community
from lifang.testing import world
from tests.core.builtin.trees import at, decree, node, told

DIVISIONS = Path(lifang.__file__).parent / "builtin/data/lanzhou-divisions.csv"
CHENGGUAN, QILIHE = "620102000000", "620103000000"
JIUQUAN, ZHANGYE, XIYUAN = "620102001000", "620102002000", "620103001000"
EAST = "620102091000"
PLANTED, SPLIT, MERGED, RENAMED, MOVED, LAST = (
    dt.date(2026, 1, 10), dt.date(2026, 3, 1), dt.date(2026, 4, 1), dt.date(2026, 5, 1),
    dt.date(2026, 6, 1), dt.date(2026, 7, 1))  # fmt: skip


def places(*streets: str) -> list[str]:
    """The codes of communities as they were published."""
    with DIVISIONS.open(encoding="utf-8-sig") as file:
        rows = [row for row in csv.DictReader(file) if row["parent_code"] in streets]
    return [row["code"] for row in rows]


OURS = [*places(JIUQUAN), *places(ZHANGYE), *places(XIYUAN)]


@pytest.fixture
def day() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(dt.datetime(2026, 1, 10, 9, tzinfo=dt.UTC), tick=False) as traveller:
        yield traveller


def go_to(day: Any, date: dt.date) -> None:
    day.move_to(dt.datetime(date.year, date.month, date.day, 9, tzinfo=dt.UTC))


def register(boss: Caller, date: dt.date) -> None:
    """Leave a household and somebody who lives there in every community that stands."""
    standing = [code for code in OURS if Community.get_or_none(
        Community.code == code, Community.valid_to.is_null())]  # fmt: skip
    for code in standing:
        home = {"code": code}
        write(households, "create", boss, {"number": f"{code}/{date}", "community": home})
        write(people, "create", boss, {"name": f"{code}/{date}", "community": home})


def seen(caller: Caller, **asked: Any) -> set[str]:
    """The communities and days of what a caller sees; households and people alike."""
    found = told(caller, households, "number", **asked)
    assert told(caller, people, "name", **asked) == found
    return found


def of(*codes: str, days: tuple[dt.date, ...]) -> set[str]:
    return {f"{code}/{date}" for code in codes for date in days}


@pytest.fixture
def lanzhou(empty_instance: Instance, day: Any) -> Instance:
    boss = world.boss(empty_instance)
    assert import_table(boss, communities, DIVISIONS)["created"] == 1304
    register(boss, PLANTED)
    office = {"name": "酒泉路综治中心", "kind": "government", "no_uscc_reason": "内设机构"}
    write(organizations, "create", boss, {**office, "community": {"code": JIUQUAN}})
    return empty_instance


def replay(instance: Instance, day: Any) -> dict[str, Community]:
    """What the city decreed that year; every day before its decree, something was registered."""
    boss = world.boss(instance)
    old = node(JIUQUAN)
    go_to(day, SPLIT)
    parts = f"{EAST} 酒泉路东街道: 620102001001 620102001002\n{JIUQUAN} 酒泉路街道："
    parts += "620102001003、620102001004，620102001005"
    decree(boss, "split", JIUQUAN, SPLIT, into=parts)
    register(boss, SPLIT)
    go_to(day, MERGED)
    gone = node("620102001004")
    decree(boss, "merge", gone, MERGED, into={"code": "620102001005"})
    register(boss, MERGED)
    go_to(day, RENAMED)
    decree(boss, "rename", "620102002001", RENAMED, name="陇西新村社区")
    register(boss, RENAMED)
    go_to(day, MOVED)
    decree(boss, "transfer", "620102002002", MOVED, parent={"code": XIYUAN})
    register(boss, MOVED)
    return {"old": old, "gone": gone, "east": node(EAST), "west": node(JIUQUAN)}


ALL = (PLANTED, SPLIT, MERGED, RENAMED, MOVED)
UNTIL_MERGED = (PLANTED, SPLIT)


def test_everybody_sees_what_is_theirs_today_and_nothing_else(lanzhou: Instance, day: Any) -> None:
    old = node(JIUQUAN)
    street = at(lanzhou, "subdistrict_admin", old)
    before = of(*places(JIUQUAN), days=(PLANTED,))
    assert seen(street) == before
    assert told(street, organizations, "name") == {"酒泉路综治中心"}
    now = replay(lanzhou, day)
    mine = {
        "east": of("620102001001", "620102001002", days=ALL),
        "west": of("620102001003", "620102001005", days=ALL)
        | of("620102001004", days=UNTIL_MERGED),
        "old": set[str](),
        "gone": of("620102001004", days=UNTIL_MERGED),
    }
    for name, found in mine.items():
        assert seen(at(lanzhou, "subdistrict_admin", now[name])) == found, name
    heir = at(lanzhou, "community_worker", node("620102001005"))
    assert seen(heir) == mine["gone"] | of("620102001005", days=ALL)
    zhangye = set(places(ZHANGYE)) - {"620102002002"}
    assert seen(at(lanzhou, "subdistrict_admin", node(ZHANGYE))) == of(*zhangye, days=ALL)
    moved = of("620102002002", days=ALL)
    xiyuan = of(*places(XIYUAN), days=ALL) | moved
    assert seen(at(lanzhou, "subdistrict_admin", node(XIYUAN))) == xiyuan
    assert seen(at(lanzhou, "community_worker", node("620102002002"))) == moved
    assert seen(at(lanzhou, "district_admin", node(QILIHE))) == xiyuan
    chengguan = mine["east"] | mine["west"] | of(*zhangye, days=ALL)
    assert seen(at(lanzhou, "district_admin", node(CHENGGUAN))) == chengguan
    # what lay at the split street itself waits there, and is seen from above and by its own
    for caller in (at(lanzhou, "district_admin", node(CHENGGUAN)),
                   at(lanzhou, "subdistrict_admin", now["old"])):  # fmt: skip
        assert told(caller, organizations, "name") == {"酒泉路综治中心"}
    for name in ("east", "west"):
        assert told(at(lanzhou, "subdistrict_admin", now[name]), organizations, "name") == set()


def test_the_permissions_turn_on_the_day_itself(lanzhou: Instance, day: Any) -> None:
    boss, moving = world.boss(lanzhou), of("620102002002", days=(PLANTED,))
    left, taken = (at(lanzhou, "subdistrict_admin", node(code)) for code in (ZHANGYE, XIYUAN))
    go_to(day, MOVED)
    assert seen(left) & moving == moving
    assert seen(taken) & moving == set()
    decree(boss, "transfer", "620102002002", MOVED, parent={"code": XIYUAN})
    assert seen(left) & moving == set()
    assert seen(taken) & moving == moving


def test_reports_of_then_and_of_now_both_add_up(lanzhou: Instance, day: Any) -> None:
    now, boss = replay(lanzhou, day), world.boss(lanzhou)
    go_to(day, LAST)
    then = f"{JIUQUAN}@2026-02-01"
    assert seen(boss, within=then, as_of="then") == of(*places(JIUQUAN), days=(PLANTED,))
    assert seen(boss, within=then) == set()
    later = (SPLIT, MERGED, RENAMED, MOVED)
    assert seen(boss, within=EAST) == of("620102001001", "620102001002", days=ALL)
    assert seen(boss, within=EAST, as_of="then") == of(
        "620102001001", "620102001002", days=later)  # fmt: skip
    west = of("620102001003", "620102001005", days=later) | of("620102001004", days=(SPLIT,))
    assert seen(boss, within=JIUQUAN, as_of="then") == west
    taken = of("620102001004", days=UNTIL_MERGED)
    assert seen(boss, within="620102001005") == of("620102001005", days=ALL) | taken
    assert seen(boss, within="620102001005", as_of="then") == of("620102001005", days=ALL)
    assert seen(boss, within="620102001004", as_of="then") == taken
    moved = of("620102002002", days=(MOVED,))
    before = of("620102002002", days=ALL) - moved
    xiyuan, zhangye = of(*places(XIYUAN), days=ALL), of(*places(ZHANGYE), days=ALL)
    assert seen(boss, within=XIYUAN) == xiyuan | moved | before
    assert seen(boss, within=XIYUAN, as_of="then") == xiyuan | moved
    assert seen(boss, within=ZHANGYE) == zhangye - moved - before
    assert seen(boss, within=ZHANGYE, as_of="then") == zhangye - moved
    everything = seen(boss)
    for view in ("now", "then"):
        districts = [seen(boss, within=code, as_of=view) for code in (CHENGGUAN, QILIHE)]
        assert sum(map(len, districts)) == len(everything)
        assert set.union(*districts) == everything
    # what a district gave away it does not see any more, as it was then neither
    own = at(lanzhou, "district_admin", node(CHENGGUAN))
    report = seen(own, within=CHENGGUAN, as_of="then")
    assert report == seen(boss, within=CHENGGUAN, as_of="then") - before
    assert now["old"].id != now["west"].id


def test_an_export_follows_the_tree_of_its_rows(lanzhou: Instance, day: Any) -> None:
    replay(lanzhou, day)
    boss = world.boss(lanzhou)
    for view, days in (("then", (MOVED,)), ("now", ALL)):
        raw = b"".join(export(boss, households, Query(within=XIYUAN, as_of=view), form="csv"))
        rows = csv.DictReader(io.StringIO(raw.decode("utf-8-sig")))
        assert {row["number"] for row in rows} == of(*places(XIYUAN), days=ALL) | of(
            "620102002002", days=days)  # fmt: skip


def test_codes_and_names_are_found_as_of_their_day(lanzhou: Instance, day: Any) -> None:
    now, boss = replay(lanzhou, day), world.boss(lanzhou)

    def found(code: str) -> Any:
        node = find_community(boss, code, past=True)
        return node and node.id

    assert found(JIUQUAN) == found(f"{JIUQUAN}@{SPLIT}") == now["west"].id
    assert found(f"{JIUQUAN}@2026-02-28") == now["old"].id
    assert found("620102001004") == now["gone"].id
    assert found(f"620102001004@{MERGED}") is None
    assert found(f"{JIUQUAN}@no-day") is None
    assert find_community(boss, "620102001004") is None
    decree(boss, "recode", "620102001003", MOVED, code="620102001093")
    assert found("620102001003") == found("620102001093")
    view = reading.view(boss, communities, found("620102002001"))
    assert view["name"] == "陇西新村社区"


def test_what_waits_at_the_split_street_is_listed_and_placed(lanzhou: Instance, day: Any) -> None:
    now, boss = replay(lanzhou, day), world.boss(lanzhou)
    waiting = Query(within=f"{JIUQUAN}@2026-02-01", filters=(("unassigned", "", ("true",)),))
    district = at(lanzhou, "district_admin", node(CHENGGUAN))
    (link,) = reading.find(district, affiliations, waiting).items
    assert [one["name"] for one in reading.find(district, organizations, waiting).items] == [
        "酒泉路综治中心"]  # fmt: skip
    assert link["community"]["closed"] is True
    write(affiliations, "place", district, {"community": {"code": EAST}}, link["id"])
    for resource in (affiliations, organizations, households, people):
        assert reading.count(boss, resource, Query(filters=waiting.filters)) == 0
    east = at(lanzhou, "subdistrict_admin", now["east"])
    assert told(east, organizations, "name") == {"酒泉路综治中心"}
    asked = {"within": f"{JIUQUAN}@2026-02-01", "as_of": "then"}
    assert told(boss, organizations, "name", **asked) == {"酒泉路综治中心"}
    assert told(boss, organizations, "name", within=EAST, as_of="then") == set()
