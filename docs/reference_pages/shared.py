"""What the reference pages are made with: declarations, tables, words in both languages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from lifang.builtin.plugin import plugin as core
from lifang.kit import words
from lifang.kit.words import _
from lifang.plugins.manager import PluginManager, discover
from lifang.plugins.plugin import Plugin
from lifang.resources.registry import CORE, Registry

ROOT = Path(__file__).parents[2]
Table = Iterator[str]


def declared() -> dict[str, Plugin]:
    """The core and the plugins of this repository, registered as an instance does it."""
    manager = PluginManager(Registry())
    manager.register(core)
    ours = {folder.parent.name for folder in ROOT.glob("plugins/*/pyproject.toml")}
    for name, found in sorted(discover().items()):
        if name in ours:
            manager.register(found.entry.load())
    return {CORE: core, **{name: manager.loaded[name] for name in sorted(ours)}}


def table(*headings: str, rows: Iterable[Iterable[object]]) -> Table:
    """A table of Markdown; nothing where there are no rows."""
    lines = [[str(cell).replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    if lines:
        yield "| " + " | ".join(headings) + " |"
        yield "|" + "---|" * len(headings)
        yield from ("| " + " | ".join(line) + " |" for line in lines)
        yield ""


def both(label: str) -> str:
    """A label in Chinese and English."""
    with words.using("en"):
        english = _(label)
    return label if english == label else f"{label} · {english}"


def english(label: str) -> str:
    """A label in English."""
    with words.using("en"):
        return _(label)


def code(names: Iterable[str]) -> str:
    """Names as code, or a dash."""
    return ", ".join(f"`{name}`" for name in names) or "–"
