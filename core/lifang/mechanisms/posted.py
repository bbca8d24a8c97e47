"""Notices as they hang, what is objected to them, and who answers."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Annotated, Any

import peewee as pw

from lifang.access.policy import current
from lifang.entities.caller import Caller
from lifang.entities.community import Community, place
from lifang.entities.person import Affiliation, Person
from lifang.events.event import Data
from lifang.kit import clock
from lifang.kit.errors import Conflict, Forbidden, Invalid
from lifang.kit.words import _
from lifang.resources.action import Lines, action
from lifang.resources.reach import Via
from lifang.resources.resource import Resource
from lifang.services import deadlines, timers
from lifang.store.fields import DayField, InstantField, State
from lifang.store.record import Record, ref
from lifang.store.sensitive import Sensitive

ENDED, OVERDUE = "ended", "overdue"


class PublicNotice(Record):
    """A notice as it hangs; `subject` is the record it is about (`volunteer_points.star/7`)."""

    kind = pw.CharField(max_length=100, verbose_name="类别代码")
    label = pw.CharField(max_length=120, verbose_name="类别")
    title = pw.CharField(max_length=200, verbose_name="标题")
    text = pw.TextField(verbose_name="内容")
    community = place("社区")
    posted_on = DayField(verbose_name="公示日期")
    working_days = pw.IntegerField(default=0, verbose_name="工作日数")
    days = pw.IntegerField(default=0, verbose_name="自然日数")
    answer_days = pw.IntegerField(verbose_name="答复期限（工作日）")
    subject = pw.CharField(max_length=120, index=True, verbose_name="事项")

    class Meta:
        """Looked up by what it is about."""

        table_name = "core_public_notice"


class NoticeObjection(Record):
    """Somebody's objection to a notice: who they are is for those to see who answer it."""

    notice = ref(PublicNotice, "公示", backref="objections")
    notice_id: int
    person = ref(Person, "异议人（已登记的）", null=True)
    person_id: int | None
    objector = Sensitive("异议人姓名", kind="name")
    text = pw.TextField(verbose_name="异议内容")
    received_on = DayField(default=clock.today, verbose_name="收到日期")
    answer = pw.TextField(null=True, verbose_name="答复")
    answered_at = InstantField(null=True, verbose_name="答复时间")
    state = State("状态", open="待答复", answered="已答复", upheld="异议成立")

    class Meta:
        """Looked up by its notice."""

        table_name = "core_notice_objection"


@dataclass(frozen=True)
class Standing:
    """How a notice stands: none, running, unanswered, upheld or over, up to which last day."""

    state: str
    until: dt.date | None = None
    unanswered: int = 0

    @property
    def sentence(self) -> str:
        """The same in words."""
        told = {
            "none": _("还没有公示"),
            "running": _("公示到 {day} 为止", day=self.until),
            "unanswered": _("有 {n} 条异议还没有答复", n=self.unanswered),
            "upheld": _("异议成立"),
            "over": _("公示期满"),
        }
        return told[self.state]


def standing(notice: Any) -> Standing:
    """How a notice stands, by what was objected and by the clock."""
    mine = NoticeObjection.select().where(
        NoticeObjection.notice == notice.id, NoticeObjection.removed_at.is_null()
    )
    waiting = mine.where(NoticeObjection.state == "open").count()
    until = last_day(notice)
    if mine.where(NoticeObjection.state == "upheld").exists():
        return Standing("upheld", until, waiting)
    if is_running(notice):
        return Standing("running", until, waiting)
    return Standing("unanswered" if waiting else "over", until, waiting)


def last_day(notice: Any) -> dt.date:
    """The day up to whose midnight a notice hangs, by the calendar as it is now."""
    rule = rule_of(notice) | {"start": notice.posted_on.isoformat()}
    end = deadlines.due(rule, deadlines.current())
    return clock.local(end).date() - dt.timedelta(days=1)


def is_running(notice: Any) -> bool:
    """Whether a notice still hangs: what was told as ended does not begin again."""
    row = timers.standing(public_notices, notice, ENDED)
    return row is not None and bool(row.at > clock.now())


def rule_of(notice: Any) -> dict[str, Any]:
    """For how long a notice hangs, as `lf.deadline` is told."""
    days = {key: n for key in ("working_days", "days") if (n := getattr(notice, key))}
    return {"start": notice.posted_on, **days}


def in_time(objection: NoticeObjection, caller: Caller) -> None:
    """An objection comes from somebody, while the notice hangs; only paper may be older."""
    if NoticeObjection.select().where(NoticeObjection.id == objection.id).exists():
        return
    if not objection.text.strip():
        raise _wrong("text", _("请填写异议内容"))
    if objection.person_id is None and objection.objector is None:
        raise _wrong("objector", _("请填写异议人"))
    today, notice = clock.today(), objection.notice
    own = objection.person_id is not None and objection.person_id == caller.person
    if objection.received_on > today or (own and objection.received_on != today):
        raise _wrong("received_on", _("收到日期应为今天；书面异议由工作人员登记，不能晚于今天"))
    if not notice.posted_on <= objection.received_on <= last_day(notice):
        raise Conflict(_("公示期是 {since} 至 {until}，期外不能提出异议",
                         since=notice.posted_on, until=last_day(notice)))  # fmt: skip


def is_due(objection: NoticeObjection, caller: Caller) -> None:
    """The answer is due within the notice's working days."""
    if timers.standing(notice_objections, objection, OVERDUE) is None:
        n = objection.notice.answer_days
        deadlines.deadline(objection, caller, OVERDUE, start=objection.received_on, working_days=n)


@action("答复", moves={"open": "answered"})
def answer(objection: NoticeObjection, caller: Caller, *, answer: Annotated[Lines, "答复"]) -> Data:
    """Answer an objection that changes nothing, with the reason."""
    return _answered(objection, caller, answer)


@action("认定成立", moves={"open": "upheld"})
def uphold(objection: NoticeObjection, caller: Caller, *, answer: Annotated[Lines, "答复"]) -> Data:
    """Find an objection right: what was announced cannot go on."""
    return _answered(objection, caller, answer)


def _answered(objection: NoticeObjection, caller: Caller, text: str) -> Data:
    if caller.person is not None and caller.person == objection.person_id:
        raise Forbidden(_("不能答复自己提出的异议；请由别人办理"))
    objection.answer, objection.answered_at = text, clock.now()
    timers.timer(objection, caller, OVERDUE, None)
    notice = objection.notice
    return {"notice": notice.kind, "subject": notice.subject}


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid.about(field, "objection", sentence)


def for_those_who_live_there(model: Any, people: tuple[int, ...]) -> Any:
    """A notice is for everybody who lives in its community, or below it."""
    there, home, link = Community.alias(), Community.alias(), Affiliation.alias()
    inside = pw.fn.SUBSTR(home.path, 1, pw.fn.LENGTH(there.path)) == there.path
    lives = (link.person.in_(people), link.kind == "resides", current(link))
    homes = there.select(there.id).join(home, on=inside).join(link, on=link.community == home.id)
    return model.community.in_(homes.where(*lives))


public_notices = Resource(
    PublicNotice,
    label="公示",
    columns=["title", "label", "community", "posted_on"],
    title="title",
    search=["title"],
    dated="posted_on",
    owner=for_those_who_live_there,
    timers=[ENDED],
    roles={"resident": "read:own", "grid_worker": "read", "community_worker": "export"},
    never="create update remove import",
)

notice_objections = Resource(
    NoticeObjection,
    label="公示异议",
    columns=["notice", "state", "received_on", "person", "objector"],
    scope=Via("notice"),
    dated="received_on",
    owner="person",
    locked=["answer", "answered_at"],
    actions=[answer, uphold],
    rules=[in_time],
    saved=[is_due],
    timers=[OVERDUE],
    erasable={"objector": ("person",)},
    roles={
        "resident": "read:own create:own",
        "community_worker": "read create answer uphold export",
        "community_secretary": "reveal",
        "district_admin": "export_full",
    },
    never="update remove import",
)
