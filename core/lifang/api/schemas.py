"""Fields as JSON Schema: what answers carry, what requests may say, what addresses may ask."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lifang.kit import money
from lifang.kit.masking import mask
from lifang.kit.words import _, n_
from lifang.resources import schema
from lifang.resources.fields import FieldSpec
from lifang.resources.reach import Linked
from lifang.resources.resource import Resource
from lifang.services.query import MOST

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
TEXT_OR_NONE: Schema = {"type": ["string", "null"]}
ID: Schema = {"type": "integer", "format": "int64", "minimum": 1}
ORDERED = frozenset({"integer", "number", "money", "day", "instant", "partial_date"})
"""Kinds whose filters can ask for a range."""

INVENTED = {
    "citizen_id": "110101198001010053",
    "phone": "13800001234",
    "birth_date": "1980-01-01",
    "name": n_("张示例"),
    "address": n_("示例路 1 号"),
    "category": n_("示例"),
    "email": "name@example.cn",
}
"""What examples say of a person who does not exist, by the kind of what is sensitive."""

EXAMPLES = ("91620100MA00000072", "https://example.cn/example", "620102001001", "name@example.cn")
"""What fields take that judge their texts."""

PARTIAL_DATE = r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$"


def ref(name: str) -> Schema:
    """Point at a shared schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def array(item: Schema) -> Schema:
    """Any number of these."""
    return {"type": "array", "items": item}


def listed(item: Schema) -> Schema:
    """All there is of these, in one page."""
    return whole(items=array(item), next={"type": "null"})


def answer(resource: Resource[Any]) -> Schema:
    """A record as answers carry it."""
    hides = isinstance(resource.scope, Linked)  # who reaches it over a lesser link sees less of it
    properties: dict[str, Schema] = {
        "id": {**ID, "readOnly": True},
        "version": {**ID, "readOnly": True, "description": _("版本号，即 ETag")},
    }
    for spec in resource.fields:
        maybe = spec.null or hides or spec.name in resource.veiled
        told = _nullable(_answered(spec)) if maybe else _answered(spec)
        properties[spec.name] = _described(spec, told)
        if spec.locked:
            properties[spec.name]["readOnly"] = True
    for name in ("created_at", "updated_at"):
        properties[name] = {"type": "string", "format": "date-time", "readOnly": True}
    return {"type": "object", "required": list(properties), "properties": properties}


def given(specs: Iterable[FieldSpec], *, partial: bool) -> Schema:
    """An object that a request may send; `partial` asks for nothing."""
    told = tuple(specs)
    properties = {spec.name: _described(spec, _asked(spec)) for spec in told}
    for one in properties.values() if partial else ():
        one.pop("default", None)  # a client that fills it in would change what was not meant
    made: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    required = [spec.name for spec in told if spec.required and not partial]
    return {**made, "required": required} if required else made


def many(given: Schema) -> Schema:
    """A request about many records: which, what is said to each, and whether only to check."""
    told = _("只检查，不写入")
    properties = {
        "ids": {"type": "array", "items": dict(ID), "minItems": 1, "maxItems": MOST},
        "filter": {"type": "object", "description": _("与列表地址的筛选相同")},
        "input": given,
        "dry_run": {"type": "boolean", "default": False, "description": told},
    }
    which = {"oneOf": [{"required": ["ids"]}, {"required": ["filter"]}]}
    needed = {"required": ["input"]} if "required" in given else {}
    return {"type": "object", "properties": properties, "additionalProperties": False,
            **which, **needed}  # fmt: skip


def filtered(spec: FieldSpec) -> Schema:
    """A value in an address."""
    if spec.kind == "community":
        return {"type": "string", "description": _("社区编号")}
    if spec.kind == "reference":
        return dict(ID)
    return _asked(spec, empty=False)


def _answered(spec: FieldSpec) -> Schema:
    if spec.kind in {"community", "reference"}:
        return ref("CommunityReference" if spec.kind == "community" else "Reference")
    if spec.kind == "sensitive":
        shown = mask(spec.secret or "", invented_secret(spec))
        return {"type": "string", "description": _("遮盖后的值"), "examples": [shown]}
    made = _plain(spec)
    made.pop("maxLength", None)  # what stood before the limit did
    return made


def _asked(spec: FieldSpec, *, empty: bool = True) -> Schema:
    if spec.kind in {"community", "reference"}:
        made = ref("CommunityGiven" if spec.kind == "community" else "ReferenceGiven")
    elif spec.kind == "sensitive":
        made = {"type": "string", "writeOnly": True, "examples": [invented_secret(spec)]}
    else:
        made = _plain(spec)
    return _nullable(made) if empty and spec.null and not spec.required else made


_PLAIN: dict[str, Schema] = {
    "integer": {"type": "integer", "format": "int64"},
    "number": {"type": "number"},
    "money": {"type": "string", "pattern": money.PATTERN, "examples": ["128.00"]},
    "boolean": {"type": "boolean"},
    "day": {"type": "string", "format": "date"},
    "instant": {"type": "string", "format": "date-time"},
    "partial_date": {"type": "string", "pattern": PARTIAL_DATE, "examples": ["1980-05"]},
}


def _plain(spec: FieldSpec) -> Schema:
    if spec.kind in ("choice", "state"):
        return {"type": "string", "enum": [value for value, _label in spec.choices]}
    if spec.kind in _PLAIN:
        return dict(_PLAIN[spec.kind])
    longest = spec.max_length or schema.LONGEST_TEXT
    return {"type": "string", "maxLength": longest, "examples": [_invented(spec, longest)]}


def invented_secret(spec: FieldSpec) -> str:
    """What an example says where a person's own is never told."""
    invented = INVENTED[spec.secret or ""]
    return _(invented)


def _invented(spec: FieldSpec, longest: int) -> str:
    """A text that a field takes."""
    told = (_("示例{label}", label=_(spec.label))[:longest], *EXAMPLES)
    for one in told:
        try:
            return spec.check(one) if spec.check else one
        except ValueError:
            continue
    return told[0]


def _nullable(made: Schema) -> Schema:
    if "type" not in made:
        return {"anyOf": [*made.get("anyOf", [made]), {"type": "null"}]}
    told = {**made, "type": [made["type"], "null"]}
    return {**told, "enum": [*made["enum"], None]} if "enum" in made else told


def _described(spec: FieldSpec, made: Schema) -> Schema:
    """Say what the field is, in the reader's language."""
    said = [_(spec.label)]
    if spec.help:
        said.append(_(spec.help))
    if spec.choices:
        said.append(
            _("、").join(
                _("{name}（{key}）", name=value, key=_(label)) for value, label in spec.choices
            )
        )
    if "description" in made:
        said.append(made["description"])
    told = {"allOf": [made]} if "$ref" in made else made
    described = {**told, "description": _("；").join(said)}
    if spec.default is not None and not spec.locked and "readOnly" not in described:
        described["default"] = spec.default
    return described


def _one_key(name: str, made: Schema) -> Schema:
    return {"type": "object", "required": [name], "properties": {name: dict(made)}}


CODE: Schema = {"type": "string", "examples": ["620102001001"]}
GIVEN: dict[str, Schema] = {
    "ById": _one_key("id", ID),
    "ByCode": _one_key("code", CODE),
    "ReferenceGiven": {"anyOf": [ID, ref("ById")], "examples": [1]},
    "CommunityGiven": {
        "anyOf": [ID, ref("ByCode"), ref("ById")],
        "examples": [{"code": "620102001001"}],
    },
}
"""How requests point at other records."""
REFERENCE: Schema = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {
        "id": {"type": ["integer", "null"]},
        "name": {"type": "string"},
        "removed": {"type": "boolean"},
    },
}
COMMUNITY_REFERENCE: Schema = {
    **REFERENCE,
    "properties": {
        **REFERENCE["properties"],
        "code": CODE,
        "closed": {"type": "boolean"},
    },
}
PROBLEM: Schema = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "errors", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "code": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "request_id": {"type": ["string", "null"]},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": dict.fromkeys(("field", "code", "message"), TEXT),
            },
        },
    },
}


def whole(**members: Any) -> Schema:
    """An object of which no member is ever missing."""
    return {"type": "object", "required": list(members), "properties": members}


TABLE = array(array({"type": ["string", "number", "null"]}))
_NUMBER: Schema = {"type": "integer"}
_FIGURES = ("job", "done", "skipped", "failed", "matched", "ready", "not_found")
_LISTS = ("errors", "left_out", "first")
BULK: Schema = {
    "type": "object",
    "properties": {
        **dict.fromkeys(_FIGURES, _NUMBER),
        **dict.fromkeys(_LISTS, array({"type": "object"})),
    },
    "examples": [{"done": 2, "skipped": 0, "failed": 0, "errors": []}],
}
_AT: Schema = {"type": "string", "format": "date-time"}
PREVIEW = whole(
    preview=whole(
        sections=array(whole(label=TEXT, columns=array(TEXT), rows=array(array(TEXT)))),
        obstacles=array(TEXT),
    )
)
IMPORTED = whole(
    created=_NUMBER,
    updated=_NUMBER,
    unchanged=_NUMBER,
    failed=_NUMBER,
    errors=array(whole(row=_NUMBER, column=TEXT, message=TEXT, expected=TEXT)),
)
LINEAGE = array(whole(date={"type": "string", "format": "date"}, words=TEXT))
HISTORY = array(
    whole(
        at=_AT,
        occurred_at=TEXT_OR_NONE,
        actor=TEXT,
        on_behalf_of=TEXT_OR_NONE,
        source=TEXT,
        verb=TEXT,
        reason=TEXT_OR_NONE,
        changes=array(whole(field=TEXT, before=TEXT_OR_NONE, after=TEXT_OR_NONE)),
    )
)
