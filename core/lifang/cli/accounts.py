"""Accounts and tokens: what is handed over once is printed once, alone when asked for quietly."""

from __future__ import annotations

import datetime as dt
import os
from typing import Any

import click

from lifang.cli import showing
from lifang.cli.frame import Command, Given, Group
from lifang.cli.nouns import Noun
from lifang.cli.params import argument, flag, option, whole
from lifang.cli.session import Session
from lifang.kit.errors import Invalid, NotFound
from lifang.kit.words import _, n_
from lifang.services import accounts
from lifang.services.presenting import present_one

QUIET_PASSWORD = n_("只输出一次性密码")
DAYS = 90


def command(name: str, help: str, session: Session) -> click.Command:
    """The noun `accounts`, or `token`."""
    if name == "token":
        return Group(name, help, [_token()])
    return Noun(session, name, help, extra=lambda session: _verbs())


def _verbs() -> list[click.Command]:
    quiet = flag("--quiet", help=QUIET_PASSWORD)
    person = option("--person", metavar="ID", callback=whole(1), help=n_("这个账号属于谁"))
    until = option("--until", metavar="DATE", help=n_("到这一天为止，例如 2027-06-30"))
    user = option("--user", metavar="USER", help=n_("操作系统用户名或编号；默认是现在的用户"))
    name = argument("name", metavar="NAME")
    return [
        Command(
            "create", n_("新建账号；显示一次性密码"), _create, [name, person, *_where(), quiet]
        ),
        Command("grant", n_("给账号一个角色和范围"), _grant, [name, *_where(), until]),
        Command("revoke", n_("收回账号的角色"), _revoke, [name, *_where()]),
        Command("password", n_("换发一次性密码，结束已有的登录"), _password, [name, quiet]),
        Command("tie", n_("把操作系统用户绑定到账号"), _tie, [name, user]),
    ]


def _where() -> list[click.Parameter]:
    return [
        option("--role", metavar="ROLE", help=_("角色：{known}", known=_roles())),
        option("--at", metavar="CODE", help=n_("范围：这个社区和它下面的")),
        option("--unit", metavar="ORG", callback=whole(1), help=n_("范围：这个组织（编号）")),
    ]


def _roles() -> str:
    from lifang.access.roles import ROLES

    told = (_("{name}（{key}）", name=role, key=_(label)) for role, label in ROLES.items())
    return _("、").join(told)


def _create(session: Session, given: Given) -> None:
    account, password = accounts.create_account(
        session.caller,
        given["name"],
        person=given["person"],
        role=given["role"],
        at=given["at"],
        unit=given["unit"],
    )
    told = {"id": int(account.id), "name": account.name, "password": password}
    hand_over(session, told, "password", quiet=given["quiet"],
              said=_("已新建账号 {name}；一次性密码：{secret}",
                     name=account.name, secret=password))  # fmt: skip


def _password(session: Session, given: Given) -> None:
    password = accounts.new_password(session.caller, given["name"])
    told = {"name": given["name"], "password": password}
    hand_over(session, told, "password", quiet=given["quiet"],
              said=_("账号 {name} 的一次性密码：{secret}",
                     name=given["name"], secret=password))  # fmt: skip


def hand_over(
    session: Session, told: dict[str, Any], secret: str, *, quiet: bool, said: str
) -> None:
    """Print what is shown once and kept nowhere."""
    showing.say(session, told, told[secret] if quiet else said)


def _grant(session: Session, given: Given) -> None:
    made = accounts.grant(
        session.caller,
        given["name"],
        role=given["role"],
        at=given["at"],
        unit=given["unit"],
        until=read_day(given["until"]),
    )
    view = present_one(session.caller, session.resource("core", "grants"), made)
    said = _("已授予 {name} 角色 {role}", name=given["name"], role=made.role)
    showing.say(session, view, said)


def _revoke(session: Session, given: Given) -> None:
    if given["role"] is None:
        raise Invalid.about("role", "required", _("请说明收回哪个角色：--role 角色"))
    ended = accounts.revoke(
        session.caller, given["name"], role=given["role"], at=given["at"], unit=given["unit"]
    )
    said = _("已收回 {name} 的 {n} 项授权", name=given["name"], n=ended)
    showing.say(session, {"revoked": ended}, said)


def _tie(session: Session, given: Given) -> None:
    user = read_user(given["user"])
    accounts.tie(session.caller, given["name"], system_user=user)
    said = _("操作系统用户 {user} 现在以 {name} 的身份操作", user=user, name=given["name"])
    showing.say(session, {"name": given["name"], "system_user": user}, said)


def read_user(said: str | None) -> int:
    """The number of an operating-system user, by name or number; the present one by default."""
    import pwd

    if said is None:
        return os.getuid()
    if said.isascii() and said.isdigit() and len(said) < 11:
        return int(said)
    try:
        return pwd.getpwnam(said).pw_uid
    except KeyError:
        raise NotFound(_("这台机器上没有操作系统用户「{user}」", user=said)) from None


def read_day(said: str | None) -> dt.date | None:
    """Read a day; raises Invalid for anything else."""
    try:
        return None if said is None else dt.date.fromisoformat(said)
    except ValueError:
        raise Invalid.about("until", "invalid", _("日期写作 2027-06-30")) from None


def _token() -> click.Command:
    params = [
        option("--account", metavar="NAME", help=n_("令牌属于这个账号；默认是现在的账号")),
        option("--days", metavar="N", callback=whole(1), help=n_("有效几天；默认 90，最多 365")),
        option("--label", metavar="TEXT", default="", help=n_("用途，便于以后辨认")),
        option("--scope", metavar="WORD", multiple=True,
               help=n_("缩小范围：read，或 people:update 这样的一项；可重复")),
        flag("--quiet", help=n_("只输出令牌")),
    ]  # fmt: skip
    return Command("create", n_("新建接口令牌；只显示这一次"), _create_token, params)


def _create_token(session: Session, given: Given) -> None:
    name, days = given["account"] or session.caller.name, given["days"] or DAYS
    scope = [word for said in given["scope"] or () for word in said.split(",") if word]
    secret = accounts.create_token(
        session.caller, name, days=days, label=given["label"], scope=scope
    )
    told = {"account": name, "days": days, "token": secret}
    hand_over(session, told, "token", quiet=given["quiet"],
              said=_("账号 {name} 的令牌，{days} 天内有效：{secret}",
                     name=name, days=days, secret=secret))  # fmt: skip
