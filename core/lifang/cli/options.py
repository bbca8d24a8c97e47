"""Options from declarations: what a field is called, what it takes, and what was said."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from lifang.cli.frame import Given, option
from lifang.kit.words import _
from lifang.resources import written
from lifang.resources.fields import FieldSpec
from lifang.resources.resource import Resource

OPERATORS = ("gte", "lte", "not", "isnull")
METAVARS = {
    "community": "CODE",
    "reference": "ID",
    "day": "DATE",
    "partial_date": "DATE",
    "instant": "TIME",
    "integer": "N",
    "number": "N",
    "boolean": "yes|no",
    "choice": "WORD",
    "state": "WORD",
}
RESERVED = frozenset(
    "as cursor format help json limit occurred-at output q reason sort version within yes".split()
)
"""Options of the commands themselves; a field of such a name is told as `--field-NAME`."""


def spelling(name: str, *, free: Iterable[str] = ()) -> str:
    """How a field is told on the command line: `birth_date` is `--birth-date`."""
    dashed = name.replace("_", "-")
    return f"--field-{dashed}" if dashed in RESERVED.difference(free) else f"--{dashed}"


def asked(specs: Iterable[FieldSpec], *, free: Iterable[str] = ()) -> list[click.Parameter]:
    """The options that ask for fields; the gateway judges what is missing or wrong.

    `free` are reserved words that the command does not use itself.
    """
    return [
        option(
            spelling(spec.name, free=free),
            f"f_{spec.name}",
            metavar=METAVARS.get(spec.kind, "TEXT"),
            help=_meant(spec) + (_("（必填）") if spec.required else ""),
        )
        for spec in specs
    ]


def said(specs: Iterable[FieldSpec], given: Given) -> dict[str, Any]:
    """The payload of what was said; an empty text clears a field, silence leaves it alone."""
    return {
        spec.name: written.read(spec, given[f"f_{spec.name}"])
        for spec in specs
        if given[f"f_{spec.name}"] is not None
    }


def _meant(spec: FieldSpec) -> str:
    """What an option is for: the field's label, with the words it takes."""
    told = _(spec.label)
    if spec.choices:
        known = "、".join(f"{word}（{_(label)}）" for word, label in spec.choices)
        return _("{label}：{known}", label=told, known=known)
    if spec.help:
        return _("{label}（{help}）", label=told, help=_(spec.help))
    return told


def filters(resource: Resource[Any]) -> list[click.Parameter]:
    """The options that narrow a list; each may be repeated, and a repeated one means or."""
    from lifang.services.query import field_named, filter_names

    params: list[click.Parameter] = []
    for name in filter_names(resource):
        spec = field_named(resource, name)
        plain = spelling(name)
        params.append(
            option(
                plain,
                f"f_{name}",
                metavar=METAVARS.get(spec.kind, "TEXT"),
                help=_meant(spec),
                multiple=True,
            )
        )
        params += [
            option(f"{plain}--{word}", f"f_{name}__{word}", help="", multiple=True, hidden=True)
            for word in OPERATORS
        ]
    return params


def exact(resource: Resource[Any]) -> list[click.Parameter]:
    """The options that look a phone or a citizen id up: whole, never by a part."""
    return [
        option(
            spelling(spec.name),
            f"x_{spec.name}",
            metavar="TEXT",
            help=_("{label}（完整的号码）", label=_(spec.label)),
        )
        for spec in resource.fields
        if spec.searchable
    ]


def filters_said(given: Given) -> list[tuple[str, list[Any]]]:
    """What was said to narrow a list, as `field` or `field__operator` and the values."""
    return [
        (name.removeprefix("f_"), list(values))
        for name, values in given.items()
        if name.startswith("f_") and values
    ]


def exact_said(given: Given) -> dict[str, str]:
    """The numbers to look up, by field."""
    return {
        name.removeprefix("x_"): value
        for name, value in given.items()
        if name.startswith("x_") and value
    }
