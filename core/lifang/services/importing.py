"""Tables coming in: judged whole, and then written piece by piece, each in one transaction."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.entities.job import Job, JobProblem
from lifang.kit import words
from lifang.kit.errors import Busy, Conflict, Forbidden, LifangError
from lifang.kit.words import _, _p
from lifang.resources.resource import Resource
from lifang.services import depot, jobs, sheets
from lifang.services.auditing import record_denial
from lifang.services.checks import reaches
from lifang.services.gateway import write
from lifang.services.judging import Judge, Row
from lifang.services.many import Batch, Maker
from lifang.services.outcomes import CHUNK, MOST_TOLD, Imported, Progress, RowError, permit, tell
from lifang.services.planting import Layout, TreeJudge, laid_out, undisturbed

Columns = Mapping[str, str]

HOLD = 0.08
"""Seconds that writing a piece should take, with its commit: others wait behind it."""
SMALLEST = 50
"""Rows of the smallest piece: every piece is a commit."""
HOLD_ALONE, MOST_ALONE = 2.0, 5_000
"""The same where nobody can be at work yet: in an instance that is being planted."""


def import_table(  # noqa: PLR0913 – what an import is asked, each by name
    caller: Caller,
    resource: Resource[Any],
    source: Path | BinaryIO,
    *,
    dry_run: bool = False,
    skip_invalid: bool = False,
    progress: Progress = lambda _done, _of: None,
    told: int = MOST_TOLD,
    columns: Columns = MappingProxyType({}),
) -> Imported:
    """Create and change records as a file tells them; a row with an id is about that record.

    The whole file is judged first. Nothing is written in a dry run, nor while anything is wrong
    with it, unless `skip_invalid` leaves the wrong rows out. An import that was cut off goes on
    where it was; rows that the same file has brought already are not created again. `told`
    limits how many problems are told one by one, `columns` says by hand what a column is about.
    Raises NotFound and Forbidden as every write does.
    """
    caller = caller.through("import")
    permit(caller, resource)
    with words.using(words.language()), sheets.opened(source) as sheet:
        whole = sheet.total if dry_run or skip_invalid else 2 * sheet.total
        progress(0, whole)
        run = Import(caller, resource, sheet, columns)
        if not run.refused and (dry_run or not skip_invalid):
            for done in run.check():
                progress(done, whole)
        if dry_run or run.refused or not (skip_invalid or run.changes):
            return _cut(run.outcome if dry_run or not run.refused else run.nothing, told)
        name = source.name if isinstance(source, Path) else ""
        job = run.begin(title=title_of(resource, name), asked={"skip_invalid": skip_invalid})
        for _piece in jobs.run(caller, job, run.carry_out(job, skip_invalid=skip_invalid)):
            progress(whole - sheet.total + gone_through(job), whole)
    return _cut(outcome_of(job), told)


def title_of(resource: Resource[Any], name: str) -> str:
    """What an import is called among the jobs."""
    told = _("导入{label}", label=_p("plural", resource.label))
    return _("{field}：{message}", field=told, message=name) if name else told


def gone_through(job: Job) -> int:
    """How many rows a job has gone through."""
    return int(job.created + job.updated + job.unchanged + job.failed)


def work_off(caller: Caller, resource: Resource[Any], job: Job) -> Iterator[None]:
    """Check the file that a job keeps, or take it in, from where the job stands."""
    asked = json.loads(job.asked)
    caller, database = caller.through("import"), caller.instance.database
    permit(caller, resource)
    with depot.opened(caller.instance, str(job.place)) as stream:
        run = Import(caller, resource, sheets.read(stream), asked["columns"])
        if not run.refused and (asked["check"] or not (asked["skip_invalid"] or job.done)):
            for done in run.check():
                with database.transaction():
                    jobs.hold(job, _("已检查 {done} 行", done=f"{done:,}"))
                yield
        if asked["check"] or run.refused:
            _settle(caller, job, run.outcome, dry_run=asked["check"])
            return
        yield from run.carry_out(job, skip_invalid=asked["skip_invalid"])


def _settle(caller: Caller, job: Job, outcome: Imported, *, dry_run: bool) -> None:
    """Keep what was found; a check then waits for a word, anything else is over."""
    with caller.instance.database.transaction():
        jobs.checked(job, outcome)
        if dry_run:
            jobs.wait(job)
        elif outcome["failed"]:
            told = _("文件里有 {n} 行需要修改；什么都没有导入", n=outcome["failed"])
            jobs.finish(caller, job, "failed", told)
        else:
            jobs.finish(caller, job, "finished")


jobs.WORKS["import"] = work_off


class Import:
    """One file on its way in; `outcome` is what the last check of it found."""

    def __init__(
        self, caller: Caller, resource: Resource[Any], sheet: sheets.Sheet, columns: Columns
    ) -> None:
        """Judge the header, and look up how much of the same file was brought before."""
        self.caller, self.resource, self.sheet, self.columns = caller, resource, sheet, columns
        if resource.model is Community:  # rows hang on one another: first come the widest
            self.sheet = laid_out(resource, sheet, columns)
        earlier = (Job.noun == resource.id) & (Job.digest == sheet.digest) & (Job.done > 0)
        self.earlier = Job.select().where(earlier).order_by(Job.id.desc()).first()
        self.outcome, self._size = _outcome(Counter(), self.judge()), CHUNK
        self._most, self._hold = CHUNK, HOLD

    @property
    def refused(self) -> bool:
        """Whether something is wrong that keeps the file out, or would without skipping rows."""
        return bool(self.outcome["failed"])

    @property
    def changes(self) -> bool:
        """Whether the file, as checked, would change anything and may."""
        return not self.refused and bool(self.outcome["created"] or self.outcome["updated"])

    @property
    def nothing(self) -> Imported:
        """What a file does that is kept out: nothing, for the reasons told."""
        return {**self.outcome, "created": 0, "updated": 0, "unchanged": 0}

    def check(self) -> Iterator[int]:
        """Judge every row and write nothing; tells how many rows it has gone through."""
        judge, done, does = self.judge(), 0, Counter[str]()
        for some in self._pieces(0):
            does.update(row.does for row in judge.judge(some))
            done += len(some)
            yield done
        self.outcome = _outcome(does, judge)
        self._note_denial(judge)

    def judge(self) -> Judge:
        """A judge who knows which rows the same file has brought."""
        if isinstance(self.sheet, Layout):
            return TreeJudge(self.caller, self.resource, self.sheet, columns=self.columns)
        done, failed = 0, set[int]()
        if self.earlier is not None:
            asked: Any = JobProblem.select(JobProblem.row).where(JobProblem.job == self.earlier.id)
            done, failed = int(self.earlier.done), {row[0] for row in asked.tuples()}
        return Judge(
            self.caller,
            self.resource,
            self.sheet.header,
            columns=self.columns,
            before=lambda row: row <= done and row not in failed,
        )

    def _note_denial(self, judge: Judge) -> None:
        if judge.denied is not None:
            record_denial(self.caller, self.resource, "import", None, judge.denied)

    def _pieces(self, after: int) -> Iterator[list[tuple[int, list[str]]]]:
        for run in self.sheet.runs(after):
            while some := list(islice(run, self._size)):
                yield some

    def begin(self, *, title: str, asked: Mapping[str, Any]) -> Job:
        """The job of this import: the one that was cut off, or a new one.

        Raises Conflict while somebody is at work on the same file.
        """
        job = self.earlier
        if job is None or job.state == "finished" or job.account_id != self.caller.account:
            told: dict[str, Any] = {"title": title, "digest": self.sheet.digest}
            return jobs.begin(
                self.caller,
                self.resource,
                "import",
                state="running",
                asked=asked,
                total=self.sheet.total,
                **told,
            )
        if jobs.held_by_another(job):
            raise Conflict(_("这个文件正在导入：任务 {id}", id=job.id))
        return jobs.reopen(self.caller, job)

    def carry_out(self, job: Job, *, skip_invalid: bool) -> Iterator[None]:
        """Write what is sound from where the job stands, in pieces kept whole or undone."""
        self.caller = replace(self.caller, request_id=f"job-{job.id}")
        judge, expected = self.judge(), self.sheet.total - gone_through(job)
        verbs = ("create", "import")
        maker = Maker(self.caller, self.resource, verbs=verbs, expected=expected)
        if isinstance(self.sheet, Layout) and undisturbed(job):
            self._size = self._most = MOST_ALONE
            self._hold = HOLD_ALONE
        for some in self._pieces(job.done):
            end = self.sheet.reached(job.done, some)
            piece = Piece(maker, job, judge, some, end=end, skip_invalid=skip_invalid)
            if not piece.write():
                return
            fitting = self._size * self._hold / max(piece.held, self._hold / 4)
            self._size = int(min(max(fitting, SMALLEST), self._most))
            yield
        self._note_denial(judge)
        with self.caller.instance.database.transaction():
            jobs.hold(job)
            jobs.finish(self.caller, job, "finished")
            tell(self.caller, self.resource, outcome_of(job), self.sheet.digest)


class _Undone(Exception):
    """A row was refused by the write itself; its piece is rolled back."""


class Piece:
    """Some rows that are written together."""

    def __init__(
        self,
        maker: Maker,
        job: Job,
        judge: Judge,
        some: list[tuple[int, list[str]]],
        *,
        end: int,
        skip_invalid: bool,
    ) -> None:
        """Judge them first, outside any transaction."""
        self.caller, self.resource, self.maker = maker.caller, maker.resource, maker
        self.job, self.judge = job, judge
        self.skip_invalid, self.end = skip_invalid, end
        self._database = maker.caller.instance.database
        self.held = 0.0
        self._told, self._failed = len(judge.errors), len(judge.failed)
        self.rows = judge.judge(some)
        self._judged = len(judge.errors)

    def write(self) -> bool:
        """Write all at once where nothing is out of the ordinary, else row by row; says if so."""
        try:
            if self.refused:
                raise _Undone
            try:
                jobs.whole(self.caller, self.job, self._at_once)
            except (Busy, jobs.Stopped):
                raise
            except LifangError:
                jobs.whole(self.caller, self.job, self._row_by_row)
        except _Undone:
            with self._database.transaction():
                jobs.advance(self.job, self.job.done, self._counted(Counter()), self._errors())
                told = _("有的行不能导入；它们所在的一段和后面的都没有导入")
                jobs.finish(self.caller, self.job, "failed", told)
            return False
        return True

    @property
    def refused(self) -> bool:
        """Whether a row of them is wrong and wrong rows are not to be left out."""
        return len(self.judge.failed) > self._failed and not self.skip_invalid

    def _counted(self, done: Counter[str]) -> Counter[str]:
        return done + Counter(failed=len(self.judge.failed) - self._failed)

    def _errors(self) -> list[RowError]:
        return self.judge.errors[self._told :]

    def _at_once(self) -> None:
        plain = [row for row in self.rows if self._is_plain(row)]
        given = [row.given for row in plain]
        batch = Batch(self.maker, given) if given else None
        with self._database.transaction():
            started = time.perf_counter()
            jobs.hold(self.job)
            done = Counter(created=len(plain))
            if batch is not None:
                batch.write()
            for row in self.rows:
                if not self._is_plain(row):
                    done[self._write(row)] += 1
            jobs.advance(self.job, self.end, self._counted(done), self._errors())
        self.held = time.perf_counter() - started  # with the commit: it is what others wait for

    def _is_plain(self, row: Row) -> bool:
        """Whether a row is created like the others; what is kept beside it the gateway keeps."""
        # rules may look at the rows before this one, and saved functions write beside it
        beside = (self.resource.rules or self.resource.saved) and self.resource.at_once is None
        return row.does == "created" and not row.elsewhere and not beside

    def _row_by_row(self) -> None:
        done = Counter[str]()
        del self.judge.errors[self._judged :]  # what an overtaken try has told
        with self._database.transaction():
            jobs.hold(self.job)
            for row in self.rows:
                try:
                    done[self._write(row)] += 1
                except Busy:
                    raise
                except LifangError as error:
                    blamed = error.errors[0].field if error.errors else ""
                    self.judge.tell(row.number, blamed, error.sentence)
            if self.refused:
                raise _Undone
            jobs.advance(self.job, self.end, self._counted(done), self._errors())

    def _write(self, row: Row) -> str:
        """Create or change one record; all of it is undone where importing does not reach it."""
        if row.does == "unchanged":
            return row.does
        with self._database.transaction():
            if row.view is None:
                record = write(self.resource, "create", self.caller, row.given)
            else:
                id, version = int(row.view["id"]), int(row.view["version"])
                record = write(self.resource, "update", self.caller, row.given, id, version=version)
                if record.version == version:
                    return "unchanged"
            if not reaches(self.resource, "import", self.caller, record):
                raise Forbidden(_("这条记录不在您的管辖范围内"))
        return row.does


def _outcome(does: Counter[str], judge: Judge) -> Imported:
    return Imported(
        created=does["created"],
        updated=does["updated"],
        unchanged=does["unchanged"],
        failed=len(judge.failed),
        errors=judge.errors,
    )


def outcome_of(job: Job, most: int | None = None) -> Imported:
    """What a job has done so far, and what was wrong."""
    return Imported(
        created=job.created,
        updated=job.updated,
        unchanged=job.unchanged,
        failed=job.failed,
        errors=jobs.problems(job, most),
    )


def _cut(outcome: Imported, most: int) -> Imported:
    """The same with as many problems as an answer tells one by one."""
    errors = sorted(outcome["errors"], key=lambda error: error["row"])[:most]
    return {**outcome, "errors": errors}


def failing_rows(source: Path | BinaryIO, errors: Iterable[RowError]) -> bytes:
    """The rows that problems are about, as they were sent, with what is wrong in a last column."""
    lines = failing_lines(source, errors)
    return sheets.BOM + sheets.written([*map(sheets.tame, line)] for line in lines)


def failing_lines(source: Path | BinaryIO, errors: Iterable[RowError]) -> Iterator[list[str]]:
    """The same as lines of cells, below their header."""
    told: dict[int, list[str]] = {}
    for error in errors:
        named = _("{column}：{message}", column=error["column"], message=error["message"])
        told.setdefault(error["row"], []).append(named if error["column"] else error["message"])
    with sheets.opened(source) as sheet:
        yield [*sheet.header, _("错误")]
        for number, cells in sheet.rows():
            if number in told:
                yield [*cells, _("；").join(told[number])]


__all__ = ["Imported", "RowError", "failing_rows", "import_table"]
