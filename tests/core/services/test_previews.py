"""An action may tell what it would do; whatever it tries for that is undone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import peewee as pw
import pytest

import lifang as lf
from lifang.entities.audit import AuditEntry
from lifang.events.tables import EventRow
from lifang.kit.errors import Conflict
from lifang.services.gateway import preview, write
from lifang.services.instance import Instance
from lifang.testing import world


class Stall(lf.Record):
    """A stall at the fair, free or taken."""

    name = pw.CharField(verbose_name="名称")
    community = lf.place("社区")
    state = lf.State("状态", free="空", taken="已占")

    class Meta:
        """A table under the roof of a plugin that is there."""

        table_name = "dual_reporting_stall"


def foresee(stall: Stall, caller: lf.Caller, *, who: str) -> lf.Preview:
    """Try it, and tell what came of it."""
    lf.write(stalls, "update", caller, {"name": who}, int(stall.id))
    taken = lf.get(stalls, caller, int(stall.id))
    rows = (("名称", stall.name, taken.name),)
    return lf.Preview((lf.Section("摊位", ("字段", "现在", "之后"), rows),))


@lf.action("占用", moves={"free": "taken"}, preview=foresee)
def take(stall: Stall, caller: lf.Caller, *, who: str) -> None:
    """Take a stall."""
    stall.name = who


stalls = lf.Resource(Stall, label="摊位", actions=[take],
                     roles={"community_worker": "read create update take"})  # fmt: skip


@pytest.fixture
def stall(instance: Instance, enable: Callable[..., None]) -> Iterator[Stall]:
    """A free stall, where the plugin is on everywhere."""
    enable("dual_reporting", at=world.CITY)
    instance.registry.add("dual_reporting", stalls)
    instance.database.engine.create_tables([Stall])
    told = {"name": "一号", "community": {"code": world.HOME}}
    yield write(stalls, "create", world.boss(instance), told)


def kept(stall: Stall) -> tuple[Any, ...]:
    row = Stall.get_by_id(stall.id)
    counts = [model.select().count() for model in (AuditEntry, EventRow)]
    return (row.name, row.state, row.version, *counts)


def test_what_a_preview_tries_is_undone_and_the_act_is_done(
    instance: Instance, stall: Stall
) -> None:
    boss, before = world.boss(instance), kept(stall)
    told = preview(stalls, "take", boss, {"who": "李强"}, int(stall.id))
    assert told.sections[0].rows == (("名称", "一号", "李强"),)
    assert kept(stall) == before
    write(stalls, "take", boss, {"who": "李强"}, int(stall.id))
    assert kept(stall)[:3] == ("李强", "taken", 2)


def test_a_preview_is_offered_in_the_states_of_its_act(instance: Instance, stall: Stall) -> None:
    boss = world.boss(instance)
    write(stalls, "take", boss, {"who": "李强"}, int(stall.id))
    with pytest.raises(Conflict) as refused:
        preview(stalls, "take", boss, {"who": "赵敏"}, int(stall.id))
    assert refused.value.extra["state"] == "taken"


def test_a_preview_takes_what_its_act_takes() -> None:
    def other(stall: Stall, caller: lf.Caller) -> lf.Preview:
        """Forget to ask who."""
        return lf.Preview()

    with pytest.raises(TypeError, match="same input"):
        lf.action("占用", event="taken", preview=other)(take)
