"""Carries notices outside by the plugins that know a way, and forgets them in time."""

from __future__ import annotations

import datetime as dt
from typing import Any

import peewee as pw

from lifang.access.callers import caller_for
from lifang.entities.account import Account
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.entities.person import Person
from lifang.events.event import Event
from lifang.kit import clock, ranges
from lifang.kit.words import known_language, language, using
from lifang.mechanisms import inbox
from lifang.mechanisms.notices import Notice, NoticeChoice, NoticeRow, reader
from lifang.services import values


class Post:
    """What is done with notices once they are posted, for the layers below."""

    def deliver(self, event: Event, caller: Caller) -> None:
        """Have a plugin carry a notice, as itself; raises whatever hindered it.

        Left out are what was read meanwhile, what its reader does not want outside, whom nobody
        can sign in as, and what is told of the past.
        """
        row: Any = NoticeRow.get_or_none(NoticeRow.id == event.subject)
        if event.replaying or row is None or row.read_at is not None or not _wanted(caller, row):
            return
        account, place = _account(row.who), _place(caller, event)
        if account is not None and place is not None:
            with using(known_language(account.language or caller.instance.settings.language)):
                given = {"caller": caller, "message": _message(caller, row, account, place)}
                caller.instance.plugins.ask("deliver_message", only=caller.plugin, **given)

    def forget(self, record: Any) -> int:
        """Forget all that was told to a person, and what they wanted; gives how many notices.

        Of any other record there is nothing to forget.
        """
        if not isinstance(record, Person):
            return 0
        own: Any = Account.select(Account.id).where(Account.person == record.id).tuples()
        whose = [reader(None, int(record.id)), *(reader(account, None) for (account,) in own)]
        NoticeChoice.delete().where(NoticeChoice.who.in_(whose)).execute()
        return int(NoticeRow.delete().where(NoticeRow.who.in_(whose)).execute())

    def follow(self, old: Person, new: Person) -> None:
        """Let one person's notices be another's, who turned out to be the same; none is doubled."""
        there: Any = NoticeRow.alias()
        names = ("kind", "record", "key")
        same = [getattr(there, name) == getattr(NoticeRow, name) for name in names]
        theirs, mine = (reader(None, int(one.id)) for one in (new, old))
        twin = there.select(there.id).where(there.who == theirs, *same)
        moved = NoticeRow.update(who=theirs).where(NoticeRow.who == mine, ~pw.fn.EXISTS(twin))
        moved.execute()
        self.forget(old)

    def sweep(self, caller: Caller, most: int) -> int:
        """Forget the oldest notices that are older than they are kept; gives how many."""
        since = clock.now() - dt.timedelta(days=caller.instance.settings.notice_days)
        old: Any = NoticeRow.select(NoticeRow.id).where(NoticeRow.at < since).limit(most).tuples()
        numbers = [number for (number,) in old]
        with caller.instance.database.transaction():
            return int(NoticeRow.delete().where(NoticeRow.id.in_(numbers)).execute())


def _wanted(caller: Caller, row: Any) -> bool:
    """Whether a notice's reader wants it outside; who tells it must be here to say so."""
    plugin = caller.instance.plugins.loaded.get(row.kind.partition(".")[0])
    kind = plugin.notices.get(row.kind) if plugin else None
    if kind is None or kind.required:
        return kind is not None
    off = (NoticeChoice.who == row.who, NoticeChoice.kind == row.kind, ~NoticeChoice.sent)
    return not NoticeChoice.select().where(*off).exists()


def _account(who: str) -> Any:
    """What a reader signs in with, best what has an address; None where there is nothing."""
    noun, _slash, number = who.rpartition("/")
    mine = (Account.id if noun == "core.account" else Account.person) == int(number)
    standing: Any = Account.select().where(mine, Account.removed_at.is_null(), ~Account.disabled)
    return standing.order_by(Account.email.is_null(), Account.id).first()


def _place(caller: Caller, event: Event) -> Community | None:
    """The first of an event's communities where the plugin that carries it is on."""
    on = caller.snapshot.where(caller.plugin or "")
    told: Any = Community.select().where(Community.id.in_(event.communities)).order_by(Community.id)
    return next((one for one in told if ranges.holds(on, one.path)), None)


def _message(caller: Caller, row: Any, account: Any, place: Community) -> Notice.Message:
    instance = caller.instance
    [told] = inbox.shown(caller_for(instance, account, source="event"), [row])
    address = instance.settings.address
    return Notice.Message(
        key=f"{instance.id}/notice/{row.id}",
        kind=row.kind,
        title=told.title,
        text=told.text,
        link=f"{address}/inbox#n-{row.id}" if address else None,
        language=language(),
        community=place,
        account=int(account.id),
        email=values.opened(caller, instance.registry.of(Account), account, "email"),
        at=row.at,
    )
