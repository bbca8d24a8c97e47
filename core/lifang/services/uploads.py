"""Files sent over the network: kept sealed while they are checked, confirmed and taken in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, BinaryIO

from lifang.entities.caller import Caller
from lifang.entities.job import ColumnMapping, Job
from lifang.kit import text
from lifang.kit.errors import NotFound
from lifang.kit.words import _
from lifang.resources.resource import Resource
from lifang.services import depot, jobs, reading, sheets
from lifang.services.importing import failing_rows, title_of
from lifang.services.outcomes import permit

AT_ONCE = 5_000
"""Rows that are worked off while somebody waits; a worker does what is longer."""

MOST_ROWS = 200_000
"""Rows that are taken over the network; who has more is near enough to type a command."""


def receive(
    caller: Caller, resource: Resource[Any], stream: BinaryIO, *, name: str, **asked: Any
) -> Job:
    """Keep a file and write down what is to be done with it; raises Malformed for no table.

    `asked` are `check`, `skip_invalid` and `columns`: by default it is checked, with the columns
    that the same header row was given before.
    """
    permit(caller.through("import"), resource)
    sheet = sheets.read(stream, most=MOST_ROWS)
    stream.seek(0)
    known = remembered(caller, resource, sheet.header)
    told = {"check": True, "skip_invalid": False, "columns": known, **asked}
    return jobs.begin(
        caller,
        resource,
        "import",
        title=title_of(resource, name),
        state="waiting",
        asked=told,
        digest=sheet.digest,
        total=sheet.total,
        place=depot.keep(caller.instance, stream),
    )


def go_on(caller: Caller, resource: Resource[Any], job: Job, **asked: Any) -> Job:
    """Check or take in a file that waits: a short one now, a long one by a worker.

    Gives the job as it stands then; raises Conflict for one that does not wait.
    """
    jobs.queue(caller, job, **asked)
    if job.total <= AT_ONCE:
        job = Job.get_by_id(job.id)
        for _piece in jobs.run(caller, job, jobs.WORKS[job.kind](caller, resource, job)):
            continue
    found: Job = Job.get_by_id(job.id)
    return found


def import_of(caller: Caller, resource: Resource[Any], id: int) -> Job:
    """An import of a noun by its job's number, if the caller may see it; NotFound otherwise."""
    jobs_noun: Resource[Job] = caller.instance.registry.of(Job)
    job = reading.get(caller, jobs_noun, id)
    if job.kind != "import" or job.noun != resource.id:
        raise NotFound(_("没有找到"))
    return job


def start_of(
    caller: Caller, job: Job, rows: int
) -> tuple[tuple[str, ...], list[tuple[int, list[str]]]]:
    """The header of a kept file and its first rows, each with its number."""
    with depot.opened(caller.instance, str(job.place)) as stream:
        sheet = sheets.read(stream)
        return sheet.header, list(islice(sheet.rows(), rows))


def failing(caller: Caller, job: Job) -> bytes:
    """The rows of a kept file that something is wrong with, and what, as CSV."""
    with depot.opened(caller.instance, str(job.place)) as stream:
        return failing_rows(stream, jobs.problems(job))


def remembered(caller: Caller, resource: Resource[Any], header: Iterable[str]) -> dict[str, str]:
    """What this account said before of the columns of such a header row."""
    mine = (ColumnMapping.account == caller.account) & (ColumnMapping.noun == resource.id)
    row = ColumnMapping.get_or_none(mine, ColumnMapping.header == _named(header))
    told: dict[str, str] = json.loads(row.told) if row is not None else {}
    return told


def remember(
    caller: Caller, resource: Resource[Any], header: Iterable[str], columns: Mapping[str, str]
) -> None:
    """Keep which field each column of such a header row is about, for the next file like it."""
    if caller.account is None:
        return
    told = json.dumps(dict(columns), ensure_ascii=False)
    mine = {"account": caller.account, "noun": resource.id, "header": _named(header)}
    with caller.instance.database.transaction():
        ColumnMapping.insert(**mine, told=told).on_conflict(
            conflict_target=list(mine), update={"told": told}
        ).execute()


def _named(header: Iterable[str]) -> str:
    return hashlib.sha256("\x1f".join(map(text.fold, header)).encode()).hexdigest()
