"""Communities coming in as a table: known by their codes, and planted from the top downwards."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lifang.access import policy
from lifang.entities.caller import Caller
from lifang.entities.community import EVERYDAY, KINDS, Community
from lifang.entities.job import Job
from lifang.kit import ranges
from lifang.kit.words import _
from lifang.resources import schema
from lifang.resources.resource import Resource
from lifang.services import columns as matching
from lifang.services import sheets
from lifang.services.judging import Judge, Row, as_meant
from lifang.services.outcomes import Problems
from lifang.services.standpoint import standpoint
from lifang.store.statements import padded

ORDER = list(KINDS)
TO_COME = schema.LARGEST
"""Stands for the number of a parent that the same file brings, until that one has been written."""

Line = tuple[int, list[str]]


@dataclass(frozen=True)
class Layout(sheets.Sheet):
    """A file's rows laid out on disk: the widest kinds come first, in whatever order they came.

    `again` tells of each row that repeats a code which row it was that had it first.
    """

    scratch: sqlite3.Connection
    again: Mapping[int, int]

    def runs(self, after: int) -> Iterator[Iterator[Line]]:
        """The rows after a place that was reached, kind by kind, the widest first."""
        gone, asked = max(after - 1, 0), "SELECT number, cells FROM told WHERE rank = ?"
        for rank in range(len(ORDER) + 1):
            rows = self.scratch.execute(asked + " ORDER BY number LIMIT -1 OFFSET ?", (rank, gone))
            yield ((number, json.loads(cells)) for number, cells in rows)
            counted = self.scratch.execute("SELECT COUNT(*) FROM told WHERE rank = ?", (rank,))
            gone = max(gone - counted.fetchone()[0], 0)

    def reached(self, before: int, some: Sequence[Line]) -> int:
        """How far one is after some more rows: in this order their numbers do not tell."""
        return max(before, 1) + len(some)

    def first(self, code: str) -> tuple[int, int] | None:
        """The rank and the number of the first row that tells of an open node with this code."""
        told = "SELECT rank, number FROM told WHERE code = ? AND closed = '' ORDER BY rank, number"
        found: tuple[int, int] | None = self.scratch.execute(told, (code,)).fetchone()
        return found


def laid_out(resource: Resource[Any], sheet: sheets.Sheet, columns: Mapping[str, str]) -> Layout:
    """Lay out a sheet, whose header may be wrong: then it will not be read."""
    fields = matching.match(resource, sheet.header, Problems(), columns)
    at = {fields[name]: place for place, name in enumerate(sheet.header) if name in fields}
    day = resource.by_name["valid_to"]
    ranks = {
        said: rank
        for rank, (kind, label) in enumerate(KINDS.items())
        for said in (kind, label, _(label))
    } | {word: ORDER.index(kind) for word, kind in EVERYDAY.items()}

    def line(number: int, cells: list[str]) -> tuple[Any, ...]:
        code, kind, closed = (
            cells[at[name]].strip() if name in at else "" for name in ("code", "kind", "valid_to")
        )
        rank, told = ranks.get(kind, len(ORDER)), json.dumps(cells, ensure_ascii=False)
        return rank, number, code, as_meant(day, closed), told

    # without a name it is gone with this object; what does not fit its small cache goes to disk
    scratch = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    scratch.execute(
        "CREATE TABLE told (rank, number, code, closed, cells, PRIMARY KEY (rank, number))"
        " WITHOUT ROWID"
    )
    scratch.execute("BEGIN")
    lines = (line(number, cells) for number, cells in sheet.rows())
    scratch.executemany("INSERT INTO told VALUES (?, ?, ?, ?, ?)", lines)
    scratch.execute("CREATE INDEX of_code ON told (code, closed)")
    again = scratch.execute(
        "SELECT number, first FROM (SELECT number, FIRST_VALUE(number) OVER"
        " (PARTITION BY code, closed ORDER BY rank, number) AS first FROM told WHERE code <> '')"
        " WHERE number <> first"
    )
    told = (sheet.header, sheet.total, sheet.digest, sheet._rows)
    return Layout(*told, scratch, dict(again.fetchall()))


def undisturbed(job: Job) -> bool:
    """Whether no community stands but those that this very job brought: nobody waits for it."""
    return int(Community.select(Community.id).count()) == job.created


@dataclass(frozen=True)
class Node:
    """A standing node, as far as its rows and those below it must know it."""

    id: int
    kind: str
    path: str


class TreeJudge(Judge):
    """Says of a file's communities what each would do; a node is known by its code.

    The one that a row is about is the one that closed on the day it tells, or the open one.
    """

    asks_rules = False  # what they would say of a new node is known here for all of a piece

    def __init__(
        self,
        caller: Caller,
        resource: Resource[Any],
        sheet: Layout,
        *,
        columns: Mapping[str, str],
    ) -> None:
        """Judge the header; there is nothing more to judge where it is wrong."""
        super().__init__(caller, resource, sheet.header, columns=columns)
        self._sheet = sheet
        self._readable = policy.readable(caller, resource)
        self._reaches = [policy.rights(caller, resource, verb) for verb in ("create", "import")]
        self._nodes: dict[tuple[str, str], Node] = {}

    def judge(self, some: Sequence[Line]) -> list[Row]:
        """The sound rows of a piece: what it asks of the database is asked once for all rows."""
        told = [(number, dict(zip(self._names, cells, strict=True))) for number, cells in some]
        codes = {cells.get(name, "").strip() for _n, cells in told for name in ("code", "parent")}
        self._look_up(sorted(codes - {""}))
        nodes = [(number, cells, self._node(cells)) for number, cells in told]
        self._standing.look_up([node.id for _n, _cells, node in nodes if node is not None])
        rows = [self._judge(number, cells, node) for number, cells, node in nodes]
        sound = [row for row in rows if row is not None]
        self._refuse_held([row for row in sound if row.does == "created"])
        return [row for row in sound if row.number not in self.failed]

    def _look_up(self, codes: Sequence[str]) -> None:
        def build(told: Sequence[str]) -> Any:
            fields = (Community.id, Community.code, Community.valid_to, Community.kind)
            asked = Community.select(*fields, Community.path).where(
                Community.code.in_(told), Community.removed_at.is_null()
            )
            return asked if self._readable is True else asked.where(self._readable)

        key = ("codes", standpoint(self.caller, self.resource))
        found = self.caller.instance.database.ask(key, padded(codes), build) if codes else []
        self._nodes = {
            (code, str(closed or "")): Node(id, kind, path)
            for id, code, closed, kind, path in found
        }

    def _node(self, cells: Mapping[str, str]) -> Node | None:
        code, closed = cells.get("code", "").strip(), cells.get("valid_to", "")
        day = as_meant(self.resource.by_name["valid_to"], closed).strip()
        return self._nodes.get((code, day)) or self._nodes.get((code, ""))

    def _judge(self, number: int, cells: dict[str, str], node: Node | None) -> Row | None:
        said = cells.pop("parent", "").strip()
        if first := self._sheet.again.get(number):
            self.blame(number, self._headers["code"], _("与第 {row} 行的代码重复", row=first))
            return None
        row = self._create(number, cells) if node is None else self._update(number, node.id, cells)
        if row is None:
            return None
        if row.view is None:
            return row if self._hangs(row, said) else None
        return row if self._stays(row, said) else None

    def _hangs(self, row: Row, said: str) -> bool:
        """Whether a new node may hang where its row says; its parent may be another new one."""
        above = self._nodes.get((said, ""))
        if said and not self._lies_above(row.number, row.given["kind"], said, above):
            return False
        row.given["parent"] = (above.id if above else TO_COME) if said else None
        if (said and above is None) or self._within(above.path if above else ""):
            return True  # under a new one it reaches as far as that one does
        return self._deny(row.number, "parent", _("这条记录不在您的管辖范围内"))

    def _stays(self, row: Row, said: str) -> bool:
        """Whether a standing node is told of where it lies, also under one closed or unseen."""
        assert row.view is not None  # noqa: S101 – there is one of every standing node
        if said in ("", (row.view["parent"] or {}).get("code", "")):
            return True
        parent = Community.get_by_id(row.view["id"]).parent
        if parent is not None and said == parent.code:
            return True
        kind, above = row.given.get("kind") or row.view["kind"], self._nodes.get((said, ""))
        if self._lies_above(row.number, kind, said, above):
            self.tell(row.number, "parent", _("上级与现有的不同；导入不能移动社区"))
        return False

    def _lies_above(self, number: int, kind: str, said: str, above: Node | None) -> bool:
        """Whether a parent stands or comes, and is wider than what would hang on it."""
        rank, parent = ORDER.index(kind), None
        if above is not None:
            wider = ORDER.index(above.kind)
        elif parent := self._sheet.first(said):
            wider = parent[0]
        column = self._headers["parent"]
        if above is None and parent is None:
            sentence = _("没有代码为「{code}」的社区，或您看不到它", code=said)
            self.blame(number, column, sentence, _("已有的代码，或本文件中的代码"))
        elif parent is not None and (parent[1] in self.failed or wider == len(ORDER)):
            self.blame(number, column, _("上级所在的第 {row} 行有误", row=parent[1]))
        elif wider >= rank:
            wanted = _("、").join(_(KINDS[one]) for one in ORDER[:rank])
            self.blame(number, column, _("上级的类别必须比它大"), wanted)
        return number not in self.failed

    def _within(self, path: str) -> bool:
        """Whether creating and importing reach a place; further reaches show when it is saved."""
        return all(
            ranges.holds(reach.tree, path) or reach.units or reach.person is not None
            for reach in self._reaches
        )

    def _refuse_held(self, rows: Sequence[Row]) -> None:
        """A code may be held by a node that the caller cannot see."""
        wanted = {row.given["code"]: row.number for row in rows if not row.given.get("valid_to")}
        if self._readable is True or not wanted:
            return
        standing = Community.removed_at.is_null() & Community.valid_to.is_null()
        held: Any = Community.select(Community.code).where(standing)
        for (code,) in held.where(Community.code.in_(list(wanted))).tuples():
            sentence = _("代码「{code}」已被使用", code=code)
            self.blame(wanted[code], self._headers["code"], sentence)
