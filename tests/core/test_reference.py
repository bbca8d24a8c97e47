"""The reference pages say what the declarations say today."""

from __future__ import annotations

from docs.generate import FOLDER, pages


def test_the_reference_is_as_the_declarations_say() -> None:
    stale = [name for name, text in pages().items() if (FOLDER / name).read_text("utf-8") != text]
    assert not stale, f"python docs/generate.py writes {stale}"
