"""`lifang doctor`: what is well, what is not, and what to do about it."""

from __future__ import annotations

from dataclasses import asdict

import click

from lifang.cli import showing
from lifang.cli.frame import Command, Given
from lifang.cli.session import Session
from lifang.kit import settings
from lifang.kit.errors import LifangError, NotReady
from lifang.kit.words import _
from lifang.upkeep import doctor
from lifang.upkeep.guarding import Finding

MARKS = {"ok": "✓", "warn": "!", "bad": "✗"}


def command(name: str, help: str, session: Session) -> click.Command:
    """The command `doctor`."""
    return Command(name, help, _work)


def _work(session: Session, given: Given) -> int:
    found = _examine(session)
    well = all(one.state != "bad" for one in found)
    if session.json:
        showing.emit({"ok": well, "checks": [asdict(one) for one in found]})
    else:
        for one in found:
            click.echo(f"{MARKS[one.state]} {one.sentence}")
            if one.remedy:
                click.echo(f"    → {one.remedy}")
        click.echo(_summary(found))
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


def _summary(found: list[Finding]) -> str:
    bad = sum(one.state == "bad" for one in found)
    warned = sum(one.state == "warn" for one in found)
    if bad:
        return _("{bad} 处必须处理，{warned} 处需要留意", bad=bad, warned=warned)
    return _("{warned} 处需要留意", warned=warned) if warned else _("一切正常")
