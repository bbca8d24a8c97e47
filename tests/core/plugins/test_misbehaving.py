"""Plugins of every bad habit in one instance: the core's answers stay right, the others work."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest

import lifang as lf
from lifang.app.instance import open_instance
from lifang.builtin.people import people
from lifang.entities.audit import AuditEntry
from lifang.entities.caller import Caller
from lifang.kit.errors import LifangError, NotReady
from lifang.kit.words import using
from lifang.lifecycle import isolation, switching, timings
from lifang.plugins import importing, waiting
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
from tests.core.web.conftest import Visit, Visitor

START = 10.0
"""Seconds in which an instance is there, whatever is installed."""

ENDING = [name for name, told in MISBEHAVING.items() if told.ends]
HERE = [name for name, told in MISBEHAVING.items() if not told.ends]
LOADING = [name for name in HERE if MISBEHAVING[name].shown in ("rejected", "faulted")]
RUNNING = [name for name in HERE if MISBEHAVING[name].shown in ("refused", "harmless")]
READABLE = re.compile(r"[\u4e00-\u9fff]{4}")


def switched_on(instance: Instance, *names: str) -> None:
    """Let plugins be installed and on in 城关区 without asking whether they can be loaded."""
    now, present = lf.now(), discover()
    for name in names:
        folder = waiting.folder_of(present[name]) if name in present else None
        shutil.rmtree(folder or "", ignore_errors=True)  # what waits for migrations is not loaded
        told = {"label": name, "version": "1.0.0", "state": "installed", "changed_at": now}
        PluginRow.insert(name=name, **told).on_conflict_ignore().execute()
    turned_on(*names)


def turned_on(*names: str) -> None:
    """Let installed plugins be on in 城关区."""
    node = lf.Community.get(lf.Community.code == world.CHENGGUAN)
    told = {"community": node, "on": True, "changed_at": lf.now()}
    Activation.insert_many([{"plugin": name} | told for name in names]).execute()
    bump_epoch()


def put_back(*names: str) -> None:
    """Let plugins that were uninstalled be installed, and on where they were."""
    PluginRow.update(state="installed").where(PluginRow.name.in_(names)).execute()
    Activation.update(on=True).where(Activation.plugin.in_(names)).execute()
    bump_epoch()


def demand_removable(
    names: Sequence[str], back: Callable[..., None], lifang: Command, administrator: Visitor
) -> None:
    """Each can be got rid of, by command and by page; in between all are brought back."""
    for turn in (0, 1):
        for number, name in enumerate(names, turn):
            if number % 2:
                said = lifang("plugin", "uninstall", name, "--keep", "--yes")
                assert said.code == 0, (name, said)
            else:
                done = administrator.post(f"/admin/plugins/{name}/uninstall", {"how": "keep"})
                assert done.status_code == 303, (name, done.text)
        rows = PluginRow.select().where(PluginRow.name.in_(names))
        assert {row.name: row.state for row in rows} == dict.fromkeys(names, "uninstalled")
        assert not Activation.select().where(Activation.plugin.in_(names), Activation.on).exists()
        if not turn:
            back(*names)
            assert Activation.select().where(Activation.on).count() > len(names)


def demand_reasons(instance: Instance) -> None:
    """Each is kept out or broken, with a reason in either language."""
    present = discover()
    for name in LOADING:
        kept_out = bool(instance.plugins.why_not(present[name]))
        assert kept_out == (MISBEHAVING[name].shown == "rejected"), name
        [reason, *_more] = instance.plugins.reasons(present[name])
        assert READABLE.search(str(reason)), (name, reason)
        with using("en"):
            assert not READABLE.search(str(reason)), (name, reason)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait as long for an import that hangs as an office would."""
    monkeypatch.setattr(importing, "LIMIT", 1.5)


@pytest.mark.usefixtures("patient")
@pytest.mark.once
def test_what_cannot_be_loaded_is_told_with_a_reason_and_the_others_are_there(
    instance: Instance, boss: Caller, laid_out: Layout, visit: Visit, lifang: Command
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
        demand_reasons(with_all)
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
    demand_removable(LOADING, put_back, lifang, visit("platform_administrator"))


@pytest.mark.once
def test_what_would_end_the_process_is_removed_in_safe_mode(
    instance: Instance, laid_out: Layout, visit: Visit, lifang: Command
) -> None:
    world.enable(instance, "dual_reporting", at=world.CHENGGUAN)
    laid_out(*ENDING)
    instance.plugins.safe = True
    switched_on(instance, *ENDING)
    assert not instance.plugins.refresh().where(ENDING[0])
    demand_removable(ENDING, put_back, lifang, visit("platform_administrator"))
    instance.plugins.safe = False
    assert "dual_reporting" in instance.plugins.refresh().on


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


def test_another_version_of_what_failed_is_tried_by_itself(
    instance: Instance, laid_out: Layout
) -> None:
    site = laid_out("raises_at_import")
    switched_on(instance, "raises_at_import")
    instance.plugins.refresh()
    assert Stop.get().rule == "fault"
    plugin = site / "lifang_raises_at_import" / "plugin.py"
    plugin.write_text(plugin.read_text().replace("raise ", "told = "))
    before = site / "lifang_raises_at_import-1.0.0.dist-info"
    metadata = before.rename(site / "lifang_raises_at_import-1.0.1.dist-info") / "METADATA"
    metadata.write_text(metadata.read_text().replace("Version: 1.0.0", "Version: 1.0.1"))
    bump_epoch()
    instance.plugins.refresh()
    assert "raises_at_import" in instance.plugins.loaded
    assert not Stop.select().exists()


@pytest.mark.once
def test_whatever_goes_wrong_while_they_run_stays_their_own(
    instance: Instance,
    boss: Caller,
    laid_out: Layout,
    visit: Visit,
    lifang: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    laid_out(*RUNNING, "migration_raises")
    world.enable(instance, "dual_reporting", at=world.CHENGGUAN)
    for name in RUNNING:
        switching.install(boss, name)
    turned_on(*RUNNING)
    instance.plugins.refresh()
    assert set(RUNNING) <= instance.plugins.loaded.keys()
    worker = visit("community_worker", at=world.HOME)
    for _time in range(6):
        home = worker.text("/")
        assert "已报到人数" in home
    first = visit("platform_administrator")
    administrator = first.text("/")
    stopped = {(row.plugin, row.part) for row in Stop.select()}
    failing = [name for name in HERE if name.endswith(("_hook", "_open")) and name in RUNNING]
    assert {(name, "home_cards") for name in failing} == stopped
    for name in failing:
        assert f"插件暂停：{name}" in administrator, name
    monkeypatch.setattr(timings, "EVERY", 0)
    worker.text("/")
    assert "home_cards：8 次，" in lifang("plugin", "show", "prints").out
    assert lifang("plugin", "install", "migration_raises").code == 1
    assert worker.text("/people")
    assert "什么也没有" in lifang("plugin", "uninstall", "migration_raises", "--keep", "--yes").err

    def back(*names: str) -> None:
        for name in names:
            switching.install(boss, name)
        put_back(*names)
        assert set(names) <= instance.plugins.refresh().on.keys()

    demand_removable(RUNNING, back, lifang, first)
    instance.plugins.refresh()
    assert not set(RUNNING) & instance.plugins.loaded.keys()
    assert "已报到人数" in worker.text("/")


@pytest.mark.once
def test_an_error_in_a_page_names_the_plugin_and_too_many_stop_its_pages_there(
    instance: Instance, laid_out: Layout, visit: Visit
) -> None:
    broken = ("raises_in_action", "exits_in_action", "migration_differs")
    laid_out(*broken)
    world.enable(instance, "dual_reporting", at=world.CHENGGUAN)
    for name in broken:
        world.enable(instance, name, at=world.CHENGGUAN)
    worker = visit("community_worker", at=world.HOME)
    lost = worker.post("/p/migration-differs/notes/new", {"community": world.HOME, "text": "x"})
    assert lost.status_code == 500
    assert "（migration_differs 1.0.0）" in lost.text
    for name in broken[:2]:
        note = noted(instance, name)
        page = f"/p/{name.replace('_', '-')}/notes/{note.id}"
        assert "便条" in worker.text(page)
        for _time in range(5):
            answer = worker.post(f"{page}/actions/close")
            assert answer.status_code == 500
            assert f"（{name} 1.0.0）" in answer.text
        assert type(note).get_by_id(note.id).state == "open"
        stopped = worker.get(page)
        assert stopped.status_code == 503
        assert f"lifang plugin release {name}" in stopped.text
        assert worker.text("/p/dual-reporting/reports")
        assert visit("community_worker", at=world.NEIGHBOUR).text(page.rpartition("/")[0])


def test_an_error_in_a_handler_is_the_delivery_s_and_the_others_are_told(
    instance: Instance, laid_out: Layout, events: Events
) -> None:
    names = ("raises_in_handler", "exits_in_handler", "prints")
    laid_out(*names)
    caller = world.caller(instance, "community_worker", at=world.HOME)
    for name in names:
        world.enable(instance, name, at=world.CHENGGUAN)
        caller = world.caller(instance, "community_worker", at=world.HOME)
        note = noted(instance, name)
        lf.write(instance.registry.of(type(note)), "close", caller, {}, note.id)
    events.deliver()
    failed = {one.subscriber.partition(".")[0] for one in events.letters()}
    assert failed == {"raises_in_handler", "exits_in_handler"}


def noted(instance: Instance, name: str) -> Any:
    """A note of one of the plugins, taken by a worker of 畅家巷."""
    worker = world.caller(instance, "community_worker", at=world.HOME)
    notes: Any = instance.registry.find(name, "notes")
    return lf.write(notes, "create", worker, {"community": {"code": world.HOME}, "text": "x"})


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
    assert calls["raises_in_hook", "home_cards"].calls == 0
    neighbour = world.caller(other, "community_worker", at=world.NEIGHBOUR)
    other.plugins.cards(neighbour)
    assert calls["raises_in_hook", "home_cards"].failed == 1
    other.close()
    instance.database.bind()
    assert lifang("plugin", "release", "raises_in_hook", "--at", world.NEIGHBOUR).code == 5
    assert lifang("plugin", "release", "raises_in_hook", "--at", world.HOME).code == 0
    assert not Stop.select().exists()
    assert not instance.plugins.refresh().stopped


def test_what_is_in_quarantine_is_called_nowhere_until_it_is_released(
    instance: Instance, boss: Caller, enable: Callable[..., None], lifang: Command
) -> None:
    enable("dual_reporting", at=world.CHENGGUAN)
    quarantine = ("plugin", "quarantine", "dual-reporting", "--reason")
    assert lifang(*quarantine, " ").code == 2
    assert lifang(*quarantine, "待查").code == 0
    assert lifang(*quarantine, "又一次").code == 5
    assert not instance.plugins.refresh().where("dual_reporting")
    assert "待查" in lifang("plugin", "show", "dual_reporting").out
    with pytest.raises(LifangError):
        switching.switch(boss, "dual_reporting", at=world.HOME, on=True)
    other = open_instance(instance.settings.home, environ={})
    assert not other.plugins.refresh().where("dual_reporting")
    other.close()
    instance.database.bind()
    assert lifang("plugin", "release", "dual_reporting").code == 0
    assert instance.plugins.refresh().where("dual_reporting")
    assert lifang("plugin", "release", "dual_reporting").code == 5
    verbs = [row.verb for row in AuditEntry.select().where(AuditEntry.noun == "plugin")]
    assert verbs[-2:] == ["quarantine", "release"]
