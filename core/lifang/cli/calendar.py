"""The working-day calendar: a file brings a year's notice, a drawing shows it."""

from __future__ import annotations

import calendar as weeks
import datetime as dt
from collections.abc import Iterator

import click

from lifang.cli import showing, widths
from lifang.cli.frame import Command, Given, Group
from lifang.cli.importing import blame, file_named
from lifang.cli.params import argument, flag
from lifang.cli.session import Session
from lifang.kit.calendar import HOLIDAY, WORKDAY, Calendar, missing
from lifang.kit.errors import Invalid, Malformed, NotFound
from lifang.kit.words import _, n_

MARKS = {HOLIDAY: n_("休"), WORKDAY: n_("班")}
CELL = 6


def command(name: str, help: str, session: Session) -> click.Command:
    """The noun `calendar`."""
    params = [
        argument("file", metavar="FILE.csv"),
        flag("--dry-run", help=n_("只检查文件，什么都不写")),
    ]
    told = n_("列是 date,kind,name；kind 是 holiday（放假）、workday（上班）或 normal（平常）。"
              "未到期的期限随之改动。")  # fmt: skip
    bring = Command("import", n_("载入一年的放假安排"), _import, params, epilog=told)
    year = [argument("year", metavar="YEAR")]
    return Group(name, help, [bring, Command("show", n_("画出一年：哪些天上班"), _show, year)])


def _import(session: Session, given: Given) -> int:
    from lifang.services.holidays import import_days

    file = file_named(given["file"])
    outcome = import_days(session.caller, file, dry_run=given["dry_run"])
    if session.json:
        showing.emit(outcome)
    elif outcome["failed"]:
        blame(outcome["failed"], outcome["errors"])
    else:
        told = _("新增 {created} 天，修改 {updated} 天，{unchanged} 天没有变化",
                 created=outcome["created"], updated=outcome["updated"],
                 unchanged=outcome["unchanged"])  # fmt: skip
        click.echo(_("只检查，没有写入：将{told}", told=told) if given["dry_run"] else told)
        if outcome["moved"]:
            click.echo(_("{n} 个未到期的期限随之改动", n=outcome["moved"]))
    return Invalid.exit_code if outcome["failed"] else 0


def _show(session: Session, given: Given) -> None:
    from lifang.services.deadlines import shown

    said = str(given["year"])
    if not (said.isascii() and said.isdigit() and len(said) == 4 and said > "0000"):
        raise Malformed(_("年份须为四位数字，例如 2027"))
    year, known = int(said), shown(session.caller)
    if year not in known.years:
        raise NotFound(missing(year))
    first, last = dt.date(year, 1, 1), dt.date(year, 12, 31)
    count = known.working_days_between(first - dt.timedelta(days=1), last)
    told = known.told(year)
    if session.json:
        keys = ("date", "kind", "name")
        days = [dict(zip(keys, (str(day), *said), strict=True)) for day, said in told.items()]
        return showing.emit({"year": year, "working_days": count, "days": days})
    for month in range(1, 13):
        click.echo("\n".join(_month(known, year, month)) + "\n")
    for day, (kind, name) in told.items():
        if kind in MARKS:
            click.echo(f"{day}  {_(MARKS[kind])}  {name}".rstrip())
    return click.echo(_("{year} 年共 {n} 个工作日", year=year, n=count))


def _month(known: Calendar, year: int, month: int) -> Iterator[str]:
    """A month in weeks from Monday to Sunday; what a notice moves is marked."""
    yield f"{year}-{month:02}"
    yield _line(_("一 二 三 四 五 六 日").split())
    for week in weeks.Calendar().monthdatescalendar(year, month):
        yield _line([_cell(known, day) if day.month == month else "" for day in week])


def _cell(known: Calendar, day: dt.date) -> str:
    mark = MARKS.get(known.days.get(day, ("", ""))[0])
    return f"{day.day}{_(mark) if mark else ''}"


def _line(cells: list[str]) -> str:
    return "".join(widths.pad(cell, CELL) for cell in cells).rstrip()
