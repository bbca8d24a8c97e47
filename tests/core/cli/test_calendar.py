"""The calendar on the command line: a file brings a year, a drawing shows it."""

from __future__ import annotations

from pathlib import Path

from tests.core.cli.conftest import Command
from tests.core.services.test_deadlines import NOTICE


def test_a_year_is_loaded_shown_and_loaded_again(lifang: Command, tmp_path: Path) -> None:
    assert lifang("calendar", "show", "2091").code == 4
    file = tmp_path / "2091.csv"
    file.write_text(NOTICE.replace("2091-02-20,holiday,春节\n", ""), encoding="gb18030")
    refused = lifang("calendar", "import", str(file))
    assert refused.code == 2
    assert "只有 12 天放假" in refused.err
    file.write_text(NOTICE + "2091-09-29,workday,国庆\n", encoding="gb18030")
    tried = lifang("calendar", "import", str(file), "--dry-run")
    assert tried.out == "只检查，没有写入：将新增 14 天，修改 0 天，0 天没有变化\n"
    assert lifang("calendar", "show", "2091").code == 4
    assert lifang("calendar", "import", str(file)).out == "新增 14 天，修改 0 天，0 天没有变化\n"
    again = lifang("calendar", "import", str(file), "--json").json
    assert (again["unchanged"], again["moved"]) == (14, 0)
    shown = lifang("calendar", "show", "2091")
    assert shown.code == 0
    assert "2091-09-29  班  国庆" in shown.out
    told = lifang("calendar", "show", "2091", "--json").json
    assert told["days"][0] == {"date": "2091-01-01", "kind": "holiday", "name": "元旦"}
    assert f"2091 年共 {told['working_days']} 个工作日" in shown.out


def test_a_year_the_package_knows_is_drawn_in_weeks(lifang: Command) -> None:
    lines = lifang("calendar", "show", "2026").out.splitlines()
    first = lines.index("2026-10")
    assert lines[first + 1 : first + 4] == [
        "一    二    三    四    五    六    日",
        "                  1休   2休   3休   4休",
        "5休   6休   7休   8     9     10班  11",
    ]
    assert lines[-1] == "2026 年共 248 个工作日"


def test_what_is_no_year_is_refused(lifang: Command) -> None:
    for said in ("26", "2O26", "0000", "-2026", "２０２６"):
        assert lifang("calendar", "show", said).code == 2, said
