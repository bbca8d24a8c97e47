"""Attachments (附件): the files of a record, kept sealed and reached as the record is.

Whoever reads the record reads them. The file is written before its row and thrown away when the row
is refused; one that a crash left without a row is swept away after some days.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, BinaryIO

from lifang.entities.attachment import Attachment
from lifang.entities.caller import Caller
from lifang.kit import clock
from lifang.kit.errors import Conflict, Invalid, NotFound, NotReady
from lifang.kit.words import _
from lifang.mechanisms.filetypes import TYPES, judged, refused
from lifang.resources.resource import Resource
from lifang.services import depot, reading
from lifang.services.auditing import Change
from lifang.services.checks import admitted, reaches
from lifang.services.deeds import Deed, tell
from lifang.store.record import Record, moment
from lifang.store.whole import whole

View = dict[str, Any]
PIECE = 64 * 1024
MOST = 200
"""Files of one record: more is no dossier but a heap."""


@dataclass(frozen=True)
class Attached:
    """A file of a record as a rule looks at it: its kind, type (`pdf`), bytes, SHA-256, when."""

    id: int
    kind: str
    type: str
    size: int
    digest: str
    at: dt.datetime
    by: str


def about(record: Record) -> str:
    """What a record is called where papers tell of it: its table and its number."""
    return f"{record._meta.table_name}/{record.id}"


def attached(record: Record, kind: str | None = None) -> list[Attached]:
    """The files of a record, perhaps of one kind only, in the order they were added."""
    return [
        Attached(row.id, row.kind, row.type, row.size, row.digest, row.added_at, row.added_by)
        for row in _rows(record)
        if kind is None or row.kind == kind
    ]


def missing(record: Record, caller: Caller, kinds: Iterable[str] | None = None) -> list[str]:
    """The labels of the kinds of which the record has no file, of all its kinds by default.

    Raises LookupError for a kind that the resource does not declare.
    """
    declared = caller.instance.registry.of(type(record)).attachments
    there = {one.kind for one in attached(record)}
    return [_(declared[kind]) for kind in kinds or declared if kind not in there]


def listed(caller: Caller, resource: Resource[Any], id: int) -> list[View]:
    """The files of a record, as those who can read it see them."""
    return [_view(caller, resource, row) for row in _rows(_read(caller, resource, id))]


def may_attach(caller: Caller, resource: Resource[Any], record: Record) -> bool:
    """Whether the caller may add and remove files of a record as it stands."""
    state = getattr(record, resource.state) if resource.state else None
    return state not in resource.sealed and reaches(resource, resource.attaching, caller, record)


@whole
def attach(
    caller: Caller, resource: Resource[Any], id: int, stream: BinaryIO, *, name: str, kind: str
) -> View:
    """Add a file to a record; gives it as it is listed.

    Raises Invalid for an unknown kind and for a file that is too big, empty or of another type than
    the list of `filetypes`, Conflict where the record is sealed, and what every write raises.
    """
    _read(caller, resource, id)
    with admitted(resource, resource.attaching, caller, id, None) as record:
        _demand_open(resource, record)
        if Attachment.select().where(*_of(record)).count() >= MOST:
            raise Conflict(_("一条记录最多 {n} 个附件", n=MOST))
    if kind not in resource.attachments:
        known = resource.attachments.items()
        pairs = [_("{name}（{key}）", name=one, key=_(label)) for one, label in known]
        told = _("附件的种类须为其中之一：{known}", known=_("、").join(pairs))
        raise Invalid.about("kind", "invalid", told)
    size, digest = _measured(stream, caller.instance.settings.attachment_mb)
    name, type = judged(name, stream)
    place = depot.keep(caller.instance, stream)
    row_of = {"about": about(record), "kind": kind, "place": place, "type": type, "digest": digest}
    try:
        with admitted(resource, resource.attaching, caller, id, None) as record:
            _demand_open(resource, record)
            row = Attachment.create(
                **row_of,
                name=caller.instance.keys.lock(name.encode(), _bound(row_of)),
                size=size,
                added_at=clock.now(),
                added_by=caller.name,
            )
            change = Change(f"attachment:{kind}", None, name, sensitive=True)
            data = {"attachment": int(row.id), "kind": kind}
            tell(resource, caller, record, Deed("attach", "attached", [change], data))
    except BaseException:
        depot.drop(caller.instance, place)
        raise
    return _view(caller, resource, row)


@whole
def detach(caller: Caller, resource: Resource[Any], id: int, number: int) -> None:
    """Take a file away from a record; the row and the file stay for those who look back.

    Raises NotFound for a file that the record does not have, Conflict where it is sealed.
    """
    _read(caller, resource, id)
    with admitted(resource, resource.attaching, caller, id, None) as record:
        row = _one(record, number)
        _demand_open(resource, record)
        row.removed_at, row.removed_by = clock.now(), caller.name
        row.save(only=[Attachment.removed_at, Attachment.removed_by])
        name = _view(caller, resource, row)["name"]
        change = Change(f"attachment:{row.kind}", name, None, sensitive=True)
        data = {"attachment": number, "kind": row.kind}
        tell(resource, caller, record, Deed("detach", "detached", [change], data))


def opened(
    caller: Caller, resource: Resource[Any], id: int, number: int
) -> tuple[View, str, bytes]:
    """A file of a record: as it is listed, its media type, and what is in it.

    Raises NotReady where the file is gone or no longer the one that was added.
    """
    row = _one(_read(caller, resource, id), number)
    try:
        with depot.opened(caller.instance, row.place) as stream:
            data = stream.read()
    except NotFound:
        data = b""
    if hashlib.sha256(data).hexdigest() != row.digest:
        raise NotReady(_("附件 {n} 的文件缺失或被改动过；请告诉管理员运行 lifang doctor", n=number))
    return _view(caller, resource, row), TYPES[row.type], data


def _read(caller: Caller, resource: Resource[Any], id: int) -> Record:
    """The record, where it can be read and may have files at all."""
    record: Record = reading.get(caller, resource, id)
    if not resource.attachments:
        raise NotFound(_("没有找到"))
    return record


def _of(record: Record) -> tuple[Any, ...]:
    return Attachment.about == about(record), Attachment.removed_at.is_null()


def _rows(record: Record) -> list[Any]:
    query: Any = Attachment.select().where(*_of(record)).order_by(Attachment.id)
    return list(query)


def _one(record: Record, number: int) -> Any:
    row = Attachment.get_or_none(Attachment.id == number, *_of(record))
    if row is None:
        raise NotFound(_("没有找到"))
    return row


def _demand_open(resource: Resource[Any], record: Record) -> None:
    if resource.state and (state := getattr(record, resource.state)) in resource.sealed:
        now = _(dict(resource.by_name[resource.state].choices)[state])
        raise Conflict(_("「{now}」的记录不能再增减附件", now=now), state=state)


def _measured(stream: BinaryIO, most: int) -> tuple[int, str]:
    """How many bytes there are, and their digest; the stream is left at its beginning."""
    size, digest = 0, hashlib.sha256()
    stream.seek(0)
    while piece := stream.read(PIECE):
        size += len(piece)
        digest.update(piece)
        if size > most * 1024 * 1024:
            raise refused(_("文件太大；最多 {n} MB", n=most))
    stream.seek(0)
    if not size:
        raise refused(_("文件是空的"))
    return size, digest.hexdigest()


def _bound(told: dict[str, Any]) -> str:
    """All that makes a file this one: with any of it changed its name no longer opens."""
    return "|".join(("attachment", *(str(told[k]) for k in sorted(told))))


BINDING = ("about", "digest", "kind", "place", "type")


def name_of(caller: Caller, row: Any) -> str:
    """What a file was called when it was added."""
    told = {k: getattr(row, k) for k in BINDING}
    try:
        return caller.instance.keys.unlock(bytes(row.name), _bound(told)).decode()
    except KeyError:
        return _("（登记被改动过）")


def _view(caller: Caller, resource: Resource[Any], row: Any) -> View:
    return {
        "id": int(row.id),
        "kind": row.kind,
        "label": _(resource.attachments.get(row.kind, row.kind)),
        "name": name_of(caller, row),
        "type": row.type,
        "size": int(row.size),
        "digest": row.digest,
        "added_at": moment(row.added_at),
        "added_by": row.added_by,
    }
