"""Who acts on the command line: an operating-system user, by the account tied to it."""

from __future__ import annotations

from dataclasses import replace

from lifang.access.callers import caller_for
from lifang.access.sign_in import find_account
from lifang.entities.account import Account
from lifang.entities.caller import Caller
from lifang.kit.errors import Unauthenticated
from lifang.kit.words import _
from lifang.services.instance import Instance


def operator(instance: Instance, as_account: str | None, *, system_user: int) -> Caller:
    """The caller for an operating-system user, as its own account or as another one.

    There is no silent root: whoever is tied to no account can do nothing, not even by naming one.
    Acting as another account keeps both names. Raises Unauthenticated with what to do.
    """
    tied = _tied(system_user)
    if tied is None:
        raise Unauthenticated(_("操作系统用户 {user} 没有绑定账号；请由已绑定的管理员运行 "
                                "lifang accounts tie 账号 --user {user}",
                                user=system_user))  # fmt: skip
    if as_account is None or as_account == tied.name:
        return caller_for(instance, tied, source="cli")
    account = find_account(as_account)
    if account is None:
        raise Unauthenticated(_("没有账号「{name}」，或它已停用", name=as_account))
    return replace(caller_for(instance, account, source="cli"), on_behalf_of=tied.name)


def _tied(system_user: int) -> Account | None:
    """The standing account of an operating-system user; a disabled one no longer acts."""
    found: Account | None = (
        Account.select()
        .where(
            Account.system_user == system_user,
            Account.removed_at.is_null(),
            Account.disabled == False,  # noqa: E712 – SQL
        )
        .order_by(Account.id)
        .first()
    )
    return found
