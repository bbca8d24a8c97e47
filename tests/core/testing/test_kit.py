"""The test kit as an author uses it: a plugin declared here, found, used, and let fail."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import peewee as pw
import pytest

import lifang as lf
from lifang.builtin.people import people
from lifang.kit.errors import NotReady
from lifang.testing import world
from lifang.testing.commands import Command
from lifang.testing.events import Events
from lifang.testing.faults import fault as fault_in
from lifang.testing.visitors import Api, Visit

Make = Callable[..., Any]


class Toy(lf.Record):
    """A toy that is lent."""

    name = pw.CharField(max_length=40, verbose_name="名称")
    community = lf.place("社区")
    state = lf.State("状态", here="在馆", lent="借出")
    community_id: int

    class Meta:
        table_name = "toys_toy"


span = lf.Setting("span", int, "借期", default=14, unit="天", minimum=1)


@lf.action("借出", moves={"here": "lent"})
def lend(toy: Toy, caller: lf.Caller) -> lf.Data:
    """Lend it."""
    return {"days": span(toy.community_id)}


toys = lf.Resource(Toy, label="玩具", actions=[lend],
                   roles={"community_worker": "read create lend import export"})  # fmt: skip


@lf.hookimpl
def home_cards(caller: lf.Caller) -> list[lf.Card]:
    """How many are here."""
    return [lf.Card("在馆玩具", str(lf.count(toys, caller, state="here")))]


@lf.on("toys.toy.lent")
def note(event: lf.Event, caller: lf.Caller) -> None:
    """Nothing follows."""


def library() -> lf.Plugin:
    return lf.Plugin("toys", "玩具图书馆", resources=[toys], hooks=[home_cards], handlers=[note],
                     settings=[span])  # fmt: skip


def test_a_plugin_declared_in_a_test_is_met_like_an_installed_one(
    temp_plugin: Make, page: Visit, api: Api, run: Command, enable: Make, events: Events
) -> None:
    temp_plugin(library(), at=world.CHENGGUAN, span=7)
    assert run("plugin", "show", "toys", "--json").json["state"] == "installed"
    client = api("community_worker", at=world.HOME)
    told = {"name": "积木", "community": {"code": world.HOME}}
    made = client.post("/api/v1/toys/toys", json=told)
    assert made.status_code == 201, made.text
    worker = page("community_worker", at=world.HOME)
    assert "积木" in worker.text("/p/toys/toys")
    assert "在馆玩具" in worker.text("/")
    page("community_worker", at=world.FOREIGN).text("/p/toys/toys", status=404)
    assert worker.post("/p/toys/toys/1/actions/lend").status_code == 303
    [lent] = events.published("toys.toy.lent")
    assert lent.data == {"days": 7}
    enable("toys", at=world.CHENGGUAN, span=3)
    with pytest.raises(lf.Invalid, match="不小于 1"):
        enable("toys", at=world.CHENGGUAN, span=0)
    with pytest.raises(lf.Conflict):
        enable("toys", at=world.CHENGGUAN)
    assert span(lf.Community.get(lf.Community.code == world.HOME)) == 3
    assert run("toys", "toys", "lend", "1").code == 5


def test_a_function_of_a_plugin_fails_on_purpose_and_is_whole_again_afterwards(
    temp_plugin: Make, caller: Make, events: Events, fault: Make
) -> None:
    temp_plugin(library(), at=world.CHENGGUAN)
    worker = caller("community_worker", at=world.HOME)
    cards = worker.instance.plugins.cards
    told = {"name": "积木", "community": {"code": world.HOME}}
    toy = lf.write(toys, "create", worker, told)
    with fault_in(home_cards, raises=RuntimeError("broken")) as calls:
        assert cards(worker) == []
        assert calls == [(worker,)]
    assert [one.value for one in cards(worker)] == ["1"]
    with fault_in(home_cards, hangs=0.05):
        begun = time.monotonic()
        assert [one.value for one in cards(worker)] == ["1"]
        assert time.monotonic() - begun >= 0.05
    with fault_in(lend, gives={"days": "many"}), fault_in(note, raises=SystemExit(3)) as heard:
        lf.act(lend, toy, worker)
        events.deliver()
        assert heard, "it was told, and failed"  # twice perhaps: a batch that fails is run again
    assert events.published("toys.toy.lent")[0].data == {"days": "many"}
    outer = [1]

    def closed_over() -> int:
        return outer[0]

    with pytest.raises(TypeError, match="closes over"), fault_in(closed_over):
        pass
    assert fault(home_cards, gives=[]) == []
    assert cards(worker) == []


def test_faults_of_a_test_end_with_it(temp_plugin: Make, caller: Make, boss: lf.Caller) -> None:
    temp_plugin(library(), at=world.CHENGGUAN)
    worker = caller("community_worker", at=world.HOME)
    assert [one.value for one in worker.instance.plugins.cards(worker)] == ["0"]


def test_places_people_and_organizations_are_made_where_a_test_wants_them(
    make_community: Make, make_person: Make, make_organization: Make, caller: Make
) -> None:
    first, second = make_community("新社区"), make_community("又一社区")
    assert first.code != second.code
    person = make_person("李强", at=first.code, phone="13800001234")
    unit = make_organization("示例甲", at=second.code)
    assert lf.get(people, caller("community_worker", at=first.code), person.id).name == "李强"
    with pytest.raises(lf.NotFound):
        lf.get(people, caller("community_worker", at=second.code), person.id)
    assert caller("unit_liaison", unit=unit).standings[0].organization == unit.id


def test_a_broken_declaration_says_why_it_cannot_be_tried(temp_plugin: Make) -> None:
    class Stolen(lf.Record):
        community = lf.place("社区")

        class Meta:
            table_name = "core_stolen"

    stolen = lf.Resource(Stolen, label="x")
    with pytest.raises(NotReady, match="must be named thief_"):
        temp_plugin(lf.Plugin("thief", "x", resources=[stolen]))


@pytest.mark.once
def test_a_run_that_asks_for_no_fixture_pays_for_none() -> None:
    """What the pytest plugin imports by itself, for every run in an environment that has it."""
    source = (
        "import sys; import pytest; before = set(sys.modules); import lifang.testing.plugin;"
        "print(*sorted(one for one in set(sys.modules) - before if '.' not in one))"
    )
    environ = {name: said for name, said in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True,
                          check=True, env=environ)  # fmt: skip
    assert not {"peewee", "flask", "click", "time_machine", "pluggy"} & set(done.stdout.split())
