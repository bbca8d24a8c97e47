"""What the tests of the kit share."""

import pytest


@pytest.fixture(autouse=True)
def chinese(monkeypatch):
    """Sentences are compared in the language they are written in, whatever this machine speaks."""
    monkeypatch.setenv("LIFANG_LANG", "zh")
