"""Plugins begun from the template, and environments that have nothing but Lifang in them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lifang.testing.commands import Said, say

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PROGRAMS = ("pip", "mypy", "pytest")
WHO = ("--author", "城关区大数据中心", "--contact", "security@chengguan.example")


def no_instance() -> object:
    raise AssertionError("beginning a plugin takes no instance")


def begin(folder: Path, *words: str) -> Said:
    """Run `lifang plugin new` in this process."""
    return say(no_instance, "plugin", "new", *words, "--folder", str(folder))  # type: ignore[arg-type]


def run(*words: str | Path, at: Path, **environ: str) -> str:
    """Run a program; what it said, and all of it where it fails."""
    done = subprocess.run(
        [str(one) for one in words], cwd=at, env={**os.environ, **environ}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


def wheel(project: Path, to: Path) -> Path:
    """Build the wheel of a project, with what is installed here."""
    run(
        BIN / "python", "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
        "--no-index", "--wheel-dir", to, project, at=to,
    )  # fmt: skip
    name = re.sub(
        r'.*?^name = "([^"]+)".*',
        r"\1",
        (project / "pyproject.toml").read_text(),
        flags=re.M | re.S,
    )
    (made,) = to.glob(f"{name.replace('-', '_')}-*.whl")
    return made


def beside(wheel: Path) -> Path:
    """Where a wheel's packages are found by whoever looks there, and by no other test."""
    place = wheel.with_suffix("")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place)
    return place


def needed(*wanted: str) -> Iterator[metadata.Distribution]:
    """What distributions need, and what that needs in turn, as installed here; lifang apart."""
    ahead, seen = [Requirement(one) for one in wanted], set[tuple[str, str]]()
    while ahead:
        asked = ahead.pop()
        for extra in ("", *asked.extras):
            if (asked.name, extra) in seen:
                continue
            seen.add((asked.name, extra))
            for line in metadata.requires(asked.name) or ():
                one = Requirement(line)
                if one.marker is None or one.marker.evaluate({"extra": extra}):
                    ahead.append(one)
    for name in sorted({canonicalize_name(name) for name, _extra in seen} - {"lifang"}):
        yield metadata.distribution(name)


def fresh_environment(folder: Path, *wanted: str) -> Path:
    """A new virtual environment with what lifang needs and nothing else; gives its programs.

    The packages are linked, not fetched: our own checkout is not to be found in it, nor pip unless
    it is `wanted`, as other distributions may be, with their extras.
    """
    run(BIN / "python", "-m", "venv", "--without-pip", folder, at=folder.parent)
    (place,) = folder.glob("lib/*/site-packages")
    tops: dict[Path, Path] = {}
    for one in needed("lifang", *wanted):
        for path in one.files or ():
            if path.parts[0] not in ("..", "__pycache__"):
                tops[place / path.parts[0]] = Path(str(one.locate_file(path.parts[0])))
            elif path.name == "ruff":
                tops[folder / "bin" / "ruff"] = Path(str(one.locate_file(path)))
    for here, there in tops.items():
        here.symlink_to(there)
    for name in PROGRAMS:
        if place / name in tops:
            (folder / "bin" / name).write_text(
                f'#!/bin/sh\nexec "{folder}/bin/python" -m {name} "$@"\n'
            )
            (folder / "bin" / name).chmod(0o755)
    return folder / "bin"


def install(into: Path, *wheels: Path) -> None:
    """Install wheels into an environment, and nothing else."""
    run(
        BIN / "python", "-m", "pip", "--python", into / "python", "install", "--quiet", "--no-deps",
        "--no-index", *wheels, at=into,
    )  # fmt: skip
