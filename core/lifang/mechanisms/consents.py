"""Consent: to what, in which words, when and how somebody agreed, and that it is taken back."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import peewee as pw

from lifang.access.minors import AGE, is_minor
from lifang.entities.caller import Caller
from lifang.entities.person import Person
from lifang.events.event import Data
from lifang.kit import clock
from lifang.kit.errors import Conflict, Invalid
from lifang.kit.words import _
from lifang.resources.action import action
from lifang.resources.reach import Via
from lifang.resources.resource import Resource
from lifang.services.gateway import write
from lifang.store.fields import DayField, InstantField, State
from lifang.store.record import Record, ref
from lifang.store.sensitive import Sensitive

HOWS = {"self": "本人在线", "paper": "本人书面", "guardian": "监护人"}


class Consent(Record):
    """What somebody, or a guardian for them, agreed to; `wording` is the text as it was then."""

    person = ref(Person, "人员")
    person_id: int
    purpose_name = pw.CharField(max_length=100, verbose_name="用途", help_text="名称或代码")
    title = pw.CharField(max_length=120, default="", verbose_name="同意事项")
    edition = pw.IntegerField(default=1, verbose_name="文本版本")
    wording = pw.TextField(default="", verbose_name="文本")
    given_on = DayField(default=clock.today, verbose_name="同意日期")
    how = pw.CharField(max_length=10, choices=list(HOWS.items()), verbose_name="方式")
    guardian_name = Sensitive("监护人姓名", kind="name")
    guardian = ref(Person, "已登记的监护人", null=True, backref="wards")
    guardian_id: int | None
    basis = pw.CharField(
        max_length=200, null=True, verbose_name="书面依据", help_text="同意书的编号或存放处"
    )
    withdrawn_at = InstantField(null=True, verbose_name="撤回时间")
    state = State("状态", given="有效", withdrawn="已撤回")

    class Meta:
        """Looked up by person on every use of what they agreed to."""

        table_name = "core_consent"
        indexes = ((("person", "purpose_name"), False),)


@dataclass(frozen=True)
class Purpose:
    """What a plugin asks people's consent for; `name` is `<plugin>.<purpose>`.

    `text` says what is processed, why, for how long and what follows from refusing. With `separate`
    it is about sensitive data and asked for by itself (个人信息保护法 第二十九条). A new text is a
    new `edition`; what was given to editions before `since` counts no more and is asked for anew.
    Whoever is younger than `guardian_until` is spoken for by a guardian: 14 by law, 18 where a
    statute of the place or the matter asks for it.
    """

    name: str
    label: str
    text: str
    separate: bool = False
    edition: int = 1
    since: int = 1
    guardian_until: int = AGE

    def given(self, person: Any, caller: Caller, on: dt.date | None = None) -> bool:
        """Whether a person's consent holds on a day, today by default.

        Of somebody who is that young on that day only a guardian's counts. A withdrawal ends all
        that was given before it, from its own day on.
        """
        day, rows = on or clock.today(), _said(person, self.name)
        ended = [one.withdrawn_at for one in rows if one.withdrawn_at and _day(one) <= day]
        minor = _minor(person, caller, day, self.guardian_until)
        return any(
            one.given_on <= day
            and one.edition >= self.since
            and (one.how == "guardian" or not minor)
            and not any(one.created_at <= at for at in ended)
            for one in rows
        )

    def record(self, person: Any, caller: Caller, *, basis: str | None = None) -> None:
        """Keep what somebody agrees to in the very step that needs it, unless it holds already.

        Online it is their own step; by anybody else it was signed on paper, and `basis` says which.
        Raises as `require` does where it is neither.
        """
        own = caller.person == int(getattr(person, "id", person))
        if not self.given(person, caller) and (own or basis):
            how = "self" if own else "paper"
            told = {"person": person, "purpose_name": self.name, "how": how, "basis": basis}
            write(consents, "create", caller, told)
        self.require(person, caller)

    def require(self, person: Any, caller: Caller) -> None:
        """Raise Conflict, saying what to do, where a person's consent does not hold today."""
        if self.given(person, caller):
            return
        label, told = _(self.label), _("请由本人在「我的」页面同意，或由社区按本人签字的同意书登记")
        if _minor(person, caller, clock.today(), self.guardian_until):
            age = self.guardian_until
            told = _("未满 {age} 周岁，须由监护人同意，请监护人到社区登记", age=age)
        sentence = _("还没有「{label}」的同意：{told}", label=label, told=told)
        raise Conflict(sentence, reason="consent", purpose=self.name)


def _said(person: Any, purpose: str) -> list[Any]:
    """All that a person said about a purpose."""
    told = (Consent.person == person, Consent.purpose_name == purpose, Consent.removed_at.is_null())
    return list(Consent.select().where(*told).order_by(Consent.id))


def _minor(person: Any, caller: Caller, on: dt.date, age: int) -> bool:
    """Whether somebody is so young, by the birth date as it stands now."""
    return is_minor(caller, Person.get_by_id(getattr(person, "id", person)), on, age)


def _day(consent: Any) -> dt.date:
    return clock.local(consent.withdrawn_at).date()


def purposes(caller: Caller) -> dict[str, Purpose]:
    """What any plugin that is loaded asks consent for, by name."""
    loaded = list(caller.instance.plugins.loaded.values())
    return {name: one for plugin in loaded for name, one in plugin.purposes.items()}


@action("撤回", moves={"given": "withdrawn"}, waits=False)
def withdraw(consent: Consent, caller: Caller) -> Data:
    """Take a consent back, from now on; what was done before stays as it was."""
    consent.withdrawn_at = clock.now()
    return {"purpose": consent.purpose_name, "person": consent.person_id}


def in_its_words(consent: Consent, caller: Caller) -> None:
    """A fresh consent is to something that is asked for, and keeps the words it was given to."""
    if not _is_fresh(consent):
        return
    known = purposes(caller)
    said = consent.purpose_name.replace("-", "_")
    purpose = known.get(said) or next((p for p in known.values() if p.label == said), None)
    if purpose is None:
        each = (_("{name}（{key}）", name=_(one.label), key=one.name) for one in known.values())
        named = _("、").join(each) or "—"
        raise _wrong("purpose_name", _("没有这个用途。可用：{known}", known=named))
    consent.purpose_name, consent.title = purpose.name, purpose.label
    consent.edition, consent.wording = purpose.edition, _(purpose.text)
    told = [one for one in _said(consent.person_id, purpose.name) if one.how == consent.how]
    twice = any(one.state == "given" and one.edition >= purpose.edition for one in told)
    if twice and purpose.given(consent.person, caller):
        raise Conflict(_("已有「{label}」的同意", label=_(purpose.label)), reason="duplicate")


def by_who_may(consent: Consent, caller: Caller) -> None:
    """One agrees for oneself, on paper, or as the guardian of a child, and never ahead of time."""
    if not _is_fresh(consent):
        return
    today, own = clock.today(), caller.person == consent.person_id
    if consent.given_on > today:
        raise _wrong("given_on", _("同意日期不能晚于今天"))
    if consent.how == "self" and not own:
        raise _wrong("how", _("只有本人能在线同意；代为登记请选「本人书面」或「监护人」"))
    if consent.how == "self" and consent.given_on != today:
        raise _wrong("given_on", _("在线同意的日期就是今天"))
    if consent.how == "paper" and not consent.basis:
        raise _wrong("basis", _("请填写同意书的编号或存放处"))
    if consent.how == "guardian":
        _demand_guardian(consent, own=own)
        return
    purpose = purposes(caller).get(consent.purpose_name)
    age = purpose.guardian_until if purpose else AGE
    if is_minor(caller, consent.person, consent.given_on, age):
        raise _wrong("how", _("未满 {age} 周岁，只有监护人的同意有效", age=age))


def _demand_guardian(consent: Consent, *, own: bool) -> None:
    if own:
        raise _wrong("how", _("监护人的同意由工作人员登记"))
    named = consent.guardian_name is not None or consent.guardian_id is not None
    if not named or consent.guardian_id == consent.person_id:
        raise _wrong("guardian_name", _("请填写监护人"))


def _is_fresh(consent: Consent) -> bool:
    return not Consent.select().where(Consent.id == consent.id).exists()


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid.about(field, "consent", sentence)


consents = Resource(
    Consent,
    label="同意",
    columns=["person", "title", "state", "given_on", "how", "edition"],
    title="title",
    scope=Via("person"),
    dated="given_on",
    owner="person",
    locked=["title", "edition", "wording", "withdrawn_at"],
    actions=[withdraw],
    rules=[in_its_words, by_who_may],
    erasable={"guardian_name": ("person", "guardian"), "basis": ("person",)},
    roles={
        "resident": "read:own create:own withdraw:own",
        "grid_worker": "read",
        "community_worker": "create withdraw export",
        "community_secretary": "reveal",
        "district_admin": "export_full",
    },
    never="update remove import",
)
