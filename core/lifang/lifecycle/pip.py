"""pip, run as people run it: in a process of its own, on the Python that runs here."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lifang.kit.errors import Conflict, NotReady
from lifang.kit.words import _
from lifang.lifecycle.wheels import Wheel

PATIENCE = 600  # seconds


@dataclass(frozen=True)
class Brought:
    """A distribution that a plugin needs and that is not here yet."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True)
class Offline:
    """Where pip looks: not at the index with `no_index`, and in a folder of wheels."""

    no_index: bool = False
    find_links: str | None = None

    def words(self) -> list[str]:
        """As pip is told."""
        told = ["--no-index"] if self.no_index else []
        return told + ([f"--find-links={self.find_links}"] if self.find_links else [])


def run(*words: str, held: Sequence[int] = ()) -> str:
    """Run pip and give what it says; raises NotReady with its last error.

    `held` are descriptors it keeps open, so that a lock lasts as long as it works.
    """
    if importlib.util.find_spec("pip") is None:
        raise NotReady(
            _("这里的 Python 没有 pip；请先运行 {python} -m ensurepip", python=sys.executable)
        )
    begin = [sys.executable, "-P", "-m", "pip", "--disable-pip-version-check", "--no-input"]
    done = subprocess.run(  # noqa: S603 – pip, no shell
        [*begin, *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
        stdin=subprocess.DEVNULL,
        pass_fds=held,
    )
    if done.returncode:
        said = [one for one in done.stderr.splitlines() if one.startswith("ERROR")]
        last = (said or done.stderr.strip().splitlines() or ["?"])[-1]
        raise NotReady(_("pip 没有做成：{why}", why=last.removeprefix("ERROR: ")))
    return done.stdout


def demand_writable(wheel: Path) -> None:
    """Raise NotReady with the command to run where packages cannot be installed by this user."""
    place = Path(sysconfig.get_path("purelib"))
    marked = Path(sysconfig.get_path("stdlib")) / "EXTERNALLY-MANAGED"
    if os.access(place, os.W_OK) and not (marked.exists() and sys.prefix == sys.base_prefix):
        return
    command = f"{sys.executable} -m pip install --no-deps {wheel}"
    raise NotReady(
        _("不能把软件包装进 {place}；请由它的管理者运行：{command}", place=place, command=command)
    )


def brought(wheel: Wheel, offline: Offline) -> tuple[Brought, ...]:
    """What would be installed beside a plugin; Conflict where something here would be changed."""
    missing, changed = [], []
    for one in map(Requirement, wheel.requires):
        if one.name == "lifang" or (one.marker and not one.marker.evaluate({"extra": ""})):
            continue
        try:
            here = metadata.version(one.name)
        except metadata.PackageNotFoundError:
            missing.append(one)
            continue
        if not one.specifier.contains(here, prereleases=True):
            changed.append(_("{name}（{key}）", name=one, key=here))
    found = _resolved(wheel.path, offline) if missing and not changed else []
    for brings in found:
        try:
            changed.append(f"{brings.name} {metadata.version(brings.name)} → {brings.version}")
        except metadata.PackageNotFoundError:
            continue
    if changed:
        listed = _("、").join(changed)
        raise Conflict(_("安装它会改动这里已有的软件包：{what}；所以没有安装", what=listed))
    return tuple(found)


def _resolved(wheel: Path, offline: Offline) -> list[Brought]:
    """Ask pip what it would install; the plugin itself is not told."""
    told = run("install", "--dry-run", "--quiet", "--only-binary=:all:", "--report=-",
               *offline.words(), str(wheel))  # fmt: skip
    found = []
    for one in json.loads(told)["install"]:
        info: dict[str, Any] = one["download_info"]
        if info["url"].endswith(wheel.name):
            continue
        hashes = info.get("archive_info", {}).get("hashes", {})
        named = one["metadata"]
        found.append(Brought(named["name"], named["version"], hashes.get("sha256", "")))
    return found


def install(
    wheel: Path,
    sha256: str,
    beside: Sequence[Brought] = (),
    offline: Offline = Offline(),
    *,
    held: Sequence[int] = (),
) -> None:
    """Install exactly what was planned, each file held against its hash."""
    lines = [f"{one.name}=={one.version} --hash=sha256:{one.sha256}" for one in beside]
    name = canonicalize_name(wheel.name.split("-")[0])
    lines.append(f"{name} @ {wheel.absolute().as_uri()} --hash=sha256:{sha256}")
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as told:
        told.write("\n".join(lines))
        told.flush()
        run("install", "--no-deps", "--force-reinstall", "--require-hashes", "--quiet",
            "--only-binary=:all:", *offline.words(), f"--requirement={told.name}",
            held=held)  # fmt: skip
    importlib.invalidate_caches()


def build(folder: Path, into: Path) -> Path:
    """Build the wheel of a source folder, with the tools that are here where they suffice."""
    shared = ["--no-build-isolation"] if _tools_are_here(folder) else []
    run("wheel", "--no-deps", "--quiet", *shared, f"--wheel-dir={into}", str(folder.absolute()))
    return next(into.glob("*.whl"))


def _tools_are_here(folder: Path) -> bool:
    import tomllib

    told = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
    try:
        return all(
            one.specifier.contains(metadata.version(one.name))
            for one in map(Requirement, told["build-system"]["requires"])
        )
    except (KeyError, metadata.PackageNotFoundError):
        return False


def download(requirement: str, into: Path, offline: Offline) -> Path:
    """Fetch the wheel of a requirement from the index, or from where pip was told to look."""
    run("download", "--no-deps", "--quiet", "--only-binary=:all:", *offline.words(),
        f"--dest={into}", requirement)  # fmt: skip
    return next(into.glob("*.whl"))


def uninstall(distribution: str) -> None:
    """Take a package away again."""
    run("uninstall", "--yes", "--quiet", distribution)
    importlib.invalidate_caches()
