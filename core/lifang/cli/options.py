"""Options from declarations: what a field is called, what it takes, and what was said."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import click

from lifang.cli.frame import Given
from lifang.cli.params import option
from lifang.kit.words import _, n_
from lifang.resources import written
from lifang.resources.fields import FieldSpec
from lifang.resources.resource import Resource
from lifang.services.query import OPERATORS, filter_names

METAVARS = {
    "community": "CODE",
    "reference": "ID",
    "day": "DATE",
    "partial_date": "DATE",
    "instant": "TIME",
    "integer": "N",
    "number": "N",
    "money": "YUAN",
    "boolean": "yes|no",
    "choice": "WORD",
    "state": "WORD",
}
EVERYWHERE = frozenset({"as", "help", "json"})
"""Options every command has."""

BOOKKEEPING = {
    "id": (n_("编号"), "ID"),
    "created_at": (n_("登记时间"), "TIME"),
    "updated_at": (n_("修改时间"), "TIME"),
    "unassigned": (n_("待归入：所在社区已停用，且没有整个并入另一个"), "yes|no"),
}


def spelling(name: str, taken: Collection[str] = ()) -> str:
    """How a field is told: `birth_date` is `--birth-date`; where that is taken, `--field-…`."""
    dashed = name.replace("_", "-")
    return f"--field-{dashed}" if dashed in EVERYWHERE or dashed in taken else f"--{dashed}"


def asked(specs: Iterable[FieldSpec], taken: Collection[str] = ()) -> list[click.Parameter]:
    """The options that ask for fields; the gateway judges what is missing or wrong.

    `taken` are the words the command uses for options of its own.
    """
    return [
        option(
            spelling(spec.name, taken),
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
        words = (_("{name}（{key}）", name=word, key=_(label)) for word, label in spec.choices)
        return _("{label}：{known}", label=told, known=_("、").join(words))
    if spec.help:
        return _("{label}（{help}）", label=told, help=_(spec.help))
    return told


def filters(resource: Resource[Any], taken: Collection[str]) -> list[click.Parameter]:
    """The options that narrow a list; each may be repeated, and a repeated one means or."""
    params: list[click.Parameter] = []
    for name in filter_names(resource):
        spec = resource.by_name.get(name)
        plain, dest = spelling(name, taken), f"f_{name}"
        if spec is None:
            label, metavar = BOOKKEEPING[name]
        else:
            label, metavar = _meant(spec), METAVARS.get(spec.kind, "TEXT")
        params.append(option(plain, dest, metavar=metavar, help=label, multiple=True))
        params += [
            option(f"{plain}--{word}", f"{dest}__{word}", help="", multiple=True, hidden=True)
            for word in OPERATORS
        ]
    return params


def exact(resource: Resource[Any], taken: Collection[str]) -> list[click.Parameter]:
    """The options that look a phone or a citizen id up: whole, never by a part."""
    return [
        option(
            spelling(spec.name, taken),
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
