"""Hooks, handlers and routes: called by the core, so they look as the core calls them."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from functools import cache

from lifang.checking.modules import Function, Module, contains
from lifang.checking.rule import Hits, rule
from lifang.checking.source import Source

TYPE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){2}")
ROUTES = {"route", "app_errorhandler", "before_request", "after_request", "errorhandler"}
HOOK, ON = "lifang.hookimpl", "lifang.on"


@cache
def hooks() -> dict[str, tuple[str, ...]]:
    """The hooks there are, and what each is called with, read off their definitions."""
    from lifang.plugins import hooks as defined

    found = {name: one for name, one in vars(defined).items() if hasattr(one, "lifang_spec")}
    return {name: tuple(inspect.signature(one).parameters) for name, one in found.items()}


def implementations(source: Source) -> Iterator[tuple[Module, Function, ast.expr]]:
    """Every function marked as a hook's implementation, with the mark."""
    for module, function in source.functions():
        if mark := module.decorated(function, HOOK):
            yield module, function, mark


def reactions(source: Source) -> Iterator[tuple[Module, Function, ast.Call]]:
    """Every function marked as a handler of events, with the mark."""
    for module, function in source.functions():
        mark = module.decorated(function, ON)
        if isinstance(mark, ast.Call):
            yield module, function, mark


@rule("LF301", tier=1)
def hook_names_match(source: Source) -> Hits:
    """A hook's implementation is named like a hook there is."""
    for module, function, _mark in implementations(source):
        if function.name not in hooks():
            yield module.hit(function, name=function.name, known=", ".join(hooks()))


@rule("LF302", tier=1)
def hook_arguments_match(source: Source) -> Hits:
    """An implementation takes a subset of what its hook is called with."""
    for module, function, _mark in implementations(source):
        known = hooks().get(function.name)
        if known is None:
            continue
        given = function.args
        named = [one.arg for one in [*given.posonlyargs, *given.args, *given.kwonlyargs]]
        named += [f"*{one.arg}" for one in (given.vararg, given.kwarg) if one]
        for one in named:
            if one not in known:
                told = ", ".join(known)
                yield module.hit(function, name=function.name, argument=one, known=told)


@rule("LF303", tier=2)
def no_refused_option(source: Source) -> Hits:
    """No wrapper, no order of one's own, no other name, nothing asynchronous, no generator."""
    for module, function, mark in implementations(source):
        used = [one.arg or "**" for one in mark.keywords] if isinstance(mark, ast.Call) else []
        used += ["async def"] * isinstance(function, ast.AsyncFunctionDef)
        used += ["yield"] * contains(function.body, (ast.Yield, ast.YieldFrom))
        for option in used:
            yield module.hit(function, name=function.name, option=option)
    for module in source.modules:
        for name, _taken, node in module.imports:
            if name.partition(".")[0] == "pluggy":
                yield module.hit(node, name="—", option="pluggy")


@rule("LF304", tier=1)
def what_is_listed_is_marked(source: Source) -> Hits:
    """Hooks, handlers and actions that are listed carry their mark."""
    for use in source.uses("Plugin", "Resource"):
        for where, mark in (("hooks", HOOK), ("handlers", ON), ("actions", "lifang.action")):
            listed = use.said(where)
            for one in listed.elts if isinstance(listed, ast.List | ast.Tuple) else []:
                found = follow(source, use.module, one)
                if found and not found[1].decorator_list:
                    told = mark.replace("lifang", "lf")
                    yield use.hit(one, name=found[1].name, where=where, mark=told)


def follow(source: Source, module: Module, node: ast.expr) -> tuple[Module, Function] | None:
    """The function of the plugin that an expression names, or None."""
    name = module.dotted(node) or ""
    home, _dot, last = name.rpartition(".")
    for one in source.modules:
        if one.name == home and last in one.own:
            return one, one.own[last]
    return None


@rule("LF305", tier=1)
def handlers_take_event_and_caller(source: Source) -> Hits:
    """A handler is a plain function of an event and a caller."""
    for module, function, _mark in reactions(source):
        given = function.args
        named = [*given.posonlyargs, *given.args]
        needed = len(named) - len(given.defaults)
        odd = any(default is None for default in given.kw_defaults)
        fits = needed <= 2 <= len(named) or (given.vararg is not None and needed <= 2)
        if isinstance(function, ast.AsyncFunctionDef) or not fits or odd:
            yield module.hit(function, name=function.name)


@rule("LF306", tier=2)
def events_are_named_right(source: Source) -> Hits:
    """What is heard and what is declared is named in three parts, its own under its own id."""
    for module, _function, mark in reactions(source):
        for one in mark.args:
            told = module.value(one)
            if isinstance(told, str) and told != "*" and not TYPE.fullmatch(told):
                yield module.hit(one, name=told)
    for use in source.uses("payload"):
        told = use.value("type", 0)
        own = isinstance(told, str) and TYPE.fullmatch(told) and told.startswith(f"{source.id}.")
        if isinstance(told, str) and not own:
            yield use.hit(name=told)


@rule("LF307", tier=2)
def versions_lead_up(source: Source) -> Hits:
    """Each earlier version of an event has an upcaster."""
    for use in source.uses("payload"):
        version, told = use.value("version"), use.said("upcasters")
        if not isinstance(version, int) or not isinstance(told, ast.Dict | None):
            continue
        known = {use.module.value(one) for one in told.keys} if told is not None else set()
        for missing in range(1, version):
            if missing not in known:
                name = use.value("type", 0) or "…"
                yield use.hit(name=name, version=version, missing=missing)


@rule("LF308", tier=2)
def no_route_without_permission(source: Source) -> Hits:
    """No route of Flask's own, which would have neither permission nor place."""
    for module, name, call in source.calls("flask.Blueprint", "flask.Flask"):
        yield module.hit(call, name=name)
    for module, function in source.functions():
        for one in function.decorator_list:
            target = one.func if isinstance(one, ast.Call) else one
            if isinstance(target, ast.Attribute) and target.attr in ROUTES:
                path = module.value(one.args[0]) if isinstance(one, ast.Call) and one.args else ""
                yield module.hit(one, name=path or target.attr)
