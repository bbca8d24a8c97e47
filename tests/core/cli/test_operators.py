from __future__ import annotations

import os

import pytest

from lifang.entities.account import Account
from tests.core.cli.conftest import Command

HOME = "620102001001"


def test_the_tied_user_acts_without_saying_who(lifang: Command) -> None:
    lifang("people", "create", "--name", "张伟", "--community", HOME)
    entry = lifang("people", "history", "1", "--json").json[0]
    assert (entry["actor"], entry["on_behalf_of"], entry["source"]) == ("boss", None, "cli")


def test_acting_as_another_has_their_rights_and_keeps_both_names(
    lifang: Command, worker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lifang("people", "create", "--name", "张伟", "--community", HOME)
    lifang("people", "create", "--name", "王芳", "--community", "620103001001")
    seen = lifang("people", "list", "--as", worker, "--json").json["items"]
    assert [item["name"] for item in seen] == ["张伟"]
    assert lifang("people", "show", "2", "--as", worker).code == 4
    assert lifang("people", "remove", "1", "--as", worker).code == 3
    monkeypatch.setenv("LIFANG_AS", worker)
    assert lifang("people", "update", "1", "--name", "张三").code == 0
    entry = lifang("people", "history", "1", "--json").json[0]
    assert (entry["actor"], entry["on_behalf_of"]) == (worker, "boss")
    assert "wang（由 boss 操作）" in lifang("people", "history", "1").out


def test_naming_oneself_is_acting_as_oneself(lifang: Command) -> None:
    lifang("people", "create", "--name", "张伟", "--community", HOME, "--as", "boss")
    assert lifang("people", "history", "1", "--json").json[0]["on_behalf_of"] is None


def test_a_user_tied_to_nobody_can_do_nothing_not_even_by_naming_somebody(lifang: Command) -> None:
    assert lifang("people", "list").code == 0
    Account.update(system_user=os.getuid() + 1).where(Account.name == "boss").execute()
    for words in (["people", "list"], ["people", "list", "--as", "boss"]):
        told = lifang(*words)
        assert (told.code, told.out) == (3, "")
        assert "lifang accounts tie" in told.err
    assert lifang("people", "list", "--json").problem["status"] == 401


def test_disabled_and_unknown_accounts_cannot_be_acted_as(lifang: Command, worker: str) -> None:
    assert lifang("people", "list", "--as", worker).code == 0
    assert lifang("accounts", "disable", worker, "--reason", "离职").code == 0
    assert lifang("people", "list", "--as", worker).code == 3
    assert lifang("people", "list", "--as", "nobody").code == 3


def test_whose_own_account_was_disabled_no_longer_acts(lifang: Command) -> None:
    assert lifang("people", "list").code == 0
    Account.update(disabled=True).where(Account.name == "boss").execute()
    assert lifang("people", "list").code == 3


def test_tying_moves_the_user_to_another_account(lifang: Command, worker: str) -> None:
    assert lifang("accounts", "tie", worker, "--user", "no-such-user-here").code == 4
    assert lifang("accounts", "tie", worker).code == 0
    assert lifang("accounts", "list").code == 4
    lifang("people", "create", "--name", "张伟", "--community", HOME)
    assert lifang("people", "history", "1", "--json").json[0]["actor"] == worker
