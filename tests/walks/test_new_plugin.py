"""As a new author would: from `lifang plugin new lost_and_found` to a feature that works."""

from __future__ import annotations

import difflib
import json
import os
import shutil
from pathlib import Path

import pytest

from tests.walks.beginning import BIN, ROOT, WHO, begin, fresh_environment, install, run, wheel

OWN = Path(__file__).parent / "lost_and_found"
"""The files in which an author writes something of their own, as they stand when it is done."""
USED = Path(__file__).parent / "lost_and_found_used.py"
MOST = 60
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
    place = tmp_path / "here"  # beside what is installed here, and out of the way of other tests
    run(
        BIN / "python",
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--no-index",
        "--target",
        place,
        made,
        at=tmp_path,
    )
    shutil.copy(USED, project / "tests" / "test_used.py")
    tests = [project / "tests" / name for name in ("test_lost_and_found.py", "test_used.py")]
    alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(place), "TEST_ON": ""}
    run(
        BIN / "python",
        "-m",
        "pytest",
        "-q",
        "-p",
        "lifang.testing.plugin",
        *tests,
        at=project,
        **alone,
    )

    programs = fresh_environment(tmp_path / "environment")
    install(programs, core, made)
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
