"""The community tree: only the branches somebody opens, and what is known of the chosen node."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import render_template, request

from lifang.entities.caller import Caller
from lifang.entities.community import KINDS, Community
from lifang.kit.words import _, _p
from lifang.lifecycle import switching
from lifang.services import branches, reading
from lifang.services.branches import Node
from lifang.services.lineage import Turn, turns
from lifang.services.offers import may, offers
from lifang.services.query import Query
from lifang.web import commands
from lifang.web.addresses import address_of, home_of, with_query
from lifang.web.home import COUNTED
from lifang.web.lists import bring_to
from lifang.web.records import Related, related_to
from lifang.web.shown import Shown, show

HEADED = ("name", "code")
"""What the heading of the pane says already."""


@dataclass
class Branch:
    """A node as the tree draws it; `off` are those beside the way, left out on a small screen."""

    node: Node
    link: str
    kind: str
    chosen: bool = False
    open: bool = False
    off: bool = False
    under: list[Branch] = field(default_factory=list)


@dataclass(frozen=True)
class On:
    """A plugin that is on at the chosen node, and the node whose switch decides it."""

    label: str
    code: str
    name: str
    inherited: bool


@dataclass(frozen=True)
class Chosen:
    """What is known of the chosen node."""

    node: Node
    link: str
    facts: list[Shown]
    figures: list[tuple[str, int, str]]
    plugins: list[On]
    editable: bool
    related: list[Related]
    turns: list[Turn]


def tree_page(caller: Caller) -> str:
    """The tree as far as it is opened, and the chosen node beside it."""
    resource = caller.instance.registry.of(Community)
    reading.open_to(caller, resource)
    closed = request.args.get("closed") == "true"
    tops = branches.tops(caller, closed=closed)
    code = request.args.get("at") or (tops[0].code if tops else None)
    trail = branches.trail(caller, code) if code else []
    closed = closed or any(node.closed is not None for node in trail)
    return render_template(
        "web/tree.html",
        resource=resource,
        drawn=draw(caller, tops, trail, closed=closed),
        closed=closed,
        chosen=choose(caller, trail) if trail else None,
        trail=[(node.name, _at(node)) for node in trail],
        new=_new(trail) if may(caller, resource, "create") else None,
        bring=bring_to(caller, resource),
        administers=switching.may_administer(caller),
        command=commands.line(
            resource, "tree", *([code] if code else []), *(["--closed"] if closed else [])
        ),
    )


def draw(
    caller: Caller, nodes: list[Node], trail: list[Node], *, closed: bool = False
) -> list[Branch]:
    """The branches of a row of nodes, opened along the trail; closed ones on demand only."""
    drawn = []
    aside = len(trail) > 1 or (len(trail) == 1 and trail[0].under > 0)
    for node in nodes:
        on_trail = bool(trail) and trail[0].id == node.id
        branch = Branch(
            node,
            _at(node, closed=closed),
            _(KINDS[node.kind]),
            open=on_trail,
            off=aside and not on_trail,
        )
        if on_trail:
            branch.chosen = len(trail) == 1
            below = branches.children(caller, node, closed=closed)
            branch.under = draw(caller, below, trail[1:], closed=closed)
        drawn.append(branch)
    return drawn


def choose(caller: Caller, trail: list[Node]) -> Chosen:
    """What the pane beside the tree shows."""
    resource, node = caller.instance.registry.of(Community), trail[-1]
    view = reading.view(caller, resource, node.id)
    told = [
        show(caller, resource, spec, view[spec.name])
        for spec in resource.fields
        if spec.name not in HEADED and view.get(spec.name) is not None
    ]
    return Chosen(
        node,
        address_of(resource, node.id),
        told,
        list(_figures(caller, node)),
        _plugins(caller, node),
        "update" in offers(caller, resource, view),
        [one for one in related_to(caller, resource, view) if one.noun not in COUNTED],
        turns(caller, node.id),
    )


def _figures(caller: Caller, node: Node) -> list[tuple[str, int, str]]:
    """How many of everything lie within the node."""
    told = []
    for noun in COUNTED[1:]:
        resource = caller.instance.registry.find("core", noun)
        if resource is not None and may(caller, resource, "read"):
            number = reading.count(caller, resource, Query(within=node.key))
            link = with_query(home_of(resource), [("within", node.key)])
            told.append((_p("plural", resource.label), number, link))
    return told


def _plugins(caller: Caller, node: Node) -> list[On]:
    """Which plugins are on here, and from where that comes."""
    record = reading.get(caller, caller.instance.registry.of(Community), node.id)
    told = []
    for name, code in switching.on_at(caller, record):
        plugin = caller.instance.plugins.loaded[name]
        above = "" if code == node.code else _name_of(caller, code)
        told.append(On(_(plugin.label), code, above, inherited=code != node.code))
    return told


def _name_of(caller: Caller, code: str) -> str:
    """A community's name, as far as the caller may know it: its code is told in any case."""
    resource = caller.instance.registry.of(Community)
    found = reading.find(caller, resource, Query(filters=(("code", "", (code,)),), limit=1))
    return str(found.items[0]["name"]) if found.items else code


def _new(trail: list[Node]) -> str:
    return with_query("/communities/new", [("parent", trail[-1].code)] if trail else [])


def _at(node: Node, *, closed: bool = False) -> str:
    return with_query("/communities", [("at", node.key)] + [("closed", "true")] * closed)
