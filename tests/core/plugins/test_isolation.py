"""A broken plugin harms nobody: at import, at registration, in a hook, and when it is gone."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import lifang as lf
from lifang.builtin.people import people
from lifang.entities.caller import Caller
from lifang.kit.errors import Conflict, Forbidden, NotFound, NotReady
from lifang.lifecycle import switching
from lifang.plugins.manager import Found, Snapshot, discover
from lifang.plugins.tables import PluginRow
from lifang.services import reading
from lifang.services.instance import Instance
from lifang.services.query import Query
from lifang.testing import temporary, world

Write = Callable[[str, str], None]


@pytest.fixture
def package(site: Path) -> Write:
    """Write an installed distribution whose plugin is the given source, found by its metadata."""

    def write(plugin: str, source: str) -> None:
        folder = site / f"lifang_{plugin}"
        (folder / "migrations").mkdir(parents=True)
        (folder / "__init__.py").write_text("")
        (folder / "plugin.py").write_text(textwrap.dedent(source))
        temporary.tell_of(site, folder.name, plugin, f"{folder.name}.plugin:plugin")

    return write


def test_a_plugin_that_raises_at_import_is_faulted_and_the_rest_works(
    instance: Instance, boss: Caller, package: Write
) -> None:
    package("broken_import", "raise RuntimeError('no coffee')")
    assert switching.show(boss, "broken_import").state == "available"
    with pytest.raises(NotReady, match="no coffee"):
        switching.install(boss, "broken_import")
    assert switching.show(boss, "broken_import").state == "faulted"
    world.enable(instance, "dual_reporting", at=world.CHENGGUAN)
    world.person(instance, "甲")
    assert reading.count(boss, people, Query()) == 1


@pytest.mark.parametrize(
    "source",
    [
        "raise SystemExit(3)",
        "plugin = 42",
        "import lifang as lf\nplugin = lf.Plugin('other_id', 'x')",
        "import lifang as lf\nplugin = lf.Plugin('UPPER', 'x')",
        """
        import lifang as lf
        class Thing(lf.Record):
            community = lf.place("社区")
            class Meta:
                table_name = "core_stolen"
        plugin = lf.Plugin("broken_one", "x", resources=[lf.Resource(Thing, label="x")])
        """,
        """
        import lifang as lf
        @lf.hookimpl
        def home_crads(caller): ...
        plugin = lf.Plugin("broken_one", "x", hooks=[home_crads])
        """,
    ],
)
def test_a_plugin_that_cannot_be_registered_leaves_nothing_behind(
    instance: Instance, boss: Caller, package: Write, source: str
) -> None:
    package("broken_one", source)
    known = list(instance.registry)
    with pytest.raises(NotReady):
        switching.install(boss, "broken_one")
    assert list(instance.registry) == known
    assert instance.plugins.hooks.get_plugin("broken_one") is None
    assert PluginRow.get_or_none(PluginRow.name == "broken_one") is None


def test_a_hook_that_raises_drops_its_own_cards_only(instance: Instance, boss: Caller) -> None:
    @lf.hookimpl
    def home_cards(caller: lf.Caller) -> list[lf.Card]:
        raise SystemExit(1)

    world.enable(instance, "dual_reporting", at=world.CHENGGUAN)
    broken = lf.Plugin("broken_hook", "x", hooks=[home_cards])
    instance.plugins.register(broken)
    caller = world.boss(instance)
    on = caller.snapshot.on | {"broken_hook": (("", "~"),)}
    cards = instance.plugins.cards(replace(caller, snapshot=Snapshot(99, on)))
    assert [card.title for card in cards] == ["已报到人数"]


def test_a_guarded_hook_answers_with_what_the_plugin_said(
    instance: Instance, enable: Callable[..., None], caller: Callable[..., Caller]
) -> None:
    enable("dual_reporting", at=world.CHENGGUAN)
    here, there = (
        caller("community_worker", at=world.HOME),
        caller("community_worker", at=world.FOREIGN),
    )
    assert [card.value for card in instance.plugins.cards(here)] == [0]
    assert instance.plugins.cards(there) == []


def test_a_plugin_whose_package_is_gone_is_told_as_missing(
    instance: Instance, boss: Caller
) -> None:
    PluginRow.insert(
        name="vanished", label="消失", version="1.0", state="installed", changed_at=lf.now()
    ).execute()
    assert switching.show(boss, "vanished").state == "missing"
    with pytest.raises(Conflict):
        switching.switch(boss, "vanished", at=world.CHENGGUAN, on=True)


def test_only_administrators_switch_and_only_within_their_reach(
    instance: Instance, boss: Caller, caller: Callable[..., Caller]
) -> None:
    district = caller("district_admin", at=world.CHENGGUAN)
    with pytest.raises(Conflict, match="lifang plugin install"):
        switching.switch(district, "dual_reporting", at=world.CHENGGUAN, on=True)
    with pytest.raises(Forbidden):
        switching.install(district, "dual_reporting")
    switching.install(boss, "dual_reporting")
    with pytest.raises(Conflict):
        switching.install(boss, "dual-reporting")
    with pytest.raises(Forbidden):
        switching.listed(caller("community_worker", at=world.HOME))
    with pytest.raises(Forbidden):
        switching.switch(caller("auditor"), "dual_reporting", at=world.CHENGGUAN, on=True)
    switching.switch(district, "dual_reporting", at=world.CHENGGUAN, on=True)
    with pytest.raises(Conflict):
        switching.switch(district, "dual_reporting", at=world.CHENGGUAN, on=True)
    with pytest.raises(Forbidden):
        switching.switch(district, "dual_reporting", at=None, on=True)
    with pytest.raises(NotFound):
        switching.show(boss, "no_such")
    with pytest.raises(NotFound):
        switching.install(boss, "no_such")


def test_a_plugin_is_known_without_importing_it(package: Write) -> None:
    package("broken_quiet", "raise RuntimeError('imported')")
    found = discover()
    assert isinstance(found["broken_quiet"], Found)
    assert found["broken_quiet"].version == "1.0"
    assert "lifang_broken_quiet.plugin" not in sys.modules
