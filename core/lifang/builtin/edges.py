"""What lies under what, and what it is called, from one day to another: edges, codes and paths."""

from __future__ import annotations

import datetime as dt
from typing import Any

import peewee as pw

from lifang.entities.community import Community, CommunityCode, CommunityEdge, path_end, path_of
from lifang.kit import clock
from lifang.kit.errors import Invalid
from lifang.kit.words import _

Rows = tuple[Any, ...]


def lies(node: Community) -> Rows:
    """Where a node lies now, among the edges."""
    return CommunityEdge.child == node.id, CommunityEdge.to_date.is_null()


def lie_under(node: Community) -> Rows:
    """What lies directly under a node now, open or closed, among the edges."""
    return CommunityEdge.parent == node.id, CommunityEdge.to_date.is_null()


def called(node: Community) -> Rows:
    """What an open node is called now, among the codes."""
    return CommunityCode.community == node.id, CommunityCode.to_date.is_null()


def demand_day(node: Community, date: dt.date, *unchanged: Rows) -> None:
    """A day lies neither in the future nor before what it changes began."""
    if date > clock.today():
        raise blame("date", _("日期不能晚于今天"))
    began = [node.valid_from, node.valid_to]
    for rows in unchanged:
        table: Any = rows[0].lhs.model
        began.append(table.select(pw.fn.MAX(table.from_date)).where(*rows).scalar())
    last = max((day for day in began if day is not None), default=date)
    if date < last:
        told = _("「{name}」在 {day} 设立或有过变动；日期不能更早", name=node.name, day=last)
        raise blame("date", told)


def lay(node: Community, under: Community, date: dt.date) -> None:
    """Let a node with all below it lie under another one from a day on: edge and paths."""
    begin_to_lie(int(node.id), under, date)
    path = path_of(int(node.id), under.path)
    rebase(node.path, path_end(node.path), path)
    node.path = path


def begin_to_lie(child: int, under: Community, date: dt.date) -> None:
    """Let the edge of a node end on a day, and another one begin."""
    standing = (CommunityEdge.child == child, CommunityEdge.to_date.is_null())
    CommunityEdge.update(to_date=date).where(*standing).execute()
    CommunityEdge.create(child=child, parent=under, from_date=date)


def rebase(low: str, high: str, path: str, *, beyond: str = "") -> None:
    """Let the paths from one up to another begin otherwise, those beyond the first if so told."""
    rest = pw.fn.SUBSTR(Community.path, len(low) + 1)
    told = pw.Expression(pw.Value(path), pw.OP.CONCAT, rest)
    moved = (Community.path >= low, Community.path < high, Community.path > beyond)
    Community.update(path=told).where(*moved).execute()


def begin_to_be_called(node: Community, date: dt.date) -> None:
    """Keep what a node is called from a day on."""
    CommunityCode.create(community=node, code=node.code, name=node.name, from_date=date)


def end(node: Community, date: dt.date) -> None:
    """Close a node: it is called nothing any more, and lies where it lay."""
    mark(node, date)
    CommunityCode.update(to_date=date).where(*called(node)).execute()


def mark(node: Any, closed_on: dt.date | None) -> None:
    """Say that a node is closed, or open: in the table too, where its rules compare it."""
    Community.update(valid_to=closed_on).where(Community.id == node.id).execute()
    node.valid_to = closed_on


def blame(field: str, sentence: str) -> Invalid:
    """An error about one answer."""
    return Invalid.about(field, "invalid", sentence)
