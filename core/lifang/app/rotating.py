"""Rotating the data key: whatever is sealed is sealed anew, in pieces, while the instance works.

A piece is one transaction that writes only what has not changed since it was read, so a rotation
that was killed goes on where it was. Values keep their versions: they say what they said.
"""

from __future__ import annotations

import base64
import fcntl
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from lifang.entities.attachment import Attachment
from lifang.entities.caller import Caller
from lifang.events.personal import place_of
from lifang.kit import clock
from lifang.kit.errors import Conflict, Forbidden, NotFound
from lifang.kit.words import _
from lifang.mechanisms import attachments
from lifang.mechanisms.documents import DocumentRow, reseal
from lifang.plugins.tables import SettingRow, bump_generation
from lifang.services import depot
from lifang.services.auditing import record_note
from lifang.services.instance import Instance
from lifang.store import copying
from lifang.store.keys import FORMAT, Key, create_key, read_master
from lifang.upkeep.backup import Steps

PIECE = 500
PREFIX = len(FORMAT) + 4
"""How a sealed value begins: its form, and the number of its key."""

Row = tuple[int, bytes]


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
    with _alone(caller.instance.settings.run / "rotate.lock"):
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


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise Conflict(_("另一次密钥更换正在进行，请稍后再试")) from None
    finally:
        os.close(held)


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
        if table == "erasable":
            _erasable(instance, done)
        else:
            _column(instance, table, column, done)
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


def _column(instance: Instance, table: str, column: str, done: Rotated) -> None:
    """Seal one column anew, piece by piece."""
    quoted, slot = instance.database.quoted, instance.database.engine.param
    old = [FORMAT + n.to_bytes(4, "big") for n in instance.keys.keys["field"] if n != done.key]
    asked = (
        f"SELECT id, {quoted(column)} FROM {quoted(table)} "  # noqa: S608 – the database's own names
        f"WHERE substr({quoted(column)}, 1, {PREFIX}) IN ({', '.join([slot] * len(old))}) "
        f"AND id > {slot} ORDER BY id LIMIT {PIECE}"
    )
    own = OWN.get((table, column))
    after = 0
    while True:

        def piece(after: int = after) -> tuple[int, int, list[str]]:
            with instance.database.transaction():
                rows = instance.database.engine.execute_sql(asked, (*old, after)).fetchall()
                lost = (own or partial(_plainly, table, column))(instance, rows)
            last = rows[-1][0] if len(rows) == PIECE else 0
            return last, len(rows) - len(lost), [f"{table}.{column} #{one}" for one in lost]

        after, sealed, lost = instance.database.whole(piece)
        done.values += sealed
        done.lost += lost
        if not after:
            return


def _plainly(table: str, column: str, instance: Instance, rows: Iterable[Row]) -> list[int]:
    """Seal cells anew that are bound to their table, column and row; gives those that are lost."""
    place = f"{table}|{column.removesuffix('_sealed') if table == 'audit_change' else column}"
    return _each(instance, table, column, rows, lambda number: f"{place}|{number}")


def _each(
    instance: Instance, table: str, column: str, rows: Iterable[Row], place: Callable[[int], str]
) -> list[int]:
    fresh, lost = [], []
    for number, blob in rows:
        try:
            plain = instance.keys.unlock(bytes(blob), place(number))
            fresh.append((instance.keys.lock(plain, place(number)), number, bytes(blob)))
        except (KeyError, ValueError):
            lost.append(number)
    database = instance.database
    slot, name = database.engine.param, database.quoted(column)
    told = f"UPDATE {database.quoted(table)} SET {name} = {slot} "  # noqa: S608 – the database's own names
    database.each(f"{told}WHERE id = {slot} AND {name} = {slot}", fresh)
    return lost


def _documents(instance: Instance, rows: Iterable[Row]) -> list[int]:
    found = [DocumentRow.get_by_id(number) for number, _blob in rows]
    return [int(row.id) for row in found if not reseal(instance.keys, row)]


def _names(instance: Instance, rows: Iterable[Row]) -> list[int]:
    def place(number: int) -> str:
        return attachments.binding(Attachment.get_by_id(number))

    return _each(instance, "core_attachment", "name", rows, place)


def _settings(instance: Instance, rows: Iterable[Row]) -> list[int]:
    def place(number: int) -> str:
        row: Any = SettingRow.get_by_id(number)
        return f"core_setting|{row.plugin}.{row.key}|{row.community_id}"

    return _each(instance, "core_setting", "sealed", rows, place)


OWN = {
    ("core_document", "content"): _documents,
    ("core_attachment", "name"): _names,
    ("core_setting", "sealed"): _settings,
}
"""What is bound to more than its cell."""


def _erasable(instance: Instance, done: Rotated) -> None:
    """Seal the personal values of events anew."""
    database, slot = instance.database, instance.database.engine.param
    asked = (
        f"SELECT subject, key, value FROM erasable WHERE (subject, key) > ({slot}, {slot}) "  # noqa: S608 – our own words
        f"ORDER BY subject, key LIMIT {PIECE}"
    )
    told = f"UPDATE erasable SET value = {slot} WHERE subject = {slot} AND key = {slot}"  # noqa: S608 – our own words
    at = ("", "")
    while True:

        def piece(at: tuple[str, str] = at) -> tuple[list[Any], int, list[str]]:
            fresh, lost = [], []
            with database.transaction():
                rows = database.engine.execute_sql(asked, at).fetchall()
                for subject, key, value in rows:
                    blob, place = base64.b64decode(value), place_of((subject, key))
                    if int.from_bytes(blob[1:PREFIX], "big") == done.key:
                        continue
                    try:
                        sealed = instance.keys.lock(instance.keys.unlock(blob, place), place)
                        fresh.append((base64.b64encode(sealed).decode(), subject, key))
                    except (KeyError, ValueError):
                        lost.append(f"erasable #{key}")
                database.each(told, fresh)
            return rows, len(fresh), lost

        rows, sealed, lost = database.whole(piece)
        done.values += sealed
        done.lost += lost
        if len(rows) < PIECE:
            return
        at = rows[-1][0], rows[-1][1]


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
