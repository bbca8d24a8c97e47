"""Settings of plugins: set at a node from a day on, told with who said so, never overwritten."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.kit import clock
from lifang.kit.errors import Conflict, FieldError, Invalid, NotFound
from lifang.kit.words import _
from lifang.lifecycle import switching
from lifang.plugins.setting import Layer, Setting, presets_of
from lifang.plugins.tables import SettingRow
from lifang.services.auditing import Change, record_note, stated
from lifang.services.query import find_community
from lifang.store.whole import whole


@dataclass(frozen=True)
class Told:
    """A setting at a node on a day: its value as it is written, and all that was said of it."""

    plugin: str
    key: str
    label: str
    value: str
    unit: str
    default: str
    right: str
    help: str
    presets: Mapping[str, str]
    layers: tuple[Layer, ...]


def shown(caller: Caller, plugin: str | None, *, at: str | None, on: dt.date | None) -> list[Told]:
    """The settings of a plugin, or of all, at a node the caller can see on a day, today by default.

    Without a node, at the first root. Raises NotFound for an unknown plugin.
    """
    node = _node(caller, at)
    return [_told(one, node, on or clock.today()) for one in _of(caller, plugin).values()]


def explain(caller: Caller, key: str, *, at: str | None, on: dt.date | None) -> Told:
    """One setting, as `plugin.key` or by its key where only one plugin has it."""
    plugin, _dot, name = key.rpartition(".")
    known = _of(caller, plugin or None)
    found = [one for one in known.values() if one.name == name]
    if len(found) != 1:
        listed = _("、").join(sorted(f"{one.plugin}.{one.name}" for one in found or known.values()))
        listed = listed or "—"
        raise NotFound(_("没有设置「{key}」；已知的：{known}", key=key, known=listed))
    return _told(found[0], _node(caller, at), on or clock.today())


@dataclass(frozen=True)
class Decree:
    """On what basis something is set, at which node (every root if none), and from which day on.

    `preset` sets all that it knows; `lock` forbids nodes below to differ.
    """

    basis: str
    at: str | None = None
    since: dt.date | None = None
    preset: str | None = None
    lock: bool = False


@whole
def configure(caller: Caller, plugin: str, values: Mapping[str, str], by: Decree) -> list[Told]:
    """Set a plugin's settings; an empty value lets the node inherit again.

    Raises Forbidden to who does not administer the node, Invalid naming the keys that are unknown
    or cannot be so, Conflict where a node above has locked one.
    """
    settings = _of(caller, plugin)
    nodes = switching.nodes_at(caller, by.at)
    told = _wanted(settings, values, by.preset)
    basis = stated("basis", by.basis, _("请写明依据（文件名称或文号）"))
    by = replace(by, basis=basis, since=by.since or clock.today())
    with caller.instance.database.transaction():
        for node in nodes:
            changes = [_set(caller, one, node, said, by) for one, said in told]
            where = int(node.id)
            record_note(
                caller, "setting", "configure", community=where, changes=changes, reason=basis
            )
    return [_told(one, nodes[0], by.since or clock.today()) for one, _said in told]


def _wanted(
    settings: Mapping[str, Setting[Any]], values: Mapping[str, str], preset: str | None
) -> list[tuple[Setting[Any], str]]:
    """What is to be said of which setting; everything wrong is told at once."""
    known = presets_of(settings)
    if preset is not None and preset not in known:
        listed = _("、").join(sorted(known)) or "—"
        told = _("没有预设「{name}」；已知的：{known}", name=preset, known=listed)
        raise Invalid(told, errors=[FieldError("preset", "unknown", told)])
    given = known.get(preset or "", {})
    wanted = {name: settings[name].written(value) for name, value in given.items()}
    errors: list[FieldError] = []
    for name, said in values.items():
        try:
            wanted[name] = _meant(settings, name, said)
        except ValueError as error:
            errors.append(FieldError(name, "invalid", str(error)))
    if not wanted and not errors:
        errors = [FieldError("values", "required", _("请写明要设置什么，例如 名称=值"))]
    if errors:
        raise Invalid(_("；").join(one.message for one in errors), errors=errors)
    return [(settings[name], said) for name, said in wanted.items()]


def _meant(settings: Mapping[str, Setting[Any]], name: str, said: str) -> str:
    """What somebody said of a setting, as it is kept; ValueError says what is wrong with it."""
    one = settings.get(name)
    if one is None:
        listed = _("、").join(sorted(settings)) or "—"
        raise ValueError(_("没有设置「{key}」；已知的：{known}", key=name, known=listed))
    if not said.strip():
        return ""
    try:
        return one.written(one.read(said))
    except ValueError as error:
        sentence = _("「{label}」应为{right}", label=_(one.label), right=error)
        raise ValueError(sentence) from None


def _set(caller: Caller, one: Setting[Any], node: Community, said: str, by: Decree) -> Change:
    day = by.since or clock.today()
    layers = one.layers(node, day)
    own = layers[0] if layers and layers[0].code == node.code else None
    for layer in layers:
        if layer is not own and layer.locked and layer.holds:
            told = {"label": _(one.label), "name": layer.name, "basis": layer.basis}
            raise Conflict(_("「{label}」已由「{name}」锁定，依据：{basis}", **told))
    SettingRow.create(
        plugin=one.plugin,
        key=one.name,
        community=node,
        from_date=day,
        value=said or None,
        locked=by.lock and bool(said),
        basis=by.basis,
        preset=by.preset,
        set_by=caller.name,
        set_at=clock.now(),
    )
    return Change(f"{one.plugin}.{one.name}@{day}", own.value if own else None, said or None)


def _of(caller: Caller, plugin: str | None) -> dict[str, Setting[Any]]:
    """The settings of one plugin by their names, or of all by full names."""
    loaded = caller.instance.plugins.loaded
    if plugin is None:
        everything = (one for each in loaded.values() for one in each.settings.values())
        return {f"{one.plugin}.{one.name}": one for one in everything}
    wanted = plugin.replace("-", "_")
    if wanted not in loaded:
        switching.show(caller, wanted)
        raise NotFound(_("插件「{plugin}」没有在任何地方启用", plugin=wanted))
    return loaded[wanted].settings


def _node(caller: Caller, at: str | None) -> Community:
    if at is None:
        tops = switching.nodes_at(caller, None)
        return tops[0]
    node = find_community(caller, at)
    if node is None:
        sentence = _("没有编号为「{code}」的社区，或您看不到它", code=at)
        raise Invalid(sentence, errors=[FieldError("at", "unknown", sentence)])
    return node


def _told(one: Setting[Any], node: Community, on: dt.date) -> Told:
    layers = tuple(one.layers(node, on))
    holding = next((layer.value for layer in layers if layer.holds), None)
    default = one.written(one.default)
    return Told(
        plugin=one.plugin,
        key=one.name,
        label=_(one.label),
        value=holding if holding is not None else default,
        unit=_(one.unit) if one.unit else "",
        default=default,
        right=one.right(),
        help=_(one.help) if one.help else "",
        presets={name: one.written(value) for name, value in one.presets.items()},
        layers=layers,
    )
