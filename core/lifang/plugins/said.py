"""What was said of settings and where, read once for as long as nobody says anything else.

Whoever asks for the same setting ten thousand times asks the database once: in a transaction what
its own snapshot holds, elsewhere what held when this process last looked at the epoch.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar, cast

from lifang.entities.community import SEGMENT, Community, CommunityEdge
from lifang.plugins.tables import SettingRow, read_epoch
from lifang.store.database import Database, proxy

T = TypeVar("T")
Edges = dict[int, list[tuple[int | None, dt.date | None, dt.date | None]]]


@dataclass(frozen=True)
class Word:
    """One word on a setting at a node from a day on; without a value, that it is inherited again.

    Of a secret the value is a mask, and `sealed` holds the ciphertext.
    """

    id: int
    node: int
    from_date: dt.date
    value: str | None
    locked: bool
    basis: str
    preset: str | None
    approved_by: str | None
    set_by: str
    set_at: dt.datetime
    sealed: bytes | memoryview | None


def words(plugin: str, key: str) -> dict[int, list[Word]]:
    """All that was ever said of a setting, by node, of each the latest day last."""
    return _kept((plugin, key), lambda: _words(plugin, key))


def holding(said: Sequence[Word], on: dt.date) -> Word | None:
    """Of what was said at one node, what holds on a day: of one day, what came last."""
    return next((word for word in reversed(said) if word.from_date <= on), None)


def above(at: Community | int, on: dt.date) -> list[int]:
    """A node and all that it lay under on a day, the nearest first.

    A node that was moved is asked where it lay then: what held for it must not change when it moves
    on. A merged node lies under the one that took it over, from that day on.
    """
    moved: Edges = _kept("moved", _moved, tree=True)
    path = at.path if isinstance(at, Community) else _path(at)
    found = []
    while path:
        number = int(path[-SEGMENT:], 36)
        found.append(number)
        path = path[:-SEGMENT]
        for parent, since, until in moved.get(number, ()):
            if (since is None or since <= on) and (until is None or on < until):
                path = _path(parent) if parent else ""
    return found


def _words(plugin: str, key: str) -> dict[int, list[Word]]:
    row: Any = SettingRow
    names = ("community" if one.name == "node" else one.name for one in fields(Word))
    columns = [getattr(row, name) for name in names]
    query = row.select(*columns).where(row.plugin == plugin, row.key == key)
    told: dict[int, list[Word]] = {}
    for one in query.order_by(row.from_date, row.id).tuples():
        word = Word(*one)
        told.setdefault(word.node, []).append(word)
    return told


def _moved() -> Edges:
    """Where every node lay that did not always lie where it lies now."""
    edge: Any = CommunityEdge
    query = edge.select(edge.child, edge.parent, edge.from_date, edge.to_date)
    dated = edge.from_date.is_null(is_null=False) | edge.to_date.is_null(is_null=False)
    found: Edges = {}
    for child, *lay in query.where(dated).order_by(edge.id).tuples():
        found.setdefault(child, []).append(cast(Any, tuple(lay)))
    return found


def _path(node: int) -> str:
    query: Any = Community.select(Community.path).where(Community.id == node)
    return _kept(node, lambda: cast("str | None", query.scalar()), tree=True) or ""


def _kept(key: Hashable, load: Callable[[], T], *, tree: bool = False) -> T:
    """What was read before, or is now; what there is none of is looked for again.

    Words come after the epoch has moved; of the tree a transaction may see what it has changed
    before that, and may yet undo: this is kept no longer than itself.
    """
    keeper: Database = proxy.obj.keeper
    memo = _memo(keeper)
    if tree and key not in memo and keeper.in_transaction:
        memo = keeper.unit.memo
    if key in memo:
        return cast(T, memo[key])
    found = load()
    if found is not None:
        memo[key] = found
    return found


def _memo(keeper: Database) -> dict[Hashable, Any]:
    """What may be used here and now: of this epoch, and nothing a transaction may yet undo."""
    unit = keeper.unit if keeper.in_transaction else None
    if unit is None:
        epoch = read_epoch() if keeper.epoch is None else keeper.epoch
    elif unit.changed:
        return unit.memo
    else:
        epoch = unit.memo["epoch"] if "epoch" in unit.memo else read_epoch()
        unit.memo["epoch"] = epoch
    known, memo = keeper.memo
    if epoch == known:
        return memo
    if unit is not None and epoch < known:
        return unit.memo
    keeper.memo = (epoch, {})
    return keeper.memo[1]
