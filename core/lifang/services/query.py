"""What a list may ask: filters, search, a subtree, a sort key and a place to go on from."""

from __future__ import annotations

import difflib
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import reduce
from operator import and_
from typing import Any

import peewee as pw

from lifang.access import minors, policy
from lifang.entities.caller import Caller
from lifang.entities.community import Community, CommunityCode, path_end
from lifang.entities.gram import NameGram
from lifang.kit import ranges, text
from lifang.kit.errors import Invalid, Malformed
from lifang.kit.words import _, n_
from lifang.resources import schema, written
from lifang.resources.fields import FieldSpec
from lifang.resources.reach import Linked, Via
from lifang.resources.resource import Resource
from lifang.services.standpoint import standpoint
from lifang.services.then import closed_and_open_ended, lain

OPERATORS = ("gte", "lte", "isnull", "not")
SORTED_BY_DEFAULT = "id"
NOW, THEN = "now", "then"
MOST = 1_000
GATHERED = 2_000
"""Ids that are gathered for a search; more of them are met soon enough on the way."""


@dataclass(frozen=True)
class Query:
    """A list request: `filters` as (field, operator, values); values under one key mean or.

    `sort` is a field, with `-` for descending; id breaks ties. `within` is a community's code: in
    the tree as it is now, where a node's records are with the one it was merged into, or, `as_of`
    "then", in the tree as it was on each record's own day. What is seen is decided by today's tree.
    `verb` must be allowed on a row, too. `narrow`: the filters leave few, and an index finds them.
    """

    filters: tuple[tuple[str, str, tuple[Any, ...]], ...] = ()
    q: str | None = None
    within: str | None = None
    as_of: str = NOW
    sort: str = SORTED_BY_DEFAULT
    limit: int = 50
    cursor: str | None = None
    exact: Mapping[str, str] = field(default_factory=dict)
    verb: str = "read"
    narrow: bool = False


def read_filters(pairs: Iterable[tuple[str, Any]]) -> tuple[tuple[str, str, tuple[Any, ...]], ...]:
    """Group `state=…`, `created_at__gte=…` and repeated keys into filters."""
    grouped: dict[tuple[str, str], list[Any]] = {}
    for key, value in pairs:
        name, _sep, operator = key.partition("__")
        values = value if isinstance(value, list | tuple) else [value]
        grouped.setdefault((name, operator), []).extend(values)
    return tuple((name, operator, tuple(values)) for (name, operator), values in grouped.items())


def asked_by(caller: Caller, resource: Resource[Any], query: Query) -> Hashable | None:
    """What makes this list, but for its page, the same question as another, or None.

    Conditions follow from where the caller stands, where plugins are on (the epoch), the day, and
    the query itself; a place or a secret in the query is looked up each time.
    """
    looked_up = {"community", "sensitive"}
    specs = (resource.by_name.get(name) for name, _operator, _values in query.filters)
    if resource.minors_hidden and query.q:
        return None
    if query.exact or query.as_of == THEN or any(s and s.kind in looked_up for s in specs):
        return None
    path = _inside(caller, resource, query.within).path if query.within else None
    asked = (query.filters, query.q, path, query.verb)
    question = ("list", resource.id, standpoint(caller, resource), asked)
    try:
        hash(question)
    except TypeError:
        return None
    return question


def conditions(
    caller: Caller, resource: Resource[Any], query: Query, *, apart: bool = True,
    gathering: bool | None = None,
) -> list[Any]:  # fmt: skip
    """Every condition of a list, permission first; raises Malformed for what cannot be asked.

    With `gathering` the subtree is gathered by index, else each row is judged by itself; unless
    said, it is gathered where nothing else keeps the rows few. A page gathers it `apart`.
    """
    model: Any = resource.model
    gathering = not is_narrow(caller, resource, query) if gathering is None else gathering
    among = policy.gathered if gathering else policy.judged
    told = [model.removed_at.is_null(), *subtree(caller, resource, query, among, apart=apart)]
    if query.verb != "read":
        reach = policy.rights(caller, resource, query.verb)
        told += policy.wheres(resource, policy.condition(caller, resource, reach))
    told += [filter_of(caller, resource, *one) for one in query.filters]
    if any(name in resource.veiled for name, *_how in query.filters):
        told += policy.wheres(resource, _uncut(caller, resource))
    if query.within and query.as_of == THEN:
        told.append(lain(caller, resource, _inside(caller, resource, query.within)))
    if query.q and query.q.strip():
        told.append(_search(caller, resource, query.q))
        if resource.minors_hidden:
            told += policy.wheres(resource, minors.left_out(caller, resource))
    told += [_exactly(caller, resource, name, value) for name, value in query.exact.items()]
    return told


def subtree(
    caller: Caller, resource: Resource[Any], query: Query, among: policy.Among, *, apart: bool
) -> tuple[Any, ...]:
    """Where the rows of a list lie: a place asked for is the smaller part, so that is gathered."""
    model: Any = resource.model
    told = policy.wheres(resource, part(caller, resource, query, among))
    if apart and told and among is policy.gathered:
        told = (policy.set_apart(model, told),)
    readable = policy.readable(caller, resource) if _placed(query) else True
    return (*told, *policy.wheres(resource, readable))


def part(caller: Caller, resource: Resource[Any], query: Query, among: policy.Among) -> Any:
    """The part of the tree that a list is about: the place asked for, else what is readable."""
    if not _placed(query):
        return policy.readable(caller, resource, among)
    path = _inside(caller, resource, str(query.within)).path
    return policy.placed(caller, resource, ((path, path_end(path)),), among)


def _placed(query: Query) -> bool:
    return bool(query.within) and query.as_of == NOW


def is_narrow(caller: Caller, resource: Resource[Any], query: Query) -> bool:
    """Whether a list is found by something rarer than where its rows lie."""
    if query.narrow or query.exact or (query.within and query.as_of == THEN):
        return True
    for name, operator, _values in query.filters:
        spec = field_of(resource, name)
        if spec is not None and not operator and (name == "id" or spec.target or spec.virtual):
            return True
    return bool(query.q and query.q.strip()) and _is_rare(caller, resource, str(query.q))


def filter_of(
    caller: Caller, resource: Resource[Any], name: str, operator: str, values: tuple[Any, ...]
) -> Any:
    """One filter as a condition; raises Malformed naming the fields that can be asked for."""
    spec = field_of(resource, name)
    known = OPERATORS if spec is not None and not spec.virtual else ()
    if spec is None or not spec.filterable or operator not in ("", *known):
        raise Malformed(_unknown_key(resource, name, operator))
    if spec is UNASSIGNED:
        left = policy.lying(caller, resource, closed_and_open_ended, policy.gathered)
        return left if _value(caller, spec, values[0]) else ~left
    if spec.virtual:
        return _linked(caller, resource, spec, values)
    column = getattr(resource.model, name)
    if operator == "isnull":
        empty = {"true": True, "false": False, True: True, False: False}.get(values[0])
        if empty is None:
            raise Malformed(_("「{name}__isnull」须为 true 或 false", name=name))
        return column.is_null(empty)
    judged = [_value(caller, spec, value) for value in values]
    if operator == "gte":
        return column >= judged[0]
    if operator == "lte":
        return column <= judged[0]
    found = column == judged[0] if len(judged) == 1 else column.in_(judged)
    return ~found if operator == "not" else found


_PLAIN = {
    "id": FieldSpec("id", "编号", "integer", null=False),
    "created_at": FieldSpec("created_at", "登记时间", "instant", null=False),
    "updated_at": FieldSpec("updated_at", "修改时间", "instant", null=False),
}
UNASSIGNED = FieldSpec("unassigned", n_("待归入"), "boolean", null=False, virtual=True)
"""Whether a record still lies in a closed node that no single other one took over from."""


def field_of(resource: Resource[Any], name: str) -> FieldSpec | None:
    """What every record has beside its own fields, or one of those, by its name."""
    placed = {UNASSIGNED.name: UNASSIGNED} if resource.scope is not None else {}
    return (_PLAIN | placed).get(name) or resource.by_name.get(name)


def filter_names(resource: Resource[Any]) -> list[str]:
    """What a list of this resource can be filtered by."""
    return [spec.name for spec in filter_fields(resource)]


def filter_fields(resource: Resource[Any]) -> list[FieldSpec]:
    """The fields a list of this resource can be filtered by, bookkeeping first."""
    placed = [UNASSIGNED] if resource.scope is not None else []
    return [*_PLAIN.values(), *placed, *(spec for spec in resource.fields if spec.filterable)]


def sort_names(resource: Resource[Any]) -> list[str]:
    """What a list of this resource can be sorted by."""
    return [*_PLAIN, *(spec.name for spec in resource.fields if spec.sortable)]


def _unknown_key(resource: Resource[Any], name: str, operator: str) -> str:
    known = filter_names(resource)
    key = f"{name}__{operator}" if operator else name
    near = difflib.get_close_matches(name, known, n=1)
    hint = _(";是否想写「{near}」?", near=near[0]) if near else ""
    rest = _("。可用：{known}", known=_("、").join(known))
    return _("不能按「{key}」筛选", key=key) + hint + rest


def _value(caller: Caller, spec: FieldSpec, value: Any) -> Any:
    """Judge a filter's value; the text of a query string is read by the field's kind."""
    if isinstance(value, str) and spec.kind in {"integer", "reference", "boolean", "number"}:
        value = written.read(spec, value)
    if spec.kind == "community":
        return community_id(caller, value)
    try:
        return schema.JUDGES[spec.kind](spec, value)
    except ValueError as error:
        raise Malformed(str(error)) from error


def community_id(caller: Caller, value: Any) -> int:
    """The id of a community told by id, code or record; one out of reach is like none: -1."""
    if isinstance(value, Community):
        return int(value.id)
    if isinstance(value, int):
        return value
    code = value.get("code") if isinstance(value, Mapping) else str(value)
    found = find_community(caller, str(code), past=True)
    return int(found.id) if found else -1


def find_community(
    caller: Caller, code: str, *, past: bool = False, anywhere: bool = False
) -> Community | None:
    """The standing community of a code, when the caller can read it, or `anywhere`.

    With `past`, where there is none, the last one that had the code, or with `CODE@2025-01-31` the
    one that had it on that day: for what is looked at, not for what is pointed at.
    """
    resource = caller.instance.registry.of(Community)
    allowed = policy.wheres(resource, anywhere or policy.readable(caller, resource))
    standing = Community.removed_at.is_null() & Community.valid_to.is_null()
    asked = Community.select().where(Community.code == code, standing, *allowed)
    found: Community | None = asked.first()
    return found if found or not past else _find_past(code, allowed)


def demand_community(caller: Caller, code: str, key: str, *, past: bool = False) -> Community:
    """The same; raises Invalid about what is called `key` where none is in sight."""
    if found := find_community(caller, code, past=past):
        return found
    sentence = _("没有代码为「{code}」的社区，或您看不到它", code=code)
    raise Invalid.about(key, "unknown", sentence)


def _find_past(code: str, allowed: tuple[Any, ...]) -> Community | None:
    code, _at, day = code.partition("@")
    had: Any = CommunityCode
    told = (had.code == code) & Community.removed_at.is_null()
    if day:
        try:
            on = date.fromisoformat(day)
        except ValueError:
            return None
        told &= had.from_date.is_null() | (had.from_date <= on)
        told &= had.to_date.is_null() | (had.to_date > on)
    found = Community.select().join(had).where(told, *allowed)
    last: Community | None = found.order_by(had.id.desc()).first()
    return last


def _inside(caller: Caller, resource: Resource[Any], code: str) -> Community:
    community = demand_community(caller, code, "within", past=True)
    label, scope = _(resource.label), resource.scope
    while isinstance(scope, Via):
        resource = caller.instance.registry.of(getattr(resource.model, scope.reference).rel_model)
        scope = resource.scope
    if scope is None:
        raise Malformed(_("「{label}」不属于任何社区，不能按社区筛选", label=label))
    return community


def _linked(
    caller: Caller, resource: Resource[Any], spec: FieldSpec, values: tuple[Any, ...]
) -> Any:
    scope = resource.scope
    assert isinstance(scope, Linked)  # noqa: S101 – only linked scopes make virtual fields
    link: Any = scope.model
    told = [policy.current(link)]
    told += [getattr(link, key) == value for key, value in scope.writes.items()]
    told.append(getattr(link, scope.there).in_([_value(caller, spec, value) for value in values]))
    model: Any = resource.model
    return model.id.in_(link.select(getattr(link, scope.here)).where(*told))


def _search(caller: Caller, resource: Resource[Any], q: str) -> Any:
    """Match any part of the searched names, or the initials of their pinyin."""
    if not resource.search:
        raise Malformed(_("「{label}」不支持按名称搜索", label=_(resource.label)))
    found = _named(resource, q) if resource.grammed else None  # its own names share their pieces
    for path in resource.search:
        head, _sep, tail = path.partition(".")
        if not tail:
            continue
        field = getattr(resource.model, head)
        target = caller.instance.registry.of(field.rel_model)
        allowed = policy.readable(caller, target)
        model: Any = target.model
        told = (_named(target, q), model.id < 0 if allowed is False else allowed)
        part = field.in_(model.select(model.id).where(*(one for one in told if one is not True)))
        found = part if found is None else found | part
    return found


def _named(resource: Resource[Any], q: str) -> Any:
    """Which of a resource's records have a name that holds every piece of what was typed."""
    pieces = text.query_grams(q)
    told = [_holding(resource, piece) for piece in pieces or [""]]
    if len(pieces) > 1 and not q.isascii() and resource.title:
        told.append(getattr(resource.model, resource.title).contains(q.strip()))
    return reduce(and_, told)


def _holding(resource: Resource[Any], piece: str) -> Any:
    """Which records a piece finds: gathered, or asked of each where there are as many as of 王."""
    model: Any = resource.model
    found = _held(resource, piece)
    if _is_common(found):
        return pw.fn.EXISTS(found.where(NameGram.record == model.id))
    return model.id.in_(found)


def _held(resource: Resource[Any], piece: str) -> Any:
    holding = (NameGram.noun == resource.id) & (NameGram.gram == piece)
    return NameGram.select(NameGram.record).where(holding)


def _is_common(found: Any) -> bool:
    return bool(found.limit(1).offset(GATHERED).exists())


def _is_rare(caller: Caller, resource: Resource[Any], q: str) -> bool:
    """Whether few enough records hold what was typed, wherever names are searched."""
    registry = caller.instance.registry
    heads = [path.partition(".")[0] for path in resource.search if "." in path]
    nouns = [registry.of(getattr(resource.model, head).rel_model) for head in heads]
    pieces = text.query_grams(q) or [""]
    return all(
        any(not _is_common(_held(noun, piece)) for piece in pieces)
        for noun in [*nouns, *([resource] if resource.grammed else [])]
    )


def _exactly(caller: Caller, resource: Resource[Any], name: str, value: str) -> Any:
    """Look a phone or citizen id up by its blind index."""
    spec = resource.by_name.get(name)
    if spec is None or not spec.searchable:
        raise Malformed(_("不能按「{key}」精确查找", key=name))
    try:
        plain = schema.JUDGES["sensitive"](spec, value)
    except ValueError as error:
        raise Invalid.about(name, "invalid", str(error)) from error
    index = caller.instance.keys.index(plain, kind=str(spec.secret))
    found = getattr(resource.model, f"{name}_index") == index
    return reduce(and_, policy.wheres(resource, _uncut(caller, resource)), found)


def _uncut(caller: Caller, resource: Resource[Any]) -> Any:
    """Where sensitive fields are shown: a number must not be guessed where its mask is hidden."""
    scope, reach = resource.scope, policy.rights(caller, resource, "read")
    if resource.veiled:
        return policy.condition(caller, resource, replace(reach, units=()))
    if not isinstance(scope, Linked) or not scope.whole or reach.tree == ranges.EVERYWHERE:
        return True
    model: Any = resource.model
    link, place = scope.model.alias(), Community.alias()
    here, there = getattr(link, scope.here), getattr(link, scope.there)
    near = model.id < 0
    if reach.tree:
        told = link.kind.in_(scope.whole) & policy.current(link)
        lies = policy.judged(there, place, place.id, policy.within(reach.tree, place))
        near = policy.judged(model.id, link, here, told, lies)
    if reach.person is not None and resource.owner is not None:
        near |= policy.condition_own(resource, reach.person)
    return near
