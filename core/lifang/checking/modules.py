"""A Python file as its syntax tree, with names followed back to where they were imported from."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from lifang.checking.rule import Hit, Spot, hit

Function = ast.FunctionDef | ast.AsyncFunctionDef
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


class Module:
    """One file: `tree` is None where it does not parse, and `fault` says why."""

    def __init__(self, path: str, text: str, root: str = "") -> None:
        """Parse it; nothing of it is run. `root` is the folder that packages lie in: `src/`."""
        self.path, self.text = path, text
        self.name = (
            path.removeprefix(root).removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        )
        self.migration = "migrations" in path.split("/")[:-1]
        self.tree: ast.Module | None = None
        self.fault: SyntaxError | ValueError | None = None
        try:
            self.tree = ast.parse(text, path)
        except (SyntaxError, ValueError, RecursionError) as error:
            self.fault = error if isinstance(error, SyntaxError | ValueError) else ValueError()

    def spot(self, node: ast.AST | None) -> Spot:
        """Where a node stands."""
        return Spot(self.path, getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1)

    def hit(self, node: ast.AST | None, **values: Any) -> Hit:
        """Say that a node breaks a rule."""
        return hit(self.spot(node), **values)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of the tree."""
        return list(ast.walk(self.tree)) if self.tree is not None else []

    @property
    def body(self) -> list[ast.stmt]:
        """The statements of its own level."""
        return self.tree.body if self.tree is not None else []

    @cached_property
    def functions(self) -> list[Function]:
        """Every function and method."""
        return [one for one in self.nodes if isinstance(one, FUNCTIONS)]

    @cached_property
    def own(self) -> dict[str, Function]:
        """The functions of the module itself, by name."""
        return {one.name: one for one in self.body if isinstance(one, FUNCTIONS)}

    @cached_property
    def imported(self) -> dict[str, str]:
        """What names mean that were imported, anywhere in the file: `lf` → `lifang`."""
        found: dict[str, str] = {}
        for node in self.nodes:
            if isinstance(node, ast.Import):
                for one in node.names:
                    found[one.asname or one.name.partition(".")[0]] = (
                        one.name if one.asname else one.name.partition(".")[0]
                    )
            elif isinstance(node, ast.ImportFrom):
                base = self._base(node)
                found |= {one.asname or one.name: f"{base}.{one.name}" for one in node.names}
        return found

    @cached_property
    def imports(self) -> list[tuple[str, str | None, ast.stmt]]:
        """Every import: the module, what is taken from it if something is, and the statement."""
        found: list[tuple[str, str | None, ast.stmt]] = []
        for node in self.nodes:
            if isinstance(node, ast.Import):
                found += [(one.name, None, node) for one in node.names]
            elif isinstance(node, ast.ImportFrom):
                found += [(self._base(node), one.name, node) for one in node.names]
        return found

    def _base(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = self.name.split(".")
        package = parts if self.path.endswith("/__init__.py") else parts[:-1]
        kept = package[: len(package) - node.level + 1]
        return ".".join([*kept, *([node.module] if node.module else [])])

    def dotted(self, node: ast.AST | None) -> str | None:
        """What an expression names, followed through imports: `lf.hookimpl` → `lifang.hookimpl`."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return None
        base = self.imported.get(node.id)
        if base is None:
            base = f"{self.name}.{node.id}" if node.id in self.bound else node.id
        return ".".join([base, *reversed(parts)])

    @cached_property
    def bound(self) -> set[str]:
        """The names that the module itself defines."""
        found = set(self.assigned)
        return found | {
            one.name for one in self.body if isinstance(one, (*FUNCTIONS, ast.ClassDef))
        }

    @cached_property
    def assigned(self) -> dict[str, ast.expr]:
        """What stands assigned at the module's own level, the last word of each name."""
        found: dict[str, ast.expr] = {}
        for node in self.body:
            if isinstance(node, ast.Assign):
                found |= {one.id: node.value for one in node.targets if isinstance(one, ast.Name)}
            elif (
                isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value
            ):
                found[node.target.id] = node.value
        return found

    @cached_property
    def called(self) -> list[tuple[str, ast.Call]]:
        """Every call whose function has a name, with that name."""
        calls = [one for one in self.nodes if isinstance(one, ast.Call)]
        return [(name, one) for one in calls if (name := self.dotted(one.func))]

    def value(self, node: ast.expr | None) -> Any:
        """The value of an expression that is written out, also over a name, else None."""
        if node is None:
            return None
        if isinstance(node, ast.Name) and node.id in self.assigned:
            node = self.assigned[node.id]
        try:
            return ast.literal_eval(node)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            return None

    def decorated(self, node: Function, name: str) -> ast.expr | None:
        """The decorator of a function that names something, as `lifang.on`, or None."""
        for one in node.decorator_list:
            target = one.func if isinstance(one, ast.Call) else one
            if self.dotted(target) == name:
                return one
        return None

    @cached_property
    def at_import(self) -> list[ast.AST]:
        """What runs when the module is imported: functions only where the module calls them."""
        found: list[ast.AST] = []
        seen: set[str] = set()
        ahead: list[ast.AST] = list(self.body)
        while ahead:
            node = ahead.pop()
            if isinstance(node, SCOPES):
                ahead += [*getattr(node, "decorator_list", []), *_defaults(node)]
                continue
            if isinstance(node, ast.If) and _guarded(node):
                ahead += node.orelse
                continue
            found.append(node)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                inner = self.own.get(node.func.id)
                if inner is not None and inner.name not in seen:
                    seen.add(inner.name)
                    ahead += inner.body
            ahead += ast.iter_child_nodes(node)
        return found


def _defaults(node: ast.AST) -> list[ast.AST]:
    given = getattr(node, "args", None)
    return [one for one in [*given.defaults, *given.kw_defaults] if one] if given else []


def _guarded(node: ast.If) -> bool:
    """Whether a block is run by `python -m` only, or read by type checkers only."""
    told = ast.unparse(node.test)
    return "__name__" in told or "TYPE_CHECKING" in told


def inside(node: ast.AST) -> Iterator[ast.AST]:
    """What stands in a node, without what stands in functions within it."""
    for one in ast.iter_child_nodes(node):
        if isinstance(one, SCOPES):
            continue
        yield one
        yield from inside(one)


def contains(nodes: list[ast.stmt], kinds: tuple[type[ast.AST], ...]) -> bool:
    """Whether some statements contain a kind of node, functions within them left out."""
    return any(
        isinstance(one, kinds) or any(isinstance(part, kinds) for part in inside(one))
        for one in nodes
    )
