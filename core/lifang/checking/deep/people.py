"""What a plugin knows of persons: declared, and gone when a person is erased."""

from __future__ import annotations

from typing import Any

import peewee as pw

from lifang.checking.deep.rows import CANARY, filled
from lifang.checking.deep.subject import Subject
from lifang.checking.rule import Hits, hit, rule
from lifang.entities.person import Person
from lifang.services.erasing import erase
from lifang.store.sensitive import Sensitive


@rule("LF740", tier=3, deep=True)
def personal_columns_are_declared(subject: Subject) -> Hits:
    """A sensitive column of a record about a person, or its files, are declared as theirs."""
    for one in subject.plugin.resources:
        fields = one.model._meta.sorted_fields
        about = [
            f.name for f in fields if isinstance(f, pw.ForeignKeyField) and f.rel_model is Person
        ]
        personal = {*one.attachments, *(f.name for f in fields if isinstance(f, Sensitive))}
        for name in sorted(personal - one.erasable.keys()) if about else ():
            yield hit(subject.spot(one.model), noun=one.noun, field=name)


@rule("LF741", tier=2, deep=True)
def erased_is_gone(subject: Subject) -> Hits:
    """After a person is erased, no declared value of theirs stands anywhere any more."""
    filled(subject)
    planted: dict[str, tuple[str, str]] = {}
    person: Any = subject.made.get(Person)
    for one in subject.plugin.resources:
        row: Any = subject.made.get(one.model)
        for name, whose in one.erasable.items() if row is not None else ():
            if person is not None and any(row.__data__.get(ref) == person.id for ref in whose):
                value = row.__data__.get(name)
                value = getattr(value, "blob", value)
                planted[value.decode() if isinstance(value, bytes) else str(value)] = (
                    one.noun,
                    name,
                )
    if person is None or not planted:
        return
    erase(subject.boss, f"core.person/{person.id}")
    for table, text in _everything(subject):
        for value in [one for one in planted if one.startswith(CANARY) and one in text]:
            noun, field = planted[value]
            yield hit(subject.spot(), noun=noun, field=field, table=table)


def _everything(subject: Subject) -> list[tuple[str, str]]:
    """Every table of the database with all it holds as one text."""
    engine: Any = subject.instance.database.engine
    found = []
    for table in engine.get_tables():
        rows = engine.execute_sql(f'SELECT * FROM "{table}"').fetchall()  # noqa: S608 – a table's own name
        told = " ".join(
            bytes(cell).decode("utf-8", "replace")
            if isinstance(cell, bytes | memoryview)
            else str(cell)
            for row in rows
            for cell in row
        )
        found.append((table, told))
    return found
