"""Signing in with a password: audited either way, and never a queue of writers behind a hash."""

from __future__ import annotations

from lifang.access import sign_in
from lifang.access.callers import caller_for
from lifang.entities.account import Account
from lifang.kit.errors import Unauthenticated
from lifang.services.auditing import record_note
from lifang.services.instance import Instance
from lifang.store.whole import whole


@whole
def enter(instance: Instance, name: str, password: str) -> str:
    """Start a session and give its secret; a failure is counted against the account and audited.

    Raises Unauthenticated with one sentence for every cause, TooMany while the account is locked.
    What was typed as a name is kept only where it is one: people type passwords there.
    """
    try:
        account = sign_in.verify(name, password)
    except Unauthenticated:
        with instance.database.transaction():
            known = sign_in.find_account(name)
            if known is not None:
                sign_in.count_failure(name)
                _note(instance, known, outcome="denied")
        raise
    with instance.database.transaction():
        sign_in.forget_failures(account)
        _note(instance, account, outcome="done")
        return sign_in.open_session(account)


def _note(instance: Instance, account: Account, *, outcome: str) -> None:
    caller = caller_for(instance, account, source="web")
    record_note(caller, "session", "sign_in", outcome=outcome)
