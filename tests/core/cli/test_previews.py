"""Two people are merged from the command line, looked at first."""

from __future__ import annotations

import pytest

from tests.core.cli.conftest import Command

HOME = "620102001001"


@pytest.fixture
def pair(lifang: Command) -> None:
    """A duplicate, 1, and the person who stays, 2."""
    made = ("people", "create", "--community", HOME, "--name")
    assert lifang(*made, "李小强", "--phone", "13812345678").code == 0
    assert lifang(*made, "李强").code == 0


def test_a_dry_run_is_a_table_and_writes_nothing(lifang: Command, pair: None) -> None:
    told = lifang("people", "merge", "1", "--into", "2", "--dry-run")
    assert told.code == 0, told.err
    assert told.out.splitlines()[:3] == [
        "资料",
        "字段\t移除 #1\t保留 #2\t合并后",
        "姓名\t李小强\t李强\t李强",
    ]
    assert "手机号\t138****5678\t\t138****5678" in told.out
    assert "归属关系\t1\t1" in told.out
    asked = lifang("people", "merge", "1", "--into", "2", "--dry-run", "--json").json
    assert list(asked) == ["preview"]
    assert asked["preview"]["obstacles"] == []
    wide = lifang("people", "merge", "1", "--into", "2", "--dry-run", terminal=True)
    assert "姓名" in wide.out
    assert "\t" not in wide.out
    assert len(lifang("people", "list", "--json").json["items"]) == 2


def test_a_merge_is_done_and_told(lifang: Command, pair: None) -> None:
    done = lifang("people", "merge", "1", "--into", "2")
    assert (done.code, done.out) == (0, "已合并「人员」1 李小强\n")
    gone = lifang("people", "show", "1")
    assert (gone.code, gone.err) == (4, "错误：已合并到 2\n")
    assert "138****5678" in lifang("people", "show", "2").out
    assert "合并" in lifang("people", "history", "2").out


def test_what_hinders_is_told_by_the_dry_run_and_by_the_refusal(
    lifang: Command, pair: None
) -> None:
    for number, known in (("1", "620102198001010033"), ("2", "110101199003077715")):
        assert lifang("people", "update", number, "--citizen-id", known).code == 0
    told = lifang("people", "merge", "1", "--into", "2", "--dry-run")
    assert told.code == 0
    hindered = told.out.splitlines()[-1]
    assert hindered.startswith("不能办理：两条记录的公民身份号码不同")
    refused = lifang("people", "merge", "1", "--into", "2")
    assert (refused.code, refused.err.strip()) == (5, hindered.replace("不能办理", "错误"))


def test_only_what_has_a_preview_has_a_dry_run(lifang: Command, pair: None) -> None:
    assert "--dry-run" in lifang("people", "merge", "--help").out
    assert "--dry-run" not in lifang("people", "move", "--help").out
    slip = lifang("people", "move", "1", "--community", HOME, "--date", "2026-01-01", "--dry-run")
    assert slip.code == 2
