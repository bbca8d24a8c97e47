"""Posts, who has taken one, what was done there and what residents say of it."""

from __future__ import annotations

from typing import Any

import lifang as lf
from lifang_dual_reporting import documents
from lifang_dual_reporting.models import (
    Post,
    PostClaim,
    Report,
    ServiceCard,
    ServiceEntry,
    ServiceRating,
)
from lifang_dual_reporting.models.report import SERVING
from lifang_dual_reporting.services import card, entry, post, rating


def of_reporters(model: Any, people: tuple[int, ...]) -> Any:
    """Whoever reports to a community finds its posts, also without any role there."""
    there = Report.select(Report.community).where(
        Report.person.in_(people), Report.state.in_(SERVING), Report.removed_at.is_null()
    )
    return model.community.in_(there)


posts = lf.Resource(
    Post,
    label="岗位",
    columns=("name", "community", "category", "slots", "taken", "skill", "state"),
    search=["name"],
    owner=of_reporters,
    locked=("taken", "who"),
    rules=[post.demand_places],
    saved=[post.offer_places],
    actions=[post.close, post.reopen, post.recount],
    editable=("open",),
    open=True,
    timers=["claims_changed"],
    roles={
        "resident": "read read:own",
        "community_worker": "read create update close reopen import export",
        "community_secretary": "remove",
    },
    never="recount",
)

post_claims = lf.Resource(
    PostClaim,
    label="岗位认领",
    scope=lf.Via("post"),
    columns=("post", "person", "organization", "claimed_on", "state"),
    search=["person.name"],
    owner="person",
    unit="organization",
    locked=("report", "organization", "claimed_on", "given_up_on"),
    rules=[post.take_place],
    saved=[post.follow],
    actions=[post.give_up, post.promote],
    roles={
        "resident": "read:own create:own give_up:own",
        "unit_liaison": "read:unit",
        "community_worker": "read create give_up export",
    },
    never="update remove import promote",
)

service_entries = lf.Resource(
    ServiceEntry,
    label="服务记录",
    columns=("person", "community", "start", "minutes", "content", "nature", "stars", "state"),
    search=["person.name", "content"],
    owner="person",
    unit="organization",
    veiled=("code",),
    locked=("minutes", "code", "confirmed_on", "source", "stars", "raters"),
    erasable={"content": ("person",)},
    rules=[entry.demand_true],
    actions=[entry.confirm, entry.void, entry.count_in, entry.count_stars],
    editable=("submitted",),
    timers=["rated"],
    roles={
        "resident": "read:own create:own",
        "unit_liaison": "read:unit",
        "community_worker": "read create update confirm void import export",
        "community_secretary": "remove",
    },
    never="count_in count_stars",
)

service_ratings = lf.Resource(
    ServiceRating,
    label="居民评价",
    columns=("entry", "community", "person", "stars", "remark"),
    owner="person",
    locked=("entry", "community"),
    erasable={"remark": ("person",)},
    rules=[rating.find_entry],
    saved=[rating.follow],
    roles={"resident": "read:own create:own", "community_worker": "read create export"},
    never="update remove import",
)

service_cards = lf.Resource(
    ServiceCard,
    label="服务记录卡",
    scope=lf.Via("report"),
    columns=("person", "report", "year", "number", "issued_on"),
    search=["person.name", "number"],
    owner="person",
    locked=("number", "issued_on"),
    dated="issued_on",
    rules=[card.fill],
    saved=[card.issue],
    documents=[documents.service_card],
    roles={"resident": "read:own create:own", "community_worker": "read create export"},
    never="update remove import",
)
