"""Every hook, from its definition."""

from __future__ import annotations

import inspect
from typing import Any

from docs.reference_pages.shared import Table, code
from lifang.plugins import hooks
from lifang.plugins.plugin import Plugin


def hooks_page(plugins: dict[str, Plugin]) -> Table:
    """Every hook, from its definition, and who uses it."""
    yield "# 挂钩 · Hooks"
    yield ""
    yield "Code the core must call because it cannot be said as data. A hook is added with its first user; there are never more than 16."
    yield "An implementation is a function of the hook's name, marked `@lf.hookimpl`, listed in `hooks=` of the plugin. It takes the"
    yield "arguments it wants, by name; arguments are only ever added. It is called only where its plugin is on for the caller."
    yield ""
    for name, spec in inspect.getmembers(hooks, inspect.isfunction):
        if not hasattr(spec, "lifang_spec"):
            continue
        users = [
            one.id for one in plugins.values() if name in {hook.__name__ for hook in one.hooks}
        ]
        yield f"## `{name}{inspect.signature(spec)}`".replace("'", "")
        yield ""
        yield inspect.getdoc(spec) or ""
        yield ""
        yield from _policy(spec)
        yield f"Used by: {code(users)}."
        yield ""


def _policy(spec: Any) -> Table:
    told = getattr(spec, "__hook__", None)
    if told is not None:
        yield f"Combined: **{told.combine}**. When it fails: **{told.failure}**. Budget: {told.budget:g} s."
        yield ""
