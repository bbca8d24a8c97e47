"""What a kept file looks like before it is taken in: its columns, its first rows, what they do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.entities.job import Job
from lifang.kit import masking, text
from lifang.kit.errors import Invalid
from lifang.kit.words import _
from lifang.resources import schema
from lifang.resources.fields import FieldSpec
from lifang.resources.resource import Resource
from lifang.services import depot, sheets
from lifang.services.columns import ID, spellings
from lifang.services.importing import Import
from lifang.services.judging import as_meant
from lifang.services.outcomes import RowError
from lifang.services.uploads import AT_ONCE

NUMBER = FieldSpec(ID, ID, "integer")
_COVERED = re.compile(r"[0-9]{4}(-\*\*){0,2}|[^*]*\*{3,}[^*]{0,4}")
"""What a mask may leave as it was: a bare year, and a mask."""


@dataclass(frozen=True)
class Column:
    """One column: its header, the field it is about (none if nobody knows), and a sample."""

    header: str
    field: str | None
    automatic: str | None
    sample: str = ""


@dataclass(frozen=True)
class Line:
    """One row as it may be shown: its cells, and of each whether it is masked.

    `does` is created, updated, unchanged, failed, or empty where nobody knows.
    """

    number: int
    cells: list[tuple[str, bool]]
    does: str = ""
    changed: tuple[str, ...] = ()
    wrong: tuple[RowError, ...] = ()


def preview(
    caller: Caller,
    resource: Resource[Any],
    job: Job,
    problems: Iterable[RowError],
    *,
    rows: int,
    wrong_only: bool = False,
) -> tuple[list[Column], list[Line]]:
    """The columns of a job's file and some of its rows; what is sensitive is masked."""
    columns: dict[str, str] = json.loads(job.asked)["columns"]
    blamed: dict[int, list[RowError]] = {}
    for problem in problems:
        blamed.setdefault(problem["row"], []).append(problem)
    with depot.opened(caller.instance, str(job.place)) as stream:
        sheet = replace(sheets.glance(stream), digest=str(job.digest))
        known = _columns(resource, sheet.header, columns)
        told = (row for row in sheet.rows() if not wrong_only or row[0] in blamed)
        some = list(islice(told, rows))
        unknown = wrong_only or 1 in blamed or (resource.model is Community and job.total > AT_ONCE)
        does = {} if unknown else _does(caller, resource, sheet, some, columns)
    specs = [NUMBER if c.field == ID else resource.by_name.get(c.field or "") for c in known]
    lines = [
        Line(
            number,
            [covered(*one) for one in zip(specs, cells, strict=True)],
            *(("failed", ()) if number in blamed else does.get(number, ("", ()))),
            tuple(blamed.get(number, ())),
        )
        for number, cells in some
    ]
    for place, column in enumerate(known):
        sample = next(filter(None, (line.cells[place][0] for line in lines)), "")
        known[place] = replace(column, sample=sample)
    return known, lines


def columns_of(caller: Caller, resource: Resource[Any], job: Job) -> list[Column]:
    """The columns of a job's file, and what each is about."""
    with depot.opened(caller.instance, str(job.place)) as stream:
        return _columns(resource, sheets.glance(stream).header, json.loads(job.asked)["columns"])


def _columns(
    resource: Resource[Any], header: tuple[str, ...], chosen: Mapping[str, str]
) -> list[Column]:
    known = spellings(resource)
    matched = [known.get(text.fold(name)) for name in header]
    return [
        Column(name, chosen.get(name, found), found)
        for name, found in zip(header, matched, strict=True)
    ]


def _does(
    caller: Caller,
    resource: Resource[Any],
    sheet: sheets.Sheet,
    some: list[tuple[int, list[str]]],
    columns: Mapping[str, str],
) -> dict[int, tuple[str, tuple[str, ...]]]:
    """What carrying out each sound row would do, and which fields it changes."""
    judge = Import(caller.through("import"), resource, sheet, columns).judge()
    return {
        row.number: (
            row.does,
            tuple(_(resource.by_name[name].label) for name in row.given if row.view is not None),
        )
        for row in judge.judge(some)
    }


def covered(spec: FieldSpec | None, cell: str) -> tuple[str, bool]:
    """A cell as it may be shown, and whether it is masked: so is what nobody knows."""
    if spec is None or spec.secret is None:
        told = masking.numbers(cell) if spec else _hidden(cell)
        return told, told != cell
    try:
        value = schema.load((spec,), {spec.name: as_meant(spec, cell)}, partial=True)[spec.name]
    except Invalid:
        return _hidden(cell), True
    told = masking.mask(spec.secret, value or "")
    uncovered = told == value and not _COVERED.fullmatch(told)
    return _hidden(cell) if uncovered else told, bool(cell)


def _hidden(cell: str) -> str:
    return f"{cell[0]}***{cell[-1]}" if len(cell) > 2 else "***" if cell else ""
