"""Parameters of commands: options and arguments that explain themselves in either language."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import click

from lifang.kit.errors import Malformed
from lifang.kit.words import _, n_

Read = Callable[[click.Context, click.Parameter, Any], Any]
"""Turns what was typed into a value, or refuses it."""

UNBOUNDED = 2**62


class Option(click.Option):
    """An option whose help is translated when it is shown."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """The spellings of the option and what it is for."""
        record = super().get_help_record(ctx)
        if record is None:
            return None
        told = _(self.help) if self.help else ""
        return record[0], told + (_("（必填）") if self.required else "")


class Argument(click.Argument):
    """A word a command must be given; its metavar is shown as it is."""

    def make_metavar(self, ctx: click.Context) -> str:
        """Its name in capitals, in brackets where it may be left out."""
        told = str(self.metavar or self.name).upper()
        return told if self.required else f"[{told}]"


def option(*spellings: str, help: str, **more: Any) -> Option:
    """An option that takes a text unless told otherwise."""
    return Option(list(spellings), help=help, **more)


def flag(*spellings: str, help: str, **more: Any) -> Option:
    """An option that is said or not."""
    return Option(list(spellings), help=help, is_flag=True, default=False, **more)


def argument(name: str, **more: Any) -> Argument:
    """A word by its place, which must be given unless told otherwise."""
    return Argument([name], **more)


def whole(least: int = 0, most: int = UNBOUNDED) -> Read:
    """Read an option's number; anything but a whole number from `least` to `most` is refused."""

    def read(ctx: click.Context, param: click.Parameter, value: Any) -> int | None:
        if value is None:
            return None
        said = str(value).strip()
        number = int(said) if said.isascii() and said.isdigit() and len(said) < 19 else -1
        if least <= number <= most:
            return number
        name = param.opts[-1]
        if most < UNBOUNDED:
            raise Malformed(
                _("{name} 须为 {least} 至 {most} 的整数", name=name, least=least, most=most)
            )
        raise Malformed(_("{name} 须为不小于 {least} 的整数", name=name, least=least))

    return read


def one_of(*words: str) -> Read:
    """Accept an option's known words; any other is refused with them."""

    def read(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
        if value is None or value in words:
            return value
        known = _("、").join(words)
        raise Malformed(_("{name} 须为其中之一：{known}", name=param.opts[-1], known=known))

    return read


def day(ctx: click.Context, param: click.Parameter, value: str | None) -> dt.date | None:
    """Read an option's day; anything else is refused."""
    try:
        return None if value is None else dt.date.fromisoformat(value)
    except ValueError:
        raise Malformed(_("{name} 应是日期，例如 2027-06-30", name=param.opts[-1])) from None


def common() -> list[click.Parameter]:
    """The options every command has: how it answers, and who acts."""

    def keep(ctx: click.Context, param: click.Parameter, value: Any) -> None:
        setattr(ctx.obj, str(param.name), value)

    return [
        flag(
            "--json", "json", help=n_("以 JSON 输出，与接口相同"), expose_value=False, callback=keep
        ),
        option(
            "--as",
            "as_account",
            metavar="ACCOUNT",
            envvar="LIFANG_AS",
            help=n_("以这个账号的身份操作（或 LIFANG_AS）；审计记下两个名字"),
            expose_value=False,
            callback=keep,
        ),
    ]


def help_option() -> Option:
    """The option that explains."""

    def show(ctx: click.Context, param: click.Parameter, value: Any) -> None:
        if value and not ctx.resilient_parsing:
            click.echo(ctx.get_help())
            ctx.exit()

    return Option(
        ["-h", "--help"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=show,
        help=n_("显示这份说明"),
    )
