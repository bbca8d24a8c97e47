"""The command line before an instance, asked what it understands and never run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
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


def understood(root: Root, session: Session, line: str) -> None:
    """Every word of a command that a page shows means something; `…` stands for an answer."""
    words = shlex.split(line)
    assert words.pop(0) == "lifang", line
    command: click.Command = root
    context = Context(root, info_name="lifang", obj=session)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        name = words.pop(0)
        under = command.get_command(context, name)
        assert under is not None, (line, name)
        command, context = under, Context(under, info_name=name, parent=context, obj=session)
    told, left, _order = command.make_parser(context).parse_args(args=words)
    needed = {
        one.name for one in command.params if isinstance(one, click.Argument) and one.required
    }
    assert not left and not [name for name in needed if told.get(str(name)) is None], line


def helps(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    """The help of a command and of everything under it."""
    yield context.command_path, context.get_help()
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            under = command.get_command(context, name)
            assert under is not None
            told = Context(under, info_name=name, parent=context, obj=context.obj)
            yield from helps(under, told)
