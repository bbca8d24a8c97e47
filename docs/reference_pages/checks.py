"""Every rule of `lifang plugin check`."""

from __future__ import annotations

import inspect

from docs.reference_pages.shared import Table, english, table
from lifang.checking import deep, rules  # noqa: F401 – declares the rules
from lifang.checking.rule import RULES, Rule
from lifang.plugins.plugin import Plugin


def checks_page(plugins: dict[str, Plugin]) -> Table:
    """Every rule of `lifang plugin check`, with its reason and examples."""
    yield "# What `lifang plugin check` asks"
    yield ""
    yield "A plugin reaches a tier when every rule of it and of those before holds or is exempt: 1 loads, 2 safe, 3 complete,"
    yield "4 exemplary. Rules marked *deep* run the plugin (`--deep`), all others only read it."
    yield ""
    told = sorted(RULES.values(), key=lambda one: one.id)
    rows = [
        (f"[{one.id}](#{one.id.lower()}-{one.name})", one.tier, one.severity, english(one.why))
        for one in told
    ]
    yield from table("rule", "tier", "severity", "why", rows=rows)
    for one in told:
        yield from _check(one)


def _check(one: Rule) -> Table:
    marks = ["deep"] * one.deep + ["`--fix` puts it right"] * (one.fix is not None)
    yield f"## {one.id} {one.name}"
    yield ""
    yield f"{inspect.getdoc(one.ask)} Tier {one.tier}, {', '.join([one.severity, *marks])}."
    yield ""
    yield f"> {one.says}"
    yield ">"
    yield f"> {english(one.says)}"
    yield ""
    for heading, example in (("Wrong", one.bad), ("Right", one.good)):
        yield f"{heading}:"
        yield ""
        yield "```text"
        yield example
        yield "```"
        yield ""
