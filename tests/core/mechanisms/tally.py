"""A small real plugin that reports figures: services in minutes, and volunteers who come and go."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import peewee as pw

import lifang as lf
from lifang.builtin.people import people
from lifang.entities.community import Community
from lifang.kit import json
from lifang.plugins.tables import Activation, PluginRow, bump_epoch
from lifang.services.delivery import let_in
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.testing import world


class Service(lf.Record):
    """Minutes that somebody served on a day."""

    person = lf.ref(lf.Person, "人员", null=True)
    organization = lf.ref(lf.Organization, "单位", null=True)
    community = lf.place("社区")
    day = lf.DayField(verbose_name="日期")
    minutes = pw.IntegerField(verbose_name="分钟")
    state = lf.State("状态", noted="已记", locked="已锁定")

    class Meta:
        table_name = "tally_service"


class Volunteer(lf.Record):
    """Somebody on the roll from one day to another."""

    community = lf.place("社区")
    joined = lf.DayField(verbose_name="加入")
    left = lf.DayField(null=True, verbose_name="退出")

    class Meta:
        table_name = "tally_volunteer"


@lf.action("锁定", moves={"noted": "locked"})
def lock(service: Service, caller: lf.Caller) -> None:
    """Count a service from now on."""


def as_lines(records: Iterable[Service], caller: lf.Caller, taken: Any) -> Iterator[bytes]:
    """JSON Lines: a head that says how many there are, then a line for each."""
    yield json.dumps({"number": taken.number, "within": taken.within}) + b"\n"
    for one in records:
        yield json.dumps({"id": int(one.id), "minutes": one.minutes}) + b"\n"


ROLES = {
    "community_worker": "read create update remove lock export import",
    "unit_liaison": "read:unit",
    "resident": "read:own",
}
services = lf.Resource(
    Service, label="服务", owner="person", unit="organization", dated="day",
    actions=[lock], roles=ROLES,
    formats={"lines": lf.Format("JSON Lines", "application/jsonl", "jsonl", as_lines)},
)  # fmt: skip
volunteers = lf.Resource(
    Volunteer, label="志愿者", roles={"community_worker": "read create update"}
)
least = lf.Setting("least", int, "最小人数", default=0, minimum=0)

locked = lf.Measure(services, state="locked")
minutes = lf.Measure(services, total="minutes", state="locked")
on_the_roll = lf.Measure(volunteers, standing=("joined", "left"))
count = lf.Indicator("tally.count", "服务次数", locked, unit="次", digits=0, better="higher")
per_head = lf.Indicator(
    "tally.per_head", "人均服务时长", minutes, on_the_roll, unit="小时", over=60, digits=2,
    note="已锁定的服务",
)  # fmt: skip
served = lf.Indicator(
    "tally.served", "参与人数", lf.Measure(services, distinct="person"), unit="人", digits=0
)
few = lf.Indicator("tally.few", "参与次数", lf.Measure(services), digits=0, least=least)
per_resident = lf.Indicator(
    "tally.share", "参与率", lf.Measure(services, distinct="person"),
    lf.Measure(people, standing=(None, None)),
    unit="%", times=100,
)  # fmt: skip
over = lf.Setting(
    "over", str, "锁定率的分母", default="all", choices={"all": "全部服务", "people": "参与的人"}
)
goal = lf.Setting("goal", int, "锁定率的目标", default=95, unit="%")
rate = lf.Indicator(
    "tally.rate", "锁定率", lf.Measure(services, state="locked"),
    lf.Indicator.choice(over, {
        "all": lf.Measure(services), "people": lf.Measure(services, distinct="person"),
    }),
    unit="%", times=100, digits=2, better="higher", goal=goal,
    note=lf.Indicator.choice(over, {
        "all": "已锁定的服务，除以全部服务", "people": "已锁定的服务，除以参与的人",
    }),
)  # fmt: skip


class Heard(pw.Model):
    """How often a handler was told."""

    subject = pw.IntegerField()

    class Meta:
        database = Service._meta.database
        table_name = "tally_heard"


@lf.on("tally.service.locked")
def hears(event: lf.Event, caller: lf.Caller) -> None:
    """Count the tellings."""
    Heard.create(subject=event.subject)


INDICATORS = (count, per_head, served, few, per_resident, rate)


def open_tally(instance: Instance, *, at: str = world.CITY) -> lf.Plugin:
    """Register the plugin and switch it on at a community."""
    plugin = lf.Plugin(
        "tally", "计数", resources=[services, volunteers], handlers=[hears],
        settings=[least, over, goal], indicators=INDICATORS, folder=Path(__file__).parent / "tally",
    )  # fmt: skip
    instance.plugins.register(plugin)
    with instance.database.transaction():
        instance.database.engine.create_tables([Service, Volunteer, Heard])
        instance.database.settle_tables()
        PluginRow.create(
            name="tally", label="计数", version="1", state="installed", changed_at=lf.now()
        )
        let_in(plugin)
    switch(instance, at, on=True)
    return plugin


def switch(instance: Instance, at: str, *, on: bool) -> None:
    """Turn the plugin's switch at a community."""
    with instance.database.transaction():
        node = Community.get(Community.code == at)
        Activation.delete().where(Activation.community == node).execute()
        Activation.create(plugin="tally", community=node, on=on, changed_at=lf.now())
        bump_epoch()
    instance.plugins.refresh()


def serve(
    instance: Instance, at: str, day: str, minutes: int = 60, *,
    person: lf.Person | None = None, unit: lf.Organization | None = None, state: str = "locked",
) -> Service:  # fmt: skip
    """Record a service, and count it."""
    boss = world.boss(instance)
    told: dict[str, Any] = {"community": {"code": at}, "day": day, "minutes": minutes}
    if person is not None:
        told["person"] = int(person.id)
    if unit is not None:
        told["organization"] = int(unit.id)
    made: Service = write(services, "create", boss, told)
    return made if state == "noted" else lf.act(lock, made, boss)


def enrol(instance: Instance, at: str, joined: str, left: str | None = None) -> None:
    """Put somebody on the roll."""
    told = {"community": {"code": at}, "joined": joined, **({"left": left} if left else {})}
    write(volunteers, "create", world.boss(instance), told)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)
