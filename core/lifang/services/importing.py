"""Tables coming in: a file is judged whole, and then written piece by piece through the gateway."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.kit.errors import Busy, Forbidden, Invalid, LifangError, Malformed
from lifang.kit.words import _
from lifang.resources.resource import Resource
from lifang.services import sheets
from lifang.services.auditing import record_denial
from lifang.services.checks import reaches
from lifang.services.gateway import write
from lifang.services.judging import Judge, Row
from lifang.services.outcomes import (
    CHUNK,
    MOST_TOLD,
    Imported,
    Progress,
    RowError,
    permit,
    tell,
)
from lifang.services.planting import import_communities


def import_table(  # noqa: PLR0913 – what an import is asked, each by name
    caller: Caller,
    resource: Resource[Any],
    source: Path | BinaryIO,
    *,
    dry_run: bool = False,
    skip_invalid: bool = False,
    progress: Progress | None = None,
    most: int | None = None,
    told: int = MOST_TOLD,
) -> Imported:
    """Create and change records as a file tells them; a row with an id is about that record.

    The whole file is judged first. Nothing is written in a dry run, nor while anything is wrong
    with it, unless `skip_invalid` leaves the wrong rows out. `most` limits how many rows are
    taken, `told` how many problems are told one by one. A row that only writing shows to be wrong
    undoes its piece of 500 rows and ends the import there; with `skip_invalid` it alone is left
    out. Raises NotFound and Forbidden as every write does.
    """
    if resource.model is Community:
        if skip_invalid:
            raise Malformed(_("社区是一棵树，不能跳过有误的行"))
        return import_communities(caller, source, dry_run=dry_run, progress=progress, most=most)
    caller = caller.through("import")
    permit(caller, resource)
    sheet = sheets.read(source)
    if most is not None and len(sheet.rows) > most:
        raise Invalid(_("文件超过 {most} 行；请用命令行导入", most=most))
    judge = Judge(caller, resource, sheet, most=told)
    if dry_run:
        return _outcome(judge, Counter(row.does for row in judge.rows))
    if judge.denied is not None:
        record_denial(caller, resource, "import", None, judge.denied)
    if judge.failed and not skip_invalid:
        return _outcome(judge, Counter())
    outcome = _outcome(judge, _carry_out(judge, progress, skip_invalid=skip_invalid))
    with caller.instance.database.transaction():
        tell(caller, resource, outcome, sheet.digest)
    return outcome


class _Undone(Exception):
    """A row was refused by the write itself; its piece is rolled back."""


def _carry_out(judge: Judge, progress: Progress | None, *, skip_invalid: bool) -> Counter[str]:
    """Write the sound rows, a transaction for each piece, and count what was done."""
    done: Counter[str] = Counter()
    for start in range(0, len(judge.rows), CHUNK):
        some = judge.rows[start : start + CHUNK]
        try:
            with judge.caller.instance.database.transaction():
                counted, refused = _write_some(judge, some)
                if refused and not skip_invalid:
                    raise _Undone
        except _Undone:
            return done
        done += counted
        if progress is not None:
            progress(start + len(some), len(judge.rows))
    return done


def _write_some(judge: Judge, some: Sequence[Row]) -> tuple[Counter[str], bool]:
    counted: Counter[str] = Counter()
    refused = False
    for row in some:
        try:
            counted[_write(judge, row)] += 1
        except Busy:
            raise
        except LifangError as error:
            refused = True
            blamed = error.errors[0].field if error.errors else ""
            judge.tell(row.number, blamed, error.sentence)
    return counted, refused


def _write(judge: Judge, row: Row) -> str:
    """Create or change one record; all of it is undone where importing does not reach it."""
    caller, resource = judge.caller, judge.resource
    if row.does == "unchanged":
        return row.does
    with caller.instance.database.transaction():
        if row.view is None:
            record = write(resource, "create", caller, row.given)
        else:
            id, version = int(row.view["id"]), int(row.view["version"])
            record = write(resource, "update", caller, row.given, id, version=version)
            if record.version == version:
                return "unchanged"
        if not reaches(resource, "import", caller, record):
            raise Forbidden(_("这条记录不在您的管辖范围内"))
    return row.does


def _outcome(judge: Judge, done: Counter[str]) -> Imported:
    return Imported(
        created=done["created"],
        updated=done["updated"],
        unchanged=done["unchanged"],
        failed=len(judge.failed),
        errors=sorted(judge.errors, key=lambda error: error["row"]),
    )


def failing_rows(source: Path | BinaryIO, errors: Iterable[RowError]) -> bytes:
    """The rows that problems are about, as they were sent, with what is wrong in a last column."""
    told: dict[int, list[str]] = {}
    for error in errors:
        named = _("{column}：{message}", column=error["column"], message=error["message"])
        told.setdefault(error["row"], []).append(named if error["column"] else error["message"])
    sheet = sheets.read(source)
    lines = [[*map(sheets.tame, sheet.header), _("错误")]]
    for number, cells in sheet.rows:
        if number in told:
            lines.append([*map(sheets.tame, cells.values()), _("；").join(told[number])])
    return sheets.BOM + sheets.written(lines)


__all__ = ["Imported", "RowError", "failing_rows", "import_communities", "import_table"]
