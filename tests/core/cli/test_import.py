from __future__ import annotations

import csv
from pathlib import Path

import pytest

from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.cli.conftest import Command

GOOD = f"好人,13800005678,{world.HOME}\n"
BAD = f"坏人,1380013,{world.HOME}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "people.csv"
    file.write_text("姓名,手机号,居住社区\n" + GOOD + BAD, encoding="gb18030")
    return file


def test_what_is_wrong_is_told_by_row_and_column_and_nothing_is_written(
    lifang: Command, file: Path
) -> None:
    for words in ([], ["--dry-run"]):
        told = lifang("people", "import", str(file), *words)
        assert told.code == 2
        assert "第 3 行 手机号：" in told.err
        assert "（应为：11 位）" in told.err
    assert lifang("people", "list", "--json").json["items"] == []


def test_wrong_rows_can_be_skipped_and_kept_beside(
    lifang: Command, file: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "wrong.csv"
    told = lifang("people", "import", str(file), "--skip-invalid", "--errors", str(kept))
    assert (told.code, told.out) == (0, "新建 1 条，修改 0 条，0 条没有变化\n")
    assert "1 行需要修改，没有导入" in told.err
    header, row = csv.reader(kept.read_text("utf-8-sig").splitlines())
    assert header == ["姓名", "手机号", "居住社区", "错误"]
    assert row[0] == "坏人"
    assert row[3].startswith("手机号：")
    assert kept.stat().st_mode & 0o777 == 0o600
    assert [one["name"] for one in lifang("people", "list", "--json").json["items"]] == ["好人"]


def test_what_was_exported_comes_back_unchanged(
    lifang: Command, instance: Instance, tmp_path: Path, worker: str
) -> None:
    world.person(instance, "𠮷野", phone="13800005678")
    for form in ("csv", "xlsx"):
        out = tmp_path / f"out.{form}"
        assert lifang("people", "export", "--format", form, "-o", str(out)).code == 0
        for words in ([], ["--as", worker]):
            told = lifang("people", "import", str(out), "--json", *words)
            assert told.json == {
                "created": 0, "updated": 0, "unchanged": 1, "failed": 0, "errors": []
            }, form  # fmt: skip


def test_a_plugin_s_nouns_are_imported_alike(
    lifang: Command, instance: Instance, tmp_path: Path
) -> None:
    world.person(instance, "李强")
    world.enable(instance, "dual_reporting", at=world.CITY)
    file = tmp_path / "reports.csv"
    file.write_text("人员;居住社区\n李强;畅家巷社区\n")
    told = lifang("dual-reporting", "reports", "import", str(file), "--dry-run")
    assert told.out == "只检查，没有写入：将新建 1 条，修改 0 条，0 条没有变化\n", told.err
    assert lifang("dual-reporting", "reports", "import", str(file), "--json").json["created"] == 1


def test_a_file_that_is_not_there_and_a_right_that_is_not_given(
    lifang: Command, file: Path, worker: str
) -> None:
    assert lifang("people", "import", str(file) + "x").code == 4
    lifang("accounts", "create", "gu", "--role", "grid_worker", "--at", world.HOME)
    assert lifang("people", "import", str(file), "--as", "gu").code == 3
