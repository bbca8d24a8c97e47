"""Plugins that are judged: an exemplary one, changed in one place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lifang.checking.running import Report, check
from tests.core.plugins.misbehaving import Change, write_changed

Judge = Callable[..., Report]


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    """Judge the exemplary plugin with some changes made to it."""

    def judged(*changes: Change, **asked: object) -> Report:
        def all_of(files: dict[str, str], id: str) -> None:
            for change in changes:
                change(files, id)

        return check(write_changed(tmp_path, "tried", all_of), **asked)  # type: ignore[arg-type]  # as asked

    return judged
