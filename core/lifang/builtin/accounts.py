"""Accounts and grants: who can sign in, and what each may do where."""

from __future__ import annotations

import datetime as dt

from lifang.access.roles import INSTANCE_ROLES, ROLES
from lifang.access.sign_in import end_sessions
from lifang.entities.account import Account, Grant
from lifang.entities.caller import Caller
from lifang.events.event import Data
from lifang.kit import clock
from lifang.kit.errors import Conflict, Forbidden, Invalid
from lifang.kit.words import _
from lifang.resources.action import action
from lifang.resources.resource import Resource


@action("停用", event="disabled", when=lambda account: not account["disabled"])
def disable(account: Account, caller: Caller, *, reason: str) -> Data:
    """Stop an account from signing in, and end its sessions at once."""
    if account.id == caller.account:
        raise Conflict(_("不能停用自己的账号"))
    if account.disabled:
        raise Conflict(_("这个账号已停用"))
    account.disabled = True
    end_sessions(int(account.id))
    return {"reason": reason}


@action("启用", event="enabled", when=lambda account: bool(account["disabled"]))
def enable(account: Account, caller: Caller) -> None:
    """Let a disabled account sign in again."""
    if not account.disabled:
        raise Conflict(_("这个账号没有停用"))
    account.disabled = False


@action("解锁", event="unlocked", when=lambda account: bool(account["locked_until"]))
def unlock(account: Account, caller: Caller) -> None:
    """Let an account that failed to sign in too often try again now."""
    account.failures, account.locked_until = 0, None


@action("撤销", event="revoked")
def revoke(grant: Grant, caller: Caller) -> None:
    """Take a role back from today on."""
    grant.until = clock.today() - dt.timedelta(days=1)


def placed_as_its_role(grant: Grant, caller: Caller) -> None:
    """A grant is for one place at most, and for the kind of place its role is held in."""
    if grant.community_id is not None and grant.organization_id is not None:
        raise Invalid.about("organization", "one_of", _("授权的范围是社区或组织，不能两者都填"))
    placed = grant.community_id is not None or grant.organization_id is not None
    if grant.role in INSTANCE_ROLES and placed:
        sentence = _("「{role}」管理整个实例，没有范围", role=_(ROLES[grant.role]))
        raise Invalid.about("community", "scope", sentence)
    if (grant.role == "unit_liaison") != (grant.organization_id is not None):
        raise Invalid.about("organization", "scope", _("单位联络员(且只有它)的授权范围是组织"))


def not_to_oneself(grant: Grant, caller: Caller) -> None:
    """Nobody changes what they themselves may do."""
    if caller.account is not None and grant.account_id == caller.account:
        raise Forbidden(_("不能修改自己的授权"))


accounts = Resource(
    Account,
    label="账号",
    columns=["name", "person", "disabled", "locked_until"],
    scope=None,
    reason="an account can hold rights anywhere in the tree",
    hidden=["password", "failures", "system_user", "must_change"],
    locked=["disabled", "locked_until"],
    actions=[disable, enable, unlock],
    erasable={"email": ("person",)},
    roles={
        "security_administrator": "read create update remove disable enable unlock",
        "auditor": "read",
    },
    never="reveal export_full",
)

grants = Resource(
    Grant,
    label="授权",
    columns=["account", "role", "community", "organization", "until"],
    scope=None,
    reason="who grants rights anywhere holds the security of the whole instance",
    actions=[revoke],
    rules=[placed_as_its_role, not_to_oneself],
    roles={"security_administrator": "read create revoke", "auditor": "read"},
)
