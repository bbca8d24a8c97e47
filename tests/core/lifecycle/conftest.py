"""What tests of the life of plugins share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.lifecycle.used import Package


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Package:
    """The keepsake plugin, installed as a package."""
    return Package(tmp_path, monkeypatch)
