"""A small real plugin with a desk: tasks of a community, of an organization, and who takes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import peewee as pw

import lifang as lf
from lifang.entities.community import Community
from lifang.plugins.tables import Activation, PluginRow, bump_epoch
from lifang.services.instance import Instance


class Task(lf.Record):
    """Something to be done somewhere, perhaps for an organization or by somebody."""

    title = pw.CharField(max_length=60, verbose_name="事项")
    community = lf.place("社区")
    organization = lf.ref(lf.Organization, "单位", null=True)
    person = lf.ref(lf.Person, "承办人", null=True)
    minutes = pw.IntegerField(default=0, verbose_name="用时（分钟）")
    due_on = lf.DayField(null=True, verbose_name="期限")
    begins = lf.InstantField(null=True, verbose_name="开始")
    state = lf.State("状态", open="待办", done="已办", dropped="已放弃")

    class Meta:
        table_name = "tasks_task"


class Claim(lf.Record):
    """Somebody's word to take a task."""

    task = lf.ref(Task, "事项")
    person = lf.ref(lf.Person, "认领人")
    note = pw.CharField(max_length=60, null=True, verbose_name="备注")

    class Meta:
        table_name = "tasks_claim"


@lf.action("办结", moves={"open": "done"})
def finish(task: Task, caller: lf.Caller, *, minutes: int | None = None) -> None:
    """It is done; nobody has to say how long it took."""
    if task.title == "难办":
        raise lf.Conflict("这件事还缺材料")
    task.minutes = minutes if minutes is not None else task.minutes


@lf.action("放弃", moves={"open": "dropped"}, waits=False)
def drop(task: Task, caller: lf.Caller) -> None:
    """Nobody is expected to."""


@lf.action("改期", event="postponed")
def postpone(task: Task, caller: lf.Caller, *, reason: str) -> None:
    """Later, for a reason."""


tasks = lf.Resource(
    Task,
    label="事项",
    title="title",
    owner="person",
    unit="organization",
    actions=[finish, drop, postpone],
    open=True,
    roles={
        "resident": "read read:own finish:own",
        "unit_liaison": "read:unit create:unit drop:unit",
        "community_worker": "read create update finish drop postpone export",
    },
)
claims = lf.Resource(
    Claim,
    label="认领",
    scope=lf.Via("task"),
    owner="person",
    roles={"resident": "read:own create:own", "community_worker": "read create"},
)
trouble: list[str] = []


def open_or_broken() -> str:
    """What the filter of a panel says, or how its author erred."""
    if trouble:
        raise RuntimeError(trouble[0])
    return "open"


panel = lf.Desk.panel
desk = lf.Desk([
    panel(
        "待办事项", tasks, {"state": open_or_broken}, columns=("title", "person", "created_at"),
        actions=("finish", "postpone", "drop"), empty="都办完了。", limit=2,
        create={"title": "新事项"}, total="minutes", over=60, unit="小时",
    ),
    panel(
        "今天到期", tasks, {"state": "open", "due_on__lte": lf.today}, columns=("title", "due_on")
    ),
    panel("今天开始", tasks, {"begins__gte": lf.today, "begins__lte": lf.today}, sort="-id"),
    panel("本单位的事项", tasks, {"state": ["open", "done"]}, reach="unit", actions=("drop",)),
    panel(
        "我承办的", tasks, {"state": "open"}, reach="own", columns=("title", "state"),
        actions=("finish",), total="minutes", empty="没有您承办的事项。",
    ),
    panel(
        "附近的事项", tasks, {"person__isnull": True, "state": "open"}, reach="home",
        columns=("title", "community"), choose=("认领", claims), empty="附近没有要认领的事项。",
    ),
    panel("我的认领", claims, reach="own", columns=("task.title", "task.due_on", "note")),
])  # fmt: skip


def open_tasks(instance: Instance, *, at: str) -> lf.Plugin:
    """Register the plugin and switch it on at a community."""
    instance.database.engine.create_tables([Task, Claim])
    plugin = lf.Plugin(
        "tasks", "社区事项", resources=[tasks, claims], desk=desk, folder=Path(__file__).parent
    )
    instance.plugins.register(plugin)
    with instance.database.transaction():
        told = {"state": "installed", "changed_at": lf.now()}
        PluginRow.create(name="tasks", label="社区事项", version="1", **told)
        node = Community.get(Community.code == at)
        Activation.create(plugin="tasks", community=node, on=True, changed_at=lf.now())
        bump_epoch()
    instance.plugins.refresh()
    return plugin


def task(caller: Any, title: str, at: str, **told: Any) -> int:
    """A task, by its number."""
    return int(
        lf.write(tasks, "create", caller, {"title": title, "community": {"code": at}, **told}).id
    )
