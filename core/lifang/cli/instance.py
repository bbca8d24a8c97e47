"""The instance itself: made, migrated, served, and shown with invented people."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from lifang.cli import showing
from lifang.cli.frame import Command, Given
from lifang.cli.params import flag, option, whole
from lifang.cli.session import Session
from lifang.cli.waiting import steps
from lifang.kit.errors import Invalid
from lifang.kit.words import _, n_

MARKS = {"ok": "✓", "warns": "!", "blocks": "✗"}
FIRST = "admin"
LONGEST_NAME = 60


def command(name: str, help: str, session: Session) -> click.Command:
    """One of the commands that stand alone."""
    made = {"init": _init, "demo": _demo, "serve": _serve, "worker": _worker, "migrate": _migrate}
    work, params = made[name]()
    return Command(name, help, work, params)


def _init() -> tuple[Any, list[click.Parameter]]:
    return init, [
        option("--admin", metavar="NAME", default=FIRST, help=n_("第一位管理员的账号；默认 admin")),
        option("--root", metavar="CODE", help=n_("所在地的区划代码；可以在导入社区之前填写")),
        flag("--quiet", help=n_("只输出一次性密码")),
    ]


def init(session: Session, given: Given) -> None:
    """Make an instance and its first administrator, tied to the operating-system user."""
    from lifang.services.accounts import first_administrator

    name = _account_name(given["admin"])
    instance = session.hands.create(session.home)
    try:
        password = first_administrator(
            instance, name, home_code=given["root"], system_user=os.getuid()
        )
        home, key_file = instance.settings.home, instance.settings.key_file
    finally:
        instance.close()
    if session.json:
        showing.emit({"home": str(home), "key_file": str(key_file), "account": name,
                      "password": password})  # fmt: skip
        return
    if given["quiet"]:
        click.echo(password)
        return
    showing.pairs(
        [
            (_("实例"), str(home)),
            (_("密钥"), str(key_file)),
            (_("管理员"), name),
            (_("一次性密码"), password),
        ]
    )
    click.echo("\n" + _("密钥请另存一份，与数据分开保管：没有密钥，备份无法读取。"))
    click.echo(_("您的操作系统用户已绑定这个账号，在命令行操作不必登录。") + "\n")
    click.echo(_("接下来："))
    for step in _steps(given["root"]):
        click.echo(f"  {step}")


def _account_name(said: str) -> str:
    """Judge the name before anything is made: an instance without its administrator is no use."""
    from lifang.kit.text import Refused, clean_name

    try:
        name = clean_name(said)
    except Refused as refused:
        raise Invalid(
            _("{field}：{message}", field="--admin", message=refused.sentence)
        ) from refused
    if len(name) > LONGEST_NAME:
        raise Invalid(_("账号最多 {n} 个字", n=LONGEST_NAME))
    return name


def _steps(root: str | None) -> list[str]:
    at = root or _("社区编号")
    return [
        _("lifang communities import 文件.csv"),
        "lifang plugin list",
        _("lifang plugin enable 插件 --at {code}", code=at),
        "lifang serve",
    ]


def _migrate() -> tuple[Any, list[click.Parameter]]:
    return migrate, [
        flag("--plan", help=n_("只列出待执行的迁移，不执行")),
        flag("--no-backup", help=n_("迁移前不做备份")),
    ]


def migrate(session: Session, given: Given) -> None:
    """Bring the tables of the core and of every installed plugin up to date."""
    plan = given["plan"]

    def say(made: Path) -> None:
        if not session.json:
            click.echo(_("已先做备份：{path}", path=made))
            back = f"lifang backup restore {shlex.quote(str(made))} --replace"
            click.echo(_("如需退回：停止服务，装回原来的版本，再运行 {command}", command=back))

    with steps() as progress:
        done = session.hands.migrate(
            plan=plan, keep=not given["no_backup"], progress=progress, say=say
        )
    if session.json:
        kept = str(done.backup) if done.backup else None
        told = {"plugins": _graded(done.plugins)} if plan else {}
        showing.emit({"pending" if plan else "applied": done.names, "backup": kept, **told})
        return
    if done.names:
        click.echo(_("待执行：") if plan else _("已执行："))
    else:
        click.echo(_("没有待执行的迁移"))
    for name in done.names:
        click.echo(f"  {name}")
    if plan and done.backup:
        click.echo(_("执行前会先做一份备份，放在 {path}", path=done.backup))
    for line in _graded(done.plugins) if plan else ():
        click.echo(f"{MARKS[line['grade']]} {line['id']}  {line['text']}")


def _graded(plugins: Iterable[Any]) -> list[dict[str, str]]:
    """What a plan says of each installed plugin, line by line."""
    return [{"id": one.id, **asdict(line)} for one in plugins for line in one.lines]


def _serve() -> tuple[Any, list[click.Parameter]]:
    return serve, [
        option("--host", metavar="H", help=n_("监听的地址；默认见 lifang.toml")),
        option(
            "--port", metavar="P", callback=whole(1, 65_535), help=n_("端口；默认见 lifang.toml")
        ),
        option(
            "--workers", metavar="N", callback=whole(1), help=n_("网页进程数；默认见 lifang.toml")
        ),
        flag("--no-worker", help=n_("不带事件分发，由 lifang worker 另外运行")),
        flag("--safe", help=n_("安全模式：不载入任何插件，用来排除故障")),
        flag("--strict", help=n_("插件一出错就停下，供测试用；其他命令用 LIFANG_STRICT=1")),
    ]


def serve(session: Session, given: Given) -> None:
    """Run the web server and, unless left out, one dispatcher."""
    session.hands.serve(
        host=given["host"],
        port=given["port"],
        workers=given["workers"],
        worker=not given["no_worker"],
        safe=given["safe"],
        strict=given["strict"],
    )


def _worker() -> tuple[Any, list[click.Parameter]]:
    return worker, []


def worker(session: Session, given: Given) -> None:
    """Run the dispatcher alone."""
    session.hands.work()


def _demo() -> tuple[Any, list[click.Parameter]]:
    people, port = n_("生成多少人；默认 2000"), n_("端口；默认见 lifang.toml")
    reports = n_("另生成一个区一年的双报到：多少人报到，每 200 人 3 个单位")
    return demo, [
        flag("--no-serve", help=n_("建好就结束，不运行服务")),
        option("--people", metavar="N", default="2000", callback=whole(1), help=people),
        option("--reports", metavar="N", default="0", callback=whole(0), help=reports),
        option("--port", metavar="P", callback=whole(1, 65_535), help=port),
    ]


def demo(session: Session, given: Given) -> None:
    """Build the demo, or take up the one that is there, tell its accounts, and serve it."""
    with steps() as progress:
        built = session.hands.demo(
            people=given["people"], reports=given["reports"], progress=progress,
            say=lambda told: click.echo(told, err=True),
        )  # fmt: skip
    if session.json:
        accounts = [{"name": a.name, "role": a.role, "place": a.place, "password": a.password}
                    for a in built.actors]  # fmt: skip
        showing.emit({"home": str(built.home), "accounts": accounts})
    else:
        click.echo(_("示例实例：{home}", home=built.home))
        for line in built.lines():
            click.echo(f"  {line}")
    if not given["no_serve"]:
        session.hands.serve(host=None, port=given["port"], workers=None, worker=True)
