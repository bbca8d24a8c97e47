"""As a new author would: from `lifang plugin new lost_and_found` to a feature that works."""

from __future__ import annotations

import difflib
import json
import os
import re
import shutil
from pathlib import Path

import pytest

from lifang.app.main import hands
from lifang.testing.commands import say
from tests.walks.beginning import (
    BIN,
    ROOT,
    WHO,
    begin,
    beside,
    fresh_environment,
    install,
    run,
    wheel,
)

OWN = Path(__file__).parent / "lost_and_found"
"""The files in which an author writes something of their own, as they stand when it is done."""
USED = Path(__file__).parent / "lost_and_found_used.py"
MOST = 60
SLOW = ("LF711", "LF730", "LF731")
"""Rules that take a second each: the check below asks them, and `trust` asks all of both."""
NEW = (
    "lost_and_found", "--yes", *WHO, "--label", "失物招领", "--record-label", "拾得物品",
    "--record-label-en", "Found item", "--with", "tables,pages,settings",
)  # fmt: skip


def own_lines(before: str, after: str) -> list[str]:
    """The lines that somebody wrote, without blank ones and comments."""
    told = [
        line[2:].strip()
        for line in difflib.ndiff(before.splitlines(), after.splitlines())
        if line.startswith("+ ")
    ]
    return [line for line in told if line and not line.startswith(("# ", '"""'))]


def written(folder: Path) -> list[str]:
    """Let the author write; gives their lines, those of tests, texts and the README among them."""
    told: list[str] = []
    for path in sorted(OWN.rglob("*.*")):
        if path.is_file() and path.suffix != ".mo":
            before = folder / path.relative_to(OWN)
            told += own_lines(before.read_text("utf-8"), path.read_text("utf-8"))
            shutil.copy(path, before)
    return told


@pytest.mark.once
def test_a_new_author_has_a_feature_that_works_within_sixty_lines(tmp_path: Path) -> None:
    project = tmp_path / "lost_and_found"
    said = begin(project, *NEW)
    assert (said.code, said.err) == (0, "")
    assert "共 21 个文件。接下来：" in said.out
    lines = written(project)
    assert len(lines) < MOST, lines
    made, core = wheel(project, tmp_path), wheel(ROOT / "core", tmp_path)
    shutil.copy(USED, project / "tests" / "test_used.py")
    alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(beside(made)), "TEST_ON": ""}
    words = (BIN / "python", "-m", "pytest", "-q", "-p", "lifang.testing.plugin")
    words += ("-k", " and ".join(f"not {one}" for one in SLOW))
    said = run(*words, at=project, **alone)  # its own tests, and one for each rule
    assert re.search(r"^\d\d passed", said, re.M), said
    programs = fresh_environment(tmp_path / "environment")
    install(programs, core, made)
    asks_in(programs, tmp_path)


@pytest.mark.once
def test_what_the_template_gives_passes_the_check_as_it_is(tmp_path: Path) -> None:
    parts = "tables,pages,personal,settings,indicators,outside"
    assert begin(tmp_path / "toys", "toys", "--yes", *WHO, "--with", parts).code == 0
    said = say(hands, "plugin", "check", str(tmp_path / "toys"), "--deep", "--json")
    assert said.code == 0, said.out
    assert (said.json["tier"], said.json["findings"]) == (4, [])


@pytest.mark.trust
@pytest.mark.parametrize("parts", ["none", "tables,pages,settings", "personal,outside,indicators"])
def test_what_the_template_gives_passes_its_own_ci_as_it_is(tmp_path: Path, parts: str) -> None:
    folder = tmp_path / "toys"
    assert begin(folder, "toys", "--yes", *WHO, "--with", parts).code == 0
    told = {"BIN": str(BIN), "PYTHONPATH": str(beside(wheel(folder, tmp_path))), "TEST_ON": ""}
    said = run(folder / ".ci" / "run", at=folder, **told)
    assert "Success: no issues found" in said and "达到第 4 级" in said, said


@pytest.mark.trust
def test_pip_installs_a_new_plugin_and_what_it_needs_into_a_fresh_environment(
    tmp_path: Path,
) -> None:
    """With what pip finds by itself, as an author has it; takes a minute."""
    project = tmp_path / "lost_and_found"
    assert begin(project, *NEW).code == 0
    written(project)
    wheels = [wheel(project, tmp_path), wheel(ROOT / "core", tmp_path)]
    run(BIN / "python", "-m", "venv", tmp_path / "environment", at=tmp_path)
    programs = tmp_path / "environment" / "bin"
    run(programs / "python", "-m", "pip", "install", "--quiet", *wheels, at=tmp_path)
    asks_in(programs, tmp_path)


def asks_in(programs: Path, folder: Path) -> None:
    """Use it in an environment that has nothing else, from an empty folder on."""
    home = {
        "LIFANG_HOME": str(folder / "var"),
        "LIFANG_LANG": "zh",
        "PATH": f"{programs}:{os.environ['PATH']}",
    }

    def lifang(*words: str) -> str:
        return run(programs / "lifang", *words, at=folder, **home)

    lifang("init", "--quiet")
    lifang(
        "communities", "create", "--code", "620102000000", "--name", "城关区", "--kind", "district"
    )
    assert "已安装插件 lost_and_found 0.1.0" in lifang("plugin", "install", "lost_and_found")
    lifang("plugin", "enable", "lost_and_found", "--at", "620102000000")
    told = ("--name", "钥匙", "--found-at", "东门岗亭", "--community", "620102000000")
    made = json.loads(lifang("lost-and-found", "items", "create", *told, "--json"))
    assert (made["name"], made["state"]) == ("钥匙", "found")
    with pytest.raises(AssertionError, match=r"pip install 'lifang\[authors\]'"):
        lifang("plugin", "new", "toys", "--yes")  # those who only use plugins need no tools for it
