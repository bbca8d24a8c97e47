"""Where every resource lives on the web, and which one answers at an address."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from lifang.entities.caller import Caller
from lifang.kit.errors import NotFound
from lifang.kit.words import _
from lifang.resources.registry import CORE
from lifang.resources.resource import Resource

ADMIN = "admin"


def home_of(resource: Resource[Any]) -> str:
    """The address of a resource's list: what belongs to no place is administration."""
    noun = dashed(resource.noun)
    if resource.plugin != CORE:
        return f"/p/{dashed(resource.plugin)}/{noun}"
    return f"/{ADMIN}/{noun}" if resource.scope is None else f"/{noun}"


def address_of(resource: Resource[Any], record: int, *tail: str) -> str:
    """The address of one record, or of something about it."""
    return "/".join([home_of(resource), str(record), *tail])


def api_of(resource: Resource[Any], *tail: str) -> str:
    """The address of the same resource for programs."""
    own = [] if resource.plugin == CORE else [dashed(resource.plugin)]
    return "/".join(["/api/v1", *own, dashed(resource.noun), *tail])


def resource_at(caller: Caller, area: str, noun: str) -> Resource[Any]:
    """The resource whose address was asked for; raises NotFound, also for the wrong address.

    `area` is empty for the core, `admin`, or a plugin's id.
    """
    plugin = CORE if area in ("", ADMIN) else area
    resource = caller.instance.registry.find(plugin, noun)
    tail = f"/{ADMIN}/{noun}" if area == ADMIN else f"/p/{area}/{noun}" if area else f"/{noun}"
    if resource is None or home_of(resource) != tail:
        raise NotFound(_("没有找到"))
    return resource


def with_query(address: str, pairs: list[tuple[str, str]]) -> str:
    """An address with a query string, left out when there is nothing to ask."""
    return f"{address}?{urlencode(pairs)}" if pairs else address


def same_site(target: str | None) -> str:
    """A place on this site to go back to: anything else leads home."""
    if not target or not target.startswith("/") or target[1:2] in ("/", "\\"):
        return "/"
    return target if target.isprintable() else "/"


def dashed(name: str) -> str:
    """A name as addresses and commands write it."""
    return name.replace("_", "-")
