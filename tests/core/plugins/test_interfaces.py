"""What one plugin offers another is found by name and version, and what is missing is explained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import lifang as lf
from lifang.entities.caller import Caller
from lifang.kit.errors import Conflict, Invalid, NotReady
from lifang.kit.words import using
from lifang.lifecycle import switching
from lifang.mechanisms.consents import Consent
from lifang.plugins.manager import discover
from lifang.services.instance import Instance
from lifang.testing import world
from lifang.testing.events import Events
from tests.core.plugins.conftest import Layout
from tests.core.plugins.misbehaving import all_of, in_action, swap

NEED = 'thanks = lf.need("points.ledger", "1.0")\n'
IMPORT = "from lifang_$id.schemas import payloads\n"
THANK = """
left, how = note.text.split()
key = f"$id/{note.id}"
thanks().grant(int(left), note.community_id, caller, int(how), key=key, memo="便条")
"""
ASKING = all_of(
    in_action(THANK),
    swap("services.py", "import Note\n", "import Note\n\n" + NEED),
    swap("plugin.py", "    hooks=", "    needs=[thanks],\n    hooks="),
    swap("plugin.py", IMPORT, f"{IMPORT}from lifang_$id.services import thanks\n"),
)


def reasons(instance: Instance, id: str) -> list[str]:
    return [str(one) for one in instance.plugins.reasons(discover()[id])]


def volunteer(instance: Instance, name: str, at: str = world.HOME) -> Any:
    person = world.person(instance, name, at=at)
    worker = world.caller(instance, "community_worker", at=at)
    told = {"person": person.id, "purpose_name": "volunteer_points.registration"}
    consents = instance.registry.of(Consent)
    lf.write(consents, "create", worker, told | {"how": "paper", "basis": "001"})
    volunteers: Any = instance.registry.find("volunteer_points", "volunteers")
    own = world.caller(instance, "resident", at=at, person=person)
    data = {"person": person.id, "community": {"code": at}, "category": "environment"}
    return lf.write(volunteers, "create", own, data)


def test_a_plugin_thanks_with_the_points_of_another_by_that_ones_rules(
    instance: Instance, boss: Caller, laid_out: Layout, events: Events
) -> None:
    laid_out("thankful", change=ASKING)
    with pytest.raises(NotReady, match="由插件 volunteer_points 提供；请先安装 volunteer_points"):
        switching.install(boss, "thankful")
    world.enable(instance, "volunteer_points", at=world.CHENGGUAN)
    world.enable(instance, "thankful", at=world.CHENGGUAN)
    instance.plugins.refresh()
    who = volunteer(instance, "王秀兰")
    worker = world.caller(instance, "community_worker", at=world.HOME)
    notes: Any = instance.registry.find("thankful", "notes")

    def thank(person: int, amount: int, at: str = world.HOME) -> Any:
        data = {"community": {"code": at}, "text": f"{person} {amount}"}
        note = lf.write(notes, "create", worker, data)
        return lf.write(notes, "close", worker, {}, note.id)

    thank(who.person_id, 3)
    ledger = instance.plugins.loaded["thankful"].needs[0]()
    assert ledger.balance(who.person_id, who.community_id, worker) == 3
    assert [
        one.data["points"] for one in events.published("volunteer_points.volunteer.points_earned")
    ] == [3]
    with pytest.raises(Invalid, match="不能扣减"):
        thank(who.person_id, -3)
    stranger = world.person(instance, "甲")
    with pytest.raises(Conflict, match="不是注册志愿者"):
        thank(stranger.id, 1)
    along = switching.How(along=True)  # what needs it goes off with it
    switching.switch(boss, "volunteer_points", at=world.HOME, on=False, how=along)
    with pytest.raises(Conflict, match="没有启用"):
        ledger.balance(
            who.person_id,
            who.community_id,
            world.caller(instance, "community_worker", at=world.HOME),
        )
    instance.plugins.drop("volunteer_points")
    assert "thankful" not in instance.plugins.loaded
    assert "请先安装" in reasons(instance, "thankful")[0]


@pytest.mark.once
def test_what_is_needed_must_be_there_and_new_enough_and_not_in_a_circle(
    instance: Instance, boss: Caller, laid_out: Layout
) -> None:
    laid_out("missing_need", "needs_in_a_circle", "same_id_twice", "core_of_the_future")
    laid_out("older", change=all_of(ASKING, swap("services.py", '"1.0"', '"1.7"')))
    laid_out("newer", change=all_of(ASKING, swap("services.py", '"1.0"', '"2.0"')))
    world.enable(instance, "volunteer_points", at=world.CHENGGUAN)
    for id, said, english in (
        ("missing_need", "没有插件提供它", "no plugin here provides"),
        ("older", "提供的是 1.0", "provides 1.0"),
        ("newer", "提供的是 1.0", "provides 1.0"),
        ("same_id_twice", "lifang-same-id-twice", "both call themselves"),
        ("core_of_the_future", "需要里坊 >=9", "requires Lifang >=9"),
    ):
        with pytest.raises(NotReady, match=said):
            switching.install(boss, id)
        with using("en"):
            assert english in reasons(instance, id)[0]
        assert instance.registry.find(id, "notes") is None
    circle = discover()["needs_in_a_circle"], discover()["needs_in_a_circle_twin"]
    instance.plugins.load_all(circle)
    assert all("插件互相需要" in reasons(instance, one.id)[0] for one in circle)
    assert not {one.id for one in circle} & instance.plugins.loaded.keys()
    optional = lf.need("nobody.knows", "1.0", optional=True)
    plugin = lf.Plugin("modest", "x", needs=[optional], folder=Path(__file__).parent)
    instance.plugins.register(plugin)
    assert optional() is None
    with pytest.raises(RuntimeError, match="provided by no plugin"):
        lf.need("nobody.knows", "1.0")()
    for wrong in ("points", "Points.x"):
        with pytest.raises(ValueError, match="points.ledger"):
            lf.need(wrong, "1.0")
    with pytest.raises(ValueError, match=r"1\.0"):
        lf.provide("a.b", "one", 1, doc="")
