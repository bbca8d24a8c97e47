"""Sheets filled in: read, taken away as files, and issued with a code that anybody can verify."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cached_property
from itertools import islice
from typing import IO, Any

from lifang.access import policy
from lifang.entities.caller import Caller
from lifang.kit import clock, json
from lifang.kit.errors import Invalid
from lifang.kit.words import _, n_
from lifang.mechanisms import documents, registers
from lifang.mechanisms.documents import Document, Issued
from lifang.mechanisms.numbers import Number
from lifang.mechanisms.sheet import AskedFor, Sheet
from lifang.resources.action import Section
from lifang.resources.fields import FieldSpec
from lifang.resources.resource import Resource
from lifang.services import exchange, workbook
from lifang.services.auditing import Change, record_effect, stated
from lifang.services.order import Order
from lifang.services.presenting import UNREADABLE, View, present, stored
from lifang.services.query import field_of
from lifang.services.workbook import Cell
from lifang.store.whole import whole

MOST, PRINTED = 50_000, 5_000
"""Rows of a file, and of what is printed or issued."""
SOME = 500
"""Rows that are read, and given to functions of columns, in one go."""
FORMS = {"json": "application/json", "xlsx": workbook.TYPE}

number = Number("core.sheet", n_("编号"), "TZ-{code}-{year}-{n:04}")

Row = list[Cell]
Seen = dict[tuple[str, ...], dict[int, View]]


class Filled:
    """A sheet filled in for somebody who sees all of it; rows are read when they are asked for.

    With a purpose, sensitive fields are told in full as far as the caller may export them so, once
    it was audited that it `leaves`.
    """

    def __init__(self, asked: AskedFor, *, purpose: str | None = None) -> None:
        """Work out what stands around the rows; raises Invalid for a blank purpose or too much,
        Forbidden where the caller may not export in full what stands in a column."""
        self.asked, self.sheet, self.caller = asked, asked.sheet, asked.caller
        self.purpose, self._audited = purpose, False
        if purpose is not None:
            self.purpose = stated("purpose", purpose, _("请说明导出完整信息的用途"))
            for _way, resource, _field in self.secrets:
                _demand(asked, resource, "export_full")
        self.title = _headed(asked.subject.name, _(self.sheet.label))
        if asked.period is not None:
            self.title = _("{title}（{period}）", title=self.title, period=asked.period.words)
        unit = asked.organization if asked.community is not None else None
        more = [_("单位：{name}", name=unit.name)] if unit is not None else []
        self.line = registers.filled_in(self.caller, asked.subject.name, *more)
        heads, note = self.sheet.headings, self.sheet.note
        said = heads(asked) if callable(heads) else map(_, heads)
        told = [_(head) for head, _way in self.sheet.columns]
        self.headings = (_("序号"), *said, *told)
        self.note = note(asked) if callable(note) else _(note) if note else ""

    @property
    def total(self) -> int:
        """How many rows it has."""
        return len(self._kept)

    def rows(self, most: int = MOST) -> Iterator[Row]:
        """Its rows, each with its 序号 first."""
        told = self._worked_out() if self.sheet.rows else self._read(self._kept[:most])
        for at, row in enumerate(islice(told, most), start=1):
            yield [at, *row]

    @cached_property
    def _kept(self) -> Sequence[Any]:
        """The rows that were worked out, or the numbers of the records, in their order."""
        sheet, made = self.sheet, self.sheet.rows
        if made is not None:
            found: Sequence[Any] = list(islice(made(self.asked), MOST + 1))
        else:
            model: Any = sheet.of.model
            where = sheet.where(self.asked) if callable(sheet.where) else sheet.where
            query = model.select(model.id).where(*self.asked.only(sheet.of, **where))
            order = Order.read(sheet.of, sheet.order).columns(model)
            found = [one for (one,) in query.order_by(*order).limit(MOST + 1).tuples()]
        if len(found) > MOST:
            raise Invalid(_("这张表超过 {n} 行；请缩小范围", n=MOST))
        return found

    def _worked_out(self) -> Iterator[Row]:
        for row in self._kept:
            if len(row) + 1 != len(self.headings):
                raise ValueError(f"sheet {self.sheet.name}: {len(row)} cells under its headings")
            yield [_plain(value) for value in row]

    def _read(self, numbers: Sequence[int]) -> Iterator[Row]:
        for at in range(0, len(numbers), SOME):
            some = numbers[at : at + SOME]
            seen: Seen = {(): self._views((), self.sheet.of, some)}
            views = [seen[()].get(number) for number in some]
            records = self._records([view["id"] for view in views if view is not None])
            columns = [
                self._along(self.sheet.of, tuple(way.split(".")), (), views, seen)
                if isinstance(way, str)
                else [_plain(told.get(one)) for told in [way(records, self.asked)] for one in some]
                for _head, way in self.sheet.columns
            ]
            yield from map(list, zip(*columns, strict=True))

    def _records(self, numbers: Sequence[int]) -> Sequence[Any]:
        """The records that functions of columns are given, in their order; none where none asks."""
        if all(isinstance(way, str) for _head, way in self.sheet.columns):
            return ()
        model: Any = self.sheet.of.model
        found = {int(one.id): one for one in model.select().where(model.id.in_(numbers))}
        return [found[one] for one in numbers if one in found]

    def _along(
        self,
        resource: Resource[Any],
        way: tuple[str, ...],
        been: tuple[str, ...],
        views: Sequence[View | None],
        seen: Seen,
    ) -> list[Cell]:
        """What stands at the end of a way over references, which are looked up for all at once."""
        head, rest = way[0], way[1:]
        spec = _spec(resource, head)
        told: list[Any] = [
            view if view is UNREADABLE else view and view.get(head) for view in views
        ]
        if not rest:
            hidden = UNREADABLE["name"]
            return [
                hidden if view is UNREADABLE else registers.cell(spec, one)
                for view, one in zip(views, told, strict=True)
            ]
        assert spec.target is not None, f"{resource.noun}.{head} leads nowhere"  # noqa: S101 – declared so
        target, here = self.caller.instance.registry.of(spec.target), (*been, head)
        numbers = [one and one.get("id") for one in told]
        if here not in seen:
            seen[here] = self._views(here, target, [one for one in numbers if one is not None])
        found = [
            None if one is None else seen[here].get(number, UNREADABLE)
            for one, number in zip(told, numbers, strict=True)
        ]
        return self._along(target, rest, here, found, seen)

    def _views(
        self, here: tuple[str, ...], resource: Resource[Any], numbers: Sequence[int]
    ) -> dict[int, View]:
        """Records as the caller may see them, full where they may and want to."""
        model: Any = resource.model
        readable = policy.wheres(resource, policy.readable(self.caller, resource))
        columns = [getattr(model, name) for name in stored(resource)]
        query = model.select(*columns).where(model.id.in_(sorted({*numbers})), *readable)
        views = present(self.caller, resource, self.caller.instance.database.rows(query))
        secret = [spec for way, _at, spec in self.secrets if tuple(way) == here]
        if self._audited and self.purpose is not None and secret:
            registers.uncover(self.caller, resource, views, secret)
        return {view["id"]: view for view in views}

    @cached_property
    def secrets(self) -> list[tuple[list[str], Resource[Any], FieldSpec]]:
        """The sensitive fields that its columns tell: the way to each, and whose it is."""
        found = []
        for _head, way in self.sheet.columns:
            *been, name = way.split(".") if isinstance(way, str) else ["id"]
            at: Resource[Any] = self.sheet.of
            for step in been:
                at = self.caller.instance.registry.of(_spec(at, step).target)  # type: ignore[arg-type]
            if _spec(at, name).kind == "sensitive":
                found.append((been, at, _spec(at, name)))
        return found

    def leaves(self, form: str, *, most: int = MOST) -> None:
        """Audit that it is taken away; raises Forbidden without the right to export, Invalid where
        it is longer than what it is taken away on."""
        _demand(self.asked, self.sheet.of, "export")
        if self.total > most:
            sentence = _(
                "这张表有 {n} 行，最多打印或开具 {most} 行；请下载表格", n=self.total, most=most
            )
            raise Invalid(sentence)
        full = [] if self.purpose is None else [spec for _way, _at, spec in self.secrets]
        said = {"rows": str(self.total), "format": form, "sheet": self.sheet.name}
        registers.audit(
            self.caller, self.sheet.of, self.asked.community, full, self.purpose, **said
        )
        self._audited = True

    def may(self, verb: str) -> bool:
        """Whether the caller may `export` it, or `export_full` what is sensitive on it."""
        if verb == "export":
            return self.asked.all_of(self.sheet.of, verb)
        theirs = [self.asked.all_of(at, verb) for _way, at, _spec in self.secrets]
        return bool(theirs) and all(theirs)

    def file(self, form: str) -> Iterator[bytes]:
        """It as a file of one of `FORMS`; what goes wrong is raised before the first byte."""
        if form == "json":
            return workbook.spooled(self._as_json)
        return _as_xlsx(self.title, self.line, self.sections)

    def facts(self) -> View:
        """What stands around the rows, as programs read it."""
        asked = self.asked
        return {
            "sheet": self.sheet.name, "title": self.title, "line": self.line,
            "within": asked.within, "unit": int(asked.organization.id) if asked.organization
            else None, "period": asked.period.key if asked.period else None, "note": self.note,
            "total": self.total, "columns": self.headings,
        }  # fmt: skip

    def _as_json(self, target: IO[bytes]) -> None:
        target.write(json.dumps(self.facts())[:-1] + b',"rows":[')
        for row in self.rows():
            target.write((b"" if row[0] == 1 else b",") + json.dumps(row))
        target.write(b"]}")

    @property
    def extent(self) -> str:
        """Of which period it is and how many rows it has: what a verification tells of it."""
        rows, period = _("共 {n} 行", n=self.total), self.asked.period
        return rows if period is None else _("{period}，{rows}", period=period.words, rows=rows)

    @property
    def sections(self) -> list[Section]:
        """What stands on it, as documents have it; its rows are read one after the other, once."""
        rows: Any = self.rows()
        told = [Section(self.title, self.headings, rows)]
        return [*told, Section(_("说明"), (), ((self.note,),))] if self.note else told


@whole
def issue(caller: Caller, asked: AskedFor) -> Issued:
    """Keep a sheet as it is now, masked, with a number and a code, as a document of whose it is.

    Raises Forbidden without the right to export, Invalid where it is too long.
    """
    filled, subject = Filled(asked), asked.subject
    with caller.instance.database.transaction():
        filled.leaves("document", most=PRINTED)
        code = asked.community.code if asked.community is not None else f"D{subject.id}"
        told = {"number": number.of(code, caller), "issuer": subject.name, "mark": filled.extent}
        return _kind(asked.sheet, filled.sections).issue(subject, caller, on=clock.today(), **told)


@whole
def revoke(caller: Caller, id: int, *, reason: str) -> Issued:
    """Revoke an issued sheet; whoever may take such a one away may.

    Raises NotFound, Forbidden, Invalid without a reason, Conflict where it is revoked already.
    """
    asked, told = documents.sheet_of(caller, id), documents.shown(caller, id)
    _demand(asked, asked.sheet.of, "export")
    with caller.instance.database.transaction():
        return _kind(asked.sheet).revoke(told["code"], caller, reason=reason)[0]


def issued(asked: AskedFor) -> list[Issued]:
    """What was issued of a sheet for the same place or unit, the last first."""
    return _kind(asked.sheet).of(asked.subject)


def paper(caller: Caller, id: int) -> Iterator[bytes]:
    """An issued document as a spreadsheet, for those who can read it; audited before it leaves."""
    told = documents.shown(caller, id)
    resource = caller.instance.registry.find(*told["record"]["noun"].split("."))
    assert resource is not None  # noqa: S101 – the document was just found by its record
    number = Change(f"document:{told['name']}", None, told["number"])
    changes = [Change("format", None, "xlsx"), number]
    with caller.instance.database.transaction():
        record_effect(caller, resource, "export", told["record"]["id"], changes=changes)
    sections = [Section(**one) for one in told["sections"]]
    title = sections[0].label if told["sheet"] else str(told["label"])
    return _as_xlsx(title, proof(told), sections)


def proof(told: View) -> list[str]:
    """What stands on an issued document beside its content, in words."""
    holder = [_("持有人：") + told["holder"]] if told["holder"] else []
    return [
        _("填报单位：{name}", name=told["issuer"]), *holder,
        _("填报人：{name}", name=told["issued_by"]), _("编号：") + told["number"],
        _("日期：{day}", day=told["day"]), _("验证码：") + told["code"],
    ]  # fmt: skip


def described(sheet: Sheet) -> View:
    """A sheet as JSON."""
    return {
        "name": sheet.name, "label": _(sheet.label), "of": sheet.of.id, "by": list(sheet.by),
        "period": sheet.period,
    }  # fmt: skip


def _as_xlsx(title: str, line: Sequence[str], sections: Sequence[Section]) -> Iterator[bytes]:
    """Tables as conventions have them: title, who filled it in, headings, rows, who signs."""

    def fill(page: workbook.Page) -> None:
        first, across = sections[0], max(1, len(sections[0].columns))
        registers.head(page, title, line, first.columns)
        for one in sections:
            if one is not first:
                page.banner(one.label, across, look="note")
            if one.columns and one is not first:
                page.add(one.columns, look="ruled_head")
            for row in one.rows:
                if len(row) > 1:
                    page.add(row, look="ruled")
                else:
                    page.banner(row[0], across, look="note")
        registers.foot(page, across)

    return workbook.written(title, fill)


def _kind(sheet: Sheet, sections: Sequence[Section] = ()) -> Document:
    """A sheet as a kind of document."""
    return Document(sheet.name, sheet.label, content=lambda *_: sections)


def _demand(asked: AskedFor, resource: Resource[Any], verb: str) -> None:
    """Raise Forbidden unless the caller may do something to all that is asked for; audited."""
    if not asked.all_of(resource, verb):
        exchange.refuse(asked.caller, resource, verb)


def _spec(resource: Resource[Any], name: str) -> FieldSpec:
    found = field_of(resource, name)
    if found is None:
        raise LookupError(f"a column of a sheet: {resource.id} has no field {name}")
    return found


def _plain(value: Any) -> Cell:
    """What a function gave as it stands on paper; what is sealed never shows."""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, float | Decimal):
        return int(value) if value == int(value) else float(value)
    if isinstance(value, dt.datetime):
        return clock.shown(value)
    if value is None or isinstance(value, int | float | str):
        return value
    return str(value)


def _headed(place: str, label: str) -> str:
    """A sheet's name after its place's, without saying twice where one ends as the other begins."""
    said = next((n for n in range(len(label), 1, -1) if place.endswith(label[:n])), 0)
    return _("{place}{title}", place=place, title=label[said:])
