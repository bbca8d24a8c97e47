from __future__ import annotations

import re

from tests.core.cli.conftest import Command

HOME = "620102001001"
PASSWORD = re.compile(r"[a-z2-9]{4}(-[a-z2-9]{4}){3}")


def test_an_account_comes_with_a_password_shown_once_and_alone_when_quiet(lifang: Command) -> None:
    told = lifang("accounts", "create", "li")
    assert PASSWORD.search(told.out)
    assert PASSWORD.fullmatch(lifang("accounts", "create", "zhao", "--quiet").out.strip())
    made = lifang("accounts", "create", "sun", "--json").json
    assert made["name"] == "sun"
    assert PASSWORD.fullmatch(made["password"])
    assert PASSWORD.fullmatch(lifang("accounts", "password", "li", "--quiet").out.strip())
    assert lifang("accounts", "create", "li").code == 5
    assert lifang("accounts", "password", "nobody").code == 4


def test_a_role_is_given_somewhere_until_a_day_and_taken_back(lifang: Command) -> None:
    lifang("accounts", "create", "li")
    assert lifang("accounts", "grant", "li", "--role", "community_worker").code == 2
    grant = ["accounts", "grant", "li", "--role", "community_worker", "--at", HOME]
    assert lifang(*grant, "--until", "soon").code == 2
    made = lifang(*grant, "--until", "2999-06-30", "--json").json
    assert (made["role"], made["community"]["code"]) == ("community_worker", HOME)
    assert made["until"] == "2999-06-30"
    assert lifang("people", "list", "--as", "li").code == 0
    assert lifang("accounts", "revoke", "li", "--role", "community_worker").code == 0
    assert lifang("people", "list", "--as", "li").code == 4
    assert lifang("accounts", "revoke", "li", "--role", "community_worker").code == 4
    assert lifang("accounts", "revoke", "li").code == 2


def test_accounts_are_named_by_their_names(lifang: Command, worker: str) -> None:
    assert lifang("accounts", "show", worker, "--json").json["name"] == worker
    assert lifang("accounts", "disable", worker).code == 2
    assert lifang("accounts", "disable", worker, "--reason", "离职").code == 0
    assert lifang("accounts", "disable", worker, "--reason", "离职").code == 5
    assert lifang("accounts", "enable", worker).code == 0
    assert lifang("accounts", "unlock", worker).code == 0
    verbs = [entry["verb"] for entry in lifang("accounts", "history", worker, "--json").json]
    assert verbs[:3] == ["unlock", "enable", "disable"]
    assert lifang("accounts", "show", "nobody").code == 4


def test_only_who_holds_the_security_of_the_instance_handles_accounts(
    lifang: Command, worker: str
) -> None:
    assert lifang("accounts", "list").code == 0
    for words in (["list"], ["show", "boss"]):
        assert lifang("accounts", *words, "--as", worker).code == 4
    for words in (["password", "boss"], ["tie", "wang"]):
        assert lifang("accounts", *words, "--as", worker).code == 3


def test_a_token_is_shown_once_and_alone_when_quiet(lifang: Command, worker: str) -> None:
    told = lifang("token", "create", "--account", worker, "--days", "7")
    assert "lft_" in told.out
    assert "7 天" in told.out
    assert lifang("token", "create", "--quiet").out.startswith("lft_")
    assert lifang("token", "create", "--account", "boss", "--as", worker).code == 3
    assert lifang("token", "create", "--days", "9999").code == 2
    assert lifang("token", "create", "--account", "nobody").code == 4
