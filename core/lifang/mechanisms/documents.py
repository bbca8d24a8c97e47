"""Documents (文书、证明): kept as they were issued, and verified by whoever holds the paper.

Every row carries a digest under a key that is not in the database, and its content is sealed under
another: whoever changes a row, or takes back a revocation, is found out by the next verification.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json as plain_json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import peewee as pw

from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.entities.organization import Organization
from lifang.kit import clock, json
from lifang.kit.errors import Conflict, NotFound, NotReady
from lifang.kit.masking import mask
from lifang.kit.shapes import shaped
from lifang.kit.words import _
from lifang.mechanisms import codes
from lifang.mechanisms.attachments import about
from lifang.mechanisms.sheet import AskedFor, asked_of, declared, seen_of
from lifang.resources.action import Section
from lifang.resources.resource import Resource
from lifang.services import reading
from lifang.services.auditing import Change, stated
from lifang.services.deeds import Deed, tell
from lifang.services.instance import Instance
from lifang.services.standpoint import reached
from lifang.store.fields import DayField, IdField, InstantField
from lifang.store.keys import KeyRing
from lifang.store.record import Record, Table, moment

View = dict[str, Any]
Content = Callable[[Any, Caller], Sequence[Section]]

PAGE = 200
"""Rows looked at in one go for those that a caller can read."""

SHEETED = (Community, Organization)
"""What is issued about one of them is a sheet; its `mark` says of which period, and how long."""

TOLD = ("name", "about", "number", "code", "label", "issuer", "day", "holder", "mark",
        "issued_at", "issued_by", "revoked_at", "revoked_by", "reason")  # fmt: skip
"""What the digest covers beside the content, in this order; never changed, only appended to."""


class DocumentRow(Table):
    """One document as it was issued; `holder` is masked, the content is sealed."""

    id = IdField()
    name = pw.CharField(max_length=100)
    about = pw.CharField(max_length=120)
    number = pw.CharField(max_length=120)
    code = pw.CharField(max_length=16, unique=True)
    label = pw.CharField(max_length=120)
    issuer = pw.CharField(max_length=200)
    day: Any = DayField()
    holder = pw.CharField(max_length=120)
    mark = pw.CharField(max_length=60)
    content = pw.BlobField()
    issued_at: Any = InstantField()
    issued_by = pw.CharField(max_length=120)
    revoked_at: Any = InstantField(null=True)
    revoked_by = pw.CharField(max_length=120, null=True)
    reason = pw.CharField(max_length=400, null=True)
    mac = pw.CharField(max_length=64)

    class Meta:
        """Issued once for each record and number."""

        table_name = "core_document"
        indexes = ((("about", "name", "number"), True),)


@dataclass(frozen=True)
class Issued:
    """A document that was issued: its code as people type it, and when it was revoked, if it was.

    `holder` is masked.
    """

    id: int
    number: str
    code: str
    issuer: str
    day: dt.date
    holder: str
    mark: str
    revoked_at: dt.datetime | None


class Document:
    """A kind of document about a record; `name` is `<plugin>.<document>`.

    `content` is what stands on it, made once, when it is issued. A resource names it in
    `documents=`, and so every interface shows what was issued about its records.
    """

    def __init__(self, name: str, label: str, *, content: Content) -> None:
        """Name a kind of document."""
        self.name, self.label, self.content = name, label, content

    def issue(  # noqa: PLR0913 – a document says many things, each by name
        self,
        record: Record,
        caller: Caller,
        *,
        number: str,
        issuer: str,
        on: dt.date,
        holder: str = "",
        mark: str = "",
    ) -> Issued:
        """Issue it, in the running transaction; a second time the same number gives the first one.

        `holder` is whom it is about; `mark` stands large on it and beside every verification, as
        `平台记录`. Whoever may do the action that calls this may issue it.
        """
        mine = (DocumentRow.about == about(record), DocumentRow.name == self.name)
        known = DocumentRow.get_or_none(*mine, DocumentRow.number == number)
        if known is not None:
            return _issued(known)
        row: Any = DocumentRow(
            name=self.name, about=about(record), number=number, code=codes.drawn(),
            label=self.label, issuer=issuer, day=on, mark=mark,
            holder=mask("name", holder), issued_at=clock.now(), issued_by=caller.name,
        )  # fmt: skip
        sections = [(s.label, s.columns, list(s.rows)) for s in self.content(record, caller)]
        told = json.dumps({"holder": holder, "sections": sections})
        row.content = caller.instance.keys.lock(told, _place(row))
        row.mac = _mac(caller.instance.keys, row)
        row.save(force_insert=True)
        told_of = [Change(f"document:{self.name}", None, number)]
        resource = caller.instance.registry.of(type(record))
        tell(resource, caller, record, Deed("issue", None, told_of))
        return _issued(row)

    def revoke(self, what: Record | str, caller: Caller, *, reason: str) -> list[Issued]:
        """Revoke one document by its code, or all of a record that still stand; gives them.

        Raises Invalid without a reason, NotFound for an unknown code, Conflict where it is revoked.
        """
        reason = stated("reason", reason, _("请说明撤销的原因"))
        if isinstance(what, str):
            rows = [_found(what)]
            if rows[0].name != self.name:
                raise NotFound(_("没有找到"))
            if rows[0].revoked_at is not None:
                raise Conflict(_("这份文书已经撤销"))
        else:
            query: Any = DocumentRow.select().where(DocumentRow.about == about(what))
            rows = list(
                query.where(DocumentRow.name == self.name, DocumentRow.revoked_at.is_null())
            )
        for row in rows:
            _demand_sound(caller.instance.keys, row)
            row.revoked_at, row.revoked_by, row.reason = clock.now(), caller.name, reason
            row.mac = _mac(caller.instance.keys, row)
            row.save()
            resource, number = _subject(caller, row)
            subject = resource.model.get_by_id(number)
            told = [Change(f"document:{row.name}", row.number, None)]
            tell(resource, caller, subject, Deed("revoke", None, told, {"reason": reason}))
        return [_issued(row) for row in rows]

    def of(self, record: Record) -> list[Issued]:
        """What was issued of this kind about a record, the last first."""
        query: Any = DocumentRow.select(
            *(one for one in DocumentRow._meta.sorted_fields if one.name != "content")
        )
        query = query.where(DocumentRow.about == about(record), DocumentRow.name == self.name)
        return [_issued(row) for row in query.order_by(DocumentRow.id.desc())]


def verify(instance: Instance, said: str) -> View:
    """What anybody may know of a document by its code, and `state`: valid, revoked or altered.

    Nothing of it says more about a person than a masked name. Raises NotFound for an unknown code.
    """
    row = _found(said)
    if not _sound(instance.keys, row):
        return {"state": "altered", "code": codes.written(row.code)}
    revoked = row.revoked_at
    return {
        "state": "revoked" if revoked else "valid",
        **_facts(instance, row),
        "revoked_on": str(clock.local(revoked).date()) if revoked else None,
    }


def issued_about(caller: Caller, resource: Resource[Any], id: int) -> list[View]:
    """What was issued about a record, for those who can read it, the last first."""
    record = reading.get(caller, resource, id)
    return [_line(caller, resource, id, row) for row in _rows(about(record))]


def listed(caller: Caller, most: int) -> list[View]:
    """The last documents that were issued about records the caller can read."""
    found: list[View] = []
    last = None
    while len(found) < most:
        query: Any = DocumentRow.select().order_by(DocumentRow.id.desc()).limit(PAGE)
        rows = list(query if last is None else query.where(DocumentRow.id < last))
        found += _readable(caller, rows)
        if len(rows) < PAGE:
            break
        last = rows[-1].id
    return found[:most]


def shown(caller: Caller, id: int) -> View:
    """A whole document, for those who can read the record it is about.

    Raises NotFound for the others, NotReady where the row was altered.
    """
    row: Any = DocumentRow.get_or_none(DocumentRow.id == id)
    if row is None:
        raise NotFound(_("没有找到"))
    resource, number = _subject(caller, row)
    if not _of_a_sheet(resource):
        reading.get(caller, resource, number)
    elif not _sees_sheet(caller, row, resource, number):
        raise NotFound(_("没有找到"))
    _demand_sound(caller.instance.keys, row)
    told = plain_json.loads(caller.instance.keys.unlock(bytes(row.content), _place(row)))
    names = ("label", "columns", "rows")
    sections = [dict(zip(names, one, strict=True)) for one in told["sections"]]
    sheet = row.name if _of_a_sheet(resource) else None
    more = {"holder": told["holder"], "reason": row.reason, "name": row.name, "sheet": sheet}
    return _line(caller, resource, number, row) | more | {"sections": sections}


def sheet_of(caller: Caller, id: int) -> AskedFor:
    """What an issued sheet was asked for; NotFound for other documents, and who may not see it."""
    told = shown(caller, id)
    kind = declared(caller.instance, str(told["sheet"]))
    if kind is None:
        raise NotFound(_("没有找到"))
    row: Any = DocumentRow.get_by_id(id)
    resource, number = _subject(caller, row)
    return asked_of(caller, kind, resource.model.get_by_id(number))


def _of_a_sheet(resource: Resource[Any]) -> bool:
    """Whether what is issued about such a record is a sheet: it is seen like the sheet, not it."""
    return resource.model in SHEETED


def _sees_sheet(caller: Caller, row: Any, resource: Resource[Any], number: int) -> bool:
    record = resource.model.get_or_none(resource.model.id == number)
    return record is not None and seen_of(caller, row.name, record)


def _readable(caller: Caller, rows: list[Any]) -> list[View]:
    """The lines of those rows whose record can be read, in their order."""
    about_which: dict[int, tuple[Resource[Any], int]] = {}
    for row in rows:
        try:
            about_which[row.id] = _subject(caller, row)
        except NotFound:  # of a plugin that is off, or gone
            continue
    reach: dict[str, set[int]] = {}
    for resource in {one.id: one for one, _number in about_which.values()}.values():
        if _of_a_sheet(resource):
            continue
        numbers = [number for one, number in about_which.values() if one is resource]
        reach[resource.id] = reached(caller, resource, "read", numbers)
    return [
        _line(caller, resource, number, row)
        for row in rows
        if row.id in about_which
        for resource, number in [about_which[row.id]]
        if (
            _sees_sheet(caller, row, resource, number)
            if _of_a_sheet(resource)
            else number in reach[resource.id]
        )
    ]


def _line(caller: Caller, resource: Resource[Any], number: int, row: Any) -> View:
    sound = _sound(caller.instance.keys, row)
    state = "altered" if not sound else "revoked" if row.revoked_at else "valid"
    return {
        "id": int(row.id),
        "state": state,
        **_facts(caller.instance, row),
        "record": {"noun": resource.id, "id": number},
        "issued_at": moment(row.issued_at),
        "issued_by": row.issued_by,
        "revoked_at": moment(row.revoked_at),
    }


def _facts(instance: Instance, row: Any) -> View:
    """What stands on the paper and may be known to whoever holds it."""
    label = instance.gone.paper(row.name) or _(row.label)
    same = {name: getattr(row, name) for name in ("number", "issuer", "holder", "mark")}
    same["extent"] = ""
    if row.about.partition("/")[0] in {one._meta.table_name for one in SHEETED}:
        same |= {"extent": row.mark, "mark": ""}
    return {**same, "label": label, "code": codes.written(row.code), "day": str(row.day)}


def _rows(subject: str) -> list[Any]:
    query: Any = DocumentRow.select().where(DocumentRow.about == subject)
    return list(query.order_by(DocumentRow.id.desc()))


def _found(said: str) -> Any:
    code = codes.read(said)
    row = DocumentRow.get_or_none(DocumentRow.code == code) if code is not None else None
    if row is None:
        raise NotFound(_("没有查到这个验证码对应的文书；请核对后重新输入"))
    return row


def _subject(caller: Caller, row: Any) -> tuple[Resource[Any], int]:
    """The resource and the number of the record that a document is about."""
    table, _slash, number = row.about.partition("/")
    for resource in caller.instance.registry:
        if resource.table == table and caller.instance.registry.of(resource.model) is resource:
            return resource, int(number)
    raise NotFound(_("没有找到"))


def _place(row: Any) -> str:
    return f"document|{row.name}|{row.about}|{row.code}"


def _mac(keys: KeyRing, row: Any) -> str:
    told = [_text(getattr(row, name)) for name in TOLD]
    content = hashlib.sha256(bytes(row.content)).hexdigest()
    return hmac.digest(keys.derived("document"), json.dumps([*told, content]), "sha256").hex()


def _text(value: Any) -> str | None:
    """A value as the digest takes it, the same before and after it lay in a database."""
    return (
        moment(value) if isinstance(value, dt.datetime) else None if value is None else str(value)
    )


def _sound(keys: KeyRing, row: Any) -> bool:
    if not hmac.compare_digest(_mac(keys, row), row.mac):
        return False
    try:
        keys.unlock(bytes(row.content), _place(row))
    except (KeyError, ValueError):
        return False
    return True


def reseal(keys: KeyRing, row: Any) -> bool:
    """Seal what a document says anew, under today's key; False, and nothing done, if unsound."""
    if not _sound(keys, row):
        return False
    row.content = keys.lock(keys.unlock(bytes(row.content), _place(row)), _place(row))
    row.mac = _mac(keys, row)
    return bool(row.save(only=["content", "mac"]))


def _demand_sound(keys: KeyRing, row: Any) -> None:
    if not _sound(keys, row):
        raise NotReady(_("这份文书的登记被改动过，不能使用；请告诉管理员"))


def _issued(row: Any) -> Issued:
    return shaped(Issued, row, id=int(row.id), code=codes.written(row.code))
