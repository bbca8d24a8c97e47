"""The addresses of the event bus as OpenAPI describes them; schemas follow the dataclasses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from lifang.api.operations import (
    ID,
    IDEMPOTENCY_KEY,
    READING,
    WRITING,
    YES,
    Operation,
    Path,
    answered,
    body,
    operation,
    parameter,
)
from lifang.api.schemas import TEXT, TEXT_OR_NONE, Schema, array, ref, whole
from lifang.kit.words import _, _p, n_
from lifang.services.delivery import Lag
from lifang.services.event_log import SeenEvent
from lifang.services.letters import STATES, Letter, Step
from lifang.services.query import MOST, Query
from lifang.services.resending import Plan, Verb

SLUG = "events"
BASE = "/api/v1/events"
ASKED = {
    "type": n_("只看这一种，例如 core.person.moved"),
    "about": n_("只看这条记录的，例如 core.person/7"),
    "within": n_("只看这个编号的社区及其下级"),
    "since": n_("只看这时以来的事件，例如 2026-11-23"),
    "until": n_("只看到这时为止的事件"),
    "subscriber": n_("只看这个订阅的"),
    "plugin": n_("只看这个插件的"),
}
VERBS: dict[Verb, str] = {
    "replay": n_("重放没有成功的：几条，或符合条件的全部"),
    "skip": n_("忽略没有成功的投递，注明原因"),
}
INPUTS: dict[Verb, tuple[str, Schema, str]] = {
    "replay": ("data", {"type": "object"}, n_("改后重放：只告诉这个订阅，事件本身不变")),
    "skip": ("reason", {"type": "string", "minLength": 1}, n_("为什么忽略；记入审计")),
}


def described() -> Iterator[tuple[str, Schema]]:
    """What is answered, by name."""
    event, why = members(SeenEvent), {"why": array(TEXT)}
    chain = {"chain": array(shape(Step)), "related": array(ref("Event"))}
    yield "Event", event
    yield "EventInFull", whole(**event["properties"], **chain)
    yield "EventList", _listed(ref("Event"))
    yield "Delivery", members(Letter)
    yield "DeliveryList", _listed(ref("Delivery"))
    yield "LagList", _listed(whole(**shape(Lag)["properties"], **why))
    done = whole(verb={"type": "string", "enum": list(VERBS)}, done={"type": "integer"})
    yield "Treated", {"anyOf": [ref("TreatedNow"), ref("TreatedPreview")]}
    yield "TreatedNow", done
    yield "TreatedPreview", whole(preview=shape(Plan))


def paths() -> Iterator[Path]:
    """Every address."""
    label = _p("plural", "事件")
    before = parameter("before", {"type": "integer", "minimum": 1}, _("只看这个位置之前的"))
    places = ("type", "about", "within", "since", "until")
    summary = _("列出{label}", label=label)
    yield BASE, {"get": _list("list_events", summary, "EventList", [before, *_asked(*places)])}
    shown = answered(_("一个事件：内容、处理链、错误、相关事件"), ref("EventInFull"))
    one = operation("show_events", SLUG, label, shown, (*READING, 403), parameters=[ID])
    yield f"{BASE}/{{id}}", {"get": one}
    lag = answered(_("还有多少事件没有处理完"), ref("LagList"))
    yield f"{BASE}/lag", {"get": operation("lag_events", SLUG, label, lag, (*READING, 403))}
    states = {"type": "string", "enum": list(STATES), "default": "dead"}
    narrowed = [
        parameter("state", states, _("死信（默认）、等待重试的，或已忽略的")),
        *_asked("subscriber", "plugin", "type", "since", "until"),
    ]
    summary = _("列出没有成功的投递，新的在前")
    yield f"{BASE}/dead", {"get": _list("list_dead_events", summary, "DeliveryList", narrowed)}
    for verb in VERBS:
        yield f"{BASE}/{{id}}/actions/{verb}", {"post": _treat(verb)}
        yield f"{BASE}/actions/{verb}", {"post": _treat_many(verb)}


def _list(name: str, summary: str, answer: str, narrowed: list[Schema]) -> Operation:
    limit = {"type": "integer", "minimum": 1, "maximum": MOST, "default": Query.limit}
    paging = [
        parameter("limit", limit, _("一页多少行")),
        parameter("cursor", {"type": "string"}, _("上一页的 next")),
    ]
    return operation(name, SLUG, summary, answered(summary, ref(answer)), (*READING, 403, 422),
                     parameters=[*paging, *narrowed])  # fmt: skip


def _treat(verb: Verb) -> Operation:
    name, said = _input(verb)
    answers = answered(_(VERBS[verb]), ref("Treated"))
    subscriber = {"type": "string", "minLength": 1, "description": _("哪个订阅的")}
    asked = _object({"subscriber": subscriber, name: said},
                    ["subscriber", *([name] if verb == "skip" else [])])  # fmt: skip
    preview = parameter("dry_run", YES, _("只预览，不写入"))
    return operation(
        f"{verb}_event", SLUG, _(VERBS[verb]), answers, WRITING,
        parameters=[ID, preview, IDEMPOTENCY_KEY], requestBody=body(asked),
    )  # fmt: skip


def _treat_many(verb: Verb) -> Operation:
    name, said = _input(verb)
    texts: dict[str, Schema] = {
        name: {"type": "string", "description": _(ASKED[name])}
        for name in ("subscriber", "plugin", "type", "since", "until")
    }
    texts["state"] = {"type": "string", "enum": list(STATES)}
    key = {"type": "string", "pattern": "^[0-9]{1,18}@.", "examples": ["17@plugin.handler"]}
    said_of = _("位置@订阅，例如 {example}", example="17@plugin.handler")
    asked = _object(
        {
            "ids": {**array(key), "minItems": 1, "description": said_of},
            "filter": _object(texts, []),
            "input": _object({name: said}, [name] if verb == "skip" else []),
            "dry_run": {**YES, "description": _("只预览，不写入")},
        },
        ["input"] if verb == "skip" else [],
    )
    asked["oneOf"] = [{"required": ["ids"]}, {"required": ["filter"]}]
    answers = answered(_(VERBS[verb]), ref("Treated"))
    return operation(
        f"{verb}_many_events", SLUG, _(VERBS[verb]), answers, WRITING,
        parameters=[IDEMPOTENCY_KEY], requestBody=body(asked),
    )  # fmt: skip


SHARED = {SeenEvent: "Event", Letter: "Delivery"}
"""What has a name of its own, so that it is told once."""


def members(kind: Any) -> Schema:
    """A dataclass as JSON tells it."""
    return whole(**{name: shape(one) for name, one in get_type_hints(kind).items()})


def shape(kind: Any) -> Schema:
    """A type as JSON tells it (see `event_log.told`)."""
    plain = {int: "integer", str: "string", bool: "boolean"}
    if kind in plain:
        return {"type": plain[kind]}
    if kind is dt.datetime:
        return {"type": "string", "format": "date-time"}
    if kind is dt.date:
        return {"type": "string", "format": "date"}
    if get_origin(kind) is Literal:
        return {"type": "string", "enum": list(get_args(kind))}
    if is_dataclass(kind):
        return ref(SHARED[kind]) if kind in SHARED else members(kind)
    if get_origin(kind) is tuple:
        return array(shape(get_args(kind)[0]))
    if get_origin(kind) is UnionType:
        [some] = [one for one in get_args(kind) if one is not NoneType]
        return {"anyOf": [shape(some), {"type": "null"}]}
    return {"type": "object"}


def _input(verb: Verb) -> tuple[str, Schema]:
    name, said, help = INPUTS[verb]
    return name, {**said, "description": _(help)}


def _asked(*names: str) -> Iterator[Schema]:
    return (parameter(name, {"type": "string"}, _(ASKED[name])) for name in names)


def _listed(item: Schema) -> Schema:
    return whole(items=array(item), next=TEXT_OR_NONE)


def _object(members: dict[str, Schema], required: list[str]) -> Schema:
    made = {"type": "object", "properties": members, "additionalProperties": False}
    return {**made, "required": required} if required else made
