from __future__ import annotations

import pytest

from lifang.entities.account import Account
from lifang.services.instance import Instance
from tests.core.cli.conftest import Command

HOME, HERE, THERE = "620102001001", "620102000000", "620103000000"


@pytest.fixture
def reports(lifang: Command) -> None:
    """Dual reporting is on in 城关区, where 张伟 has reported."""
    assert lifang("plugin", "enable", "dual_reporting", "--at", HERE).code == 0
    assert lifang("people", "create", "--name", "张伟", "--community", HOME).code == 0
    told = lifang("dual-reporting", "reports", "create", "--person", "1", "--community", HOME)
    assert told.out == "已新建「报到记录」1（已提交）\n"


def test_a_plugin_that_is_not_on_says_where_plugins_are_listed(lifang: Command) -> None:
    told = lifang("dual-reporting", "reports", "list")
    assert told.code == 4
    assert "lifang plugin list" in told.err
    assert lifang("core", "people", "list").code == 2


@pytest.mark.usefixtures("reports")
def test_a_plugins_nouns_have_every_verb_and_its_actions(lifang: Command) -> None:
    told = lifang("dual-reporting", "reports", "--help").out
    assert all(f"  {verb} " in told for verb in ("list", "create", "accept", "end", "export"))
    assert "reports" in lifang("dual-reporting").out
    accept = ("dual-reporting", "reports", "accept", "1")
    assert lifang(*accept).out == "已接收「报到记录」1（已接收）\n"
    again = lifang(*accept, "--json")
    assert (again.code, again.problem["status"]) == (5, 409)
    end = ("dual-reporting", "reports", "end", "1")
    assert lifang(*end).code == 2
    assert lifang(*end, "--reason", "退休", "--json").json["state"] == "ended"
    assert lifang("dual-reporting", "report", "list").err.startswith("错误：没有命令")


@pytest.mark.usefixtures("reports")
def test_a_plugin_that_is_off_where_somebody_stands_is_not_there_for_them(lifang: Command) -> None:
    lifang("accounts", "create", "far", "--role", "community_worker", "--at", THERE)
    lifang("accounts", "create", "near", "--role", "community_worker", "--at", HERE)
    listing = ("dual-reporting", "reports", "list", "--json", "--as")
    assert len(lifang(*listing, "near").json["items"]) == 1
    told = lifang(*listing, "far")
    assert (told.code, told.out) == (4, "")
    assert "lifang plugin list" in told.problem["detail"]
    show = ("dual-reporting", "reports", "show")
    assert lifang(*show, "1", "--as", "far").err == lifang(*show, "99", "--as", "far").err
    assert lifang("plugin", "disable", "dual_reporting", "--at", HERE).code == 0
    assert lifang(*listing, "near").code == 4


@pytest.mark.usefixtures("reports")
def test_help_tells_of_a_plugin_by_who_asks_and_all_to_who_only_holds_the_machine(
    lifang: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    lifang("accounts", "create", "far", "--role", "community_worker", "--at", THERE)
    nouns, noun = ("dual-reporting", "--help"), ("dual-reporting", "reports", "list", "--help")
    assert "  reports " in lifang(*nouns).out
    for said in ("far", "nobody"):
        monkeypatch.setenv("LIFANG_AS", said)
        told = lifang(*nouns)
        assert (told.code, told.out) == ({"far": 4, "nobody": 3}[said], "")
        monkeypatch.delenv("LIFANG_AS")
        assert lifang(*noun, f"--as={said}").code == told.code
    assert lifang(*noun, "--as", "boss").code == 0
    Account.update(system_user=None).where(Account.name == "boss").execute()
    assert "  reports " in lifang(*nouns).out
    assert lifang("dual-reporting", "reports", "list").code == 3


def test_plugins_are_installed_switched_and_listed_by_who_may(lifang: Command, worker: str) -> None:
    listed = lifang("plugin", "list", "--json").json["items"]
    state = {one["id"]: one["state"] for one in listed}
    assert state["dual_reporting"] == "available"
    assert {one["id"]: one["label"] for one in listed}["mail_notices"] == "邮件通知"
    assert lifang("plugin", "install", "dual-reporting").code == 0
    assert lifang("plugin", "install", "dual-reporting").code == 5
    assert lifang("plugin", "enable", "dual-reporting", "--at", "620199000000").code == 2
    assert lifang("plugin", "enable", "dual-reporting", "--at", HERE).code == 0
    assert lifang("plugin", "enable", "dual-reporting", "--at", HERE).code == 5
    assert "城关区 620102000000" in lifang("plugin", "list").out
    shown = lifang("plugin", "show", "dual-reporting", "--json").json
    [switch] = shown["switches"]
    told = [switch[key] for key in ("code", "name", "on", "by")]
    assert told == [HERE, "城关区", True, "boss"]
    assert "双报到" in lifang("plugin", "show", "dual-reporting").out
    assert lifang("plugin", "show", "nonsense").code == 4
    assert lifang("plugin", "list", "--as", worker).code == 3


def test_every_root_is_switched_only_when_that_was_confirmed(lifang: Command) -> None:
    refused = lifang("plugin", "enable", "dual_reporting")
    assert refused.code == 2
    assert "--at" in refused.err
    assert lifang("plugin", "show", "dual_reporting", "--json").json["state"] == "available"
    assert lifang("plugin", "enable", "dual_reporting", "--yes").code == 0
    switches = lifang("plugin", "show", "dual_reporting", "--json").json["switches"]
    assert [switch["code"] for switch in switches] == ["620100000000"]


@pytest.mark.usefixtures("reports")
def test_events_and_their_readers_are_listed_for_who_may_see_them(
    lifang: Command, worker: str
) -> None:
    events = lifang("events", "list", "--type", "dual_reporting.report.created", "--json").json
    assert [event["subject"] for event in events["items"]] == [1]
    assert events["items"][0]["at"].endswith("Z")
    assert len(lifang("events", "list", "--limit", "2").out.splitlines()) == 3
    lag = lifang("events", "lag", "--json").json["items"]
    assert "dual_reporting.suggest_transfer" in [one["name"] for one in lag]
    assert "进行中" in lifang("events", "lag").out
    for verb in ("list", "lag"):
        assert lifang("events", verb, "--as", worker).code == 3


def test_a_faulted_plugin_is_told_once_and_the_rest_works(
    lifang: Command, instance: Instance
) -> None:
    instance.plugins.faults["broken"] = "Traceback …\nZeroDivisionError: division by zero"
    told = lifang("people", "list")
    assert told.code == 0
    assert told.err.count("broken") == 2
    assert told.err.count("\n") == 1
