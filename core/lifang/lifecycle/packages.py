"""Packages of plugins that come from afar: sent as a wheel, or named; never a path of this machine.

Whoever sits at another desk may not name files here. What is sent is held against the hash that its
publisher told, what is named against that of the catalogue or one that is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.version import Version

from lifang.entities.caller import Caller
from lifang.kit.errors import Invalid, NotFound
from lifang.kit.words import _, half
from lifang.lifecycle import bundles, catalogue, sources, upgrading
from lifang.lifecycle.sources import Fetched
from lifang.lifecycle.states import Listed
from lifang.lifecycle.upgrading import Plan, Upgraded
from lifang.plugins.declared import said
from lifang.plugins.manager import discover

Given = Mapping[str, Any]
"""Some of `file` (the path of what was sent), `source` (a name), `hash`, `no_backup`."""


@dataclass(frozen=True)
class Package:
    """What a wheel would bring, told before it is installed."""

    id: str
    distribution: str
    version: str
    summary: str
    licence: str
    core: str
    sha256: str
    files: int
    brings: tuple[str, ...]


@dataclass(frozen=True)
class Offer:
    """What the catalogue has: a plugin that is not here, or a newer version of one that is."""

    id: str
    label: str
    version: str
    summary: str
    status: str
    here: str | None


def offers(caller: Caller, words: Iterable[str] = ()) -> list[Offer]:
    """What the catalogue has beyond what is here; nothing without one. Raises as it is read."""
    known = catalogue.configured(caller.instance.settings)
    present = discover()
    told = []
    for one in known.search(words):
        here = present[one.id].version if one.id in present else None
        latest = one.latest.version if one.latest else None
        if latest and (here is None or Version(latest) > Version(here)):
            label, summary = said(one.label), said(one.summary)
            told.append(Offer(one.id, label, latest, summary, one.status, here))
    return told


def look(caller: Caller, given: Given) -> Package:
    """Say what a package would bring; nothing is installed. Raises as `install` does."""
    with _fetched(caller, given) as found:
        sources.demand_new(found.wheel.id)
        wheel = found.wheel
        return Package(
            id=wheel.id,
            distribution=wheel.distribution,
            version=wheel.version,
            summary=half(wheel.summary),
            licence=wheel.licence,
            core=str(wheel.core),
            sha256=wheel.sha256,
            files=len(wheel.files),
            brings=tuple(f"{one.name} {one.version}" for one in found.brings),
        )


def install(caller: Caller, given: Given) -> Listed:
    """Install the package of a plugin that is not here yet; it is on nowhere.

    Raises Forbidden, NotFound, Invalid and Conflict as `sources.fetched`, and Invalid where there
    is no hash to hold it against.
    """
    with _fetched(caller, given) as found:
        return sources.install(caller, found)


@dataclass(frozen=True)
class Bundled:
    """What a bundle would do at a place, plugin by plugin."""

    name: str
    label: str
    steps: tuple[bundles.Step, ...]


def bundle_names(caller: Caller) -> list[tuple[str, str]]:
    """The bundles of the catalogue: their names, and what they are called."""
    known = catalogue.configured(caller.instance.settings).bundles
    return [(one.name, said(one.label)) for one in known.values()]


def look_into(caller: Caller, given: Given) -> Bundled:
    """Say what a bundle of the catalogue would do at a place; nothing is done."""
    if "at" not in given:
        raise _wrong("at", _("请用 --at 说明组合在哪个社区启用"))
    bundle, steps = bundles.plan(caller, given.get("bundle", ""), at=given["at"])
    return Bundled(bundle.name, said(bundle.label), tuple(steps))


def install_bundle(caller: Caller, given: Given) -> tuple[str, ...]:
    """Install a bundle, switch it on at a place and set it; gives the ids of its plugins."""
    bundle, steps = bundles.plan(caller, given["bundle"], at=given["at"])
    bundles.apply(caller, bundle, steps, at=given["at"])
    return bundle.plugins


def plan(caller: Caller, plugin: str, given: Given) -> Plan:
    """Say what an upgrade would do; without a name, to the newest version of the catalogue."""
    id = upgrading.demand_installed(caller, plugin)
    with _fetched(caller, _named(caller, id, given)) as found:
        return upgrading.plan(caller, id, found)


def upgrade(caller: Caller, plugin: str, given: Given) -> Upgraded:
    """Upgrade a plugin, whole or not at all."""
    id = upgrading.demand_installed(caller, plugin)
    with _fetched(caller, _named(caller, id, given)) as found:
        keep = not given.get("no_backup", False)
        return upgrading.upgrade(caller, upgrading.plan(caller, id, found), found, keep=keep)


def _named(caller: Caller, id: str, given: Given) -> Given:
    if "file" in given or "source" in given:
        return given
    if id not in catalogue.configured(caller.instance.settings).entries:
        raise NotFound(_("目录里没有插件「{id}」；请上传 wheel 文件，或写名称==版本", id=id))
    return {**given, "source": id}


@contextmanager
def _fetched(caller: Caller, given: Given) -> Iterator[Fetched]:
    sent, named, hash = given.get("file"), given.get("source"), given.get("hash")
    if (sent is None) == (named is None):
        raise _wrong("source", _("请上传 wheel 文件，或写明目录里的编号或名称==版本"))
    if named is not None and ("/" in named or "\\" in named or Path(named).exists()):
        raise _wrong("source", _("请上传 wheel 文件，或写明目录里的编号或名称==版本"))
    if sent is not None and hash is None:
        raise _wrong("hash", _("请写明发布者公布的 SHA-256，以便核对"))
    with sources.fetched(caller, str(sent or named), hash=hash) as found:
        if not found.known:
            raise _wrong("hash", _("请写明发布者公布的 SHA-256，以便核对"))
        yield found


def _wrong(name: str, sentence: str) -> Invalid:
    return Invalid.about(name, "required", sentence)
