"""The catalogue: a folder of one TOML per plugin, read without a network; and what it denies.

Beside the plugins lie `deny.toml` (plugins that are not loaded) and `bundles.toml` (plugins that go
together). A folder that was built holds all of it as `index.json`, perhaps with wheels beside it.
"""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from lifang.kit.causes import why
from lifang.kit.errors import Invalid, NotFound, NotReady
from lifang.kit.settings import Settings
from lifang.kit.words import SOURCE, _
from lifang.plugins.declared import said
from lifang.plugins.manager import discover
from lifang.plugins.plugin import ID

INDEX, DENY, BUNDLES = "index.json", "deny.toml", "bundles.toml"
CAPABILITIES = ("tables", "pages", "outside", "duties")
STATUSES = ("active", "deprecated", "withdrawn")
Words = Mapping[str, str]
"""A text in Chinese and English, by language."""


@dataclass(frozen=True)
class Release:
    """A version of a plugin; its hash is known where its wheel was there to be measured."""

    version: str
    sha256: str = ""
    file: str = ""


@dataclass(frozen=True)
class Entry:
    """What the catalogue says of a plugin.

    `tier` is what `lifang plugin check` gave (1 to 4), `core` the versions of lifang it works with,
    `personal_data` which of it is kept, `capabilities` some of tables, pages, outside and duties.
    """

    id: str
    distribution: str
    label: Words
    summary: Words
    tier: int
    core: str
    licence: str
    maintainer: str
    versions: tuple[Release, ...] = ()
    status: str = "active"
    successor: str = ""
    personal_data: Words = field(default_factory=dict)
    capabilities: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()

    @property
    def latest(self) -> Release | None:
        """Its newest version."""
        return max(self.versions, key=lambda one: Version(one.version), default=None)


@dataclass(frozen=True)
class Denied:
    """A plugin that must not be loaded, in some versions or all, why, and since when."""

    id: str
    reason: Words
    versions: str = ""
    since: str = ""

    def covers(self, id: str, version: str) -> bool:
        """Whether a version of a plugin is meant."""
        return id == self.id and SpecifierSet(self.versions).contains(version, prereleases=True)

    def why(self) -> str:
        """What people are told."""
        since = _("（{since} 起）", since=self.since) if self.since else ""
        return (said(self.reason) or _("没有写明原因")) + since


@dataclass(frozen=True)
class Bundle:
    """Plugins that go together, with what they are set to on what basis (`preset` or values)."""

    name: str
    label: Words
    plugins: tuple[str, ...]
    settings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Catalogue:
    """A catalogue that was read; `folder` is where wheels may lie beside it."""

    folder: Path | None = None
    entries: Mapping[str, Entry] = field(default_factory=dict)
    denied: tuple[Denied, ...] = ()
    bundles: Mapping[str, Bundle] = field(default_factory=dict)

    def search(self, words: Iterable[str]) -> list[Entry]:
        """The plugins in whose id, name or summary every word occurs, those to be had first."""
        wanted = [word.lower() for word in words]
        found = [
            one
            for one in self.entries.values()
            if all(word in self._text[one.id] for word in wanted)
        ]
        return sorted(found, key=lambda one: (one.status != "active", one.id))

    @cached_property
    def _text(self) -> dict[str, str]:
        return {
            one.id: " ".join(
                [one.id, one.distribution, *one.label.values(), *one.summary.values()]
            ).lower()
            for one in self.entries.values()
        }

    def entry(self, id: str) -> Entry:
        """One plugin; raises NotFound."""
        if id in self.entries:
            return self.entries[id]
        raise NotFound(_("目录里没有插件「{id}」；lifang plugin search 列出目录里的", id=id))

    def bundle(self, name: str) -> Bundle:
        """One bundle; raises NotFound naming those there are."""
        if name in self.bundles:
            return self.bundles[name]
        known = _("、").join(self.bundles) or "—"
        raise NotFound(_("目录里没有组合「{name}」；有：{known}", name=name, known=known))

    def wheel(self, release: Release) -> Path | None:
        """The wheel of a release, where it lies beside the catalogue."""
        if self.folder is None or not release.file:
            return None
        places = (self.folder / release.file, self.folder / "wheels" / release.file)
        return next((place for place in places if place.is_file()), None)


def configured(told: Settings) -> Catalogue:
    """The catalogue an instance is told of, empty if none; raises Invalid and NotReady."""
    local = tuple(_denied_line(line) for line in told.deny)
    if told.catalogue is None:
        return Catalogue(denied=local)
    found = read(told.home / told.catalogue.expanduser())
    return Catalogue(found.folder, found.entries, (*local, *found.denied), found.bundles)


def denied(told: Settings) -> dict[str, str]:
    """The plugins present here that must not be loaded, by id, each with the reason."""
    if told.catalogue is None and not told.deny:
        return {}
    return {
        found.id: one.why()
        for one in configured(told).denied
        for found in discover().values()
        if one.covers(found.id, found.version)
    }


def read(folder: Path) -> Catalogue:
    """Read a folder: its index where it was built, else its TOML files."""
    try:
        if (folder / INDEX).exists():
            told = json.loads((folder / INDEX).read_text("utf-8"))
        else:
            told = gathered(folder)
    except OSError as error:
        raise NotReady(
            _("读不了插件目录 {folder}：{why}", folder=folder, why=why(error))
        ) from error
    except ValueError as error:
        raise Invalid(_("{file} 的写法有误：{why}", file=folder / INDEX, why=error)) from error
    entries = [_entry(one, folder) for one in told["plugins"]]
    return Catalogue(
        folder,
        {one.id: one for one in entries},
        tuple(_denied(one, folder / DENY) for one in told["deny"]),
        {name: _bundle(name, one, folder / BUNDLES) for name, one in told["bundles"].items()},
    )


def gathered(folder: Path) -> dict[str, Any]:
    """What the TOML files of a folder say, unchecked, as `index.json` holds it."""
    if not folder.is_dir():
        raise NotReady(_("没有插件目录 {folder}", folder=folder))
    apart = (DENY, BUNDLES)
    files = [path for path in sorted(folder.glob("*.toml")) if path.name not in apart]
    return {
        "format": 1,
        "plugins": [_toml(path) | {"_file": path.name} for path in files],
        "deny": _toml(folder / DENY).get("deny", []),
        "bundles": _toml(folder / BUNDLES),
    }


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(_("{file} 的写法有误：{why}", file=path, why=error)) from error


def _entry(told: Mapping[str, Any], folder: Path) -> Entry:
    """One plugin, checked; Invalid names the file and the key."""
    given = dict(told)
    file = folder / given.pop("_file", f"{given.get('id')}.toml")
    try:
        releases = tuple(Release(**one) for one in given.pop("versions", ()))
        lists: Any = {
            name: tuple(given.pop(name, ())) for name in ("capabilities", "provides", "needs")
        }
        entry = Entry(**given, versions=releases, **lists)
        SpecifierSet(entry.core)
        for one in releases:
            Version(one.version)
    except TypeError as error:
        raise Invalid(_("{file} 的键不对：{why}", file=file, why=error)) from error
    except (InvalidSpecifier, InvalidVersion) as error:
        raise Invalid(_("{file} 的版本写法有误：{why}", file=file, why=error)) from error
    wrong = {
        "id": not ID.fullmatch(entry.id) or file.stem != entry.id,
        "status": entry.status not in STATUSES,
        "tier": entry.tier not in (1, 2, 3, 4),
        "capabilities": not set(entry.capabilities) <= set(CAPABILITIES),
        "successor": bool(entry.successor) and entry.status == "active",
        "label": not entry.label.get(SOURCE),
        "summary": not entry.summary.get(SOURCE),
    }
    for key in (key for key, bad in wrong.items() if bad):
        value = getattr(entry, key)
        raise Invalid(_("{file} 的 {key} 不能是 {value}", file=file, key=key, value=value))
    return entry


def _denied(told: Mapping[str, Any], file: Path) -> Denied:
    try:
        reason = told.get("reason", {})
        since = told.get("since", "")
        SpecifierSet(told.get("versions", ""))
        return Denied(
            told["id"],
            {SOURCE: reason} if isinstance(reason, str) else reason,
            told.get("versions", ""),
            str(since),
        )
    except (KeyError, InvalidSpecifier) as error:
        raise Invalid(_("{file} 的写法有误：{why}", file=file, why=error)) from error


def _denied_line(line: str) -> Denied:
    """Read a line of `deny` in lifang.toml, which was checked: id, versions, since, reason."""
    id, *rest = line.split()
    versions = rest.pop(0) if rest and rest[0][0] in "<>=!~" else ""
    since = ""
    if rest:
        try:
            since = str(dt.date.fromisoformat(rest[0]))
            del rest[0]
        except ValueError:
            pass  # the reason begins
    return Denied(id, {SOURCE: " ".join(rest)}, versions, since)


def _bundle(name: str, told: Mapping[str, Any], file: Path) -> Bundle:
    try:
        return Bundle(name, told["label"], tuple(told["plugins"]), told.get("settings", {}))
    except KeyError as error:
        raise Invalid(_("{file} 的写法有误：{why}", file=file, why=error)) from error
