"""What a place is told of the past is chosen where a plugin is switched on."""

from __future__ import annotations

from pathlib import Path

import pytest

from lifang.entities.caller import Caller
from lifang.services.delivery import drain
from lifang.services.instance import Instance
from lifang.testing.world import HOME, QILIHE
from tests.core.cli.conftest import Command
from tests.core.events.chronicle import CHRONICLE, told
from tests.core.events.listeners import say
from tests.core.events.packages import install


def test_the_past_is_chosen_by_command_and_the_lag_shows_it(
    instance: Instance,
    boss: Caller,
    lifang: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    install(instance, tmp_path, monkeypatch, "chronicle", CHRONICLE)
    assert lifang("plugin", "enable", "chronicle", "--at", QILIHE).code == 0
    say(boss, 1, at=HOME)
    assert drain(instance)
    assert lifang("plugin", "enable", "chronicle", "--at", HOME, "--history", "yesterday").code == 2
    both = lifang("plugin", "enable", "chronicle", "--at", HOME, "--skip", "--history", "start")
    assert both.code == 2
    assert lifang("plugin", "enable", "chronicle", "--at", HOME, "--history", "start").code == 0
    shown = lifang("events", "lag", "--json").json["items"]
    assert [part["behind"] for one in shown for part in one["parts"]] == [1, 1]
    assert "畅家巷社区 1" in lifang("events", "lag").out
    assert drain(instance)
    assert told() == [1]
    assert lifang("plugin", "disable", "chronicle", "--at", HOME).code == 0
    say(boss, 2, at=HOME)
    assert drain(instance)
    assert "畅家巷社区（停用）1" in lifang("events", "lag").out
    assert lifang("plugin", "enable", "chronicle", "--at", HOME, "--skip").code == 0
    assert drain(instance)
    assert told() == [1]
