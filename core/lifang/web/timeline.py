"""What happened to a record, told to people: who, when, through what, before and after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lifang.entities.caller import Caller
from lifang.kit import clock
from lifang.kit.words import _, n_
from lifang.mechanisms.sheet import declared
from lifang.resources import schema, written
from lifang.resources.fields import FieldSpec
from lifang.resources.resource import Resource
from lifang.resources.verbs import verb_name
from lifang.services import presenting
from lifang.services.history import history
from lifang.web.addresses import address_of, with_query
from lifang.web.shown import NOTHING, named

SOURCES = {
    "web": n_("网页"),
    "api": n_("接口"),
    "cli": n_("命令行"),
    "event": n_("事件"),
    "import": n_("导入"),
}

SECRET = "***"  # noqa: S105 – what the history tells instead of a sensitive value


@dataclass(frozen=True)
class Changed:
    """One field before and after; what is new has no before, a secret is told without either."""

    label: str
    before: str | None = None
    after: str | None = None
    remark: str | None = None


@dataclass(frozen=True)
class Entry:
    """One thing that was done."""

    at: str
    occurred_at: str | None
    actor: str
    on_behalf_of: str | None
    source: str
    verb: str
    reason: str | None
    changes: list[Changed]
    undo: str | None = None
    begins: bool = False


def timeline(
    caller: Caller, resource: Resource[Any], record: int, *, undoes: bool, limit: int = 500
) -> list[Entry]:
    """The entries of a record that was read before, newest first.

    For who may change it (`undoes`) a change leads to the form that puts it back.
    """
    return [
        _entry(caller, resource, told, address_of(resource, record, "edit") if undoes else None)
        for told in history(caller, resource, record, most=limit)
    ]


def _entry(
    caller: Caller, resource: Resource[Any], told: dict[str, Any], form: str | None
) -> Entry:
    happened = told["occurred_at"]
    changes = (_changed(caller, resource, told["verb"], change) for change in told["changes"])
    return Entry(
        at=clock.shown(told["at"]),
        occurred_at=clock.shown(happened) if happened else None,
        actor=_actor(caller, told["actor"]),
        on_behalf_of=told["on_behalf_of"],
        source=_(SOURCES.get(told["source"], told["source"])),
        verb=verb_name(resource, told["verb"]),
        reason=told["reason"],
        changes=list(dict.fromkeys(changes)),  # what an action asked for and wrote is said once
        undo=_undone(resource, told, form) if form else None,
        begins=told["verb"] == "create",
    )


def _actor(caller: Caller, name: str) -> str:
    """Who it was: a plugin by its label, and nobody yet where an instance began."""
    _kind, _sep, id = name.partition("plugin:")
    if id in caller.instance.plugins.loaded:
        return _(caller.instance.plugins.loaded[id].label)
    return _("初始化") if name == "init" else name


def _undone(resource: Resource[Any], told: dict[str, Any], form: str) -> str | None:
    """The form of a record with what stood there before a change; None where it holds no more."""
    if told["verb"] != "update":
        return None
    asked = {spec.name: spec for spec in schema.update_fields(resource)}
    before = []
    for change in told["changes"]:
        spec, value = asked.get(change["field"]), change["before"]
        if spec is None or spec.kind in ("sensitive", "community") or SECRET in change.values():
            return None
        before.append((spec.name, written.write(spec, value)))
    return with_query(form, before) if before else None


def _changed(caller: Caller, resource: Resource[Any], verb: str, change: dict[str, Any]) -> Changed:
    kind, _sep, name = change["field"].rpartition(":")
    action = resource.actions.get(verb)
    spec: FieldSpec | None = resource.by_name.get(name)
    if kind == "input" and action:
        spec = next((given for given in action.fields if given.name == name), spec)
    papers = {**resource.attachments, **{one.name: one.label for one in resource.documents}}
    if kind == "document" and (sheet := declared(caller.instance, name)):
        papers[name] = sheet.label
    label = _(spec.label if spec else papers.get(name, name))
    if kind == "merged":
        return Changed(_("合并自"), None, f"#{change['after']}")
    if kind == "uncovered":
        return Changed(_("可查看至"), None, clock.shown(str(change["after"])))
    if kind == "revealed":
        return Changed(label, remark=_("已查看"))
    before, after = change["before"], change["after"]
    if SECRET in (before, after):
        anew = _("已填写（内容受保护）") if before is None else _("已修改（内容受保护）")
        return Changed(label, remark=_("已清空") if after is None else anew)
    if verb == "create":
        before = None
    return Changed(label, _told(caller, spec, before), _told(caller, spec, after) or NOTHING)


def _told(caller: Caller, spec: FieldSpec | None, value: str | None) -> str | None:
    """A kept value in words; a record that cannot be seen is not named."""
    if value is None or spec is None:
        return value
    if spec.target is not None and value.isascii() and value.isdigit():
        target = caller.instance.registry.of(spec.target)
        found = presenting.names_of(caller, target, [int(value)]).get(int(value))
        return named(spec, found) if found else NOTHING
    if spec.kind == "boolean":
        return written.write(spec, value == "true")
    return clock.shown(value) if spec.kind == "instant" else written.show(spec, value)
