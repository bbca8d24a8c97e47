"""Plugins as their metadata tells of them, judged before a line of theirs is run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib import metadata
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from lifang.kit.words import _, n_
from lifang.plugins.interfaces import CIRCLE

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
    """Every plugin installed in this Python, by id."""
    found: dict[str, Found] = {}
    wants: dict[str, set[str]] = {}
    for entry in metadata.entry_points(group=GROUP):
        told: Any = entry.dist.metadata if entry.dist else {}
        one = Found(
            id=entry.name,
            distribution=str(told.get("Name", "")),
            version=entry.dist.version if entry.dist else "",
            summary=str(told.get("Summary", "")),
            entry=entry,
            provides=_provides(entry),
            reasons=tuple(_against(entry.dist.requires or () if entry.dist else ())),
        )
        wants[entry.name] = {canonicalize_name(name) for name in _names(entry)}
        if (other := found.get(entry.name)) is not None:
            both = f"{other.distribution}、{one.distribution}"
            twice = Reason(TWICE, {"distributions": both, "id": one.id})
            one = replace(other, reasons=(*other.reasons, twice))
        found[entry.name] = one
    return _without_circles(found, wants)


def _provides(entry: metadata.EntryPoint) -> tuple[str, ...]:
    """The interfaces the distribution of a plugin says that it offers."""
    offered = entry.dist.entry_points if entry.dist else ()
    return tuple(one.name for one in offered if one.group == PROVIDES and one.value == entry.value)


def _names(entry: metadata.EntryPoint) -> Iterator[str]:
    for line in (entry.dist.requires if entry.dist else None) or ():
        try:
            yield Requirement(line).name
        except InvalidRequirement:
            continue


def _against(requires: Iterable[str]) -> Iterator[Reason]:
    """What of a distribution's requirements is not met here."""
    for line in requires:
        try:
            wanted = Requirement(line)
        except InvalidRequirement:
            yield Reason(UNREADABLE, {"line": line})
            continue
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue
        try:
            version = metadata.version(wanted.name)
        except metadata.PackageNotFoundError:
            yield Reason(ABSENT, {"name": wanted.name, "wanted": str(wanted.specifier)})
            continue
        if not wanted.specifier.contains(version, prereleases=True):
            sentence = CORE_RANGE if wanted.name == "lifang" else OTHER
            told = {"name": wanted.name, "wanted": str(wanted.specifier), "version": version}
            yield Reason(sentence, told)


def _without_circles(found: dict[str, Found], wants: dict[str, set[str]]) -> dict[str, Found]:
    """Keep out those whose distributions require one another."""
    named: dict[str, str] = {canonicalize_name(one.distribution): one.id for one in found.values()}
    above = {id: {named[name] for name in wants[id] if name in named} for id in found}
    for id in found:
        way = _way_back(id, above)
        if way:
            reason = Reason(CIRCLE, {"circle": " → ".join(way)})
            found[id] = replace(found[id], reasons=(*found[id].reasons, reason))
    return found


def _way_back(start: str, above: dict[str, set[str]]) -> list[str]:
    """The way from a plugin over what it requires back to itself, or nothing."""
    ways, seen = [[start]], set[str]()
    while ways:
        way = ways.pop()
        for one in sorted(above[way[-1]]):
            if one == start:
                return [*way, start]
            if one not in seen:
                seen.add(one)
                ways.append([*way, one])
    return []
