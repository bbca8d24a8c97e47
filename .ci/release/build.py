"""Builds the archive that installs Lifang where there is no network: `make release`.

In it: the wheels of the core, of every plugin of this repository and of all they need, each pinned
by the hash that requirements.lock names; install.sh; a list of licences; checksums of everything.
"""

from __future__ import annotations

import argparse
import email.parser
import gzip
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
EXTRAS = ("postgresql",)
PLATFORM = "linux-x86_64-cp311"
LICENCE = re.compile(r"\.dist-info/(licenses/)?[^/]*(LICEN[CS]E|COPYING|NOTICE)[^/]*$", re.I)
PIECE = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>\S+)(?P<rest>.*?)(?=^\S|\Z)", re.M | re.S
)


def distributions() -> list[Path]:
    """The folders of the core and of every plugin."""
    return [ROOT / "core", *sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))]


def manifest(folder: Path) -> dict[str, object]:
    """What a distribution says of itself."""
    told: dict[str, object] = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))[
        "project"
    ]
    return told


def needed() -> set[str]:
    """Names of everything our distributions need here, themselves left out.

    Read off what is installed, so it needs no resolver: the lock was resolved as a whole.
    """
    ours = {canonicalize_name(str(manifest(one)["name"])) for one in distributions()}
    found: set[str] = set()
    waits = [(name, EXTRAS if name == "lifang" else ()) for name in sorted(ours)]
    while waits:
        name, extras = waits.pop()
        try:
            asked = [Requirement(said) for said in requires(name) or ()]
        except PackageNotFoundError:
            sys.exit(f"{name} is not installed here: run `make dev` first")
        for one in asked:
            there = canonicalize_name(one.name)
            held = [one.marker is None or one.marker.evaluate({"extra": e}) for e in (*extras, "")]
            if any(held) and there not in ours and (there not in found or one.extras):
                found.add(there)
                waits.append((there, tuple(one.extras)))
    return found


def locked(names: set[str]) -> str:
    """What the lock says of some names; one that it does not know stops the build."""
    text = (ROOT / "requirements.lock").read_text("utf-8")
    pieces = {canonicalize_name(match["name"]): match[0] for match in PIECE.finditer(text)}
    if missing := names - pieces.keys():
        sys.exit(f"requirements.lock does not name {', '.join(sorted(missing))}: run `make lock`")
    return "".join(pieces[name].rstrip() + "\n" for name in sorted(names))


def pip(*words: str) -> None:
    """Run pip, quietly."""
    told = [sys.executable, "-m", "pip", words[0], "--quiet", "--disable-pip-version-check"]
    subprocess.run([*told, *words[1:]], check=True)  # noqa: S603 – our own words


def wheels(into: Path, lock: str, kept: Path | None) -> None:
    """Fetch what is locked, from a folder of wheels where one is named, and build what is ours."""
    asked = into.parent / "third-party.lock"
    asked.write_text(lock, "utf-8")
    offline = ["--no-index", "--find-links", str(kept)] if kept else []
    pip("download", "--no-deps", "--require-hashes", "--only-binary", ":all:", *offline,
        "--dest", str(into), "--requirement", str(asked))  # fmt: skip
    asked.unlink()
    for one in distributions():
        pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(into), str(one))


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def requirements(folder: Path) -> Iterator[str]:
    """Every wheel by name, version and hash: pip installs these and nothing else."""
    for path in sorted(folder.glob("*.whl")):
        name, version = path.name.split("-")[:2]
        yield f"{canonicalize_name(name)}=={version} --hash=sha256:{digest(path)}\n"


def notices(folder: Path) -> Iterator[str]:
    """Name, version and licence of every wheel that is not ours, and the texts they carry."""
    yield "本归档包含下列第三方软件，各按自己的许可证分发。\n"
    yield "Third-party software in this archive, each under its own licence.\n"
    for path in sorted(folder.glob("*.whl")):
        with zipfile.ZipFile(path) as wheel:
            inside = wheel.namelist()
            [told] = [name for name in inside if re.fullmatch(r"[^/]+\.dist-info/METADATA", name)]
            head = email.parser.BytesParser().parsebytes(wheel.read(told))
            if str(head["Name"]).startswith("lifang"):
                continue
            said = head["License-Expression"] or (head["License"] or "").split("\n")[0][:80]
            classified = [one for one in head.get_all("Classifier", []) if "License ::" in one]
            said = said or ", ".join(one.split(" :: ")[-1] for one in classified)
            yield f"\n{'=' * 78}\n{head['Name']} {head['Version']}: {said}\n"
            for name in inside:
                if LICENCE.search(name):
                    text = wheel.read(name).decode("utf-8", "replace")
                    yield f"\n--- {name}\n{text}\n"


def packed(folder: Path, target: Path) -> None:
    """Write the archive: the same bytes from the same files, whoever builds it and when."""
    when = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))

    def plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
        info.uid = info.gid = 0
        info.uname = info.gname = "root"
        info.mtime = when
        info.mode = 0o755 if info.isdir() or info.name.endswith(".sh") else 0o644
        return info

    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as tar:
        tar.add(folder, arcname=folder.name, recursive=False, filter=plain)
        for path in sorted(folder.rglob("*")):
            name = f"{folder.name}/{path.relative_to(folder)}"
            tar.add(path, arcname=name, recursive=False, filter=plain)
    with target.open("wb") as file, gzip.GzipFile("", "wb", 6, file, when) as sink:
        sink.write(whole.getvalue())


def build(output: Path, kept: Path | None) -> Path:
    """Build the archive into a folder; gives its path."""
    version = str(manifest(ROOT / "core")["version"])
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / f"lifang-{version}-{PLATFORM}"
        (folder / "wheels").mkdir(parents=True)
        wheels(folder / "wheels", locked(needed()), kept)
        (folder / "requirements.txt").write_text("".join(requirements(folder / "wheels")), "utf-8")
        (folder / "THIRD-PARTY-NOTICES.txt").write_text(
            "".join(notices(folder / "wheels")), "utf-8"
        )
        (folder / "VERSION").write_text(f"{version}\n", "utf-8")
        for name in ("install.sh", "README.txt"):
            shutil.copyfile(HERE / name, folder / name)
        shutil.copyfile(ROOT / "LICENSE", folder / "LICENSE")
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        sums = [f"{digest(path)}  {path.relative_to(folder)}\n" for path in files]
        (folder / "SHA256SUMS").write_text("".join(sums), "utf-8")
        target = output / f"{folder.name}.tar.gz"
        packed(folder, target)
    target.with_name(f"{target.name}.sha256").write_text(
        f"{digest(target)}  {target.name}\n", "utf-8"
    )
    return target


def main() -> None:
    """Build it and say where it is."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--output", type=Path, default=ROOT / "dist", help="default: dist/")
    asked.add_argument("--wheels", type=Path, help="take third-party wheels from here, no network")
    given = asked.parse_args()
    if sys.version_info[:2] != (3, 11) or sys.platform != "linux" or os.uname().machine != "x86_64":
        sys.exit("the archive is for CPython 3.11 on Linux x86_64, and is built there")
    made = build(given.output, given.wheels)
    sys.stdout.write(f"{made}  {made.stat().st_size / 1_000_000:.1f} MB\n")


if __name__ == "__main__":
    main()
