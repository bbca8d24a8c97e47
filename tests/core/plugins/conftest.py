"""Plugins laid out where this process finds them, and taken out of it again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lifang.testing import temporary
from tests.core.cli.conftest import lifang as lifang
from tests.core.plugins import misbehaving
from tests.core.web.conftest import visit as visit

Layout = Callable[..., Path]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Path]:
    """A folder of installed packages; what is imported from it is forgotten afterwards."""
    with temporary.packages(tmp_path / "site") as folder:
        yield folder


@pytest.fixture
def laid_out(tmp_path: Path, site: Path) -> Layout:
    """Lay out plugins of `MISBEHAVING` by name, or exemplary ones with changes of one's own."""

    def lay(*names: str, change: misbehaving.Change | None = None) -> Path:
        for name in names:
            if change is None:
                tree = misbehaving.write(tmp_path, name)
            else:
                tree = misbehaving.write_changed(tmp_path, name, change)
            twin = tmp_path / f"{name}_twin"
            for one in (tree, twin):
                if one.exists():
                    misbehaving.installed(one, site)
        return site

    return lay
