"""Which plugin needs which, by what they declare to provide and to need."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from lifang.plugins.manager import discover
from lifang.plugins.tables import PluginRow


@dataclass(frozen=True)
class Needs:
    """The needs of every installed plugin: by its id, the ids of those that provide them."""

    above: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def of(self, plugin: str) -> list[str]:
        """All that a plugin cannot do without, those it needs most deeply first."""
        found: list[str] = []
        for one in self.above.get(plugin, ()):
            if one != plugin:
                found += [further for further in self.of(one) if further not in found]
                found += [one] if one not in found else []
        return found

    def dependents(self, plugin: str) -> list[str]:
        """All that cannot do without a plugin, by id."""
        return sorted(one for one in self.above if plugin in self.of(one))


def needs() -> Needs:
    """Read what is stored of the installed plugins; those present tell what they provide too."""
    rows: Any = PluginRow.select().where(PluginRow.state.in_(("installed", "quarantined")))
    told = {row.name: json.loads(row.declared or "{}") for row in rows}
    provider = {name: one.id for one in discover().values() for name in one.provides}
    provider |= {name: id for id, one in told.items() for name in one.get("provides", ())}

    def who(names: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted({provider[name] for name in names if name in provider}))

    return Needs({id: who(one.get("needs", ())) for id, one in told.items()})
