"""Settings of plugins: set at a node from a day on, told with who said so, never overwritten."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.kit import clock, ranges
from lifang.kit.errors import Conflict, FieldError, Forbidden, Invalid, Malformed, NotFound
from lifang.kit.words import _
from lifang.lifecycle import layers, switching
from lifang.lifecycle.layers import Layer, presets_of
from lifang.plugins import said
from lifang.plugins.manager import discover
from lifang.plugins.setting import COVERED, Setting
from lifang.plugins.tables import PluginRow, SettingRow, bump_epoch
from lifang.services.auditing import Change, record_note, stated
from lifang.services.query import demand_community
from lifang.store.whole import whole

LONGEST_NAME = 120


@dataclass(frozen=True)
class Told:
    """A setting at a node on a day: its value as it is written, and all that was said of it.

    `layers` is what was said up to that day, the nearest node first; `upcoming` what holds later.
    The value of a secret is a mask, of what was never set and has no default nothing. `choices` are
    the words it may be with their labels, where they are few.
    """

    plugin: str
    key: str
    label: str
    value: str
    unit: str
    default: str
    right: str
    help: str
    secret: bool
    required: bool
    choices: Mapping[str, str]
    presets: Mapping[str, str]
    layers: tuple[Layer, ...]
    upcoming: tuple[Layer, ...]

    def said(self, value: str | None) -> str:
        """A value as people read it: a choice by its label, none as that it is inherited."""
        return _("恢复继承") if value is None else self.choices.get(value, value)

    def measured(self, value: str) -> str:
        """A value as people read it, with its unit."""
        told = self.said(value)
        return _("{value}{unit}", value=told, unit=self.unit) if self.unit else told

    @property
    def decided(self) -> Layer | None:
        """What decides; without any, the default holds."""
        return next((layer for layer in self.layers if layer.holds), None)


@dataclass(frozen=True)
class Difference:
    """What a setting would become at a node."""

    plugin: str
    key: str
    label: str
    before: str
    after: str


def shown(caller: Caller, plugin: str | None, *, at: str | None, on: dt.date | None) -> list[Told]:
    """The settings of a plugin, or of all that are on there, at a node the caller can see on a day.

    Without a node at the highest of the caller's, without a day today. Who administers the node is
    told of those of plugins that are on elsewhere too. Raises NotFound for an unknown plugin.
    """
    node = node_at(caller, at)
    return [_told(one, node, on or clock.today()) for one in _of(caller, plugin, node).values()]


def explain(caller: Caller, key: str, *, at: str | None, on: dt.date | None) -> Told:
    """One setting, as `plugin.key` or by its key where only one plugin has it."""
    node = node_at(caller, at)
    return _told(_one(caller, key, node), node, on or clock.today())


def history(caller: Caller, key: str, *, at: str | None) -> list[Layer]:
    """All that was ever said of a setting at a node and above it, the last said first."""
    node = node_at(caller, at)
    return layers.history(_one(caller, key, node), node)


@dataclass(frozen=True)
class Decree:
    """On what basis something is set, at which node (every root if none), and from which day on.

    `preset` sets all that it knows; `lock` forbids nodes below to differ; `approved_by` names who
    approved it: a person, a post or a meeting.
    """

    basis: str
    at: str | None = None
    since: dt.date | None = None
    preset: str | None = None
    lock: bool = False
    approved_by: str | None = None


@whole
def configure(caller: Caller, plugin: str, values: Mapping[str, str], by: Decree) -> list[Told]:
    """Set a plugin's settings; an empty value lets the node inherit again.

    Raises Forbidden to who does not administer the node, Invalid naming the keys that are unknown
    or cannot be so, Conflict where a node above has locked one.
    """
    nodes, told = _asked(caller, plugin, values, by)
    basis = stated("basis", by.basis, _("请写明依据（文件名称或文号）"))
    by = replace(by, basis=basis, since=by.since or clock.today(), approved_by=approver(by))
    with caller.instance.database.transaction():
        bump_epoch()
        for node in nodes:
            changes = [_set(caller, one, node, value, by) for one, value in told]
            where = int(node.id)
            record_note(
                caller, "setting", "configure", community=where, changes=changes, reason=basis
            )
    caller.instance.plugins.refresh()
    return [_told(one, nodes[0], by.since or clock.today()) for one, _value in told]


def preview(caller: Caller, plugin: str, values: Mapping[str, str], by: Decree) -> list[Difference]:
    """What `configure` would change at the (first) node, and what it would refuse."""
    nodes, told = _asked(caller, plugin, values, by)
    since, found = by.since or clock.today(), []
    for one, value in told:
        demand_unlocked(one, nodes[0], since)
        before = _value(one, one.word(nodes[0], since))
        inherits = _("恢复继承")
        after = inherits if not value else COVERED if one.secret else value
        found.append(Difference(one.plugin, one.name, _(one.label), before, after))
    return found


def _asked(
    caller: Caller, plugin: str, values: Mapping[str, str], by: Decree
) -> tuple[list[Community], list[tuple[Setting[Any], str]]]:
    nodes = switching.nodes_at(caller, by.at)
    settings = _of(caller, plugin, nodes[0])
    return nodes, _wanted(settings, values, by.preset)


def _wanted(
    settings: Mapping[str, Setting[Any]], values: Mapping[str, str], preset: str | None
) -> list[tuple[Setting[Any], str]]:
    """What is to be said of which setting; everything wrong is told at once."""
    known = presets_of(settings)
    if preset is not None and preset not in known:
        listed = _("、").join(sorted(known)) or "—"
        told = _("没有预设「{name}」；已知的：{known}", name=preset, known=listed)
        raise Invalid.about("preset", "unknown", told)
    given = known.get(preset or "", {})
    wanted = {name: settings[name].written(value) for name, value in given.items()}
    errors: list[FieldError] = []
    for name, value in values.items():
        try:
            wanted[name] = meant(settings, name, value)
        except ValueError as error:
            errors.append(FieldError(name, "invalid", str(error)))
    if not wanted and not errors:
        errors = [FieldError("values", "required", _("请写明要设置什么，例如 名称=值"))]
    if errors:
        raise Invalid(_("；").join(one.message for one in errors), errors=errors)
    return [(settings[name], value) for name, value in wanted.items()]


def meant(settings: Mapping[str, Setting[Any]], name: str, value: str) -> str:
    """What somebody said of a setting, as it is kept; ValueError says what is wrong with it."""
    one = settings.get(name)
    if one is None:
        listed = _("、").join(sorted(settings)) or "—"
        raise ValueError(_("没有设置「{key}」；已知的：{known}", key=name, known=listed))
    if not value.strip():
        return ""
    if one.secret and value.strip() == COVERED:
        raise ValueError(_("「{label}」是密钥，请填写它本身", label=_(one.label)))
    try:
        return one.written(one.read(value))
    except ValueError as error:
        sentence = _("「{label}」应为{right}", label=_(one.label), right=error)
        raise ValueError(sentence) from None


def day(name: str, said: str | None) -> dt.date | None:
    """Read a day as somebody wrote it; Malformed for anything else."""
    try:
        return dt.date.fromisoformat(said) if said else None
    except ValueError:
        raise Malformed(_("{name} 应是日期，例如 2027-06-30", name=name)) from None


def approver(by: Decree) -> str | None:
    """Who approved it, as it is kept; Invalid for a name that is too long."""
    name = " ".join((by.approved_by or "").split())
    if len(name) > LONGEST_NAME or not name.isprintable():
        sentence = _("「{label}」最多 {n} 个字", label=_("批准人"), n=LONGEST_NAME)
        raise Invalid.about("approved_by", "invalid", sentence)
    return name or None


def demand_unlocked(one: Setting[Any], node: Community, day: dt.date) -> None:
    """Raise Conflict where a node above has locked a setting on a day, naming it and its basis."""
    word = one.word(node, day)
    if word is not None and word.locked and word.node != node.id:
        name = Community.get_by_id(word.node).name
        told = {"label": _(one.label), "name": name, "basis": word.basis}
        raise Conflict(_("「{label}」已由「{name}」锁定，依据：{basis}", **told))


def _set(caller: Caller, one: Setting[Any], node: Community, value: str, by: Decree) -> Change:
    demand_unlocked(one, node, by.since or clock.today())
    return keep(caller, one, node, value, by)


def keep(caller: Caller, one: Setting[Any], node: Community, value: str, by: Decree) -> Change:
    """Write down one word, in the running transaction; what was said before stays."""
    since, number = by.since or clock.today(), int(node.id)
    own = said.holding(said.words(one.plugin, one.name).get(number, ()), since)
    kept, sealed = value or None, None
    if one.secret and value:
        kept, sealed = COVERED, caller.instance.keys.lock(value.encode(), one.place(number))
    SettingRow.create(
        plugin=one.plugin,
        key=one.name,
        community=node,
        from_date=since,
        value=kept,
        sealed=sealed,
        locked=by.lock and bool(value),
        basis=by.basis,
        preset=by.preset,
        approved_by=by.approved_by,
        set_by=caller.name,
        set_at=clock.now(),
    )
    caller.instance.database.unit.memo.clear()
    return Change(f"{one.plugin}.{one.name}@{since}", own.value if own else None, kept)


def known(caller: Caller, node: Community) -> dict[str, Setting[Any]]:
    """Every setting by its full name that somebody is told of at a node."""
    return _of(caller, None, node)


def _of(caller: Caller, plugin: str | None, node: Community) -> dict[str, Setting[Any]]:
    """The settings of one plugin by their names, or of all by full names."""
    loaded, snapshot = caller.instance.plugins.loaded, caller.snapshot
    mine = administers(caller, node)
    if plugin is None:
        return {
            f"{one.plugin}.{one.name}": one
            for name, each in sorted(loaded.items())
            if mine or ranges.holds(snapshot.where(name), node.path)
            for one in each.settings.values()
        }
    wanted = plugin.replace("-", "_")
    if mine and wanted not in loaded and PluginRow.get_or_none(name=wanted, state="installed"):
        present = discover().get(wanted)
        if present is not None:  # set before it is switched on anywhere
            caller.instance.plugins.load(present)
    if wanted not in loaded or not (mine or ranges.holds(snapshot.where(wanted), node.path)):
        if mine:
            switching.show(caller, wanted)
        raise NotFound(_("插件「{plugin}」没有在任何地方启用", plugin=wanted))
    return loaded[wanted].settings


def administers(caller: Caller, node: Community) -> bool:
    """Whether the caller sets what holds at a node."""
    with suppress(Forbidden, Invalid):
        return bool(switching.nodes_at(caller, str(node.code)))
    return False


def _one(caller: Caller, key: str, node: Community) -> Setting[Any]:
    plugin, _dot, name = key.replace("-", "_").rpartition(".")
    every = _of(caller, plugin or None, node)
    found = [one for one in every.values() if one.name == name]
    if len(found) != 1:
        listed = _("、").join(sorted(f"{one.plugin}.{one.name}" for one in found or every.values()))
        listed = listed or "—"
        raise NotFound(_("没有设置「{key}」；已知的：{known}", key=key, known=listed))
    return found[0]


def node_at(caller: Caller, at: str | None) -> Community:
    """The node of a code, also of one that is closed; without one, the highest of the caller's.

    Raises Invalid for a code out of sight, Conflict where there is no community yet.
    """
    if at is None:
        mine = [one.path for one in caller.standings if one.path is not None]
        high = any(one.everywhere for one in caller.standings) or not mine
        here = Community.parent.is_null() if high else Community.path == min(mine, key=len)
        top: Any = Community.select().where(here, Community.removed_at.is_null())
        at = next((str(node.code) for node in top.order_by(Community.path).limit(1)), None)
        if at is None:
            raise Conflict(_("还没有社区；请先导入社区"))
    return demand_community(caller, at, "at", past=True)


def _value(one: Setting[Any], word: said.Word | None) -> str:
    if word is not None:
        return str(word.value)
    return "" if one.default is None else one.written(one.default)


def _told(one: Setting[Any], node: Community, on: dt.date) -> Told:
    return Told(
        plugin=one.plugin,
        key=one.name,
        label=_(one.label),
        value=_value(one, one.word(node, on)),
        unit=_(one.unit) if one.unit else "",
        default=_value(one, None),
        right=one.right(),
        help=_(one.help) if one.help else "",
        secret=one.secret,
        required=one.required,
        choices=dict(one.options()),
        presets={name: one.written(value) for name, value in one.presets.items()},
        layers=tuple(layers.until(one, node, on)),
        upcoming=tuple(layers.after(one, node, on)),
    )
