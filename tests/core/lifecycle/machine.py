"""A Python of its own, in which packages of plugins come and go while the tests' stays as it is."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sysconfig
import textwrap
import venv
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

START = "from lifang.app.main import main; main()"
CORE = ("lifang>=0.1,<1",)


@dataclass(frozen=True)
class Said:
    """What a command said, and how it left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Machine:
    """A virtual environment over everything that is installed for the tests."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder, symlinks=True)
        self.python = folder / "bin" / "python"
        self.packages = next(folder.glob("lib/python*/site-packages"))
        under = sysconfig.get_path("purelib")
        (self.packages / "under.pth").write_text(f"import site; site.addsitedir({under!r})\n")

    def clear(self) -> None:
        """Take away what was installed."""
        for path in self.packages.iterdir():
            if path.is_dir():
                shutil.rmtree(path)

    def unpack(self, wheel: Path) -> None:
        """Let a wheel be installed, quicker than pip would."""
        with zipfile.ZipFile(wheel) as opened:
            opened.extractall(self.packages)

    def command(self, *words: str) -> list[str]:
        return [str(self.python), "-P", "-c", START, *words]

    def environment(self, home: Path, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LIFANG_")}
        return kept | {"LIFANG_HOME": str(home), "LIFANG_LANG": "zh"} | more

    def run(self, home: Path, *words: str, **more: str) -> Said:
        """Run a command on an instance's folder."""
        done = subprocess.run(
            self.command(*words),
            env=self.environment(home, **more),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def start(self, home: Path, *words: str, **more: str) -> subprocess.Popen[bytes]:
        """Begin a command, in a process group of its own."""
        return subprocess.Popen(
            self.command(*words),
            env=self.environment(home, **more),
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def version(self, distribution: str) -> str | None:
        """Which version of a package is installed there."""
        name = distribution.replace("-", "_")
        found = list(self.packages.glob(f"{name}-*.dist-info"))
        return found[0].name.removesuffix(".dist-info").rpartition("-")[2] if found else None


def wheel(
    folder: Path,
    id: str,
    version: str,
    files: Mapping[str, str],
    *,
    requires: tuple[str, ...] = CORE,
    entries: str | None = None,
    distribution: str | None = None,
) -> Path:
    """Write a wheel: the plugin `id` is `plugin` in the module of that name, or in its package."""
    name = distribution or f"lifang-{id.replace('_', '-')}"
    base = f"{name.replace('-', '_')}-{version}"
    told = entries if entries is not None else f"[lifang.plugins]\n{id} = {id}.plugin:plugin\n"
    meta = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nSummary: {id}\n"
    meta += "License: Apache-2.0\n" + "".join(f"Requires-Dist: {one}\n" for one in requires)
    content = {f"{id}/__init__.py": ""}
    content |= {f"{id}/{path}": textwrap.dedent(text) for path, text in files.items()}
    content |= {
        f"{base}.dist-info/METADATA": meta,
        f"{base}.dist-info/WHEEL": (
            "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        ),
        f"{base}.dist-info/entry_points.txt": told,
    }
    record = "".join(
        f"{path},sha256={_hashed(text)},{len(text.encode())}\n" for path, text in content.items()
    )
    content[f"{base}.dist-info/RECORD"] = f"{record}{base}.dist-info/RECORD,,\n"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{base}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as packing:
        for inside, text in content.items():
            packing.writestr(inside, text)
    return path


def _hashed(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
