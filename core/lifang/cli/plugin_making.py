"""Begins a plugin from the template that ships with Lifang, and brings later templates into it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from lifang.cli import showing
from lifang.cli.frame import Command, Given
from lifang.cli.params import argument, flag, one_of, option
from lifang.cli.session import Session
from lifang.kit.errors import Conflict, Malformed
from lifang.kit.words import _, n_

PARTS = ("tables", "pages", "personal", "settings", "indicators", "outside")
NONE = "none"
ANSWERS = (
    "label", "label_en", "record", "record_label", "record_label_en", "author", "contact", "licence"
)  # fmt: skip
"""The template's questions that have an option of the same name."""


def commands() -> list[click.Command]:
    """The verbs of `plugin` for those who write one."""
    parts = n_(
        "要哪些部分：tables 数据表，pages 首页卡片，personal 个人信息，settings 设置，"
        "indicators 指标，outside 通知别的系统；写 none 就都不要"
    )
    old = n_("更新时：插件当初所用版本的里坊软件包；不写就用 pip 下载")
    params = [
        argument("name", metavar="ID"),
        option("--folder", metavar="PATH", help=n_("写到这个文件夹；不写就是插件的编号")),
        option("--label", help=n_("中文名称，例如 失物招领")),
        option("--label-en", help=n_("英文名称")),
        option("--with", "parts", metavar="A,B", help=parts),
        option("--record", metavar="WORD", help=n_("第一种记录的英文名，单数，例如 item")),
        option("--record-label", help=n_("第一种记录的中文名")),
        option("--record-label-en", help=n_("第一种记录的英文显示名")),
        option("--author", help=n_("作者或单位；不写就用 git 里的名字")),
        option("--contact", help=n_("安全问题向哪个邮箱报告；不写就用 git 里的邮箱")),
        option("--licence", callback=one_of("Apache-2.0", "MIT"), help=n_("许可证")),
        flag("--yes", help=n_("不提问，没有写明的按默认")),
        flag("--update", help=n_("更新已有的插件：保留您的修改，冲突处有标记")),
        option("--from", "old", metavar="WHEEL", help=old),
    ]
    told = n_("从模板开始写一个插件；--update 把新版模板并入已有的插件")
    return [Command("new", told, _new, params)]


def _new(session: Session, given: Given) -> None:
    from lifang.cli import rendering

    rendering.demand_tools()
    name = given["name"].replace("-", "_")
    folder = Path(given["folder"] or name)
    if given["update"]:
        _update(session, folder, given["old"])
        return
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict(_("{folder} 里已有文件；请用 --folder 另选一个文件夹", folder=folder))
    asking = not given["yes"] and sys.stdin.isatty()
    answers, known = _answers(name, given), rendering.who()
    if not asking and "contact" not in answers | known:
        raise Malformed(_("请用 --contact 写明安全问题向哪个邮箱报告"))
    rendering.render(folder, answers, known, asking=asking)
    _tell(session, name, folder)


def _answers(name: str, given: Given) -> dict[str, Any]:
    """What the options say, in the words of the template's questions."""
    told: dict[str, Any] = {word: given[word] for word in ANSWERS if given[word] is not None}
    if given["parts"] is not None:
        said = [one.strip() for one in given["parts"].split(",")]
        parts = [one for one in said if one not in ("", NONE)]
        if unknown := [one for one in parts if one not in PARTS]:
            sentence = _("没有「{name}」这个部分；可以是：{known}",
                         name=unknown[0], known=_("、").join((*PARTS, NONE)))  # fmt: skip
            raise Malformed(sentence)
        told["parts"] = parts
    return told | {"id": name}


def _tell(session: Session, name: str, folder: Path) -> None:
    files = sorted(str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file())
    steps = [
        f"cd {folder} && git init && git add . && git commit -m {name}",
        "pip install --editable '.[dev]'",
        ".ci/run",
        f"lifang plugin install {name} && lifang plugin enable {name} --at CODE",
    ]
    if session.json:
        showing.emit({"id": name, "folder": str(folder), "files": files, "next": steps})
        return
    told = _("已在 {folder} 写好插件 {id}，共 {n} 个文件。接下来：",
             folder=folder, id=name, n=len(files))  # fmt: skip
    click.echo("\n  ".join((told, *steps)))


def _update(session: Session, folder: Path, old: str | None) -> None:
    from lifang.cli import rendering

    made, now, changed = rendering.update(folder, old)
    if session.json:
        showing.emit({"from": made, "to": now, "changed": changed})
    elif made == now:
        click.echo(_("模板没有更新的版本：插件和里坊都是 {version}", version=now))
    else:
        told = _("模板已从 {old} 更新到 {new}，改动了 {n} 个文件；请用 git diff 查看后提交",
                 old=made, new=now, n=len(changed))  # fmt: skip
        click.echo("\n  ".join((told, *changed)))
