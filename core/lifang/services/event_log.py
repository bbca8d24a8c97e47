"""The event log as people see it: what happened, to what, where, by whom."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import islice, pairwise
from typing import Any, TypedDict, Unpack

import peewee as pw

from lifang.access import policy
from lifang.entities.caller import Caller
from lifang.entities.community import Community, path_end
from lifang.events import log
from lifang.events.event import Data, Event
from lifang.events.personal import Personal
from lifang.events.tables import EventRow, EventScope
from lifang.kit import clock, masking, ranges
from lifang.kit.errors import Forbidden, Malformed, NotFound
from lifang.kit.shapes import shaped
from lifang.kit.words import _
from lifang.services.query import demand_community

SEERS = ("platform_administrator", "auditor")
PAGE = 500
NEAR, NEIGHBOURS = 5_000, 50
"""How far around an event others of its request are looked for, and how many are shown."""


@dataclass(frozen=True)
class Place:
    """A community an event concerns."""

    id: int
    code: str
    name: str


@dataclass(frozen=True)
class SeenEvent:
    """One event as it is listed: what happened, to what, where, by whom, and what it tells.

    `unreadable` says why the data is told in another version than today's.
    """

    position: int
    type: str
    version: int
    noun: str
    subject: int
    sequence: int
    actor: str | None
    at: dt.datetime
    correlation: str | None
    cause: int | None
    communities: tuple[Place, ...]
    data: dict[str, Any]
    unreadable: str | None


def told(one: Any) -> dict[str, Any]:
    """Anything of these modules as JSON tells it: instants in fixed width."""
    return dict(asdict(one, dict_factory=_fixed))


def _fixed(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    return {k: clock.fixed(v) if isinstance(v, dt.datetime) else v for k, v in pairs}


def moment(name: str, said: str | None) -> dt.datetime | None:
    """A day or a moment in the instance's zone, for `until` the end of the day that was typed.

    Raises Malformed for anything else.
    """
    if not said:
        return None
    try:
        at = dt.datetime.fromisoformat(said)
        at = at if at.tzinfo else at.replace(tzinfo=clock.zone())
        whole = name == "until" and len(said) <= len("2026-11-23")
        return (at + dt.timedelta(days=whole)).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise Malformed(_("「{key}」须为日期或时间，例如 {example}", key=name,
                          example="2026-11-23, 2026-11-23T09:00")) from None  # fmt: skip


class Narrowed(TypedDict, total=False):
    """Which events are meant: `about` names a record as `core.person/7`, `before` a position.

    `since` and `until` are days or moments as somebody types them; that of `until` belongs to it.
    """

    type: str | None
    about: str | None
    within: str | None
    before: int | None
    since: str | None
    until: str | None
    limit: int | None


def list_events(caller: Caller, **asked: Unpack[Narrowed]) -> Iterator[SeenEvent]:
    """Events, newest first, within what the caller may see; Forbidden for who may see none."""
    told = seen(caller, asked.get("within"))
    if type := asked.get("type"):
        told.append(EventRow.type == type)
    if about := asked.get("about"):
        told.append(EventRow.agg == about)
    if since := moment("since", asked.get("since")):
        told.append(EventRow.pos >= _first_since(since))
    if until := moment("until", asked.get("until")):
        told.append(EventRow.pos < _first_since(until))
    return islice(_pages(caller, told, asked.get("before")), asked.get("limit"))


def find_event(caller: Caller, position: int) -> SeenEvent:
    """One event; raises NotFound where there is none, or none that the caller may see."""
    standing = EventRow.select().where(EventRow.pos == position, *seen(caller)).exists()
    if found := caller.instance.events.read([position]) if standing else []:
        return shown(caller, found)[0]
    raise NotFound(_("没有位置为 {n} 的事件，或您看不到它", n=position))


def newer(
    caller: Caller, place: log.Place | None, type: str | None = None
) -> tuple[log.Place, list[SeenEvent]]:
    """What happened after a place, in the order subscribers are told, and the place it leads to.

    Without a place, nothing yet: only the end of the log.
    """
    told = seen(caller)
    ahead = log.after(place, PAGE) if place is not None else []
    wanted = [there.position for there, kind in ahead if type in (None, kind)]
    rows: Any = EventRow.select(EventRow.pos).where(EventRow.pos.in_(wanted), *told).tuples()
    found = caller.instance.events.read({position for (position,) in rows}) if wanted else []
    return ahead[-1][0] if ahead else place or log.end(), shown(caller, found)


def neighbours(caller: Caller, event: SeenEvent) -> list[SeenEvent]:
    """What an event followed from, what followed from it, and what the same request did nearby."""
    around = EventRow.pos.between(event.position - NEAR, event.position + NEAR)
    kin = EventRow.cause == event.position
    if event.correlation is not None:
        kin |= EventRow.corr == event.correlation
    related = (around & kin) | (EventRow.pos == (event.cause or 0))
    rows: Any = EventRow.select(EventRow.pos).where(
        related, EventRow.pos != event.position, *seen(caller)
    )
    found = rows.order_by(EventRow.pos).limit(NEIGHBOURS).tuples()
    return shown(caller, caller.instance.events.read([position for (position,) in found]))


def traffic(caller: Caller, hours: int = 24) -> list[tuple[dt.datetime, int]]:
    """How many events there were in each of the last hours, the running one last."""
    an_hour = dt.timedelta(hours=1)
    end = clock.now().replace(minute=0, second=0, microsecond=0) + an_hour
    edges = [end - an_hour * back for back in range(hours, -1, -1)]
    sums = [
        pw.fn.SUM(pw.Case(None, [((EventRow.at >= start) & (EventRow.at < over), 1)], 0))
        for start, over in pairwise(edges)
    ]
    since = EventRow.pos >= _first_since(edges[0])
    row: Any = EventRow.select(*sums).where(since, *seen(caller)).tuples().first()
    return [(start, int(number or 0)) for start, number in zip(edges, row, strict=False)]


def _first_since(moment: dt.datetime) -> int:
    """The first position of a moment's events: halving finds it, for times grow with positions."""
    rows: Any = EventRow.select(EventRow.pos, EventRow.at)
    low, high = 0, log.end().position + 1
    while low < high:
        middle = (low + high) // 2
        found = rows.where(EventRow.pos >= middle).order_by(EventRow.pos).first()
        if found is None or found.at >= moment:
            high = middle
        else:
            low = int(found.pos) + 1
    return low


def last_position() -> int:
    """The position of the last event: positions are never reused, so it counts them all."""
    return int(EventRow.select(pw.fn.MAX(EventRow.pos)).scalar() or 0)


def sight(caller: Caller) -> ranges.Ranges:
    """The parts of the tree whose events a caller sees: as platform administrator or auditor."""
    if not within_scope(caller, "read"):
        return ()
    return ranges.union(
        one.reach for one in caller.standings if one.role in SEERS and one.organization is None
    )


def within_scope(caller: Caller, verb: str) -> bool:
    """Whether the caller's token, if it was narrowed, is good for a verb on events."""
    return caller.scope is None or bool({verb, f"core.events:{verb}"} & caller.scope)


def sees_all(caller: Caller) -> bool:
    """Whether the caller sees the events of the whole instance, and so how all handlers are."""
    return sight(caller) == ranges.EVERYWHERE


def seen(caller: Caller, within: str | None = None) -> list[Any]:
    """The conditions of what a caller may see, narrowed to a subtree if one is named."""
    reach = sight(caller)
    if not reach:
        raise unseen()
    if within is not None:
        node = demand_community(caller, within, "within", past=True)
        reach = ranges.intersect(reach, ((node.path, path_end(node.path)),))
    if reach == ranges.EVERYWHERE:
        return [EventRow.pos > 0]
    places = Community.select(Community.id).where(policy.within(reach)) if reach else []
    scopes = EventScope.select(EventScope.pos).where(EventScope.community_id.in_(places))
    return [EventRow.pos.in_(scopes)]


def unseen() -> Forbidden:
    """What those are told who may not see events."""
    return Forbidden(_("只有平台管理员或审计员可以查看事件"))


def _pages(caller: Caller, told: list[Any], before: int | None) -> Iterator[SeenEvent]:
    """Every matching event, read page by page, so that no cursor stays open."""
    while True:
        older = [EventRow.pos < before] if before is not None else []
        rows: Any = (
            EventRow.select(EventRow.pos)
            .where(*told, *older)
            .order_by(EventRow.pos.desc())
            .limit(PAGE)
            .tuples()
        )
        positions = [position for (position,) in rows]
        found = shown(caller, caller.instance.events.read(positions))
        yield from sorted(found, key=lambda one: -one.position)
        if len(positions) < PAGE:
            return
        before = positions[-1]


def shown(caller: Caller, events: Iterable[Event]) -> list[SeenEvent]:
    """Events as a caller may see them: no community out of sight, sensitive values masked."""
    told, reach = list(events), sight(caller)
    places = _places({number for event in told for number in event.communities}, reach)
    secrets = {noun: secrets_of(caller, noun) for noun in {event.noun for event in told}}
    return [_shown(event, places, secrets[event.noun]) for event in told]


def masked(event: Event, caller: Caller, unseen: Collection[int] = ()) -> Data:
    """An event's data for other systems: sensitive values and numbers of people masked.

    Communities whose ids are `unseen` are left out of it.
    """
    return dict(covered(event.data, secrets_of(caller, event.noun), set(unseen)))


def secrets_of(caller: Caller, aggregate: str) -> dict[str, str]:
    """The kinds of the sensitive fields and inputs of a noun, by their names."""
    return {
        spec.name: spec.secret or ""
        for resource in caller.instance.registry
        if resource.aggregate == aggregate
        for fields in (resource.fields, *(one.fields for one in resource.actions.values()))
        for spec in fields
        if spec.kind == "sensitive"
    }


def covered(value: Any, secrets: Mapping[str, str], unseen: set[int], name: str = "") -> Any:
    """Data without what may not be shown: personal values, numbers of people, places unseen."""
    if isinstance(value, Personal):
        return masking.REST
    if isinstance(value, Mapping):
        return {key: covered(one, secrets, unseen, key) for key, one in value.items()}
    if isinstance(value, list):
        return [covered(one, secrets, unseen, name) for one in value]
    if value in unseen and not isinstance(value, bool):
        return None
    if name in secrets and value is not None:
        return masking.mask(secrets[name], str(value)) if secrets[name] else masking.REST
    return masking.numbers(value) if isinstance(value, str) else value


def _places(numbers: set[int], reach: ranges.Ranges) -> dict[int, Place]:
    found: dict[int, Place] = {}
    near = [] if reach == ranges.EVERYWHERE else [policy.within(reach)]
    for batch in pw.chunked(sorted(numbers), PAGE):
        query: Any = Community.select(Community.id, Community.code, Community.name)
        rows = query.where(Community.id.in_(batch), *near).tuples()
        found.update({row[0]: Place(*row) for row in rows})
    return found


def _shown(event: Event, places: dict[int, Place], secrets: Mapping[str, str]) -> SeenEvent:
    data = covered(event.data, secrets, set(event.communities) - places.keys())
    communities = tuple(places[n] for n in event.communities if n in places)
    return shaped(SeenEvent, event, communities=communities, data=data)
