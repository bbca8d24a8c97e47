"""Numbers of papers (编号、文号): one after the other within a place and a year."""

from __future__ import annotations

import datetime as dt
import re

import peewee as pw

from lifang.entities.caller import Caller
from lifang.entities.community import KINDS, SEGMENT, Community
from lifang.kit import clock
from lifang.kit.errors import Conflict
from lifang.kit.words import _
from lifang.store.fields import IdField
from lifang.store.record import Table

PART = re.compile(r"\{(code|name|year|n)(?:(?<=\{n):0?[1-9])?\}")
"""What a pattern may say."""


class NumberRow(Table):
    """How far one sequence has come in a place and a year.

    `series` is the place's code where numbers tell it, for a code may pass to another community and
    must not bring the same number twice; else the community's id, as `#7`.
    """

    id = IdField()
    name = pw.CharField(max_length=100)
    series = pw.CharField(max_length=60)
    year = pw.IntegerField()
    last = pw.BigIntegerField(default=0)

    class Meta:
        """One row per sequence, place and year."""

        table_name = "core_number"
        indexes = ((("name", "series", "year"), True),)


class Number:
    """A sequence of numbers, `name` is `<plugin>.<what is numbered>`.

    `pattern` is written with `{code}` and `{name}` of the community, `{year}`, and `{n}`, which may
    have a width: `HT-{code}-{year}-{n:04}`. It has to say `{n}` and `{year}`, for every year begins
    with one. With a `level` (district, subdistrict …) the communities below one such node share a
    sequence. Raises ValueError for a pattern that says anything else.
    """

    def __init__(self, name: str, label: str, pattern: str, *, level: str | None = None) -> None:
        """Name a sequence; it begins when the first number is taken."""
        self.name, self.label, self.pattern, self.level = name, label, pattern, level
        if level is not None and level not in KINDS:
            raise ValueError(f"number {name}: {level!r} is no level, but {tuple(KINDS)}")
        said = set(PART.findall(pattern))
        if set("{}") & set(PART.sub("", pattern)) or not {"year", "n"} <= said:
            right = "{year} and {n}, perhaps {code}, {name} and a width as in {n:04}, nothing else"
            raise ValueError(f"number {name}: {pattern!r} may say {right}")

    def next(self, community: Community | int, caller: Caller, day: dt.date | None = None) -> str:
        """Take the next number of a community in the year of a day, today by default.

        It belongs to the running transaction: one that is rolled back leaves no gap, and whoever
        takes one at the same time waits. Raises Conflict where no node above has the level.
        """
        _unit = caller.instance.database.unit  # raises outside a transaction: nothing to belong to
        node = self._node(community)
        year = (day or clock.today()).year
        series = node.code if "{code" in self.pattern else f"#{node.id}"
        last = self._taken(series, year)
        return self.pattern.format(code=node.code, name=node.name, year=year, n=last)

    def of(self, code: str, caller: Caller) -> str:
        """Take the next number of this year of what has that code and need be no community."""
        _unit = caller.instance.database.unit
        year = clock.today().year
        return self.pattern.format(code=code, name="", year=year, n=self._taken(code, year))

    def _taken(self, series: str, year: int) -> int:
        told = {"name": self.name, "series": series, "year": year}
        mine = [getattr(NumberRow, key) == value for key, value in told.items()]
        NumberRow.insert(**told, last=0).on_conflict_ignore().execute()
        NumberRow.update(last=NumberRow.last + 1).where(*mine).execute()
        return int(NumberRow.select(NumberRow.last).where(*mine).scalar())

    def _node(self, community: Community | int) -> Community:
        """The node whose sequence it is: the community, or the one of the level above it."""
        node = Community.get_by_id(community) if isinstance(community, int) else community
        if self.level is None or node.kind == self.level:
            return node
        steps = range(SEGMENT, len(node.path), SEGMENT)
        above = Community.path.in_([node.path[:step] for step in steps])
        found: Community | None = Community.get_or_none(above, Community.kind == self.level)
        if found is None:
            told = {"name": node.name, "level": _(KINDS[self.level]), "label": _(self.label)}
            raise Conflict(_("「{name}」上面没有{level}，编不了{label}", **told))
        return found
