"""What a file brings is judged as what people enter: nobody is registered without consent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lifang.services.importing import import_table
from lifang.testing import world
from lifang_volunteer_points.models import Volunteer
from lifang_volunteer_points.resources import volunteers


def test_a_file_registers_those_who_agreed_and_numbers_them(station: Any, tmp_path: Path):
    liqiang, wang = station.person("李强"), station.person("王秀兰")
    station.consent(liqiang)
    rows = "人员,注册社区,服务类别\n"
    rows += f"{liqiang.id},{world.HOME},环境卫生\n{wang.id},{world.HOME},为老服务\n"

    def bring(text: str, *, dry_run: bool) -> Any:
        file = tmp_path / "volunteers.csv"
        file.write_text(text, "utf-8")
        return import_table(station.worker, volunteers, file, dry_run=dry_run, skip_invalid=True)

    for dry_run in (True, False):
        told = bring(rows, dry_run=dry_run)
        assert (told["created"], told["failed"]) == (1, 1), told
        assert "志愿者注册和服务记录" in str(told["errors"][0])
    one = Volunteer.get()
    assert one.person_id == liqiang.id
    assert one.number == f"V{one.id:08d}"
