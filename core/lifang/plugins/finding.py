"""Plugins as their metadata tells of them, judged before a line of theirs is run."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement

from lifang.kit.words import _, n_

GROUP, PROVIDES = "lifang.plugins", "lifang.provides"

TWICE = n_("{distributions} 都自称插件 {id}；请卸载其中一个软件包")
CORE_RANGE = n_("需要里坊 {wanted}，这里是 {version}；请换用合适的版本")
ABSENT = n_("缺少软件包 {name}{wanted}；请先安装它")
OTHER = n_("需要软件包 {name}{wanted}，这里是 {version}；请换用合适的版本")
UNREADABLE = n_("软件包的依赖「{line}」写得不对；请告诉它的作者")


@dataclass(frozen=True)
class Reason:
    """Why a plugin is kept out, said in the language of whoever asks."""

    sentence: str
    told: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        """Say it."""
        return _(self.sentence, **self.told)


@dataclass(frozen=True)
class Found:
    """A plugin present on this machine, known by its metadata alone: nothing was imported.

    With `reasons`, it will not be imported either. `provides` are the interfaces it offers.
    """

    id: str
    distribution: str
    version: str
    summary: str
    entry: metadata.EntryPoint
    provides: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()


def discover() -> dict[str, Found]:
    """Every plugin installed in this Python, by id; read anew when a folder of packages changed."""
    return dict(_discovered(tuple((place, _changed(place)) for place in sys.path)))


def _changed(place: str) -> int:
    """When something was last put into or taken out of a folder, as installers do."""
    with suppress(OSError):
        return Path(place or ".").stat().st_mtime_ns
    return 0


@lru_cache(maxsize=1)
def _discovered(_places: tuple[tuple[str, int], ...]) -> dict[str, Found]:
    found: dict[str, Found] = {}
    versions: dict[str, str | None] = {}
    for entry in metadata.entry_points(group=GROUP):
        told: Any = entry.dist.metadata if entry.dist else EmailMessage()
        requires = list(told.get_all("Requires-Dist", ()))
        one = Found(
            id=entry.name,
            distribution=str(told.get("Name", "")),
            version=str(told.get("Version", "")),
            summary=str(told.get("Summary", "")),
            entry=entry,
            provides=_provides(entry),
            reasons=tuple(_against(requires, versions)),
        )
        if (other := found.get(entry.name)) is not None:
            both = f"{other.distribution}、{one.distribution}"
            twice = Reason(TWICE, {"distributions": both, "id": one.id})
            one = replace(other, reasons=(*other.reasons, twice))
        found[entry.name] = one
    return found


def _provides(entry: metadata.EntryPoint) -> tuple[str, ...]:
    """The interfaces the distribution of a plugin says that it offers."""
    offered = entry.dist.entry_points if entry.dist else ()
    return tuple(one.name for one in offered if one.group == PROVIDES and one.value == entry.value)


def _against(requires: Iterable[str], versions: dict[str, str | None]) -> Iterator[Reason]:
    """What of a distribution's requirements is not met here; what was looked up is remembered."""
    for line in requires:
        try:
            wanted = Requirement(line)
        except InvalidRequirement:
            yield Reason(UNREADABLE, {"line": line})
            continue
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue
        if wanted.name not in versions:
            versions[wanted.name] = _version(wanted.name)
        version = versions[wanted.name]
        told = {"name": wanted.name, "wanted": str(wanted.specifier), "version": version}
        if version is None:
            yield Reason(ABSENT, told)
        elif not wanted.specifier.contains(version, prereleases=True):
            yield Reason(CORE_RANGE if wanted.name == "lifang" else OTHER, told)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
