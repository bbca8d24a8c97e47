"""One plugin: how it stands and what to do, where it is on, what was done, and every verb."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from lifang.entities.caller import Caller
from lifang.http.sent import wheel
from lifang.kit import clock
from lifang.kit.errors import Forbidden, LifangError, demand_known
from lifang.kit.words import _, n_
from lifang.lifecycle import contents, overview, running, states, verbs
from lifang.lifecycle.isolation import RULES
from lifang.lifecycle.overview import Deed, Place
from lifang.lifecycle.states import Listed
from lifang.lifecycle.verbs import ASKED, BUNDLE, KNOWN, PACKAGE, VERBS, Asked, Given, Verb
from lifang.resources.verbs import verb_name
from lifang.web import commands, pointers, switches
from lifang.web.addresses import dashed, with_query
from lifang.web.doors import Page, go_to, page
from lifang.web.shown import NOTHING
from lifang.web.timeline import SOURCES, Changed, Entry

VIEWS = {
    "places": n_("启用的地方"),
    "running": n_("运行"),
    "content": n_("内容"),
    "history": n_("历史"),
}
SWITCHES = {
    "on": (n_("已启用"), "standing"),
    "off": (n_("已停用"), "closed"),
    "suspended": (n_("暂停中"), "waiting"),
    "inherit": (n_("继承"), "closed"),
}
COMPANY = ("needs", "dependents")
"""Why a plugin is not switched alone; then somebody is asked whether the others are meant too."""
WAYS = {"keep": ["--keep"], "export": ["--export", "…"], "purge": ["--purge"]}
BESIDE = ("inherit", "resume", "release")
"""What is only done beside a switch, or beside what was stopped."""


@dataclass(frozen=True)
class Question:
    """What a verb is asked on its page, and what was said so far."""

    name: str
    asked: Asked
    said: str
    needed: bool
    error: str | None = None


def plugin_page(caller: Caller, plugin: str) -> str:
    """One plugin under one of its tabs."""
    one = states.show(caller, plugin)
    show = request.args.get("show", "places")
    demand_known("show", show, VIEWS)
    here = switches.address(one.id)
    done = KNOWN.get(request.args.get("done", ""))
    return render_template(
        "web/plugin.html",
        home=switches.HOME,
        here=here,
        one=one,
        label=_(one.label),
        state=switches.state_of(one),
        verbs=[
            verb
            for verb in verbs.offered(caller, one)
            if verb.name not in BESIDE or one.state == "quarantined"
        ],
        show=show,
        views=[(name, _(said), with_query(here, [("show", name)])) for name, said in VIEWS.items()],
        where=switches.where_on(overview.spread(caller, [one.id])[one.id]),
        places=[_place(caller, one, it) for it in overview.places(caller, one.id)]
        if show == "places"
        else [],
        content=contents.contents(caller, one.id) if show == "content" else None,
        switched={name: (_(said), tone) for name, (said, tone) in SWITCHES.items()},
        running=_running(caller, one) if show == "running" else None,
        deeds=[_deed(one.id, deed) for deed in overview.deeds(caller, one.id)]
        if show == "history"
        else [],
        done=_(done.done) if done else None,
        command=f"lifang plugin show {dashed(one.id)}",
    )


def bring_page(caller: Caller) -> ResponseReturnValue:
    """Install the package of a plugin that is not here yet."""
    return _page_of(caller, None, PACKAGE)


def bundle_page(caller: Caller) -> ResponseReturnValue:
    """Install plugins that go together."""
    return _page_of(caller, None, BUNDLE)


def verb_page(caller: Caller, plugin: str, verb: str) -> ResponseReturnValue:
    """Ask what a verb has to be told, show what it would come to, and do it."""
    return _page_of(caller, states.show(caller, plugin), VERBS[verb])


def _page_of(caller: Caller, one: Listed | None, verb: Verb) -> ResponseReturnValue:
    states.demand(caller, everywhere=verb.everywhere)
    if request.method == "GET":
        return _ask(caller, one, verb, request.args.to_dict())
    told = {key: said for key, said in request.form.items() if key in verb.takes}
    looking = "look" in request.form
    try:
        given = verbs.read(verb, _meant(caller, told), whole=not looking)
        with wheel() as sent:
            if looking:
                return _ask(caller, one, verb, told, given={**given, **sent})
            done = verb.does(caller, one.id if one else "", {**given, **sent})
    except Forbidden:
        raise
    except LifangError as error:
        if "list" in request.form and error.extra.get("reason") not in COMPANY:
            return switches.switches_page(caller, error)
        return _ask(caller, one, verb, told, error)
    id = one.id if one else getattr(done, "id", None)
    back = switches.HOME if "list" in request.form or id is None else switches.address(id)
    return go_to(with_query(back, [("done", verb.name)]))


def _meant(caller: Caller, told: dict[str, str]) -> dict[str, Any]:
    """What a form says, as programs would say it: flags are true, a place is its code."""
    meant: dict[str, Any] = dict(told)
    for name, said in told.items():
        if ASKED[name].kind == "flag":
            meant[name] = True
        elif ASKED[name].kind == "place" and said.strip():
            meant[name] = pointers.place_code(caller, said.strip())
    return meant


def _ask(
    caller: Caller,
    one: Listed | None,
    verb: Verb,
    told: dict[str, str],
    error: LifangError | None = None,
    *,
    given: Given | None = None,
) -> Page:
    """The page of a verb; with what is `given`, what it would come to was asked for."""
    preview = None
    if verb.looks and error is None:
        try:
            preview = verb.looks(caller, one.id if one else "", given or {})
        except Forbidden:
            raise
        except LifangError as refused:  # a file is not there before it is sent
            error = refused if given is not None or (one and not verb.file) else None
    wrong = {} if error is None else {said.field: said.message for said in error.errors}
    company = error is not None and error.extra.get("reason") in COMPANY
    asked = [
        Question(name, ASKED[name], told.get(name, ""), name in verb.needs, wrong.get(name))
        for name in verb.takes
        if name != "along" or company or told.get(name)
    ]
    problems: list[tuple[str, str | None]] = [
        (said, name if name in verb.takes else None) for name, said in wrong.items()
    ]
    if error is not None and not problems:
        problems = [(error.sentence, None)]
    return page(
        "web/plugin_verb.html",
        error,
        home=switches.HOME,
        here=switches.address(one.id) if one else switches.HOME,
        one=one,
        label=_(one.label) if one else "",
        verb=verb,
        asked=asked,
        problems=problems,
        preview=preview,
        places=pointers.places(caller) if "at" in verb.takes else (),
        command=command(one, verb, told),
    )


def command(one: Listed | None, verb: Verb, told: dict[str, str]) -> str:
    """The same, typed."""
    words = ["plugin", *([verb.name, dashed(one.id)] if one else ["install"])]
    for name in verb.takes:
        if name == "how":
            words += WAYS.get(told.get(name, ""), WAYS["keep"])
        elif name == "source":
            words += [told[name]] if told.get(name) else ["…"] * (one is None)
        elif said := told.get(name) or ("…" if name in (*verb.needs, "at") else ""):
            words += [f"--{dashed(name)}"] + ([] if ASKED[name].kind == "flag" else [said])
    return commands.typed(*words).replace(" --along", " --yes")


def _place(caller: Caller, one: Listed, place: Place) -> dict[str, Any]:
    """A node as the page shows it, with what can be done there."""
    wanted = {
        "on": ("disable", "suspend", "inherit"),
        "off": ("enable", "inherit"),
        "suspended": ("resume",),
    }.get(place.switch or "", ("disable",) if place.on else ("enable",))
    return {
        **vars(place),
        "at": place.at and clock.shown(place.at),
        "until": place.until and clock.shown(place.until),
        "verbs": [verb for verb in verbs.offered(caller, one) if verb.name in wanted],
    }


def _running(caller: Caller, one: Listed) -> dict[str, Any]:
    """How a plugin runs, and what can be done where a part of it was stopped."""
    told = running.running(caller, one.id)
    free = [verb for verb in verbs.offered(caller, one) if verb.name == "release"]
    halts = [
        {**vars(halt), "rule": _(RULES[halt.rule]), "since": clock.shown(halt.since), "verbs": free}
        for halt in told.halts
    ]
    return {**vars(told), "halts": halts}


def _deed(plugin: str, deed: Deed) -> Entry:
    """An audit entry in words, as a timeline shows it."""
    reason, told = deed.reason, []
    for change in deed.changes:
        label = deed.place or _("状态")
        told.append(Changed(label, _state(change.before), _state(change.after)))
    if reason and reason.startswith((f"{plugin} ", f"{plugin}: ")):
        told.append(Changed(_("内容"), remark=reason[len(plugin) + 1 :].strip()))
        reason = None
    known = VERBS.get(deed.verb)
    verb = _(known.label) if known else verb_name(None, deed.verb)
    return Entry(
        at=clock.shown(deed.at),
        occurred_at=None,
        actor=deed.actor,
        on_behalf_of=None,
        source=_(SOURCES.get(deed.source, deed.source)),
        verb=verb if deed.outcome == "done" else _("{verb}（没有完成）", verb=verb),
        reason=reason,
        changes=told,
    )


def _state(word: str | None) -> str:
    """A state of a switch or a plugin as the trail keeps it, in words of people."""
    plain, locked = (word or "").removesuffix(" locked"), (word or "").endswith(" locked")
    label = SWITCHES[plain][0] if plain in SWITCHES else states.STATES.get(plain, plain)
    told = _(label) if label else NOTHING
    return _("{state}，锁定", state=told) if locked else told
