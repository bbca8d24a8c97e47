"""SQL of one's own: on one's own tables, with parameters, inside the core's transactions."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from lifang.checking.modules import Module
from lifang.checking.rule import Hits, rule
from lifang.checking.source import Source

STATEMENT = re.compile(
    r"\s*(SELECT|INSERT|UPDATE|DELETE|REPLACE|CREATE|DROP|ALTER|TRUNCATE|WITH)\b", re.I
)
TABLES = re.compile(
    r"\b(?:FROM|JOIN|INTO|UPDATE|TRUNCATE(?:\s+TABLE)?|TABLE(?:\s+IF(?:\s+NOT)?\s+EXISTS)?)\s+"
    r"(?:ONLY\s+)?[\"`\[]?(?:main\.|public\.)?[\"`\[]?([a-z_][a-z0-9_]*)",
    re.I,
)
INDEXED = re.compile(r"\bINDEX\b.*?\bON\s+[\"`\[]?([a-z_][a-z0-9_]*)", re.I | re.S)
NAMED = re.compile(
    r"(?:\bWITH\s+(?:RECURSIVE\s+)?|,\s*)([a-z_][a-z0-9_]*)\s*(?:\([^)]*\)\s*)?AS\s*\(", re.I
)
NO_TABLE = {"set", "select", "only", "lateral", "values", "if", "unnest", "json_each",
            "generate_series", "json_array_elements", "pragma_table_info"}  # fmt: skip
WITHIN = re.compile(r"\b(EXTRACT|SUBSTRING|TRIM|OVERLAY)\s*\([^()]*\)", re.I)
RUNS = {"execute_sql", "raw", "executescript", "executemany"}
ENDS_IT = {"begin", "commit", "rollback", "manual_commit", "session_start", "session_commit",
           "session_rollback", "connect", "close"}  # fmt: skip


def statements(source: Source) -> Iterator[tuple[Module, ast.Call, ast.expr]]:
    """Every call that hands SQL to the database, and the SQL."""
    for module in [*source.modules, *source.migrations]:
        for node in module.nodes:
            if not isinstance(node, ast.Call) or not node.args:
                continue
            method = isinstance(node.func, ast.Attribute) and node.func.attr in RUNS
            if method or module.dotted(node.func) == "peewee.SQL":
                yield module, node, node.args[0]


def _written(module: Module, node: ast.expr) -> str:
    """The text of SQL as far as it is written out; what is put in reads as a parameter."""
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(one.value) if isinstance(one, ast.Constant) else " ? " for one in node.values
        )
    if isinstance(node, ast.BinOp):
        return _written(module, node.left) + _written(module, node.right)
    told = module.value(node)
    return told if isinstance(told, str) else ""


@rule("LF420", tier=2)
def sql_stays_on_own_tables(source: Source) -> Hits:
    """SQL names no table but the plugin's own."""
    for module, call, told in statements(source):
        text = WITHIN.sub("", _written(module, told))
        if not STATEMENT.match(text):
            continue
        bound = {one.lower() for one in NAMED.findall(text)} | NO_TABLE
        for table in dict.fromkeys([*TABLES.findall(text), *INDEXED.findall(text)]):
            if table.lower() not in bound and not table.startswith(f"{source.id}_"):
                yield module.hit(call, table=table)


@rule("LF421", tier=2)
def sql_has_parameters(source: Source) -> Hits:
    """SQL outside migrations is never put together from values."""
    for module, call, told in statements(source):
        if not module.migration and not _constant(module, told):
            yield module.hit(call)


def _constant(module: Module, node: ast.expr) -> bool:
    """Whether a text is the same whatever happens."""
    if isinstance(node, ast.JoinedStr):
        inner = [one.value for one in node.values if isinstance(one, ast.FormattedValue)]
        return all(_constant(module, one) for one in inner)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _constant(module, node.left) and _constant(module, node.right)
    if isinstance(node, ast.IfExp):
        return _constant(module, node.body) and _constant(module, node.orelse)
    if isinstance(node, ast.Name):
        return node.id in module.assigned and _constant(module, module.assigned[node.id])
    return isinstance(node, ast.Constant)


@rule("LF422", tier=2)
def transactions_belong_to_the_core(source: Source) -> Hits:
    """No transaction is begun or ended by hand, and no connection opened."""
    for module in source.modules:
        for node in module.nodes:
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Attribute) and called.attr in ENDS_IT:
                base = ast.unparse(called.value).lower()
                if re.search(r"(^|[._])(db|database|_database|proxy|engine)(\(\))?$", base):
                    yield module.hit(node, name=ast.unparse(called))
    for module, call, told in statements(source):
        if re.match(r"\s*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|PRAGMA|ATTACH|VACUUM|SET)\b",
                    _written(module, told), re.I):  # fmt: skip
            yield module.hit(call, name=_written(module, told).split()[0])
