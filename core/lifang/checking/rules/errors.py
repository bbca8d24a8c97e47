"""Errors and ends: nothing is swallowed, nothing goes on for ever, nothing always fails."""

from __future__ import annotations

import ast

from lifang.checking.modules import FUNCTIONS, Function, Module, contains, inside
from lifang.checking.rule import Hits, rule
from lifang.checking.source import Source

CALLED = ("lifang.hookimpl", "lifang.on", "lifang.action")
"""Marks of what the core calls."""


@rule("LF219", tier=2)
def no_bare_except(source: Source) -> Hits:
    """Nothing catches everything, unless it raises it again."""
    for module, node in source.nodes(ast.ExceptHandler):
        everything = node.type is None or "BaseException" in _named(module, node.type)
        if everything and not contains(node.body, (ast.Raise,)):
            told = ast.unparse(node.type) if node.type else ""
            yield module.hit(node, name=f"except {told}".strip() + ":")
    for module, _name, call in source.calls("contextlib.suppress"):
        if "BaseException" in {module.dotted(one) for one in call.args}:
            yield module.hit(call, name=ast.unparse(call))


def _named(module: Module, node: ast.expr) -> set[str | None]:
    told = node.elts if isinstance(node, ast.Tuple) else [node]
    return {module.dotted(one) for one in told}


@rule("LF221", tier=2)
def every_loop_ends(source: Source) -> Hits:
    """A loop without a condition has a way out."""
    ways = (ast.Return, ast.Raise, ast.Yield, ast.YieldFrom, ast.Await)
    for module, function in source.functions():
        for node in inside(function):
            endless = isinstance(node, ast.While) and bool(module.value(node.test))
            body = node.body if isinstance(node, ast.While) else []
            if endless and not contains(body, ways) and not any(map(_breaks, body)):
                yield module.hit(node, name=function.name)


def _breaks(node: ast.AST) -> bool:
    """Whether the loop a statement stands in is left by `break`, not one within it."""
    inner = isinstance(node, ast.For | ast.While | ast.AsyncFor)
    below = node.orelse if inner else ast.iter_child_nodes(node)  # type: ignore[attr-defined]  # a loop has one
    return isinstance(node, ast.Break) or any(map(_breaks, below))


@rule("LF222", tier=2)
def every_recursion_ends(source: Source) -> Hits:
    """A function that calls itself decides something before."""
    for module in source.modules:
        for function in module.own.values():
            if (found := _falls_into(function)) is not None:
                yield module.hit(found, name=function.name)


def _falls_into(function: Function) -> ast.AST | None:
    """The call by which a function enters itself whatever happens."""
    deciding = (ast.If, ast.For, ast.While, ast.Try, ast.Match, ast.With, ast.ClassDef, *FUNCTIONS)
    lazy = (ast.IfExp, ast.BoolOp, ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp)
    for node in function.body:
        if isinstance(node, deciding):
            return None
        parts = [node, *inside(node)]
        for one in parts if not any(isinstance(part, lazy) for part in parts) else ():
            called = one.func if isinstance(one, ast.Call) else None
            if isinstance(called, ast.Name) and called.id == function.name:
                return one
        if isinstance(node, ast.Return | ast.Raise):
            return None
    return None


@rule("LF223", tier=2)
def does_not_sleep(source: Source) -> Hits:
    """Nothing sleeps for a second or more."""
    for module, _name, call in source.calls("time.sleep"):
        seconds = module.value(call.args[0]) if call.args else None
        if isinstance(seconds, int | float) and seconds >= 1:
            yield module.hit(call, name=f"{seconds:g}")


@rule("LF225", tier=2)
def does_not_always_raise(source: Source) -> Hits:
    """What the core calls does not raise whatever happens."""
    for module in [*source.modules, *source.migrations]:
        for function in module.functions:
            called = any(module.decorated(function, one) for one in CALLED)
            if not called and not (module.migration and function.name == "up"):
                continue
            for number, node in enumerate(function.body):
                if isinstance(node, ast.Raise):
                    if not contains(function.body[:number], (ast.Return, ast.Yield)):
                        yield module.hit(node, name=function.name)
                    break
