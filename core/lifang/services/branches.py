"""The community tree a few branches at a time: what a page opens, never the whole of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import peewee as pw

from lifang.access import policy
from lifang.entities.caller import Caller
from lifang.entities.community import DIGITS, SEGMENT, Community, path_end
from lifang.kit.errors import NotFound
from lifang.kit.words import _
from lifang.services.query import find_community

MOST = 500
"""Nodes of one branch that are told; a branch is a district's streets, never a whole province."""


@dataclass(frozen=True)
class Node:
    """A community as the tree shows it, and how many open ones lie directly under it."""

    id: int
    code: str
    name: str
    kind: str
    path: str
    under: int
    closed: dt.date | None
    key: str


def number_at(path: str) -> int:
    """The id of the community at the end of a path."""
    return int(path[-SEGMENT:], len(DIGITS))


def key_of(code: str, closed_on: dt.date | None) -> str:
    """What finds a node again: its code, a closed one by its last day, for codes are used again."""
    return f"{code}@{closed_on - dt.timedelta(days=1)}" if closed_on else code


def seen_from(ids: list[int]) -> dict[int, int]:
    """Under which nodes some closed ones are seen: where their path leads, not where they lay."""
    rows: Any = Community.select(Community.id, Community.path).where(Community.id.in_(ids)).tuples()
    return {number: number_at(path[:-SEGMENT]) for number, path in rows if len(path) > SEGMENT}


def tops(caller: Caller, *, closed: bool = False) -> list[Node]:
    """The uppermost communities a caller can read: where their part of the tree begins."""
    readable, top = _readable(caller), Community.parent.is_null()
    if policy.readable(caller, caller.instance.registry.of(Community)) is not True:
        seen_above = Community.select(Community.id).where(readable)
        top |= Community.parent.not_in(seen_above)
    return _told(caller, _nodes(closed=closed).where(readable, top))


def children(caller: Caller, node: Node, *, closed: bool = False) -> list[Node]:
    """The communities directly under one; closed ones, if asked for, where they are seen from."""
    below = (Community.path > node.path) & (Community.path < path_end(node.path))
    directly = pw.fn.LENGTH(Community.path) == len(node.path) + SEGMENT
    return _told(caller, _nodes(closed=closed).where(_readable(caller), below, directly))


def trail(caller: Caller, code: str) -> list[Node]:
    """From the top of the caller's part of the tree down to a code; NotFound when out of reach."""
    found = find_community(caller, code, past=True)
    if found is None:
        raise NotFound(_("没有找到"))
    ends = range(SEGMENT, len(found.path) + 1, SEGMENT)
    on_the_way = Community.path.in_([found.path[:end] for end in ends])
    query = _nodes(closed=True).where(_readable(caller), on_the_way)
    return sorted(_told(caller, query), key=lambda node: node.path)


def _nodes(*, closed: bool) -> Any:
    standing = Community.select().where(Community.removed_at.is_null())
    return standing if closed else standing.where(Community.valid_to.is_null())


def _readable(caller: Caller) -> Any:
    resource = caller.instance.registry.of(Community)
    allowed = policy.readable(caller, resource, policy.gathered)
    if isinstance(allowed, bool):
        return Community.id.is_null(not allowed)
    return allowed


def _told(caller: Caller, query: Any) -> list[Node]:
    rows = list(query.order_by(Community.code).limit(MOST))
    counted: Any = (
        Community.select(Community.parent, pw.fn.COUNT(Community.id))
        .where(
            Community.parent.in_([row.id for row in rows]),
            Community.removed_at.is_null(),
            Community.valid_to.is_null(),
            _readable(caller),
        )
        .group_by(Community.parent)
        .tuples()
    )
    under = dict(counted)
    return [
        Node(row.id, row.code, row.name, row.kind, row.path, under.get(row.id, 0),
             row.valid_to, key_of(row.code, row.valid_to))
        for row in rows
    ]  # fmt: skip
