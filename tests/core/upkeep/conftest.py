"""Backups to be restored on another machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from lifang.entities.caller import Caller
from lifang.services.instance import Instance
from lifang.upkeep import backup
from tests.core.upkeep.dumped import Make, quiet


@pytest.fixture
def made(boss: Caller, tmp_path: Path) -> Make:
    """Back the instance up into a folder elsewhere."""

    def back_up(name: str = "one.lifang") -> Path:
        return backup.create(boss, tmp_path / name, quiet)[0]

    return back_up


@pytest.fixture
def key(instance: Instance) -> Path:
    return instance.settings.key_file


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The empty folder of another machine."""
    monkeypatch.setenv("LIFANG_HOME", str(tmp_path / "elsewhere"))
    return tmp_path / "elsewhere"
