"""Accounts as administrators handle them: created with a one-time password, granted, tied."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from lifang.access import sign_in
from lifang.access.passwords import check_password, check_strength, hash_password, one_time_password
from lifang.access.roles import FIRST_ADMINISTRATOR, INSTANCE_ROLES
from lifang.entities.account import Account, Grant
from lifang.entities.caller import Caller, Standing
from lifang.kit import clock
from lifang.kit.errors import Forbidden, Invalid, NotFound
from lifang.kit.words import _
from lifang.plugins.manager import Snapshot
from lifang.resources.registry import CORE
from lifang.resources.resource import VERBS
from lifang.services.auditing import record_note
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.services.query import demand_community, find_community
from lifang.store.whole import whole

EVENT_WORDS = ("events:read", "events:replay", "events:skip")
"""What a token may be narrowed to on the event bus, which is no noun."""


def first_administrator(
    instance: Instance, name: str, *, home_code: str | None, system_user: int | None
) -> str:
    """Make the first administrator, with instance-wide grants; gives the one-time password.

    Called once, by `init`; the operating-system user who ran it is tied to the account.
    """
    caller = Caller(
        instance=instance,
        snapshot=Snapshot(epoch=0),
        name="init",
        source="cli",
        standings=(Standing("security_administrator"),),
    )
    with instance.database.connection(), instance.database.transaction():
        account, password = _create(caller, {"name": name, "home_code": home_code})
        if system_user is not None:
            Account.update(system_user=system_user).where(Account.id == account.id).execute()
        for role in FIRST_ADMINISTRATOR:
            _grant(caller, account, {"role": role})
    return password


@whole
def create_account(
    caller: Caller,
    name: str,
    *,
    person: int | None = None,
    role: str | None = None,
    at: str | None = None,
    unit: int | None = None,
) -> tuple[Account, str]:
    """Make an account, perhaps with a first role; gives it and its one-time password.

    `at` is a community's code, `unit` an organization's id. Raises Invalid for a role without a
    place, Conflict for a taken name.
    """
    with caller.instance.database.transaction():
        account, password = _create(caller, {"name": name, "person": person})
        if role is not None or at is not None or unit is not None:
            grant(caller, name, role=role, at=at, unit=unit)
    return account, password


def _create(caller: Caller, told: dict[str, Any]) -> tuple[Account, str]:
    password = one_time_password()
    account: Account = write(_resource(caller, Account), "create", caller, told)
    Account.update(password=hash_password(password)).where(Account.id == account.id).execute()
    return account, password


def grant(
    caller: Caller,
    name: str,
    *,
    role: str | None,
    at: str | None = None,
    unit: int | None = None,
    until: dt.date | None = None,
) -> Grant:
    """Give an account a role in a community's subtree, for an organization, or everywhere.

    Only the roles that administer the instance itself are held everywhere.
    """
    if role is None or (at is None and unit is None and role not in INSTANCE_ROLES):
        sentence = _("请同时说明角色和范围：--role 角色，以及 --at 社区编号或 --unit 组织编号")
        raise Invalid.about("role", "required", sentence)
    told: dict[str, Any] = {"role": role, "organization": unit}
    if at is not None:
        told["community"] = int(demand_community(caller, at, "at").id)
    if until is not None:
        told["until"] = until.isoformat()
    return _grant(caller, account_named(caller, name), told)


def _grant(caller: Caller, account: Account, told: dict[str, Any]) -> Grant:
    made: Grant = write(_resource(caller, Grant), "create", caller, {**told, "account": account.id})
    return made


@whole
def revoke(caller: Caller, name: str, *, role: str, at: str | None, unit: int | None) -> int:
    """Take a role back; gives how many grants ended, and raises NotFound when there was none."""
    account = account_named(caller, name)
    told = [Grant.account == account, Grant.role == role, Grant.removed_at.is_null()]
    told.append(Grant.until.is_null() | (Grant.until >= clock.today()))
    if at is not None:
        community = find_community(caller, at)
        told.append(Grant.community == (community.id if community else -1))
    if unit is not None:
        told.append(Grant.organization == unit)
    found = list(Grant.select().where(*told))
    if not found:
        raise NotFound(_("「{name}」没有这样的授权", name=name))
    with caller.instance.database.transaction():
        for one in found:
            write(_resource(caller, Grant), "revoke", caller, {}, one.id)
    return len(found)


def account_named(caller: Caller, name: str) -> Account:
    """The standing account of a name; raises NotFound."""
    _demand(caller)
    account: Account | None = Account.get_or_none(
        Account.name == name, Account.removed_at.is_null()
    )
    if account is None:
        raise NotFound(_("没有账号「{name}」", name=name))
    return account


@whole
def new_password(caller: Caller, name: str) -> str:
    """Give an account a new one-time password, unlock it and end its sessions."""
    account, password = account_named(caller, name), one_time_password()
    with caller.instance.database.transaction():
        sign_in.forget_failures(account)
        _set_password(account, password, must_change=True)
        record_note(caller, "account", "password", reason=name)
    return password


@whole
def change_password(caller: Caller, *, old: str, new: str) -> None:
    """Let someone change their own password; raises Invalid for a wrong old or a weak new one."""
    account = Account.get_by_id(caller.account)
    if not check_password(account.password, old):
        raise Invalid.about("old", "wrong", _("原密码不正确"))
    check_strength(new, name=account.name)
    with caller.instance.database.transaction():
        _set_password(account, new, must_change=False)
        record_note(caller, "account", "password", reason=account.name)


def must_change(caller: Caller) -> bool:
    """Whether someone still signs in with a password that was handed to them."""
    account = Account.get_or_none(Account.id == caller.account)
    return account is not None and bool(account.must_change)


def _set_password(account: Account, password: str, *, must_change: bool) -> None:
    Account.update(password=hash_password(password), must_change=must_change).where(
        Account.id == account.id
    ).execute()
    sign_in.end_sessions(int(account.id))


@whole
def tie(caller: Caller, name: str, *, system_user: int) -> None:
    """Tie an operating-system user to an account, which then acts without `--as`."""
    account = account_named(caller, name)
    with caller.instance.database.transaction():
        Account.update(system_user=None).where(Account.system_user == system_user).execute()
        Account.update(system_user=system_user).where(Account.id == account.id).execute()
        record_note(caller, "account", "tie", reason=f"{name} {system_user}")


@whole
def create_token(
    caller: Caller, name: str, *, days: int, label: str = "", scope: Iterable[str] = ()
) -> str:
    """Make an API token for an account; its own holder may, and a security administrator.

    `scope` narrows it to some verbs, each `read` (reading whatever the owner may) or one verb of
    one noun as addresses name it: `people:update`, `dual-reporting/reports:accept`, `events:skip`.
    """
    if caller.name != name:
        _demand(caller)
    account = sign_in.find_account(name)
    if account is None:
        raise NotFound(_("没有账号「{name}」", name=name))
    if not 1 <= days <= sign_in.LONGEST_TOKEN.days:
        sentence = _("令牌的有效期须为 1 至 {n} 天", n=sign_in.LONGEST_TOKEN.days)
        raise Invalid.about("days", "range", sentence)
    narrowed = " ".join(_narrowed(caller, word) for word in scope)
    with caller.instance.database.transaction():
        secret = sign_in.open_token(account, days=days, label=label, scope=narrowed)
        record_note(caller, "token", "create", reason=name)
    return secret


def _narrowed(caller: Caller, word: str) -> str:
    """One word of a token's scope as policy compares it; raises Invalid saying what is known."""
    if word == "read":
        return word
    if word in EVENT_WORDS:
        return f"{CORE}.{word}"
    noun, _colon, verb = word.partition(":")
    plugin, _slash, own = noun.rpartition("/")
    resource = caller.instance.registry.find(plugin or CORE, own)
    if resource is None or verb.replace("-", "_") not in {*VERBS, *resource.actions}:
        sentence = _("不认识令牌范围「{word}」；例如 read、people:update", word=word)
        raise Invalid.about("scope", "unknown", sentence)
    return f"{resource.id}:{verb.replace('-', '_')}"


def _demand(caller: Caller) -> None:
    if not any(s.role == "security_administrator" and s.everywhere for s in caller.standings):
        raise Forbidden(_("只有安全管理员可以管理账号"))


def _resource(caller: Caller, model: Any) -> Any:
    return caller.instance.registry.of(model)
