"""What the address of a list asks for, and the addresses that ask a little differently."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from werkzeug.datastructures import MultiDict

from lifang.http import listing
from lifang.resources.fields import FieldSpec
from lifang.resources.resource import Resource
from lifang.services.query import Query
from lifang.web.addresses import home_of, with_query

PAGING = ("cursor", "count")
COLUMNS = "columns"
SPECIAL = frozenset({*listing.ASKED, *listing.PAGING, COLUMNS})
"""Keys of a list's address that are not fields."""


@dataclass(frozen=True)
class Asked:
    """A list request as it stands in the address, empty answers of the form left out."""

    resource: Resource[Any]
    pairs: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, resource: Resource[Any], args: MultiDict[str, str]) -> Asked:
        """Read an address's query string."""
        told = [(key, value.strip()) for key, value in args.items(multi=True) if key != "done"]
        pairs = tuple((key, value) for key, value in told if value)
        if "within" not in dict(pairs):  # whose tree is asked only of a part of it
            pairs = tuple(pair for pair in pairs if pair[0] != "tree")
        return cls(resource, pairs)

    def limited_to(self, code: str) -> Asked:
        """The same within another part of the tree."""
        rest = tuple(pair for pair in self.pairs if pair[0] != "within")
        return replace(self, pairs=(*rest, ("within", code)))

    def query(self, *, limit: int) -> Query:
        """The same for the services; raises Malformed for what nobody knows."""
        query = listing.read(self.resource, MultiDict(self.pairs), also=[COLUMNS]).query
        return query if self.one("limit") else replace(query, limit=limit)

    def chosen(self, kept: list[str]) -> list[FieldSpec]:
        """The fields asked for, else those that were `kept` for this list, else none."""
        if (said := self.one(COLUMNS)) is None:
            return [self.resource.by_name[name] for name in kept if name in self.resource.by_name]
        return listing.read_columns(self.resource, said)

    @property
    def counted(self) -> bool:
        """Whether the number of rows was asked for."""
        return self.one("count") is not None

    def one(self, key: str) -> str | None:
        """The last answer under a key."""
        return next((value for name, value in reversed(self.pairs) if name == key), None)

    @property
    def filtered(self) -> list[tuple[str, str]]:
        """The filters among the answers, one pair for each value."""
        return [(key, value) for key, value in self.pairs if key not in SPECIAL]

    @property
    def narrowed(self) -> bool:
        """Whether the list shows less than all there is."""
        return bool(self.filtered or self.one("q") or self.one("within"))

    def address(self, **changed: str | None) -> str:
        """The list's address with some answers changed; it starts at the first page again."""
        pairs = self.kept(*changed)
        pairs += [(key, value) for key, value in changed.items() if value is not None]
        return with_query(home_of(self.resource), pairs)

    def without(self, key: str, value: str) -> str:
        """The list's address without one value of a filter."""
        pairs = [pair for pair in self.kept() if pair != (key, value)]
        return with_query(home_of(self.resource), pairs)

    def kept(self, *changed: str) -> list[tuple[str, str]]:
        """The answers that stay when some are changed."""
        return [pair for pair in self.pairs if pair[0] not in {*changed, *PAGING}]
