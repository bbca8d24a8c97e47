"""How people point at a record: by its number, by its name, or by looking for it."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.entities.person import Person
from lifang.kit.errors import Invalid
from lifang.kit.words import _
from lifang.resources import written
from lifang.resources.fields import FieldSpec
from lifang.resources.resource import Resource
from lifang.services import reading
from lifang.services.branches import key_of
from lifang.services.offers import may
from lifang.services.pointing import Pointers
from lifang.services.presenting import View, names_of
from lifang.services.query import Query, find_community
from lifang.web.addresses import home_of
from lifang.web.shell import in_office

NUMBERED = re.compile(r"(?:.*#)?\s*(\S+)\s*", re.DOTALL)
OFFERED = 40
"""How many records a field suggests; whoever needs another one looks for it."""
NEAREST = ("community", "grid")
"""The kinds of place that people live and work in: what a community field suggests first."""

PLACE = FieldSpec("within", "社区", "community", target=Community)
"""The part of the tree that a list is limited to, asked for like any community."""


@dataclass(frozen=True)
class Pointer:
    """What somebody's words point at: a value for the payload, or the records they could mean."""

    value: Any = None
    matches: tuple[tuple[str, str], ...] = ()
    problem: str | None = None


def point(caller: Caller, spec: FieldSpec, said: str) -> Pointer:
    """Find out what is meant by `12`, `张伟`, `张伟 #12`, or for a community by its code."""
    said = said.strip()
    if not said:
        return Pointer()
    key = _key(said)
    if spec.kind == "reference" and _is_number(key):
        return Pointer(int(key))
    if spec.anywhere:
        try:
            return Pointer(Pointers(caller).find(spec, key))
        except Invalid as invalid:
            return Pointer(problem=invalid.sentence)
    target = _target(caller, spec)
    if spec.kind == "community" and (key != said or _by(caller, target, "code", key)):
        return Pointer({"code": key})
    found = _by(caller, target, target.title, said) if target.title else []
    if len(found) == 1:
        return Pointer(written.read(spec, _value(spec, found[0])))
    matches = found or look_for(caller, spec, said)
    label = _(target.label)
    if not matches:
        return Pointer(problem=_("没有找到名为「{said}」的{label}", said=said, label=label))
    problem = _(
        "有 {n} 个{label}与「{said}」相符，请选择其一", n=len(matches), said=said, label=label
    )
    return Pointer(matches=_options(spec, matches), problem=problem)


def search(caller: Caller, spec: FieldSpec, said: str) -> Pointer:
    """Look for what somebody may mean, to let them choose; nothing said offers what is near."""
    found = look_for(caller, spec, said.strip()) if said.strip() else near(caller, spec)
    label = _(_target(caller, spec).label)
    if not found:
        return Pointer(problem=_("没有找到名为「{said}」的{label}", said=said.strip(), label=label))
    return Pointer(matches=_options(spec, found))


def look_for(caller: Caller, spec: FieldSpec, said: str) -> list[View]:
    """The records of that number or code, then those whose name holds what was said; as far as
    the caller may see them."""
    target = _target(caller, spec)
    if not may(caller, target, "read"):
        return []
    key, numbered = _key(said), "code" if spec.kind == "community" else "id"
    exact = _by(caller, target, numbered, key) if numbered == "code" or _is_number(key) else []
    if target.search:
        seen = {view["id"] for view in exact}
        named = _standing(caller, target, (), said)
        return exact + [view for view in named if view["id"] not in seen]
    return exact or (_by(caller, target, target.title, said) if target.title else [])


def near(caller: Caller, spec: FieldSpec) -> list[View]:
    """A few records to suggest: the places people live in, else the newest ones."""
    target = _target(caller, spec)
    if not may(caller, target, "read"):
        return []
    if spec.kind == "community":
        return _standing(caller, target, ("kind", "", NEAREST))
    return reading.find(caller, target, Query(sort="-id", limit=OFFERED)).items


def suggestions(caller: Caller, spec: FieldSpec) -> tuple[str, ...]:
    """What a field's list suggests, each in words that `point` understands."""
    return tuple(words_of(caller, spec, view) for view in near(caller, spec))


def words_of(caller: Caller, spec: FieldSpec, view: View) -> str:
    """A record in words that `point` understands."""
    title = _target(caller, spec).title
    name = view.get(title) if title else None
    return words(spec, {"id": view["id"], "name": name, "code": view.get("code")})


def offering(caller: Caller, spec: FieldSpec) -> str:
    """Where what fits is offered while somebody types; nowhere for those who may not look."""
    target = _target(caller, spec)
    return f"{home_of(target)}/pick" if may(caller, target, "read") else ""


def words(spec: FieldSpec, value: View | None) -> str:
    """A reference as a form shows it: `张伟 #12`, `畅家巷社区 #620102001001`."""
    if not value or value.get("id") is None:
        return ""
    key, name = f"#{written.write(spec, value)}", value.get("name") or ""
    return key if name == key else f"{name} {key}".strip()


def places(caller: Caller) -> tuple[str, ...]:
    """The places a list can be limited to: wide ones first, near ones where there are few."""
    told: list[str] = []
    for kinds in (("city", "district", "subdistrict"), NEAREST):
        if len(told) < OFFERED // 2:
            found = _standing(caller, _target(caller, PLACE), ("kind", "", kinds))
            told += [words_of(caller, PLACE, view) for view in found]
    return tuple(told)


def place_code(caller: Caller, said: str) -> str:
    """The code of the place somebody named; what nobody knows is left as it was said."""
    target = _target(caller, PLACE)
    if not may(caller, target, "read"):
        return said
    if value := point(caller, PLACE, said).value:
        return str(value["code"])
    closed = Query(filters=(("name", "", (said,)), ("valid_to", "isnull", (False,))), limit=2)
    found = reading.find(caller, target, closed).items
    return place_key(found[0]) if len(found) == 1 else said


def place_key(view: View) -> str:
    """What finds a community again that may be closed."""
    closed_on = view["valid_to"] and dt.date.fromisoformat(view["valid_to"])
    return key_of(str(view["code"]), closed_on)


def named(caller: Caller, spec: FieldSpec, said: str) -> str:
    """A number or code that was given beforehand, in words; anything else as it was said."""
    if spec.kind == "community" and (found := find_community(caller, said)) is not None:
        return words(spec, {"id": found.id, "name": found.name, "code": found.code})
    if spec.kind != "reference" or not _is_number(said):
        return said
    return words(spec, names_of(caller, _target(caller, spec), [int(said)]).get(int(said))) or said


def own(caller: Caller, spec: FieldSpec) -> str:
    """What a resident surely points at: themselves, or the only record of a kind that is theirs."""
    if spec.kind != "reference" or caller.person is None or in_office(caller):
        return ""
    target = _target(caller, spec)
    if target.model is Person:
        return str(caller.person)
    if not isinstance(target.owner, str):
        return ""
    found = _by(caller, target, target.owner, str(caller.person))
    return str(found[0]["id"]) if len(found) == 1 else ""


def _key(said: str) -> str:
    """The number or code at the end of what was said."""
    found = NUMBERED.fullmatch(said)
    return found.group(1) if found else said


def _is_number(said: str) -> bool:
    return said.isascii() and said.isdigit() and len(said) < 19


def _by(caller: Caller, target: Resource[Any], name: str | None, value: str) -> list[View]:
    if not name or not may(caller, target, "read"):
        return []
    return _standing(caller, target, (name, "", (value,)))


def _standing(caller: Caller, target: Resource[Any], told: Any, q: str | None = None) -> list[View]:
    """What is found by a filter or a name; closed communities are looked at, never pointed at."""
    closed = (("valid_to", "isnull", (True,)),) if target.model is Community else ()
    query = Query(filters=(*([told] if told else []), *closed), q=q, limit=OFFERED)
    return reading.find(caller, target, query).items


def _options(spec: FieldSpec, found: list[View]) -> tuple[tuple[str, str], ...]:
    return tuple((_value(spec, view), _told_apart(view)) for view in found)


def _value(spec: FieldSpec, view: View) -> str:
    return str(view["code"]) if spec.kind == "community" else str(view["id"])


def _told_apart(view: View) -> str:
    """A record's name with what tells it from its namesakes."""
    place = view.get("community") or view.get("parent")
    where = place.get("name") if isinstance(place, dict) else None
    number = f"#{view.get('code') or view['id']}"
    return " ".join(part for part in (view.get("name"), number, where and f"· {where}") if part)


def _target(caller: Caller, spec: FieldSpec) -> Resource[Any]:
    assert spec.target is not None  # noqa: S101 – only references are pointed with
    return caller.instance.registry.of(spec.target)
