"""Found items as people work with them."""

from __future__ import annotations

import lifang as lf
from lifang_lost_and_found.models import Item
from lifang_lost_and_found.services import claim, give_back, set_due

items = lf.Resource(
    Item,
    label="拾得物品",
    search=["name"],
    locked=("due",),
    rules=[set_due],
    actions=[claim, give_back],
    editable=("found",),
    roles={
        "community_worker": "read create update claim give_back import export",
        "community_secretary": "remove",
    },
)
