"""Packages come by hash, from where somebody said, and are refused before anything is installed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from lifang.cli import plugin_shipping
from lifang.entities.audit import AuditChange, AuditEntry
from lifang.entities.caller import Caller
from lifang.kit.errors import (
    Conflict,
    Forbidden,
    Invalid,
    LifangError,
    Malformed,
    NotFound,
    NotReady,
)
from lifang.lifecycle import pip, publishing, sources, wheels
from lifang.lifecycle.pip import Offline
from lifang.plugins.tables import PluginRow
from lifang.services.instance import Instance
from lifang.testing.world import CHENGGUAN
from tests.core.lifecycle import shelf
from tests.core.lifecycle.machine import Machine, sha256, wheel
from tests.core.lifecycle.test_catalogue import SHELF, VERSIONS, write

PROJECT = """
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "lifang-shelf"
version = "1.0"
dependencies = ["lifang>=0.1,<1"]

[project.entry-points."lifang.plugins"]
shelf = "shelf.plugin:plugin"

[tool.hatch.build.targets.wheel]
packages = ["shelf"]
"""
NOTHING = {"plugin.py": "raise AssertionError('imported')"}


def refused(caller: Caller, path: Path | str, **told: str) -> LifangError:
    """What is said to somebody who wants to install it; nothing of it is kept or imported."""
    with (
        pytest.raises(LifangError) as caught,
        sources.fetched(caller, str(path), offline=Offline(no_index=True), **told),
    ):
        pass
    assert not list(wheels.folder(caller.instance.settings).glob("*.whl"))
    assert not list((caller.instance.settings.home / "plugins").glob(".incoming-*"))
    return caught.value


@pytest.mark.once
def test_what_cannot_be_installed_is_refused_with_its_reason_before_anything_is(
    instance: Instance, boss: Caller, caller: Callable[..., Caller], tmp_path: Path
) -> None:
    good = shelf.first(tmp_path / "good")
    cases: list[tuple[Path, type[LifangError], str]] = [
        (wheel(tmp_path / "a", "new", "1", NOTHING, requires=("lifang>=7",)), Conflict,
         "需要 lifang >=7"),
        (wheel(tmp_path / "b", "webhooks", "1", NOTHING, distribution="other"), Conflict,
         "编号「webhooks」已由软件包 lifang-webhooks 使用"),
        (wheel(tmp_path / "c", "new", "1", NOTHING, distribution="lifang-webhooks"), Conflict,
         "在这里是插件「webhooks」"),
        (wheel(tmp_path / "d", "new", "1", NOTHING, entries=""), Invalid, "没有里坊插件"),
        (wheel(tmp_path / "e", "new", "1", NOTHING,
               entries="[lifang.plugins]\na1 = x:y\nb1 = x:y\n"), Invalid, "几个插件（a1、b1）"),
        (wheel(tmp_path / "f", "new", "1", NOTHING, entries="[lifang.plugins]\ncore = x:y\n"),
         Invalid, "「core」不能作插件的编号"),
        (wheel(tmp_path / "g", "new", "1", NOTHING, requires=("peewee<4",)), Conflict,
         "会改动这里已有的软件包：peewee<4"),
        (tmp_path / "nothing.whl", NotFound, "没有文件"),
        (tmp_path / "no-such-thing", NotFound, "名称==版本"),
    ]  # fmt: skip
    for path, error, sentence in cases:
        told = refused(boss, path)
        assert isinstance(told, error), (path, told.sentence)
        assert sentence in told.sentence
    broken = tmp_path / "broken-1.0-py3-none-any.whl"
    broken.write_bytes(good.read_bytes()[:-400])
    assert "不是可用的 wheel" in refused(boss, broken).sentence
    renamed = shutil.copy(good, tmp_path / "lifang_shelf-1.1-py3-none-any.whl")
    assert "名称、版本不符" in refused(boss, renamed).sentence
    alien = shutil.copy(good, tmp_path / "lifang_shelf-1.0-cp27-cp27m-win32.whl")
    assert "不适用于这台机器" in refused(boss, alien).sentence
    assert "内容被改动过" in refused(boss, good, hash="sha256:" + "0" * 64).sentence
    assert isinstance(refused(boss, good, hash="md5:1"), Invalid)
    assert isinstance(refused(boss, "lifang-shelf==1.0"), NotReady)
    assert isinstance(refused(caller("district_admin", at=CHENGGUAN), good), Forbidden)
    object.__setattr__(instance.settings, "deny", ("shelf <2 2026-11-30 泄露电话",))
    assert "泄露电话（2026-11-30 起）" in refused(boss, good).sentence
    object.__setattr__(instance.settings, "deny", ())
    with sources.fetched(boss, str(good), hash=f"sha256:{sha256(good)}") as found:
        assert (found.wheel.id, found.known, found.brings) == ("shelf", True, ())


@pytest.mark.once
def test_the_same_version_with_another_content_is_refused_and_a_package_can_be_packed_again(
    instance: Instance, boss: Caller, tmp_path: Path
) -> None:
    told = instance.settings
    kept = wheels.keep(told, wheels.read(shelf.first(tmp_path / "one")))
    assert wheels.kept(told, "Lifang_Shelf", "1.0") == kept
    other = wheel(tmp_path / "two", "shelf", "1.0", NOTHING)
    with pytest.raises(Conflict, match="新的版本号"):
        wheels.keep(told, wheels.read(other))
    again = wheels.packed(told, "segno")  # any package that was installed from a wheel
    assert again is not None
    pip.run("install", "--dry-run", "--quiet", "--no-deps", "--no-index", str(again))
    assert wheels.packed(told, "lifang-webhooks") is None  # from its source, for development


@pytest.mark.once
def test_nothing_is_installed_where_packages_belong_to_somebody_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "access", lambda _place, _how: False)
    with pytest.raises(NotReady, match=r"python -m pip install --no-deps .*x.whl|pip install"):
        pip.demand_writable(tmp_path / "x.whl")


@pytest.mark.once
def test_from_the_index_it_needs_trust_and_all_it_brings_is_told(
    boss: Caller, tmp_path: Path
) -> None:
    brings, index = _index(tmp_path)
    with sources.fetched(boss, "lifang-tray==1.0", offline=index) as found:
        told = [(one.name, one.version, one.sha256) for one in found.brings]
        assert told == [("lifang-paper", "3.1", sha256(brings))]
        assert (found.wheel.id, found.known) == ("tray", False)
        with pytest.raises(Malformed, match="--trust"):
            plugin_shipping._confirm(found, {"trust": False, "yes": True})
    assert refused(boss, "lifang-tray").sentence.startswith("没有找到插件")


def _index(folder: Path) -> tuple[Path, Offline]:
    """A plugin that needs another package, both in a folder; gives that package."""
    brings = wheel(folder / "index", "paper", "3.1", {}, requires=(), entries="[x]\n")
    files = {"plugin.py": "import lifang as lf\n\nplugin = lf.Plugin('tray', '盘')\n"}
    needs = ("lifang>=0.1,<1", "lifang-paper>=3")
    wheel(folder / "index", "tray", "1.0", files, requires=needs)
    return brings, Offline(no_index=True, find_links=str(folder / "index"))


@pytest.mark.once
@pytest.mark.trust
def test_what_it_brings_is_installed_by_its_hash(
    run_it: Instance, machine: Machine, tmp_path: Path
) -> None:
    home = run_it.settings.home
    _brings, index = _index(tmp_path)
    words = ("plugin", "install", "lifang-tray==1.0", *index.words())
    asked = machine.run(home, *words, "--yes")
    assert (asked.code, "--trust" in asked.err) == (2, True)
    assert machine.version("lifang-tray") is None
    done = machine.run(home, *words, "--trust", "--json")
    assert done.json["state"] == "installed", done.err
    assert (machine.version("lifang-tray"), machine.version("lifang-paper")) == ("1.0", "3.1")


@pytest.mark.once
def test_the_catalogue_is_searched_and_installed_from_without_a_network(
    run_it: Instance,
    boss: Caller,
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    home = run_it.settings.home
    made = shelf.first(tmp_path / "wheels")
    folder = write(tmp_path / "catalogue", SHELF + VERSIONS)
    publishing.build(folder, tmp_path / "wheels")
    there = {"LIFANG_CATALOGUE": str(folder)}
    found = machine.run(home, "plugin", "search", "书架", **there)
    assert "shelf\t书架\t1.0\t可以使用" in found.out
    beside = folder / "wheels" / made.name
    beside.write_bytes(wheel(tmp_path, "shelf", "1.0", NOTHING).read_bytes())
    object.__setattr__(run_it.settings, "catalogue", folder)
    with pytest.raises(Conflict, match="内容被改动过"), sources.fetched(boss, "shelf"):
        pass
    shutil.copy(made, beside)
    (tmp_path / "shelf").mkdir()  # a folder that happens to be called like it
    (tmp_path / "shelf" / "pyproject.toml").touch()
    monkeypatch.chdir(tmp_path)
    done = machine.run(home, "plugin", "install", "shelf", "--yes", **there)
    assert done.code == 0, done.err
    assert (machine.version("lifang-shelf"), PluginRow.get_by_id("shelf").version) == ("1.0", "1.0")
    assert wheels.kept(run_it.settings, "lifang-shelf", "1.0") is not None
    entry = AuditEntry.get(AuditEntry.verb == "fetch")
    told = {one.field: one.after for one in AuditChange.select()}
    assert (entry.actor_name, entry.reason) == ("boss", "shelf 1.0 ← shelf")
    assert told["lifang-shelf"] == f"1.0 sha256:{sha256(made)}"


@pytest.mark.once
@pytest.mark.trust
def test_a_source_folder_is_built_and_what_cannot_be_loaded_is_taken_away_again(
    run_it: Instance, machine: Machine, tmp_path: Path
) -> None:
    home = run_it.settings.home
    source = tmp_path / "source"
    (source / "shelf").mkdir(parents=True)
    (source / "pyproject.toml").write_text(PROJECT)
    (source / "shelf" / "__init__.py").write_text("")
    (source / "shelf" / "plugin.py").write_text("raise OSError('no disk')")
    broken = machine.run(home, "plugin", "install", str(source), "--yes", "--no-index")
    assert (broken.code, "no disk" in broken.err) == (6, True)
    assert PluginRow.get_or_none(PluginRow.name == "shelf") is None
