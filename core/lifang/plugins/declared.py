"""What plugins said of themselves, kept for when they are off or gone: labels, fields, tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from lifang.kit import words
from lifang.kit.words import _, n_
from lifang.plugins import importing, waiting
from lifang.plugins.finding import discover
from lifang.plugins.tables import PluginRow, read_epoch

ABSENT = {
    "off": n_("{label}（未启用）"),
    "pending": n_("{label}（等待迁移）"),
    "missing": n_("{label}（缺软件包）"),
    "uninstalled": n_("{label}（已卸载）"),
    "purged": n_("{label}（已清除）"),
}
"""How something is called whose plugin is not here."""


@dataclass(frozen=True)
class Declared:
    """The declaration of a plugin as it was stored, and why the plugin is not here."""

    id: str
    label: str
    state: str
    told: Mapping[str, Any]

    @property
    def called(self) -> str:
        """What the plugin is called in the language of whoever listens."""
        return said(self.told.get("label", {})) or _(self.label)

    @property
    def name(self) -> str:
        """What the plugin is called, and that it is off or gone."""
        return self.absent(self.called)

    def absent(self, label: str) -> str:
        """Something of it, and that the plugin is off or gone."""
        return _(ABSENT[self.state], label=label)

    def noun(self, noun: str) -> Mapping[str, Any] | None:
        """What it said of a noun, told as `points`, or as its records are called, `point`."""
        nouns = self.told.get("nouns", ())
        return next((one for one in nouns if noun in (one["noun"], one["record"])), None)


@dataclass(frozen=True)
class Tomb:
    """A noun whose plugin is off or gone: its label says so, its actions have theirs still."""

    label: str
    actions: Mapping[str, Any]


class Gone:
    """The plugins that were here once, looked up by id; read anew when a switch was turned."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._epoch, self._known = -1, dict[str, Declared]()

    def of(self, plugin: str) -> Declared | None:
        """What a plugin was, or None where it was never installed."""
        epoch = read_epoch()
        if epoch != self._epoch:
            self._epoch, self._known = epoch, {row.name: _read(row) for row in PluginRow.select()}
        return self._known.get(plugin)

    def noun(self, plugin: str, noun: str) -> Tomb | None:
        """A noun of a plugin that is off or gone; None where nothing is known of it."""
        known = self.of(plugin)
        told = known.noun(noun) if known else None
        if known is None or told is None:
            return None
        actions = {name: SimpleNamespace(label=said(one)) for name, one in told["actions"].items()}
        return Tomb(known.absent(said(told["label"])), actions)

    def paper(self, name: str) -> str | None:
        """What a kind of document is called, of a plugin whose words are not spoken here."""
        known = self.of(name.partition(".")[0])
        told = known.told if known else {}
        nouns = [one.get("documents", {}) for one in told.get("nouns", ())]
        for kinds in (told.get("sheets", {}), *nouns):
            if name in kinds:
                return said(kinds[name])
        return None

    def name(self, plugin: str) -> str:
        """What a plugin is called that is off or gone; its id where it was never here."""
        known = self.of(plugin)
        return known.name if known else plugin


def said(labels: Mapping[str, str]) -> str:
    """A stored label in the language of whoever listens."""
    return labels.get(words.language()) or labels.get(words.SOURCE, "")


def _read(row: Any) -> Declared:
    state, found = row.state if row.state in ABSENT else "off", discover().get(row.name)
    if state == "off" and found is None:
        state = "missing"
    elif found and state == "off" and row.name not in importing.versions and waiting.due(found):
        state = "pending"
    return Declared(row.name, row.label, state, json.loads(row.declared or "{}"))
