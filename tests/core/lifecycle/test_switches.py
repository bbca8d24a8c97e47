"""Switches along the tree: locked from above, suspended for a while, inherited again, together."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

import lifang as lf
from lifang.entities.audit import AuditChange, AuditEntry
from lifang.entities.caller import Caller
from lifang.events.tables import Catchup
from lifang.kit import clock as now
from lifang.kit.errors import Conflict, Invalid
from lifang.lifecycle import states, switching
from lifang.lifecycle.dated import Decree, configure
from lifang.lifecycle.switching import How
from lifang.plugins.tables import Activation, PluginRow, bump_epoch
from lifang.services.delivery import drain
from lifang.services.instance import Instance
from lifang.testing import world
from lifang.testing.events import Clock, Events
from lifang.testing.world import CHENGGUAN, CITY, FOREIGN, HOME, NEIGHBOUR, QILIHE

ID = "dual_reporting"


class Tree:
    """The switches of a plugin, turned by a caller and read back as anybody sees them."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.boss = world.boss(instance)
        switching.install(self.boss, ID)

    def turn(self, at: str, *, on: bool = True, by: Caller | None = None, **how: Any) -> None:
        switching.switch(by or self.boss, ID, at=at, on=on, how=How(**how))

    def on(self) -> str:
        """Where it is on, of five places: `C` the city, `h` 畅家巷, `n` its neighbour, …"""
        named = {"C": CITY, "D": CHENGGUAN, "h": HOME, "n": NEIGHBOUR, "f": FOREIGN}
        snapshot = self.instance.plugins.refresh()
        from lifang.entities.community import Community
        from lifang.kit import ranges

        paths = {word: Community.get(Community.code == code).path for word, code in named.items()}
        where = snapshot.where(ID)
        return "".join(word for word, path in paths.items() if ranges.holds(where, path))

    def moves(self) -> list[tuple[str, str | None, str | None]]:
        """What the trail says of switches: the verb, before, after."""
        rows: Any = (
            AuditChange.select(AuditEntry.verb, AuditChange.before, AuditChange.after)
            .join(AuditEntry)
            .where(AuditEntry.noun == "plugin", AuditEntry.verb != "install")
            .order_by(AuditChange.id)
        )
        return list(rows.tuples())


@pytest.fixture
def tree(instance: Instance) -> Tree:
    return Tree(instance)


def test_a_lock_holds_for_everybody_below_and_says_whose_it_is(
    tree: Tree, caller: Callable[..., Caller]
) -> None:
    tree.turn(HOME, on=True)
    tree.turn(CHENGGUAN, on=False, lock=True)  # 畅家巷 had its own switch: it goes
    assert tree.on() == ""
    worker = caller("district_admin", at=HOME)
    with pytest.raises(Conflict, match="城关区.*boss"):
        tree.turn(HOME, by=worker)
    with pytest.raises(Conflict, match="锁定"):
        tree.turn(HOME, on=True)
    with pytest.raises(Conflict, match="已是停用"):
        tree.turn(CHENGGUAN, on=False, lock=True)
    with pytest.raises(Invalid):  # out of their sight
        tree.turn(CHENGGUAN, by=worker)
    tree.turn(CITY)
    assert tree.on() == "Cf"
    tree.turn(CHENGGUAN, on=False)  # unlocked, and still off
    tree.turn(HOME, by=worker)
    assert tree.on() == "Chf"
    [shown] = [x for x in states.show(tree.boss, ID).switches if x.code == HOME]
    assert (shown.on, shown.locked, shown.by) == (True, False, "district_admin@620102001001")
    assert tree.moves() == [
        ("enable", "inherit", "on"),
        ("disable", "inherit", "off locked"),
        ("disable", "on", "inherit"),
        ("enable", "inherit", "on"),
        ("disable", "off locked", "off"),
        ("enable", "inherit", "on"),
    ]


def test_a_switch_taken_away_follows_the_one_above_and_tells_what_was_missed(
    tree: Tree, instance: Instance
) -> None:
    tree.turn(CITY)
    tree.turn(HOME, on=False)
    person, events = world.person(instance, "李强"), Events(tree.boss)
    world.move(instance, person, to=NEIGHBOUR)
    assert drain(instance)
    assert Catchup.select().where(Catchup.to_pos.is_null()).exists()
    switching.inherit(tree.boss, ID, at=HOME)
    assert tree.on() == "CDhnf"
    assert [one.code for one in states.show(tree.boss, ID).switches] == [CITY]
    assert drain(instance)  # what was missed at 畅家巷 is told now
    assert not Catchup.select().where(Catchup.to_pos.is_null()).exists()
    with pytest.raises(Conflict, match="已经是继承的"):
        switching.inherit(tree.boss, ID, at=HOME)
    tree.turn(CITY, on=False)
    assert tree.on() == ""
    tree.turn(CITY, on=True)
    assert tree.on() == "CDhnf"
    assert not Activation.select().where(Activation.inherits).exists()
    assert events


def test_a_suspension_holds_everywhere_below_and_ends_as_it_began(
    tree: Tree, instance: Instance, clock: Clock, caller: Callable[..., Caller]
) -> None:
    tree.turn(CITY)
    tree.turn(CHENGGUAN, on=False)
    tree.turn(HOME, on=True)
    tree.turn(QILIHE, on=False)
    assert tree.on() == "Ch"
    with pytest.raises(Invalid, match="原因"):
        switching.suspend(tree.boss, ID, at=CITY, reason=" ")
    with pytest.raises(Invalid, match="将来"):
        switching.suspend(tree.boss, ID, at=CITY, reason="x", until=now.now())
    with pytest.raises(Conflict, match="已是停用"):
        switching.suspend(tree.boss, ID, at=QILIHE, reason="x")
    until = now.now() + dt.timedelta(hours=2)
    told = switching.suspend(tree.boss, ID, at=CITY, reason="数据有误", until=until)
    assert tree.on() == ""
    assert [(x.code, x.reason) for x in told.switches if x.reason] == [
        (CITY, "数据有误"),
        (HOME, "数据有误"),
    ]
    with pytest.raises(Conflict, match="暂停（boss）：数据有误"):
        tree.turn(NEIGHBOUR, by=caller("district_admin", at=CHENGGUAN))
    assert not switching.resume_due(instance)
    clock.later(hours=3)
    assert switching.resume_due(instance) and not switching.resume_due(instance)
    assert tree.on() == "Ch"
    switching.suspend(tree.boss, ID, at=HOME, reason="装修")
    assert tree.on() == "C"
    switching.resume(tree.boss, ID, at=HOME)
    assert tree.on() == "Ch"
    with pytest.raises(Conflict, match="没有暂停"):
        switching.resume(tree.boss, ID, at=HOME)


def test_a_plugin_suspended_where_it_inherits_inherits_again(tree: Tree) -> None:
    tree.turn(CITY)
    switching.suspend(tree.boss, ID, at=HOME, reason="搬家")
    assert tree.on() == "CDnf"
    switching.resume(tree.boss, ID, at=HOME)
    assert tree.on() == "CDhnf" and Activation.select().count() == 1
    tree.turn(CITY, on=False)
    assert tree.on() == ""


def _needing(instance: Instance, plugin: str, needs: str) -> None:
    """Say that an installed plugin needs what another one provides."""
    with instance.database.transaction():
        for id, key, name in ((plugin, "needs", "made.up"), (needs, "provides", "made.up")):
            row = PluginRow.get_by_id(id)
            told = json.loads(row.declared) | {key: [name]}
            PluginRow.update(declared=json.dumps(told)).where(PluginRow.name == id).execute()
        bump_epoch()


def test_what_a_plugin_needs_is_switched_with_it_and_what_needs_it_goes_off_with_it(
    tree: Tree, instance: Instance, boss: Caller
) -> None:
    switching.install(boss, "agency_contracts")
    _needing(instance, "agency_contracts", ID)
    with pytest.raises(Conflict, match="双报到（dual_reporting）.*--yes") as refused:
        switching.switch(boss, "agency_contracts", at=CHENGGUAN, on=True)
    assert refused.value.extra == {"reason": "needs", "plugins": [ID]}
    assert not Activation.select().exists()  # none of it was done
    both = How(along=True)
    switching.switch(boss, "agency_contracts", at=CHENGGUAN, on=True, how=both)
    assert tree.on() == "Dhn"
    with pytest.raises(Conflict) as refused:
        tree.turn(CHENGGUAN, on=False)
    assert refused.value.extra == {"reason": "dependents", "plugins": ["agency_contracts"]}
    assert tree.on() == "Dhn"
    tree.turn(CHENGGUAN, on=False, along=True)
    snapshot = instance.plugins.refresh()
    assert not snapshot.where(ID) and not snapshot.where("agency_contracts")
    assert [move[0] for move in tree.moves()] == ["enable", "enable", "disable", "disable"]


def test_a_place_that_gets_a_plugin_back_must_have_what_it_cannot_do_without(
    temp_plugin: Callable[..., lf.Plugin], boss: Caller
) -> None:
    asked: list[str] = []

    @lf.hookimpl
    def can_enable(caller: lf.Caller, community: lf.Community) -> list[str]:
        asked.append(str(community.code))
        return []

    office: lf.Setting[str] = lf.Setting("office", str, "受理单位")
    desk = lf.Plugin("desk", "窗口", settings=[office], hooks=[can_enable])
    temp_plugin(desk, at=CITY, office="社工部")
    switching.switch(boss, "desk", at=HOME, on=False)
    switching.suspend(boss, "desk", at=FOREIGN, reason="搬家")
    decree = {code: Decree("新规定", at=code) for code in (CITY, HOME, FOREIGN)}
    configure(boss, "desk", {"office": ""}, decree[CITY])
    ways = {HOME: switching.inherit, FOREIGN: switching.resume}
    for code, way in ways.items():
        turn = partial(way, boss, "desk", at=code)
        before = list(Activation.select().order_by(Activation.id).dicts())
        with pytest.raises(Conflict, match="启用前须在「.*」设置：受理单位（office）"):
            turn()
        assert list(Activation.select().order_by(Activation.id).dicts()) == before
        configure(boss, "desk", {"office": "窗口办"}, decree[code])
        turn()
    assert asked[-2:] == [HOME, FOREIGN]
    switching.switch(boss, "desk", at=HOME, on=True)
    switching.inherit(boss, "desk", at=HOME)  # on before and after: nobody is asked anew
    assert asked[-1] == HOME and len(asked) == len(ways) + 2
    switching.switch(boss, "desk", at=NEIGHBOUR, on=False)
    PluginRow.update(state="quarantined").where(PluginRow.name == "desk").execute()
    switching.inherit(boss, "desk", at=NEIGHBOUR)  # it is called nowhere
