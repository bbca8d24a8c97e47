"""Papers on the command line: the files of a record, documents and their verification."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from lifang.cli import showing
from lifang.cli.exporting import hand_out
from lifang.cli.frame import Command, Given, Group
from lifang.cli.importing import file_named
from lifang.cli.params import argument, option, whole
from lifang.cli.session import Session
from lifang.kit.words import _, n_
from lifang.resources.resource import Resource

STATES = {"valid": n_("有效"), "revoked": n_("已撤销"), "altered": n_("登记被改动过")}
LABELS = {
    "state": n_("状态"),
    "mark": n_("标记"),
    "label": n_("文书"),
    "extent": n_("内容"),
    "number": n_("文书编号"),
    "holder": n_("持有人"),
    "issuer": n_("开具单位"),
    "day": n_("开具日期"),
    "revoked_on": n_("撤销日期"),
    "reason": n_("原因"),
    "code": n_("验证码"),
}
LISTED = ("label", "number", "holder", "issuer", "day", "code", "state")


def verbs_of(resource: Resource[Any], key: click.Parameter) -> list[click.Command]:
    """The verbs of a noun whose records have files; `key` names the record."""
    if not resource.attachments:
        return []
    told = resource.attachments.items()
    kinds = _("、").join(_("{name}（{key}）", name=kind, key=_(label)) for kind, label in told)
    kind = option("--kind", metavar="WORD", help=_("附件的种类：{known}", known=kinds))
    output = option("--output", "-o", metavar="FILE", help=n_("写入这个文件；默认用它原来的名称"))
    which = argument("number", metavar="N", callback=whole(1))
    added = [key, argument("file", metavar="FILE"), kind]
    return [
        Command("attachments", n_("列出附件"), partial(_files, resource), [key]),
        Command("attach", n_("添加附件"), partial(_add, resource), added),
        Command("attachment", n_("下载附件"), partial(_fetch, resource), [key, which, output]),
        Command("detach", n_("移除附件；历史和审计保留"), partial(_remove, resource), [key, which]),
    ]


def _of(session: Session, resource: Resource[Any], given: Given) -> tuple[Any, Resource[Any], int]:
    """Who acts on which record, as every function of `attachments` begins."""
    from lifang.cli.verbs import number_of

    return session.caller_for(resource), resource, number_of(session, resource, given["key"])


def _files(resource: Resource[Any], session: Session, given: Given) -> None:
    from lifang.mechanisms import attachments

    items = attachments.listed(*_of(session, resource, given))
    headings = [_("编号"), _("附件种类"), _("名称"), _("字节"), _("登记人"), _("登记时间")]
    showing.listed(session, items, headings, _file, plain=dict)


def _file(one: dict[str, Any]) -> list[str]:
    size, at = str(one["size"]), showing.moment(one["added_at"])
    return [str(one["id"]), one["label"], one["name"], size, one["added_by"], at]


def _add(resource: Resource[Any], session: Session, given: Given) -> None:
    from lifang.mechanisms import attachments

    record, file = _of(session, resource, given), file_named(given["file"])
    with file.open("rb") as stream:
        made = attachments.attach(*record, stream, name=file.name, kind=given["kind"] or "")
    said = _("已添加附件 {n}「{name}」", n=made["id"], name=made["name"])
    showing.say(session, made, said)


def _fetch(resource: Resource[Any], session: Session, given: Given) -> None:
    from lifang.mechanisms import attachments

    record = _of(session, resource, given)
    told, _media, data = attachments.opened(*record, given["number"])
    hand_out([data], given["output"] or told["name"])


def _remove(resource: Resource[Any], session: Session, given: Given) -> None:
    from lifang.mechanisms import attachments

    attachments.detach(*_of(session, resource, given), given["number"])
    if not session.json:
        click.echo(_("已移除附件 {n}", n=given["number"]))


def command(name: str, help: str, session: Session) -> click.Command:
    """The noun `documents`."""
    limit = option("--limit", metavar="N", callback=whole(1, 1000), default="50",
                   help=n_("最多几条；默认 50"))  # fmt: skip
    which = argument("id", metavar="ID", callback=whole(1))
    code = argument("code", metavar="CODE")
    reason = option("--reason", metavar="TEXT", help=n_("撤销的原因"))
    return Group(name, help, [
        Command("list", n_("列出开具过的文书，新的在前"), _list, [limit]),
        Command("show", n_("显示一份文书的内容"), _show, [which]),
        Command("verify", n_("按验证码核验一份文书"), _verify, [code]),
        Command("revoke", n_("撤销开具过的台账或报表"), _revoke, [which, reason]),
    ])  # fmt: skip


def _list(session: Session, given: Given) -> None:
    from lifang.mechanisms import documents

    items = documents.listed(session.caller, given["limit"])
    headings = [_("编号"), *(_(LABELS[name]) for name in LISTED)]
    showing.listed(session, items, headings, _row, plain=dict)


def _row(one: dict[str, Any]) -> list[str]:
    told = _worded(one)
    return [str(told["id"]), *(told[name] for name in LISTED)]


def _show(session: Session, given: Given) -> None:
    from lifang.mechanisms import documents

    told = documents.shown(session.caller, given["id"])
    if session.json:
        return showing.emit(told)
    _facts(told)
    for section in told["sections"]:
        click.echo("\n" + section["label"])
        cells = [["" if one is None else str(one) for one in row] for row in section["rows"]]
        showing.lines(section["columns"] or [""] * max(map(len, cells), default=0), cells)
    return None


def _verify(session: Session, given: Given) -> None:
    from lifang.mechanisms import documents

    told = documents.verify(session.instance, given["code"])
    if session.json:
        return showing.emit(told)
    return _facts(told)


def _revoke(session: Session, given: Given) -> None:
    from lifang.mechanisms import filling

    made = filling.revoke(session.caller, given["id"], reason=given["reason"] or "")
    if not session.json:
        click.echo(_("已撤销 {number}", number=made.number))


def _facts(told: dict[str, Any]) -> None:
    said = _worded(told)
    showing.pairs((_(label), said[name]) for name, label in LABELS.items() if said.get(name))


def _worded(told: dict[str, Any]) -> dict[str, Any]:
    """The same with its state in words."""
    word = STATES[told["state"]]
    return {**told, "state": _(word)}
