"""A small plugin with sheets: who of which unit visited where, on paper of a place or a unit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import peewee as pw

import lifang as lf
from lifang.entities.community import Community
from lifang.plugins.tables import Activation, PluginRow, bump_epoch
from lifang.services.instance import Instance
from lifang.testing import world


class Visit(lf.Record):
    """Somebody came on a day."""

    person = lf.ref(lf.Person, "人员", null=True)
    unit = lf.ref(lf.Organization, "单位", null=True)
    community = lf.place("社区")
    day = lf.DayField(verbose_name="日期")
    remark = pw.CharField(max_length=60, null=True, verbose_name="备注")
    phone = lf.Sensitive("现场电话", kind="phone")
    state = lf.State("状态", noted="已记", locked="已锁定")
    person_id: int

    class Meta:
        table_name = "rollbook_visit"


visits = lf.Resource(
    Visit, label="到访", owner="person", unit="unit", dated="day",
    roles={
        "resident": "read:own",
        "unit_liaison": "read:unit export:unit",
        "grid_worker": "read",
        "community_worker": "create update export",
        "district_admin": "export_full",
    },
)  # fmt: skip
asked_how_often: list[int] = []


def times(records: Sequence[Visit], asked: lf.Sheet.Asked) -> dict[int, int]:
    """How often whoever is on the page came in all."""
    asked_how_often.append(len(records))
    people = [one.person_id for one in records if one.person_id is not None]
    query: Any = Visit.select(Visit.person, pw.fn.COUNT(Visit.id)).group_by(Visit.person)
    found = dict(query.where(*asked.only(visits, ever=True, person=people)).tuples())
    return {int(one.id): found[one.person_id] for one in records if one.person_id in found}


def days(asked: lf.Sheet.Asked) -> Iterator[tuple[Any, ...]]:
    """Each day with how many came."""
    query: Any = Visit.select(Visit.day, pw.fn.COUNT(Visit.id)).group_by(Visit.day)
    for day, count in query.where(*asked.only(visits)).order_by(Visit.day).tuples():
        yield day, count, count > 1


def in_all(asked: lf.Sheet.Asked) -> str:
    """How many there were."""
    return f"共 {sum(1 for _one in asked.each(visits))} 次"


COLUMNS = (
    ("日期", "day"), ("姓名", "person.name"), ("电话", "person.phone"), ("现场电话", "phone"),
    ("住处", "person.community.name"), ("单位", "unit"), ("备注", "remark"), ("到访次数", times),
)  # fmt: skip
register = lf.Sheet(
    "rollbook.register", "到访登记表", of=visits, columns=COLUMNS, order="-day",
    by=("place", "unit"), period=True, note="只列已登记的到访。",
)  # fmt: skip
locked = lf.Sheet(
    "rollbook.locked",
    "锁定名单",
    of=visits,
    columns=COLUMNS[:2],
    where={"state": "locked", "day__gte": "2020-01-01"},
)
daily = lf.Sheet(
    "rollbook.daily", "逐日统计表", of=visits, rows=days,
    headings=("日期", "次数", "不止一次"), period=True, note=in_all,
)  # fmt: skip


def open_rollbook(instance: Instance, *, at: str = world.CITY) -> lf.Plugin:
    """Register the plugin and switch it on at a community."""
    sheets = (register, locked, daily)
    folder = Path(__file__).parent / "rollbook"
    plugin = lf.Plugin("rollbook", "到访", resources=[visits], sheets=sheets, folder=folder)
    instance.plugins.register(plugin)
    with instance.database.transaction():
        instance.database.engine.create_tables([Visit])
        instance.database.settle_tables()
        PluginRow.create(
            name="rollbook", label="到访", version="1", state="installed", changed_at=lf.now()
        )
        node = Community.get(Community.code == at)
        Activation.create(plugin="rollbook", community=node, on=True, changed_at=lf.now())
        bump_epoch()
    instance.plugins.refresh()
    return plugin


def come(instance: Instance, day: str, *, at: str = world.HOME, **told: Any) -> Visit:
    """Note a visit."""
    given = {"community": {"code": at}, "day": day} | told
    given |= {key: one.id for key, one in told.items() if key in ("person", "unit")}
    return lf.write(visits, "create", world.boss(instance), given)
