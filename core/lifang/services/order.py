"""In which order a list is told, and where a page of it begins."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from lifang.kit.errors import Malformed
from lifang.kit.json import dumps
from lifang.kit.words import _
from lifang.resources import schema
from lifang.resources.resource import Resource
from lifang.services.query import SORTED_BY_DEFAULT, sort_names


@dataclass(frozen=True)
class Order:
    """How a list is sorted, and how to go on after its last row."""

    field: str
    descending: bool

    @classmethod
    def read(cls, resource: Resource[Any], sort: str) -> Order:
        """Read `-created_at`; raises Malformed naming what can be sorted by."""
        name = sort.removeprefix("-")
        if name != SORTED_BY_DEFAULT and name not in sort_names(resource):
            known = _("、").join(sort_names(resource))
            raise Malformed(_("不能按「{key}」排序。可用：{known}", key=name, known=known))
        return cls(name, sort.startswith("-"))

    def columns(self, model: Any) -> list[Any]:
        """What the database sorts by."""
        names = [self.field] if self.field == "id" else [self.field, "id"]
        columns = [getattr(model, name) for name in names]
        return [column.desc() if self.descending else column.asc() for column in columns]

    def after(self, model: Any, cursor: str) -> Any:
        """Which rows come after the one a cursor names; ids are told by where they end."""
        value, number = read_cursor(cursor)
        column = getattr(model, self.field)
        if self.descending:
            return (column < value) | ((column == value) & (model.id < number))
        return (column > value) | ((column == value) & (model.id > number))

    def indexed(self, resource: Resource[Any]) -> bool:
        """Whether the database can walk along it without sorting everything first."""
        return self.field == "id" or bool(getattr(resource.model, self.field).index)

    def window(self, model: Any, cursor: str | None, within: int | None) -> Any:
        """Which rows are among the next so many."""
        row = model.alias()
        ids = row.select(row.id).order_by(*self.columns(row)).limit(within)
        return model.id.in_(ids.where(self.after(row, cursor)) if cursor else ids)


def make_cursor(value: Any, number: int) -> str:
    """Name the last row of a page."""
    return base64.urlsafe_b64encode(dumps([value, number])).decode().rstrip("=")


def _storable(value: Any) -> bool:
    """Whether a cursor's value can be compared with a column; raises ValueError for broken text."""
    if isinstance(value, str):
        value.encode()  # a lone surrogate cannot be stored, so no row comes after it
        return True
    return value is None or (isinstance(value, int | float) and abs(value) <= schema.LARGEST)


def read_cursor(cursor: str) -> tuple[Any, int]:
    """Read what `make_cursor` wrote; raises Malformed for anything else."""
    try:
        told = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        value, number = told
        if not isinstance(number, int) or abs(number) > schema.LARGEST or not _storable(value):
            raise ValueError(cursor)
    except (ValueError, TypeError, binascii.Error):
        raise Malformed(_("续页标记 cursor 无效；请从第一页重新开始")) from None
    return value, number
