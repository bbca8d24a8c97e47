"""Tables and migrations: a plugin's own, numbered without gaps, never changed once released."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from lifang.checking.modules import Module
from lifang.checking.rule import Hits, Spot, hit, rule
from lifang.checking.source import Source

NUMBERED = re.compile(r"(\d{4})_[a-z0-9_]+\.py")
PERSONAL = {"phone", "mobile", "telephone", "id_card", "id_number", "citizen_id",
            "phone_number", "birth_date", "birthday", "home_address", "mobile_phone"}  # fmt: skip
RECORD = "lifang.Record"
REFERENCES = ("lifang.ref", "peewee.ForeignKeyField")
CHANGES = {"create_tables", "drop_tables", "create_table", "drop_table", "add_column",
           "drop_column", "rename_column", "rename_table", "add_not_null", "drop_not_null",
           "add_index", "drop_index", "alter_column_type",
           "add_foreign_key_constraint"}  # fmt: skip
"""What migrators do to the tables that they are given first."""
CORE_MODELS = {f"lifang.{one}" for one in ("Account", "Community", "Organization", "Person",
                                           "Affiliation", "Membership")}  # fmt: skip
FIELD = re.compile(r"peewee\.(Char|Text|FixedChar|Integer|BigInteger|Date)Field")


def models(source: Source) -> Iterator[tuple[Module, ast.ClassDef]]:
    """Every class that is a table of its own."""
    for module, node in source.nodes(ast.ClassDef):
        if {module.dotted(one) for one in node.bases} & {RECORD, "peewee.Model"}:
            yield module, node


def pictures(module: Module) -> dict[str, str]:
    """The tables that the classes of a migration stand for, by the classes' names."""
    classes = [one for one in module.nodes if isinstance(one, ast.ClassDef)]
    return {one.name: str(module.value(meta(module, one, "table_name"))) for one in classes}


def meta(module: Module, model: ast.ClassDef, name: str) -> ast.expr | None:
    """What a model's Meta says of something, or None."""
    for one in model.body:
        if isinstance(one, ast.ClassDef) and one.name == "Meta":
            for line in one.body:
                if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == name:
                    return line.value
    return None


@rule("LF401", tier=1)
def tables_carry_the_prefix(source: Source) -> Hits:
    """Every table, in models and in migrations, begins with the plugin's id."""
    for module, model in models(source):
        told = meta(module, model, "table_name")
        table = module.value(told)
        if told is None:
            yield module.hit(model, table=model.name, id=source.id)
        elif isinstance(table, str) and not table.startswith(f"{source.id}_"):
            yield module.hit(told, table=table, id=source.id)
    for module in source.migrations:
        for table, node in _touched(module):
            if not table.startswith(f"{source.id}_"):
                yield module.hit(node, table=table, id=source.id)


def _touched(module: Module) -> Iterator[tuple[str, ast.AST]]:
    """The tables a migration makes, changes or drops, and where."""
    named = pictures(module)
    for node in module.nodes:
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(node, ast.Call) and isinstance(called, ast.Attribute) and node.args:
            given = node.args[0]
            if called.attr in CHANGES:
                for one in given.elts if isinstance(given, ast.List | ast.Tuple) else [given]:
                    name = named.get(one.id) if isinstance(one, ast.Name) else module.value(one)
                    if isinstance(name, str):
                        yield name, node


@rule("LF402", tier=2)
def core_references_never_block(source: Source) -> Hits:
    """A reference to a record of the core neither cascades nor holds it back."""
    for module in [*source.modules, *source.migrations]:
        named = pictures(module) if module.migration else {}
        for name, call in module.called:
            target = call.args[0] if call.args else None
            picture = named.get(target.id, "") if isinstance(target, ast.Name) else ""
            core = module.dotted(target) in CORE_MODELS or picture.startswith("core_")
            if name == "lifang.place" or (name in REFERENCES and core):
                for one in call.keywords:
                    if one.arg in ("on_delete", "on_update"):
                        how = module.value(one.value)
                        yield module.hit(call, name=ast.unparse(target) if target else "", how=how)


@rule("LF403", tier=1)
def migrations_are_contiguous(source: Source) -> Hits:
    """Migrations are numbered from 0001 without a gap."""
    for right, module in enumerate(source.migrations, start=1):
        name = module.path.rpartition("/")[2]
        found = NUMBERED.fullmatch(name)
        if not found or int(found.group(1)) != right:
            yield hit(Spot(module.path), name=name, right=f"{right:04d}_….py")
            return


@rule("LF404", tier=1)
def migrations_go_both_ways(source: Source) -> Hits:
    """Every migration has an up and a down of two arguments."""
    for module in source.migrations:
        for name in ("up", "down"):
            found = module.own.get(name)
            if module.tree is not None and (found is None or len(found.args.args) != 2):
                told = f"def {name}(migrator, db)"
                yield hit(Spot(module.path), name=module.path.rpartition("/")[2], missing=told)


@rule("LF405", tier=2)
def released_migrations_are_unchanged(source: Source) -> Hits:
    """What a released wheel or the newest tag holds is still there, to the letter."""
    for path, content in source.released():
        name = path.rpartition("/")[2]
        if source.files.get(path, b"").replace(b"\r\n", b"\n") != content.replace(b"\r\n", b"\n"):
            yield hit(Spot(path if path in source.files else source.manifest_path), name=name)


@rule("LF406", tier=1)
def every_table_is_made(source: Source) -> Hits:
    """Each table of a model is named in some migration."""
    written = "\n".join(one.text for one in source.migrations)
    for module, model in models(source):
        table = module.value(meta(module, model, "table_name"))
        if isinstance(table, str) and table not in written:
            yield module.hit(model, table=table)


@rule("LF410", tier=2)
def personal_columns_are_sealed(source: Source) -> Hits:
    """A column that is named like something personal is a sensitive one."""
    for module, model in models(source):
        for line in model.body:
            if not isinstance(line, ast.Assign) or not isinstance(line.value, ast.Call):
                continue
            name = ast.unparse(line.targets[0])
            if name in PERSONAL and FIELD.fullmatch(module.dotted(line.value.func) or ""):
                yield module.hit(line, name=name)
