"""Upgrading a plugin: planned before anything is touched, and whole or not at all.

While it goes on the plugin is off everywhere. Tables, version and state change in one transaction
of a fresh process, with the new code; so a failure, and a kill too, leaves the data as it was, and
only the package has to be put back: a note in the instance's folder says which.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.version import Version

from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.kit.errors import Conflict, LifangError, NotFound, NotReady
from lifang.kit.settings import Settings
from lifang.kit.words import _
from lifang.lifecycle import pip, wheels
from lifang.lifecycle.fitting import Line, differences, runs
from lifang.lifecycle.layers import unset
from lifang.lifecycle.sources import Fetched
from lifang.lifecycle.stored import Told, declaration
from lifang.lifecycle.wheels import Wheel
from lifang.plugins.declared import said
from lifang.plugins.manager import discover
from lifang.plugins.setting import Setting
from lifang.plugins.snapshot import read_switches
from lifang.plugins.tables import PluginRow, SettingRow, bump_epoch
from lifang.services.auditing import record_note
from lifang.upkeep import backup
from lifang.upkeep.backup import Steps

UNDER_WAY = "upgrading"
"""A plugin's state meanwhile; it is on nowhere."""

PATIENCE = 3600  # seconds for all migrations
STEP = "lifang.app.stepping"
"""The module that is run in a fresh process: it lies above, and is only ever named."""

log = logging.getLogger("lifang.plugins")


@dataclass(frozen=True)
class Plan:
    """What an upgrade would do; `changes` are the lines of its change log for what is new."""

    id: str
    before: str
    after: str
    sha256: str
    lines: tuple[Line, ...]
    changes: tuple[str, ...]

    @property
    def blocked(self) -> bool:
        """Whether something stands in the way."""
        return any(one.grade == "blocks" for one in self.lines)


@dataclass(frozen=True)
class Upgraded:
    """What was done: the migrations applied, and the backup made before."""

    plan: Plan
    applied: tuple[str, ...]
    backup: Path | None


def notes(told: Settings) -> Path:
    """The folder of notes on upgrades under way, one per plugin."""
    return told.home / "plugins" / "upgrading"


def demand_installed(caller: Caller, plugin: str) -> str:
    """The id of an installed plugin whose package is here; raises NotFound or Conflict."""
    id = plugin.replace("-", "_")
    with _alone(caller.instance.settings):
        pass  # nothing is planned while another upgrade changes what the plan rests on
    row = PluginRow.get_or_none(PluginRow.name == id)
    if row is None or id not in discover():
        raise NotFound(_("插件「{plugin}」没有安装，不能升级", plugin=id))
    if row.state not in ("installed", UNDER_WAY):
        raise Conflict(_("插件「{plugin}」现在不能升级；见 lifang plugin show {plugin}", plugin=id))
    return id


def plan(caller: Caller, plugin: str, found: Fetched) -> Plan:
    """Say what upgrading a plugin to a fetched wheel would do; nothing is touched."""
    wheel, here = found.wheel, discover()[plugin]
    if wheel.id != plugin:
        told = {"file": wheel.path.name, "id": wheel.id, "wanted": plugin}
        raise Conflict(_("{file} 里是插件「{id}」，不是「{wanted}」", **told))
    lines = [_version(here.version, wheel.version)]
    core = metadata.version("lifang")
    lines.append(Line("ok", _("这里的 lifang {core} 合用（需要 {wanted}）", core=core,
                              wanted=wheel.core or "—")))  # fmt: skip
    lines += [Line("ok", _("同时安装 {name} {version}", name=one.name, version=one.version))
              for one in found.brings]  # fmt: skip
    if not _goes_back(caller.instance.settings, here.distribution):
        lines.append(
            Line("blocks", _("现在的版本是从源码安装的，没有可退回的 wheel；请先改装成 wheel"))
        )
    try:
        new = _described(caller.instance.settings, wheel)
        lines.append(Line("ok", _("新版本能够载入")))
        lines += _migrations(new)
        loaded = caller.instance.plugins.load(here)
        old = declaration(loaded, here) if loaded else None
        lines += [*differences(old, new), *_lacking(plugin, old, new)] if old else []
        lines += [*_missed(caller, plugin, new), *_unread(plugin, new)]
    except NotReady as error:
        lines.append(Line("blocks", error.sentence))
    changes = tuple(_changes(wheel, here.version))
    return Plan(plugin, here.version, wheel.version, wheel.sha256, tuple(lines), changes)


def _version(before: str, after: str) -> Line:
    told = {"before": before, "after": after}
    if Version(after) == Version(before):
        return Line("blocks", _("已经是版本 {after}", **told))
    if Version(after) < Version(before):
        return Line("warns", _("版本 {after} 比现在的 {before} 旧", **told))
    return Line("ok", _("版本 {before} → {after}", **told))


def _goes_back(told: Settings, distribution: str) -> bool:
    installed = metadata.distribution(distribution)
    direct = installed.read_text("direct_url.json") or ""
    kept = wheels.kept(told, distribution, installed.version)
    return kept is not None or '"editable": true' not in direct.replace('":true', '": true')


def _described(told: Settings, wheel: Wheel) -> Told:
    """What a wheel's plugin declares, loaded in another process from a scratch folder."""
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(wheel.path) as opened:
            opened.extractall(folder)
        path = os.pathsep.join(filter(None, [folder, os.environ.get("PYTHONPATH", "")]))
        environ = {"PYTHONPATH": path, "LIFANG_HOME": str(told.home)}
        return dict(json.loads(_step("describe", wheel.id, environ=environ)))


def _migrations(new: Told) -> Iterator[Line]:
    """Each migration that would be run."""
    for name in new["waiting"]:
        if not new["migrations"][name]["atomic"]:
            yield Line("blocks", _("迁移 {name} 不能在一个事务里执行，失败时退不回去", name=name))
    yield from runs(new["waiting"], new["migrations"])


def _missed(caller: Caller, plugin: str, new: Told) -> Iterator[Line]:
    """Plugins that could not do without an interface the new version no longer has."""
    loaded = caller.instance.plugins.loaded
    gone = (loaded[plugin].provides.keys() if plugin in loaded else set()) - set(new["provides"])
    for other in loaded.values():
        for need in other.needs:
            if need.name in gone and not need.optional:
                told = {"plugin": other.id, "name": need.name}
                yield Line("blocks", _("「{plugin}」需要接口 {name}，新版本不再提供", **told))


def _lacking(plugin: str, old: Told, new: Told) -> Iterator[Line]:
    """Settings that become required, and where it is on without them."""
    for name, one in new["settings"].items():
        before = old["settings"].get(name)
        if not one["required"] or (before and before["required"]):
            continue
        asked: Setting[str] = Setting(name, str, said(one["label"]), plugin=plugin)
        on = [turned.node for turned in read_switches().get(plugin, ()) if turned.on]
        nodes = Community.select().where(Community.id.in_(on)).order_by(Community.path)
        lacking = [node for node in nodes if unset({name: asked}, node)]
        if lacking:
            told = {"where": _("、").join(node.name for node in lacking), "name": asked.label,
                    "key": name}  # fmt: skip
            if before:
                told_of = _("新版本不能没有「{name}」（{key}），请先在「{where}」设置", **told)
            else:
                told_of = _("新版本不能没有「{name}」（{key}），请先在「{where}」停用，"
                            "升级后设置好再启用", **told)  # fmt: skip
            yield Line("blocks", told_of)


def _unread(plugin: str, new: Told) -> Iterator[Line]:
    rows = SettingRow.select(SettingRow.key).where(SettingRow.plugin == plugin).distinct()
    gone = sorted({row.key for row in rows} - new["settings"].keys())
    for name in gone:
        yield Line("warns", _("各地设过的「{name}」升级后不再被读取，行仍保留", name=name))


def _changes(wheel: Wheel, before: str) -> Iterator[str]:
    """The lines of the change log under the versions after the present one."""
    new = False
    for line in wheel.changes.splitlines():
        heading = re.match(r"#+ .*?v?(\d+(?:\.\d+)+\S*)", line)
        if heading:
            try:
                new = Version(heading[1].rstrip("],:")) > Version(before)
            except ValueError:
                new = False
        if new and line.strip():
            yield line.strip()


def upgrade(
    caller: Caller,
    planned: Plan,
    found: Fetched,
    *,
    keep: bool = True,
    progress: Steps = lambda _step, _done, _of: None,
) -> Upgraded:
    """Upgrade a plugin as planned; whatever fails, the version and data before are there again.

    A backup is made first unless `keep` is false. Raises Conflict where the plan is blocked or
    another upgrade is under way, NotReady saying what failed and what to do.
    """
    told, wheel, plugin = caller.instance.settings, found.wheel, planned.id
    if planned.blocked:
        reasons = _("；").join(one.text for one in planned.lines if one.grade == "blocks")
        raise Conflict(_("不能升级「{plugin}」：{why}", plugin=plugin, why=reasons))
    with _alone(told) as lock:
        _settle(caller, plugin, lock)
        pip.demand_writable(wheel.path)
        kept = backup.make_before(caller, plugin, progress) if keep else None
        before, fresh = wheels.packed(told, wheel.distribution), wheels.keep(told, wheel)
        assert before is not None  # noqa: S101 – the plan is blocked otherwise
        _begin(caller, planned, wheel, before)
        try:
            progress(_("换上新版本"), 0, 2)
            pip.install(fresh, wheel.sha256, found.brings, found.offline, held=[lock])
            progress(_("换上新版本"), 1, 2)
            by = {"name": caller.name, "account": caller.account, "source": caller.source,
                  "reason": f"{plugin} {planned.before} → {planned.after} ← {found.source}",
                  "sha256": wheel.sha256, "before": planned.before}  # fmt: skip
            environ = {"LIFANG_HOME": str(told.home)}
            done = _step("migrate", plugin, environ=environ, said=by, held=[lock])
        except LifangError as error:
            raise _gone_back(caller, plugin, lock, error, kept) from error
        (notes(told) / f"{plugin}.json").unlink()
    progress(_("换上新版本"), 2, 2)
    return Upgraded(planned, tuple(json.loads(done)["applied"]), kept)


@contextmanager
def _alone(told: Settings) -> Iterator[int]:
    """One upgrade at a time; children that work for it hold the lock too when it is killed."""
    lock = os.open(told.run / "upgrade.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(_("另一个插件正在升级，请稍后再试")) from None
        yield lock
    finally:
        os.close(lock)


def _begin(caller: Caller, planned: Plan, wheel: Wheel, before: Path) -> None:
    """Note what goes back on a failure, durably, and switch the plugin off everywhere."""
    place = notes(caller.instance.settings)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    note = {"wheel": str(before), "sha256": wheels.digest(before), "before": planned.before,
            "after": planned.after}  # fmt: skip
    part = place / f".{planned.id}.part"
    with part.open("w", encoding="utf-8") as file:
        json.dump(note, file)
        file.flush()
        os.fsync(file.fileno())
    part.rename(place / f"{planned.id}.json")
    with caller.instance.database.transaction():
        PluginRow.update(state=UNDER_WAY).where(PluginRow.name == planned.id).execute()
        bump_epoch()


def _step(
    *words: str,
    environ: dict[str, str],
    said: dict[str, Any] | None = None,
    held: Sequence[int] = (),
) -> str:
    """Run a step in a fresh process and give what it prints; NotReady tells what went wrong."""
    done = subprocess.run(  # noqa: S603 – our own module, no shell
        [sys.executable, "-P", "-m", STEP, str(os.getpid()), *words],
        input=json.dumps(said),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
        env=os.environ | environ,
        pass_fds=held,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [_("进程被终止（{n}）", n=done.returncode)])[-1]
        raise NotReady(_("新版本没有通过：{why}", why=last))
    return done.stdout


def _gone_back(
    caller: Caller, plugin: str, lock: int, error: LifangError, kept: Path | None
) -> NotReady:
    """Put the package back and say what happened; the data is as it was."""
    backup_told = _("；升级前的备份在 {path}", path=kept) if kept else ""
    try:
        _settle(caller, plugin, lock)
    except LifangError as second:
        return NotReady(
            _(
                "「{plugin}」没有升级成：{why}。数据没有变，但软件包没有退回：{second}。"
                "修好后再运行任何 lifang 命令就会退回{backup}",
                plugin=plugin,
                why=error.sentence,
                second=second.sentence,
                backup=backup_told,
            )  # fmt: skip
        )
    return NotReady(
        _(
            "「{plugin}」没有升级成，已退回原来的版本和数据：{why}。请把这句话告诉插件的维护者{backup}",
            plugin=plugin,
            why=error.sentence,
            backup=backup_told,
        )  # fmt: skip
    )


def _settle(caller: Caller, plugin: str, lock: int) -> None:
    """Finish an upgrade that did not end: it was committed, or the package goes back."""
    path = notes(caller.instance.settings) / f"{plugin}.json"
    if not path.exists():
        return
    note = json.loads(path.read_text("utf-8"))
    row = PluginRow.get_or_none(PluginRow.name == plugin)
    if row is not None and row.state == UNDER_WAY:
        pip.install(Path(note["wheel"]), note["sha256"], held=[lock])
        with caller.instance.database.transaction():
            kept = {"state": "installed", "version": note["before"]}
            PluginRow.update(kept).where(PluginRow.name == plugin).execute()
            bump_epoch()
            reason = f"{plugin} {note['before']} → {note['after']}"
            record_note(caller, "plugin", "upgrade", reason=reason, outcome="denied")
    path.unlink()


def mend(caller: Caller) -> None:
    """Finish upgrades that were killed; while one is under way nothing is done."""
    told = caller.instance.settings
    try:
        with _alone(told) as lock:
            for path in notes(told).glob("*.json"):
                _settle(caller, path.stem, lock)
    except Conflict:
        return  # it is under way
    except LifangError as error:
        log.warning("an upgrade that was killed could not be undone: %s", error.sentence)
