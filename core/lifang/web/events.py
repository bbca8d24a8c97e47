"""The event bus as pages: what happened, who is how far, and what could not be told."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import render_template, request

from lifang.entities.caller import Caller
from lifang.kit import clock
from lifang.kit.errors import demand_known
from lifang.kit.words import _, n_
from lifang.resources.verbs import noun_name
from lifang.services import event_log, letters
from lifang.services.delivery import Lag
from lifang.services.event_log import SeenEvent
from lifang.services.letters import STATES, STEPS, Letter, Step
from lifang.services.offers import may
from lifang.services.resending import TREATED, Verb
from lifang.upkeep import stalls
from lifang.web import audits, commands, looks
from lifang.web.addresses import address_of, with_query
from lifang.web.lists import Column, Row
from lifang.web.shown import NOTHING, Shown

HOME = "/admin/events"
LISTED = ("dead", "waiting", "skipped")  # what is parked stands among the dead letters
VIEWS = {"all": n_("全部"), **{one: STATES[one] for one in LISTED}, "subscribers": n_("订阅进度")}
ALL_FILTERS = ("type", "about", "since", "until")
LETTER_FILTERS = ("type", "subscriber", "plugin", "since", "until")
TONES = {"dead": "broken", "parked": "broken", "waiting": "waiting", "ahead": "waiting",
         "done": "standing", "live": "standing"}  # fmt: skip
RUNNING = {"live": n_("进行中"), "paused": n_("暂停")}
VERBS: dict[Verb, str] = {"replay": n_("重放"), "skip": n_("忽略")}
DONE = {"replay": n_("已排队重放：{n} 条"), "skip": n_("已忽略：{n} 条")}
HIGHEST = 40  # how many units high a bar of the picture is

Pairs = list[tuple[str, str]]


def events_page(caller: Caller) -> str:
    """What is asked for: events, letters in one state, or how far every subscriber is."""
    show = request.args.get("show") or "all"
    demand_known("show", show, VIEWS)
    asked = {
        name: said
        for name in (*ALL_FILTERS, *LETTER_FILTERS)
        if (said := request.args.get(name, "").strip())
    }
    hours = event_log.traffic(caller)
    told = stalls.seen_by(caller) if event_log.sees_all(caller) else []
    most = max(number for _hour, number in hours) or 1
    if show == "subscribers":
        rows, last = [_subscriber(one.lag, one.why) for one in told], None
    else:
        rows, last = _listed(caller, show, asked)
    kept: Pairs = [("show", show), *asked.items()]
    return render_template(
        "web/events.html",
        home=HOME,
        show=show,
        views=_views(show, [one for one, *_why in told]),
        asked=asked,
        hours=[(clock.local(at).strftime("%H:00"), n, -(-HIGHEST * n // most)) for at, n in hours],
        highest=HIGHEST,
        behind=sum(one.behind for one, *_why in told) if told else None,
        names=[one.name for one, *_why in told],
        plugins=sorted({one.name.partition(".")[0] for one, *_why in told}),
        columns=columns_of(rows, _("订阅") if show == "subscribers" else None),
        rows=rows,
        verbs={verb: _(VERBS[verb]) for verb in VERBS if told and show in TREATED[verb]},
        kept=urlencode(kept),
        next=with_query(HOME, [*kept, ("before", last)]) if last else None,
        first=with_query(HOME, kept) if request.args.get("before") else None,
        done=_done(),
        command=_command(show, asked),
    )


def event_page(caller: Caller, position: int) -> str:
    """One event: what it tells, how far everybody is with it, and what belongs to it."""
    event = event_log.find_event(caller, position)
    steps = letters.chain(caller, event)
    chain = [_step(one) for one in steps]
    near = [event_row(caller, one) for one in event_log.neighbours(caller, event)]
    facts = event_row(caller, event).cells
    if event.unreadable:
        facts.append(Shown(_("版本"), f"{event.version}: {event.unreadable}"))
    standing = [one.letter for one in steps if one.letter is not None]
    return render_template(
        "web/event.html",
        home=HOME,
        event=event,
        facts=[Shown(_("位置"), str(position)), *facts],
        cause=event.cause,
        data=_pretty(event.data),
        chain=chain,
        chain_columns=columns_of(chain, _("订阅")),
        near=near,
        near_columns=columns_of(near),
        letters=[(one, _pretty(one.instead) if one.instead else None) for one in standing],
        editable=_pretty(event.data),
        states=STATES,
        tones=TONES,
        treated=TREATED,
        treats=event_log.sees_all(caller),
        command=f"lifang events show {position}",
    )


def _command(show: str, asked: Mapping[str, str]) -> str:
    """What the page shows, as a command."""
    if show == "subscribers":
        return "lifang events lag"
    words = ["list"] if show == "all" else ["dead", *(() if show == "dead" else ("--state", show))]
    known = ALL_FILTERS if show == "all" else LETTER_FILTERS
    told = [(name, asked[name]) for name in known if name in asked]
    return commands.typed("events", *words, *commands.options(told))


def _views(show: str, told: list[Lag]) -> list[tuple[str, str, bool]]:
    """The tabs: what each is called, where it leads, whether it is open."""
    numbers = {"dead": sum(one.dead for one in told), "waiting": sum(one.retrying for one in told)}
    return [
        (
            f"{_(label)} {numbers[name]:,}" if numbers.get(name) else _(label),
            with_query(HOME, [("show", name)]),
            name == show,
        )
        for name, label in VIEWS.items()
        if told or name != "subscribers"
    ]


def _listed(caller: Caller, show: str, asked: dict[str, str]) -> tuple[list[Row], str | None]:
    """The rows, and what the next page begins after."""
    limit, before = looks.rows(), request.args.get("before")
    if show != "all":
        found = letters.letters(
            caller, letters.narrowed(asked, show), before=before, limit=limit + 1
        )
        last = found[limit - 1].key if len(found) > limit else None
        return [letter_row(caller, one) for one in found[:limit]], last
    narrowed = {name: asked.get(name) for name in ALL_FILTERS}
    more = event_log.list_events(caller, **narrowed, before=audits.before(), limit=limit + 1)
    events = list(more)
    place = str(events[limit - 1].position) if len(events) > limit else None
    return [event_row(caller, one) for one in events[:limit]], place


def columns_of(rows: Sequence[Row], first: str | None = None) -> list[Column]:
    """The headings over some rows, which all have the same cells."""
    cells = rows[0].cells if rows else []
    return [Column(first or _("事件")), *(Column(cell.label) for cell in cells)]


def letter_row(caller: Caller, letter: Letter) -> Row:
    """A letter as a row."""
    event, said = letter.event, letter.reason or letter.error or NOTHING
    if letter.state == "waiting":
        said = _("{error}；下次 {at}", error=said, at=clock.shown(letter.next_at, seconds=True))
    cells = [
        Shown(_("时间"), clock.shown(event.at, seconds=True)),
        _record(caller, event),
        Shown(_("订阅"), letter.subscriber),
        _state(letter.state, letter.tries),
        Shown(_("错误"), said),
    ]
    return Row(letter.key, f"{HOME}/{event.position}", event.type, cells)


def event_row(caller: Caller, event: SeenEvent) -> Row:
    """An event as a row."""
    places = _("、").join(place.name for place in event.communities)
    cells = [
        Shown(_("时间"), clock.shown(event.at, seconds=True)),
        _record(caller, event),
        Shown(_("操作者"), event.actor or NOTHING),
        Shown(_("社区"), places or NOTHING),
    ]
    return Row(event.position, f"{HOME}/{event.position}", event.type, cells)


def _record(caller: Caller, event: SeenEvent) -> Shown:
    """The record an event is about, with the way to it for those who may read such records."""
    nouns = {one.aggregate: one for one in caller.instance.registry}
    resource = nouns.get(event.noun)
    named = resource or caller.instance.gone.noun(*event.noun.split(".", 1))
    name = noun_name(named, event.noun)
    link = None
    if resource is not None and event.subject and may(caller, resource, "read"):
        link = address_of(resource, event.subject)
    return Shown(_("记录"), f"{name} #{event.subject}" if event.subject else name, link=link)


def _state(state: str, tries: int) -> Shown:
    """How a delivery stands, and how often it failed."""
    text = _(STEPS[state]) + (f" ×{tries}" if tries else "")
    return Shown(_("处理"), text, tone=TONES.get(state, "closed"))


def _step(step: Step) -> Row:
    letter = step.letter
    cells = [
        _state(step.state, letter.tries if letter else 0),
        Shown(_("错误"), (letter.reason or letter.error if letter else None) or NOTHING),
    ]
    link = with_query(HOME, [("show", "subscribers")])
    return Row(step.subscriber, link, step.subscriber, cells)


def _subscriber(one: Lag, why: tuple[str, ...]) -> Row:
    cells = [
        Shown(_("状态"), _(RUNNING.get(one.state, one.state)), tone=TONES.get(one.state, "closed")),
        Shown(_("积压"), f"{one.behind:,}"),
        Shown(_("等待重试"), f"{one.retrying:,}"),
        Shown(_("死信"), f"{one.dead:,}"),
        Shown(_("最早的一个"), clock.shown(one.oldest, seconds=True) if one.oldest else NOTHING),
        Shown(_("原因"), _("；").join(why) or NOTHING),
    ]
    link = with_query(HOME, [("show", "dead"), ("subscriber", one.name)])
    return Row(one.name, link, one.name, cells)


def _pretty(data: Mapping[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2)


def _done() -> str | None:
    said, number = request.args.get("done"), request.args.get("n", "")
    if said not in DONE or not number.isdigit():
        return None
    return _(DONE[said], n=number[:9])
