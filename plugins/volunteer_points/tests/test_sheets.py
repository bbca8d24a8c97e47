"""What is kept on paper: who served, how long each, at what – of a place, a unit, a quarter."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

from python_calamine import CalamineWorkbook

import lifang as lf
from lifang.mechanisms import filling, sheet
from lifang.testing import world

MAY = {"within": world.HOME, "period": "2026-Q2"}


def filled(caller: lf.Caller, name: str, purpose: str | None = None, **told: Any) -> Any:
    asked = sheet.asked(caller, f"volunteer_points.{name}", **(MAY | told))
    return filling.Filled(asked, purpose=purpose)


def table(raw: Any) -> list[list[Any]]:
    read = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(raw))).get_sheet_by_index(0)
    return [list(row) for row in read.to_python(skip_empty_area=False)]


def test_the_sheets_of_a_quarter_name_who_served_and_add_up(station: Any):
    person = station.person("李强", phone="13800005678", sex="male")
    liqiang, idle = station.volunteer("李强", person=person), station.volunteer("王秀兰")
    station.lock(station.serve(liqiang))
    station.serve(idle, start=lf.now() + dt.timedelta(days=2))  # not locked: counts for nothing
    register = filled(station.worker, "service")
    assert register.title == "畅家巷社区志愿服务登记表（2026年第2季度）"
    [row] = register.rows()
    assert row == [1, "2026-05-16", "李强", "男", liqiang.number, "138****5678", "楼道清洁",
                   "清理楼道杂物", None, 3.5]  # fmt: skip
    hours = list(filled(station.worker, "hours").rows())
    assert [(row[2], row[6], row[7]) for row in hours] == [("李强", 1, 3.5), ("王秀兰", 0, 0.0)]
    sums = {row[1]: row[2:] for row in filled(station.worker, "categories").rows()}
    assert sums["环境卫生"] == [1, 1, 3.5] and sums["为老服务"] == [0, 0, 0.0]
    assert register.total == 1 and filled(station.worker, "service", period="2026-Q1").total == 0
