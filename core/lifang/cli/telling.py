"""What went wrong, in one sentence of the user's language, or as a problem document."""

from __future__ import annotations

import click

from lifang.kit.errors import LifangError, Malformed
from lifang.kit.words import _


def refuse(error: LifangError | click.ClickException, *, json: bool) -> int:
    """Tell an error on stderr and give its exit code."""
    hint = None
    if isinstance(error, click.ClickException):
        hint, error = _hint(error), reworded(error)
    if json:
        from lifang.kit.json import dumps

        click.echo(dumps(error.problem()), err=True)
        return error.exit_code
    click.echo(_("错误：{sentence}", sentence=error.sentence), err=True)
    if len(error.errors) > 1 or any(one.message != error.sentence for one in error.errors):
        for one in error.errors:
            line = _("{field}：{message}", field=one.field, message=one.message)
            click.echo(f"  {line}", err=True)
    if hint:
        click.echo(f"  {hint}", err=True)
    return error.exit_code


def _hint(slip: click.ClickException) -> str | None:
    ctx = getattr(slip, "ctx", None)
    if ctx is None:
        return None
    return _("用 {command} --help 查看写法", command=ctx.command_path)


def reworded(slip: click.ClickException) -> LifangError:
    """Say a slip that click found in our own words."""
    if isinstance(slip, click.NoSuchOption):
        near = list(slip.possibilities or ())
        told = _("没有选项 {name}", name=slip.option_name)
        return Malformed(told + (_("；是否想用 {near}", near=near[0]) if near else ""))
    if isinstance(slip, click.MissingParameter):
        param = slip.param
        if isinstance(param, click.Argument) and slip.ctx is not None:
            return Malformed(_("缺少参数 {name}", name=param.make_metavar(slip.ctx)))
        return Malformed(_("缺少选项 {name}", name=param.opts[-1] if param else "—"))
    if isinstance(slip, click.BadOptionUsage):
        return Malformed(_misused(slip))
    if isinstance(slip, click.BadParameter) and slip.param is not None:
        return Malformed(_("{name} 的值不对", name=slip.param.opts[-1]))
    return Malformed(slip.format_message())


def _misused(slip: click.BadOptionUsage) -> str:
    """An option that takes a value stands without one, or the other way round."""
    known = slip.ctx.command.params if slip.ctx is not None else []
    for param in known:
        if isinstance(param, click.Option) and slip.option_name in param.opts:
            if param.is_flag:
                return _("选项 {name} 不带值", name=slip.option_name)
            return _("选项 {name} 后面缺少值", name=slip.option_name)
    return _("选项 {name} 的用法不对", name=slip.option_name)
