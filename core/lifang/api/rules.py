"""The addresses: one set of rules for every noun, the core's own and those of plugins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Blueprint
from flask.blueprints import BlueprintSetupState
from werkzeug.routing import BaseConverter

from lifang.api import asking
from lifang.entities.caller import Caller
from lifang.http.request import current_caller
from lifang.kit.errors import NotFound
from lifang.kit.words import _
from lifang.resources.registry import CORE
from lifang.resources.resource import Resource
from lifang.services import reading
from lifang.services.gateway import gate

blueprint = Blueprint("api", __name__, url_prefix="/api")

BASES = ("/v1/<noun>", "/v1/<plugin>/<noun>")

View = TypeVar("View", bound=Callable[..., Any])


class RecordId(BaseConverter):
    """The number of a record; one that no record can have leads to none."""

    regex = "[0-9]+"
    weight = 50

    def to_python(self, value: str) -> int:
        """Read it; ids have at most eighteen digits here, so a longer one becomes 0."""
        return int(value) if len(value) < 19 else 0


def _teach(state: BlueprintSetupState) -> None:
    state.app.url_map.converters["record"] = RecordId


blueprint.record_once(_teach)


def rule(tail: str, *methods: str) -> Callable[[View], View]:
    """Answer at an address of every noun; the view gets `noun`, and `plugin` where one is named."""

    def add(view: View) -> View:
        for base in BASES:
            blueprint.add_url_rule(base + tail, view_func=view, methods=list(methods))
        return view

    return add


def gated(plugin: str | None, noun: str, *, verb: str = "read") -> tuple[Caller, Resource[Any]]:
    """Whoever asks, and the noun they ask about, before anything else of the request is looked at.

    Raises Unauthenticated where nobody is signed in, and NotFound alike for a noun that does not
    exist, one that is off, and one that the caller can do nothing with.
    """
    caller, resource = known(plugin, noun)
    if verb == "read":
        reading.open_to(caller, resource)
    else:
        gate(resource, verb, caller)
    return caller, resource


def known(plugin: str | None, noun: str) -> tuple[Caller, Resource[Any]]:
    """Whoever asks, and a noun that exists; whether they may, whatever is asked next says."""
    caller = current_caller()
    resource = None if plugin == CORE else caller.instance.registry.find(plugin or CORE, noun)
    if resource is None:
        raise NotFound(_("没有找到"))
    return caller, resource


def refuse_query() -> None:
    """An address that is no list takes no parameters."""
    asking.claims()
