"""What a plugin brings: nouns and tables with their rows, events, settings, interfaces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lifang.entities.caller import Caller
from lifang.lifecycle import stored
from lifang.plugins.declared import said
from lifang.store.database import Database


@dataclass(frozen=True)
class Noun:
    """A noun: its table with the rows it has by now, and its fields that need protection."""

    noun: str
    label: str
    table: str
    rows: int | None
    sensitive: tuple[str, ...]
    documents: tuple[str, ...]


@dataclass(frozen=True)
class Contents:
    """What a plugin brings, by what it last said of itself; nothing before it is installed.

    `hears` and `hooks` are known of one that is loaded.
    """

    nouns: tuple[Noun, ...]
    hears: tuple[str, ...]
    tells: tuple[str, ...]
    hooks: tuple[str, ...]
    settings: tuple[str, ...]
    indicators: tuple[str, ...]
    sheets: tuple[str, ...]
    purposes: tuple[str, ...]
    needs: tuple[str, ...]
    provides: tuple[str, ...]


def contents(caller: Caller, plugin: str) -> Contents:
    """What a plugin brings; the caller has been asked before."""
    told, loaded = stored.told_of(plugin), caller.instance.plugins.loaded.get(plugin)
    handlers = loaded.handlers if loaded else ()
    nouns = told.get("nouns", ())
    return Contents(
        nouns=tuple(_noun(caller.instance.database, one) for one in nouns),
        hears=tuple(sorted({type for one in handlers for type in one.types})),
        tells=tuple(sorted({*told.get("events", ()), *_events(plugin, nouns)})),
        hooks=tuple(sorted(hook.__name__ for hook in loaded.hooks)) if loaded else (),
        settings=_labels(told.get("settings", {}).values()),
        indicators=_labels(told.get("indicators", {}).values()),
        sheets=_labels(told.get("sheets", {}).values()),
        purposes=_labels(told.get("purposes", {}).values()),
        needs=tuple(told.get("needs", ())),
        provides=tuple(told.get("provides", ())),
    )


def _noun(database: Database, told: Mapping[str, Any]) -> Noun:
    sensitive = (one["label"] for one in told["fields"] if one["sensitive"])
    return Noun(
        noun=told["noun"],
        label=said(told["plural"]),
        table=told["table"],
        rows=_rows(database, told["table"]),
        sensitive=_labels(sensitive),
        documents=_labels(told["documents"].values()),
    )


def _rows(database: Database, table: str) -> int | None:
    if not database.engine.table_exists(table):
        return None
    asked = f"SELECT COUNT(*) FROM {database.quoted(table)}"  # noqa: S608 – a table that is there
    return int(database.engine.execute_sql(asked).fetchone()[0])


def _events(plugin: str, nouns: Iterable[Mapping[str, Any]]) -> set[str]:
    return {f"{plugin}.{one['record']}.{event}" for one in nouns for event in one["events"]}


def _labels(told: Iterable[Mapping[str, str]]) -> tuple[str, ...]:
    return tuple(said(one) for one in told)
