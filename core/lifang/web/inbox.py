"""The inbox: what one was told, where it leads, and what one wants to be told."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue

from lifang.entities.caller import Caller
from lifang.kit import clock
from lifang.kit.errors import LifangError
from lifang.kit.words import _
from lifang.mechanisms import inbox
from lifang.mechanisms.address import address, set_address
from lifang.mechanisms.inbox import Item
from lifang.web import looks
from lifang.web.addresses import address_of, with_query
from lifang.web.audits import before
from lifang.web.doors import go_to, page

HOME = "/inbox"
KINDS = f"{HOME}/kinds"


def inbox_page(caller: Caller) -> ResponseReturnValue:
    """One's notices, the newest first."""
    unread, kind = bool(request.args.get("unread")), request.args.get("kind") or None
    limit = looks.rows()
    found = inbox.items(caller, unread=unread, kind=kind, before=before(), limit=limit + 1)
    asked = [("unread", "1")] * unread + ([("kind", kind)] if kind else [])
    older = [*asked, ("before", str(found[limit - 1].id))] if len(found) > limit else None
    labels = {one.name: one.label for one in inbox.kinds(caller)}
    if kind and kind not in labels:
        labels[kind] = found[0].title if found else kind
    return render_template(
        "web/inbox.html",
        items=[(one, clock.shown(one.at), _leads(caller, one)) for one in found[:limit]],
        unread=unread,
        kind=kind or "",
        kinds=labels,
        narrowed=bool(asked),
        waiting=inbox.unread(caller),
        next=with_query(HOME, older) if older else None,
        first=with_query(HOME, asked) if request.args.get("before") else None,
        done=_done(),
    )


def read_all_page(caller: Caller) -> ResponseReturnValue:
    """All of one's notices are read."""
    inbox.read(caller)
    return go_to(with_query(HOME, [("done", "read")]))


def open_page(caller: Caller, notice: int) -> ResponseReturnValue:
    """One notice is read; on to the record it is about, where one may see that."""
    inbox.read(caller, [notice])
    [one] = inbox.items(caller, only=notice)
    return go_to(_leads(caller, one) or HOME)


def kinds_page(caller: Caller, error: LifangError | None = None) -> ResponseReturnValue:
    """Which kinds one wants, where, and at which address."""
    return page(
        "web/inbox_kinds.html",
        error,
        kinds=inbox.kinds(caller),
        reached=None if caller.account is None else address(caller),
        done=_done(),
    )


def choose_page(caller: Caller) -> ResponseReturnValue:
    """What was ticked is wanted, what was not is not; of the others nothing was asked."""
    for one in inbox.kinds(caller):
        if not one.required and one.name in request.form.getlist("asked"):
            ticked = {way: bool(request.form.get(f"{way}.{one.name}")) for way in ("shown", "sent")}
            inbox.choose(caller, one.name, **ticked)
    return go_to(with_query(KINDS, [("done", "kinds")]))


def address_page(caller: Caller) -> ResponseReturnValue:
    """Where one's notices are sent."""
    told = {key: request.form.get(key, "").strip() or None for key in ("email", "language")}
    try:
        set_address(caller, **told)
    except LifangError as error:
        return kinds_page(caller, error)
    return go_to(with_query(KINDS, [("done", "address")]))


def _leads(caller: Caller, one: Item) -> str | None:
    """Where the record of a notice is, for who may go there."""
    if one.record is None:
        return None
    resource = caller.instance.registry.find(*one.record["resource"].split("."))
    return address_of(resource, one.record["id"]) if resource else None


def _done() -> str | None:
    told = {
        "read": _("全部通知已标为已读"),
        "kinds": _("已按您的选择接收通知"),
        "address": _("已保存接收通知的邮箱"),
    }
    return told.get(request.args.get("done", ""))
