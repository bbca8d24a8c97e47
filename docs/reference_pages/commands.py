"""Every command, of the core and of the plugins, with its options in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace

import click

from docs.reference_pages.shared import Table, both, table
from lifang.cli.frame import Context, Group
from lifang.cli.main import SECTIONS, Root
from lifang.cli.params import common, help_option
from lifang.cli.plugin_nouns import PluginGroup
from lifang.cli.session import Session
from lifang.kit import words
from lifang.kit.words import _
from lifang.plugins.plugin import Plugin
from lifang.resources.registry import CORE, Registry

HEAD = """\
Every command explains itself by `--help`; this is the same, side by side in both languages. All of them take `--json` (the answer as the
API gives it), `--as ACCOUNT` and `--help`, which are not repeated below. Exit codes: [Errors](../errors.md#exit-codes)."""


@dataclass(frozen=True)
class Told:
    """A command as one language tells it: its usage, what it does, its options."""

    usage: str
    help: str
    options: tuple[tuple[str, str], ...]


def session_of(plugins: dict[str, Plugin]) -> Session:
    """A session that knows the declarations and has no instance: help asks for nothing else."""
    registry = Registry()
    for plugin in plugins.values():
        for resource in plugin.resources:
            registry.add(plugin.id, resource)
    session = Session(lambda: None)  # type: ignore[arg-type, return-value]
    session.__dict__["instance"] = SimpleNamespace(
        registry=registry, plugins=SimpleNamespace(loaded=plugins)
    )
    return session


def walk(
    command: click.Command, above: click.Context | None, session: Session
) -> Iterator[click.Context]:
    """A command and all below it, each in the context in which it is called."""
    ctx = Context(command, info_name=command.name, parent=above, obj=session)
    yield ctx
    if isinstance(command, Group):
        for name in command.list_commands(ctx):
            below = command.get_command(ctx, name)
            if below is not None and not below.hidden:
                yield from walk(below, ctx, session)


def commands(plugins: dict[str, Plugin]) -> dict[str, Told]:
    """Every command that does something, by its words, in the language of now."""
    session = session_of(plugins)
    root = Root()
    above = Context(root, info_name="lifang", obj=session)
    found = [*walk(root, None, session)]
    for id in plugins:
        if id != CORE and plugins[id].resources:
            found += walk(PluginGroup(session, id), above, session)
    leaves = [one for one in found if not isinstance(one.command, Group)]
    return {one.command_path.removeprefix("lifang "): _told(one) for one in leaves}


def _told(ctx: click.Context) -> Told:
    everywhere = {opt for param in (*common(), help_option()) for opt in param.opts}
    params = [one for one in ctx.command.get_params(ctx) if isinstance(one, click.Option)]
    records = [one.get_help_record(ctx) for one in params if not everywhere & set(one.opts)]
    pieces = [word for word in ctx.command.collect_usage_pieces(ctx) if not word.startswith("[")]
    help = _(ctx.command.help) if ctx.command.help else ""
    return Told(" ".join(pieces), help, tuple(one for one in records if one))


def pages(plugins: dict[str, Plugin]) -> dict[str, Table]:
    """A page for the core and one for each plugin that has commands."""
    chinese = commands(plugins)
    with words.using("en"):
        english = commands(plugins)
    owner = {id.replace("_", "-"): id for id in plugins}
    sections: dict[str, dict[str, list[str]]] = {}
    for path in chinese:
        head = path.split()[0]
        sections.setdefault(owner.get(head, CORE), {}).setdefault(_noun(path, owner), []).append(
            path
        )
    told = {"index": partial(_index, plugins, sections)()}
    for id, nouns in sections.items():
        told[id] = _page(plugins[id], nouns, chinese, english)
    return {f"reference/commands/{name}.md": page for name, page in told.items()}


def _noun(path: str, owner: dict[str, str]) -> str:
    parts = path.split()
    return " ".join(parts[:2]) if parts[0] in owner else parts[0]


def _index(plugins: dict[str, Plugin], sections: dict[str, dict[str, list[str]]]) -> Table:
    yield "# 命令 · Commands"
    yield ""
    yield HEAD
    yield ""
    for heading, group in SECTIONS.items():
        yield f"## {both(heading).replace('：', '').rstrip(':')}"
        yield ""
        rows = [
            (f"[`{name}`](core.md#{name})", *_two(told)) for name, (_module, told) in group.items()
        ]
        yield from table("command", "中文", "English", rows=rows)
    yield "## 插件 · Plugins"
    yield ""
    yield from table("plugin", "nouns", rows=[
        (f"[{both(plugins[id].label)}]({id}.md)", ", ".join(f"`{one}`" for one in nouns))
        for id, nouns in sections.items() if id != CORE
    ])  # fmt: skip
    yield "```{toctree}"
    yield ":hidden:"
    yield ""
    yield from sections
    yield "```"


def _two(text: str) -> tuple[str, str]:
    with words.using("en"):
        return text, _(text)


def _page(
    plugin: Plugin, nouns: dict[str, list[str]], chinese: dict[str, Told], english: dict[str, Told]
) -> Table:
    yield f"# {both(plugin.label)}: commands"
    yield ""
    yield HEAD
    yield ""
    for noun, paths in nouns.items():
        yield f"## {noun}"
        yield ""
        rows = [
            (
                f"`{f'{path} {chinese[path].usage}'.strip()}`",
                *(told[path].help for told in (chinese, english)),
            )
            for path in paths
        ]
        yield from table("lifang …", "中文", "English", rows=rows)
        yield from table(
            "option", "中文", "English", "of", rows=_options(noun, paths, chinese, english)
        )


def _options(
    noun: str, paths: list[str], chinese: dict[str, Told], english: dict[str, Told]
) -> Iterator[list[str]]:
    """The options of a noun's verbs, each once, with the verbs that take it."""
    verbs: dict[tuple[str, str, str], list[str]] = {}
    for path in paths:
        pairs = zip(chinese[path].options, english[path].options, strict=True)
        for (name, said), (_name, translated) in pairs:
            verb = path.removeprefix(noun).strip()
            verbs.setdefault((name, said, translated), []).append(verb)
    bulk = [path.removeprefix(noun).strip() for path in paths if path.startswith(f"{noun} bulk ")]
    for (name, said, translated), takers in verbs.items():
        if bulk and set(bulk) <= set(takers):
            takers = [*(one for one in takers if one not in bulk), "bulk …"]
        yield [f"`{name}`", said, translated, ", ".join(takers) or "–"]
