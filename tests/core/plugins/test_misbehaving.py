"""Plugins of every bad habit in one instance: the core's answers stay right, the others work."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

import lifang as lf
from lifang.app.instance import open_instance
from lifang.builtin.people import people
from lifang.entities.caller import Caller
from lifang.kit.errors import LifangError, NotReady
from lifang.kit.words import using
from lifang.lifecycle import isolation, switching
from lifang.plugins import importing
from lifang.plugins.manager import discover
from lifang.plugins.tables import Activation, PluginRow, Stop, bump_epoch
from lifang.services import reading
from lifang.services.instance import Instance
from lifang.services.query import Query
from lifang.testing import world
from lifang.testing.events import Events
from tests.core.cli.conftest import Command
from tests.core.plugins.conftest import Layout
from tests.core.plugins.misbehaving import MISBEHAVING
from tests.core.web.conftest import Visit

START = 10.0
"""Seconds in which an instance is there, whatever is installed."""

HERE = [name for name, told in MISBEHAVING.items() if not told.ends]
LOADING = [name for name in HERE if MISBEHAVING[name].shown in ("rejected", "faulted")]
RUNNING = [name for name in HERE if MISBEHAVING[name].shown in ("refused", "harmless")]
READABLE = re.compile(r"[\u4e00-\u9fff]{4}")


def switched_on(instance: Instance, *names: str) -> None:
    """Let plugins be installed and on in 城关区 without asking whether they can be loaded."""
    node = lf.Community.get(lf.Community.code == world.CHENGGUAN)
    now = lf.now()
    for name in names:
        told = {"label": name, "version": "1.0.0", "state": "installed", "changed_at": now}
        PluginRow.insert(name=name, **told).on_conflict_ignore().execute()
        Activation.create(plugin=name, community=node, on=True, changed_at=now)
    bump_epoch()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait as long for an import that hangs as an office would."""
    monkeypatch.setattr(importing, "LIMIT", 1.5)


@pytest.mark.usefixtures("patient")
def test_what_cannot_be_loaded_is_told_with_a_reason_and_the_others_are_there(
    instance: Instance, boss: Caller, laid_out: Layout, lifang: Command
) -> None:
    laid_out(*LOADING)
    world.enable(instance, "dual_reporting", at=world.CHENGGUAN)
    switched_on(instance, *LOADING)
    for name in LOADING:
        instance.plugins.drop(name)
    began = time.monotonic()
    with_all = open_instance(instance.settings.home, environ={})
    took = time.monotonic() - began
    try:
        plugins = with_all.plugins
        assert took < START
        assert set(plugins.loaded) == {"core", "dual_reporting"}
        assert {one.plugin for one in with_all.registry} == {"core", "dual_reporting"}
        present = discover()
        for name in LOADING:
            kept_out = bool(plugins.why_not(present[name]))
            assert kept_out == (MISBEHAVING[name].shown == "rejected"), name
            [reason, *_more] = plugins.reasons(present[name])
            assert READABLE.search(str(reason)), (name, reason)
            with using("en"):
                assert not READABLE.search(str(reason)), (name, reason)
        kept = {row.plugin: row for row in Stop.select()}
        assert kept.keys() == {name for name in LOADING if MISBEHAVING[name].shown == "faulted"}
        # who starts next does not even try again what failed in this version
        again = open_instance(instance.settings.home, environ={})
        assert "hangs_at_import" in again.plugins.faults
        again.close()
    finally:
        with_all.close()
    instance.database.bind()
    instance.plugins.refresh()
    world.person(instance, "甲")
    assert reading.count(boss, people, Query()) == 1
    told = lifang("plugin", "list", "--json").out
    assert "dual_reporting" in told
    for name in LOADING:
        assert lifang("plugin", "disable", name, "--at", world.CHENGGUAN).code == 0, name


def test_what_failed_is_tried_again_in_another_version_or_when_somebody_says_so(
    instance: Instance, boss: Caller, laid_out: Layout, lifang: Command
) -> None:
    site = laid_out("raises_at_import")
    plugin = site / "lifang_raises_at_import" / "plugin.py"
    switched_on(instance, "raises_at_import")
    instance.plugins.refresh()
    assert "no coffee" in instance.plugins.faults["raises_at_import"]
    assert Stop.get().version == "1.0.0"
    with pytest.raises(NotReady, match="no coffee"):
        isolation.retry(boss, "raises_at_import")
    plugin.write_text(plugin.read_text().replace("raise ", "told = "))
    other = open_instance(instance.settings.home, environ={})  # of the same version: not tried
    instance.database.bind()
    assert "raises_at_import" in other.plugins.faults
    said = lifang("plugin", "retry", "raises_at_import")
    assert said.code == 0, said
    assert not Stop.select().exists()
    assert "raises_at_import" in instance.plugins.loaded
    other.plugins.refresh()
    assert "raises_at_import" in other.plugins.loaded
    other.close()
    assert lifang("plugin", "retry", "raises_at_import").code == 5
    instance.plugins.drop("raises_at_import")
    importing.forget(discover()["raises_at_import"])
    plugin.write_text(plugin.read_text().replace("told = ", "raise "))
    bump_epoch()
    instance.plugins.refresh()
    assert Stop.get().rule == "fault"
    info = site / "lifang_raises_at_import-1.0.0.dist-info"
    plugin.write_text(plugin.read_text().replace("raise ", "told = "))
    metadata = (info / "METADATA").read_text().replace("Version: 1.0.0", "Version: 1.0.1")
    (info / "METADATA").write_text(metadata)
    bump_epoch()
    instance.plugins.refresh()
    assert "raises_at_import" in instance.plugins.loaded
    assert not Stop.select().exists()


def test_whatever_goes_wrong_while_they_run_stays_their_own(
    instance: Instance, boss: Caller, laid_out: Layout, visit: Visit, events: Events
) -> None:
    laid_out(*RUNNING)
    world.enable(instance, "dual_reporting", at=world.CHENGGUAN)
    for name in RUNNING:
        world.enable(instance, name, at=world.CHENGGUAN)
    assert set(RUNNING) <= instance.plugins.loaded.keys()
    worker = visit("community_worker", at=world.HOME)
    for _time in range(6):
        home = worker.text("/")
        assert "已报到人数" in home
    administrator = visit("platform_administrator").text("/")
    stopped = {(row.plugin, row.part) for row in Stop.select()}
    failing = [name for name in HERE if name.endswith(("_hook", "_open")) and name in RUNNING]
    assert {(name, "home_cards") for name in failing} == stopped
    for name in failing:
        assert f"插件暂停：{name}" in administrator, name
    assert worker.text("/people")
    data = {"community": world.HOME, "text": "x"}
    lost = worker.post("/p/migration-differs/notes/new", data)
    assert lost.status_code == 500
    assert "（migration_differs 1.0.0）" in lost.text
    caller = world.caller(instance, "community_worker", at=world.HOME)
    for name in ("raises_in_action", "exits_in_action"):
        notes: Any = instance.registry.find(name, "notes")
        note = lf.write(notes, "create", caller, {"community": {"code": world.HOME}, "text": "x"})
        page = f"/p/{name.replace('_', '-')}/notes/{note.id}"
        assert "便条" in worker.text(page)
        answer = worker.post(f"{page}/close", {"version": str(note.version)})
        assert answer.status_code == 500
        assert f"（{name} 1.0.0）" in answer.text
        assert type(note).get_by_id(note.id).state == "open"
        for _time in range(5):
            last = worker.post(f"{page}/close", {"version": str(note.version)})
        assert last.status_code == 503
        assert f"lifang plugin release {name}" in last.text
        assert worker.text("/p/dual-reporting/reports")
    for name in ("raises_in_handler", "exits_in_handler", "prints"):
        notes = instance.registry.find(name, "notes")
        note = lf.write(notes, "create", caller, {"community": {"code": world.HOME}, "text": "x"})
        lf.write(notes, "close", caller, {}, note.id)
    events.deliver()
    assert {one.subscriber.partition(".")[0] for one in events.letters()} == {
        "raises_in_handler",
        "exits_in_handler",
    }


def test_what_was_stopped_holds_in_every_process_until_it_is_released(
    instance: Instance, boss: Caller, laid_out: Layout, visit: Visit, lifang: Command
) -> None:
    laid_out("raises_in_hook")
    world.enable(instance, "raises_in_hook", at=world.CHENGGUAN)
    here = world.caller(instance, "community_worker", at=world.HOME)
    for _time in range(5):
        instance.plugins.cards(here)
    row = Stop.get()
    assert (row.plugin, row.part, row.rule) == (
        "raises_in_hook", "home_cards", "errors",
    )  # fmt: skip
    shown = lifang("plugin", "show", "raises_in_hook").out
    assert "暂停：home_cards 在 畅家巷社区 已暂停（出错次数太多）：RuntimeError" in shown
    other = open_instance(instance.settings.home, environ={})
    theirs = world.caller(other, "community_worker", at=world.HOME)
    calls = other.plugins.watch.timings
    assert other.plugins.cards(theirs) == []
    assert calls == {}  # not called at all
    neighbour = world.caller(other, "community_worker", at=world.NEIGHBOUR)
    other.plugins.cards(neighbour)
    assert calls["raises_in_hook", "home_cards"].failed == 1
    other.close()
    instance.database.bind()
    assert lifang("plugin", "release", "raises_in_hook", "--at", world.NEIGHBOUR).code == 5
    assert lifang("plugin", "release", "raises_in_hook", "--at", world.HOME).code == 0
    assert not Stop.select().exists()
    assert not instance.plugins.refresh().stopped
    said = lifang("plugin", "quarantine", "raises_in_hook", "--reason", "待查")
    assert said.code == 0, said.err
    assert not instance.plugins.refresh().where("raises_in_hook")
    with pytest.raises(LifangError):
        switching.switch(boss, "raises_in_hook", at=world.HOME, on=True)
    assert lifang("plugin", "quarantine", "raises_in_hook", "--reason", "x").code == 5
    assert lifang("plugin", "release", "raises_in_hook").code == 0
    assert instance.plugins.refresh().where("raises_in_hook")
    assert lifang("plugin", "release", "raises_in_hook").code == 5
