"""What stands around every page: navigation, who is signed in, how they want to see it."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import Any

from flask import request

from lifang.access.roles import ROLES
from lifang.entities.caller import Caller
from lifang.http.request import known_caller, the_instance
from lifang.kit import words
from lifang.kit.words import _, _p
from lifang.lifecycle import switching
from lifang.mechanisms.figures import indicators
from lifang.mechanisms.inbox import unread
from lifang.mechanisms.laid import STAFF, concerning, desks
from lifang.mechanisms.sheet import sheets
from lifang.resources.registry import CORE
from lifang.resources.resource import Resource
from lifang.services import event_log, trail
from lifang.services.offers import may
from lifang.upkeep import doctor
from lifang.web import doors, looks
from lifang.web.addresses import dashed, home_of

ICONS = {
    "core.communities": "tree",
    "core.people": "people",
    "core.organizations": "building",
    "core.affiliations": "pin",
    "core.memberships": "link",
    "core.households": "home",
    "core.household_members": "people",
    "core.accounts": "key",
    "core.grants": "shield",
}


@dataclass(frozen=True)
class Item:
    """One way to go."""

    label: str
    link: str
    icon: str
    here: bool


@dataclass(frozen=True)
class Group:
    """Ways that belong together, under a heading or none."""

    label: str
    items: list[Item] = field(default_factory=list)

    @property
    def size(self) -> int:
        """How many ways it holds."""
        return len(self.items)

    @property
    def here(self) -> bool:
        """Whether one of them is where the visitor is."""
        return any(item.here for item in self.items)


def surroundings() -> dict[str, Any]:
    """What the base template shows beside a page's own content."""
    caller = known_caller()
    bound = caller is not None and doors.bound(caller)
    return {
        "visitor": caller,
        "navigation": navigation(caller) if caller is not None and not bound else [],
        "standings": standings_of(caller) if caller is not None else [],
        "bell": unread(caller) if caller is not None and not bound else None,
        "must_change": bound,
        "theme": looks.theme(),
        "size": looks.size(),
        "language": words.language(),
        "here": doors.here() if request.method == "GET" else request.path,
        "plain_http": _plain_http(),
        "sample": the_instance().sample,
        "safe": the_instance().plugins.safe,
    }


def navigation(caller: Caller) -> list[Group]:
    """The ways open to a caller: the core's, each plugin's, administration."""
    core, admin = Group(""), Group(_("管理"))
    office, here = in_office(caller), request.path
    if office or caller.person is None:
        core.items.append(Item(_("概览"), "/", "home", here == "/"))
    core.items.extend(_of_many_kinds(caller))
    plugins = _worked_at(caller)
    for resource in caller.instance.registry:
        if not may(caller, resource, "read") or (resource.confidential and not office):
            continue
        item = _item(resource, here)
        if resource.plugin != CORE:
            label = _(caller.instance.plugins.loaded[resource.plugin].label)
            plugins.setdefault(resource.plugin, Group(label)).items.append(item)
        else:
            (admin if resource.scope is None else core).items.append(item)
    if switching.may_administer(caller):
        admin.items.insert(0, _fixed(_("插件"), "/admin/plugins", "puzzle"))
        admin.items.insert(1, _fixed(_p("plural", "设置"), "/admin/settings", "sliders"))
    admin.items.extend(_of_the_instance(caller))
    return [group for group in (core, *plugins.values(), admin) if group.items]


def _of_the_instance(caller: Caller) -> list[Item]:
    """The pages that tell how the instance is, and how programs ask it."""
    told = (
        (switching.may_administer(caller), _("接口说明"), "/api/docs", "list"),
        (trail.may_audit(caller), _("审计"), "/admin/audit", "clock"),
        (event_log.sight(caller), _p("plural", "事件"), "/admin/events", "list"),
        (doctor.may_look(caller), _("体检"), "/admin/doctor", "pulse"),
    )
    return [_fixed(label, link, icon) for open_to, label, link, icon in told if open_to]


def _worked_at(caller: Caller) -> dict[str, Group]:
    """A group for each plugin whose desk has something for the caller, beginning with that."""
    told = {}
    for id in desks(caller):
        link = f"/p/{dashed(id)}"
        item = Item(desk_name(caller, id), link, "pen", request.path == link)
        told[id] = Group(_(caller.instance.plugins.loaded[id].label), [item])
    return told


def desk_name(caller: Caller, plugin: str) -> str:
    """What a desk is called: a workbench for those who work there, one's own matters for others."""
    works = any(one.reach in STAFF for one in concerning(caller, plugin))
    return _("工作台") if works else _("我的事项")


def _of_many_kinds(caller: Caller) -> list[Item]:
    """The pages that are no list of one resource: one's own, the notice board, the figures."""
    board = caller.instance.registry.find(CORE, "public_notices")
    items = [_fixed(_("我的"), "/me", "user")] if caller.person is not None else []
    if board is not None and may(caller, board, "read"):
        items.append(_fixed(_("公示栏"), "/notices", "list"))
    if indicators(caller):
        items.append(_fixed(_p("plural", "指标"), "/indicators", "chart"))
    if sheets(caller):
        items.append(_fixed(_("台账和报表"), "/sheets", "list"))
    return items


def _item(resource: Resource[Any], path: str) -> Item:
    label, link = _p("plural", resource.label), home_of(resource)
    return _fixed(label, link, ICONS.get(resource.id, "list"), path)


def _fixed(label: str, link: str, icon: str, path: str | None = None) -> Item:
    path = path or request.path
    return Item(label, link, icon, path == link or path.startswith(f"{link}/"))


def in_office(caller: Caller) -> bool:
    """Whether somebody is more here than a resident."""
    return any(one.role != "resident" for one in caller.standings)


def standings_of(caller: Caller) -> list[str]:
    """The roles somebody holds, each once."""
    return list(dict.fromkeys(_(ROLES.get(one.role, one.role)) for one in caller.standings))


def _plain_http() -> bool:
    """Whether what is typed here can be read on the way."""
    try:
        here = ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        here = False
    return not request.is_secure and not here
