"""The layers: what each holds and may import, from the import contracts and the docstrings."""

from __future__ import annotations

import ast
import tomllib
from functools import cache
from pathlib import Path

from docs.reference_pages.shared import ROOT, Table, table
from lifang.plugins.plugin import Plugin

PACKAGE = ROOT / "core" / "lifang"
MADE_OF = "layers/modules"
"""Where the generated halves of the pages lie: each is included in the page of its layer."""


@cache
def rows() -> list[list[str]]:
    """The layers from the lowest up; those side by side know nothing of one another."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    (contract,) = (
        one for one in told["tool"]["importlinter"]["contracts"] if one["type"] == "layers"
    )
    return [[name.strip() for name in row.split("|")] for row in reversed(contract["layers"])]


def layers() -> list[str]:
    """Every layer by name, the lowest first."""
    return [name for row in rows() for name in row]


def below(layer: str) -> list[str]:
    """The layers that one may import, the nearest first."""
    (place,) = (place for place, row in enumerate(rows()) if layer in row)
    return [name for row in reversed(rows()[:place]) for name in row]


def modules(layer: str) -> list[tuple[str, str, int]]:
    """Every module of a layer: its name, the first line it says of itself, its lines."""
    folder = PACKAGE / layer
    told = []
    for file in sorted(folder.rglob("*.py")):
        if file.name != "__init__.py":
            name = ".".join(file.relative_to(folder).with_suffix("").parts)
            told.append((name, said(file), len(file.read_text("utf-8").splitlines())))
    return told


def said(file: Path) -> str:
    """The first line of a module's docstring."""
    text = ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""
    return text.splitlines()[0] if text else ""


def pages(plugins: dict[str, Plugin]) -> dict[str, Table]:
    """The generated half of each layer's page."""
    return {f"{MADE_OF}/{layer}.md": _page(layer) for layer in layers()}


def _page(layer: str) -> Table:
    under = below(layer)
    links = ", ".join(f"[{name}]({name}.md)" for name in under)
    yield f"May import: {links or 'nothing of Lifang'}."
    yield ""
    yield from table("module", "is", rows=((f"`{name}`", says) for name, says, _ in modules(layer)))
