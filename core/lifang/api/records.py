"""Records over HTTP: list, show, create, change, remove."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Response, request

from lifang.api import answering, asking
from lifang.api.rules import gated, refuse_query, rule
from lifang.entities.caller import Caller
from lifang.http import listing
from lifang.kit.errors import PreconditionMissing
from lifang.resources.resource import Resource
from lifang.services import reading
from lifang.services.gateway import write
from lifang.services.idempotency import once
from lifang.services.presenting import present_one


@rule("", "GET")
def list_records(noun: str, plugin: str | None = None) -> Response:
    """One page of a list, and the number of rows where `count=true` asks for it."""
    caller, resource = gated(plugin, noun)
    asked = listing.read(resource, request.args)
    page = reading.find(caller, resource, asked.query)
    counted = {"count": reading.count(caller, resource, asked.query)} if asked.counted else {}
    return answering.page(page.items, page.next, **counted)


@rule("/<record:id>", "GET")
def show_record(noun: str, id: int, plugin: str | None = None) -> Response:
    """One record; 304 where the client holds this version."""
    caller, resource = gated(plugin, noun)
    refuse_query()
    view = reading.view(caller, resource, id)
    if asking.unchanged(view["version"]):
        return Response(status=304, headers={"ETag": answering.tag(view)})
    return answering.record(view)


@rule("", "POST")
def create_record(noun: str, plugin: str | None = None) -> Response:
    """Make a record, once for every Idempotency-Key."""
    caller, resource = gated(plugin, noun, verb="create")
    refuse_query()
    told = asking.body()
    act = partial(write, resource, "create", caller, told)
    turn = once(caller, resource, "create", asking.key(), act)
    return answering.created(resource, turn.view())


@rule("/<record:id>", "PATCH")
def update_record(noun: str, id: int, plugin: str | None = None) -> Response:
    """Change what the body names, where nobody else was first."""
    caller, resource = gated(plugin, noun, verb="update")
    refuse_query()
    told = asking.body()
    changed = write(resource, "update", caller, told, id, version=_seen(caller, resource, id))
    return answering.record(present_one(caller, resource, changed))


@rule("/<record:id>", "DELETE")
def remove_record(noun: str, id: int, plugin: str | None = None) -> Response:
    """Remove a record softly, where nobody else was first."""
    caller, resource = gated(plugin, noun, verb="remove")
    refuse_query()
    write(resource, "remove", caller, None, id, version=_seen(caller, resource, id))
    return Response(status=204)


def _seen(caller: Caller, resource: Resource[Any], id: int) -> int | None:
    """The version the client has seen; that none was named is told of readable records only."""
    try:
        return asking.version(needed=True)
    except PreconditionMissing:
        reading.get(caller, resource, id)
        raise
