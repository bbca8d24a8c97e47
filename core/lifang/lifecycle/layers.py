"""Why a setting is what it is: every word that was said of it, and why it holds or does not.

And what a plugin's settings know together: presets, and which of them nobody has set.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lifang.entities.community import Community
from lifang.kit import clock
from lifang.kit.errors import Conflict
from lifang.kit.words import _, n_
from lifang.plugins import said
from lifang.plugins.said import Word
from lifang.plugins.setting import Setting, deciding

Lost = Literal["", "later", "inherits", "locked", "nearer", "upcoming"]
REASONS: dict[Lost, str] = {
    "later": n_("同一社区后来另有规定"),
    "inherits": n_("自这一天起恢复继承"),
    "locked": n_("上级已锁定"),
    "nearer": n_("下级另有规定"),
    "upcoming": n_("还没有到生效的日期"),
}
"""Why a word does not hold: a key for programs, and a sentence for people."""


@dataclass(frozen=True)
class Layer:
    """One word on a setting, at one node from a day on; `holds` for the one that decides.

    `lost` says why another one does not; without a value the node inherits again.
    """

    code: str
    name: str
    own: bool
    value: str | None
    from_date: dt.date
    basis: str
    approved_by: str | None
    preset: str | None
    locked: bool
    set_by: str
    set_at: dt.datetime
    holds: bool = False
    lost: Lost = ""

    @property
    def why(self) -> str:
        """Why it does not hold, in words."""
        return _(REASONS[self.lost]) if self.lost else ""


def until(one: Setting[Any], node: Community, on: dt.date) -> list[Layer]:
    """What was said up to a day at a node and above, the nearest first, of each the last first."""
    told, places = said.words(one.plugin, one.name), said.above(node, on)
    last = [word for place in places if (word := said.holding(told.get(place, ()), on))]
    decides = deciding(last)
    words = [
        word
        for place in places
        for word in reversed(told.get(place, ()))
        if word.from_date <= on
    ]  # fmt: skip
    return _layers(node, [(word, _lost(word, last, decides)) for word in words])


def after(one: Setting[Any], node: Community, on: dt.date) -> list[Layer]:
    """What is said already and begins later, the next first."""
    told = said.words(one.plugin, one.name)
    words = [word for place in said.above(node, clock.today()) for word in told.get(place, ())]
    coming = sorted((word for word in words if word.from_date > on), key=lambda w: w.from_date)
    return _layers(node, [(word, "upcoming") for word in coming])


def history(one: Setting[Any], node: Community) -> list[Layer]:
    """All that was ever said at a node and above, the last said first; today's holds."""
    today = clock.today()
    told, places = said.words(one.plugin, one.name), said.above(node, today)
    last = [word for place in places if (word := said.holding(told.get(place, ()), today))]
    decides = deciding(last)
    words = sorted((word for place in places for word in told.get(place, ())), key=lambda w: -w.id)
    return _layers(
        node,
        [(w, "upcoming" if w.from_date > today else _lost(w, last, decides)) for w in words],
    )


def _lost(word: Word, last: list[Word], decides: Word | None) -> Lost:
    if word is decides:
        return ""
    if word not in last:
        return "later"
    if word.value is None:
        return "inherits"
    return "locked" if decides is not None and decides.locked else "nearer"


def _layers(node: Community, words: Iterable[tuple[Word, Lost]]) -> list[Layer]:
    told = list(words)
    if not told:
        return []
    query: Any = Community.select(Community.id, Community.code, Community.name)
    there = {word.node for word, _lost in told}
    names = {id: (code, name) for id, code, name in query.where(Community.id.in_(there)).tuples()}
    return [
        Layer(
            code=names[word.node][0],
            name=names[word.node][1],
            own=word.node == node.id,
            value=word.value,
            from_date=word.from_date,
            basis=word.basis,
            approved_by=word.approved_by,
            preset=word.preset,
            locked=bool(word.locked),
            set_by=word.set_by,
            set_at=word.set_at,
            holds=not lost,
            lost=lost,
        )
        for word, lost in told
    ]


def unset(settings: Mapping[str, Setting[Any]], node: Community) -> list[Setting[Any]]:
    """What a plugin cannot do without and nobody has set at a node or above."""
    return [one for one in settings.values() if one.required and one.word(node) is None]


def demand_set(settings: Mapping[str, Setting[Any]], nodes: Iterable[Community]) -> None:
    """Raise Conflict where a plugin would be switched on without what it cannot do without."""
    for node in nodes:
        lacking = unset(settings, node)
        if lacking:
            told = (_("{name}（{key}）", name=_(one.label), key=one.name) for one in lacking)
            names = _("、").join(told)
            line = f"lifang plugin config {lacking[0].plugin} {lacking[0].name}=… --at {node.code}"
            raise Conflict(
                _(
                    "启用前须在「{name}」设置：{names}；例如 {command}",
                    name=node.name,
                    names=names,
                    command=f"{line} --basis …",
                )
            )


def presets_of(settings: Mapping[str, Setting[Any]]) -> dict[str, dict[str, Any]]:
    """The presets of a plugin, each with the values it gives."""
    found: dict[str, dict[str, Any]] = {}
    for one in settings.values():
        for preset, value in one.presets.items():
            found.setdefault(preset, {})[one.name] = value
    return found
