"""Commands as this project shows them: help in either language, one kind of refusal for slips."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import click

from lifang.cli import widths
from lifang.cli.params import common, help_option
from lifang.kit.errors import Malformed
from lifang.kit.words import _

if TYPE_CHECKING:
    from lifang.cli.session import Session

Given = dict[str, Any]
"""The values of a command's parameters, by name."""
Work = Callable[["Session", Given], "int | None"]
"""What a command does; what it returns is the exit code."""

WIDEST = 100


class Formatter(click.HelpFormatter):
    """Lays help out by the columns that characters take, with our own headings."""

    def __init__(self, width: int | None = None, max_width: int | None = None) -> None:
        """Use the terminal's width, within what can be read in one go."""
        super().__init__(width=width, max_width=max_width or WIDEST)

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the usage line."""
        told = prefix or _("用法：")
        self.write(f"{told}{prog} {args}".rstrip() + "\n")

    def write_heading(self, heading: str) -> None:
        """Write the heading of a section."""
        self.write(heading + "\n")

    def write_text(self, text: str) -> None:
        """Write paragraphs, broken to the width."""
        indent = " " * self.current_indent
        for line in widths.wrap(text, self.width - self.current_indent):
            self.write(f"{indent}{line}".rstrip() + "\n")

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """Write terms and what they mean side by side."""
        told = list(rows)
        indent = " " * self.current_indent
        first = min(max((widths.width(term) for term, _said in told), default=0), col_max)
        left = self.current_indent + first + col_spacing
        for term, said in told:
            lines = widths.wrap(said, max(self.width - left, 20))
            if widths.width(term) > first:
                self.write(f"{indent}{term}\n")
            else:
                self.write(
                    f"{indent}{widths.pad(term, first + col_spacing)}{lines.pop(0)}".rstrip()
                )
                self.write("\n")
            for line in lines:
                self.write(" " * left + line + "\n")


class Context(click.Context):
    """A context whose help is ours; leftover words are judged by the command itself."""

    formatter_class = Formatter


class _Ours(click.Command):
    """What commands and groups have in common."""

    context_class = Context

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words; a slip remembers in which command it was made."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as slip:
            slip.ctx = slip.ctx or ctx
            raise

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """The words after the command's name in its usage line, options last."""
        pieces = [piece for param in self.get_params(ctx) for piece in param.get_usage_pieces(ctx)]
        return [*pieces, _("[选项]")]

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what the command does."""
        if self.help:
            formatter.write_paragraph()
            formatter.write_text(_(self.help))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options."""
        told = (
            param.get_help_record(ctx)
            for param in self.get_params(ctx)
            if isinstance(param, click.Option)
        )
        rows = [record for record in told if record is not None]
        if rows:
            with formatter.section(_("选项：")):
                formatter.write_dl(rows)

    def format_arguments(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Arguments are told by the usage line."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what else is worth knowing."""
        if self.epilog:
            formatter.write_paragraph()
            formatter.write_text(_(self.epilog))

    def get_short_help_str(self, limit: int = 45) -> str:
        """What a list of commands says of it: the first line."""
        return _(self.help).splitlines()[0] if self.help else ""


class Command(_Ours):
    """A command: a name, what it says of itself, its parameters and its work."""

    def __init__(
        self,
        name: str,
        help: str,
        work: Work,
        params: Iterable[click.Parameter] = (),
        *,
        epilog: str | None = None,
    ) -> None:
        """Add the options every command has; `help` is translated when it is shown."""
        super().__init__(
            name,
            help=help,
            epilog=epilog,
            callback=lambda **given: work(click.get_current_context().obj, given),
            params=[*params, *common(), help_option()],
            add_help_option=False,
            context_settings={"allow_extra_args": True},
        )

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse words that no parameter takes."""
        rest = super().parse_args(ctx, args)
        if rest and not ctx.resilient_parsing:
            raise Malformed(_("多余的参数：{words}", words=" ".join(rest)))
        return rest


class Group(_Ours, click.Group):
    """A noun with its verbs; without a verb it explains itself."""

    def __init__(self, name: str, help: str, commands: Iterable[click.Command] = ()) -> None:
        """Keep the verbs in the order they are told."""
        super().__init__(
            name,
            help=help,
            commands=list(commands),
            params=[help_option()],
            add_help_option=False,
            no_args_is_help=False,
        )

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs, in the order they were told."""
        return list(self.commands)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """A group is followed by one of its commands."""
        return [_("命令"), _("[选项]")]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Show the help when nothing was asked."""
        if not args and not ctx.resilient_parsing:
            click.echo(ctx.get_help())
            ctx.exit()
        return super().parse_args(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands; the only option of a group is its help."""
        rows = []
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            if command is not None and not command.hidden:
                rows.append((name, command.get_short_help_str()))
        with formatter.section(_("命令：")):
            formatter.write_dl(rows)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a verb, told with dashes or underscores; name the nearest where there is none."""
        name = args[0]
        command = self.get_command(ctx, name) or self.get_command(ctx, name.replace("_", "-"))
        if command is None and not ctx.resilient_parsing:
            raise self.unknown(ctx, name)
        return (command.name if command else None), command, args[1:]

    def unknown(self, ctx: click.Context, name: str) -> Exception:
        """What to say to a word that is no command here."""
        known = self.list_commands(ctx)
        said = _("没有命令「{name}」", name=f"{ctx.command_path} {name}")
        near = difflib.get_close_matches(name.replace("_", "-"), known, n=1)
        if near:
            return Malformed(said + _("；是否想用「{near}」", near=near[0]))
        return Malformed(said + _("。可用：{known}", known=_("、").join(known)))
