"""Where a community came from and where it went: what the tree remembers, told by day."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from lifang.entities.caller import Caller
from lifang.entities.community import Community, CommunityCode, CommunityEdge, CommunitySuccessor
from lifang.kit.words import _, n_
from lifang.services import reading
from lifang.services.presenting import UNREADABLE, View, names_of


@dataclass(frozen=True)
class Turn:
    """What a community was or became on a day, in words."""

    date: dt.date
    words: str


def heirs(caller: Caller, ids: Iterable[int]) -> dict[int, list[tuple[View, float]]]:
    """Who took over from closed communities, as a reader may know them, and what share."""
    heir: Any = CommunitySuccessor
    query = heir.select(heir.old, heir.new, heir.share).where(heir.old.in_(list(ids)))
    rows = list(query.order_by(heir.id).tuples())
    names = _names(caller, (new for _old, new, _share in rows))
    told = defaultdict(list)
    for old, new, share in rows:
        told[old].append((names.get(new, UNREADABLE), share))
    return told


def went(taken: list[tuple[View, float]]) -> str:
    """Where a closed community went, in words."""
    if len(taken) == 1:
        return _("并入「{name}」", name=taken[0][0]["name"])
    parts = (
        _("「{name}」{share:.3g}%", name=new["name"], share=share * 100) for new, share in taken
    )
    return _("拆分为{names}", names=_("、").join(parts))


def told(caller: Caller, number: int) -> list[dict[str, str]]:
    """All that happened to a community, as it is answered; NotFound for one out of sight."""
    reading.get(caller, caller.instance.registry.of(Community), number)
    return [{"date": turn.date.isoformat(), "words": turn.words} for turn in turns(caller, number)]


def turns(caller: Caller, number: int) -> list[Turn]:
    """All that happened to a community the caller can read, the last first."""
    node: Any = Community.get_by_id(number)
    heir: Any = CommunitySuccessor
    rows = heir.select(heir.old, heir.new, heir.date, heir.share)
    links = list(rows.where((heir.old == number) | (heir.new == number)).order_by(heir.id).tuples())
    beside = {one for old, new, *_more in links for one in (old, new)} - {number}
    edge: Any = CommunityEdge
    lay = edge.select(edge.parent, edge.from_date).where(edge.child == number).order_by(edge.id)
    moves = [pair for pair in pairwise(lay.tuples()) if not {pair[0][0], pair[1][0]} & beside]
    above = {parent for pair in moves for parent, _since in pair if parent is not None}
    names = _names(caller, beside | above)
    ended: Any = Community.select(Community.id, Community.valid_to).where(Community.id.in_(above))
    moved = _moved(moves, names, dict(ended.tuples()))
    told = [*_called(number), *moved, *_joined(number, links, names)]
    if taken := heirs(caller, [number])[number]:
        told.append(Turn(node.valid_to, went(taken)))
    elif node.valid_to is not None:
        told.append(Turn(node.valid_to, _("停用")))
    told.reverse()  # of one day, its end comes last
    return sorted(told, key=lambda turn: turn.date, reverse=True)


def _called(number: int) -> Iterator[Turn]:
    """When it was called otherwise, or closed for a while: nothing is called anything then."""
    had: Any = CommunityCode
    columns = (had.name, had.code, had.from_date, had.to_date)
    rows = had.select(*columns).where(had.community == number).order_by(had.id)
    for (name, code, _since, until), (new_name, new_code, since, _until) in pairwise(rows.tuples()):
        if name != new_name:
            yield Turn(since, _("由「{old}」更名为「{new}」", old=name, new=new_name))
        if code != new_code:
            yield Turn(since, _("编号由 {old} 改为 {new}", old=code, new=new_code))
        if until != since:
            yield Turn(until, _("停用"))
            yield Turn(since, _("重新启用"))


def _moved(moves: list[Any], names: Mapping[int, View], ended: dict[int, Any]) -> Iterator[Turn]:
    for (old, _since), (new, since) in moves:
        told = {"old": _name(names, old), "new": _name(names, new)}
        if ended.get(old) == since:
            yield Turn(since, _("原上级「{old}」停用，改属「{new}」", **told))
        else:
            yield Turn(since, _("由「{old}」划归「{new}」", **told))


def _joined(number: int, links: list[Any], names: Mapping[int, View]) -> Iterator[Turn]:
    for old, _new, date, share in links:
        if old != number:
            words = n_("「{name}」并入") if share == 1 else n_("由「{name}」拆分而来")
            yield Turn(date, _(words, name=_name(names, old)))


def _name(names: Mapping[int, View], number: int | None) -> str:
    return str(names.get(number or 0, UNREADABLE)["name"])


def _names(caller: Caller, ids: Iterable[int]) -> dict[int, View]:
    return names_of(caller, caller.instance.registry.of(Community), set(ids))
