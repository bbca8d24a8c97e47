"""What is done with found items, and what must hold of them."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import lifang as lf
from lifang_lost_and_found.models import Item
from lifang_lost_and_found.settings import due_after


@lf.action("认领", moves={"found": "claimed"})
def claim(item: Item, caller: lf.Caller, *, proof: Annotated[str, "核对情况"]) -> lf.Data:
    """Somebody claims it and can tell what only its owner knows."""
    return {"proof": proof}


@lf.action("归还", moves={"claimed": "returned"})
def give_back(item: Item, caller: lf.Caller) -> None:
    """Its owner takes it home."""


def set_due(item: Item, caller: lf.Caller) -> None:
    """When it is due follows from what the district has set."""
    if item.due is None:
        span = dt.timedelta(days=due_after(item.community_id))
        item.due = lf.today() + span
