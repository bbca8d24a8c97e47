"""Rotating the data key: whatever is sealed is sealed anew, in pieces, while the instance works.

A piece is one transaction that writes only what has not changed since it was read, so a rotation
that was killed goes on where it was. Values keep their versions: they say what they said.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from lifang.entities.caller import Caller
from lifang.events.personal import place_of
from lifang.kit import clock
from lifang.kit.errors import Forbidden, NotFound
from lifang.kit.words import _
from lifang.mechanisms import attachments
from lifang.mechanisms.documents import DocumentRow, reseal
from lifang.plugins.tables import bump_generation
from lifang.services import depot
from lifang.services.auditing import record_note
from lifang.services.instance import Instance
from lifang.store import copying
from lifang.store.keys import FORMAT, Key, create_key, read_master
from lifang.upkeep import backup
from lifang.upkeep.backup import Steps

PIECE = 500
PREFIX = len(FORMAT) + 4
"""How a sealed value begins: its form, and the number of its key."""


@dataclass
class Rotated:
    """The number of the new key; how many values and files are sealed under it now.

    `lost` names what no longer opens, as `table.column #7`: it was altered, and stays as it is.
    """

    key: int
    resumed: bool
    values: int = 0
    files: int = 0
    lost: list[str] = field(default_factory=list)


def rotate(caller: Caller, progress: Steps) -> Rotated:
    """Make a new data key, or go on with the one of a rotation that was cut short, and use it.

    Old keys stay for what old backups hold; the key file, and so its copy on paper, stays the same.
    Raises Forbidden for all but platform administrators, Conflict while another one is at work.
    """
    if not caller.runs_it:
        raise Forbidden(_("只有平台管理员可以更换数据密钥"))
    with backup.workplace(caller.instance.settings.run / "rotation"):
        done = _begun(caller)
        while _pass(caller.instance, done, progress):
            pass  # until nobody seals anything under an old key any more
        with caller.instance.database.transaction():
            old = Key.update(retired_at=clock.now()).where(
                Key.purpose == "field", Key.id < done.key, Key.retired_at.is_null()
            )
            old.execute()
            record_note(caller, "key", "rotate", reason=f"{done.values} + {done.files}")
    return done


def _begun(caller: Caller) -> Rotated:
    """The key to seal under: of a rotation that was cut short the old one is not retired yet."""
    instance = caller.instance
    with instance.database.transaction():
        standing = Key.select().where(Key.purpose == "field", Key.retired_at.is_null()).count()
        if standing < 2:
            create_key(read_master(instance.settings.key_file), "field")
            record_note(caller, "key", "create")
            bump_generation()  # processes that run take it up at once
    instance.keys.look_again()
    return Rotated(instance.keys.current["field"], resumed=standing > 1)


def _pass(instance: Instance, done: Rotated, progress: Steps) -> bool:
    """Seal anew what is found under old keys, everywhere; says whether there was anything."""
    before = done.values + done.files
    done.lost.clear()
    places = [*_columns(instance), ("erasable", "value")]
    for number, (table, column) in enumerate(places, start=1):
        progress(_("重新加密"), number, len(places) + 1)
        after: Any = 0 if table != "erasable" else ("", "")
        while after is not None:
            piece = _erasable if table == "erasable" else partial(_piece, table, column)
            after, sealed, lost = instance.database.whole(partial(piece, instance, after))
            done.values += sealed
            done.lost += [f"{table}.{column} #{one}" for one in lost]
    _files(instance, done)
    progress(_("重新加密"), len(places) + 1, len(places) + 1)
    return done.values + done.files > before


def _columns(instance: Instance) -> Iterator[tuple[str, str]]:
    """Every column of bytes, whoever's table it is: plugins that are gone left theirs."""
    for table in copying.tables(instance.database):
        if table.key == ("id",) and table.name != "core_key":
            for one in instance.database.engine.get_columns(table.name):
                if one.data_type.upper() in ("BLOB", "BYTEA"):
                    yield table.name, one.name


Piece = tuple[Any, int, list[Any]]
"""Where the next piece begins, or None; how many values were sealed; which ones do not open."""


def _piece(table: str, column: str, instance: Instance, after: int) -> Piece:
    """Seal some cells of a column anew."""
    database, slot = instance.database, instance.database.engine.param
    name, more, place = database.quoted(column), *BOUND.get((table, column), ((), ""))
    cell = column.removesuffix("_sealed") if table == TRAIL else column
    place = place or f"{table}|{cell}|{{0}}"
    old = [FORMAT + number.to_bytes(4, "big") for number in instance.keys.keys["field"]]
    old.remove(FORMAT + instance.keys.current["field"].to_bytes(4, "big"))
    asked = (
        f"SELECT {', '.join(map(database.quoted, ('id', column, *more)))} "  # noqa: S608 – the database's own names
        f"FROM {database.quoted(table)} WHERE id > {slot} "
        f"AND substr({name}, 1, {PREFIX}) IN ({', '.join([slot] * len(old))}) "
        f"ORDER BY id LIMIT {PIECE}"
    )
    told = (
        f"UPDATE {database.quoted(table)} SET {name} = {slot} WHERE id = {slot} AND {name} = {slot}"  # noqa: S608 – the same
    )
    fresh, lost = [], []
    with database.transaction():
        rows = database.engine.execute_sql(asked, (after, *old)).fetchall()
        for number, blob, *bound in rows:
            if table == DOCUMENTS:  # a digest of the whole row goes along
                lost += [] if reseal(instance.keys, DocumentRow.get_by_id(number)) else [number]
                continue
            try:
                anew = _anew(instance, bytes(blob), place.format(number, *bound))
                fresh.append((anew, number, bytes(blob)))
            except (KeyError, ValueError):
                lost.append(number)
        database.each(told, fresh)
    return rows[-1][0] if len(rows) == PIECE else None, len(rows) - len(lost), lost


def _anew(instance: Instance, blob: bytes, place: str) -> bytes:
    return instance.keys.lock(instance.keys.unlock(blob, place), place)


TRAIL, DOCUMENTS = "audit_change", DocumentRow._meta.table_name
BOUND = {
    ("core_attachment", "name"): (attachments.BINDING, "attachment|{1}|{2}|{3}|{4}|{5}"),
    ("core_setting", "sealed"): (("plugin", "key", "community_id"), "core_setting|{1}.{2}|{3}"),
}
"""What is bound to more than its cell: by which columns, and how."""


def _erasable(instance: Instance, after: tuple[str, str]) -> Piece:
    """Seal some personal values of events anew."""
    database, slot = instance.database, instance.database.engine.param
    asked = (
        f"SELECT subject, key, value FROM erasable WHERE (subject, key) > ({slot}, {slot}) "  # noqa: S608 – our own words
        f"ORDER BY subject, key LIMIT {PIECE}"
    )
    told = f"UPDATE erasable SET value = {slot} WHERE subject = {slot} AND key = {slot}"  # noqa: S608 – our own words
    fresh, lost = [], []
    with database.transaction():
        rows = database.engine.execute_sql(asked, after).fetchall()
        for subject, key, value in rows:
            blob, place = base64.b64decode(value), place_of((subject, key))
            if int.from_bytes(blob[1:PREFIX], "big") == instance.keys.current["field"]:
                continue
            try:
                sealed = base64.b64encode(_anew(instance, blob, place)).decode()
                fresh.append((sealed, subject, key))
            except (KeyError, ValueError):
                lost.append(key)
        database.each(told, fresh)
    return tuple(rows[-1][:2]) if len(rows) == PIECE else None, len(fresh), lost


def _files(instance: Instance, done: Rotated) -> None:
    """Seal the kept files of this folder anew; another machine of the instance has its own."""
    for path in sorted((instance.settings.data / "files").glob("*")):
        try:
            with path.open("rb") as file:
                number = int.from_bytes(file.read(PREFIX)[len(FORMAT) :], "big")
            if number != done.key and path.stat().st_size:
                depot.reseal(instance, path.name)
                done.files += 1
        except FileNotFoundError:
            continue  # dropped meanwhile
        except NotFound:
            done.lost.append(path.name)
