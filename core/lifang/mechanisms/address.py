"""Where notices reach somebody outside: one's own e-mail address, and its language."""

from __future__ import annotations

from typing import Any

from lifang.entities.account import Account
from lifang.entities.caller import Caller
from lifang.mechanisms.inbox import demand
from lifang.resources import schema
from lifang.services import values
from lifang.services.checks import save
from lifang.services.deeds import Deed, tell
from lifang.store.whole import whole


def address(caller: Caller) -> dict[str, str | None]:
    """One's own address, masked, and the language of what is sent there; None: the instance's."""
    demand(caller, "read")
    account: Any = Account.get_or_none(Account.id == caller.account)
    if account is None:
        return {"email": None, "language": None}
    return {"email": account.email_mask, "language": account.language}


@whole
def set_address(caller: Caller, *, email: str | None, language: str | None) -> None:
    """Have one's notices sent to an address, or with None to none; told as every change is.

    Its mask says that it stays. Raises Invalid for what is no address, or no language of ours.
    """
    demand(caller, account=True)
    accounts = caller.instance.registry.of(Account)
    specs = tuple(accounts.by_name[name] for name in ("email", "language"))
    told = schema.load(specs, {"email": email, "language": language}, partial=True)
    with caller.instance.database.transaction():
        account: Any = Account.get_by_id(caller.account)
        changes = values.put(caller, accounts, account, told)
        save(accounts, caller, account)
        data = {"fields": [change.field for change in changes]}
        tell(accounts, caller, account, Deed("update", "updated", changes, data))
