"""A year's notice coming in as a table: judged whole, then kept, and open deadlines follow it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import BinaryIO

from lifang.entities.calendar import CalendarDay
from lifang.entities.caller import Caller
from lifang.events.publish import publish
from lifang.kit import text
from lifang.kit.calendar import (
    FESTIVAL,
    HOLIDAY,
    NORMAL,
    WORKDAY,
    Told,
    incomplete,
    published,
)
from lifang.kit.errors import Forbidden, Malformed
from lifang.kit.words import _, n_
from lifang.plugins.tables import bump_epoch
from lifang.services import deadlines, sheets
from lifang.services.auditing import Change, record_note
from lifang.services.judging import as_day
from lifang.services.outcomes import Imported, Problems
from lifang.store.whole import whole

COLUMNS = {"date": n_("日期"), "kind": n_("类别"), "name": n_("名称")}
KINDS = {WORKDAY: n_("上班"), HOLIDAY: n_("放假"), NORMAL: n_("平常")}
CHANGED = "core.calendar.changed"
_USUAL = (NORMAL, "")


class Loaded(Imported):
    """What a file did to the calendar; `moved` counts the open deadlines that followed."""

    moved: int


@whole
def import_days(caller: Caller, source: Path | BinaryIO, *, dry_run: bool = False) -> Loaded:
    """Load days as a notice tells them: date, kind, name, in any order, once or again.

    A year that the package does not know must be whole afterwards. Nothing is kept while anything
    is wrong with the file, nor in a dry run. Raises Forbidden for all but platform administrators,
    NotReady where an open deadline would lose the year it needs.
    """
    if not caller.runs_it:
        raise Forbidden(_("只有平台管理员可以修改工作日历"))
    with sheets.opened(source) as sheet:
        file = _File(sheet)
    calendar = deadlines.current()
    known = calendar.days
    fresh = {day: said for day, said in file.days.items() if said != known.get(day, _USUAL)}
    for year in sorted({day.year for day in fresh}):
        lacking = incomplete(year, {**calendar.told(year), **fresh})
        if lacking and all(day.year != year for day in published()):
            row = min(row for day, row in file.rows.items() if day.year == year)
            file.blame(row, "date", lacking)
    outcome = Loaded(
        created=sum(day not in known for day in fresh),
        updated=sum(day in known for day in fresh),
        unchanged=len(file.days) - len(fresh),
        failed=len(file.failed),
        errors=file.errors,
        moved=0,
    )
    if file.errors or dry_run:
        return outcome
    with caller.instance.database.transaction():
        if fresh:
            _keep(caller, fresh, known)
        outcome["moved"] = deadlines.recompute(caller)
        if fresh or outcome["moved"]:
            told = {"years": sorted({day.year for day in fresh}), "moved": outcome["moved"]}
            publish(CHANGED, "core.calendar/0", told, caller=caller)
    if caller.instance.database.holds:  # those that were being set meanwhile were not seen
        with caller.instance.database.transaction():
            outcome["moved"] += deadlines.recompute(caller)
    return outcome


class _File(Problems):
    """What the rows of a file say, judged one by one."""

    def __init__(self, sheet: sheets.Sheet) -> None:
        """Read all of them; raises Malformed where the columns are not the three."""
        super().__init__()
        named = {word: key for key, label in COLUMNS.items() for word in (key, label, _(label))}
        header = [named.get(name, name) for name in sheet.header]
        if sorted(header) != sorted(COLUMNS):
            raise Malformed(_("列应为 {names}", names=_("、").join(COLUMNS)))
        self.days: dict[dt.date, tuple[str, str]] = {}
        self.rows: dict[dt.date, int] = {}
        for number, cells in sheet.rows():
            self._judge(number, dict(zip(header, map(str.strip, cells), strict=True)))

    def _judge(self, row: int, told: dict[str, str]) -> None:
        meant = {word: key for key, label in KINDS.items() for word in (key, label, _(label))}
        kind, day, name = meant.get(told["kind"]), None, ""
        try:
            day = dt.date.fromisoformat(as_day(told["date"]) or told["date"])
        except ValueError:
            self.blame(row, "date", _("不是日期"), "2027-10-01")
        if kind is None:
            self.blame(row, "kind", _("没有这个类别"), _("、").join(meant))
        try:
            name = text.clean_name(told["name"]) if told["name"] else ""
            if len(name) > FESTIVAL:
                self.blame(row, "name", _("最多 {n} 个字", n=FESTIVAL))
        except text.Refused as refused:
            self.blame(row, "name", refused.sentence)
        if day in self.days:
            self.blame(row, "date", _("与第 {row} 行是同一天", row=self.rows[day]))
        elif day is not None and kind is not None:
            self.days[day], self.rows[day] = (kind, name if kind != NORMAL else ""), row


def _keep(caller: Caller, fresh: Told, known: Told) -> None:
    changes = []
    for day, (kind, name) in sorted(fresh.items()):
        CalendarDay.insert(day=day, kind=kind, name=name).on_conflict(
            conflict_target=[CalendarDay.day], update={"kind": kind, "name": name}
        ).execute()
        changes.append(Change(str(day), " ".join(known.get(day, _USUAL)), f"{kind} {name}"))
    record_note(caller, "calendar", "import", changes=changes)
    bump_epoch()  # whoever sets a deadline just now holds it: see `deadlines`
