"""A file judged before anything is written: every cell, every reference, every duplicate."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from lifang.entities.caller import Caller
from lifang.entities.person import SEXES
from lifang.kit import clock
from lifang.kit.errors import Conflict, FieldError, Forbidden, Invalid, LifangError
from lifang.kit.money import yuan
from lifang.kit.words import _
from lifang.resources import schema, written
from lifang.resources.fields import FieldSpec
from lifang.resources.resource import Resource
from lifang.resources.verbs import verb_name
from lifang.services import columns as matching
from lifang.services import sheets, values
from lifang.services.checks import demand_editable, keep_rules
from lifang.services.outcomes import Problems, expected
from lifang.services.pointing import Pointers
from lifang.services.presenting import View
from lifang.services.seen import Seen
from lifang.services.standing import Standing

POINTING = {"reference", "community"}
DATED = {"birth_date"}
WRITTEN = {"text", "paragraph", "choice", "sensitive"}
"""Kinds whose cells say what they mean."""
SEX_CODES = dict(zip(("0", "1", "2", "9"), SEXES, strict=True))
"""GB/T 2261.1, as older systems export it."""

_DAY = re.compile(r"(\d{4})[/.年-](\d{1,2})(?:[/.月-](\d{1,2})日?|月)?")


@dataclass
class Row:
    """One sound row: what it says, and the record it is about if it names one.

    `again` rows were registered from the same file before; `elsewhere` ones are of somebody or
    something that is known where the caller cannot look.
    """

    number: int
    given: dict[str, Any] = field(default_factory=dict)
    view: View | None = None
    again: bool = False
    elsewhere: bool = False

    @property
    def does(self) -> str:
        """What carrying it out does, as results count it."""
        if self.view is None:
            return "unchanged" if self.again else "created"
        return "updated" if self.given else "unchanged"


class Judge(Problems):
    """Says of a file's rows, a piece at a time, what each would do or what is wrong with it.

    `columns` are fields somebody chose for columns by hand, and `before` says of a row's number
    whether the same file was taken in as far as that.
    """

    asks_rules = True

    def __init__(
        self,
        caller: Caller,
        resource: Resource[Any],
        header: tuple[str, ...],
        *,
        columns: Mapping[str, str] = MappingProxyType({}),
        before: Callable[[int], bool] = lambda _row: False,
    ) -> None:
        """Judge the header; there is nothing more to judge where it is wrong."""
        super().__init__()
        self.caller, self.resource = caller, resource
        self.denied: Forbidden | None = None
        self._before = before
        self._pointers = Pointers(caller)
        self._standing = Standing(caller, resource)
        self._seen = Seen()
        self._fields = matching.match(resource, header, self, columns)
        self._headers = {name: header for header, name in self._fields.items()}
        self._names = [self._fields.get(name, "") for name in header]
        self._create_fields = schema.create_fields(resource)
        self._update_fields = schema.update_fields(resource)
        self._as_written = {
            spec.name
            for spec in self._create_fields
            if spec.kind in WRITTEN and spec.secret not in DATED and not _is_sex(spec)
        }

    def judge(self, some: Sequence[tuple[int, list[str]]]) -> list[Row]:
        """The sound rows of a piece: what it asks of the database is asked once for all rows."""
        told = [(number, dict(zip(self._names, cells, strict=True))) for number, cells in some]
        ids = {number: self._number(number, cells) for number, cells in told}
        self._standing.look_up([one for one in ids.values() if one])
        fresh: list[Row] = []
        for number, cells in told:
            if (id := ids[number]) == 0:
                continue
            row = self._create(number, cells) if id is None else self._update(number, id, cells)
            if row is not None:
                fresh.append(row)
        self._judge_identities([row for row in fresh if row.number not in self.failed])
        return [row for row in fresh if row.number not in self.failed]

    def _number(self, number: int, cells: Mapping[str, str]) -> int | None:
        """The id a row names: None for none, 0 for nonsense."""
        said = cells.get(matching.ID, "").strip()
        if not said:
            return None
        if not (said.isascii() and said.isdigit() and len(said) < 19 and int(said)):
            self.tell(number, matching.ID, _("编号须为数字，例如 7"))
            return 0
        if not self._first(number, matching.ID, int(said)):
            return 0
        return int(said)

    def _first(self, number: int, name: str, value: Any) -> bool:
        """Whether no row before said the same where each must say something else."""
        first = self._seen.first((name, value), number)
        if first != number:
            self.tell(number, name, _("与第 {row} 行重复", row=first))
        return first == number

    def tell(self, number: int, name: str, message: str) -> None:
        """Note what is wrong with a field of a row, under the header its column has."""
        spec = self.resource.by_name.get(name)
        right = expected(spec) if spec is not None else ""
        self.blame(number, self._headers.get(name, name), message, right)

    def _create(self, number: int, cells: Mapping[str, str]) -> Row | None:
        filled = {
            name: cell
            for name, cell in cells.items()
            if cell and name and name != matching.ID and not cell.isspace()
        }
        payload = self._read(number, filled, creating=True)
        given = self._load(number, self._create_fields, payload, creating=True)
        if given is None or number in self.failed:
            return None
        again = self._before(number)
        if self.resource.rules and self.asks_rules and not again:
            record = self.resource.model(id=0, created_by=self.caller.account)
            if not self._keeps_rules(number, record, given):
                return None
        return Row(number, given, again=again) if self._lies_within(number, given) else None

    def _update(self, number: int, id: int, cells: Mapping[str, str]) -> Row | None:
        view = self._standing.views.get(id)
        if view is None:
            self.tell(number, matching.ID, _("没有这个编号的记录，或您看不到它"))
            return None
        changed = {
            name: cell
            for name, cell in cells.items()
            if name and name != matching.ID and cell.strip() != self._as_exported(view, name)
        }
        payload = self._read(number, changed, creating=False)
        given = self._load(number, self._update_fields, payload, creating=False)
        if given is None or number in self.failed:
            return None
        new = {name: value for name, value in given.items() if not _same(value, view[name])}
        if new and not self._may_change(number, id, new):
            return None
        return Row(number, new, view)

    def _as_exported(self, view: View, name: str) -> str:
        return sheets.untame(sheets.cell(self.resource.by_name[name], view[name])).strip()

    def _read(self, number: int, cells: Mapping[str, str], *, creating: bool) -> dict[str, Any]:
        """Cells as a payload, references by their number."""
        payload: dict[str, Any] = {}
        for name, cell in cells.items():
            if name in self._as_written:
                payload[name] = cell
                continue
            spec = self.resource.by_name[name]
            if spec.locked or (spec.virtual and not creating):
                self._refuse_locked(number, spec, cell, creating=creating)
            elif spec.kind in POINTING and cell.strip():
                try:
                    payload[name] = self._pointers.find(spec, cell)
                except Invalid as invalid:
                    self.tell(number, name, invalid.sentence)
                    payload[name] = 1  # told already; the rest of the row is judged all the same
            else:
                payload[name] = written.read(spec, as_meant(spec, cell))
        return payload

    def _refuse_locked(self, number: int, spec: FieldSpec, cell: str, *, creating: bool) -> None:
        """A new record begins in its first state, so a file may say so; the rest is for actions."""
        first = {spec.default, *_labels(spec, spec.default)} if spec.kind == "state" else set()
        if creating and cell.strip() in first:
            return
        try:
            schema.refuse_locked(self.resource, [spec.name], creating=creating)
        except Invalid as invalid:
            self.tell(number, spec.name, invalid.sentence)

    def _load(
        self,
        number: int,
        fields: tuple[FieldSpec, ...],
        payload: Mapping[str, Any],
        *,
        creating: bool,
    ) -> dict[str, Any] | None:
        try:
            given = schema.load(fields, payload, partial=not creating)
            values.refuse_masks(fields, given)  # what equals the stored mask is gone by now
        except Invalid as invalid:
            for error in invalid.errors:
                self.tell(number, error.field, error.message)
            return None
        return given

    def _keeps_rules(self, number: int, record: Any, given: Mapping[str, Any]) -> bool:
        """Ask the resource's rules about the record as it would be; nothing is saved."""
        for name, value in given.items():
            spec = self.resource.by_name[name]
            if not spec.virtual and spec.kind != "sensitive":
                setattr(record, name, value)
        try:
            keep_rules(self.resource, self.caller, record)
        except LifangError as error:
            for one in error.errors or (FieldError("", error.code, error.sentence),):
                self.tell(number, one.field, one.message)
            return False
        return True

    def _lies_within(self, number: int, given: Mapping[str, Any]) -> bool:
        name = self._standing.place
        if name is None or self._standing.may_place(given.get(name)):
            return True
        return self._deny(number, name, _("这条记录不在您的管辖范围内"))

    def _may_change(self, number: int, id: int, new: Mapping[str, Any]) -> bool:
        for verb in ("update", "import"):
            if id not in self._standing.within[verb]:
                label = verb_name(self.resource, verb)
                return self._deny(number, matching.ID, _("您没有对它「{verb}」的权限", verb=label))
        record: Any = self.caller.instance.database.standing(self.resource.model, id)
        try:
            demand_editable(self.resource, record, "update")
        except Conflict as conflict:
            self.tell(number, matching.ID, conflict.sentence)
            return False
        return self._keeps_rules(number, record, new)

    def _deny(self, number: int, name: str, sentence: str) -> bool:
        self.denied = self.denied or Forbidden(sentence)
        self.tell(number, name, sentence)
        return False

    def _judge_identities(self, rows: Sequence[Row]) -> None:
        """Whoever is told twice, or stands already where the caller can see them, is a problem."""
        name = self.resource.identity
        if name is None:
            return
        told = [row for row in rows if row.given.get(name) and not row.again]
        sound = [row for row in told if self._first(row.number, name, row.given[name])]
        visible, hidden = self._standing.known([row.given[name] for row in sound])
        for row in sound:
            other = visible.get(row.given[name])
            row.elsewhere = row.view is None and row.given[name] in hidden
            if other is None or (row.view is not None and row.view["id"] == other):
                continue
            label = _(self.resource.by_name[name].label)
            self.tell(row.number, name, _("{label}已经登记过：编号 {id}", label=label, id=other))


def _is_sex(spec: FieldSpec) -> bool:
    return bool(spec.choices) and {value for value, _label in spec.choices} == set(SEXES)


def _labels(spec: FieldSpec, value: Any) -> list[str]:
    return [said for known, label in spec.choices if known == value for said in (label, _(label))]


def as_meant(spec: FieldSpec, cell: str) -> str:
    """A cell the way its field is written: days as spreadsheets show them, sexes as GB numbers."""
    said = cell.strip()
    if _is_sex(spec):
        return SEX_CODES.get(said, cell)
    if spec.kind in {"day", "partial_date"} or spec.secret in DATED:
        return as_day(said) or cell
    return cell


def as_day(said: str) -> str | None:
    """A day, or a month, the way it is stored, from what a spreadsheet shows: 2027/1/5."""
    parts = _DAY.fullmatch(said)
    return None if parts is None else "-".join(part.zfill(2) for part in parts.groups() if part)


def _same(value: Any, shown: Any) -> bool:
    """Whether a judged value is what the record shows already."""
    if isinstance(shown, dict):
        return bool(value == shown.get("id"))
    if isinstance(value, int) and isinstance(shown, str):
        return yuan(value) == shown
    if isinstance(value, dt.datetime):
        return bool(clock.fixed(value) == shown)
    if isinstance(value, dt.date):
        return bool(value.isoformat() == shown)
    return bool(value == shown)
