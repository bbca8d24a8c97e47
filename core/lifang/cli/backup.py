"""Backups: made while the instance runs, checked, and restored; the key is never in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from lifang.cli import showing
from lifang.cli.frame import Command, Given, Group
from lifang.cli.params import argument, flag, option
from lifang.cli.session import Session
from lifang.cli.waiting import steps
from lifang.kit.words import _, n_


def command(name: str, help: str, session: Session) -> click.Command:
    """The noun `backup`."""
    file = argument("file", metavar="FILE")
    key = option("--key", metavar="FILE", help=n_("密钥文件；默认是实例自己的"))
    replace = flag("--replace", help=n_("替换现有的数据；旧数据另存在旁边，不会删除"))
    return Group(
        name,
        help,
        [
            Command("create", n_("做一份备份；默认放在实例的 backup 文件夹"), _create,
                    [argument("file", required=False, metavar="FILE")]),
            Command("verify", n_("核对备份：解密、结构、行数、审计，不改动实例"), _verify,
                    [file, key]),
            Command("restore", n_("从备份恢复；先完整核对，不合格不动任何数据"), _restore,
                    [file, key, replace]),
        ],
    )  # fmt: skip


def _create(session: Session, given: Given) -> None:
    from lifang.upkeep.backup import create

    target = Path(given["file"]) if given["file"] else None
    with steps() as progress:
        path, manifest = create(session.caller, target, progress)
    if session.json:
        showing.emit({"file": str(path), **_plain(manifest)})
        return
    showing.pairs([(_("备份"), str(path)), *_summary(manifest)])
    told = _("密钥不在备份里。请把密钥文件 {path} 另存一份，不与备份放在一起：没有它，备份毫无用处",
             path=session.instance.settings.key_file)  # fmt: skip
    click.echo("\n" + told)


def _verify(session: Session, given: Given) -> None:
    with steps() as progress:
        manifest, verdict = session.hands.verify_backup(Path(given["file"]), _key(given), progress)
    if session.json:
        showing.emit({"ok": True, **_plain(manifest)})
        return
    showing.pairs(_summary(manifest))
    click.echo("\n" + _("备份完好。核对过："))
    for line in (
        _("每一段都能解密，没有截断、改动、调换或添加"),
        _("数据库结构完好，引用都指向存在的记录"),
        _("{n} 个表的行数、{m} 个文件的 SHA-256 与清单一致",
          n=len(manifest["rows"]), m=len(manifest["members"])),
        _("审计链完好：{entries} 条，已封存 {sealed} 条",
          entries=verdict.entries, sealed=verdict.sealed),
    ):  # fmt: skip
        click.echo(f"  ✓ {line}")


def _restore(session: Session, given: Given) -> None:
    with steps() as progress:
        done = session.hands.restore(
            Path(given["file"]), _key(given), progress, replace=given["replace"]
        )
    aside = str(done.aside) if done.aside else None
    if session.json:
        showing.emit({"home": str(done.home), "aside": aside, "schema_aside": done.schema,
                      "upgraded": done.upgraded,
                      **_plain(done.manifest)})  # fmt: skip
        return
    showing.pairs([(_("实例"), str(done.home)), *_summary(done.manifest)])
    click.echo()
    if aside:
        click.echo(_("旧数据另存在 {path}；确认恢复无误后可自行删除", path=aside))
    if done.schema:
        click.echo(
            _("数据库里旧的表另存在架构 {schema}；确认恢复无误后可自行删除", schema=done.schema)
        )
    if done.upgraded:
        click.echo(_("备份来自旧版本，核心的数据库已升级；插件的请运行 lifang migrate"))
    if done.manifest["left_out"]:
        names = _("、").join(done.manifest["left_out"])
        click.echo(_("这些设置不在备份里，需要时请在 lifang.toml 重新填写：{names}", names=names))
    click.echo(
        _("备份之后停用的账号、令牌和插件会恢复原状，请核对；事件的位置不变，从备份时接着处理")
    )


def _key(given: Given) -> Path | None:
    return Path(given["key"]) if given["key"] else None


def _plain(manifest: dict[str, Any]) -> dict[str, Any]:
    """What a program wants to know; what the settings say stays in the backup."""
    return {name: value for name, value in manifest.items() if name != "settings"}


def _summary(manifest: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (_("时间"), showing.moment(manifest["at"])),
        (_("程序"), f"lifang {manifest['app']}"),
        (_("行数"), str(sum(manifest["rows"].values()))),
        (_("审计"), _("封存到第 {seq} 条", seq=manifest["audit"]["seq"])),
        (_("密钥指纹"), manifest["key"]),
    ]
