"""The inbox: one's notices as one may see them today, read or not, and which kinds one wants."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

import peewee as pw

from lifang.access import policy
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.kit import clock, ranges
from lifang.kit.errors import Conflict, Forbidden, NotFound
from lifang.kit.words import _, n_
from lifang.mechanisms.notices import Notice, NoticeChoice, NoticeRow, reader
from lifang.plugins import declared
from lifang.resources.schema import LARGEST
from lifang.services.presenting import names_of
from lifang.services.standpoint import reached
from lifang.store.record import moment
from lifang.store.whole import whole

Way = dict[str, Any]
"""Where a record is: its `resource` and `id`."""

UNSEEN = {
    "": n_("有关记录"),
    "core.person": n_("有关人员"),
    "core.organization": n_("有关单位"),
}
"""How a sentence speaks of what its reader may not see, so that it still reads well."""

MOST = 200
"""Notices told at once."""


@dataclass(frozen=True)
class Item:
    """A notice as its reader sees it: `record` is where it leads, if the reader may go there."""

    id: int
    kind: str
    title: str
    text: str
    record: Way | None
    at: str
    read_at: str | None


@dataclass(frozen=True)
class Kind:
    """A kind of notice, whose it is, and what its reader wants of it."""

    name: str
    label: str
    plugin: str
    required: bool
    shown: bool
    sent: bool


def unread(caller: Caller) -> int:
    """How many notices wait to be read: one statement, for it is asked on every page."""
    found = caller.instance.database.ask("unread notices", _mine(caller), _unread)
    return int(found[0][0])


def _unread(mine: Any) -> Any:
    told = (NoticeRow.who.in_(list(mine)), NoticeRow.read_at.is_null(), NoticeRow.shown)
    return NoticeRow.select(pw.fn.COUNT(NoticeRow.id)).where(*told)


def items(
    caller: Caller, *, unread: bool = False, kind: str | None = None, before: int | None = None,
    only: int | None = None,
    limit: int = 50,
) -> list[Item]:  # fmt: skip
    """One's notices, the newest first, perhaps only those older than one; Forbidden for a token
    that may not read."""
    demand(caller, "read")
    told = [NoticeRow.who.in_(_mine(caller)), NoticeRow.shown]
    told += [NoticeRow.read_at.is_null()] if unread else []
    told += [NoticeRow.kind == kind] if kind is not None else []
    told += [NoticeRow.id < before] if before is not None else []
    told += [NoticeRow.id == only] if only is not None else []
    rows = NoticeRow.select().where(*told).order_by(NoticeRow.id.desc()).limit(min(limit, MOST + 1))
    return shown(caller, list(rows))


@whole
def read(caller: Caller, notices: Collection[int] | None = None) -> int:
    """Mark some of one's notices as read, or all of them; gives how many were not.

    Raises NotFound, marking none, where one of them is not in one's list.
    """
    demand(caller)
    mine: list[Any] = [NoticeRow.who.in_(_mine(caller)), NoticeRow.shown]
    with caller.instance.database.transaction():
        if notices is not None:
            wanted = set(notices)
            mine.append(NoticeRow.id.in_([one for one in wanted if one <= LARGEST]))
            if NoticeRow.select().where(*mine).count() < len(wanted):
                raise NotFound(_("收件箱里没有这条通知"))
        fresh = NoticeRow.update(read_at=clock.now()).where(*mine, NoticeRow.read_at.is_null())
        return int(fresh.execute())


def kinds(caller: Caller) -> list[Kind]:
    """The kinds that plugins tell where one is, and what one wants of each."""
    demand(caller, "read")
    said: Any = NoticeChoice.select().where(NoticeChoice.who == _myself(caller))
    wants = {row.kind: row for row in said}
    found = []
    for plugin in list(caller.instance.plugins.loaded.values()):
        for name, kind in plugin.notices.items() if policy.shows(plugin.id, caller) else ():
            row = None if kind.required else wants.get(name)
            told = (True, True) if row is None else (bool(row.shown), bool(row.sent))
            found.append(Kind(name, _(kind.label), _(plugin.label), kind.required, *told))
    return found


@whole
def choose(
    caller: Caller, kind: str, *, shown: bool | None = None, sent: bool | None = None
) -> Kind:
    """Want notices of a kind, or not: in the list, and outside; what is not said stays.

    Raises NotFound for a kind that nobody tells where one is, Conflict for a required one.
    """
    demand(caller)
    known = {one.name: one for one in kinds(caller)}
    if (told := known.get(kind)) is None:
        raise NotFound(_("没有这种通知「{kind}」", kind=kind))
    if told.required and False in (shown, sent):
        raise Conflict(_("「{label}」须办理或签收，不能关闭", label=told.label), reason="required")
    said = (("shown", shown), ("sent", sent))
    wants: Any = {way: getattr(told, way) if want is None else want for way, want in said}
    mine = {"who": _myself(caller), "kind": kind}
    with caller.instance.database.transaction():
        NoticeChoice.insert(**mine, **wants).on_conflict(
            conflict_target=[NoticeChoice.who, NoticeChoice.kind], update=wants
        ).execute()
    return replace(told, **wants)


def shown(caller: Caller, rows: list[Any]) -> list[Item]:
    """Notices as a reader may see them: records named and led to within today's rights."""
    data = [json.loads(row.data) for row in rows]
    every = [one for some in data for one in some.values() if isinstance(one, dict)]
    told = {row.record for row in rows} | {one["record"] for one in every if "record" in one}
    names, ways = _seen(caller, told)
    near = [row.community_id for row in rows if row.community_id is not None]
    places: Any = Community.select(Community.id, Community.path).where(Community.id.in_(near))
    paths, found = dict(places.tuples()), []
    for row, some in zip(rows, data, strict=True):
        values = {key: _plain(value, names) for key, value in some.items()}
        words = _words(caller, row.kind, paths.get(row.community_id), values)
        times = moment(row.at) or "", moment(row.read_at)
        found.append(Item(int(row.id), row.kind, *words, ways.get(row.record), *times))
    return found


def _words(caller: Caller, kind: str, path: str | None, values: dict[str, Any]) -> tuple[str, str]:
    """The label and the sentence of a kind; that its plugin is off there or gone is said too."""
    plugin = kind.partition(".")[0]
    loaded = caller.instance.plugins.loaded.get(plugin)
    found: Notice | None = loaded.notices.get(kind) if loaded else None
    on = caller.snapshot.where(plugin)
    here = bool(on) if path is None else ranges.holds(on, path)
    if found is not None:
        label = _(found.label)
        off = declared.ABSENT["off"]
        return (label if here else _(off, label=label)), _(found.text, **values)
    gone = caller.instance.gone.of(plugin)
    kept = gone.told.get("notices", {}).get(kind) if gone else None
    if gone is None or kept is None:
        return caller.instance.gone.name(plugin), ""
    label, text = map(declared.said, kept)
    return gone.absent(label), text.format(**values)


def _plain(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict) and "at" in value:
        return clock.shown(value["at"])
    if not isinstance(value, dict):
        return value
    noun = value["record"].rpartition("/")[0]
    return names.get(value["record"], _(UNSEEN.get(noun, UNSEEN[""])))


def _seen(caller: Caller, records: Iterable[str]) -> tuple[dict[str, str], dict[str, Way]]:
    """How records are named to a reader, and which of them the reader reaches."""
    registry, nouns = caller.instance.registry, dict[str, list[int]]()
    for record in sorted(records):
        noun, _slash, number = record.rpartition("/")
        nouns.setdefault(noun, []).append(int(number))
    names, ways = dict[str, str](), dict[str, Way]()
    for resource in registry:
        told, numbers = resource.aggregate, nouns.get(resource.aggregate, ())
        if numbers and registry.of(resource.model) is resource:
            known = names_of(caller, resource, numbers)
            names |= {f"{told}/{number}": view["name"] for number, view in known.items()}
            near = reached(caller, resource, "read", numbers)
            ways |= {f"{told}/{number}": {"resource": resource.id, "id": number} for number in near}
    return names, ways


def _mine(caller: Caller) -> list[str]:
    """Whose notices one reads: those of one's person, and those from before there was one."""
    return [_myself(caller), reader(caller.account or 0, None)]


def _myself(caller: Caller) -> str:
    return reader(caller.account or 0, caller.person)


def demand(caller: Caller, verb: str = "update", *, account: bool = False) -> None:
    """An inbox is somebody's; a narrowed token may read it at most."""
    if caller.account is None and (account or caller.person is None):
        raise Forbidden(_("只有登录的账号有收件箱"))
    if caller.scope is not None and (verb != "read" or verb not in caller.scope):
        raise Forbidden(_("这个令牌的范围不允许这样做"))
