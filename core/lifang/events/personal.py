"""Personal values of events: kept apart from the log, sealed, so that they can be erased.

The log holds a reference where a value stood. Positions, replays, archives and backups hold nothing
else, so whoever erases the value erases it everywhere.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import peewee as pw

from lifang.events.event import Data
from lifang.store.database import Database, proxy
from lifang.store.keys import KeyRing

ERASED = "[erased]"
"""What stands in an event where a personal value was erased."""

MARK = "$erasable"
Reference = tuple[str, str]
"""Whose value it is (`core.person/7`), and under which key it is kept."""


class Personal(str):
    """A personal value as handlers read it: a text like any other; pages and commands mask it."""

    __slots__ = ("reference",)
    reference: Reference | None

    def __new__(cls, value: str, reference: Reference | None = None) -> Personal:
        """Keep where it comes from; None for one that was made of others."""
        said = super().__new__(cls, value)
        said.reference = reference
        return said


def put_aside(
    data: Data, fields: Mapping[str, str | None], record: str, database: Database, keys: KeyRing
) -> dict[str, Any]:
    """Keep the personal values of an event that is being published; gives what the log holds.

    Raises TypeError for a value that is no text, KeyError where its person is not named.
    """
    kept = dict(data)
    for name, whose in fields.items():
        if (value := kept.get(name)) is None:
            continue
        if not isinstance(value, str):
            raise TypeError(f"{name}: an erasable value is a text")
        subject = record if whose is None else f"core.person/{kept[whose]}"
        reference = subject, secrets.token_hex(8)
        sealed = base64.b64encode(keys.lock(value.encode(), place_of(reference))).decode()
        database.unit.collect("erasable", (*reference, sealed), partial(_flush, database))
        kept[name] = {MARK: reference}
    return kept


def _flush(database: Database, rows: list[tuple[str, str, str]]) -> None:
    database.insert("erasable", ("subject", "key", "value"), rows)


def place_of(reference: Reference) -> str:
    """What a kept value is bound to."""
    return f"erasable|{'|'.join(reference)}"


def referring(data: Data) -> dict[str, Any]:
    """Data as it is kept again: with the references its values came from.

    Raises ValueError, naming the field, for a personal value that came from nowhere.
    """
    told = dict(data)
    for name, value in data.items():
        if isinstance(value, Personal):
            if value.reference is None:
                raise ValueError(name)
            told[name] = {MARK: value.reference}
    return told


def references(data: Data) -> dict[str, Reference]:
    """What data refers to, by field."""
    return {
        name: tuple(value[MARK])
        for name, value in data.items()
        if isinstance(value, dict) and MARK in value
    }


def opened(many: Iterable[Data], keys: KeyRing) -> list[Data]:
    """Data with the values it refers to; ERASED stands for those that are gone.

    A value that was altered, or put in another's place, does not open: its reference stays.
    """
    told = [(data, references(data)) for data in many]
    wanted = sorted({one for _data, found in told for one in found.values()})
    sealed: dict[Reference, str] = {}
    for some in pw.chunked(wanted, 400):
        pairs = ", ".join([f"({proxy.param}, {proxy.param})"] * len(some))
        asked = f"SELECT subject, key, value FROM (VALUES {pairs}) AS wanted "  # noqa: S608 – no value is in it
        asked += "JOIN erasable ON subject = column1 AND key = column2"
        rows = proxy.execute_sql(asked, [part for pair in some for part in pair]).fetchall()
        sealed |= {(subject, key): value for subject, key, value in rows}

    def value(reference: Reference) -> Any:
        if reference not in sealed:
            return ERASED
        try:
            plain = keys.unlock(base64.b64decode(sealed[reference]), place_of(reference))
        except KeyError:
            return {MARK: reference}
        return Personal(plain.decode(), reference)

    return [
        {**data, **{name: value(one) for name, one in found.items()}} if found else data
        for data, found in told
    ]
