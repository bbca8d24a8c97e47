"""`lifang plugin check`: judges the source of a plugin; needs no instance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from lifang.cli import showing
from lifang.cli.frame import Command, Given
from lifang.cli.params import argument, flag, one_of, option, whole
from lifang.cli.session import Session
from lifang.kit.errors import Malformed
from lifang.kit.words import _, n_

FAILED = 2
TIERS = {0: n_("未达到第 1 级"), 1: n_("能装上"), 2: n_("安全"), 3: n_("完整"), 4: n_("典范")}
SEVERITIES = {"error": n_("错误"), "warning": n_("提醒")}


def check_command() -> click.Command:
    """The verb `check`."""
    return Command(
        "check",
        n_("检查一个插件的源码文件夹或 wheel；不用实例，静态的检查不导入它"),
        _check,
        [
            argument("path", metavar="PATH", required=False),
            flag("--deep", help=n_("再在另一个进程、另一个实例里运行它来检查")),
            option("--tier", metavar="N", callback=whole(1, 4),
                   help=n_("须达到第几级：1 能装上，2 安全，3 完整（默认），4 典范")),
            option("--format", "form", metavar="text|json|sarif",
                   callback=one_of("text", "json", "sarif"), help=n_("输出的格式")),
            flag("--fix", help=n_("把机器能改的改好")),
            option("--against", metavar="WHEEL", help=n_("与这个已发布的 wheel 比较迁移")),
            option("--explain", metavar="RULE",
                   help=n_("说明一条规则：为什么，怎样不对，怎样才对")),
        ],
    )  # fmt: skip


def _check(session: Session, given: Given) -> int | None:
    if given["explain"] is not None:
        _explain(session, session.hands.explain(given["explain"]))
        return None
    if given["path"] is None:
        raise Malformed(_("请写插件的文件夹或 wheel，例如 lifang plugin check ./lost_and_found"))
    against = Path(given["against"]) if given["against"] else None
    report = session.hands.check(
        Path(given["path"]), deep=given["deep"], fix=given["fix"], against=against
    )
    wanted = given["tier"] or 3
    form = given["form"] or ("json" if session.json else "text")
    if form == "text":
        _tell(report, wanted)
    else:
        showing.emit(session.hands.told(report, form, wanted))
    return None if report.reaches(wanted) else FAILED


def _tell(report: Any, wanted: int) -> None:
    for path in report.fixed:
        click.echo(_("已改好 {path}", path=path), err=True)
    for one in report.findings:
        spot = f"{one.spot.path}:{one.spot.line}:{one.spot.column}"
        severity = _(SEVERITIES[one.rule.severity])
        told = f"{spot}: {severity} {one.rule.id} [{one.rule.tier}] {one.sentence}"
        excused = _("（豁免：{reason}）", reason=one.exempt) if one.exempt else ""
        click.echo(told + excused)
    if report.standing:
        click.echo(_("用 lifang plugin check --explain {id} 看一条规则的理由和例子",
                     id=report.standing[0].rule.id))  # fmt: skip
    click.echo(
        _(
            "{id} {version}：达到第 {tier} 级（{name}），问了 {rules} 条规则，有 {n} 处问题",
            id=report.id,
            version=report.version,
            tier=report.tier,
            name=_(TIERS[report.tier]),
            rules=len(report.asked),
            n=len(report.standing),
        )
    )
    if not report.reaches(wanted):
        name = _(TIERS[wanted])
        click.echo(_("没有达到要求的第 {tier} 级（{name}）", tier=wanted, name=name), err=True)


def _explain(session: Session, rule: Any) -> None:
    if session.json:
        known = {key: getattr(rule, key) for key in ("id", "name", "tier", "severity", "deep")}
        examples = {"bad": rule.bad, "good": rule.good, "fixed": rule.fix is not None}
        showing.emit({**known, "says": _(rule.says), "why": _(rule.why), **examples})
        return
    name, severity = _(TIERS[rule.tier]), _(SEVERITIES[rule.severity])
    told = _("第 {tier} 级（{name}），{severity}", tier=rule.tier, name=name, severity=severity)
    click.echo(f"{rule.id} {rule.name}  {told}")
    for heading, text in (("", _(rule.why)), (_("不对："), rule.bad), (_("应当："), rule.good)):
        click.echo("")
        if heading:
            click.echo(heading)
        click.echo("\n".join(f"  {line}" for line in text.splitlines()))
    if rule.fix is not None:
        click.echo(_("--fix 能改好它"))
