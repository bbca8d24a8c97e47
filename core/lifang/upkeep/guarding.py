"""What a doctor asks about those who hold power, about keys, and about how pages are reached."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from lifang.entities.account import Account, Grant
from lifang.entities.audit import AuditEntry
from lifang.entities.community import Community
from lifang.kit import clock
from lifang.kit.words import _
from lifang.services.instance import Instance
from lifang.store.keys import Key
from lifang.upkeep import privacy

State = Literal["ok", "warn", "bad", "unseen"]

A_WEEK = dt.timedelta(days=7)
POWERFUL = ("platform_administrator", "security_administrator", "district_admin")
MOST_NAMED = 20
"""What is named one by one."""

MANY = 3
"""More accounts than this with power over the whole instance are more than a district needs."""


@dataclass(frozen=True)
class Finding:
    """What one check found: ok, warn, or bad; `remedy` says what to do about it.

    What was left to the command is unseen; `private` words of the sentence tell of people.
    """

    name: str
    state: State
    sentence: str
    remedy: str | None = None
    private: tuple[str, ...] = ()


def _holders(*roles: str) -> list[Account]:
    """The accounts that hold one of some roles for the whole instance and can use it today."""
    held = Grant.until.is_null() | (Grant.until >= clock.today())
    standing = (Grant.removed_at.is_null(), Account.removed_at.is_null(), ~Account.disabled)
    whole = (Grant.role.in_(roles), Grant.community.is_null(), Grant.organization.is_null())
    query: Any = Account.select().join(Grant, on=(Grant.account == Account.id))
    return list(query.where(held, *standing, *whole).distinct().order_by(Account.id))


def administrators(instance: Instance) -> Iterator[Finding]:
    """Somebody must be able to make accounts."""
    found = _holders("security_administrator")
    if found:
        names = _("、").join(account.name for account in found)
        said = _("可以管理账号的有：{names}", names=names)
        yield Finding("administrators", "ok", said, None, (names,))
    else:
        said = _("没有能用的安全管理员：谁都不能新建账号和授权")
        yield Finding("administrators", "bad", said, _("从备份恢复还有安全管理员时的数据"))


def homes(instance: Instance) -> Iterator[Finding]:
    """Where the administrators are at home, as the tree knows it."""
    standing = (Community.removed_at.is_null(), Community.valid_to.is_null())
    for name, code in [(one.name, one.home_code) for one in _holders("security_administrator")]:
        if code and not Community.select().where(Community.code == code, *standing).exists():
            said = _("管理员 {name} 的所在地 {code} 还不在社区树里", name=name, code=code)
            yield Finding("home", "warn", said, _("lifang communities import 文件.csv"), (name,))


def grants(instance: Instance) -> Iterator[Finding]:
    """How many hold power over the whole instance."""
    found = _holders(*POWERFUL)
    if len(found) > MANY:
        names = _("、").join(account.name for account in found)
        said = _("{n} 个账号的权限遍及整个实例：{names}", n=len(found), names=names)
        remedy = _("收回不需要的：lifang accounts revoke 账号 --role 角色")
        yield Finding("grants", "warn", said, remedy, (names,))
    else:
        yield Finding("grants", "ok", _("{n} 个账号的权限遍及整个实例", n=len(found)))


def passwords(instance: Instance) -> Iterator[Finding]:
    """One-time passwords that nobody has changed for long: whoever saw one can sign in."""
    usable = (~Account.disabled, Account.removed_at.is_null(), ~Account.password.is_null())
    old = Account.updated_at < clock.now() - A_WEEK
    stale: Any = Account.select().where(Account.must_change, old, *usable)
    if names := _("、").join(one.name for one in stale.order_by(Account.id).limit(MOST_NAMED)):
        said = _("这些账号的一次性密码超过一周没有改：{names}", names=names)
        remedy = _("请本人登录修改，或停用：lifang accounts disable")
        yield Finding("passwords", "warn", said, remedy, (names,))


def copy(instance: Instance) -> Iterator[Finding]:
    """Whether the key was ever put on paper, and whether its last rotation came to its end."""
    noted = (AuditEntry.noun == "key") & (AuditEntry.verb == "export")
    last: Any = AuditEntry.select().where(noted).order_by(AuditEntry.id.desc()).first()
    if last is None:
        yield Finding("copy", "warn", _("还没有密钥的纸质副本"), "lifang keys export -o key.html")
    else:
        by, at = last.actor_name, clock.shown(last.at)
        yield Finding("copy", "ok", _("密钥的纸质副本：{at}，{name}", at=at, name=by), None, (by,))
    if Key.select().where(Key.purpose == "field", Key.retired_at.is_null()).count() > 1:
        yield Finding("rotation", "warn", _("上次更换数据密钥没有做完"), "lifang keys rotate")


def erased(instance: Instance) -> Iterator[Finding]:
    """Who was erased and came back with a backup."""
    if back := privacy.returned(instance.settings):
        said = _("恢复备份后，{n} 个删除过的人又回来了", n=len(back))
        yield Finding("erased", "bad", said, "lifang privacy erase --again")


def reached(instance: Instance) -> Iterator[Finding]:
    """How people reach the pages: over https only, and by an address the instance knows."""
    told, proxy = instance.settings, _("见《反向代理》：docs/operations/reverse-proxy.md")
    if told.allow_http:
        said = _("allow_http = true：密码和居民信息不加密地经过网络")
        yield Finding("https", "warn", said, proxy)
    elif not (told.address or "").startswith("https://"):
        said = _("还没有设置 https 的访问地址；通知里没有链接")
        yield Finding("https", "warn", said, proxy)
    else:
        yield Finding("https", "ok", _("访问地址 {address}", address=told.address))
