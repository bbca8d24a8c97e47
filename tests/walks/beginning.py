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


def needed(name: str) -> Iterator[metadata.Distribution]:
    """What a distribution needs, and what that needs in turn, as installed here."""
    ahead, seen = [name], {name}
    while ahead:
        for line in metadata.requires(ahead.pop()) or ():
            one = Requirement(line)
            wanted = one.marker is None or one.marker.evaluate({"extra": ""})
            if wanted and canonicalize_name(one.name) not in seen:
                seen.add(canonicalize_name(one.name))
                ahead.append(one.name)
                yield metadata.distribution(one.name)


def fresh_environment(folder: Path) -> Path:
    """A new virtual environment with what lifang needs and nothing else; gives its programs.

    The packages are linked, not fetched: neither pip nor our own checkout is to be found in it.
    """
    run(BIN / "python", "-m", "venv", "--without-pip", folder, at=folder.parent)
    (place,) = folder.glob("lib/*/site-packages")
    for one in needed("lifang"):
        tops = {
            path.parts[0] for path in one.files or () if path.parts[0] not in ("..", "__pycache__")
        }
        for top in tops:
            (place / top).symlink_to(one.locate_file(top))  # type: ignore[arg-type]
    return folder / "bin"


def install(into: Path, *wheels: Path) -> None:
    """Install wheels into an environment, and nothing else."""
    run(
        BIN / "python", "-m", "pip", "--python", into / "python", "install", "--quiet", "--no-deps",
        "--no-index", *wheels, at=into,
    )  # fmt: skip
