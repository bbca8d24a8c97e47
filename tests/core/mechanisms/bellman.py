"""A small real plugin that tells people something, and another that carries it outside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import peewee as pw

import lifang as lf
from lifang.entities.account import Account
from lifang.entities.community import Community
from lifang.plugins.tables import Activation, PluginRow, bump_epoch
from lifang.services.accounts import create_account
from lifang.services.delivery import let_in
from lifang.services.instance import Instance
from lifang.testing import world

near = lf.Notice("bellman.near", "临近截止提醒", "{who}距报到截止还有 {days} 天")
due = lf.Notice("bellman.due", "请签收回执", "回执须在 {until} 前签收", required=True)


class Matter(lf.Record):
    """Something people are told about."""

    title = pw.CharField(max_length=60, verbose_name="事项")
    person = lf.ref(lf.Person, "当事人", null=True)
    community = lf.place("社区")

    class Meta:
        table_name = "bellman_matter"


@lf.action("提醒", event="reminded")
def remind(matter: Matter, caller: lf.Caller, *, days: int, to: str = "community_worker") -> None:
    """Tell those who hold a role, and the person."""
    whom = [to, *([matter.person] if matter.person_id else [])]  # type: ignore[attr-defined]
    near.send(matter, caller, to=whom, key=f"T-{days}", who=matter.person or "", days=days)


matters = lf.Resource(
    Matter,
    label="事项",
    columns=["title", "community"],
    title="title",
    owner="person",
    actions=[remind],
    roles={"resident": "read:own", "community_worker": "read create remind"},
)


@lf.on("bellman.matter.created")
def welcome(event: lf.Event, caller: lf.Caller) -> None:
    """Tell the community's workers of what came in, once however often this is told."""
    matter = lf.get(matters, caller, event.subject)
    due.send(matter, caller, to="community_worker", key="in", until=event.at)


carried: list[lf.Notice.Message] = []
"""What the carrier took along."""
hindered: list[Exception] = []
"""What hinders it next."""


@lf.hookimpl
def deliver_message(caller: lf.Caller, message: lf.Notice.Message) -> None:
    """Carry a message, unless something hinders it."""
    assert not caller.instance.database.in_transaction
    if hindered:
        raise hindered.pop()
    carried.append(message)


def _open(instance: Instance, plugin: lf.Plugin, at: str) -> None:
    instance.plugins.register(plugin)
    with instance.database.transaction():
        told: dict[str, Any] = {"version": "1", "state": "installed", "changed_at": lf.now()}
        PluginRow.create(name=plugin.id, label=plugin.label, **told)
        let_in(plugin)
        node = Community.get(Community.code == at)
        Activation.create(plugin=plugin.id, community=node, on=True, changed_at=lf.now())
        bump_epoch()
    instance.plugins.refresh()


def open_bellman(instance: Instance, *, at: str = world.CHENGGUAN) -> lf.Plugin:
    """Register the one that tells and switch it on at a community."""
    instance.database.engine.create_tables([Matter])
    plugin = lf.Plugin(
        "bellman", "通知员", resources=[matters], handlers=[welcome], notices=[near, due],
        folder=Path(__file__).parent,
    )  # fmt: skip
    _open(instance, plugin, at)
    return plugin


def open_carrier(instance: Instance, *, at: str = world.CHENGGUAN) -> lf.Plugin:
    """Register the one that carries and switch it on at a community."""
    carried.clear()
    hindered.clear()
    plugin = lf.Plugin("carrier", "邮差", hooks=[deliver_message], folder=Path(__file__).parent)
    _open(instance, plugin, at)
    return plugin


def account(instance: Instance, name: str, role: str, **where: Any) -> Account:
    """An account that holds a role: `account(instance, "wang", "grid_worker", at=CODE)`."""
    made, _password = create_account(world.boss(instance), name, role=role, **where)
    return made
