"""What an instance and its plugins hold of one person: handed to them, or erased.

Both are told in the audit trail with the reason. Who was erased is also noted in a file outside the
data, so that a restored backup can be cleared again.
"""

from __future__ import annotations

import html
import io
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from lifang.access import policy
from lifang.entities.account import Account
from lifang.entities.attachment import Attachment
from lifang.entities.audit import AuditChange, AuditEntry
from lifang.entities.caller import Caller
from lifang.entities.person import Person
from lifang.events import personal
from lifang.events.tables import Erasable
from lifang.kit import clock, json
from lifang.kit.errors import Forbidden, NotFound, NotReady
from lifang.kit.settings import Settings
from lifang.kit.words import _, _p
from lifang.resources import written
from lifang.resources.reach import Linked
from lifang.resources.resource import Resource
from lifang.services import depot, erasing, values
from lifang.services.auditing import record_effect, stated

ERASED = "[erased]"
"""The name of who was erased; pages show it as it is."""
Found = tuple[Resource[Any], list[Any]]


def concerning(caller: Caller, number: int) -> list[Found]:
    """Every record about a person, of the core and of the plugins that are loaded, removed or not.

    What is confidential is theirs only where they own it: a complaint about somebody is not.
    Raises Forbidden for all but platform administrators, NotFound for nobody.
    """
    if not caller.runs_it:
        raise Forbidden(_("只有平台管理员可以导出或删除一个人的全部信息"))
    if Person.get_or_none(Person.id == number) is None:
        raise NotFound(_("没有编号为 {id} 的人员", id=number))
    return [(one, rows) for one in caller.instance.registry if (rows := _rows(one, number))]


def _rows(resource: Resource[Any], number: int) -> list[Any]:
    model: Any = resource.model
    own = resource.owner
    told = [model.id == number] if model is Person else []
    if resource.confidential is None:
        named = [spec.name for spec in resource.fields if spec.target is Person]
        told += [getattr(model, name) == number for name in named]
    if own is not None and not isinstance(own, Linked) and not policy.of_an_account(resource):
        told.append(policy.condition_own(resource, number))
    return list(model.select().where(policy.any_of(told)).order_by(model.id)) if told else []


def export(caller: Caller, number: int, *, reason: str) -> bytes:
    """All of it as a zip: `data.json` for programs, `index.html` for people, and the files.

    Sensitive values are uncovered; of other people nothing but their numbers is told.
    """
    found = concerning(caller, number)
    reason = stated("reason", reason, _("请说明原因"))
    told = {one.id: [_told(caller, one, row, number) for row in rows] for one, rows in found}
    told["trail"] = [{"at": row.at.isoformat(), "verb": row.verb, "by": row.actor_name}
                     for row in _trail(number)]  # fmt: skip
    told["events"] = _kept_values(caller, number)
    with caller.instance.database.transaction():
        people = caller.instance.registry.of(Person)
        record_effect(caller, people, "export_all", number, reason=reason)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, data in _files(caller, found):
            pack.writestr(name, data)
        pack.writestr("data.json", json.dumps(told))
        title = _("人员 {id} 的全部信息，{day} 导出", id=number, day=clock.today().isoformat())
        pack.writestr("index.html", "".join(_page(found, told, title)))
    return made.getvalue()


def _told(caller: Caller, resource: Resource[Any], row: Any, number: int) -> dict[str, Any]:
    said: dict[str, Any] = {"id": row.id, "removed": row.removed_at is not None}
    for spec in resource.fields:
        value = row.__data__.get(spec.name)  # nothing where it is shown over a link
        if spec.kind == "sensitive":
            try:
                value = values.opened(caller, resource, row, spec.name)
            except NotReady:  # it was altered
                value = getattr(row, f"{spec.name}_mask")
        elif spec.target is not None and value is not None:
            other = spec.target is Person and value != number
            name = getattr(getattr(row, spec.name), "name", None)
            value = {"id": value, "name": f"#{value}" if other else name}
        said[spec.name] = values.as_json(value)
    return said


def _kept_values(caller: Caller, number: int) -> list[Any]:
    """The personal values that events refer to."""
    kept: Any = Erasable.select().where(Erasable.subject == f"core.person/{number}")
    data = [{"value": {personal.MARK: (row.subject, row.key)}} for row in kept]
    return [one["value"] for one in personal.opened(data, caller.instance.keys)]


def _files(caller: Caller, found: list[Found]) -> Iterator[tuple[str, bytes]]:
    for resource, rows in found:
        about = [f"{resource.table}/{row.id}" for row in rows]
        for one in Attachment.select().where(Attachment.about.in_(about)):
            with suppress(NotFound), depot.opened(caller.instance, one.place) as stream:
                yield f"files/{one.about.replace('/', '-')}-{one.id}.{one.type}", stream.read()


def _page(found: list[Found], told: dict[str, Any], title: str) -> Iterator[str]:
    yield f'<!doctype html><meta charset="utf-8"><title>{title}</title><h1>{title}</h1>'
    for resource, _rows in found:
        yield f"<h2>{html.escape(_p('plural', resource.label))}</h2>"
        for said in told[resource.id]:
            shown = {spec: said.get(spec.name) for spec in resource.fields}
            parts = (f"<dt>{html.escape(_(spec.label))}<dd>{html.escape(written.show(spec, value))}"
                     for spec, value in shown.items() if value not in (None, ""))  # fmt: skip
            yield f"<h3>#{said['id']}</h3><dl>{''.join(parts)}</dl>"


def erase(caller: Caller, number: int, *, reason: str) -> tuple[int, int]:
    """Empty a person for good: name, numbers, address, what events, notices and files told; gives
    how many values and files went. The record stays, so that what refers to it is not torn.

    Raises as `concerning` does; Invalid without a reason.
    """
    concerning(caller, number)
    reason = stated("reason", reason, _("请说明原因"))
    people = caller.instance.registry.of(Person)
    with caller.instance.database.transaction():
        person: Any = Person.get_by_id(number)
        values.forget_names(people, person)
        secret = [spec for spec in people.fields if spec.kind == "sensitive"]
        gone: dict[str, Any] = {one: None for spec in secret for one in values.columns_of(spec)}
        gone |= {"name": ERASED, "sex": "unknown", "removed_at": person.removed_at or clock.now()}
        Person.update(gone, version=Person.version + 1).where(Person.id == number).execute()
        mine = [row.id for row in _trail(number)]
        trail = AuditChange.delete().where(AuditChange.entry.in_(mine)).execute()
        shut = dict.fromkeys(("password", "email", "email_mask"))
        Account.update(disabled=True, **shut).where(Account.person == number).execute()
        files = len(erasing.files(caller, subject := f"{people.aggregate}/{number}"))
        told = erasing.erase(caller, subject)
        record_effect(caller, people, "erase", number, reason=reason)
    with _book(caller.instance.settings).open("ab") as file:
        file.write(json.dumps({"person": number, "at": clock.fixed(clock.now())}) + b"\n")
    return len(secret) + 1 + int(told) + int(trail), files


def _book(told: Settings) -> Path:
    return told.log / "erased.jsonl"


def _trail(number: int) -> Any:
    mine = AuditEntry.select().where(AuditEntry.noun == "people", AuditEntry.record == number)
    return mine.order_by(AuditEntry.id)


def returned(told: Settings) -> list[int]:
    """Who was erased and is there again: a backup was restored that was made before."""
    if not _book(told).exists():
        return []
    noted = {orjson.loads(line)["person"] for line in _book(told).read_bytes().splitlines()}
    back: Any = Person.select(Person.id).where(Person.id.in_(sorted(noted)), Person.name != ERASED)
    return [int(number) for (number,) in back.tuples()]
