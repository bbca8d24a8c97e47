"""What a plugin imports: the front door, what it requires, and nothing of anybody else."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module, metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lifang.checking.modules import Module
from lifang.checking.rule import Hits, hit, rule
from lifang.checking.rules.packaging import CORE, installed, plugins_here, requirements
from lifang.checking.source import Source


@cache
def _offered() -> frozenset[str]:
    """The names on the front door."""
    return frozenset(import_module(CORE).__all__) | {"__version__"}


@cache
def _brought() -> frozenset[str]:
    """The distributions that the core brings along, by their normal name."""
    told = (Requirement(one) for one in metadata.requires(CORE) or ())
    return frozenset(canonicalize_name(one.name) for one in told if one.marker is None)


@cache
def _homes() -> dict[str, list[str]]:
    """Which distributions bring which top-level module, of those installed here."""
    found = metadata.packages_distributions()
    return {name: [canonicalize_name(one) for one in told] for name, told in found.items()}


@rule("LF201", tier=1)
def source_parses(source: Source) -> Hits:
    """Every module is Python."""
    for module in source.parsed:
        if module.fault is not None:
            error = module.fault
            line = getattr(error, "lineno", 1) or 1
            spot = module.spot(
                ast.Pass(lineno=line, col_offset=(getattr(error, "offset", 1) or 1) - 1)
            )
            yield hit(spot, why=getattr(error, "msg", None) or error)


@rule("LF202", tier=2)
def front_door_only(source: Source) -> Hits:
    """Nothing behind the front door is imported."""
    for module in source.parsed:
        for name, taken, node in module.imports:
            behind = name.startswith(f"{CORE}.") or (
                name == CORE and taken is not None and taken not in _offered() and taken != "*"
            )
            if behind or (name == CORE and taken == "*"):
                yield module.hit(node, name=f"{name}.{taken}" if taken else name)
        for name, used in _attributes(module):
            if name not in _offered():
                yield module.hit(used, name=f"{CORE}.{name}")


def _attributes(module: Module) -> Iterator[tuple[str, ast.Attribute]]:
    """What is used of the module `lifang` itself."""
    for node in module.nodes:
        base = node.value if isinstance(node, ast.Attribute) else None
        if isinstance(base, ast.Name) and module.imported.get(base.id) == CORE:
            yield node.attr, node  # type: ignore[attr-defined, misc]  # it has a base


@rule("LF203", tier=1)
def imports_are_declared(source: Source) -> Hits:
    """Only the standard library, what the core brings, and what the manifest requires."""
    declared = {canonicalize_name(one.name) for one in requirements(source)}
    missing = [name for name in declared if not installed(name)]
    allowed = declared | _brought() | {CORE}
    for module, name, node in _foreign(source):
        homes = _homes().get(name, [])
        if any(one in allowed for one in homes):
            continue
        if not homes and (missing or _named_like(name, declared)):
            continue  # what is not installed here cannot be told from what is not required
        if not (homes and set(homes) & {one for _id, one in plugins_here(tuple(sys.path))}):
            yield module.hit(node, name=name)


def _named_like(module: str, declared: Iterable[str]) -> bool:
    return any(canonicalize_name(module) in name for name in declared)


def _foreign(source: Source) -> Iterator[tuple[Module, str, ast.stmt]]:
    """Every import of a top-level module that is neither its own, Python's, nor the core's."""
    for module in source.parsed:
        optional = _tried(module)
        for name, _taken, node in module.imports:
            top = name.partition(".")[0]
            known = {*sys.stdlib_module_names, source.package, CORE, ""}
            if top not in known and node not in optional:
                yield module, top, node


def _tried(module: Module) -> set[ast.AST]:
    """Imports that may fail: where an ImportError is caught, or for type checkers only."""
    found: set[ast.AST] = set()
    for node in module.nodes:
        caught = [ast.unparse(one.type or one) for one in getattr(node, "handlers", ())]
        handled = any("ImportError" in one or "ModuleNotFound" in one for one in caught)
        if handled or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)):
            found |= set(ast.walk(node))
    return found


@rule("LF204", tier=2)
def no_other_plugin(source: Source) -> Hits:
    """No other plugin is imported."""
    own = canonicalize_name(str(source.project.get("name", "")))
    for module, name, node in _foreign(source):
        homes = set(_homes().get(name, ())) & {
            one for _id, one in plugins_here(tuple(sys.path))
        } - {own}
        if homes or (name.startswith("lifang_") and not _homes().get(name)):
            yield module.hit(node, name=name)
