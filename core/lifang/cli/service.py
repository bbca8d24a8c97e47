"""`lifang service`: the unit by which systemd keeps an instance running, with few rights."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from string import Template

import click

from lifang.cli.frame import Command, Given
from lifang.cli.params import option
from lifang.cli.session import Session
from lifang.kit.errors import Malformed
from lifang.kit.words import _, n_

UNIT = Path(__file__).with_name("lifang.service")


def command(name: str, help: str, session: Session) -> click.Command:
    """The command `service`; it needs no instance yet."""
    user = option("--user", metavar="NAME", help=n_("以哪个系统用户运行；默认是现在的用户"))
    program = option("--program", metavar="FILE", help=n_("lifang 命令的位置；默认是现在这个"))
    return Command(name, help, _work, [user, program])


def _work(session: Session, given: Given) -> None:
    user = given["user"] or getpass.getuser()
    if user == "root":
        raise Malformed(_("不要用 root 运行；请用 --user 指明专门的系统用户，例如 lifang"))
    home = session.home
    hidden = "no" if Path("/home") in home.parents else "yes"
    program = str(Path(given["program"] or sys.argv[0]).absolute())
    told = _("由 lifang service 写出；放在 /etc/systemd/system/lifang.service")
    said = {"user": user, "home": str(home), "hidden": hidden, "program": program, "told": told}
    for word in (said["home"], said["program"], user):
        if set(word) & set(" \t\n%\"'"):
            raise Malformed(_("「{word}」里有空格或特殊字符，systemd 不能用", word=word))
    click.echo(Template(UNIT.read_text(encoding="utf-8")).substitute(said), nl=False)
