"""Every operation of the REST API, from the description that a server gives of itself."""

from __future__ import annotations

import re
from typing import Any

from docs.reference_pages.shared import Table, both, table
from lifang.api.description import description
from lifang.kit import words
from lifang.plugins.plugin import Plugin
from lifang.resources.registry import CORE

METHODS = ("get", "post", "patch", "put", "delete")
Operations = dict[tuple[str, str], dict[str, Any]]

HEAD = """\
What a server describes of itself at `/api/openapi.json`, for whoever may read everything; each caller is told what they can reach. Request and
answer are told there, member by member. How a client is made from it: [A program that talks to Lifang](../../api/tutorial.md). Refusals are
[problem documents](../errors.md); the last column says which statuses an operation may answer with instead."""


def operations(plugins: dict[str, Plugin]) -> Operations:
    """Every operation by address and method, in the language of now."""
    nouns = [resource for plugin in plugins.values() for resource in plugin.resources]
    told = description(nouns, events=True, life=True)
    return {
        (path, method): one
        for path, methods in told["paths"].items()
        for method, one in methods.items()
        if method in METHODS
    }


def pages(plugins: dict[str, Plugin]) -> dict[str, Table]:
    """A page for the core and one for each plugin."""
    chinese = operations(plugins)
    with words.using("en"):
        english = operations(plugins)
    tags = {tag_of(one): None for one in chinese.values()}
    owner = {tag: _owner(tag, plugins) for tag in tags}
    told = {"index": _index(plugins, sorted(set(owner.values())))}
    for id in sorted(set(owner.values())):
        nouns = [tag for tag in tags if owner[tag] == id]
        told[id] = _page(plugins[id], nouns, chinese, english)
    return {f"reference/api/{name}.md": page for name, page in told.items()}


def tag_of(one: dict[str, Any]) -> str:
    """The noun that an operation is about."""
    return str(one.get("tags", ["api"])[0])


def _owner(tag: str, plugins: dict[str, Plugin]) -> str:
    return next((id for id in plugins if tag.startswith(f"{id}_")), CORE)


def _index(plugins: dict[str, Plugin], owners: list[str]) -> Table:
    yield "# 接口 · API"
    yield ""
    yield HEAD
    yield ""
    for id in owners:
        yield f"- [{both(plugins[id].label)}]({id}.md)"
    yield ""
    yield "```{toctree}"
    yield ":hidden:"
    yield ""
    yield from owners
    yield "```"


def _page(plugin: Plugin, nouns: list[str], chinese: Operations, english: Operations) -> Table:
    yield f"# {both(plugin.label)}: API"
    yield ""
    yield HEAD
    yield ""
    for noun in nouns:
        yield f"## {noun}"
        yield ""
        rows = [
            (
                f"`{method.upper()} {path}`",
                _spaced(one["summary"]),
                _spaced(english[path, method]["summary"]),
                _refusals(one),
            )
            for (path, method), one in chinese.items()
            if tag_of(one) == noun
        ]
        yield from table("operation", "中文", "English", "refused with", rows=rows)


def _spaced(summary: str) -> str:
    """A summary whose lists may break into lines."""
    return re.sub(r",(?=\S)", ", ", summary)


def _refusals(one: dict[str, Any]) -> str:
    return " ".join(status for status in one["responses"] if status.isdigit() and status >= "400")
