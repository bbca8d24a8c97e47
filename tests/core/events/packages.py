"""Plugins of a few lines that other processes find too, as installed packages."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from lifang.services.instance import Instance
from tests.core.events.listeners import Note

ROOT = Path(__file__).parents[3]


def install(
    instance: Instance, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    """Put a plugin's package where this process and those it starts find it."""
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[lifang.plugins]\n{name} = {name}:plugin\n")
    (folder / f"{name}.py").write_text(text)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), str(ROOT)]))
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, name, raising=False)
    instance.database.engine.create_tables([Note])
