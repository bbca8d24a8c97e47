"""Files coming in: judged, told line by line what is wrong, and written."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lifang.cli import showing, widths
from lifang.cli.frame import Command, Given
from lifang.cli.params import argument, flag, option
from lifang.cli.session import Session
from lifang.cli.waiting import progress
from lifang.entities.community import Community
from lifang.kit.errors import Invalid, NotFound
from lifang.kit.words import _, n_
from lifang.resources import schema
from lifang.resources.resource import Resource

if TYPE_CHECKING:
    from lifang.services.outcomes import Imported, RowError

UNBOUNDED = 2**62
SHOWN = 100
"""Problems shown on the screen; `--errors` keeps all of them."""


def command(resource: Resource[Any]) -> click.Command:
    """The verb of a noun that files may bring."""

    def work(session: Session, given: Given) -> int:
        return _import(session, resource, given)

    params = [
        argument("file", metavar="FILE"),
        flag("--dry-run", help=n_("只检查文件，什么都不写")),
        flag("--skip-invalid", help=n_("跳过有误的行，导入其余的")),
        option("--errors", metavar="FILE.csv", help=n_("把有误的行连同原因写入这个文件")),
    ]
    names = _("、").join(spec.name for spec in schema.create_fields(resource))
    told = _("文件为 CSV 或 XLSX；列名写字段名或标签：{names}。", names=names)
    if resource.model is Community:
        told += _(
            "上级写它的代码，可以在同一个文件里，最上一级留空。代码已有的社区会更新，不会重复。"
        )
    else:
        told += _("有 id 列时，填了 id 的行修改那条记录；遮盖的值保持原样。")
    return Command("import", n_("从 CSV 或 XLSX 文件导入"), work, params, epilog=told)


def file_named(said: str) -> Path:
    """The file to import; raises NotFound where there is none."""
    file = Path(said)
    if not file.is_file():
        raise NotFound(_("找不到文件 {file}", file=file))
    return file


def blame(failed: int, errors: Iterable[RowError], *, imported: bool = False) -> None:
    """Tell what is wrong with a file, a line per problem."""
    if imported:
        click.echo(_("错误：{n} 行需要修改，没有导入", n=failed), err=True)
    else:
        click.echo(_("错误：{n} 行需要修改，什么都没有导入", n=failed), err=True)
    for error in errors:
        told = _("第 {row} 行 {column}：{message}",
                 row=error["row"], column=error["column"], message=error["message"])  # fmt: skip
        if error["expected"]:
            told += _("（应为：{expected}）", expected=error["expected"])
        click.echo(f"  {widths.plain(told)}", err=True)


def _import(session: Session, resource: Resource[Any], given: Given) -> int:
    from lifang.services.importing import import_table

    file = file_named(given["file"])
    with progress(_("导入")) as bar:
        outcome = import_table(
            session.caller_for(resource),
            resource,
            file,
            dry_run=given["dry_run"],
            skip_invalid=given["skip_invalid"],
            progress=bar,
            told=UNBOUNDED,
        )
    if given["errors"] and outcome["failed"]:
        _keep(file, outcome, Path(given["errors"]))
    if session.json:
        showing.emit(outcome)
    else:
        _tell(outcome, dry_run=given["dry_run"], skipped=given["skip_invalid"])
    return Invalid.exit_code if outcome["failed"] and not given["skip_invalid"] else 0


def result(session: Session, resource: Resource[Any], job: int, output: str | None) -> None:
    """Tell what a job did, or write the rows that failed."""
    from lifang.cli.exporting import hand_out
    from lifang.services import importing, reading, uploads

    caller = session.caller_for(resource)
    record = reading.get(caller, resource, job)
    if output:
        return hand_out(uploads.failing(caller, record), output)
    outcome = importing.outcome_of(record)
    if session.json:
        return showing.emit(outcome)
    return _tell(outcome, dry_run=record.state == "waiting", skipped=True)


def _tell(outcome: Imported, *, dry_run: bool, skipped: bool) -> None:
    done = outcome["created"] + outcome["updated"]
    failed, errors = outcome["failed"], outcome["errors"]
    if failed:
        blame(failed, errors[:SHOWN], imported=bool(done) and not dry_run)
        if len(errors) > SHOWN:
            told = _("还有 {n} 处；--errors FILE 写下全部", n=len(errors) - SHOWN)
            click.echo(f"  {told}", err=True)
        if not skipped and (dry_run or not done):
            return
    if not done and not failed and outcome["unchanged"]:
        click.echo(_("没有变化：{n} 条与文件相同", n=outcome["unchanged"]))
        return
    told = _("新建 {created} 条，修改 {updated} 条，{unchanged} 条没有变化",
             created=outcome["created"], updated=outcome["updated"],
             unchanged=outcome["unchanged"])  # fmt: skip
    click.echo(_("只检查，没有写入：将{told}", told=told) if dry_run else told)


def _keep(file: Path, outcome: Imported, target: Path) -> None:
    """Write the failing rows; readable by their owner only, for they hold people."""
    from lifang.services.importing import failing_rows

    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as sink:
        sink.write(failing_rows(file, outcome["errors"]))
    click.echo(_("有误的行已写入 {file}", file=target), err=True)
