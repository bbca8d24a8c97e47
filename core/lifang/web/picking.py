"""What a field that points at a record offers while somebody types, and the tree to choose from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import render_template, request

from lifang.entities.caller import Caller
from lifang.entities.community import KINDS, Community
from lifang.kit.errors import NotFound
from lifang.kit.words import _
from lifang.resources.fields import FieldSpec
from lifang.resources.resource import Resource
from lifang.services import branches, reading
from lifang.services.branches import Node
from lifang.services.presenting import View
from lifang.web import pointers
from lifang.web.shown import NOTHING, show

OFFERED, TOLD = 12, 3
"""How many records are offered at once, and how many facts tell each from its namesakes."""
TELLING = {
    "core.communities": ("code", "kind", "parent"),
    "core.people": ("phone", "community"),
    "core.organizations": ("kind", "community"),
}
"""What tells records apart best; of other resources it is what their lists show."""


@dataclass(frozen=True)
class Choice:
    """One record: the words that the field will hold, its name, and what tells it apart."""

    value: str
    name: str
    about: str


def pick_page(caller: Caller, resource: Resource[Any]) -> str:
    """The records somebody may mean by what was typed so far; of communities also the tree."""
    reading.open_to(caller, resource)
    if resource.model is Community and "at" in request.args:
        return _tree(caller, request.args["at"])
    kind = "community" if resource.model is Community else "reference"
    spec = FieldSpec("", resource.label, kind, target=resource.model)
    said = request.args.get("q", "").strip()[:100]
    found = pointers.look_for(caller, spec, said) if said else pointers.near(caller, spec)
    chosen = [_choice(caller, resource, spec, view) for view in found[:OFFERED]]
    return render_template("web/parts/choices.html", choices=chosen, more=len(found) > OFFERED)


def _choice(caller: Caller, resource: Resource[Any], spec: FieldSpec, view: View) -> Choice:
    names = TELLING.get(resource.id) or [one.name for one in resource.columns]
    told = [
        show(caller, resource, resource.by_name[name], view.get(name)).text
        for name in names
        if name != resource.title
    ]
    words = pointers.words_of(caller, spec, view)
    about = " · ".join([text for text in told if text != NOTHING][:TOLD])
    return Choice(words, str(view.get(resource.title or "") or words), about)


def _tree(caller: Caller, code: str) -> str:
    """One node with those directly under it, each to be chosen or opened."""
    try:
        trail = branches.trail(caller, code) if code else []
    except NotFound:  # whatever was typed before the tree was opened
        trail = []
    open_ones = [node for node in trail if node.closed is None]
    nodes = branches.children(caller, trail[-1]) if trail else branches.tops(caller)
    return render_template(
        "web/parts/choice_tree.html",
        trail=[_node(node) for node in open_ones],
        nodes=[_node(node) for node in nodes],
    )


def _node(node: Node) -> dict[str, Any]:
    value = pointers.words(pointers.PLACE, {"id": node.id, "name": node.name, "code": node.code})
    kind = _(KINDS[node.kind])
    return {"value": value, "name": node.name, "code": node.code, "kind": kind, "under": node.under}
