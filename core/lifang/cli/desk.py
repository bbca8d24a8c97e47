"""A plugin's desk on the command line."""

from __future__ import annotations

import click

from lifang.cli import showing
from lifang.cli.frame import Command, Given
from lifang.cli.params import argument
from lifang.cli.session import Session
from lifang.kit.words import _


def command(name: str, help: str, session: Session) -> click.Command:
    """The command `desk`."""
    return Command(name, help, _work, [argument("plugin", metavar="PLUGIN")])


def _work(session: Session, given: Given) -> None:
    from lifang.mechanisms.laid import desk
    from lifang.services.reading import told_number

    plugin = given["plugin"].replace("-", "_")
    laid = desk(session.caller, plugin)
    if session.json:
        return showing.emit({"plugin": plugin, "panels": [one.told() for one in laid]})
    for one in laid:
        click.echo(_("{name}（{key}）", name=_(one.panel.label), key=told_number(one.number)))
        if one.panel.total:
            click.echo(f"{_('合计')}  {one.total} {one.unit}".rstrip())
        if one.items:
            showing.panel(one)
        else:
            click.echo(_(one.panel.empty) if one.panel.empty else _("没有需要处理的。"))
        click.echo()
    return None
