"""As a new author would, by the tutorial: from `lifang plugin new` to an upgrade in a district."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

import pytest

from lifang.app.main import hands
from lifang.testing.commands import say
from tests.walks import commands
from tests.walks.beginning import BIN, ROOT, WHO, begin, beside, fresh_environment, run, wheel

PAGE = ROOT / "docs" / "start" / "plugin.md"
OWN = Path(__file__).parent / "lost_and_found"
"""The files in which an author writes something of their own, as they stand when it is done."""
NEW = ("--label", "失物招领", "--record-label", "拾得物品", "--record-label-en", "Found item",
       "--with", "tables,pages,settings")  # fmt: skip
MOST = 60
SLOW = ("LF711", "LF730", "LF731")
"""Rules that take a second each: the check below asks them, and `trust` asks all of both."""
TOOLS = ("lifang[authors,test]", "pip", "hatchling", "editables", "mypy")
"""What an author has beside Lifang, linked from here where pip is not to fetch it."""


def own_lines(before: str, after: str) -> list[str]:
    """The lines that somebody wrote, without blank ones and comments."""
    told = [
        line[2:].strip()
        for line in difflib.ndiff(before.splitlines(), after.splitlines())
        if line.startswith("+ ")
    ]
    return [line for line in told if line and not line.startswith(("# ", '"""'))]


def written(begun: Path) -> list[str]:
    """The author's lines, those of tests, texts and the README among them."""
    told: list[str] = []
    for path in commands.files(OWN):
        before = (begun / path.relative_to(OWN)).read_text("utf-8")
        told += own_lines(before, path.read_text("utf-8"))
    return told


def environ(folder: Path, **more: str) -> dict[str, str]:
    """Nothing of this run: no instance, no environment, no measuring of lines."""
    kept = {name: os.environ[name] for name in ("HOME", "PATH", "TMPDIR") if name in os.environ}
    wheel(ROOT / "core", folder)
    told = {"PIP_FIND_LINKS": str(folder), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return kept | told | {"LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"} | more


@pytest.mark.once
def test_the_tutorial_leads_to_a_feature_that_works_within_sixty_lines(tmp_path: Path) -> None:
    """With what is installed here, linked into two environments; the slow steps left out."""
    told = list(commands.steps(PAGE, slow=False))
    for name, tools in (("author", TOOLS), ("district", ("pip",))):
        fresh_environment(tmp_path / name, *tools)
    commands.run_all(told, tmp_path, environ(
        tmp_path, PIP_NO_INDEX="1", PIP_NO_BUILD_ISOLATION="0",
        PYTEST_ADDOPTS=f"-k '{' and '.join(f'not {one}' for one in SLOW)}'",
    ))  # fmt: skip
    begin(tmp_path / "begun", "lost_and_found", "--yes", *WHO, *NEW)
    lines = written(tmp_path / "begun")
    assert len(lines) < MOST, lines


@pytest.mark.trust
def test_the_tutorial_holds_with_what_pip_fetches_and_every_step(tmp_path: Path) -> None:
    """As an author has it; takes some minutes."""
    told = list(commands.steps(PAGE, slow=True))
    commands.run_all(told, tmp_path, environ(tmp_path))


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
