from __future__ import annotations

import subprocess
import sys

import pytest

from lifang.cli.hands import Hands
from lifang.cli.main import COMMANDS
from tests.core.cli.conftest import Command, Said, say

HEAVY = {"peewee", "playhouse", "flask", "marshmallow", "cryptography", "orjson", "pluggy"}
LIGHT = {"lifang", "lifang.cli", "lifang.cli.frame", "lifang.cli.main", "lifang.cli.session"}
LIGHT |= {"lifang.cli.params", "lifang.cli.telling", "lifang.cli.widths"}
LIGHT |= {"lifang.kit", "lifang.kit.errors", "lifang.kit.words"}


def nothing() -> Hands:
    raise AssertionError("this command needs no instance")


def alone(*words: str) -> Said:
    return say(nothing, *words)


def test_help_names_every_command_and_needs_no_instance() -> None:
    told = alone("--help")
    assert told.code == 0
    assert all(f"  {name} " in told.out for name in COMMANDS)
    assert "lifang plugin list" in told.out
    assert told.out == alone().out == alone("-h").out


def test_help_imports_only_click_and_words() -> None:
    script = (
        "import sys\nfrom lifang.cli.main import run\nrun(None, ['--help'])\n"
        "print(*sys.modules, sep='\\n', file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = set(done.stderr.split())
    assert {name for name in loaded if name.startswith("lifang")} == LIGHT
    assert not {name.split(".")[0] for name in loaded} & HEAVY


def test_the_version_is_the_distributions_own() -> None:
    from importlib.metadata import version

    assert alone("--version").out.split() == ["lifang", version("lifang")]


def test_every_noun_explains_its_verbs_and_every_verb_its_options(lifang: Command) -> None:
    told = lifang("people", "--help")
    assert told.code == 0
    for verb in ("list", "show", "create", "update", "remove", "move", "reveal", "export"):
        assert f"  {verb} " in told.out
    told = lifang("people", "create", "--help")
    assert "--name TEXT" in told.out
    assert "姓名（必填）" in told.out
    assert "male（男）" in told.out
    assert "--community CODE" in told.out
    assert "--as ACCOUNT" in told.out
    assert lifang("people").out == lifang("people", "--help").out


def test_a_verb_that_nobody_is_given_is_no_command(lifang: Command) -> None:
    assert "  update " in lifang("people", "--help").out
    assert "  update " not in lifang("grants", "--help").out
    assert lifang("grants", "update", "1").code == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["peple", "list"], "是否想用「people」"),
        (["qwerty"], "communities"),
        (["people", "lst"], "是否想用「list」"),
        (["people", "list", "--nme", "x"], "是否想用 --name"),
        (["people", "show"], "缺少参数 ID"),
        (["people", "show", "1", "2"], "多余的参数：2"),
        (["people", "list", "--limit", "x"], "--limit 须为不小于 1 的整数"),
        (["serve", "--port", "70000"], "--port 须为 1 至 65535 的整数"),
        (["people", "list", "--limit"], "选项 --limit 后面缺少值"),
        (["people", "list", "--json=1"], "选项 --json 不带值"),
        (["people", "export", "--format", "pdf"], "--format 须为其中之一：csv、xlsx、json"),
        (["people", "show", "abc"], "编号须为数字"),
    ],
)
def test_a_slip_is_told_in_one_sentence_with_what_would_be_right(
    lifang: Command, words: list[str], said: str
) -> None:
    told = lifang(*words)
    assert told.code == 2
    assert told.out == ""
    assert told.err.startswith("错误：")
    assert said in told.err
    assert lifang(*words, "--json").problem["status"] == 400


def test_commands_are_told_with_dashes_or_underscores(lifang: Command) -> None:
    lifang("plugin", "enable", "dual_reporting", "--at", "620102000000")
    assert lifang("dual-reporting", "reports", "list").code == 0
    assert lifang("dual_reporting", "reports", "list").code == 0
