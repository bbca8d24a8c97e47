"""Between the core and every hook stands a guard: who is asked, when, and for how long."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import lifang as lf
from lifang.builtin.people import people
from lifang.entities.caller import Caller
from lifang.kit.errors import Conflict, NotReady
from lifang.plugins import guard
from lifang.plugins.breaker import Breaker
from lifang.plugins.manager import PluginManager, Snapshot
from lifang.plugins.tables import Stop
from lifang.plugins.watch import failures_of
from lifang.resources.registry import Registry
from lifang.services.instance import Instance
from lifang.testing import world

HERE = Path(__file__).parent
EVERYWHERE = (("", "~"),)


def asked(instance: Instance, *ids: str) -> Caller:
    """A caller where these plugins are on everywhere."""
    return replace(world.boss(instance), snapshot=Snapshot(99, dict.fromkeys(ids, EVERYWHERE)))


@pytest.mark.once
def test_hooks_are_asked_after_those_they_need_and_ties_by_id(instance: Instance) -> None:
    def plugin(id: str, **told: Any) -> lf.Plugin:
        @lf.hookimpl
        def home_cards(caller: lf.Caller) -> list[lf.Card]:
            return [lf.Card(id, "1")]

        return lf.Plugin(id, id, hooks=[home_cards], folder=HERE, **told)

    offer, need = lf.provide("base.of", "1.2", 1, doc="x"), lf.need("base.of", "1.0")
    need.found = offer
    names = ["first", "middle", "needing", "zz_base"]
    for one in (
        plugin("needing", needs=[need]),
        plugin("zz_base", provides=[offer]),
        plugin("middle"),
        plugin("first"),
    ):
        instance.plugins.register(one)
    cards = instance.plugins.cards(asked(instance, *names))
    assert [card.title for card in cards] == ["first", "middle", "zz_base", "needing"]


@pytest.mark.once
def test_a_guard_costs_next_to_nothing() -> None:
    calls = 20_000

    @lf.hookimpl
    def home_cards(caller: lf.Caller) -> list[lf.Card]:
        return []

    manager = PluginManager(Registry())
    manager.register(lf.Plugin("quick", "x", hooks=[home_cards], folder=HERE))
    [one] = manager.hooks.hook.home_cards.get_hookimpls()
    nobody: Any = None
    caller = Caller(nobody, Snapshot(1, {"quick": EVERYWHERE}), "x", "cli")

    def seconds(call: Any) -> float:
        began = time.perf_counter()
        for _time in range(calls):
            call(caller)
        return time.perf_counter() - began

    bare = min(seconds(home_cards) for _time in range(3))
    guarded = min(seconds(one.function) for _time in range(3))
    assert (guarded - bare) / calls < 10e-6  # about 2 µs on a machine that does nothing else


def test_what_hangs_in_a_hook_is_not_waited_for_again(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "STUCK", 0.05)
    inside, leave = threading.Event(), threading.Event()

    @lf.hookimpl
    def home_cards(caller: lf.Caller) -> list[lf.Card]:
        inside.set()
        leave.wait(30)
        return [lf.Card("late", "1")]

    instance.plugins.register(lf.Plugin("stuck", "x", hooks=[home_cards], folder=HERE))
    caller = asked(instance, "stuck")
    first = threading.Thread(target=instance.plugins.cards, args=[replace(caller)])
    first.start()
    assert inside.wait(10)
    time.sleep(0.06)
    for _time in range(5):
        assert instance.plugins.cards(caller) == []
    assert Stop.get().rule == "hangs"
    leave.set()
    first.join(10)


@pytest.mark.once
def test_a_plugin_can_refuse_to_be_switched_on_and_one_that_fails_to_answer_refuses(
    instance: Instance, boss: Caller
) -> None:
    @lf.hookimpl
    def can_enable(caller: lf.Caller, community: lf.Community) -> list[str]:
        if community.code == world.HOME:
            raise RuntimeError("no idea")
        return [] if community.code == world.FOREIGN else ["先写地址"]

    instance.plugins.register(lf.Plugin("careful", "x", hooks=[can_enable], folder=HERE))

    def said(code: str) -> list[str]:
        node = lf.Community.get(lf.Community.code == code)
        return instance.plugins.objections("careful", boss, node)

    assert said(world.FOREIGN) == []
    assert said(world.CHENGGUAN) == ["先写地址"]
    assert said(world.HOME) == ["插件「careful」没能回答：no idea"]
    reachable = instance.settings
    instance.settings = replace(reachable, broker=None)
    with pytest.raises(Conflict, match="没有设置消息服务；请在 lifang.toml 里写 broker"):
        world.enable(instance, "nats_bridge", at=world.CHENGGUAN)
    instance.settings = reachable
    world.enable(instance, "nats_bridge", at=world.CHENGGUAN)
    [said_by_it] = instance.plugins.health(world.boss(instance))["nats_bridge"]
    assert said_by_it.startswith("消息服务 nats://127.0.0.1:9：连不上")


@pytest.mark.once
def test_strict_means_that_the_first_failure_is_fatal(instance: Instance) -> None:
    @lf.hookimpl
    def home_cards(caller: lf.Caller) -> list[lf.Card]:
        return [lf.Card("x", str(1 // 0))]

    instance.plugins.register(lf.Plugin("sloppy", "x", hooks=[home_cards], folder=HERE))
    caller = asked(instance, "sloppy")
    assert instance.plugins.cards(caller) == []
    instance.plugins.watch.strict = True
    with pytest.raises(NotReady, match="ZeroDivisionError"):
        instance.plugins.cards(caller)


@pytest.mark.once
def test_so_many_failures_within_so_many_seconds_are_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0.0
    monkeypatch.setattr("lifang.plugins.breaker.time.monotonic", lambda: now)
    breaker, key = Breaker(errors=3, seconds=10), ("a", "", "home_cards")
    assert [breaker.failed(key) for _time in range(2)] == [False, False]
    now = 11.0
    assert [breaker.failed(key) for _time in range(3)] == [False, False, True]
    assert not breaker.failed(("a", "1", "home_cards"))


@pytest.mark.once
def test_what_a_caller_may_not_see_is_no_answer_and_no_fault_of_the_plugin(
    instance: Instance,
) -> None:
    world.enable(instance, "dual_reporting", at=world.CHENGGUAN)
    auditor = world.caller(instance, "auditor")
    refused: list[str] = []

    @lf.hookimpl
    def can_enable(caller: lf.Caller, community: lf.Community) -> list[str]:
        caller.instance.database.engine.connection().execute("BEGIN")
        raise lf.Forbidden("不归您管")

    @lf.hookimpl
    def home_cards(caller: lf.Caller) -> list[lf.Card]:
        refused.append(caller.name)
        lf.write(people, "create", caller, {})
        return [lf.Card("x", "1")]

    hooks = [home_cards, can_enable]
    instance.plugins.register(lf.Plugin("curious", "x", hooks=hooks, folder=HERE))
    instance.plugins.watch.strict = True  # where a failure is fatal, this is still none
    on = {"curious": EVERYWHERE, "dual_reporting": EVERYWHERE}
    caller = replace(auditor, snapshot=Snapshot(99, on))
    errors = instance.plugins.watch.breaker.errors
    for _time in range(errors + 2):
        assert instance.plugins.cards(caller) == []
    assert len(refused) == errors + 2, "asked every time"
    assert failures_of(caller) == [] and not Stop.select().exists()
    watched = instance.plugins.watch.timings
    assert {watched[one, "home_cards"].failed for one in on} == {0}
    node = lf.Community.get(lf.Community.code == world.HOME)
    assert instance.plugins.objections("curious", caller, node) == [
        "插件「curious」没能回答：不归您管"
    ]
    assert not guard.left_open(), "what it left open was rolled back"
