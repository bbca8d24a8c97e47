"""A plugin's work table as data: what waits for those who use it daily, and what they do to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from lifang.resources import schema
from lifang.resources.reach import Linked
from lifang.resources.resource import Resource
from lifang.services.query import OPERATORS, filter_names, sort_names

REACHES = ("tree", "unit", "own", "home")
NUMBERS = ("integer", "number", "money")


@dataclass(frozen=True)
class Panel:
    """Some records of a noun that somebody works on, with what they do to each.

    `filters` are those of a list, `{"state": "submitted", "due_on__lte": lf.today}`, a list meaning
    or; a value that moves is a function without arguments, called when the panel is laid out. Of an
    instant, a day is asked from its beginning (`start__gte`) or up to its end (`start__lte`).
    `reach` says whose they are: "tree", of the part of the tree that one works for; "unit", of the
    organization one stands for; "own", one's own; "home", what is offered where one lives.
    `columns` are fields, also of a record that is pointed at (`shift.start`), the first of them
    names the row; `actions` are offered on each row that they reach. `total` adds a number field up
    over all of them, divided by `over` and told in `unit`. The first `limit` are shown, in the
    order of `sort`. With `create`, the fields that are known beforehand, a new one can be begun; of
    what there is one of for each (`limit=1`), only while there is none.
    `choose`, a label and another noun of the plugin, makes from a row a new record that points to
    it. `empty` is what is said where there are none: what that means, and what one can do.
    Raises TypeError for what the noun does not have.
    """

    label: str
    resource: Resource[Any]
    filters: Mapping[str, Any] = field(default_factory=dict)
    _: KW_ONLY
    columns: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    empty: str = ""
    reach: str = "tree"
    sort: str = "id"
    limit: int = 5
    total: str | None = None
    over: int = 1
    unit: str = ""
    create: Mapping[str, Any] | None = None
    choose: tuple[str, Resource[Any]] | None = None

    def __post_init__(self) -> None:
        """Refuse what could never be shown."""
        of, known = self.resource, filter_names(self.resource)
        keys = [key.partition("__") for key in self.filters]
        wrong = [name for name, _sep, op in keys if name not in known or op not in ("", *OPERATORS)]
        heads = [name.partition(".")[0] for name in self.columns]
        wrong += [head for head in heads if head not in (*known, *of.by_name)]
        wrong += [name for name in self.actions if name not in of.actions]
        wrong += [name for name in self.create or () if name not in of.by_name]
        wrong += [name for name in [self.sort.lstrip("-")] if name not in sort_names(of)]
        whose = {"own": of.owner, "unit": of.unit}.get(self.reach, "")
        if self.total:
            summed = of.by_name.get(self.total)
            fits = summed and summed.kind in NUMBERS and not isinstance(of.scope, Linked)
            wrong += [] if fits else [self.total]
        wrong += [self.choose[1].noun] if self.choose and self.pointer is None else []
        if wrong or self.reach not in REACHES or whose is None or min(self.limit, self.over) < 1:
            said = wrong or f"reach={self.reach}, limit={self.limit}, over={self.over}"
            raise TypeError(f"panel {self.label}: {of.noun} has nothing for {said}")

    @property
    def pointer(self) -> str | None:
        """The field by which what is made from a row points to it."""
        fields = schema.create_fields(self.choose[1]) if self.choose else ()
        return next((one.name for one in fields if one.target is self.resource.model), None)

    @property
    def part(self) -> str:
        """What it is called where it fails or was stopped."""
        return f"desk {self.label}"[:60]


class Desk:
    """The panels of a plugin, the most urgent first: `desk=lf.Desk([lf.Desk.panel(…), …])`.

    Everybody finds those that concern them on `/p/<plugin>`, by `lifang desk PLUGIN` and at
    `GET /api/v1/desks/<plugin>`; one's own and those of one's home also on `/me`. Raises TypeError
    for two of one label.
    """

    panel = Panel

    def __init__(self, panels: Iterable[Panel]) -> None:
        """Keep them in order."""
        self.panels = tuple(panels)
        if len({one.label for one in self.panels}) < len(self.panels):
            raise TypeError("a desk has two panels of one label")
