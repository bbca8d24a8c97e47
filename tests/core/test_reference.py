"""The reference pages say what the declarations say today."""

from __future__ import annotations

import pytest

from docs.generate import FOLDER, pages
from lifang.kit import words


def test_the_reference_is_as_the_declarations_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "_folders", [])  # without words of plugins that other tests loaded
    monkeypatch.setattr(words, "_catalogues", {})
    stale = [name for name, text in pages().items() if (FOLDER / name).read_text("utf-8") != text]
    assert not stale, f"python docs/generate.py writes {stale}"
