"""What is said once for the whole description: words, examples, and parameters that are shared.

Everything is derived from the schemas themselves, so an example cannot say what its schema does not
allow; names in examples are invented.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from json import loads
from typing import Any

from lifang.api.members import DEEDS, MEMBERS
from lifang.api.schemas import Schema
from lifang.kit import json
from lifang.kit.words import _, n_

TEXTS: dict[str, Any] = {
    "year": 2026,
    "budget_year": 2026,
    "end": "2026-11-30T11:00:00.000000+08:00",
    "code": "620102001001",
    "plugin": "dual_reporting",
    "at": "620102001001",
    "period": "2026-11",
    **dict.fromkeys(("name", "label", "title", "summary", "text", "reason"), n_("示例")),
}
FORMATS = {"date": "2026-11-30", "date-time": "2026-11-30T09:00:00.000000+08:00"}
PLAIN: dict[str, Any] = {"boolean": True, "number": 12.5, "null": None, "array": [], "string": "…",
                        "integer": 1}  # fmt: skip


def finish(made: dict[str, Any]) -> dict[str, Any]:
    """Complete a description: no member without words, no body without an example."""
    made = loads(json.dumps(made))  # what is shared among descriptions stays as it is
    schemas = made["components"]["schemas"]
    for schema in (*schemas.values(), *_bodies(made)):
        _word(schema)
    for operation in _operations(made):
        operation.setdefault("description", _deed(operation))
        for one in operation.get("parameters", ()):
            said = MEMBERS.get(one["name"], "")
            one.setdefault("description", _(said) if said else one["name"])
            if (one["name"], one["in"]) == ("cursor", "query"):
                operation["responses"]["200"]["headers"] = {"Link": {"schema": {"type": "string"}}}
    for schema in (one for name, one in schemas.items() if name.endswith("Update")):
        changed = {**schema, "required": list(schema["properties"])[:1]}  # a change of something
        schema["examples"] = [sample(changed, schemas)]
    for schema in (*schemas.values(), *_bodies(made)):
        if "$ref" not in schema and schema.get("type") != "string":
            schema.setdefault("examples", [sample(schema, schemas)])
    _share(made)
    return made


def sample(schema: Schema, schemas: dict[str, Schema]) -> Any:
    """A value that a schema allows: what must be said, and nothing that need not be."""
    if "$ref" in schema:
        return sample(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if known := schema.get("examples") or schema.get("enum") or schema.get("const"):
        return known[0] if isinstance(known, list) else known
    either = schema.get("allOf") or schema.get("anyOf") or schema.get("oneOf")
    if either and "properties" not in schema:
        return sample(either[0], schemas)
    kinds = schema.get("type", "object")
    kind = kinds if isinstance(kinds, str) else kinds[0]
    if kind == "object":
        needed = [*schema.get("required", ()), *(either[0]["required"] if either else ())]
        told = {name: sample(schema["properties"][name], schemas) for name in needed}
        return {name: _named(name, one) for name, one in told.items()}
    if kind == "array" and schema.get("items"):
        return [sample(schema["items"], schemas)]
    return FORMATS.get(schema.get("format", ""), schema.get("minimum", PLAIN[kind]))


def _named(name: str, value: Any) -> Any:
    """What a member of this name says, where nothing better is known."""
    vague = type(value) is not bool and value in ("…", 1, FORMATS["date-time"])
    better = TEXTS.get(name, value) if vague else value
    return _(better) if isinstance(better, str) and better != "…" else better


def _operations(made: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (one for verbs in made["paths"].values() for one in verbs.values())


def _deed(operation: dict[str, Any]) -> str:
    """What is said of an operation beyond its summary, or of what it does with any records."""
    name, tag = operation["operationId"], "".join(operation.get("tags", ()))
    verb = name.removesuffix(f"_{tag}")
    known = (name, "many" if verb.endswith("_many") else verb, tag)
    return next((_(DEEDS[one]) for one in known if one in DEEDS), operation["summary"])


def _bodies(made: dict[str, Any]) -> Iterator[Schema]:
    """What is sent and answered, wherever its schema stands in an operation."""
    for operation in _operations(made):
        for part in (operation.get("requestBody", {}), *operation["responses"].values()):
            yield from (one["schema"] for one in part.get("content", {}).values() if one)


def _word(schema: Any) -> None:
    """Say what each member is, where its own declaration did not."""
    if isinstance(schema, list):
        for one in schema:
            _word(one)
    if not isinstance(schema, dict):
        return
    for name, member in schema.get("properties", {}).items():
        if "description" not in member and (said := MEMBERS.get(name)):
            schema["properties"][name] = {**member, "description": _(said)}
        _word(schema["properties"][name])
    for within in ("items", "anyOf", "oneOf", "allOf", "additionalProperties"):
        _word(schema.get(within))


def _share(made: dict[str, Any]) -> None:
    """Tell a parameter of several operations once."""
    lists = [one["parameters"] for one in _operations(made) if one.get("parameters")]
    counted = Counter(json.dumps(one) for told in lists for one in told)
    names: dict[bytes, str] = {}
    shared = made["components"].setdefault("parameters", {})
    for told in lists:
        for at, one in enumerate(told):
            key = json.dumps(one)
            if counted[key] == 1:
                continue
            if key not in names:
                names[key] = one["name"] if one["name"] not in shared else f"p{len(shared)}"
                shared[names[key]] = one
            told[at] = {"$ref": f"#/components/parameters/{names[key]}"}
