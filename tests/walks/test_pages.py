"""What pages for beginners and for authors show is run: every command, every piece of Python."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lifang.app.main import hands
from lifang.testing import world
from lifang.testing.commands import Command, say
from tests.walks import commands
from tests.walks.beginning import BIN, ROOT

PAGES = sorted([*ROOT.glob("docs/start/*.md"), *ROOT.glob("docs/plugins/*.md")])
BLOCK = re.compile(
    r"(?P<note><!-- (?P<kind>runs: no, because|given:) (?P<what>.+?) -->\n)?"
    r"(?:<!-- trust -->\n)?^```(?P<language>\S*)[^\n]*\n(?P<text>.*?)^```$",
    re.M | re.S,
)
TYPED = {"docs/start/plugin.md": "tests/walks/test_new_plugin.py"}
"""Pages whose commands another test types."""


def blocks(page: Path) -> Iterator[re.Match[str]]:
    yield from BLOCK.finditer(page.read_text("utf-8"))


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.once
def test_an_administrators_first_day_goes_as_the_page_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for variable in [one for one in os.environ if one.startswith("LIFANG_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("LIFANG_HOME", "")  # what the page exports is taken back afterwards
    monkeypatch.setenv("LIFANG_LANG", "zh")
    monkeypatch.setenv("PWD", str(tmp_path))
    monkeypatch.setenv("PATH", f"{BIN}:{os.environ['PATH']}")
    told = list(commands.steps(ROOT / "docs/start/first-day.md", slow=True))
    assert len(told) > 20
    commands.run_here(told, tmp_path, partial(say, hands))


@pytest.mark.once
def test_the_commands_of_the_pages_on_plugins_do_what_they_say(
    run: Command, enable: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages that introduce a plugin come first: the others take it for granted."""
    monkeypatch.chdir(tmp_path)
    enable("dual_reporting", at=world.CHENGGUAN)
    ours = {folder.parent.name for folder in ROOT.glob("plugins/*/pyproject.toml")}
    pages = [page for page in PAGES if page.parent.name == "plugins"]
    for page in sorted(pages, key=lambda one: (one.stem not in ours, one.stem)):
        commands.run_here(list(commands.steps(page, slow=True)), tmp_path, run)


@pytest.mark.once
@pytest.mark.parametrize("page", PAGES, ids=name)
def test_the_python_of_a_page_runs(page: Path) -> None:
    """In the order in which it stands, all of a page together, with what its notes give it."""
    known: dict[str, Any] = {}
    for block in blocks(page):
        if block["language"] == "python" and block["kind"] != "runs: no, because":
            if block["kind"] == "given:":
                exec(block["what"], known)  # noqa: S102 – our own page
            line = page.read_text("utf-8")[: block.start("text")].count("\n")
            text = "\n" * line + textwrap.dedent(block["text"])
            exec(compile(text, name(page), "exec"), known)  # noqa: S102 – our own page


def test_an_example_that_does_not_hold_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"

    def tried(*lines: str) -> None:
        page.write_text("\n".join(["```console", *lines, "```", ""]), "utf-8")
        commands.run_here(list(commands.steps(page, slow=True)), tmp_path, partial(say, hands))

    tried("$ echo one   two", "one two", "$ echo 3 > three", "$ cat three", "…")
    tried("$ lifang --version", "lifang …", "$ lifang nothing || echo $?", "2")
    with pytest.raises(AssertionError, match="does not say: one three"):
        tried("$ echo one two", "one three")
    with pytest.raises(AssertionError, match=r"\$ false"):
        tried("$ false")
    with pytest.raises(AssertionError, match="lifang nothing"):
        tried("$ lifang nothing")
    with pytest.raises(AssertionError, match="lifang --version"):
        tried("$ lifang --version || echo refused")


def test_no_page_shows_commands_that_nothing_runs() -> None:
    for page in PAGES:
        for block in blocks(page):
            if block["language"] in ("", "console", "sh", "bash", "shell"):
                typed = [
                    one for one in block["text"].splitlines() if re.match(r"(\$ )?lifang ", one)
                ]
                where = f"{name(page)}: {typed[:1]}"
                assert block["language"] == "console" or not typed, where
                if block["language"] == "console":
                    assert all(one.startswith("$ ") for one in typed), where
                    assert (
                        page.parent.name == "plugins"
                        or page.name == "first-day.md"
                        or name(page) in TYPED
                    )
