"""Communities coming in as a table: judged whole, then written in one transaction or not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import peewee as pw

from lifang.entities.caller import Caller
from lifang.entities.community import KINDS, Community
from lifang.kit.errors import Busy, Forbidden, Invalid, LifangError, NotFound
from lifang.kit.words import _
from lifang.resources import schema, written
from lifang.resources.resource import Resource
from lifang.services import reading, sheets
from lifang.services.auditing import record_denial
from lifang.services.gateway import write
from lifang.services.outcomes import CHUNK, Imported, Problems, Progress, expected, permit, tell
from lifang.services.query import Query

NEEDED = ("code", "name", "kind", "parent_code")
PARENT = "parent_code"
ORDER = list(KINDS)
STEP = 50

Key = tuple[str, Any]
"""A node's code and the day it closed: a code is held by one open node, and by closed ones."""


@dataclass
class Row:
    """One row: what it says, and the node it is about if there is one."""

    number: int
    told: dict[str, Any]
    parent: str
    standing: Community | None = None

    @property
    def code(self) -> str:
        """The node's code."""
        return str(self.told["code"])

    @property
    def key(self) -> Key:
        """What tells it from the other rows."""
        return self.code, self.told.get("valid_to")

    @property
    def rank(self) -> int:
        """How far down the tree it lies."""
        return ORDER.index(self.told["kind"])

    @property
    def does(self) -> str:
        """What carrying it out does, as results count it."""
        if self.standing is None:
            return "created"
        known = self.standing.__data__
        changes = any(known.get(name) != value for name, value in self.told.items())
        return "updated" if changes else "unchanged"


def import_communities(
    caller: Caller,
    source: Path | BinaryIO,
    *,
    dry_run: bool = False,
    progress: Progress = lambda _done, _of: None,
) -> Imported:
    """Plant or change communities as a CSV file tells them, its rows in any order.

    The whole file is judged first; nothing is written while anything is wrong with it, nor in a dry
    run. Rows are recognised by their code, so the same file again changes nothing. Raises
    NotFound and Forbidden as every write does.
    """
    caller = caller.through("import")
    resource: Resource[Community] = caller.instance.registry.of(Community)
    permit(caller, resource)
    with sheets.opened(source) as sheet:
        plan = Plan(caller, resource, sheet)
    if dry_run or plan.errors:
        return plan.outcome(told=dry_run)
    try:
        with caller.instance.database.transaction():
            plan.carry_out(progress)
            tell(caller, resource, plan.outcome(told=True), sheet.digest)
    except (Forbidden, NotFound) as denied:
        record_denial(caller, resource, "import", None, denied)
        raise
    except _Refused as refused:
        plan.blame(refused.row, "code", refused.sentence)
    return plan.outcome(told=not plan.errors)


class _Refused(Exception):
    """A row that only writing it showed to be wrong; everything is rolled back."""

    def __init__(self, row: int, sentence: str) -> None:
        super().__init__(sentence)
        self.row, self.sentence = row, sentence


class Plan(Problems):
    """What a file would do, judged row by row and against the tree as it stands."""

    def __init__(self, caller: Caller, resource: Resource[Community], sheet: sheets.Sheet) -> None:
        """Judge the whole file; `errors` holds what is wrong with it."""
        super().__init__()
        self.caller, self.resource = caller, resource
        specs = schema.create_fields(resource)
        self._columns = {sheets.column_name(resource, spec): spec for spec in specs}
        self._specs = tuple(spec for spec in specs if spec.name != "parent")
        self.rows: list[Row] = []
        self._judge_header(sheet.header)
        if self.errors:
            return
        for number, cells in sheet.rows():
            self._judge_cells(number, dict(zip(sheet.header, cells, strict=True)))
        self._known = self._find_known()
        self._judge_keys()
        self._judge_parents()
        self.rows.sort(key=lambda row: row.rank)

    def outcome(self, *, told: bool) -> Imported:
        """Sum up: with `told` what the sound rows do, else that nothing was done."""
        sound = [row for row in self.rows if told and row.number not in self.failed]
        does = Counter(row.does for row in sound)
        return Imported(
            created=does["created"],
            updated=does["updated"],
            unchanged=does["unchanged"],
            failed=len(self.failed),
            errors=self.errors,
        )

    def _judge_header(self, names: Iterable[str]) -> None:
        for name in NEEDED:
            if name not in names:
                self.blame(1, name, _("缺少列「{name}」", name=name), ",".join(NEEDED))
        for name in names:
            if name != "id" and name not in self._columns:
                known = _("、").join(self._columns)
                self.blame(1, name, _("不认识的列「{name}」", name=name), known)

    def _judge_cells(self, number: int, cells: dict[str, str]) -> None:
        told = {
            spec.name: written.read(spec, cells[column])
            for column, spec in self._columns.items()
            if column in cells and column != PARENT
        }
        try:
            judged = schema.load(self._specs, told, partial=False)
        except Invalid as invalid:
            for error in invalid.errors:
                spec = self.resource.by_name[error.field]
                self.blame(number, error.field, error.message, expected(spec))
            return
        self.rows.append(Row(number, judged, cells[PARENT].strip()))

    def _find_known(self) -> dict[Key, Community]:
        """The nodes that rows or their parents name, as far as the caller can read them."""
        codes = sorted({row.code for row in self.rows} | {row.parent for row in self.rows} - {""})
        known: dict[Key, Community] = {}
        for start in range(0, len(codes), CHUNK):
            some = codes[start : start + CHUNK]
            for node in reading.each(self.resource, self.caller, code=some):
                known[node.code, node.valid_to] = node
        return known

    def _judge_keys(self) -> None:
        """Find the node each row is about; a node is told of once."""
        seen: dict[Key, int] = {}
        for row in self.rows:
            row.standing = self._known.get(row.key) or self._known.get((row.code, None))
            first = seen.setdefault(row.key, row.number)
            if first != row.number:
                self.blame(row.number, "code", _("与第 {row} 行的编号重复", row=first))

    def _judge_parents(self) -> None:
        told, under = {row.code: row for row in self.rows}, self._parents()
        for row in self.rows:
            standing = row.standing
            where = standing.__data__["parent"] if standing is not None else None
            if not row.parent or (where and under.get(where) == row.parent):
                continue  # it stays where it is, also under a node that is closed or gone
            node = self._known.get((row.parent, None))
            above = told[row.parent].rank if row.parent in told else None
            if above is None and node is not None:
                above = ORDER.index(node.kind)
            if above is None:
                sentence = _("没有编号为「{code}」的社区，或您看不到它", code=row.parent)
                self.blame(row.number, PARENT, sentence, _("已有的编号，或本文件中的编号"))
            elif above >= row.rank:
                wider = _("、").join(_(KINDS[kind]) for kind in ORDER[: row.rank])
                self.blame(row.number, PARENT, _("上级的类别必须比它大"), wider)
            elif row.standing is not None and _lies_elsewhere(row.standing, node):
                self.blame(row.number, PARENT, _("上级与现有的不同；导入不能移动社区"))

    def _parents(self) -> dict[int, str]:
        """The codes of the nodes that the known ones lie under, whether these are open or not."""
        ids = {row.standing.__data__["parent"] for row in self.rows if row.standing is not None}
        codes: dict[int, str] = {}
        for some in pw.chunked(sorted(ids - {None}), CHUNK):
            asked: Any = Community.select(Community.id, Community.code).where(
                Community.id.in_(some)
            )
            codes.update(asked.tuples())
        return codes

    def carry_out(self, progress: Progress) -> None:
        """Write the rows, parents before children, inside the running transaction."""
        places = {node.code: int(node.id) for node in self._known.values() if not node.valid_to}
        touched: list[int] = []
        for done, row in enumerate(self.rows, start=1):
            number = self._write(row, places)
            if number is not None:
                touched.append(number)
            if done % STEP == 0 or done == len(self.rows):
                progress(done, len(self.rows))
        self._demand_reach(touched)

    def _write(self, row: Row, places: dict[str, int]) -> int | None:
        """Create or update a row's node; gives its id, None where nothing changed."""
        standing = row.standing
        if row.does == "unchanged":
            return None
        try:
            if standing is None:
                told = {**row.told, "parent": places.get(row.parent)}
                node = write(self.resource, "create", self.caller, told)
                places[row.code] = int(node.id)
            else:
                node = write(self.resource, "update", self.caller, row.told, int(standing.id),
                             version=standing.version)  # fmt: skip
        except (Busy, Forbidden, NotFound):
            raise
        except LifangError as error:
            raise _Refused(row.number, error.sentence) from error
        return int(node.id)

    def _demand_reach(self, touched: list[int]) -> None:
        """Whoever may create in one place and import in another imports only in the other."""
        for start in range(0, len(touched), CHUNK):
            some = tuple(touched[start : start + CHUNK])
            asked = Query(filters=(("id", "", some),), verb="import")
            if reading.count(self.caller, self.resource, asked) != len(some):
                raise Forbidden(_("文件里有不在您管辖范围内的社区"))


def _lies_elsewhere(standing: Community, parent: Community | None) -> bool:
    return parent is None or standing.__data__["parent"] != parent.id
