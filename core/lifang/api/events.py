"""The event bus over HTTP: what happened, how far everybody is, and what could not be told.

Who may see and do what is the same as on pages and in commands (`services/event_log.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask import Response

from lifang.api import answering, asking
from lifang.api.rules import blueprint
from lifang.entities.caller import Caller
from lifang.http.listing import read_limit
from lifang.http.request import current_caller
from lifang.kit.errors import Invalid, Malformed
from lifang.kit.words import _
from lifang.services import event_log, idempotency, letters, resending
from lifang.services.event_log import told
from lifang.services.letters import Wanted
from lifang.services.resending import Verb
from lifang.upkeep import stalls

PAGING = ("limit", "cursor")
EVENT_FILTERS = ("type", "about", "within", "before", "since", "until")
LETTER_FILTERS = ("state", "subscriber", "plugin", "type", "since", "until")
INPUT: dict[Verb, str] = {"replay": "data", "skip": "reason"}
"""What may, or must, be said to a letter."""

BASE = "/v1/events"
VERB = "<any(replay, skip):verb>"


@blueprint.get(BASE)
def list_events() -> Response:
    """Events, newest first."""
    caller, asked = current_caller(), asking.words(*EVENT_FILTERS, *PAGING)
    limit = read_limit(asked.get("limit"))
    places = [_position(name, asked[name]) for name in ("before", "cursor") if name in asked]
    found = event_log.list_events(
        caller,
        type=asked.get("type"),
        about=asked.get("about"),
        within=asked.get("within"),
        before=min(places, default=None),
        since=asked.get("since"),
        until=asked.get("until"),
        limit=limit + 1,
    )
    return _page(found, limit, lambda event: str(event.position))


@blueprint.get(f"{BASE}/<record:id>")
def show_event(id: int) -> Response:
    """One event, how far everybody is with it, and what belongs to it."""
    caller = current_caller()
    asking.words()
    event = event_log.find_event(caller, id)
    chain = [told(step) for step in letters.chain(caller, event)]
    related = [told(one) for one in event_log.neighbours(caller, event)]
    return answering.told({**told(event), "chain": chain, "related": related})


@blueprint.get(f"{BASE}/lag")
def tell_lag() -> Response:
    """How far every subscriber is, and why one stands still."""
    caller = current_caller()
    asking.words()
    found = stalls.seen_by(caller)
    items = [{**told(one), "why": list(why)} for one, why, _worrying in found]
    return answering.told({"items": items, "next": None})


@blueprint.get(f"{BASE}/dead")
def list_letters() -> Response:
    """Deliveries that failed, newest first: dead ones, or those in another state."""
    caller, asked = current_caller(), asking.words(*LETTER_FILTERS, *PAGING)
    limit = read_limit(asked.get("limit"))
    wanted = letters.narrowed(asked, asked.get("state", "dead"))
    found = letters.letters(caller, wanted, before=asked.get("cursor"), limit=limit + 1)
    return _page(found, limit, lambda letter: str(letter.key))


@blueprint.post(f"{BASE}/<record:id>/actions/{VERB}")
def treat_letter(id: int, verb: Verb) -> Response:
    """Replay what one subscriber could not be told, perhaps changed, or give it up for a reason."""
    caller, asked, body = current_caller(), asking.claims("dry_run"), asking.body()
    asking.refuse_unknown(body, ("subscriber", INPUT[verb]))
    subscriber = asking.text(body, "subscriber")
    if not subscriber:
        raise Invalid.about("subscriber", "required", _("请说明是哪个订阅"))
    wanted = Wanted(keys=(f"{id}@{subscriber}",))
    return _treated(caller, verb, wanted, body, dry_run=asked["dry_run"])


@blueprint.post(f"{BASE}/actions/{VERB}")
def treat_letters(verb: Verb) -> Response:
    """Do so to some letters by their keys, or to all that filters leave; or only look at them."""
    caller, body = current_caller(), asking.body()
    asking.claims()
    asking.refuse_unknown(body, ("ids", "filter", "input", "dry_run"))
    given, dry_run = asking.members(body, "input"), asking.flag(body, "dry_run")
    asking.refuse_unknown(given, (INPUT[verb],))
    return _treated(caller, verb, _meant(body), given, dry_run=dry_run)


def _treated(
    caller: Caller, verb: Verb, wanted: Wanted, given: dict[str, Any], *, dry_run: bool
) -> Response:
    """Do it, once for every Idempotency-Key, or tell what it would do."""
    reason, data = asking.text(given, "reason") if verb == "skip" else None, given.get("data")
    key = asking.key()
    if not dry_run and key is not None and (done := idempotency.answered(caller, key)) is not None:
        return answering.told({"verb": verb, "done": done})
    plan = resending.check(caller, verb, wanted)
    if "data" in given:
        data = resending.as_data(caller, plan.only(), data)
    if dry_run:
        return answering.told({"preview": told(plan)})
    done = resending.carry_out(caller, verb, wanted, reason=reason, data=data)
    if key is not None:
        idempotency.answer(caller, key, done)
    return answering.told({"verb": verb, "done": done})


def _meant(body: dict[str, Any]) -> Wanted:
    """The letters that are meant: by their keys, or by the filters that their list takes."""
    if ("ids" in body) == ("filter" in body):
        raise Invalid.about("ids", "invalid", _("请用 ids 或 filter 之一说明对哪些记录"))
    if "ids" in body:
        return Wanted(keys=tuple(asking.texts(body, "ids")))
    filters = asking.members(body, "filter")
    asking.refuse_unknown(filters, LETTER_FILTERS)
    asked = {name: asking.text(filters, name) for name in filters}
    return letters.narrowed(asked, asked.get("state") or "dead")


def _page(found: Iterable[Any], limit: int, place: Callable[[Any], str]) -> Response:
    """Some of a list, and where the next page begins."""
    rows = list(found)
    more = place(rows[limit - 1]) if len(rows) > limit else None
    return answering.page([told(one) for one in rows[:limit]], more)


def _position(name: str, said: str) -> int:
    if said.isascii() and said.isdigit() and len(said) < 19:
        return int(said)
    raise Malformed(_("「{key}」须为事件的位置，例如 {example}", key=name, example="1024"))
