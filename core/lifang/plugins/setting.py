"""What districts turn: a plugin's settings, each with a day it holds from and what it rests on."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar, cast

from lifang.entities.community import SEGMENT, Community
from lifang.kit import clock
from lifang.kit.words import _, n_
from lifang.plugins.tables import SettingRow

T = TypeVar("T")

NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
YES = {"yes": True, "true": True, "是": True, "no": False, "false": False, "否": False}
KINDS = {
    int: n_("整数"),
    bool: n_("是或否"),
    str: n_("文字"),
    dt.date: n_("日期，例如 2026-09-01"),
    list: n_("整数，用逗号隔开"),
}


@dataclass(frozen=True)
class Layer:
    """One word on a setting that holds on a day, at one node; `holds` for the one that decides."""

    code: str
    name: str
    value: str | None
    from_date: dt.date
    basis: str
    preset: str | None
    locked: bool
    holds: bool = False


@dataclass
class Setting(Generic[T]):
    """A local rule that a district sets for part of its tree, from a day on.

    `kind` is int, bool, str, datetime.date or list (of whole numbers); `choices` are the words it
    may be, with their labels; `presets` are values that are known from somewhere, by the name that
    several settings of the plugin share (`foshan-2022`). Laws are no settings: they are constants.

    Called with a community and a day, it gives its value there and then: the nearest node's own,
    what a node above has locked, or the default.
    """

    name: str
    kind: type
    label: str
    default: T
    help: str = ""
    unit: str = ""
    minimum: int | None = None
    maximum: int | None = None
    choices: Mapping[str, str] = field(default_factory=dict)
    presets: Mapping[str, T] = field(default_factory=dict)
    plugin: str = ""

    def of(self, plugin: str) -> Setting[T]:
        """Belong to a plugin; raises ValueError for a declaration that contradicts itself."""
        if not NAME.fullmatch(self.name) or self.kind not in KINDS:
            raise ValueError(f"setting {self.name!r}: a name in small letters, one of {KINDS}")
        for value in (self.default, *self.presets.values()):
            try:
                self.read(self.written(value))
            except ValueError as error:
                raise ValueError(f"setting {self.name} cannot be {value!r}: {error}") from None
        self.plugin = plugin
        return self

    def __call__(self, at: Community | int, on: dt.date | None = None) -> T:
        """Its value at a community on a day, today by default."""
        holding = [one for one in self.layers(at, on or clock.today()) if one.holds]
        return self.default if not holding else self.read(cast(str, holding[0].value))

    def layers(self, at: Community | int, on: dt.date) -> list[Layer]:
        """What was said of it at a community and above and holds on a day, the nearest first."""
        node = at if isinstance(at, Community) else Community.get_by_id(at)
        steps = range(SEGMENT, len(node.path) + 1, SEGMENT)
        above = [node.path[:step] for step in steps]
        rows: Any = (
            SettingRow.select(SettingRow, Community)
            .join(Community)
            .where(
                SettingRow.plugin == self.plugin,
                SettingRow.key == self.name,
                SettingRow.from_date <= on,
                Community.path.in_(above),
            )
            .order_by(SettingRow.from_date, SettingRow.id)
        )
        last = {row.community.path: row for row in rows}
        found = [_layer(last[path]) for path in reversed(above) if path in last]
        saying = [one for one in found if one.value is not None]
        locked = [one for one in saying if one.locked]
        decides = locked[-1] if locked else saying[0] if saying else None
        return [replace(one, holds=one is decides) for one in found]

    def read(self, said: str) -> T:
        """Read a value as somebody wrote it; raises ValueError, saying what would be right."""
        try:
            value = self._read(said.strip())
        except ValueError:
            raise ValueError(self.right()) from None
        numbers = value if isinstance(value, list) else [value] if self.kind is int else []
        low, high = self.minimum, self.maximum
        if any((low is not None and n < low) or (high is not None and n > high) for n in numbers):
            raise ValueError(self.right())
        return cast(T, value)

    def _read(self, said: str) -> Any:
        if self.kind is bool:
            if said.lower() not in YES:
                raise ValueError
            return YES[said.lower()]
        if self.kind is list:
            return [int(one) for one in re.split("[,，]", said) if one.strip()]
        if self.kind is dt.date:
            return dt.date.fromisoformat(said)
        if self.kind is int:
            return int(said)
        if not said or (self.choices and said not in self.choices):
            raise ValueError
        return said

    def written(self, value: T) -> str:
        """A value as it is written and kept."""
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, list):
            return ",".join(map(str, value))
        return str(value)

    def right(self) -> str:
        """What may be said."""
        told = _(KINDS[self.kind])
        if self.choices:
            told = _("、").join(f"{word}（{_(label)}）" for word, label in self.choices.items())
        low, high = self.minimum, self.maximum
        if low is not None and high is not None:
            told += _("，{low} 到 {high}", low=low, high=high)
        elif low is not None:
            told += _("，不小于 {low}", low=low)
        elif high is not None:
            told += _("，不大于 {high}", high=high)
        return told


def _layer(row: Any) -> Layer:
    node = row.community
    return Layer(
        node.code, node.name, row.value, row.from_date, row.basis, row.preset, bool(row.locked)
    )


def presets_of(settings: Mapping[str, Setting[Any]]) -> dict[str, dict[str, Any]]:
    """The presets of a plugin, each with the values it gives."""
    found: dict[str, dict[str, Any]] = {}
    for one in settings.values():
        for preset, value in one.presets.items():
            found.setdefault(preset, {})[one.name] = value
    return found
