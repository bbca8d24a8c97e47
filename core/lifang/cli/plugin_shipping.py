"""`lifang plugin install, upgrade, search, catalogue`: packages come, change and are looked up."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from lifang.cli import showing
from lifang.cli.asking import ask
from lifang.cli.frame import Command, Given, Group
from lifang.cli.instance import MARKS
from lifang.cli.params import argument, flag, option
from lifang.cli.session import Session
from lifang.cli.waiting import steps
from lifang.kit.errors import Conflict, Malformed, NotFound
from lifang.kit.words import _, n_
from lifang.lifecycle import bundles, catalogue, installing, publishing, sources, upgrading
from lifang.lifecycle.pip import Offline
from lifang.lifecycle.sources import Fetched
from lifang.lifecycle.states import Listed
from lifang.lifecycle.upgrading import Plan
from lifang.plugins.declared import said


def commands() -> list[click.Command]:
    """The verbs of where plugins come from."""
    return [
        Command("install", n_("安装：取来软件包，建立它的表；还不在任何地方启用"), _install,
                [argument("source", required=False, metavar="SOURCE"), *_fetching(),
                 option("--bundle", metavar="NAME", help=n_("安装并启用目录里的一个组合")),
                 option("--at", metavar="CODE", help=n_("组合在这个社区启用"))],
                epilog=SOURCES),
        Command("upgrade", n_("升级：先列计划，不成就退回原来的版本和数据"), _upgrade,
                [argument("id", metavar="ID"),
                 argument("source", required=False, metavar="SOURCE"), *_fetching(),
                 flag("--no-backup", help=n_("升级前不做备份"))],
                epilog=SOURCES),
        Command("search", n_("在插件目录里查找；不写就全部列出"), _search,
                [argument("words", nargs=-1, required=False, metavar="WORDS")]),
        Group("catalogue", n_("插件目录"), [
            Command("build", n_("为目录文件夹生成索引和网页，可放在 U 盘上使用"), _build,
                    [argument("folder", metavar="FOLDER"),
                     option("--wheels", metavar="FOLDER", help=n_("wheel 文件所在的文件夹"))]),
        ]),
    ]  # fmt: skip


SOURCES = n_(
    "SOURCE 可以是这台机器上已有的插件编号、插件目录里的编号、wheel 文件、源码文件夹，"
    "或软件包索引里的名称==版本"
)


def _fetching() -> list[click.Parameter]:
    return [
        option("--hash", metavar="sha256:…", help=n_("软件包应有的 SHA-256")),
        flag("--plan", help=n_("只列出计划，什么也不改动")),
        flag("--yes", help=n_("不再询问")),
        flag("--trust", help=n_("来自索引又没有已知的 SHA-256，也信任它")),
        flag("--no-index", help=n_("不访问软件包索引")),
        option("--find-links", metavar="FOLDER", help=n_("在这个文件夹里找软件包")),
    ]


def _offline(given: Given) -> Offline:
    return Offline(given["no_index"], given["find_links"])


def _install(session: Session, given: Given) -> None:
    if (given["bundle"] is None) == (given["source"] is None):
        raise Malformed(_("请写 SOURCE，或用 --bundle 写组合的名称"))
    if given["bundle"] is not None:
        _install_bundle(session, given)
        return
    id = sources.present(given["source"])
    if id is not None:
        if given["plan"]:
            click.echo(_("插件「{id}」的软件包已在这台机器上；安装会建立它的表", id=id))
            return
        _installed(session, installing.install(session.caller, id))
        return
    with sources.fetched(
        session.caller, given["source"], hash=given["hash"], offline=_offline(given)
    ) as found:
        sources.demand_new(found.wheel.id)
        if given["plan"] and session.json:
            showing.emit(_told(found))
            return
        _show(found, err=session.json)
        if given["plan"]:
            return
        _confirm(found, given)
        with steps() as progress:
            one = sources.install(session.caller, found, progress)
    _installed(session, one)


def _installed(session: Session, one: Listed) -> None:
    said = _("已安装插件 {id} {version}；用 lifang plugin enable {id} --at 社区编号 启用",
             id=one.id, version=one.version)  # fmt: skip
    showing.say(session, asdict(one), said)


def _told(found: Fetched) -> dict[str, object]:
    wheel = found.wheel
    return {
        "id": wheel.id,
        "distribution": wheel.distribution,
        "version": wheel.version,
        "sha256": wheel.sha256,
        "core": str(wheel.core),
        "licence": wheel.licence,
        "source": found.source,
        "files": len(wheel.files),
        "brings": [asdict(one) for one in found.brings],
    }


def _show(found: Fetched, *, err: bool) -> None:
    """Say what would be installed."""
    wheel = found.wheel
    told = [
        (_("插件"), wheel.id),
        (_("软件包"), f"{wheel.distribution} {wheel.version}"),
        (_("简介"), wheel.summary),
        (_("需要的 lifang"), str(wheel.core)),
        (_("许可"), wheel.licence),
        (_("文件数"), str(len(wheel.files))),
        ("SHA-256", wheel.sha256),
        (_("同时安装"), _("、").join(f"{one.name} {one.version}" for one in found.brings)),
    ]
    for label, value in told:
        if value:
            click.echo(_("{label}：{value}", label=label, value=value), err=err)


def _confirm(found: Fetched, given: Given) -> None:
    """Ask whether a package is really meant; one nobody knows the hash of needs more than a yes."""
    if given["trust"]:
        return
    if found.known:
        _trust(given)
    else:
        told = _("没有人说过这个软件包应有的 SHA-256；请用 --hash 写明，或用 --trust 表示信任它")
        ask(_("没有已知的 SHA-256 可核对；仍然信任这个软件包？"), told)


def _trust(given: Given) -> None:
    if not given["yes"]:
        told = _("安装插件就是信任它的作者；确认请加 --yes")
        ask(_("安装插件就是信任它的作者。继续？"), told)


def _install_bundle(session: Session, given: Given) -> None:
    if given["at"] is None:
        raise Malformed(_("请用 --at 说明组合在哪个社区启用"))
    bundle, planned = bundles.plan(session.caller, given["bundle"], at=given["at"])
    if session.json:
        showing.emit({"bundle": bundle.name, "steps": [asdict(one) for one in planned]})
    else:
        click.echo(_("组合「{name}」：", name=said(bundle.label)))
        for one in planned:
            told = [_("安装软件包")] if one.fetch else []
            told += [_("启用")] if one.enable else [_("已启用")]
            told += [f"{key}={value}" for key, value in one.values.items()]
            click.echo(f"  {one.plugin}  {_('、').join(told)}")
    if given["plan"]:
        return
    _trust(given)
    with steps() as progress:
        bundles.apply(session.caller, bundle, planned, at=given["at"],
                      offline=_offline(given), progress=progress)  # fmt: skip
    if not session.json:
        click.echo(_("组合「{name}」已安装并启用", name=said(bundle.label)))


def _upgrade(session: Session, given: Given) -> int | None:
    id = upgrading.demand_installed(session.caller, given["id"])
    source = given["source"] or _newest(session, id)
    with sources.fetched(
        session.caller, source, hash=given["hash"], offline=_offline(given)
    ) as found:
        planned = upgrading.plan(session.caller, id, found)
        if given["plan"]:
            _tell_plan(session, planned)
            return Conflict.exit_code if planned.blocked else None
        if not session.json:
            _tell_plan(session, planned)
        if not planned.blocked:
            _confirm(found, given)
        with steps() as progress:
            done = upgrading.upgrade(
                session.caller, planned, found, keep=not given["no_backup"], progress=progress
            )
    if session.json:
        told = {"id": id, "before": planned.before, "after": planned.after}
        kept = str(done.backup) if done.backup else None
        showing.emit({**told, "applied": done.applied, "backup": kept})
        return None
    click.echo(_("已把插件 {id} 升级到 {version}；运行中的服务会自己换上新版本",
                 id=id, version=planned.after))  # fmt: skip
    return None


def _newest(session: Session, id: str) -> str:
    """A plugin's id as a source, where the catalogue knows it."""
    if id not in catalogue.configured(session.instance.settings).entries:
        raise NotFound(
            _("目录里没有插件「{id}」；请写明 wheel 文件、源码文件夹或名称==版本", id=id)
        )
    return id


def _tell_plan(session: Session, planned: Plan) -> None:
    if session.json:
        showing.emit(asdict(planned) | {"blocked": planned.blocked})
        return
    click.echo(_("升级「{id}」：{before} → {after}", id=planned.id, before=planned.before,
                 after=planned.after))  # fmt: skip
    for one in planned.lines:
        click.echo(f"  {MARKS[one.grade]} {one.text}")
    for line in planned.changes:
        click.echo(f"    {line}")


def _search(session: Session, given: Given) -> None:
    told = session.instance.settings
    if told.catalogue is None:
        raise NotFound(_('没有设置插件目录；请在 lifang.toml 写 catalogue = "文件夹"'))
    found = catalogue.configured(told).search(given["words"])
    headings = [_("插件"), _("名称"), _("版本"), _("状态"), _("简介")]
    showing.listed(session, found, headings, _row)


def _row(one: catalogue.Entry) -> list[str]:
    version = one.latest.version if one.latest else "—"
    status = _(publishing.STATUSES[one.status])
    return [one.id, said(one.label), version, status, said(one.summary)]


def _build(session: Session, given: Given) -> None:
    wheels = Path(given["wheels"]) if given["wheels"] else None
    made = publishing.build(Path(given["folder"]), wheels)
    told = _("已生成 {n} 个插件的索引和网页：{path}", n=len(made.entries),
             path=Path(given["folder"]) / "index.html")  # fmt: skip
    showing.say(session, {"folder": given["folder"], "plugins": sorted(made.entries)}, told)
