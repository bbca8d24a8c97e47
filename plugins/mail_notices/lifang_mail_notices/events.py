"""What follows where somebody gives another address, or is erased."""

from __future__ import annotations

import lifang as lf
from lifang_mail_notices import confirming
from lifang_mail_notices.models import Mailbox
from lifang_mail_notices.resources import mailboxes

OWN = "mail_notices"


@lf.on("core.account.updated")
def follow_address(event: lf.Event, caller: lf.Caller) -> None:
    """Another address is asked for its code at once; where there is none, nothing is kept.

    Whose place nobody knows is asked with the first notice that would be sent.
    """
    account = lf.Account.get_or_none(lf.Account.id == event.subject)
    if account is None or "email" not in event.data["fields"]:
        return
    kept = lf.find(mailboxes, caller, account=account.id)
    if account.email is None:
        _drop(account.id, caller)
    elif kept is not None:
        lf.act(confirming.change, kept, caller)
    elif (place := _home(account, caller)) is not None:
        lf.write(mailboxes, "create", caller, {"account": account.id, "community": place.id})


@lf.on("core.person.erased")
def forget(event: lf.Event, caller: lf.Caller) -> None:
    """Who is erased has no address any more."""
    for account in lf.Account.select().where(lf.Account.person == event.subject):
        _drop(account.id, caller)


def _drop(account: int, caller: lf.Caller) -> None:
    kept: Mailbox | None = lf.find(mailboxes, caller, account=account)
    if kept is not None:
        lf.write(mailboxes, "remove", caller, {}, kept.id, version=kept.version)


def _home(account: lf.Account, caller: lf.Caller) -> lf.Community | None:
    """Where somebody works or lives and mail is sent from."""
    found = list(lf.Community.select().where(lf.Community.code == account.home_code))
    if account.person is not None:
        found += lf.Community.tied_to(account.person, "resides")
    return next((one for one in found if caller.finds(OWN, one)), None)


handlers = [follow_address, forget]
