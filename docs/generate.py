"""Writes the reference pages from the declarations of the core and of this repository's plugins.

`python docs/generate.py` writes them; a test finds them out of date. What is here is said once, in the
declarations: nobody edits these pages by hand.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from lifang.builtin.plugin import plugin as core
from lifang.checking import deep, rules  # noqa: F401 – declares the rules
from lifang.checking.rule import RULES, Rule
from lifang.entities.account import ROLES
from lifang.http.known_problems import CODES, KINDS
from lifang.kit import words
from lifang.kit.errors import problem_type
from lifang.kit.words import _
from lifang.plugins import hooks
from lifang.plugins.manager import PluginManager, discover
from lifang.plugins.plugin import Plugin
from lifang.resources.registry import CORE, Registry
from lifang.resources.resource import Resource
from lifang.resources.verbs import verb_name

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "reference"
LASTING = ("created", "updated", "removed")
ELSEWHERE = {
    "core.clock.hour": "every full hour",
    "core.clock.day": "every midnight of the instance's zone",
    "core.notice.posted": "somebody was told something; carries its `kind`",
    "core.calendar.changed": "the holidays of a year were loaded",
    "core.person.erased": "somebody was erased: whoever keeps copies erases them too",
}
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


def events_page(plugins: dict[str, Plugin]) -> Table:
    """Every event that is told, by whom, with what data, and who of these plugins listens."""
    heard: dict[str, list[str]] = {}
    inputs: dict[str, tuple[str, ...]] = {}
    for plugin in plugins.values():
        for handler in plugin.handlers:
            for type in handler.types:
                heard.setdefault(type, []).append(f"{plugin.id}.{handler.name}")
    yield "# Events"
    yield ""
    yield "What the core and the plugins of this repository tell, and who of them listens. How delivery works: [Events](../events.md)."
    yield "Every noun also tells `.created`, `.updated` and `.removed`; they are listed where somebody listens."
    yield ""
    for plugin in plugins.values():
        rows: list[list[str]] = []
        for resource in plugin.resources:
            named = {one.event: f"action `{name}`" for name, one in resource.actions.items()}
            inputs |= {
                f"{resource.aggregate}.{one.event}": tuple(spec.name for spec in one.fields)
                for one in resource.actions.values()
            }
            named |= dict.fromkeys(sorted(resource.timers), "its time has come, or told")
            told = {f"{resource.aggregate}.{name}": why for name, why in named.items()}
            lasting = {f"{resource.aggregate}.{name}": "saved" for name in LASTING}
            told |= {type: why for type, why in lasting.items() if type in heard}
            rows += [_event(plugin, type, why, heard, inputs) for type, why in told.items()]
        listed = {row[0] for row in rows}
        more = dict.fromkeys(plugin.payloads, "told by its own code")
        more |= ELSEWHERE if plugin is core else {}
        rows += [
            _event(plugin, type, why, heard, inputs)
            for type, why in more.items()
            if f"`{type}`" not in listed
        ]
        yield f"## {both(plugin.label)}"
        yield ""
        yield from table("event", "when", "version", "data", "heard by", rows=rows)


def _event(
    plugin: Plugin,
    type: str,
    why: str,
    heard: dict[str, list[str]],
    inputs: dict[str, tuple[str, ...]],
) -> list[str]:
    declared = plugin.payloads.get(type)
    fields = sorted(declared.schema().fields) if declared else inputs.get(type, ())
    version = str(declared.version) if declared else "1"
    return [f"`{type}`", why, version, code(fields), code(heard.get(type, ()))]


def settings_page(plugins: dict[str, Plugin]) -> Table:
    """Every setting that a district can turn."""
    yield "# Settings"
    yield ""
    yield "What districts turn, each for a part of the tree and from a day on: `lifang plugin config`, `lifang settings explain`."
    yield ""
    for plugin in plugins.values():
        rows = [
            [
                f"`{name}`",
                both(one.label),
                one.kind.__name__,
                _default(one),
                _bounds(one),
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
            yield from table(
                "setting", "label", "kind", "default", "allowed", "presets", "help", rows=rows
            )


def _default(one: Any) -> str:
    unit = f" {english(one.unit)}" if one.unit else ""
    return "–" if one.default is None else f"{one.written(one.default)}{unit}"


def _bounds(one: Any) -> str:
    if one.choices:
        return code(one.choices)
    low = "" if one.minimum is None else one.minimum
    high = "" if one.maximum is None else one.maximum
    return f"{low}…{high}" if f"{low}{high}" else "–"


def permissions_page(plugins: dict[str, Plugin]) -> Table:
    """Who may do what with every noun."""
    yield "# Permissions"
    yield ""
    yield "Who may do what, as the declarations say it. `own`: only what is theirs; `unit`: only their organization's; roles of the"
    yield (
        "ladder include those below them: "
        + " > ".join(
            (
                "district_admin",
                "subdistrict_admin",
                "community_secretary",
                "community_worker",
                "grid_worker",
            )
        )
        + ". What a role does not"
    )
    yield "name it may not do; the platform's three administrators hold instance-wide roles."
    yield ""
    for plugin in plugins.values():
        yield f"## {both(plugin.label)}"
        yield ""
        for resource in plugin.resources:
            yield f"### {both(resource.label)} (`{resource.id}`)"
            yield ""
            yield from table("role", "may", rows=_roles(resource))
            if resource.never:
                yield f"Given to nobody on purpose: {code(sorted(resource.never))}."
                yield ""


def _roles(resource: Resource[Any]) -> list[list[str]]:
    rows = []
    for role, verbs in resource.roles.items():
        told = []
        for verb, reaches in verbs.items():
            with words.using("en"):
                label = verb_name(resource, verb)
            narrow = "" if "tree" in reaches else f" ({', '.join(sorted(reaches))})"
            told.append(f"`{verb}`{narrow}" + (f" {label}" if verb in resource.actions else ""))
        rows.append([both(ROLES.get(role, role)) if role in ROLES else role, ", ".join(told)])
    return rows


def hooks_page(plugins: dict[str, Plugin]) -> Table:
    """Every hook, from its definition, and who uses it."""
    yield "# Hooks"
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


def own_codes(plugin: Plugin) -> set[str]:
    """The codes of fields that a plugin answers with beside the core's."""
    calls = (
        one
        for file in plugin.folder.rglob("*.py")
        for one in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(one, ast.Call) and len(one.args) > 1
    )
    said = {
        str(one.args[1].value)
        for one in calls
        if getattr(one.func, "attr", getattr(one.func, "id", "")) in ("FieldError", "refuse")
        and isinstance(one.args[1], ast.Constant)
    }
    return said - CODES.keys()


def problems_page(plugins: dict[str, Plugin]) -> Table:
    """What the API refuses with."""
    yield "# Kinds of problems"
    yield ""
    yield (
        "Errors are `application/problem+json` (RFC 9457). `type` is an address on the server that "
        "answered and explains the kind of problem there; `code` is its last part."
    )
    yield ""
    kinds = (
        (f"`{problem_type(code)}`", one.status, both(one.means), both(one.mend))
        for code, one in KINDS.items()
    )
    yield from table("type", "status", "what it means", "what to do", rows=kinds)
    yield "## Codes of fields"
    yield ""
    yield "`errors[].code` says in one word what `errors[].message` says in a sentence."
    yield ""
    rows = ((f"`{code}`", both(said)) for code, said in CODES.items())
    yield from table("code", "what is wrong", rows=rows)
    yield "Plugins add words of their own:"
    yield ""
    for id, plugin in plugins.items():
        if id != CORE and (codes := own_codes(plugin)):
            yield f"- {both(plugin.label)}: {code(sorted(codes))}"


PAGES = {
    "checks": checks_page,
    "events": events_page,
    "settings": settings_page,
    "permissions": permissions_page,
    "hooks": hooks_page,
    "problems": problems_page,
}


def pages() -> dict[str, str]:
    """Every page by its file name, as it should be."""
    plugins = declared()
    with words.using("zh"):
        return {
            f"{name}.md": "\n".join(page(plugins)).rstrip() + "\n" for name, page in PAGES.items()
        }


if __name__ == "__main__":
    for name, text in pages().items():
        (FOLDER / name).write_text(text, "utf-8")
        sys.stdout.write(f"docs/reference/{name}\n")
