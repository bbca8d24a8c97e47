"""Long work: begun, taken up again where it was cut off, and done piece by piece by a worker.

How far a job has come moves in the transaction of its work, so that a piece is done once, however
often somebody is killed. Whoever works on it holds its lease; another takes it when that has ended.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from lifang.access.callers import caller_for
from lifang.entities.account import Account
from lifang.entities.attachment import Attachment
from lifang.entities.caller import Caller
from lifang.entities.job import Job, JobProblem
from lifang.events.publish import publish
from lifang.events.subscriptions import gone, this_process
from lifang.kit import clock, words
from lifang.kit.errors import Busy, Conflict, LifangError
from lifang.kit.words import _
from lifang.resources.resource import Resource
from lifang.services import depot
from lifang.services.instance import Instance
from lifang.services.outcomes import Imported, RowError
from lifang.store.whole import whole as one_deed

LEASE = dt.timedelta(seconds=60)
KEPT = dt.timedelta(days=7)
"""How long an uploaded file lies here: long enough to fetch the rows that failed."""
LONGEST_ELSEWHERE = dt.timedelta(days=1)
"""How long a job waits for a worker of the machine on which its file lies."""
WORKABLE = ("queued", "running")
FINISHED = ("finished", "failed", "cancelled")
COUNTS = ("created", "updated", "unchanged", "failed")

Work = Callable[[Caller, Resource[Any], Job], Iterator[None]]
"""Does a job from where it stands; it yields after every piece that is committed."""

WORKS: dict[str, Work] = {}
"""How each kind of job is done; filled by the modules that know."""


class Stopped(Exception):
    """The job was cancelled, or somebody else has taken it: the piece at hand is undone."""


@one_deed
def begin(
    caller: Caller,
    resource: Resource[Any],
    kind: str,
    *,
    title: str,
    state: str,
    asked: Mapping[str, Any],
    **told: Any,
) -> Job:
    """Write down what is to be done; one that is `queued` is told of, and a worker takes it up."""
    scope = sorted(caller.scope) if caller.scope is not None else None
    said = {**asked, "language": words.language(), "scope": scope}
    told |= {"title": title[:200], "kind": kind, "state": state, "noun": resource.id}
    told |= {"account": caller.account, "created_by": caller.account}
    with caller.instance.database.transaction():
        job: Job = Job.create(asked=json.dumps(said, ensure_ascii=False), **told)
        if state == "queued":
            _publish(caller, job)
    return job


@one_deed
def queue(caller: Caller, job: Job, **asked: Any) -> None:
    """Let a worker take up a job that waited for somebody's word; raises Conflict otherwise."""
    told = {**json.loads(job.asked), **asked}
    waits = (Job.id == job.id) & (Job.state == "waiting")
    with caller.instance.database.transaction():
        change: dict[str, Any] = {"state": "queued", "asked": json.dumps(told, ensure_ascii=False)}
        change |= {**dict.fromkeys(COUNTS, 0), "updated_at": clock.now()}
        if not Job.update({**change, "version": Job.version + 1}).where(waits).execute():
            raise Conflict(_("这项任务已经开始或已取消"))
        JobProblem.delete().where(JobProblem.job == job.id).execute()
        job.state = "queued"
        _publish(caller, job)


def _publish(caller: Caller, job: Job) -> None:
    event = {"queued": "queued", "running": "started"}.get(job.state, job.state)
    publish(f"core.job.{event}", f"core.job/{job.id}", {"kind": job.kind}, caller=caller)


@one_deed
def reopen(caller: Caller, job: Job) -> Job:
    """Go on with a job that was cut off, failed or was cancelled."""
    with caller.instance.database.transaction():
        again = {"state": "running", "note": None, "finished_at": None, "lease_owner": None}
        Job.update({**again, "version": Job.version + 1}).where(Job.id == job.id).execute()
    job.state = "running"
    return job


def hold(job: Job, note: str | None = None) -> None:
    """Take or keep the job's lease inside the running transaction; raises Stopped without it.

    `note` says how far it is where nothing is counted.
    """
    now, mine = clock.now(), this_process()
    row = Job.get_by_id(job.id)
    free = row.lease_owner in (None, mine) or row.lease_until < now or gone(row.lease_owner)
    if row.state in FINISHED or row.done != job.done or not free:
        raise Stopped
    lease = {"lease_owner": mine, "lease_until": now + LEASE, "state": "running", "note": note}
    if row.started_at is None:
        lease["started_at"] = now
    Job.update(lease).where(Job.id == job.id).execute()
    job.state = "running"


def whole(caller: Caller, job: Job, run: Callable[[], None]) -> None:
    """Do a piece of a job, again where another writer got in its way; the job goes back with it."""
    before = dict(job.__data__)

    def again() -> None:
        job.__data__.update(before)
        run()

    caller.instance.database.whole(again)


def held_by_another(job: Job) -> bool:
    """Whether a process that runs has the job in its hands."""
    owner = job.lease_owner
    if owner is None or owner == this_process() or gone(owner):
        return False
    return bool(job.lease_until > clock.now())


def advance(job: Job, done: int, counted: Mapping[str, int], errors: Sequence[RowError]) -> None:
    """Move the job on inside the transaction of what was done; what was wrong is kept with it."""
    for name in COUNTS:
        setattr(job, name, getattr(job, name) + counted.get(name, 0))
    job.done = done
    told = {"done": done, **{name: getattr(job, name) for name in COUNTS}}
    Job.update(told).where(Job.id == job.id).execute()
    keep_problems(job, errors)


def keep_problems(job: Job, errors: Iterable[RowError]) -> None:
    """Keep what is wrong beside the job."""
    rows = [{**error, "column": error["column"][:200], "job": job.id} for error in errors]
    for start in range(0, len(rows), 500):
        JobProblem.insert_many(rows[start : start + 500]).execute()


def problems(job: Job, limit: int | None = None) -> list[RowError]:
    """What is wrong, in the order of the rows."""
    fields = (JobProblem.row, JobProblem.column, JobProblem.message, JobProblem.expected)
    query: Any = JobProblem.select(*fields).where(JobProblem.job == job.id)
    return list(query.order_by(JobProblem.row, JobProblem.id).limit(limit).dicts())


def checked(job: Job, outcome: Imported) -> None:
    """Keep what a check found: how many rows would do what, and what is wrong."""
    told = {name: outcome[name] for name in COUNTS}  # type: ignore[literal-required]  # its own keys
    Job.update(told).where(Job.id == job.id).execute()
    for name, number in told.items():
        setattr(job, name, number)
    JobProblem.delete().where(JobProblem.job == job.id).execute()
    keep_problems(job, outcome["errors"])


def wait(job: Job, note: str | None = None) -> None:
    """Lay a job down until somebody says how to go on."""
    told = {"state": "waiting", "note": note, "lease_owner": None}
    Job.update({**told, "version": Job.version + 1}).where(Job.id == job.id).execute()
    job.state = "waiting"


def finish(caller: Caller, job: Job, state: str, note: str | None = None) -> None:
    """End a job inside a transaction, and tell of it."""
    job.state, job.note = state, note[:400] if note else None
    told = {"state": state, "note": job.note, "finished_at": clock.now(), "lease_owner": None}
    Job.update({**told, "version": Job.version + 1}).where(Job.id == job.id).execute()
    _publish(caller, job)


def run(caller: Caller, job: Job, work: Iterator[None]) -> Iterator[None]:
    """Do a job piece by piece; what stops it is kept as its note and raised again."""
    try:
        yield from work
    except Stopped:
        return
    except Busy:  # nothing is wrong with the job: it is taken up again where it stands
        raise
    except LifangError as error:
        with caller.instance.database.transaction():
            finish(caller, job, "failed", error.sentence)
        raise


class Jobs:
    """The worker's share: jobs that were queued, and those whose worker has died, one at a time."""

    def __init__(self, instance: Instance) -> None:
        """Work for an instance."""
        self._instance = instance
        self._at_work: Iterator[None] | None = None
        self._swept: dt.datetime | None = None

    def step(self) -> bool:
        """Do one piece of the oldest job; says whether there may be more."""
        if self._at_work is None:
            self._sweep()
            self._at_work = self._take_up()
        if self._at_work is None:
            return False
        try:
            next(self._at_work)
        except StopIteration:
            self._at_work = None
        except LifangError:  # kept as the job's note already
            self._at_work = None
        except BaseException:
            self._at_work = None
            raise
        return True

    def _take_up(self) -> Iterator[None] | None:
        due = Job.state.in_(WORKABLE) & (~Job.place.is_null() | (Job.kind == "bulk"))
        for job in Job.select().where(due, Job.removed_at.is_null()).order_by(Job.id):
            if not held_by_another(job) and self._can(job):
                return self._doing(job)
        return None

    def _can(self, job: Job) -> bool:
        """Whether a job's file is at hand; one that no machine has had for a day has gone."""
        there = job.place is None or depot.here(self._instance, str(job.place))
        return there or job.updated_at < clock.now() - LONGEST_ELSEWHERE

    def _doing(self, job: Job) -> Iterator[None]:
        asked = json.loads(job.asked)
        instance = self._instance
        account = Account.get_or_none(Account.id == job.account_id, ~Account.disabled)
        plugin, _dot, noun = job.noun.partition(".")
        resource = instance.registry.find(plugin, noun)
        if account is None or resource is None:
            with words.using(asked["language"]):
                told = _("发起人的账号已停用") if account is None else _("这项任务的插件已停用")
            said = {"state": "failed", "note": told, "finished_at": clock.now()}
            Job.update(said).where(Job.id == job.id).execute()
            return
        source, scope = asked.get("source", job.kind), asked["scope"]
        scope = frozenset(scope) if scope is not None else None
        caller = caller_for(instance, account, source=source, scope=scope)
        work = run(caller, job, WORKS[job.kind](caller, resource, job))
        more = True
        while more:
            with words.using(asked["language"]):  # around each piece: a generator forgets it
                more = next(work, work) is not work
            yield

    def _sweep(self) -> None:
        """Throw away files that were kept long enough; looked for once an hour."""
        now = clock.now()
        if self._swept is not None and now - self._swept < dt.timedelta(hours=1):
            return
        self._swept = now
        old = (Job.created_at < now - KEPT) & ~Job.place.is_null() & Job.state.not_in(WORKABLE)
        for job in Job.select().where(old):
            depot.drop(self._instance, str(job.place))
            state = "cancelled" if job.state == "waiting" else job.state
            Job.update(place=None, state=state).where(Job.id == job.id).execute()
        kept: Any = Job.select(Job.place).where(~Job.place.is_null())
        wanted = {str(job.place) for job in kept}
        files: Any = Attachment.select(Attachment.place)
        wanted |= {str(one.place) for one in files}
        for name in depot.before(self._instance, now - KEPT) - wanted:
            depot.drop(self._instance, name)  # another machine's worker has let the job go
