"""The community tree a few branches at a time: what a page opens, never the whole of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import peewee as pw

from lifang.access import policy
from lifang.entities.caller import Caller
from lifang.entities.community import DIGITS, SEGMENT, Community
from lifang.kit.errors import NotFound
from lifang.kit.words import _

MOST = 500
"""Nodes of one branch that are told; a branch is a district's streets, never a whole province."""


@dataclass(frozen=True)
class Node:
    """A community as the tree shows it, and how many lie directly under it."""

    id: int
    code: str
    name: str
    kind: str
    path: str
    under: int


def number_at(path: str) -> int:
    """The id of the community at the end of a path."""
    return int(path[-SEGMENT:], len(DIGITS))


def tops(caller: Caller) -> list[Node]:
    """The uppermost communities a caller can read: where their part of the tree begins."""
    readable = _readable(caller)
    seen_above = Community.select(Community.id).where(readable)
    query = _nodes().where(
        readable, Community.parent.is_null() | Community.parent.not_in(seen_above)
    )
    return _told(caller, query)


def children(caller: Caller, node: Node) -> list[Node]:
    """The communities directly under one."""
    return _told(caller, _nodes().where(_readable(caller), Community.parent == node.id))


def trail(caller: Caller, code: str) -> list[Node]:
    """From the top of the caller's part of the tree down to a code; NotFound when out of reach."""
    readable = _readable(caller)
    found = _nodes().where(readable, Community.code == code).first()
    if found is None:
        raise NotFound(_("没有找到"))
    ends = range(SEGMENT, len(found.path) + 1, SEGMENT)
    query = _nodes().where(readable, Community.path.in_([found.path[:end] for end in ends]))
    return sorted(_told(caller, query), key=lambda node: node.path)


def _nodes() -> Any:
    return Community.select().where(Community.removed_at.is_null(), Community.valid_to.is_null())


def _readable(caller: Caller) -> Any:
    allowed = policy.readable(caller, caller.instance.registry.of(Community))
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
        Node(row.id, row.code, row.name, row.kind, row.path, under.get(row.id, 0)) for row in rows
    ]
