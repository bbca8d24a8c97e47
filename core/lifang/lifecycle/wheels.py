"""Wheels of plugins: read without importing anything, kept in the instance's folder for later."""

from __future__ import annotations

import base64
import configparser
import csv
import hashlib
import io
import os
import re
import shutil
import zipfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.metadata import Metadata
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.tags import sys_tags
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

from lifang.kit.errors import Conflict, Invalid
from lifang.kit.settings import Settings
from lifang.kit.words import _
from lifang.plugins.finding import GROUP
from lifang.plugins.plugin import ID
from lifang.resources.registry import CORE

LARGEST_TEXT = 1 << 20
"""Bytes that are read of a text inside a wheel."""


@dataclass(frozen=True)
class Wheel:
    """What a wheel says of the plugin in it; `changes` is its change log, or empty."""

    path: Path
    sha256: str
    id: str
    distribution: str
    version: str
    summary: str
    licence: str
    requires: tuple[str, ...]
    files: tuple[str, ...]
    changes: str

    @property
    def core(self) -> SpecifierSet:
        """The versions of lifang it works with; every one, where it does not say."""
        told = [one for one in map(Requirement, self.requires) if one.name == "lifang"]
        return told[0].specifier if told else SpecifierSet()


def folder(told: Settings) -> Path:
    """Where the wheels of an instance are kept."""
    return told.home / "plugins" / "wheels"


def read(path: Path) -> Wheel:
    """Read a wheel; raises Invalid saying why it is none, or none of a plugin."""
    try:
        name, version = _fits(path)
        with zipfile.ZipFile(path) as opened:
            files = tuple(one for one in opened.namelist() if not one.endswith("/"))
            info = _info(path, files)
            told = Metadata.from_email(_text(opened, f"{info}/METADATA"), validate=False)
            entries = _entries(path, _text(opened, f"{info}/entry_points.txt"))
            found = [one for one in files if re.fullmatch(r"([^/]+/){0,3}CHANGELOG\.md", one)]
            changes = _text(opened, found[0]) if found else ""
    except (OSError, zipfile.BadZipFile, KeyError, UnicodeDecodeError) as error:
        raise Invalid(_("{path} 不是可用的 wheel 文件：{why}", path=path, why=error)) from error
    if canonicalize_name(told.name or "") != name or str(told.version) != version:
        raise Invalid(_("{path} 的文件名与里面写的名称、版本不符", path=path))
    return Wheel(
        path=path,
        sha256=digest(path),
        id=entries,
        distribution=told.name,
        version=version,
        summary=told.summary or "",
        licence=str(told.license_expression or told.license or ""),
        requires=tuple(str(one) for one in told.requires_dist or ()),
        files=files,
        changes=changes,
    )


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fits(path: Path) -> tuple[str, str]:
    """Name and version by the file's name; Invalid where it is for another machine."""
    try:
        name, version, _build, tags = parse_wheel_filename(path.name)
    except ValueError as error:
        raise Invalid(_("{path} 不是可用的 wheel 文件：{why}", path=path, why=error)) from error
    if tags.isdisjoint(sys_tags()):
        raise Invalid(_("{path} 不适用于这台机器的 Python", path=path))
    return name, str(version)


def _info(path: Path, files: tuple[str, ...]) -> str:
    found = {one.split("/")[0] for one in files if one.split("/")[0].endswith(".dist-info")}
    if len(found) != 1:
        raise Invalid(_("{path} 不是可用的 wheel 文件：{why}", path=path, why="dist-info"))
    return found.pop()


def _text(opened: zipfile.ZipFile, name: str) -> str:
    try:
        with opened.open(name) as file:
            return file.read(LARGEST_TEXT).decode()
    except KeyError:
        if name.endswith("entry_points.txt"):
            return ""
        raise


def _entries(path: Path, text: str) -> str:
    """The id of the one plugin that a distribution declares."""
    told = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=False)
    told.optionxform = str  # type: ignore[assignment,method-assign]  # ids keep their letters
    try:
        told.read_string(text)
    except configparser.Error as error:
        raise Invalid(_("{path} 不是可用的 wheel 文件：{why}", path=path, why=error)) from error
    names = list(told[GROUP]) if told.has_section(GROUP) else []
    if not names:
        raise Invalid(_("{path} 里没有里坊插件：它没有声明 {group} 入口", path=path, group=GROUP))
    if len(names) > 1:
        listed = _("、").join(sorted(names))
        raise Invalid(
            _("{path} 里有几个插件（{names}）；一个软件包只能有一个", path=path, names=listed)
        )
    if names[0] == CORE or not ID.fullmatch(names[0]):
        raise Invalid(_("{path}：「{id}」不能作插件的编号", path=path, id=names[0]))
    return names[0]


def keep(told: Settings, wheel: Wheel) -> Path:
    """Keep a wheel for rolling back; Conflict where the same version had another content."""
    kept = folder(told) / wheel.path.name
    kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if kept.exists():
        if digest(kept) != wheel.sha256:
            raise Conflict(
                _(
                    "{name} {version} 已经装过，内容却不同；改过的插件要有新的版本号",
                    name=wheel.distribution,
                    version=wheel.version,
                )
            )
        return kept
    part = kept.with_name(f".{kept.name}.part")
    shutil.copyfile(wheel.path, part)
    with part.open("rb") as file:
        os.fsync(file.fileno())
    return part.rename(kept)


def kept(told: Settings, distribution: str, version: str) -> Path | None:
    """The wheel that was kept of a version."""
    for path in folder(told).glob("*.whl"):
        name, found, _build, _tags = parse_wheel_filename(path.name)
        if name == canonicalize_name(distribution) and found == Version(version):
            return path
    return None


def packed(told: Settings, distribution: str) -> Path | None:
    """A wheel of what is installed now: kept, or packed again from its files.

    None where that cannot be, as for one that is installed from its source for development.
    """
    installed = metadata.distribution(distribution)
    found = kept(told, distribution, installed.version)
    direct = installed.read_text("direct_url.json") or ""
    files = installed.files or []
    if found or '"editable": true' in direct or not files:
        return found
    rows, tag = [], re.findall(r"(?m)^Tag: (\S+)", installed.read_text("WHEEL") or "")
    name = installed.metadata["Name"].replace("-", "_").replace(".", "_")
    whole = folder(told) / f"{name}-{installed.version}-{tag[0] if tag else 'py3-none-any'}.whl"
    whole.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = whole.with_name(f".{whole.name}.part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as packing:
        for file in files:
            if file.suffix == ".pyc" or file.parts[0] == ".." or file.name in _ITS_OWN:
                continue
            content = Path(str(file.locate())).read_bytes()
            hashed = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
            rows.append([file.as_posix(), f"sha256={hashed.decode()}", len(content)])
            packing.writestr(file.as_posix(), content)
        info = next(file for file in files if file.name == "METADATA").parent.as_posix()
        record = io.StringIO()
        csv.writer(record, lineterminator="\n").writerows([*rows, [f"{info}/RECORD", "", ""]])
        packing.writestr(f"{info}/RECORD", record.getvalue())
    return part.rename(whole)


_ITS_OWN = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}
"""What an installer writes."""
