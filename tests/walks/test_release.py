"""From the archive, without sources or network: installed, served, upgraded, restored."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MIGRATION = '''"""What only a later release has."""

from typing import Any

import peewee as pw


def up(migrator: Any, db: Any) -> None:
    """Make a table, and perhaps stumble."""
    class Later(pw.Model):
        class Meta:
            database = db
            table_name = "core_later"

    db.create_tables([Later])
    {more}


def down(migrator: Any, db: Any) -> None:
    """Drop it."""
'''


def later(folder: Path, version: str, more: str) -> Path:
    """The sources of a later release: another version, a migration that does something more."""
    for name in ("core", "plugins", ".ci"):
        kept = shutil.ignore_patterns("__pycache__", "dist", "tests")
        shutil.copytree(ROOT / name, folder / name, ignore=kept)
    for name in ("requirements.lock", "LICENSE"):
        shutil.copyfile(ROOT / name, folder / name)
    manifest = folder / "core" / "pyproject.toml"
    said = manifest.read_text("utf-8")
    manifest.write_text(said.replace('version = "0.1.0"', f'version = "{version}"', 1), "utf-8")
    migration = folder / "core" / "lifang" / "migrations" / "0999_later.py"
    migration.write_text(MIGRATION.replace("{more}", more), "utf-8")
    return folder


def build(root: Path, output: Path, *more: str) -> None:
    builder = root / ".ci" / "release" / "build.py"
    command = [sys.executable, str(builder), "--output", str(output), *more]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr


@pytest.mark.once
@pytest.mark.trust
@pytest.mark.timeout(1800)
def test_the_archive_installs_serves_upgrades_and_restores_without_a_network(
    tmp_path: Path,
) -> None:
    archives, place = tmp_path / "archives", tmp_path / "place"
    place.mkdir()
    build(ROOT, archives)
    [first] = archives.glob("*.tar.gz")
    with tarfile.open(first) as tar:
        tar.extractall(tmp_path / "first", filter="data")
    [wheels] = (tmp_path / "first").glob("*/wheels")
    for version, more in (("0.1.1", "pass"), ("0.1.2", 'raise RuntimeError("broken")')):
        root = later(tmp_path / version, version, more)
        build(root, archives, "--wheels", str(wheels))
        shutil.rmtree(root)
    walk = ["bash", str(ROOT / "tests" / "walks" / "release.sh"), str(archives), str(place)]
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": str(place),
           "LIFANG_LANG": "zh", "LANG": "C.UTF-8", "PIP_NO_INDEX": "1"}  # fmt: skip
    python = str(Path(sys.base_prefix) / "bin" / "python3.11")
    done = subprocess.run(
        ["unshare", "-rn", *walk, python], env=env, cwd=place, text=True, capture_output=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert [line.split()[1] for line in done.stdout.splitlines() if line.startswith("== ")] == [
        "install", "init", "serve", "damaged", "failing", "upgrade", "restore", "done",
    ]  # fmt: skip
