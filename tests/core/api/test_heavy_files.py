"""What costs a reader that holds a file whole is refused as fast as anything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.api import hostile
from tests.core.api.test_hostile_files import judge, send


@pytest.mark.parametrize("name", list(hostile.HEAVY))
def test_a_heavy_file_is_refused_at_once(tmp_path: Path, name: str) -> None:
    judge(send(tmp_path, [name], within=20))
