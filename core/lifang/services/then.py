"""The tree as it was then: each record is judged by what lay under what on its own day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import peewee as pw

from lifang.access import policy
from lifang.entities.caller import Caller
from lifang.entities.community import Community, CommunityEdge, CommunitySuccessor, FormerPlace
from lifang.resources.reach import Itself, Linked, Via
from lifang.resources.resource import Resource
from lifang.store.fields import DayField, day_of


def lain(caller: Caller, resource: Resource[Any], community: Community) -> Any:
    """Which rows lay in a community or under it, each on its own day."""
    model: Any = resource.model
    lay = laid(caller, resource, [int(community.id)]).alias("lay")
    return model.id.in_(pw.Select((lay,), (lay.c.id,)))


def laid(caller: Caller, resource: Resource[Any], roots: Sequence[int]) -> Any:
    """Rows by `id` with each `root` in which or under which they lay on their own day.

    Who reaches a place over a link is judged by the day of the link. A record that was taken out of
    a closed node is judged by where it lay before.
    """
    row = resource.model.alias()
    placing, dated, at = resource, row, row
    tree = _tree(roots)
    query = row.select(row.id.alias("id"), tree.c.root.alias("root"))
    while isinstance(placing.scope, Via):
        field = getattr(at, placing.scope.reference)
        placing = caller.instance.registry.of(field.rel_model)
        above = placing.model.alias()
        query, at = query.join_from(at, above, on=(field == above.id)), above
    scope = placing.scope
    if isinstance(scope, Linked):
        link: Any = scope.model.alias()
        here = (getattr(link, scope.here) == at.id) & policy.current(link)
        query, at = query.join_from(at, link, on=here), link
        if placing is resource:
            dated, resource = link, caller.instance.registry.of(scope.model)
        placing, place = caller.instance.registry.of(scope.model), getattr(link, scope.there)
    else:
        place = at.id if isinstance(scope, Itself) else getattr(at, str(scope))
    day = day_of(dated.created_at)
    if resource.dated:
        day = pw.fn.COALESCE(getattr(dated, resource.dated), day)
    former = FormerPlace.alias()
    then = (former.noun == placing.id) & (former.record == at.id)
    then &= _holds(former.from_date, former.to_date, day)
    query = query.join_from(at, former, pw.JOIN.LEFT_OUTER, on=then)
    under = pw.fn.COALESCE(former.community, place) == tree.c.place
    query = query.join_from(at, tree, on=under & _holds(tree.c.since, tree.c.until, day))
    return query.with_cte(tree)


def lain_below(root: int, first: date, last: date, *, deep: bool) -> Any:
    """The communities that lay under one on some day from the first to the last, or directly."""
    edge: Any = CommunityEdge
    tree = _tree([root])
    lay = tree.select_from(tree.c.place) if deep else edge.select(edge.child)
    since, until = (tree.c.since, tree.c.until) if deep else (edge.from_date, edge.to_date)
    lay = lay if deep else lay.where(edge.parent == root)
    days = [DayField().db_value(day) for day in (last, first)]
    return lay.where((since.is_null() | (since <= days[0])), until.is_null() | (until > days[1]))


def closed_and_open_ended(place: Any) -> Any:
    """Which communities are closed without one that took over the whole of them, to this day."""
    heir: Any = CommunitySuccessor
    merged = heir.select(heir.old).where(heir.share == 1)
    closed = Community.valid_to.is_null(is_null=False) & Community.id.not_in(merged)
    lost = Community.select(Community.id).where(closed).cte("lost", recursive=True, columns=("id",))
    more = heir.select(heir.old).join(lost, on=(heir.new == lost.c.id)).where(heir.share == 1)
    lost = lost.union_all(more)
    return place.id.in_(lost.select_from(lost.c.id))


def _tree(roots: Sequence[int]) -> Any:
    """All that ever lay in some nodes or under them, and from which day to which."""
    edge: Any = CommunityEdge
    told = edge.select(edge.child, edge.child, edge.from_date, edge.to_date)
    told = told.where(edge.child.in_(roots))
    top = told.cte("lain", recursive=True, columns=("root", "place", "since", "until"))
    below: Any = edge.alias()
    since, until = top.c.since, top.c.until
    begins = [(below.from_date.is_null() | (since > below.from_date), since)]
    ends = [(below.to_date.is_null() | (until < below.to_date), until)]
    both = below.to_date.is_null() | since.is_null() | (since < below.to_date)
    both &= below.from_date.is_null() | until.is_null() | (below.from_date < until)
    step = below.select(
        top.c.root,
        below.child,
        pw.Case(None, begins, below.from_date),
        pw.Case(None, ends, below.to_date),
    )
    return top.union_all(step.join(top, on=(below.parent == top.c.place)).where(both))


def _holds(since: Any, until: Any, day: Any) -> Any:
    return (since.is_null() | (since <= day)) & (until.is_null() | (until > day))
