"""The verbs of a plugin's life as pages and programs say them: what each is told, who does it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from lifang.entities.caller import Caller
from lifang.kit import clock
from lifang.kit.errors import FieldError, Invalid, Malformed
from lifang.kit.words import _, n_
from lifang.lifecycle import installing, isolation, packages, removing, states, switching
from lifang.lifecycle.removing import Gone, Look
from lifang.lifecycle.states import Listed
from lifang.lifecycle.switching import How
from lifang.services import event_log

Given = Mapping[str, Any]
"""What a verb is told, by name; what was not said is not in it."""


@dataclass(frozen=True)
class Asked:
    """One thing a verb may be told: `kind` is place, text, paragraph, moment, flag, choice, radio.

    Programs may say other words than the choices unless it is `strict`.
    """

    kind: str
    label: str
    help: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    strict: bool = False


@dataclass(frozen=True)
class Verb:
    """A verb: what it is called, what it `takes` (`needs` of that must be said), who does it.

    `looks` tells what it would come to and changes nothing. One that is `everywhere` is for those
    who administer the whole instance; one that `asks` is never done at a single touch, one that is
    `final` cannot be taken back. To one that takes a `file` a wheel can be sent. `states` are those
    of a plugin in which it makes sense.
    """

    name: str
    label: str
    done: str
    does: Callable[[Caller, str, Given], Any]
    takes: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    looks: Callable[[Caller, str, Given], Any] | None = None
    everywhere: bool = False
    asks: bool = False
    final: bool = False
    file: bool = False
    states: tuple[str, ...] = ("installed",)


ASKED = {
    "at": Asked(
        "place", n_("在哪个社区"), n_("社区编号或名称；它下面的也算，不填就是所有顶级社区")
    ),
    "history": Asked(
        "choice",
        n_("启用时，过去的事件"),
        choices=(
            ("", n_("补上停用期间的；新启用的从现在起")),
            ("skip", n_("不告诉")),
            ("restart", n_("从头告诉")),
        ),
    ),
    "lock": Asked("flag", n_("锁定：下级不能自己启用或停用")),
    "along": Asked("flag", n_("连同它需要的或依赖它的插件一起")),
    "reason": Asked("paragraph", n_("原因"), n_("看得到这个插件的管理员都能看到，也记入审计")),
    "how": Asked(
        "radio",
        n_("它的数据"),
        choices=(
            ("keep", n_("保留：随时可以重新安装，一切如旧")),
            ("export", n_("导出到服务器上本实例的 exports 文件夹，再保留")),
            ("purge", n_("清除：表、设置、附件全部删除，不能撤销")),
        ),
        strict=True,
    ),
    "purpose": Asked("text", n_("导出完整信息的用途"), n_("只在导出时；不填则遮盖敏感信息")),
    "confirm": Asked("text", n_("插件的编号"), n_("清除后不能撤销：请原样输入编号来确认")),
    "no_backup": Asked("flag", n_("之前不做备份")),
    "source": Asked(
        "text", n_("软件包来源"), n_("目录里的编号，或名称==版本；升级时不填就是目录里的最新版本")
    ),
    "hash": Asked("text", "SHA-256", n_("发布者公布的，写作 sha256:…；与文件核对")),
    "bundle": Asked("text", n_("组合"), n_("插件目录里组合的编号")),
    "until": Asked("moment", n_("到何时为止"), n_("到时自动恢复；不填就由人恢复")),
}


def _switch(caller: Caller, plugin: str, given: Given, *, on: bool) -> Listed:
    how = How(lock=given.get("lock", False), along=given.get("along", False))
    past = given.get("history")
    return switching.switch(caller, plugin, at=given.get("at"), on=on, history=past, how=how)


def _suspend(caller: Caller, plugin: str, given: Given) -> Listed:
    told = {"at": given.get("at"), "reason": given["reason"], "until": given.get("until")}
    return switching.suspend(caller, plugin, **told)


def _look(caller: Caller, plugin: str, given: Given) -> Look:
    return removing.look(caller, plugin)


def _uninstall(caller: Caller, plugin: str, given: Given) -> Gone:
    along, how = given.get("along", False), given["how"]
    if how == "export":
        stamp = f"{clock.local(clock.now()):%Y%m%d-%H%M%S}"
        folder = caller.instance.settings.home / "exports" / f"{plugin}-{stamp}"
        why = given.get("purpose")
        return removing.export(caller, plugin, folder, purpose=why, along=along)
    if how == "purge":
        _demand_typed(plugin, given)
    gone = removing.keep(caller, plugin, along=along)
    return gone if how == "keep" else _purge(caller, plugin, given)


def _purge(caller: Caller, plugin: str, given: Given) -> Gone:
    _demand_typed(plugin, given)
    return removing.purge(caller, plugin, keep_backup=not given.get("no_backup", False))


def _demand_typed(plugin: str, given: Given) -> None:
    """Let the id be typed: what is purged does not come back."""
    if given.get("confirm", "").replace("-", "_") != plugin:
        raise Invalid.about("confirm", "invalid", _("没有清除；请原样输入编号 {id}", id=plugin))


_SWITCHED = ("at", "history", "lock", "along")
_ALL = (
    Verb("install", n_("安装"), n_("插件已安装；现在可以选择在哪里启用"),
         lambda caller, id, _given: installing.install(caller, id),
         everywhere=True, states=("available", "uninstalled", "purged")),
    Verb("enable", n_("启用"), n_("插件已启用"), partial(_switch, on=True), takes=_SWITCHED),
    Verb("disable", n_("停用"), n_("插件已停用"), partial(_switch, on=False),
         takes=("at", "lock", "along"), asks=True),
    Verb("inherit", n_("改为继承"), n_("已恢复继承"),
         lambda caller, id, given: switching.inherit(caller, id, at=given["at"]),
         takes=("at",), needs=("at",)),
    Verb("suspend", n_("暂停使用"), n_("插件已暂停"), _suspend,
         takes=("at", "reason", "until"), needs=("reason",)),
    Verb("resume", n_("恢复"), n_("插件已恢复"),
         lambda caller, id, given: switching.resume(caller, id, at=given.get("at")), takes=("at",)),
    Verb("retry", n_("重新载入"), n_("插件已能载入，立即生效"),
         lambda caller, id, _given: isolation.retry(caller, id),
         everywhere=True, states=("faulted", "rejected")),
    Verb("release", n_("解除"), n_("已解除，立即生效"),
         lambda caller, id, given: isolation.release(caller, id, given.get("at")),
         takes=("at",), everywhere=True, states=("quarantined", "installed")),
    Verb("quarantine", n_("隔离"), n_("插件已隔离：各处都不再调用它"),
         lambda caller, id, given: isolation.quarantine(caller, id, given["reason"]),
         takes=("reason",), needs=("reason",), everywhere=True),
    Verb("upgrade", n_("升级"), n_("插件已升级；运行中的服务会自己换上新版本"), packages.upgrade,
         takes=("source", "hash", "no_backup"), looks=packages.plan, everywhere=True, file=True),
    Verb("uninstall", n_("卸载"), n_("插件已卸载"), _uninstall,
         takes=("how", "purpose", "confirm", "no_backup", "along"), needs=("how",), looks=_look,
         everywhere=True, final=True,
         states=("installed", "pending", "faulted", "quarantined", "rejected", "missing")),
    Verb("purge", n_("清除"), n_("插件的数据已全部清除"), _purge, takes=("confirm", "no_backup"),
         needs=("confirm",), looks=_look, everywhere=True, final=True,
         states=("uninstalled", "missing")),
)  # fmt: skip
VERBS = {one.name: one for one in _ALL}


def offered(caller: Caller, one: Listed) -> list[Verb]:
    """What can be done with a plugin as it stands, as far as the caller may."""
    everywhere = states.may_install(caller)
    return [
        verb
        for verb in VERBS.values()
        if one.state in verb.states and (everywhere or not verb.everywhere)
    ]


PACKAGE = Verb("bring", n_("安装新的软件包"), n_("插件已安装；现在可以选择在哪里启用"),
               lambda caller, _plugin, given: packages.install(caller, given),
               takes=("source", "hash"), everywhere=True, file=True,
               looks=lambda caller, _plugin, given: packages.look(caller, given))  # fmt: skip
"""A package that comes anew: of a plugin that is not here yet."""

BUNDLE = Verb("bundle", n_("安装组合"), n_("组合已安装并启用"),
              lambda caller, _plugin, given: packages.install_bundle(caller, given),
              takes=("bundle", "at"), needs=("bundle", "at"), everywhere=True,
              looks=lambda caller, _plugin, given: packages.look_into(caller, given))  # fmt: skip
"""Plugins of the catalogue that go together."""

KNOWN = {**VERBS, PACKAGE.name: PACKAGE, BUNDLE.name: BUNDLE}


def read(verb: Verb, told: Mapping[str, Any], *, whole: bool = True) -> Given:
    """What a verb is told, judged; blanks are left out. Invalid names everything that is wrong.

    For a look, not all that is needed must be said: then it is not `whole`.
    """
    errors, given = [], {}
    for name, said in told.items():
        if name not in verb.takes:
            errors.append(FieldError(name, "unknown", _("没有字段「{name}」", name=name)))
        elif said is not None and said != "":
            try:
                given[name] = _judged(ASKED[name], name, said)
            except ValueError as error:
                errors.append(FieldError(name, "invalid", str(error)))
    said = given.keys() | {one.field for one in errors}
    errors += [
        FieldError(name, "required", _("请填写「{label}」", label=_(ASKED[name].label)))
        for name in verb.needs
        if whole and name not in said
    ]
    if errors:
        raise Invalid(_("；").join(one.message for one in errors), errors=errors)
    return given


def _judged(asked: Asked, name: str, said: Any) -> Any:
    if asked.kind == "flag":
        if isinstance(said, bool):
            return said
        raise ValueError(_("「{key}」须为 true 或 false", key=name))
    if not isinstance(said, str):
        raise ValueError(_("「{label}」须为文字", label=name))
    if asked.kind == "moment":
        return _moment(name, said)
    known = [value for value, _label in asked.choices]
    if asked.strict and said not in known:
        listed = _("、").join(known)
        raise ValueError(_("「{key}」须为其中之一：{known}", key=name, known=listed))
    return said.strip()


def _moment(name: str, said: str) -> dt.datetime | None:
    """A moment, or the end of a day."""
    try:
        return event_log.moment(name, said.strip())
    except Malformed as error:
        raise ValueError(error.sentence) from None
