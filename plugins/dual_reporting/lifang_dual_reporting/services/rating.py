"""What residents say of those who served them: by the code on the service card, once each."""

from __future__ import annotations

import datetime as dt

import lifang as lf
from lifang import _
from lifang_dual_reporting.models import ServiceEntry, ServiceRating
from lifang_dual_reporting.policies import refuse

LEAST, MOST = 1, 5


def find_entry(rating: ServiceRating, caller: lf.Caller) -> None:
    """A rating is of a confirmed entry, found by its code, and never of one's own service."""
    if rating.entry_id is not None:
        return
    if not LEAST <= rating.stars <= MOST:
        refuse("stars", "range", _("评分为 1 到 5 星"))
    rating.code = rating.code.upper()
    entry: ServiceEntry | None = ServiceEntry.get_or_none(
        ServiceEntry.code == rating.code,
        ServiceEntry.state == "confirmed",
        ServiceEntry.removed_at.is_null(),
    )
    if entry is None:
        refuse("code", "unknown", _("没有这个评价码，或服务记录已作废；请核对服务记录卡"))
    if entry.person_id in (rating.person_id, caller.person):
        refuse("code", "own", _("不能评价自己的服务"))
    rating.entry, rating.community = entry, entry.community


def follow(rating: ServiceRating, caller: lf.Caller) -> None:
    """An entry follows its ratings; told by time, so that its history names no rater."""
    assert rating.entry is not None  # noqa: S101 – found before it was saved
    lf.timer(rating.entry, caller, "rated", lf.now())


def average(person: int, community: int, first: dt.datetime, last: dt.datetime) -> float | None:
    """What residents said of somebody's service in a community that began in `[first, last)`.

    Stars to one decimal, each rating counting the same; None where nobody said anything.
    """
    rows = (
        ServiceRating.select(ServiceRating.stars)
        .join(ServiceEntry)
        .where(
            ServiceEntry.person == person,
            ServiceEntry.community == community,
            ServiceEntry.state == "confirmed",
            ServiceEntry.removed_at.is_null(),
            ServiceEntry.start >= first,
            ServiceEntry.start < last,
            ServiceRating.removed_at.is_null(),
        )
    )
    said = [one.stars for one in rows]
    return round(sum(said) / len(said), 1) if said else None
