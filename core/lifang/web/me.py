"""One's own page, and the notice board: for residents, on a telephone, without a script."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from lifang.entities.caller import Caller
from lifang.entities.person import Person
from lifang.kit.errors import Conflict, LifangError
from lifang.kit.words import _, _p
from lifang.mechanisms.address import address
from lifang.mechanisms.board import board, hanging, object_to
from lifang.mechanisms.consents import consents
from lifang.mechanisms.inbox import unread
from lifang.mechanisms.oneself import Shelf, agree, as_oneself, oneself
from lifang.resources import written
from lifang.resources.resource import Resource
from lifang.services.gateway import write
from lifang.services.presenting import View
from lifang.web.addresses import address_of, home_of, with_query
from lifang.web.desks import Button, button_of, done_elsewhere, table_of
from lifang.web.doors import go_to, page
from lifang.web.shown import NOTHING, Shown, show, title_of

ME, NOTICES = "/me", "/notices"


@dataclass(frozen=True)
class Entry:
    """One of one's records: its name, where it leads, its state, and what can be done to it."""

    title: str
    link: str
    state: Shown | None
    buttons: list[Button]


@dataclass(frozen=True)
class Section:
    """One's records of a kind: the latest, all of them, and the way to another one.

    `matter` is what its plugin is about: several may have service records.
    """

    label: str
    matter: str
    noun: str
    home: str
    entries: list[Entry]
    new: str | None


@dataclass(frozen=True)
class Tie:
    """Where somebody belongs, of a kind: what each record says, and from when to when."""

    label: str
    home: str
    rows: list[tuple[list[Shown], str]]


def me_page(caller: Caller, error: LifangError | None = None) -> ResponseReturnValue:
    """Who I am here, what I agreed to, what I have done and can do."""
    try:
        as_oneself(caller)
    except Conflict as nobody:
        return render_template("web/me.html", me=None, error=nobody)
    found = oneself(caller)
    people = caller.instance.registry.of(Person)
    names = ("sex", "birth_date", "phone", "address", "community")
    return page(
        "web/me.html",
        error,
        me=found,
        whole=address_of(people, found.person["id"]),
        facts=[show(caller, people, people.by_name[n], found.person.get(n)) for n in names],
        tables=[table_of(caller, one, ME) for _id, one in found.panels],
        sections=[_section(caller, shelf) for shelf in found.shelves],
        ties=[_tied(caller, *one) for one in found.ties],
        reached=address(caller),
        waiting=unread(caller),
        hanging=hanging(caller),
        done=_done(request.args.get("done")) or done_elsewhere(caller, request.args.get("done")),
        command="lifang me",
    )


def consent_page(caller: Caller) -> ResponseReturnValue:
    """Agree to something, or take it back: the one is no harder than the other."""
    said = request.form.get("withdraw", "")
    try:
        if said:
            number = int(said) if said.isascii() and said.isdigit() and len(said) < 19 else 0
            write(consents, "withdraw", as_oneself(caller), {}, number)
            return go_to(with_query(ME, [("done", "withdrawn")]))
        agree(caller, request.form.get("purpose", ""))
    except LifangError as error:
        return me_page(caller, error)
    return go_to(with_query(ME, [("done", "given")]))


def notices_page(caller: Caller, error: LifangError | None = None) -> ResponseReturnValue:
    """What is announced where one lives or works."""
    done = _done(request.args.get("done"))
    return page("web/notices.html", error, hung=board(caller), done=done)


def objection_page(caller: Caller, record: int) -> ResponseReturnValue:
    """Object to a notice."""
    try:
        object_to(as_oneself(caller), record, request.form.get("text", ""))
    except LifangError as error:
        return notices_page(caller, error)
    return go_to(with_query(NOTICES, [("done", "objected")]))


def _done(word: str | None) -> str | None:
    told = {
        "password": _("密码已修改"),
        "given": _("已记录您的同意"),
        "withdrawn": _("已撤回同意，从现在起不再使用"),
        "objected": _("已收到您的异议，答复会显示在这里"),
    }
    return told.get(word or "")


def _section(caller: Caller, shelf: Shelf) -> Section:
    resource, state = shelf.resource, shelf.resource.state
    entries = [
        Entry(
            title_of(resource, view),
            address_of(resource, view["id"]),
            show(caller, resource, resource.by_name[state], view[state]) if state else None,
            [button_of(resource, view, verb, ME) for verb in verbs],
        )
        for view, verbs in zip(shelf.items, shelf.offered, strict=True)
    ]
    new = None
    if shelf.create is not None:
        new = with_query(f"{home_of(resource)}/new", [*shelf.create.items(), ("back", ME)])
    matter = _(caller.instance.plugins.loaded[resource.plugin].label)
    label, noun = _p("plural", resource.label), _(resource.label)
    return Section(label, matter, noun, home_of(resource), entries, new)


def _tied(caller: Caller, resource: Resource[Any], views: list[View]) -> Tie:
    """Where somebody belongs: the others that a record names, as what, from when to when."""
    told = [s for s in resource.fields if s.target is not Person and s.kind != "boolean"]
    days = [spec for spec in told if spec.name in ("from_date", "to_date")]
    rows = []
    for view in views:
        cells = [show(caller, resource, s, view[s.name]) for s in told if s not in days]
        since, until = (written.show(spec, view[spec.name]) for spec in days)
        lasts = _("{since} 至 {until}", since=since or "—", until=until or _("现在"))
        lasts = lasts if since or until else ""
        rows.append(([cell for cell in cells if cell.text != NOTHING], lasts))
    return Tie(_p("plural", resource.label), home_of(resource), rows)
