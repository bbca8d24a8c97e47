"""The pictures of the administrator's guide: each is of a step that is walked, shown, and small."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.browser.first_day import LOOKS

FOLDER = Path(__file__).parents[2] / "docs" / "administrator"
SHOWN = re.compile(r"!\[([^\]]+)\]\(pictures/([a-z-]+)\.png\)")
SMALL, ALL = 60 * 1024, 1024 * 1024


@pytest.mark.once
def test_every_picture_is_of_a_step_of_the_walk_and_shown_with_words_for_who_cannot_see_it() -> (
    None
):
    sizes = {path.stem: path.stat().st_size for path in (FOLDER / "pictures").glob("*.png")}
    text = "".join(path.read_text("utf-8") for path in sorted(FOLDER.glob("*.md")))
    shown = [name for _words, name in SHOWN.findall(text)]
    assert sorted(shown) == sorted(LOOKS) == sorted(sizes), "make pictures takes them anew"
    assert text.count("![") == len(shown), "a picture without words"
    assert max(sizes.values()) < SMALL and sum(sizes.values()) < ALL
