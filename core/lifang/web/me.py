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
from lifang.mechanisms.board import board, object_to
from lifang.mechanisms.consents import consents
from lifang.mechanisms.inbox import unread
from lifang.mechanisms.oneself import Oneself, Shelf, agree, as_oneself, oneself
from lifang.services.gateway import write
from lifang.web.addresses import address_of, dashed, home_of, with_query
from lifang.web.doors import go_to
from lifang.web.shown import Shown, show, title_of

ME, NOTICES = "/me", "/notices"


@dataclass(frozen=True)
class Entry:
    """One of one's records: its name, where it leads, its state, and what can be done to it."""

    title: str
    link: str
    state: Shown | None
    actions: list[tuple[str, str]]


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


def me_page(caller: Caller, error: LifangError | None = None) -> ResponseReturnValue:
    """Who I am here, what I agreed to, what I have done and can do."""
    try:
        as_oneself(caller)
    except Conflict as nobody:
        return render_template("web/me.html", me=None, error=nobody)
    found = oneself(caller)
    people = caller.instance.registry.of(Person)
    names = ("sex", "birth_date", "phone", "address", "community")
    page = render_template(
        "web/me.html",
        me=found,
        facts=[show(caller, people, people.by_name[n], found.person.get(n)) for n in names],
        sections=[_section(caller, found, shelf) for shelf in found.shelves],
        reached=address(caller),
        waiting=unread(caller),
        hanging=sum(one.standing.state == "running" for one in board(caller)),
        error=error,
        done=_done(request.args.get("done")),
    )
    return page, error.status if error is not None else 200


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
    page = render_template(
        "web/notices.html",
        hung=board(caller),
        error=error,
        done=_done(request.args.get("done")),
    )
    return page, error.status if error is not None else 200


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


def _section(caller: Caller, me: Oneself, shelf: Shelf) -> Section:
    resource, state = shelf.resource, shelf.resource.state
    entries = [
        Entry(
            title_of(resource, view),
            address_of(resource, view["id"]),
            show(caller, resource, resource.by_name[state], view[state]) if state else None,
            [
                (_(resource.actions[verb].label),
                 address_of(resource, view["id"], "actions", dashed(verb)))
                for verb in verbs
            ],
        )
        for view, verbs in zip(shelf.items, shelf.offered, strict=True)
    ]  # fmt: skip
    new = with_query(f"{home_of(resource)}/new", _known(me, shelf)) if shelf.create else None
    matter = _(caller.instance.plugins.loaded[resource.plugin].label)
    label, noun = _p("plural", resource.label), _(resource.label)
    return Section(label, matter, noun, home_of(resource), entries, new)


def _known(me: Oneself, shelf: Shelf) -> list[tuple[str, str]]:
    """What of a new record is known beforehand: whose it is, and where they live."""
    resource, told = shelf.resource, []
    owner: Any = resource.by_name.get(resource.owner) if isinstance(resource.owner, str) else None
    if owner is not None and owner.target is Person:
        told.append((owner.name, f"{me.person['name']} #{me.person['id']}"))
    if isinstance(resource.scope, str) and me.homes:
        told.append((resource.scope, str(me.homes[0].code)))
    return told
