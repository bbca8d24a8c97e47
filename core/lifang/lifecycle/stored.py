"""What a plugin says of itself is stored beside its state: enough to tell, export and purge."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from lifang.kit import words
from lifang.kit.words import LANGUAGES, _, _p
from lifang.plugins.manager import Found
from lifang.plugins.plugin import Plugin
from lifang.plugins.setting import Setting
from lifang.plugins.tables import PluginRow
from lifang.resources.fields import FieldSpec
from lifang.resources.resource import Resource
from lifang.services.instance import Instance

Told = dict[str, Any]


def declaration(plugin: Plugin, found: Found) -> Told:
    """All that a loaded plugin says of itself, as JSON can hold it; labels by language."""
    return {
        "id": plugin.id,
        "label": _labels(plugin.label),
        "version": found.version,
        "distribution": found.distribution,
        "tables": sorted({one.table for one in plugin.resources}),
        "nouns": [_noun(one) for one in plugin.resources],
        "handlers": sorted(one.name for one in plugin.handlers),
        "hooks": sorted(function.__name__ for function in plugin.hooks),
        "events": sorted(plugin.payloads),
        "permissions": sorted(_permissions(plugin)),
        "writes": sorted(plugin.writes),
        "settings": {name: _setting(one) for name, one in plugin.settings.items()},
        "indicators": _named(plugin.indicators),
        "sheets": _named(plugin.sheets),
        "purposes": _named(plugin.purposes),
        "notices": {
            k: [_labels(one.label), _labels(one.text)] for k, one in plugin.notices.items()
        },
        "needs": sorted(one.name for one in plugin.needs if not one.optional),
        "provides": sorted(plugin.provides),
        "migrations": migrations_in(plugin.migrations),
        "folder": str(plugin.folder),
    }


def migrations_in(folder: Path) -> dict[str, dict[str, bool]]:
    """The migrations of a folder by name: `down` and `atomic`, read without running anything."""
    files = sorted(folder.glob("[0-9]*.py"))
    return {path.stem: dict(_migration(path.read_text("utf-8"))) for path in files}


@lru_cache(maxsize=256)
def _migration(source: str) -> dict[str, bool]:
    body = ast.parse(source).body
    names = {one.name for one in body if isinstance(one, ast.FunctionDef)}
    apart = any(
        isinstance(one, ast.Assign)
        and ast.unparse(one.targets[0]) == "atomic"
        and ast.unparse(one.value) == "False"
        for one in body
    )
    return {"down": "down" in names, "atomic": not apart}


def _permissions(plugin: Plugin) -> set[str]:
    return {
        f"{one.noun}:{verb}"
        for one in plugin.resources
        for verbs in one.roles.values()
        for verb in verbs
    }


def _setting(one: Setting[Any]) -> Told:
    return {"label": _labels(one.label), "kind": one.kind.__name__, "required": one.required}


def _noun(one: Resource[Any]) -> Told:
    return {
        "noun": one.noun,
        "record": one.record,
        "table": one.table,
        "label": _labels(one.label),
        "plural": _labels(one.label, "plural"),
        "state": one.state,
        "confidential": one.confidential is not None,
        "full": sorted(role for role, verbs in one.roles.items() if "export_full" in verbs),
        "fields": [_field(one, spec) for spec in one.fields if not spec.virtual],
        "actions": {name: _labels(action.label) for name, action in one.actions.items()},
        "events": sorted({action.event for action in one.actions.values()} | one.timers),
        "attachments": {kind: _labels(label) for kind, label in one.attachments.items()},
        "documents": {paper.name: _labels(paper.label) for paper in one.documents},
    }


def _field(one: Resource[Any], spec: FieldSpec) -> Told:
    return {
        "name": spec.name,
        "column": one.model._meta.fields[spec.name].column_name,
        "label": _labels(spec.label),
        "kind": spec.kind,
        "sensitive": spec.kind == "sensitive",
        "choices": {value: _labels(label) for value, label in spec.choices},
    }


def _named(declared: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    return {name: _labels(one.label) for name, one in declared.items()}


def _labels(label: str, context: str | None = None) -> dict[str, str]:
    told = {}
    for language in LANGUAGES:
        with words.using(language):
            told[language] = _p(context, label) if context else _(label)
    return told


def keep(plugin: Plugin, found: Found) -> None:
    """Store what a plugin says of itself by now, in the running transaction."""
    told = json.dumps(declaration(plugin, found), ensure_ascii=False)
    PluginRow.update(declared=told, label=plugin.label, version=found.version).where(
        PluginRow.name == plugin.id
    ).execute()


def keep_current(instance: Instance, present: Mapping[str, Found]) -> None:
    """Store the declarations of what is loaded in another version than is stored, or was not."""
    stale = [one for one in _rows(instance.plugins.loaded) if _is_stale(one, present)]
    if stale:
        with instance.database.transaction():
            for row in stale:
                keep(instance.plugins.loaded[row.name], present[row.name])


def _rows(names: Iterable[str]) -> list[Any]:
    return list(PluginRow.select().where(PluginRow.name.in_(list(names))))


def _is_stale(row: Any, present: Mapping[str, Found]) -> bool:
    found = present.get(row.name)
    return found is not None and (row.declared is None or row.version != found.version)


def told_of(plugin: str) -> Told:
    """What is stored of a plugin; nothing where it was installed before anything was stored."""
    row = PluginRow.get_or_none(PluginRow.name == plugin)
    told: Told = json.loads(row.declared or "{}") if row else {}
    return told
