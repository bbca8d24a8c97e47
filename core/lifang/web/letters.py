"""Replaying what could not be told, or giving it up: checked first, then confirmed."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from flask import request
from flask.typing import ResponseReturnValue

from lifang.entities.caller import Caller
from lifang.kit.errors import Conflict, Forbidden, LifangError, Malformed, NotFound
from lifang.kit.words import _
from lifang.services import letters, resending
from lifang.services.letters import Letter, Wanted, read_key
from lifang.services.resending import Plan, Verb
from lifang.web import commands
from lifang.web.addresses import with_query
from lifang.web.bulk import OWN, said_of, sent
from lifang.web.doors import go_to, page
from lifang.web.events import HOME, LETTER_FILTERS, VERBS, columns_of, letter_row
from lifang.web.shown import NOTHING
from lifang.web.timeline import SECRET


def letters_page(caller: Caller) -> ResponseReturnValue:
    """Tell what would happen to the letters that were chosen, and do it once confirmed."""
    verb = _verb()
    kept = parse_qsl(said_of("list"))
    meant = _meant(dict(kept))
    plan, data, error = Plan(0, (), ()), None, None
    try:
        plan = resending.check(caller, verb, meant)
        said = request.form.get("data")
        if said is not None:
            data = resending.as_data(caller, plan.only(), resending.read_data(said))
        if said_of("confirm"):
            if said_of("count") != str(plan.number):
                raise Conflict(_("符合条件的记录刚刚有变化；请按新的数目再确认一次"))
            reason = request.form.get("reason", "")
            done = resending.carry_out(caller, verb, meant, reason=reason, data=data)
            return go_to(with_query(HOME, [*kept, ("done", verb), ("n", str(done))]))
    except (NotFound, Forbidden):
        raise
    except LifangError as refused:
        error = refused
    rows = [letter_row(caller, one) for one in plan.first]
    return page(
        "web/letters.html",
        error,
        home=HOME,
        back=with_query(HOME, kept),
        verb=verb,
        label=_(VERBS[verb]),
        plan=plan,
        columns=columns_of(rows),
        rows=rows,
        edits=_edits(caller, plan.first[0], data) if data is not None and plan.first else [],
        reason=request.form.get("reason", ""),
        sent=sent(plan.number, "data"),
        command=_command(verb, meant.keys, dict(kept), edited=data is not None),
    )


def _verb() -> Verb:
    said = said_of("verb")
    for verb in VERBS:
        if verb == said:
            return verb
    raise Malformed(_("没有这样的操作"))


def _meant(kept: dict[str, str]) -> Wanted:
    """The letters that were chosen one by one, or the whole list they were chosen from."""
    if said_of("which") == "all":
        return letters.narrowed(kept, kept.get("show", "dead"))
    return Wanted(keys=tuple(request.form.getlist(OWN + "id")))


def _edits(caller: Caller, letter: Letter, data: dict[str, Any]) -> list[tuple[str, str, str]]:
    """What was changed in the data: name, before, after; what may not be shown is covered."""
    told = []
    for one in resending.edits(caller, letter.event.position, data):
        before, after = one.before or NOTHING, one.after or NOTHING
        if one.sensitive:
            before, after = (SECRET if side != NOTHING else side for side in (before, after))
        told.append((one.field.partition(".")[2], before, after))
    return told


def _command(
    verb: Verb, keys: tuple[str, ...] | None, kept: dict[str, str], *, edited: bool
) -> str:
    """The same as commands: one for all that the filters leave, or one for each subscription."""
    told = ["--reason", "…"] if verb == "skip" else ["--data", "…"] if edited else []
    if keys is None:
        known = [(name, kept[name]) for name in LETTER_FILTERS if name in kept]
        state = kept.get("show", "dead")
        known += [] if state == "dead" else [("state", state)]
        return commands.typed("events", verb, "--all", *commands.options(known), *told)
    places: dict[str, list[str]] = {}
    for position, name in map(read_key, keys):
        places.setdefault(name, []).append(str(position))
    lines = [
        commands.typed("events", verb, *some, "--subscriber", name, *told)
        for name, some in places.items()
    ]
    return " && ".join(lines)
