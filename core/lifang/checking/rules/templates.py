"""Templates and static files: under the plugin's own name, escaped, and from here."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from lifang.checking.rule import Hits, Spot, hit, rule
from lifang.checking.source import Source

SAFE = re.compile(r"\|\s*safe\b|\{%-?\s*autoescape\s+false")
SCRIPT = re.compile(
    r"<script(?![^>]*\bsrc\s*=)[^>]*>(?=\s*\S)|\son[a-z]+\s*=\s*[\"']|[\"']\s*javascript:", re.I
)
REMOTE = re.compile(
    r"<(?:script|img|iframe|source|video|audio|embed|object|link)\b[^>]*?\b(?:src|href|data)\s*=\s*"
    r"[\"']\s*((?:https?:)?//[^\"']+)|(?:@import|url\()\s*[\"']?((?:https?:)?//[^\"')]+)",
    re.I,
)
COMMENT = re.compile(r"\{#.*?#\}|<!--.*?-->", re.S)
MARKUP = {"markupsafe.Markup", "flask.Markup", "jinja2.Markup", "markupsafe._speedups.Markup"}


def _found(source: Source, pattern: re.Pattern[str], *suffixes: str) -> Iterator[tuple[Spot, str]]:
    """Where a pattern stands in the templates and static files, comments left out."""
    for suffix in suffixes:
        for path in source.below(suffix):
            text = COMMENT.sub(
                lambda one: re.sub(r"[^\n]", " ", one.group()), source.text(path) or ""
            )
            for one in pattern.finditer(text):
                line = text.count("\n", 0, one.start()) + 1
                column = one.start() - text.rfind("\n", 0, one.start())
                told = next((part for part in one.groups() if part), one.group())
                yield Spot(path, line, column), told.strip()


@rule("LF501", tier=2)
def files_are_namespaced(source: Source) -> Hits:
    """Templates and static files lie below the plugin's own id."""
    for folder in ("templates", "static"):
        for path in source.below("", folder):
            below = path.split(f"/{folder}/", 1)[1]
            if not below.startswith(f"{source.id}/"):
                yield hit(Spot(path), path=below, folder=folder, id=source.id)


@rule("LF502", tier=2)
def nothing_is_marked_safe(source: Source) -> Hits:
    """Nothing but a constant is let into a page as it is."""
    for spot, what in _found(source, SAFE, ".html"):
        yield hit(spot, what=what)
    for module in source.modules:
        for name, call in module.called:
            if name in MARKUP and call.args and not isinstance(call.args[0], ast.Constant):
                yield module.hit(call, what=ast.unparse(call)[:40])
            if name == "flask.render_template_string":
                yield module.hit(call, what="render_template_string")


@rule("LF503", tier=2)
def no_inline_script(source: Source) -> Hits:
    """No script stands in a page."""
    for spot, what in _found(source, SCRIPT, ".html"):
        yield hit(spot, what=what[:40], id=source.id)


@rule("LF504", tier=2)
def no_remote_asset(source: Source) -> Hits:
    """Nothing a page needs comes from another server."""
    for spot, address in _found(source, REMOTE, ".html", ".css"):
        yield hit(spot, address=address)
