"""The hooks: code the core must call, because it cannot be said as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from lifang.entities.caller import Caller

hookspec = pluggy.HookspecMarker("lifang")
hookimpl = pluggy.HookimplMarker("lifang")


@dataclass(frozen=True)
class Card:
    """A figure on the dashboard: a title, a value, where it leads, and a remark."""

    title: str
    value: str
    link: str | None = None
    note: str | None = None


@hookspec
def home_cards(caller: Caller) -> list[Card]:
    """Give the cards a caller's dashboard shows; an error drops this plugin's cards."""
    raise AssertionError("a specification is never called")
