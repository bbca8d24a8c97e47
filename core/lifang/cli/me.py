"""Oneself, on the command line."""

from __future__ import annotations

import click

from lifang.cli import showing
from lifang.cli.frame import Command, Given
from lifang.cli.session import Session
from lifang.kit.words import _, _p


def command(name: str, help: str, session: Session) -> click.Command:
    """The command `me`."""
    return Command(name, help, _work)


def _work(session: Session, given: Given) -> None:
    from lifang.entities.person import Person
    from lifang.mechanisms.oneself import oneself

    found = oneself(session.caller)
    if session.json:
        return showing.emit(found.told())
    showing.record(session.instance.registry.of(Person), found.person)
    click.echo()
    states = [_("已同意") if one.given else _("未同意") for one in found.agreements]
    rows = ([one.label, told, one.since or "—", str(one.consent or "—")]
            for one, told in zip(found.agreements, states, strict=True))  # fmt: skip
    showing.lines([_("同意事项"), _("状态"), _("日期"), _("编号")], rows)
    for _id, laid in found.panels:
        click.echo()
        click.echo(_("{name}（{key}）", name=_(laid.panel.label), key=laid.number))
        showing.panel(laid)
    for resource, views in found.ties:
        click.echo()
        click.echo(_p("plural", resource.label))
        showing.table(resource, views)
    for shelf in found.shelves:
        click.echo()
        click.echo(_p("plural", shelf.resource.label))
        showing.table(shelf.resource, shelf.items)
    return None
