"""Every setting that a district can turn."""

from __future__ import annotations

from typing import Any

from docs.reference_pages.shared import Table, both, code, english, table
from lifang.plugins.plugin import Plugin


def settings_page(plugins: dict[str, Plugin]) -> Table:
    """Every setting that a district can turn."""
    yield "# 设置 · Settings"
    yield ""
    yield "What districts turn, each for a part of the tree and from a day on: `lifang plugin config`, `lifang settings explain`."
    yield ""
    for plugin in plugins.values():
        rows = [
            [
                f"`{name}`",
                both(one.label),
                f"{one.kind.__name__} {_bounds(one)}",
                _default(one),
                ", ".join(
                    f"{preset} = {one.written(value)}" for preset, value in one.presets.items()
                )
                or "–",
                english(one.help) if one.help else "–",
            ]
            for name, one in plugin.settings.items()
        ]
        if rows:
            yield f"## {both(plugin.label)}"
            yield ""
            yield from table("setting", "label", "value", "default", "presets", "help", rows=rows)


def _default(one: Any) -> str:
    unit = f" {english(one.unit)}" if one.unit else ""
    return "–" if one.default is None else f"{one.written(one.default)}{unit}"


def _bounds(one: Any) -> str:
    if one.choices:
        return code(one.choices)
    low = "" if one.minimum is None else one.minimum
    high = "" if one.maximum is None else one.maximum
    return f"{low}…{high}" if f"{low}{high}" else ""
