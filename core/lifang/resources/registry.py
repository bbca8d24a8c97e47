"""Every resource of the running instance, found by plugin and noun or by its record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lifang.resources.reach import Via
from lifang.resources.resource import Resource
from lifang.store.record import Record

CORE = "core"


class Registry:
    """Resources by `(plugin, noun)`; names are accepted with dashes or underscores."""

    def __init__(self) -> None:
        """Start empty; the plugin manager fills it."""
        self._by_noun: dict[tuple[str, str], Resource[Any]] = {}
        self._by_model: dict[type[Record], Resource[Any]] = {}
        self.confidential: frozenset[str] = frozenset()

    def add(self, plugin: str, resource: Resource[Any]) -> None:
        """Add one; raises ValueError when the noun is taken or the table has the wrong prefix."""
        if not resource.table.startswith(f"{plugin}_"):
            raise ValueError(f"table {resource.table} must be named {plugin}_…")
        key = (plugin, resource.noun)
        if key in self._by_noun:
            raise ValueError(f"{plugin} declares {resource.noun} twice")
        resource.plugin = plugin
        self._by_noun[key] = resource
        if resource.confidential is not None:
            self.confidential |= {resource.aggregate}
        self._by_model.setdefault(resource.model, resource)

    def above(self, resource: Resource[Any]) -> Resource[Any] | None:
        """The confidential one a resource belongs to; it must be confidential with it."""
        reference = resource.confidential.reference if resource.confidential else resource.scope
        if not isinstance(reference, Via):
            return None
        above = self._by_model.get(getattr(resource.model, reference.reference).rel_model)
        kept = above.confidential if above is not None else None
        fits = kept is None if resource.confidential is None else kept and not kept.reference
        if not fits:
            told = "what lies with an assigned record says lf.Confidential(lf.Via(…)), nothing else"
            raise ValueError(f"{resource.noun}: {told}")
        return above if kept is not None else None

    def drop(self, plugin: str) -> None:
        """Forget everything a plugin declared."""
        for key in [key for key in self._by_noun if key[0] == plugin]:
            resource = self._by_noun.pop(key)
            self.confidential -= {resource.aggregate}
            if self._by_model.get(resource.model) is resource:
                del self._by_model[resource.model]

    def find(self, plugin: str, noun: str) -> Resource[Any] | None:
        """The resource a URL or a command names, or None."""
        return self._by_noun.get((plugin.replace("-", "_"), noun.replace("-", "_")))

    def of(self, model: type[Record]) -> Resource[Any]:
        """The resource of a record; raises LookupError for a model nobody declared."""
        try:
            return self._by_model[model]
        except KeyError:
            raise LookupError(f"{model.__name__} is declared by no plugin") from None

    def named(self, record: Record) -> str:
        """How events and mechanisms name a record: `core.person/7`."""
        return f"{self.of(type(record)).aggregate}/{record.id}"

    def owns(self, resource: Resource[Any]) -> bool:
        """Whether the resource is registered here just now."""
        return self._by_noun.get((resource.plugin, resource.noun)) is resource

    def __iter__(self) -> Iterator[Resource[Any]]:
        """All of them, in the order they were declared."""
        return iter(list(self._by_noun.values()))
