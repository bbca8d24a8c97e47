"""The command line before an instance, asked what it understands and never run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import fields
from html import unescape
from typing import Any

import click

from lifang.cli.frame import Context
from lifang.cli.hands import Hands
from lifang.cli.main import Root
from lifang.cli.session import Session
from lifang.services.instance import Instance

COMMAND = re.compile(r'<p class="command">.*?<code>(.*?)</code>', re.DOTALL)
"""What a page shows of the command line."""


def lines_of(page: str) -> list[str]:
    """The commands a page shows."""
    return [unescape(line) for line in COMMAND.findall(page)]


def shell(instance: Instance) -> tuple[Root, Session]:
    """The command line before an instance; nothing else is in its hands."""
    nothing: Callable[..., Any] = lambda *_given, **_named: None  # noqa: E731 – never called
    hands = Hands(lambda: nullcontext(instance), *[nothing] * (len(fields(Hands)) - 1))
    return Root(), Session(lambda: hands)


def understood(root: Root, session: Session, lines: Iterable[str]) -> None:
    """Every word of the commands that pages show means something; `…` stands for an answer."""
    known: dict[tuple[str, ...], Context] = {(): Context(root, info_name="lifang", obj=session)}
    for line in lines:
        words = shlex.split(line)
        assert words.pop(0) == "lifang", line
        path: tuple[str, ...] = ()
        while isinstance(known[path].command, click.Group) and words and words[0][:1] != "-":
            path = _step(known, path, words.pop(0), line)
        command, context = known[path].command, known[path]
        told, left, _order = command.make_parser(context).parse_args(args=words)
        needed = {
            one.name for one in command.params if isinstance(one, click.Argument) and one.required
        }
        assert not left and not [name for name in needed if told.get(str(name)) is None], line


def _step(
    known: dict[tuple[str, ...], Context], path: tuple[str, ...], name: str, line: str
) -> tuple[str, ...]:
    """Find a command below another, each made once."""
    if (deeper := (*path, name)) not in known:
        above = known[path]
        assert isinstance(above.command, click.Group)
        under = above.command.get_command(above, name)
        assert under is not None, (line, name)
        known[deeper] = Context(under, info_name=name, parent=above, obj=above.obj)
    return deeper


def helps(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    """The help of a command and of everything under it."""
    yield context.command_path, context.get_help()
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            under = command.get_command(context, name)
            assert under is not None
            told = Context(under, info_name=name, parent=context, obj=context.obj)
            yield from helps(under, told)
