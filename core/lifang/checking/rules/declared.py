"""What a plugin declares: itself, its resources with their permissions, its settings."""

from __future__ import annotations

import ast
import re

from lifang.access.roles import ROLES
from lifang.checking.rule import Hits, hit, rule
from lifang.checking.rules.tables import CORE_MODELS
from lifang.checking.source import Source

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
        last = use.module.body[-1]
        if not isinstance(last, ast.Assign | ast.AnnAssign) or last.value is not use.call:
            yield use.hit()


@rule("LF311", tier=2)
def roles_are_known(source: Source) -> Hits:
    """Every role that is given something is one there is."""
    for use in source.uses("Resource"):
        told = use.said("roles")
        for key in told.keys if isinstance(told, ast.Dict) else ():
            role = use.module.value(key)
            if isinstance(role, str) and role not in ROLES:
                yield use.hit(key, role=role, known=", ".join(ROLES))


@rule("LF313", tier=2)
def every_resource_has_a_permission(source: Source) -> Hits:
    """Some role may do something with it, or it says that nobody may."""
    for use in source.uses("Resource"):
        told = use.said("roles")
        nothing = told is None or (isinstance(told, ast.Dict) and not told.keys)
        stated = {"never", "reason", None} & {one.arg for one in use.call.keywords}
        if nothing and not stated:
            yield use.hit(noun=use.written("model", 0))


@rule("LF314", tier=2)
def no_scope_has_a_reason(source: Source) -> Hits:
    """What lies outside the tree says why."""
    for use in source.uses("Resource"):
        if use.written("scope") == "None" and not use.said("reason"):
            yield use.hit(noun=use.written("model", 0))


@rule("LF320", tier=3)
def settings_are_explained(source: Source) -> Hits:
    """A setting has a label; one without a default has to be set first, which is said by that."""
    for use in source.uses("Setting"):
        if use.written("label", 2) in ("", "''"):
            yield use.hit(name=use.value("name", 0), missing="label")


@rule("LF321", tier=4, severity="warning")
def settings_have_help(source: Source) -> Hits:
    """A setting says what changes with it."""
    for use in source.uses("Setting"):
        told = use.said("help", 4)
        if (told is None and use.said("choices") is None) or use.value("help", 4) == "":
            yield use.hit(name=use.value("name", 0))


@rule("LF322", tier=2)
def secrets_are_marked(source: Source) -> Hits:
    """A setting that is named like a secret is marked as one, and none has a default."""
    for use in source.uses("Setting"):
        name, marked = str(use.value("name", 0)), use.value("secret") is True
        named = SECRET.search(name) and use.written("kind", 1) in ("str", "")
        if (named and not marked) or (marked and use.value("default", 3)):
            yield use.hit(name=name)


@rule("LF330", tier=2)
def writes_go_through_the_gateway(source: Source) -> Hits:
    """What people work with is written by `lf.write` and `lf.act`, nowhere else."""
    kept = {use.module.dotted(use.said("model", 0)) for use in source.uses("Resource")}
    for module in source.modules:
        for name, call in module.called:
            model, _dot, verb = name.rpartition(".")
            if verb in WRITES and model in kept | CORE_MODELS:
                yield module.hit(call, name=f"{model.rpartition('.')[2]}.{verb}")
    for module, function in source.functions():
        given = {one.arg for one in function.args.args}
        marked = any(module.decorated(function, one) for one in ("lifang.on", "lifang.action"))
        for node in ast.walk(function) if marked else ():
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Attribute) and called.attr in ("save", "delete_instance"):
                told = ast.unparse(called)
                if told.partition(".")[0] in given or module.dotted(called) == told:
                    yield module.hit(node, name=told)
