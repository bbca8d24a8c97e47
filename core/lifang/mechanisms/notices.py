"""Notices to people: what was told to whom about which record, once per key."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any

import peewee as pw

from lifang.access.roles import ROLES, included
from lifang.entities.account import Account, Grant
from lifang.entities.caller import Caller
from lifang.entities.community import SEGMENT, Community
from lifang.entities.organization import Organization
from lifang.entities.person import Person
from lifang.events.publish import publish
from lifang.events.tables import EventRow
from lifang.kit import clock, masking
from lifang.services.places import places_of
from lifang.store.fields import IdField, InstantField
from lifang.store.record import Record, Table, moment

POSTED = "core.notice.posted"
NAME = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
LONGEST, KEY = 400, 120
"""Characters of a value, for a notice is a sentence, and of a key."""

One = Person | Account | Organization | str | int
"""Whom a notice goes to: somebody, an organization's liaisons, or those who hold a role."""


class NoticeRow(Table):
    """One notice to one reader: `who` is `core.person/7`, or `core.account/3` of nobody's person.

    `record` is what it is about and `community` where that lies. `shown` says whether the reader's
    list has it; a row that is not shown still remembers that its key was told.
    """

    id = IdField()
    kind = pw.CharField(max_length=100)
    record = pw.CharField(max_length=120)
    who = pw.CharField(max_length=40)
    key = pw.CharField(max_length=KEY)
    data = pw.TextField()
    community = pw.ForeignKeyField(Community, null=True)
    community_id: int | None
    at = InstantField(index=True)
    read_at: pw.Field[Any] = InstantField(null=True)
    shown = pw.BooleanField(default=True)

    class Meta:
        """Once per key; counted for its reader on every page."""

        table_name = "core_notice"
        indexes = ((("who", "kind", "record", "key"), True), (("who", "read_at"), False))


class NoticeChoice(Table):
    """What a reader wants of a kind: in the list, and outside."""

    id = IdField()
    who = pw.CharField(max_length=40)
    kind = pw.CharField(max_length=100)
    shown = pw.BooleanField(default=True)
    sent = pw.BooleanField(default=True)

    class Meta:
        """One per reader and kind."""

        table_name = "core_notice_choice"
        indexes = ((("who", "kind"), True),)


class Notice:
    """One kind of notice; `name` is `<plugin>.<notice>`, `text` a sentence with places for values.

    `required` ones (a receipt is due, a deadline of law runs) cannot be switched off by who gets
    them. Listed in `notices=` of the plugin.
    """

    @dataclass(frozen=True)
    class Message:
        """A notice on its way out to one reader; `key` is the same however often it is told.

        `title` and `text` are in the reader's language, and `link` leads to the reader's inbox
        where the instance knows its own address. `community` is where the notice's record lies and
        the carrying plugin is on: its settings there hold. `email` is kept nowhere else in clear.
        """

        key: str
        kind: str
        title: str
        text: str
        link: str | None
        language: str
        community: Community
        account: int
        email: str | None
        at: dt.datetime

    def __init__(self, name: str, label: str, text: str, *, required: bool = False) -> None:
        """Name a kind; raises ValueError for a name that does not say whose it is."""
        if not NAME.fullmatch(name):
            raise ValueError(f"notice {name!r}: write it <plugin>.<notice>, in small letters")
        self.name, self.label, self.text, self.required = name, label, text, required

    def send(
        self, record: Record, caller: Caller, *, to: One | Iterable[One], key: str, **values: Any
    ) -> int:
        """Tell somebody about a record, in the running transaction; gives how many were told.

        `to` is a person or their number, an account, an organization (its liaisons are told), the
        name of a role (`"community_worker"`: those nearest to the record's place who hold it or one
        that includes it), or several of these; whoever is meant twice is told once. `key` says what
        it is about this time (`"T-7"`): each reader is told once per record and key, however often
        the event behind it is told again, and never of an event older than notices are kept.

        Values fill the text: words, numbers, days and instants; people and other records are kept
        as references, and named to each reader as that reader may see them. Raises ValueError for
        values that are not those of the text, an unknown role, and for values about a confidential
        record (whose notices stay in the inbox), TypeError for what a notice cannot keep.
        """
        registry = caller.instance.registry
        unit = caller.instance.database.unit  # raises outside one
        resource = registry.of(type(record))
        confidential = resource.confidential is not None
        self._demand(key, values, confidential=confidential)
        if _is_old(caller):
            return 0
        places, about = places_of(caller, resource, record), registry.named(record)
        readers = readers_of(to, places)
        same: dict[str, Any] = {"kind": self.name, "record": about, "key": key}
        told: Any = NoticeRow.select(NoticeRow.who).where(
            *(getattr(NoticeRow, name) == value for name, value in same.items())
        )
        fresh = sorted(readers - {who for (who,) in told.tuples()})
        hidden = set() if self.required else _without(fresh, self.name)
        data = json.dumps({k: _kept(caller, v) for k, v in values.items()}, ensure_ascii=False)
        same |= {"data": data, "community": next(iter(places), None), "at": unit.at}
        for who in fresh:
            number = NoticeRow.insert(**same, who=who, shown=who not in hidden).execute()
            publish(POSTED, f"core.notice/{number}", {"kind": self.name}, caller=caller,
                    communities=() if confidential else places)  # fmt: skip
        return len(fresh)

    def _demand(self, key: str, values: Mapping[str, Any], *, confidential: bool) -> None:
        wanted = {name for _text, name, *_form in Formatter().parse(self.text) if name}
        if wanted != values.keys():
            raise ValueError(f"{self.name}: its text takes {sorted(wanted)}, not {sorted(values)}")
        if len(key) > KEY:
            raise ValueError(f"{self.name}: a key has at most {KEY} characters, not {len(key)}")
        if confidential and values:
            raise ValueError(f"{self.name}: of what is confidential a notice tells no values")


def _is_old(caller: Caller) -> bool:
    """Whether an event is told again whose notices may have been forgotten since."""
    since = clock.now() - dt.timedelta(days=caller.instance.settings.notice_days)
    cause = (EventRow.pos == (caller.cause or 0), EventRow.at < since)
    return bool(caller.cause) and EventRow.select().where(*cause).exists()


def _without(readers: Collection[str], kind: str) -> set[str]:
    """Those of some readers whose list has no notices of a kind."""
    off: Any = NoticeChoice.select(NoticeChoice.who).where(
        NoticeChoice.who.in_(list(readers)), NoticeChoice.kind == kind, ~NoticeChoice.shown
    )
    return {who for (who,) in off.tuples()}


def _kept(caller: Caller, value: Any) -> Any:
    """A value as it is kept; what looks like somebody's number is masked."""
    if isinstance(value, Record):
        return {"record": caller.instance.registry.named(value)}
    if isinstance(value, dt.datetime):
        return {"at": moment(value)}
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, str):
        return masking.numbers(value)[:LONGEST]
    if isinstance(value, int | float):
        return value
    raise TypeError(f"a notice keeps words, numbers, days, instants and records, not {value!r}")


def readers_of(to: One | Iterable[One], places: Collection[int]) -> set[str]:
    """Whom a notice goes to, each once: by their person, else by their account."""
    if isinstance(to, Record | str | int):
        to = (to,)
    found: set[str] = set()
    for one in to:
        if isinstance(one, str):
            found |= _holders(one, places)
        elif isinstance(one, Organization):
            found |= _named(_standing().where(Grant.organization == one.id))
        elif isinstance(one, Account):
            found |= {reader(int(one.id), one.person_id)}
        elif isinstance(one, Person | int):
            found |= _person(one if isinstance(one, int) else int(one.id))
        else:
            raise TypeError(f"a notice goes to people, organizations and roles, not to {one!r}")
    return found


def reader(account: int | None, person: int | None) -> str:
    """How notices name a reader: one human has one inbox, whatever they sign in with."""
    return f"core.person/{person}" if person is not None else f"core.account/{account}"


def _person(number: int) -> set[str]:
    """A standing person; of one who was merged, the one who stayed."""
    row: Any = Person.get_or_none(Person.id == number)
    if row is not None and row.merged_into_id is not None:
        return _person(row.merged_into_id)
    return set() if row is None or row.removed_at is not None else {reader(None, number)}


def _standing() -> Any:
    """The grants that hold today, of accounts that can sign in, each with where it is held."""
    columns = (Account.id, Account.person, Community.path)
    rows: Any = Grant.select(*columns).join(Account).switch(Grant)
    held = Grant.until.is_null() | (Grant.until >= clock.today())
    standing = (Grant.removed_at.is_null(), Account.removed_at.is_null(), ~Account.disabled)
    return rows.join(Community, pw.JOIN.LEFT_OUTER).where(held, *standing)


def _named(rows: Any) -> set[str]:
    return {reader(account, person) for account, person, _path in rows.tuples()}


def _holders(role: str, places: Collection[int]) -> set[str]:
    """Those who hold a role, nearest to each place: what a community's own worker is told, its
    subdistrict and district are not; where the community has none, the next above are."""
    if role not in ROLES:
        raise ValueError(f"{role!r} is no role, but {', '.join(ROLES)}")
    among = Grant.role.in_([one for one in ROLES if role in included(one)])
    found: set[str] = set()
    nodes: Any = Community.select(Community.path).where(Community.id.in_(places))
    for (path,) in nodes.tuples():
        above = [path[:step] for step in range(SEGMENT, len(path) + 1, SEGMENT)]
        reach = Community.path.in_(above) | (
            Grant.community.is_null() & Grant.organization.is_null()
        )
        told = list(_standing().where(among, reach).tuples())
        near = max((held or "" for *_who, held in told), key=len, default="")
        found |= {reader(one, person) for one, person, held in told if (held or "") == near}
    return found
