"""Plugins of a few lines that other processes find too, as installed packages."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from lifang.services.instance import Instance
from lifang.testing.temporary import tell_of
from tests.core.events.listeners import Note

ROOT = Path(__file__).parents[3]


def install(
    instance: Instance, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    """Put a plugin's package where this process and those it starts find it."""
    tell_of(folder, name, name, f"{name}:plugin")
    (folder / f"{name}.py").write_text(text)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), str(ROOT)]))
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, name, raising=False)
    instance.database.engine.create_tables([Note])
