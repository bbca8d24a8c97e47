"""Values as pages show them: with a link where they lead somewhere, and a tone for states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lifang.entities.caller import Caller
from lifang.events.event import ANY
from lifang.kit import clock
from lifang.kit.words import _
from lifang.resources import written
from lifang.resources.fields import FieldSpec
from lifang.resources.resource import Resource
from lifang.services.offers import may
from lifang.services.presenting import View
from lifang.web.addresses import address_of

ROOM = 600
"""Cells of a table on a page: it stays light, and files and paper have all."""
NOTHING = "—"


@dataclass(frozen=True)
class Shown:
    """One value: its text, where it leads, and for a state whether it waits, stands or ended."""

    label: str
    text: str
    link: str | None = None
    tone: str | None = None
    masked: bool = False


def show(caller: Caller, resource: Resource[Any], spec: FieldSpec, value: Any) -> Shown:
    """Show one field of a record."""
    label = _(spec.label)
    if value is None or value == "":
        return Shown(label, NOTHING)
    if isinstance(value, dict):
        return Shown(label, named(spec, value), link=_link(caller, spec, value))
    if spec.kind == "instant":
        return Shown(label, clock.shown(value))
    tone = tone_of(resource, str(value)) if spec.name == resource.state else None
    text = written.show(spec, value)
    text = _("{amount} 元", amount=text) if spec.kind == "money" else text
    return Shown(label, text, tone=tone, masked=spec.kind == "sensitive")


def named(spec: FieldSpec, value: dict[str, Any]) -> str:
    """What a record is pointed at with: its name, and whether it is gone."""
    name = written.show(spec, value)
    if value.get("closed"):
        return _("{name}（已停用）", name=name)
    return _("{name}（已移除）", name=name) if value.get("removed") else name


def _link(caller: Caller, spec: FieldSpec, value: dict[str, Any]) -> str | None:
    if value.get("id") is None or value.get("removed") or spec.target is None:
        return None
    target = caller.instance.registry.of(spec.target)
    return address_of(target, value["id"]) if may(caller, target, "read") else None


def tone_of(resource: Resource[Any], state: str) -> str:
    """Whether a state waits for somebody, stands for now, or is the end."""
    actions = [action for action in resource.actions.values() if action.moves]
    if any(action.waits and state in action.moves for action in actions):
        return "waiting"
    return "standing" if any({state, ANY} & {*action.moves} for action in actions) else "closed"


def title_of(resource: Resource[Any], view: View) -> str:
    """What a record is called: its name, else its number and whom it is about."""
    if resource.title and view.get(resource.title):
        return str(view[resource.title])
    about = next(
        (
            str(view[spec.name]["name"])
            for spec in resource.fields
            if spec.kind == "reference" and (view.get(spec.name) or {}).get("id")
        ),
        "",
    )
    return f"{_(resource.label)} #{view['id']}" + (f" · {about}" if about else "")
