"""One verb on many records by a command: it shows what it would do, and asks."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest

from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.cli.conftest import Command

BULK = ("dual-reporting", "reports", "bulk")


class Keyboard(io.StringIO):
    """Somebody who answers."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def made(instance: Instance) -> list[int]:
    """Three reports nearby and one in another district."""
    world.enable(instance, "dual_reporting", at=world.CITY)
    reports: Any = instance.registry.find("dual_reporting", "reports")
    told = []
    for name, at in (("张三", world.HOME), ("李四", world.HOME), ("王五", world.NEIGHBOUR),
                     ("金丝雀", world.FOREIGN)):  # fmt: skip
        data = {"person": world.person(instance, name, at=at).id, "community": {"code": at}}
        told.append(int(write(reports, "create", world.boss(instance), data).id))
    return told


def waiting(lifang: Command) -> int:
    told = lifang("dual-reporting", "reports", "list", "--state", "submitted", "--json")
    return len(told.json["items"])


def test_a_bulk_command_shows_what_it_would_do_and_does_it_when_it_may(
    lifang: Command, made: list[int], worker: str
) -> None:
    words = (*BULK, "accept", "--state", "submitted", "--within", world.HOME)
    dry = lifang(*words, "--dry-run")
    assert (dry.code, dry.out) == (0, "")
    assert dry.err == "符合条件的 2 条；可以接收的 2 条（#1、#2）\n"
    refused = lifang(*words)
    assert refused.code == 2
    assert "--yes" in refused.err
    assert waiting(lifang) == 4
    done = lifang(*words, "--yes", "--as", worker)
    assert (done.code, done.out) == (0, "已完成 2 条，跳过 0 条，失败 0 条\n")
    assert waiting(lifang) == 2
    again = lifang(*BULK, "accept", "--yes", "--within", world.HOME)
    assert (again.code, again.out) == (0, "已完成 0 条，跳过 2 条，失败 0 条\n")
    assert "不做 2 条：现在是「已接收」" in again.err
    assert "1：只有「已提交」的记录可以接收；这条记录是「已接收」" in again.err


def test_on_a_terminal_it_asks_how_many_are_meant(
    lifang: Command, made: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = (*BULK, "end", "--reason", "已迁出", "--id", "1", "--id", "2", "--id", "999")
    for answer, code, left in (("n\n", 130, 4), ("y\n", 0, 2)):
        monkeypatch.setattr(sys, "stdin", Keyboard(answer))
        told = lifang(*words)
        assert told.code == code, told.err
        assert "对 2 条：结束" in told.err
        assert "没有找到 1 条" in told.err
        assert waiting(lifang) == left


def test_an_input_is_asked_for_and_programs_are_told_in_json(
    lifang: Command, made: list[int], worker: str
) -> None:
    missing = lifang(*BULK, "end", "--yes")
    assert missing.code == 2
    told = lifang(*BULK, "accept", "--json", "--dry-run", "--as", worker)
    assert told.json["matched"] == told.json["ready"] == 2
    assert "金丝雀" not in told.out
    refused = lifang(*BULK, "remove", "--yes", "--as", worker)
    assert refused.code == 3
    done = lifang(*BULK, "end", "--reason", "已迁出", "--json", "--yes", "--as", worker)
    assert done.json["done"] == 2
    assert waiting(lifang) == 2


def test_many_records_are_given_the_same_fields(lifang: Command, instance: Instance) -> None:
    for name in ("甲社", "乙社"):
        world.organization(instance, name)
    words = ("organizations", "bulk", "update", "--kind", "party", "--set-kind", "enterprise")
    assert lifang(*words, "--yes").out == "已完成 2 条，跳过 0 条，失败 0 条\n"
    told = lifang("organizations", "list", "--kind", "enterprise", "--json").json["items"]
    assert len(told) == 2
    words = ("--set-uscc", "91110000600037341L", "--set-no-uscc-reason", "")
    failed = lifang("organizations", "bulk", "update", *words, "--yes")
    assert (failed.code, failed.out) == (5, "已完成 1 条，跳过 0 条，失败 1 条\n")
    help = lifang("organizations", "bulk", "update", "--help")
    assert "--set-kind" in help.out
    assert "--sort" not in help.out
    assert lifang("people", "bulk").out.count("--") == 0
    assert "--set-phone" not in lifang("people", "bulk", "update", "--help").out
