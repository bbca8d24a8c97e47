"""Signing in: one sentence for every cause, counted, locked, audited, and no queue of writers."""

from __future__ import annotations

import subprocess
import sys

import pytest

from lifang.access import sign_in
from lifang.entities.account import Account
from lifang.entities.audit import AuditEntry
from lifang.entities.caller import Caller
from lifang.kit.errors import TooMany, Unauthenticated
from lifang.services import accounts
from lifang.services.entering import enter
from lifang.services.gateway import write
from lifang.services.instance import Instance


def test_a_right_password_opens_a_session_and_wrong_ones_lock_the_account(
    instance: Instance, boss: Caller
) -> None:
    _account, password = accounts.create_account(boss, "wang")
    assert enter(instance, "wang", password)
    sentences = set()
    for name, typed in (("wang", "wrong"), ("nobody", password), ("wang", "")):
        with pytest.raises(Unauthenticated) as refused:
            enter(instance, name, typed)
        sentences.add(refused.value.sentence)
    assert len(sentences) == 1
    for _n in range(sign_in.LOCK_AFTER - 2):
        with pytest.raises(Unauthenticated):
            enter(instance, "wang", "wrong")
    with pytest.raises(TooMany):
        enter(instance, "wang", password)
    account = accounts.account_named(boss, "wang")
    write(instance.registry.of(Account), "unlock", boss, {}, int(account.id))
    assert enter(instance, "wang", password)
    told = AuditEntry.select().where(AuditEntry.verb == "sign_in").order_by(AuditEntry.id)
    outcomes = [entry.outcome for entry in told]
    assert outcomes == ["done"] + ["denied"] * sign_in.LOCK_AFTER + ["done"]
    assert {entry.actor_name for entry in told} == {"wang"}  # what is no name is not kept


def test_a_password_is_hashed_while_writers_may_write(
    instance: Instance, boss: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    _account, password = accounts.create_account(boss, "wang")
    held: list[bool] = []
    real = sign_in.check_password

    def noted(stored: str | None, typed: str) -> bool:
        held.append(instance.database.in_transaction)
        return real(stored, typed)

    monkeypatch.setattr(sign_in, "check_password", noted)
    enter(instance, "wang", password)
    with pytest.raises(Unauthenticated):
        enter(instance, "wang", "wrong")
    assert held == [False, False]


@pytest.mark.once
def test_passwords_are_kept_as_costly_hashes_where_no_test_says_otherwise() -> None:
    script = "from lifang.access.passwords import hash_password as h; print(h('12345678'))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.startswith("$argon2id$v=19$m=65536,t=3,p=1$"), done.stderr
