"""What a plugin's distribution says of itself before anything of it is imported."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from lifang.checking.rule import Hits, hit, rule
from lifang.checking.source import GROUP, Source
from lifang.plugins.plugin import ID

ENTRY = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
CORE = "lifang"


def core_version() -> Version:
    """The version of the core that judges."""
    return Version(metadata.version(CORE))


def cap() -> str:
    """Below what a plugin's requirement of the core stays: its next major version."""
    return str(core_version().major + 1)


def requirements(source: Source) -> list[Requirement]:
    """What the distribution requires, as far as it can be read."""
    found = []
    for line in source.project.get("dependencies") or ():
        try:
            found.append(Requirement(str(line)))
        except InvalidRequirement:
            continue
    return found


@rule("LF101", tier=1)
def metadata_parses(source: Source) -> Hits:
    """The manifest can be read and says name and version."""
    spot = source.manifest_spot("[project]")
    if source.manifest_path not in source.files:
        yield hit(spot, file=source.manifest_path, why="missing")
        return
    try:
        project = source.manifest.get("project")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        yield hit(spot, file=source.manifest_path, why=error)
        return
    if not isinstance(project, dict):
        yield hit(spot, file=source.manifest_path, why="[project]")
        return
    for key in ("name", "version"):
        if not project.get(key) and key not in project.get("dynamic", ()):
            yield hit(spot, file=source.manifest_path, why=f"project.{key}")
    if told := project.get("version"):
        try:
            Version(str(told))
        except InvalidVersion as error:
            yield hit(source.manifest_spot("version"), file=source.manifest_path, why=error)
    for line in project.get("dependencies") or ():
        try:
            Requirement(str(line))
        except InvalidRequirement as error:
            told = str(error).splitlines()[0]
            yield hit(source.manifest_spot(str(line)), file=source.manifest_path, why=told)


@rule("LF102", tier=1)
def one_entry_point(source: Source) -> Hits:
    """The entry point is single, well written, and leads to something that is there."""
    entries = source.entries
    spot = source.manifest_spot(GROUP)
    if len(entries) != 1:
        yield hit(spot, found=", ".join(entries) or "—")
        return
    ((name, value),) = entries.items()
    module, _colon, attribute = value.partition(":")
    found = next((one for one in source.parsed if one.name == module), None)
    broken = found is not None and found.tree is None
    there = found is not None and (broken or attribute in found.bound | found.imported.keys())
    if not ENTRY.fullmatch(value) or not there:
        yield hit(source.manifest_spot(value), found=f"{name} = {value}")


@rule("LF103", tier=1)
def id_is_the_entry_point(source: Source) -> Hits:
    """Id and entry point are one name."""
    for name in source.entries:
        if not ID.fullmatch(name) or source.id != name:
            yield hit(source.spot, id=source.id, name=name)


@rule("LF104", tier=1)
def id_is_free(source: Source) -> Hits:
    """Nobody else on this machine has the id, least of all the core."""
    from lifang.cli.main import COMMANDS

    taken = {name.replace("-", "_") for name in COMMANDS} | {"core", CORE}
    if source.id in taken:
        yield hit(source.spot, id=source.id, owner=CORE)
    own = canonicalize_name(str(source.project.get("name", "")))
    for entry in metadata.entry_points(group=GROUP):
        other = entry.dist.name if entry.dist else ""
        if entry.name == source.id and canonicalize_name(other) != own:
            yield hit(source.spot, id=source.id, owner=other)


def _with_core(source: Source) -> Mapping[str, str]:
    """The manifest with the core's requirement as it should be."""
    text = source.text("pyproject.toml") or ""
    right = f"{CORE}>={core_version().major}.{core_version().minor},<{cap()}"
    return {
        "pyproject.toml": re.sub(r"""(?<=["'])lifang\s*(?:[<>=!~][^"']*)?(?=["'])""", right, text)
    }


@rule("LF105", tier=1, fix=_with_core)
def core_is_required_in_one_major(source: Source) -> Hits:
    """The core's requirement has a lower bound and stops at the next major version."""
    told = [one for one in requirements(source) if canonicalize_name(one.name) == CORE]
    version = core_version()
    least = f"{version.major}.{version.minor}"
    if not told:
        yield hit(source.manifest_spot("dependencies"), found="—", least=least, cap=cap())
    for one in told:
        low = [part for part in one.specifier if part.operator in (">=", ">", "~=")]
        high = [part for part in one.specifier if part.operator in ("<", "<=", "==", "~=")]
        majors = [Version(part.version) for part in high if part.operator == "<"]
        capped = len(high) == 1 and len(majors) == 1 and _is_major(majors[0])
        if not low or not capped or not one.specifier.contains(version, prereleases=True):
            spot = source.manifest_spot(CORE + str(one.specifier)[:1])
            yield hit(spot, found=one, least=least, cap=cap())


def _is_major(version: Version) -> bool:
    return not version.minor and not version.micro and not version.is_prerelease


@rule("LF106", tier=2)
def nothing_is_pinned(source: Source) -> Hits:
    """No dependency is pinned to one version or fetched from an address."""
    for one in requirements(source):
        pinned = any(
            part.operator in ("==", "===") and not part.version.endswith(".*")
            for part in one.specifier
        )
        if pinned or one.url:
            yield hit(source.manifest_spot(one.name), found=one)


@rule("LF107", tier=1)
def resolves_beside_the_core(source: Source) -> Hits:
    """What it requires goes together with what the core has here."""
    beside = {canonicalize_name(Requirement(one).name) for one in metadata.requires(CORE) or ()}
    for one in requirements(source):
        name = canonicalize_name(one.name)
        if name not in beside or (one.marker and not one.marker.evaluate()):
            continue
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
        if not one.specifier.contains(version, prereleases=True):
            spot = source.manifest_spot(one.name)
            yield hit(spot, found=one, name=name, version=version)


def _with_python(source: Source) -> Mapping[str, str]:
    """The manifest with the core's own requirement of Python."""
    text, least = source.text("pyproject.toml") or "", f'requires-python = ">={_least_python()}"'
    if re.search(r"^requires-python\s*=", text, re.M):
        return {"pyproject.toml": re.sub(r"(?m)^requires-python\s*=.*$", least, text)}
    return {"pyproject.toml": re.sub(r"(?m)^(version\s*=.*)$", rf"\1\n{least}", text, count=1)}


def _least_python() -> str:
    own = metadata.metadata(CORE).get("Requires-Python") or ">=3.11"
    return re.sub(r"[^\d.]", "", own.split(",")[0])


@rule("LF108", tier=3, fix=_with_python, severity="warning")
def runs_where_the_core_runs(source: Source) -> Hits:
    """It asks for no newer Python than the core does."""
    told = str(source.project.get("requires-python") or "")
    least = _least_python()
    try:
        fits = bool(told) and SpecifierSet(told).contains(least)
    except ValueError:
        fits = False
    if not fits:
        yield hit(source.manifest_spot("requires-python"), found=told or "—", version=least)


@rule("LF110", tier=3)
def licence_is_valid(source: Source) -> Hits:
    """The licence is an SPDX expression, and its text is there."""
    told = source.project.get("license")
    told = told.get("text") if isinstance(told, dict) else told
    try:
        valid = bool(told) and bool(canonicalize_license_expression(str(told)))
    except InvalidLicenseExpression:
        valid = False
    names = {Path(path).name.partition(".")[0].upper() for path in source.files}
    if not valid or not names & {"LICENSE", "LICENCE", "COPYING"}:
        yield hit(source.manifest_spot("license"), found=told or "—")


@rule("LF111", tier=3)
def somebody_maintains_it(source: Source) -> Hits:
    """Somebody is named who looks after it."""
    people = [*(source.project.get("authors") or ()), *(source.project.get("maintainers") or ())]
    if not any(isinstance(one, dict) and (one.get("name") or one.get("email")) for one in people):
        yield hit(source.manifest_spot("[project]"))


@rule("LF112", tier=3)
def weaknesses_can_be_reported(source: Source) -> Hits:
    """It says where a weakness is reported."""
    urls = source.project.get("urls") or {}
    told = any("security" in str(name).lower() for name in urls)
    written = any(path.upper().endswith("SECURITY.MD") for path in source.files)
    text = readme(source)[1]
    section = re.search(r"^#+ .*(security|安全)", text, re.M | re.I)
    if not (told or written or section):
        yield hit(source.manifest_spot("[project]"))


def readme(source: Source) -> tuple[str, str]:
    """The README's path and text; of a wheel, what its metadata carries of it."""
    if source.wheel is not None:
        return source.manifest_path, str(source.project.get("readme") or "")
    told = source.project.get("readme")
    path = told.get("file") if isinstance(told, dict) else told
    path = path if isinstance(path, str) else "README.md"
    return path, source.text(path) or ""
