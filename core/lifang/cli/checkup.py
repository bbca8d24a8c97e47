"""`lifang doctor`: what is well, what is not, and what to do about it."""

from __future__ import annotations

import click

from lifang.cli import showing
from lifang.cli.frame import Command, Given
from lifang.cli.params import flag
from lifang.cli.session import Session
from lifang.kit import settings
from lifang.kit.errors import LifangError, NotReady
from lifang.kit.words import n_
from lifang.upkeep import doctor
from lifang.upkeep.guarding import Finding

TOLD = ("name", "state", "sentence", "remedy")


def command(name: str, help: str, session: Session) -> click.Command:
    """The command `doctor`."""
    cover = flag("--masked", help=n_("隐去账号、号码、密码和文件夹，可以发给帮忙的人"))
    return Command(name, help, _work, [cover])


def _work(session: Session, given: Given) -> int:
    found = _examine(session)
    if given["masked"]:
        found = doctor.masked(found, settings.load())
    well = all(one.state != "bad" for one in found)
    if session.json:
        told = [{key: getattr(one, key) for key in TOLD} for one in found]
        showing.emit({"ok": well, "checks": told})
    else:
        click.echo("\n".join(doctor.lines(found)))
    return 0 if well else NotReady.exit_code


def _examine(session: Session) -> list[Finding]:
    """Look at the folder first: what is wrong there often is why the instance cannot be opened."""
    told = settings.load()
    if not told.file.exists():
        return doctor.examine(session.instance)  # says where it looked and how to make one
    found = doctor.examine_folder(told)
    if any(one.name == "database" and one.state == "bad" for one in found):
        return found
    try:
        return [*found, *doctor.examine(session.instance)]
    except LifangError as error:
        return [*found, Finding("open", "bad", error.sentence)]
