"""What a plugin's distribution says of itself before anything of it is imported."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from lifang.checking.rule import Hits, Spot, hit, rule
from lifang.checking.source import GROUP, Source
from lifang.plugins.plugin import ID

MAJOR = re.compile(r"\d+(\.0)*")
ENTRY = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
CORE = "lifang"


def bounds() -> dict[str, str]:
    """What a plugin's requirement of the core says: from this version on, below the next major."""
    version = Version(metadata.version(CORE))
    return {"least": f"{version.major}.{version.minor}", "cap": str(version.major + 1)}


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
    file = source.manifest_path
    try:
        project = source.manifest["project"] if file in source.files else {}
        lacking = [key for key in ("name", "version") if not project.get(key)]
        for key in set(lacking) - set(project.get("dynamic", ())):
            yield hit(Spot(file), file=file, why=f"project.{key}")
        lines = [str(one) for one in project.get("dependencies") or ()]
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        yield hit(Spot(file), file=file, why=error)
        return
    wrong = {line: _why_not(Requirement, line) for line in lines}
    if told := str(project.get("version") or ""):
        wrong[told] = _why_not(Version, told)
    for line, why in wrong.items():
        if why:
            yield hit(source.manifest_spot(line), file=file, why=why)


def _why_not(read: Callable[[str], object], text: str) -> str | None:
    try:
        read(text)
    except ValueError as error:  # InvalidVersion and InvalidRequirement are ones
        return str(error).splitlines()[0]
    return None


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
    for name, other in plugins_here(tuple(sys.path)):
        if name == source.id and other != own:
            yield hit(source.spot, id=source.id, owner=other)


@cache
def plugins_here(_path: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """The plugins installed on a path of Python: their ids, and what distribution each is of."""
    found = metadata.entry_points(group=GROUP)
    return tuple((one.name, canonicalize_name(one.dist.name)) for one in found if one.dist)


def _with_core(source: Source) -> Mapping[str, str]:
    """The manifest with the core's requirement as it should be."""
    text = source.text("pyproject.toml") or ""
    right = "{}>={least},<{cap}".format(CORE, **bounds())
    return {
        "pyproject.toml": re.sub(r"""(?<=["'])lifang\s*(?:[<>=!~][^"']*)?(?=["'])""", right, text)
    }


@rule("LF105", tier=1, fix=_with_core)
def core_is_required_in_one_major(source: Source) -> Hits:
    """The core's requirement has a lower bound and stops at the next major version."""
    told, version = bounds(), metadata.version(CORE)
    found = [one for one in requirements(source) if canonicalize_name(one.name) == CORE]
    if not found:
        yield hit(source.manifest_spot("dependencies"), found="—", **told)
    for one in found:
        low = any(part.operator in (">=", ">") for part in one.specifier)
        high = [part for part in one.specifier if part.operator not in (">=", ">", "!=")]
        capped = len(high) == 1 and high[0].operator == "<" and MAJOR.fullmatch(high[0].version)
        if not (low and capped and one.specifier.contains(version, prereleases=True)):
            yield hit(source.manifest_spot(CORE + str(one.specifier)[:1]), found=one, **told)


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
        here = installed(name) if name in beside else None
        meant = one.marker is None or one.marker.evaluate()
        if here and meant and not one.specifier.contains(here, prereleases=True):
            yield hit(source.manifest_spot(one.name), found=one, name=name, version=here)


def installed(name: str) -> str | None:
    """The version of a distribution that is installed here, or None."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


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
