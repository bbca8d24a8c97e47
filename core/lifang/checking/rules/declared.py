"""What a plugin declares: itself, its resources with their permissions, its settings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from lifang.access.roles import ROLES
from lifang.checking.modules import Function, Module
from lifang.checking.rule import Hits, hit, rule
from lifang.checking.rules.hooks import follow, reactions
from lifang.checking.source import Source, Use
from lifang.resources.resource import VERBS

SECRET = re.compile(r"(^|_)(password|passwd|secret|token|api_key|private_key|credential)s?($|_)")
WRITES = {"save", "create", "insert", "insert_many", "bulk_create", "bulk_update", "update",
          "delete", "delete_instance", "delete_by_id", "set_by_id", "replace", "get_or_create",
          "truncate_table", "drop_table"}  # fmt: skip


@rule("LF310", tier=3)
def declaration_comes_last(source: Source) -> Hits:
    """The declaration is the last statement of its module."""
    uses = source.uses("Plugin")
    if not uses:
        yield hit(source.spot)
    for use in uses:
        body = use.module.tree.body if use.module.tree is not None else []
        last = body[-1] if body else None
        if not isinstance(last, ast.Assign | ast.AnnAssign) or last.value is not use.call:
            yield hit(use.spot)


@rule("LF311", tier=2)
def roles_are_known(source: Source) -> Hits:
    """Every role that is given something is one there is."""
    for use, key, _verbs in _given(source):
        role = use.module.value(key)
        if isinstance(role, str) and role not in ROLES:
            yield hit(use.module.spot(key), role=role, known=", ".join(ROLES))


def _given(source: Source) -> Iterator[tuple[Use, ast.expr, ast.expr]]:
    for use in source.uses("Resource"):
        told = use.said("roles")
        if isinstance(told, ast.Dict):
            for key, verbs in zip(told.keys, told.values, strict=True):
                if key is not None:
                    yield use, key, verbs


@rule("LF312", tier=2)
def verbs_are_known(source: Source) -> Hits:
    """What roles are given, and what nobody is given, is a verb or an action."""
    for use, key, verbs in _given(source):
        known = _actions(source, use)
        if known is not None:
            yield from _unknown(use, verbs, known)
        del key
    for use in source.uses("Resource"):
        known = _actions(source, use)
        if known is not None and use.said("never") is not None:
            yield from _unknown(use, use.said("never"), known)


def _unknown(use: Use, told: ast.expr | None, known: set[str]) -> Hits:
    verbs = use.module.value(told)
    for word in verbs.split() if isinstance(verbs, str) else ():
        verb = word.partition(":")[0]
        if verb not in known | {*VERBS, "place", "issue", "revoke"}:
            noun = ast.unparse(use.call.args[0]) if use.call.args else "…"
            yield hit(use.module.spot(told), verb=verb, noun=noun)


def _actions(source: Source, use: Use) -> set[str] | None:
    """The names of a resource's actions, or None where they are not written out."""
    listed = use.said("actions")
    if listed is None:
        return set()
    if not isinstance(listed, ast.List | ast.Tuple):
        return None
    found = [follow(source, use.module, one) for one in listed.elts]
    return {one[1].name for one in found if one} if all(found) else None


@rule("LF313", tier=2)
def every_resource_has_a_permission(source: Source) -> Hits:
    """Some role may do something with it, or it says that nobody may."""
    for use in source.uses("Resource"):
        told = use.said("roles")
        nothing = told is None or (isinstance(told, ast.Dict) and not told.keys)
        spread = any(one.arg is None for one in use.call.keywords)
        stated = use.said("never") is not None or use.said("reason") is not None
        if nothing and not spread and not stated:
            noun = ast.unparse(use.call.args[0]) if use.call.args else "…"
            yield hit(use.spot, noun=noun)


@rule("LF314", tier=2)
def no_scope_has_a_reason(source: Source) -> Hits:
    """What lies outside the tree says why."""
    for use in source.uses("Resource"):
        told = use.said("scope")
        if isinstance(told, ast.Constant) and told.value is None and not use.said("reason"):
            noun = ast.unparse(use.call.args[0]) if use.call.args else "…"
            yield hit(use.spot, noun=noun)


@rule("LF320", tier=3)
def settings_are_explained(source: Source) -> Hits:
    """A setting has a label, a help, and a default unless it is required."""
    for use in source.uses("Setting"):
        name = use.value("name", 0)
        if use.said("label", 2) is None or use.value("label", 2) == "":
            yield hit(use.spot, name=name, missing="label")
        if use.said("default", 3) is None and not use.value("required"):
            yield hit(use.spot, name=name, missing="default")


@rule("LF321", tier=4, severity="warning")
def settings_have_help(source: Source) -> Hits:
    """A setting says what changes with it."""
    for use in source.uses("Setting"):
        told = use.said("help", 4)
        if (told is None and use.said("choices") is None) or use.value("help", 4) == "":
            yield hit(use.spot, name=use.value("name", 0))


@rule("LF322", tier=2)
def secrets_are_marked(source: Source) -> Hits:
    """A setting that is named like a secret is marked as one, and none has a default."""
    for use in source.uses("Setting"):
        name = use.value("name", 0)
        marked = use.value("secret") is True
        named = (
            isinstance(name, str)
            and SECRET.search(name)
            and use.module.dotted(use.said("kind", 1)) in ("str", None)
        )
        if (named and not marked) or (marked and use.value("default", 3)):
            yield hit(use.spot, name=name)


@rule("LF323", tier=1)
def settings_make_sense(source: Source) -> Hits:
    """A setting's name, kind, default and presets go together, as far as they are written out."""
    import datetime as dt

    from lifang.plugins.setting import Setting

    kinds: dict[str, Any] = {"int": int, "str": str, "bool": bool, "list": list,
                             "datetime.date": dt.date}  # fmt: skip
    for use in source.uses("Setting"):
        kind = kinds.get(use.module.dotted(use.said("kind", 1)) or "")
        told = {one.arg: use.module.value(one.value) for one in use.call.keywords if one.arg}
        name, default = use.value("name", 0), told.pop("default", None)
        known = {k: v for k, v in told.items() if v is not None and k in Setting.__annotations__}
        if kind is None or default is None or not isinstance(name, str):
            continue
        try:
            Setting(**{"label": "", **known, "name": name, "kind": kind, "default": default}).of(
                "x"
            )
        except (ValueError, TypeError, AttributeError) as error:
            yield hit(use.spot, name=name, why=error)


@rule("LF315", tier=1)
def nouns_are_declared_once(source: Source) -> Hits:
    """No resource is listed twice, and no model has two of one noun."""
    for use in source.uses("Plugin"):
        listed = use.said("resources")
        seen: set[str] = set()
        for one in listed.elts if isinstance(listed, ast.List | ast.Tuple) else []:
            name = ast.unparse(one)
            if name in seen:
                yield hit(use.module.spot(one), noun=name)
            seen.add(name)


@rule("LF326", tier=1)
def interfaces_stand_in_the_manifest(source: Source) -> Hits:
    """What is provided is named in the declaration and in the manifest alike."""
    groups = source.project.get("entry-points") or {}
    written = set(groups.get("lifang.provides") or {}) if isinstance(groups, dict) else set()
    declared = {use.value("name", 0): use.spot for use in source.uses("provide")}
    if None in declared:
        return  # a name that is put together cannot be read
    for name in sorted(declared.keys() - written):
        yield hit(declared[name], name=name)
    for name in sorted(written - declared.keys()):
        yield hit(source.manifest_spot(name), name=name)


@rule("LF330", tier=2)
def writes_go_through_the_gateway(source: Source) -> Hits:
    """What people work with is written by `lf.write` and `lf.act`, nowhere else."""
    models = _records(source)
    for module in source.modules:
        for name, call in module.called:
            model, _dot, verb = name.rpartition(".")
            if verb in WRITES and (model in models or model in CORE_RECORDS):
                yield hit(module.spot(call), name=f"{model.rpartition('.')[2]}.{verb}")
    for module, function, _mark in _running(source):
        for node in ast.walk(function):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Attribute) and called.attr in ("save", "delete_instance"):
                if (
                    isinstance(called.value, ast.Name)
                    and module.dotted(called.value) == called.value.id
                ):
                    yield hit(module.spot(node), name=ast.unparse(called))


CORE_RECORDS = {f"lifang.{one}" for one in ("Account", "Community", "Organization", "Affiliation",
                                            "Membership", "Person")}  # fmt: skip


def _records(source: Source) -> set[str]:
    """The models that resources are declared over: what people work with."""
    found = {use.module.dotted(use.said("model", 0)) for use in source.uses("Resource")}
    return {one for one in found if one}


def _running(source: Source) -> Iterator[tuple[Module, Function, Any]]:
    """Handlers and actions: what is given records at the hands of the core."""
    yield from reactions(source)
    for module in source.modules:
        for function in module.functions:
            if mark := module.decorated(function, "lifang.action"):
                yield module, function, mark


@rule("LF331", tier=3, severity="warning")
def handlers_are_listed(source: Source) -> Hits:
    """A function that is marked as a handler is named somewhere else too."""
    said = {
        node.id if isinstance(node, ast.Name) else node.attr
        for module in source.modules
        for node in module.nodes
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load)
    }
    for module, function, _mark in reactions(source):
        if function.name not in said:
            yield hit(module.spot(function), name=function.name)
