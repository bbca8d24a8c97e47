"""A populated instance in a folder of its own, and empty databases for it to go to."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lifang.testing import served
from tests.core.app.populated import populate


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A populated instance, closed, to be copied; and its administrator's password."""
    place = tmp_path_factory.mktemp("made") / "home"
    return place, populate(place)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the populated instance lies, on the embedded database."""
    monkeypatch.setenv("LIFANG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LIFANG_LANG", "zh")
    return tmp_path / "home"


@pytest.fixture
def password(place: Path, made: tuple[Path, str]) -> str:
    """Puts the populated instance where it lies."""
    shutil.copytree(made[0], place)
    return made[1]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.served)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Gives the addresses of empty databases, of either engine."""
    made: list[str] = []

    def one() -> str:
        name = f"moved{len(made)}"
        made.append(name)
        if request.param == "sqlite":
            return f"sqlite:///{tmp_path / name}.db"
        return served.server().create(name)

    yield one
    if request.param != "sqlite":
        for name in made:
            served.server().drop(name)
