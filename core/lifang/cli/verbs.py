"""The verbs of a noun, whatever it is: everything here follows from the declaration."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import click

from lifang.cli import importing, options, papers, showing
from lifang.cli.frame import Command, Given
from lifang.cli.params import argument, flag, one_of, option, whole
from lifang.cli.session import Session
from lifang.kit import clock
from lifang.kit.errors import Invalid, Malformed, NotFound
from lifang.kit.words import _, n_
from lifang.resources import schema
from lifang.resources.action import Action
from lifang.resources.resource import Resource
from lifang.services import reading
from lifang.services.exchange import FORMATS, forms
from lifang.services.gateway import preview, write
from lifang.services.history import history
from lifang.services.presenting import present_one
from lifang.services.query import NOW, SORTED_BY_DEFAULT, THEN, Query, find_community, read_filters

LISTING = ("q", "within", "tree", "sort", "limit")
OCCURRED = n_("实际发生的时间，例如 2026-11-23T09:00；不晚于现在")
FILTERS = n_(
    "按字段筛选的选项可以重复，意思是「或」；选项名后加 --gte、--lte、--not 或 --isnull，"
    "意思是不小于、不大于、不是、是否为空，例如 --created-at--gte 2026-11-01T00:00:00+08:00。"
)


def verbs_of(resource: Resource[Any]) -> list[click.Command]:
    """The commands of a resource: only verbs that some role is given."""
    held = {verb for verbs in resource.roles.values() for verb in verbs}
    made: list[click.Command] = [_list(resource), _show(resource)]
    for verb, make in (("create", _create), ("update", _update), ("remove", _remove)):
        if verb in held:
            made.append(make(resource))
    made += [_act(resource, action) for action in resource.actions.values()]
    if "reveal" in held and any(spec.kind == "sensitive" for spec in resource.fields):
        made.append(_reveal(resource))
    made.append(_history(resource))
    if kept := resource.confidential:
        made += [_uncover(resource)] if kept.break_glass else []
        made += [_anonymised(resource)] if kept.anonymised else []
    made += papers.verbs_of(resource, key(resource))
    if "import" in held:
        made.append(importing.command(resource))
    if resource.id == "core.jobs":
        made.append(_result(resource))
    if "export" in held:
        made += [_export(resource), _ledger(resource)]
    return made


def key(resource: Resource[Any]) -> click.Parameter:
    """The word by which one record is named."""
    metavar = {"core.communities": "CODE", "core.accounts": "NAME"}.get(resource.id, "ID")
    return argument("key", metavar=metavar)


def number_of(session: Session, resource: Resource[Any], said: str) -> int:
    """The id behind the word a record is named by; raises NotFound for one that leads nowhere."""
    if resource.id == "core.communities":
        found = find_community(session.caller, said, past=True)
        if found is None:
            raise NotFound(_("没有代码为「{code}」的社区，或您看不到它", code=said))
        return int(found.id)
    if resource.id == "core.accounts":
        named = Query(filters=read_filters([("name", said)]), limit=1)
        for item in reading.find(session.caller, resource, named).items:
            return int(item["id"])
        if not said.isdigit():
            raise NotFound(_("没有账号「{name}」", name=said))
    if not (said.isascii() and said.isdigit()):
        raise Malformed(_("编号须为数字，例如 7"))
    if len(said) > 18:
        raise NotFound(_("没有找到"))
    return int(said)


def _list(resource: Resource[Any]) -> click.Command:
    def work(session: Session, given: Given) -> None:
        found = reading.stream(session.caller_for(resource), resource, asked_for(given))
        items = showing.counted(found, given["limit"])
        if session.json:
            showing.emit_list(items)
        else:
            showing.table(resource, items)

    params = [*narrowing(resource), option("--limit", metavar="N", help=n_("最多几条；默认全部"),
                                          callback=whole(1))]  # fmt: skip
    return Command("list", n_("列出"), work, params, epilog=FILTERS)


def narrowing(resource: Resource[Any], *, own: tuple[str, ...] = ()) -> list[click.Parameter]:
    """The options that say which records of a list are meant, and in which order.

    `own` are the words the command uses for options of its own.
    """
    as_of = n_("now 按现在的区划（默认），then 按每条记录当时的区划")
    told = [within(), option("--tree", metavar="now|then", help=as_of, callback=one_of(NOW, THEN))]
    if resource.search:
        told.append(option("--q", "q", metavar="TEXT", help=n_("名称的任何一段，或拼音首字母")))
    told.append(
        option(
            "--sort", metavar="FIELD", help=n_("按这个字段排序，前面加 - 为倒序，例如 --sort=-id")
        )
    )
    taken = (*LISTING, *own)
    return [*told, *options.filters(resource, taken), *options.exact(resource, taken)]


def within() -> click.Parameter:
    """The option that limits to a community and everything under it."""
    return option("--within", metavar="CODE", help=n_("只看这个社区和它下面的"))


def asked_for(given: Given) -> Query:
    """The list that was asked for."""
    return Query(
        filters=read_filters(options.filters_said(given)),
        q=given.get("q"),
        within=given.get("within"),
        as_of=given.get("tree") or NOW,
        sort=given.get("sort") or SORTED_BY_DEFAULT,
        exact=options.exact_said(given),
    )


def _show(resource: Resource[Any]) -> click.Command:
    def work(session: Session, given: Given) -> None:
        number = number_of(session, resource, given["key"])
        view = reading.view(session.caller_for(resource), resource, number)
        showing.one(session, resource, view)

    return Command("show", n_("显示一条"), work, [key(resource)])


def _create(resource: Resource[Any]) -> click.Command:
    specs = schema.create_fields(resource)

    def work(session: Session, given: Given) -> None:
        made = write(resource, "create", session.caller_for(resource), options.said(specs, given))
        done(session, resource, _("新建"), made)

    return Command("create", n_("新建"), work, options.asked(specs))


def _update(resource: Resource[Any]) -> click.Command:
    specs = schema.update_fields(resource)

    def work(session: Session, given: Given) -> None:
        told = options.said(specs, given)
        if not told:
            raise Invalid(_("没有要修改的内容；请至少写一个字段，--help 列出可改的字段"))
        number = number_of(session, resource, given["key"])
        seen = given["version"]
        saved = write(resource, "update", session.caller_for(resource), told, number, version=seen)
        done(session, resource, _("修改"), saved)

    own = option("--version", metavar="N", callback=whole(1),
                 help=n_("您看到的版本；已被别人修改时不保存"))  # fmt: skip
    asked = [replace(spec, required=False) for spec in specs]  # silence leaves a field alone
    params = [key(resource), *options.asked(asked, ("version",)), own]
    return Command("update", n_("修改；空文字清除一个字段"), work, params)


def _remove(resource: Resource[Any]) -> click.Command:
    def work(session: Session, given: Given) -> None:
        number = number_of(session, resource, given["key"])
        removed = write(resource, "remove", session.caller_for(resource), {}, number)
        done(session, resource, _("移除"), removed)

    return Command("remove", n_("移除；历史和审计保留"), work, [key(resource)])


def _act(resource: Resource[Any], action: Action) -> click.Command:
    def work(session: Session, given: Given) -> None:
        number = number_of(session, resource, given["key"])
        told = options.said(action.fields, given)
        when = read_moment(given["occurred_at"])
        caller = session.caller_for(resource)
        if given.get("dry_run"):
            shown = preview(resource, action.name, caller, told, number, occurred_at=when)
            showing.preview(shown, json=session.json)
            return
        changed = write(resource, action.name, caller, told, number, occurred_at=when)
        done(session, resource, _(action.label), changed)

    own = [option("--occurred-at", metavar="TIME", help=OCCURRED)]
    if action.preview:
        own.append(flag("--dry-run", help=n_("只预览，不写入")))
    taken = ("occurred-at", "dry-run")
    params = [key(resource), *options.asked(action.fields, taken), *own]
    return Command(action.name.replace("_", "-"), action.label, work, params)


def _reveal(resource: Resource[Any]) -> click.Command:
    known = [spec.name for spec in resource.fields if spec.kind == "sensitive"]

    def work(session: Session, given: Given) -> None:
        number = number_of(session, resource, given["key"])
        names = [name.replace("-", "_") for name in given["field"]]
        found = reading.reveal(
            session.caller_for(resource),
            resource,
            number,
            fields=names,
            reason=given["reason"] or "",
        )
        if session.json:
            showing.emit({"fields": found})
        else:
            labels = resource.by_name
            showing.pairs((_(labels[name].label), value or "") for name, value in found.items())

    params = [
        key(resource),
        option("--field", multiple=True, metavar="WORD",
               help=_("字段，可以重复：{known}", known=_("、").join(known))),
        option("--reason", metavar="TEXT", help=n_("为什么要看；记入审计")),
    ]  # fmt: skip
    return Command("reveal", n_("查看敏感信息的完整内容；记入审计"), work, params)


def _history(resource: Resource[Any]) -> click.Command:
    def work(session: Session, given: Given) -> None:
        number = number_of(session, resource, given["key"])
        reading.get(session.caller_for(resource), resource, number)
        entries = history(session.caller_for(resource), resource, number)
        if session.json:
            showing.emit(entries)
        else:
            showing.history(resource, entries)

    return Command("history", n_("谁在什么时候改了什么"), work, [key(resource)])


def _uncover(resource: Resource[Any]) -> click.Command:
    def work(session: Session, given: Given) -> None:
        from lifang.mechanisms.confidential import uncover

        number = number_of(session, resource, given["key"])
        view = uncover(session.caller, resource, number, reason=given["reason"] or "")
        showing.one(session, resource, view)

    why = option("--reason", metavar="TEXT", help=n_("为什么要看；记入审计"))
    told = n_("紧急查看一条保密记录：24 小时内可读；记入审计，经办人看得到")
    return Command("uncover", told, work, [key(resource), why])


def _anonymised(resource: Resource[Any]) -> click.Command:
    def work(session: Session, given: Given) -> None:
        from lifang.mechanisms.confidential import anonymised

        number = number_of(session, resource, given["key"])
        shown = anonymised(session.caller, resource, number)
        if session.json:
            showing.emit({"id": number, "fields": shown})
        else:
            showing.pairs((_label(resource, name), str(said)) for name, said in shown.items())

    return Command("anonymised", n_("去标识化副本；记入审计"), work, [key(resource)])


def _label(resource: Resource[Any], name: str) -> str:
    return _(resource.by_name[name].label) if name in resource.by_name else name


def _export(resource: Resource[Any]) -> click.Command:
    def work(session: Session, given: Given) -> None:
        from lifang.cli.exporting import export

        form = "json" if session.json else given["format"]
        export(session, resource, asked_for(given), form, given["output"])

    told = [*_to_a_file("csv", forms(resource)), *narrowing(resource, own=("format", "output"))]
    return Command("export", n_("导出；敏感信息保持遮盖"), work, told, epilog=FILTERS)


def _result(resource: Resource[Any]) -> click.Command:
    def work(session: Session, given: Given) -> None:
        number = number_of(session, resource, given["key"])
        importing.result(session, resource, number, given["output"])

    kept = n_("把有误的行连同原因写入这个文件")
    params = [key(resource), option("--output", "-o", metavar="FILE.csv", help=kept)]
    return Command("result", n_("任务做了什么，哪些行有误"), work, params)


def _ledger(resource: Resource[Any]) -> click.Command:
    def work(session: Session, given: Given) -> None:
        from lifang.cli.exporting import ledger

        form = "json" if session.json else given["format"]
        ledger(session, resource, asked_for(given), form, given)

    stated = option("--purpose", metavar="TEXT",
                    help=n_("用途，记入审计；有权的人说明用途后，敏感信息不遮盖"))  # fmt: skip
    told = [*_to_a_file("xlsx"), stated]
    told += narrowing(resource, own=("format", "output", "purpose"))
    return Command("ledger", n_("台账：打印用的电子表格"), work, told, epilog=FILTERS)


def _to_a_file(default: str, known: Iterable[str] = FORMATS) -> list[click.Parameter]:
    """The options that say what kind of file is written, and where."""
    told = _("、").join(known)
    meant = _("格式：{known}；默认 {default}", known=told, default=default)
    return [
        option("--format", metavar="|".join(known), default=default,
               callback=one_of(*known), help=meant),
        option("--output", "-o", metavar="FILE", help=n_("写入这个文件；默认写到标准输出")),
    ]  # fmt: skip


def done(session: Session, resource: Resource[Any], verb: str, record: Any) -> None:
    """Tell what was written: the record as its writer may see it, or one sentence."""
    view = present_one(session.caller_for(resource), resource, record)
    if session.json:
        showing.emit(view)
        return
    named = view["code"] if resource.id == "core.communities" else view["id"]
    said = _("已{verb}「{label}」{key}", verb=verb, label=_(resource.label), key=named)
    if resource.title and view.get(resource.title):
        said += f" {view[resource.title]}"
    if resource.state:
        spec = resource.by_name[resource.state]
        said += _("（{state}）", state=showing.shown(spec, view[resource.state]))
    click.echo(said)
    for name, value in record.shown_once.items():
        label = _(resource.by_name[name].label)
        click.echo(_("「{label}」只显示这一次，请现在记下：", label=label) + f"\n{value}")


def read_moment(said: str | None) -> dt.datetime | None:
    """Read an instant; one without a zone is meant in the instance's."""
    if said is None:
        return None
    try:
        told = dt.datetime.fromisoformat(said)
    except ValueError:
        sentence = _("时间写作 2026-11-23T09:00 或 2026-11-23T09:00:00+08:00")
        raise Invalid.about("occurred_at", "invalid", sentence) from None
    return told if told.tzinfo is not None else told.replace(tzinfo=clock.zone())
