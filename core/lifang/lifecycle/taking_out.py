"""A plugin's data written into a folder: every noun as a table, its declaration, its files.

It is read by what is stored of the plugin, so it can be had when its package is gone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from lifang.entities.attachment import Attachment
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.kit.errors import Conflict, Forbidden, NotFound
from lifang.kit.money import yuan
from lifang.kit.words import _
from lifang.lifecycle.stored import Told
from lifang.mechanisms import attachments
from lifang.services import depot, sheets
from lifang.services.auditing import Change, record_note
from lifang.store.sensitive import Sealed

AT_ONCE = 1_000


def take_out(caller: Caller, told: Told, folder: Path, *, purpose: str | None) -> list[str]:
    """Write everything of a plugin into a new or empty folder; gives the names of the files.

    Sensitive fields are masked unless a purpose is stated by who may export all of a noun; nouns
    that are confidential are left out. It is audited before anything is written. Raises Conflict
    for a folder that is not empty, Forbidden for a purpose without the right.
    """
    nouns = [one for one in told.get("nouns", ()) if not one.get("confidential")]
    if purpose is not None:
        _demand_full(caller, nouns)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise Conflict(_("{folder} 不是空的；请给一个新的文件夹", folder=folder))
    with caller.instance.database.transaction():
        verb = "export_full" if purpose is not None else "export"
        changes = [Change(one["noun"], None, str(_count(caller, one))) for one in nouns]
        record_note(caller, "plugin", verb, changes=changes, reason=purpose or told["id"])
    made = [
        _write(folder / "plugin.json", [json.dumps(told, ensure_ascii=False, indent=2).encode()])
    ]
    with caller.instance.database.snapshot():
        for one in nouns:
            rows = _table(caller, one, full=purpose is not None)
            made.append(_write(folder / f"{one['noun']}.csv", rows))
        made += _files(caller, nouns, folder / "attachments")
    return made


def _demand_full(caller: Caller, nouns: Iterable[Mapping[str, Any]]) -> None:
    """Raise Forbidden unless the caller may hand out all of every noun that has secrets."""
    roles = {standing.role for standing in caller.standings if standing.everywhere}
    for one in nouns:
        secret = any(spec["sensitive"] for spec in one["fields"])
        if secret and not roles & set(one.get("full", ())):
            label = one["label"].get("zh", one["noun"])
            raise Forbidden(_("您没有导出「{label}」完整信息的权限", label=_(label)))


def _count(caller: Caller, one: Mapping[str, Any]) -> int:
    table = caller.instance.database.quoted(one["table"])
    found: Any = caller.instance.database.engine.execute_sql(f"SELECT COUNT(*) FROM {table}")  # noqa: S608 – a table's name as it was declared
    return int(found.fetchone()[0])


def _table(caller: Caller, one: Mapping[str, Any], *, full: bool) -> Iterator[bytes]:
    """A noun's rows as CSV, removed ones too: the id, its fields by name, when it was removed."""
    specs = one["fields"]
    yield sheets.BOM + sheets.written([["id", *(spec["name"] for spec in specs), "removed_at"]])
    columns = ["id", *(_column(spec, full=full) for spec in specs), "removed_at"]
    places: dict[int, str] = {}
    for rows in _rows(caller, one["table"], columns):
        _learn(places, specs, rows)
        yield sheets.written(
            [
                str(number),
                *(
                    _cell(caller, one["table"], spec, number, value, places)
                    for spec, value in zip(specs, values[:-1], strict=True)
                ),
                str(values[-1] or ""),
            ]
            for number, *values in rows
        )


def _rows(caller: Caller, table: str, columns: list[str]) -> Iterator[list[tuple[Any, ...]]]:
    database = caller.instance.database
    names, after = ", ".join(map(database.quoted, columns)), 0
    slot, kept = database.engine.param, database.quoted(table)
    asked = f'SELECT {names} FROM {kept} WHERE "id" > {slot} ORDER BY "id" LIMIT {AT_ONCE}'  # noqa: S608 – names as they were declared
    while rows := database.engine.execute_sql(asked, [after]).fetchall():
        yield rows
        after = int(rows[-1][0])


def _column(spec: Mapping[str, Any], *, full: bool) -> str:
    return f"{spec['column']}_mask" if spec["sensitive"] and not full else str(spec["column"])


def _learn(places: dict[int, str], specs: Iterable[Mapping[str, Any]], rows: Any) -> None:
    """Know the codes of the communities that some rows name."""
    at = [number for number, spec in enumerate(specs, start=1) if spec["kind"] == "community"]
    wanted = {row[n] for row in rows for n in at if row[n] is not None} - places.keys()
    if wanted:
        found: Any = Community.select(Community.id, Community.code).where(Community.id.in_(wanted))
        places.update(found.tuples())


def _cell(
    caller: Caller,
    table: str,
    spec: Mapping[str, Any],
    number: int,
    value: Any,
    places: Mapping[int, str],
) -> str:
    """One value as a file tells it, so that it can be taken in again."""
    if value is None:
        return ""
    if spec["kind"] == "boolean":
        return "true" if value else "false"
    if spec["kind"] == "money":
        return yuan(int(value))
    if spec["kind"] == "community":
        return places.get(value, str(value))
    if isinstance(value, bytes | bytearray | memoryview):
        keys, sealed = caller.instance.keys, Sealed(bytes(value))
        value = keys.open(sealed, table=table, column=spec["column"], row=number)
    return sheets.tame(str(value))


def _files(caller: Caller, nouns: Iterable[Mapping[str, Any]], folder: Path) -> Iterator[str]:
    """The attachments, opened, each under its record; one that is lost is left out."""
    for one in nouns:
        mine = Attachment.about.startswith(f"{one['table']}/") & Attachment.removed_at.is_null()
        for row in Attachment.select().where(mine).order_by(Attachment.id):
            record = str(row.about).rpartition("/")[2]
            name = re.sub(r"[^\w.\-]", "_", attachments.name_of(caller, row))
            place = folder / one["noun"] / record
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                with depot.opened(caller.instance, row.place) as stream:
                    yield _write(place / f"{row.id}-{name}", [stream.read()])
            except NotFound:
                continue


def _write(path: Path, pieces: Iterable[bytes]) -> str:
    with path.open("wb") as file:
        path.chmod(0o600)
        for piece in pieces:
            file.write(piece)
    return str(path)
