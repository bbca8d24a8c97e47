"""What this plugin shows on the home page."""

from __future__ import annotations

import lifang as lf
from lifang import _
from lifang_lost_and_found.resources import items


@lf.hookimpl
def home_cards(caller: lf.Caller) -> list[lf.Card]:
    """How many wait for their owner where this caller looks."""
    waiting = lf.count(items, caller, state="found")
    link = "/p/lost-and-found/items?state=found"
    return [lf.Card(_("待认领的拾得物品"), str(waiting), link)]
