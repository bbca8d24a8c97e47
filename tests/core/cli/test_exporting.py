"""Spreadsheets from the command line go to a file of their owner's, never onto the screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from lifang.entities.audit import AuditEntry
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.cli.conftest import Command


@pytest.fixture(autouse=True)
def people(instance: Instance) -> None:
    world.person(instance, "阿依古丽·买买提", phone="13812345678")
    world.person(instance, "金丝雀", at=world.FOREIGN)


def table(file: Path) -> list[list[Any]]:
    sheet = CalamineWorkbook.from_path(file).get_sheet_by_index(0)
    return [list(row) for row in sheet.to_python(skip_empty_area=False)]


def test_an_export_may_be_a_spreadsheet(lifang: Command, tmp_path: Path) -> None:
    file = tmp_path / "people.xlsx"
    told = lifang("people", "export", "--format", "xlsx", "--within", world.HOME, "-o", str(file))
    assert (told.code, told.out) == (0, "")
    assert file.stat().st_mode & 0o777 == 0o600
    head, row = table(file)
    assert head[:2] == ["id", "name"]
    assert row[:2] == ["1", "阿依古丽·买买提"] and "138****5678" in row


def test_a_ledger_is_written_for_any_noun(lifang: Command, tmp_path: Path, worker: str) -> None:
    file = tmp_path / "ledger.xlsx"
    told = lifang("people", "ledger", "--within", world.HOME, "-o", str(file), "--as", worker)
    assert told.code == 0, told.err
    assert table(file)[0][0] == "畅家巷社区人员台账"
    assert "138****5678" in table(file)[3]
    lifang("plugin", "enable", "dual_reporting", "--at", world.CITY)
    for words in (["communities"], ["affiliations"], ["dual-reporting", "reports"]):
        told = lifang(*words, "ledger", "-o", str(file))
        assert told.code == 0, told.err
        assert table(file)[2][0] == "序号"


def test_full_numbers_are_for_a_purpose_and_for_those_who_may(
    lifang: Command, tmp_path: Path, worker: str
) -> None:
    file = tmp_path / "ledger.xlsx"
    words = ["people", "ledger", "--purpose", "报送民政局", "-o", str(file)]
    assert lifang(*words, "--as", worker).code == 3
    assert not file.exists()
    assert lifang(*words).code == 0
    assert "13812345678" in table(file)[3]
    entry = AuditEntry.select().order_by(AuditEntry.id.desc()).first()
    assert (entry.verb, entry.reason) == ("export_full", "报送民政局")


def test_a_terminal_is_spared_a_spreadsheet(lifang: Command) -> None:
    for words in (["export", "--format", "xlsx"], ["ledger"]):
        told = lifang("people", *words, terminal=True)
        assert (told.code, told.out) == (2, "")
        assert "-o FILE.xlsx" in told.err
    assert not AuditEntry.select().where(AuditEntry.verb == "export").exists()
