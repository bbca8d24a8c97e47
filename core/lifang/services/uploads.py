"""Files sent over the network: kept sealed while they are checked, confirmed and taken in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO

from lifang.entities.caller import Caller
from lifang.entities.job import ColumnMapping, Job
from lifang.kit import text
from lifang.kit.errors import Forbidden, NotFound
from lifang.kit.words import _, _p
from lifang.resources import schema
from lifang.resources.resource import Resource
from lifang.services import depot, jobs, reading, sheets, workbook
from lifang.services.columns import spellings
from lifang.services.gateway import write
from lifang.services.importing import (
    failing_lines,
    failing_rows,
    import_table,
    title_of,
)
from lifang.services.outcomes import Imported, permit

AT_ONCE = 5_000
"""Rows that are worked off while somebody waits; a worker does what is longer."""

MOST_ROWS = 200_000
"""Rows that are taken over the network; who has more is near enough to type a command."""


def take(
    caller: Caller, resource: Resource[Any], stream: BinaryIO, *, dry_run: bool, skip_invalid: bool
) -> Imported | Job:
    """Check or take in a short file at once, as `import_table` does; a long one becomes a job."""
    permit(caller.through("import"), resource)
    if sheets.read(stream, most=MOST_ROWS).total <= AT_ONCE:
        return import_table(caller, resource, stream, dry_run=dry_run, skip_invalid=skip_invalid)
    told = {"check": dry_run, "skip_invalid": skip_invalid}
    return go_on(caller, resource, receive(caller, resource, stream, name="", columns={}, **told))


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
    told = {"check": True, "skip_invalid": False, "columns": known, "file": name, **asked}
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
    with caller.instance.database.transaction():
        jobs.queue(caller, job, **asked)
        job = Job.get_by_id(job.id)
        if job.total <= AT_ONCE:  # in our hands before a worker can see it
            jobs.hold(job)
    if job.total <= AT_ONCE:
        for _piece in jobs.run(caller, job, jobs.WORKS[job.kind](caller, resource, job)):
            continue
    found: Job = Job.get_by_id(job.id)
    return found


def cancel(caller: Caller, job: Job) -> None:
    """Stop an import; a file of which nothing was taken in is thrown away."""
    write(caller.instance.registry.of(Job), "cancel", caller, {}, int(job.id))
    if job.state == "waiting" and job.place:
        Job.update(place=None).where(Job.id == job.id).execute()
        depot.drop(caller.instance, job.place)


def import_of(caller: Caller, resource: Resource[Any], id: int) -> Job:
    """An import of a noun by its job's number, if it is the caller's own; NotFound otherwise."""
    noun: Resource[Job] = caller.instance.registry.of(Job)
    job = reading.get(caller, noun, id)
    if job.noun != resource.id or not mine(caller, job):
        raise NotFound(_("没有找到"))
    permit(caller, resource)
    return job


def mine(caller: Caller, job: Job) -> bool:
    """Whether it is an import that the caller began: nobody else sees what is in its file."""
    return bool(job.kind == "import" and caller.account and job.account_id == caller.account)


def failing(caller: Caller, job: Job, form: str = "csv") -> Iterable[bytes]:
    """The rows of a kept file that something is wrong with, and what, as CSV or XLSX.

    Raises Forbidden for whoever did not send the file, NotFound where it is no longer kept.
    """
    if not mine(caller, job):
        raise Forbidden(_("只有上传文件的人能看文件里的内容"))
    with depot.opened(caller.instance, str(job.place)) as stream:
        if form == "csv":
            return [failing_rows(stream, jobs.problems(job))]
        lines = failing_lines(stream, jobs.problems(job))

        def fill(page: workbook.Page) -> None:
            for line in lines:
                page.add(line)

        return workbook.written(_("错误"), fill)


def template(resource: Resource[Any], form: str) -> Iterable[bytes]:
    """An empty table to fill in, as CSV or XLSX: its header alone, in the reader's words."""
    known = spellings(resource)
    head = []
    for spec in schema.create_fields(resource):
        own = known.get(text.fold(_(spec.label))) != spec.name
        head.append(sheets.column_name(resource, spec) if own else _(spec.label))
    if form == "csv":
        return [sheets.BOM + sheets.written([head])]
    return workbook.written(_p("plural", resource.label), lambda page: page.head(head))


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
            conflict_target=[getattr(ColumnMapping, name) for name in mine], update={"told": told}
        ).execute()


def _named(header: Iterable[str]) -> str:
    return hashlib.sha256("\x1f".join(map(text.fold, header)).encode()).hexdigest()
