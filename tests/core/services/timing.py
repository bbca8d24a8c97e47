"""A small real plugin whose records have timers and deadlines, and a handler that notes them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import peewee as pw

import lifang as lf
from lifang.entities.community import Community
from lifang.plugins.tables import Activation, PluginRow, bump_epoch
from lifang.services.delivery import let_in
from lifang.services.instance import Instance

SHANGHAI = ZoneInfo("Asia/Shanghai")
OVERDUE, REMINDED = "desk.case.overdue", "desk.case.reminded"


class Case(lf.Record):
    """Something a community has promised to answer."""

    title = pw.CharField(max_length=60, verbose_name="事由")
    community = lf.place("社区")
    state = lf.State("状态", open="待办", done="已办")

    class Meta:
        table_name = "desk_case"


class Noted(pw.Model):
    """What the handler was told."""

    type = pw.CharField()
    subject = pw.IntegerField()
    seq = pw.IntegerField()

    class Meta:
        database = Case._meta.database
        table_name = "desk_noted"


@lf.action("提醒", event="asked")
def remind(case: Case, caller: lf.Caller, *, hour: int, fail: bool = False) -> lf.Data:
    """Ask to be reminded at an hour of the first of March."""
    at = dt.datetime(2027, 3, 1, hour, tzinfo=SHANGHAI)
    lf.timer(case, caller, "reminded", at, note=f"{hour} 点")
    if fail:
        raise lf.Conflict("不行")
    return {}


@lf.action("受理", event="accepted")
def accept(case: Case, caller: lf.Caller, *, day: dt.date, working_days: int = 5) -> lf.Data:
    """Take a case on: it is to be answered within so many working days."""
    lf.deadline(case, caller, "overdue", start=day, working_days=working_days)
    return {}


@lf.action("办结", moves={"open": "done"})
def close(case: Case, caller: lf.Caller) -> None:
    """Answer a case: nothing is overdue any more."""
    lf.timer(case, caller, "overdue", None)
    lf.timer(case, caller, "reminded", None)


cases = lf.Resource(
    Case,
    label="事项",
    actions=[accept, remind, close],
    roles={"community_worker": "read create update remove accept remind close"},
    timers=["overdue", "reminded"],
)


@lf.on(OVERDUE, REMINDED)
def notes(event: lf.Event, caller: lf.Caller) -> None:
    """Write down what was told."""
    Noted.create(type=event.type, subject=event.subject, seq=event.sequence)


def declare() -> lf.Plugin:
    return lf.Plugin(
        "desk", "窗口", resources=[cases], handlers=[notes], folder=Path(__file__).parent
    )


def open_desk(instance: Instance, *, at: str) -> lf.Plugin:
    """Register the plugin and switch it on at a community."""
    instance.database.engine.create_tables([Case, Noted])
    plugin = declare()
    instance.plugins.register(plugin)
    with instance.database.transaction():
        PluginRow.create(
            name="desk", label="窗口", version="1", state="installed", changed_at=lf.now()
        )
        let_in(plugin)
    switch(instance, at, on=True)
    return plugin


def switch(instance: Instance, at: str, *, on: bool) -> None:
    """Turn the plugin's switch at a community."""
    with instance.database.transaction():
        node = Community.get(Community.code == at)
        Activation.delete().where(Activation.community == node).execute()
        Activation.create(plugin="desk", community=node, on=on, changed_at=lf.now())
        bump_epoch()
    instance.plugins.refresh()


def noted() -> list[Any]:
    """What the handler was told, in order."""
    return list(Noted.select(Noted.type, Noted.subject, Noted.seq).order_by(Noted.id).tuples())
