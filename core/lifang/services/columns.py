"""The columns of a file: which field each is about, by its name or its label in either language."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from lifang.entities.community import Community
from lifang.kit import text
from lifang.kit.words import _, using
from lifang.resources import schema
from lifang.resources.resource import Resource
from lifang.services import sheets
from lifang.services.outcomes import Problems

ID, LEFT_OUT = "id", ""
LANGUAGES = ("zh", "en")


def spellings(resource: Resource[Any]) -> dict[str, str]:
    """Every way a header may call a field, folded; the field's own name wins.

    The column that tells what was wrong with failing rows is left out when they come back.
    """
    known: dict[str, str] = {}
    for language in LANGUAGES:
        with using(language):
            known |= {text.fold(_("编号")): ID, text.fold(_("错误")): LEFT_OUT}
    for language in LANGUAGES:
        with using(language):
            known |= {text.fold(_(spec.label)): spec.name for spec in resource.fields}
    known |= {text.fold(sheets.column_name(resource, s)): s.name for s in resource.fields}
    known |= {text.fold(spec.name): spec.name for spec in resource.fields}
    return known | {ID: ID}


def match(
    resource: Resource[Any],
    names: tuple[str, ...],
    problems: Problems,
    chosen: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, str]:
    """The field of each header, `id` for the number; what no field is called is a problem.

    `chosen` says by hand what a column is about; with nothing, it is left out.
    """
    known = spellings(resource)
    matched: dict[str, str] = {}
    for name in names:
        field = chosen.get(name, known.get(text.fold(name)))
        if field == LEFT_OUT:
            continue
        if field is None or (field != ID and field not in resource.by_name):
            near = difflib.get_close_matches(name, [one for one in known if known[one]], n=1)
            named = [known[near[0]]] if near else [ID, *resource.by_name]
            specs = resource.by_name
            labels = [_(specs[one].label) if one in specs else _("编号") for one in named]
            problems.blame(1, name, _("不认识的列「{name}」", name=name), _("、").join(labels))
        elif field in matched.values():
            problems.blame(1, name, _("两列是同一个字段「{name}」", name=field))
        else:
            matched[name] = field
    if ID not in matched.values() or resource.model is Community:  # known by its code
        _demand(resource, set(matched.values()), problems)
    return matched


def _demand(resource: Resource[Any], told: set[str], problems: Problems) -> None:
    """New records need their required fields; where every row names its record none is needed."""
    for spec in schema.create_fields(resource):
        column = sheets.column_name(resource, spec)
        hangs = column != spec.name  # a tree without this column would be roots alone
        if (spec.required or hangs) and spec.name not in told:
            problems.blame(1, column, _("缺少列「{name}」", name=column), _(spec.label))
