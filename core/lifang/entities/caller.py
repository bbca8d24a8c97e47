"""Who is acting, with which rights, through which interface."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from lifang.entities.community import Community, path_end
from lifang.kit import ranges

if TYPE_CHECKING:
    from lifang.plugins.manager import Snapshot
    from lifang.services.instance import Instance


@dataclass(frozen=True)
class Standing:
    """One role held somewhere: in the subtree of a path, for an organization, or everywhere."""

    role: str
    path: str | None = None
    organization: int | None = None

    @property
    def everywhere(self) -> bool:
        """Whether the role is held for the whole instance."""
        return self.path is None and self.organization is None

    @property
    def reach(self) -> ranges.Range:
        """The part of the tree it is held for, perhaps for one organization only."""
        return ranges.EVERYWHERE[0] if self.path is None else (self.path, path_end(self.path))


@dataclass(frozen=True)
class Caller:
    """Someone who acts; everything they may do follows from `standings` and `person`.

    `plugin` is set when a plugin acts by itself (a handler): then rights come from its
    declaration. `scope` narrows a token to `read` and to verbs like `core.people:update`; None is
    everything its owner may. `source` is one of web, api, cli, event, import. `snapshot` says where
    every plugin is on and does not change while the caller acts, so `rights` are worked out once.
    `trace` is the W3C traceparent that came along, unchecked.
    """

    instance: Instance = field(repr=False, compare=False)
    snapshot: Snapshot = field(repr=False, compare=False)
    name: str
    source: str
    account: int | None = None
    person: int | None = None
    standings: tuple[Standing, ...] = ()
    plugin: str | None = None
    on_behalf_of: str | None = None
    request_id: str | None = None
    correlation: str | None = None
    cause: int | None = None
    trace: str | None = None
    scope: frozenset[str] | None = None
    rights: dict[Any, Any] = field(init=False, repr=False, compare=False, default_factory=dict)

    @property
    def runs_it(self) -> bool:
        """Whether this is a platform administrator of the whole instance."""
        return any(
            one.role == "platform_administrator" and one.everywhere for one in self.standings
        )

    def finds(self, plugin: str, place: Community) -> bool:
        """Whether a plugin is on at a community."""
        return ranges.holds(self.snapshot.where(plugin), place.path)

    def through(self, source: str) -> Caller:
        """The same caller through another interface."""
        return replace(self, source=source)

    def served_by(self, plugin: str) -> Caller:
        """A plugin that does something for this caller: with its own rights, on their behalf."""
        behind = self.on_behalf_of or self.name
        nobody: dict[str, Any] = {"account": None, "person": None, "standings": (), "scope": None}
        return replace(self, plugin=plugin, name=f"plugin:{plugin}", on_behalf_of=behind, **nobody)
