"""The inbox on the command line."""

from __future__ import annotations

import click

from lifang.cli import showing
from lifang.cli.frame import Command, Given, Group
from lifang.cli.params import argument, flag, one_of, option, whole
from lifang.cli.session import Session
from lifang.kit.errors import Malformed
from lifang.kit.words import _, n_
from lifang.mechanisms import address, inbox

YES_NO = ("yes", "no")


def command(name: str, help: str, session: Session) -> click.Command:
    """The noun `inbox`."""
    listed = [
        flag("--unread", help=n_("只看未读")),
        option("--kind", metavar="KIND", help=n_("只看这一种")),
        option("--limit", metavar="N", callback=whole(1, inbox.MOST), default=50,
               help=n_("一页多少行")),
        option("--before", metavar="ID", callback=whole(1), help=n_("只看比这一条更早的")),
    ]  # fmt: skip
    read = [
        argument("ids", nargs=-1, required=False, metavar="ID…"),
        flag("--all", help=n_("全部标为已读")),
    ]
    wanted = [
        argument("kind", metavar="KIND"),
        option("--shown", metavar="yes|no", help=n_("放进收件箱"), callback=one_of(*YES_NO)),
        option("--sent", metavar="yes|no", help=n_("发邮件等"), callback=one_of(*YES_NO)),
    ]
    reached = [
        option("--email", metavar="TEXT", help=n_("邮箱；空的就不再发送")),
        option("--language", metavar="zh|en", help=n_("邮件用的语言"), callback=one_of("zh", "en")),
    ]
    made = [
        Command("list", n_("收到的通知"), _list, listed),
        Command("read", n_("把一些或全部通知标为已读"), _read, read),
        Command("kinds", n_("接收哪些通知"), _kinds),
        Command("choose", n_("接收或不接收一种通知"), _choose, wanted),
        Command("address", n_("接收通知的邮箱：查看，或设置"), _address, reached),
    ]
    return Group(name, help, made)


def _list(session: Session, given: Given) -> None:
    asked = {key: given[key] for key in ("unread", "kind", "before", "limit")}
    headings = [_("编号"), _("时间"), _("状态"), _("种类"), _("内容")]
    showing.listed(session, inbox.items(session.caller, **asked), headings, _row)


def _row(one: inbox.Item) -> list[str]:
    state = _("已读") if one.read_at else _("未读")
    return [str(one.id), showing.moment(one.at), state, one.title, one.text]


def _read(session: Session, given: Given) -> None:
    if bool(given["ids"]) is bool(given["all"]):
        raise Malformed(_("请写出通知的编号，或者写 --all"))
    wrong = [one for one in given["ids"] if not (one.isascii() and one.isdigit())]
    if wrong:
        raise Malformed(_("{name} 须为不小于 {least} 的整数", name="ID", least=1))
    done = inbox.read(session.caller, [*map(int, given["ids"])] or None)
    showing.say(session, {"read": done}, _("{n} 条已标为已读", n=done))


def _kinds(session: Session, given: Given) -> None:
    _tell(session, inbox.kinds(session.caller))


def _choose(session: Session, given: Given) -> None:
    told = {way: None if given[way] is None else given[way] == "yes" for way in ("shown", "sent")}
    _tell(session, [inbox.choose(session.caller, given["kind"], **told)])


def _tell(session: Session, kinds: list[inbox.Kind]) -> None:
    headings = [_("种类"), _("名称"), _("插件"), _("收件箱"), _("邮件等"), _("可以关闭")]
    showing.listed(session, kinds, headings, _kind)


def _kind(one: inbox.Kind) -> list[str]:
    told = [_("是") if claim else _("否") for claim in (one.shown, one.sent, not one.required)]
    return [one.name, one.label, one.plugin, *told]


def _address(session: Session, given: Given) -> None:
    if given["email"] is not None or given["language"] is not None:
        known = address.address(session.caller)
        told = {key: known[key] if given[key] is None else given[key] or None for key in known}
        address.set_address(session.caller, **told)
    known = address.address(session.caller)
    if session.json:
        return showing.emit(known)
    showing.pairs(
        [(_("邮箱"), known["email"] or "—"), (_("邮件用的语言"), known["language"] or "—")]
    )
    return None
