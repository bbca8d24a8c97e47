"""Communities beside what every noun has: a tree shows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import click

from lifang.cli import showing, widths
from lifang.cli.frame import Command, Given
from lifang.cli.nouns import Noun
from lifang.cli.params import argument, flag, option, whole
from lifang.cli.session import Session
from lifang.cli.verbs import number_of
from lifang.kit.errors import NotFound
from lifang.kit.words import _, n_
from lifang.resources.resource import Resource
from lifang.services import branches, lineage, reading
from lifang.services.query import MOST, Query, conditions

Node = dict[str, Any]


def command(name: str, help: str, session: Session) -> click.Command:
    """The noun with its further verb."""
    return Noun(session, name, help, extra=lambda session: [_tree(), _lineage()])


def _tree() -> click.Command:
    params = [
        argument("code", required=False, metavar="CODE"),
        option("--depth", metavar="N", callback=whole(1), help=n_("画几层；默认全部")),
        flag("--closed", help=n_("也画已停用的")),
    ]
    return Command("tree", n_("画出一个社区和它下面的"), _show_tree, params)


def _lineage() -> click.Command:
    def work(session: Session, given: Given) -> None:
        number = number_of(session, session.resource("core", "communities"), given["code"])
        told = lineage.told(session.caller, number)
        lines = [widths.plain(f"{turn['date']}  {turn['words']}") for turn in told]
        showing.say(session, told, "\n".join(lines) or _("没有变动过"))

    return Command(
        "lineage", n_("沿革：从哪里来，到哪里去"), work, [argument("code", metavar="CODE")]
    )


def _show_tree(session: Session, given: Given) -> None:
    resource, code = session.resource("core", "communities"), given["code"]
    standing = () if given["closed"] else (("valid_to", "isnull", (True,)),)
    query = Query(standing, within=code, sort="code")
    if given["depth"] is None:
        items = list(reading.stream(session.caller, resource, query))
    else:
        items = [*_levels(session, resource, query, given["depth"], closed=given["closed"])]
    _say_where_closed_ones_went(session, [item for item in items if item["valid_to"]])
    roots = planted(items)
    if code and not roots:
        raise NotFound(_("没有找到"))
    if not session.json:
        for line in drawn(roots):
            click.echo(line)
    elif code:
        showing.emit(roots[0])
    else:
        showing.emit({"items": roots, "next": None})


def _say_where_closed_ones_went(session: Session, closed: list[Node]) -> None:
    ids = [item["id"] for item in closed]
    under, heirs = branches.seen_from(ids), lineage.heirs(session.caller, ids)
    for item in closed:
        item["seen_from"] = under.get(item["id"])
        item["successors"] = [{**new, "share": share} for new, share in heirs[item["id"]]]


def _levels(
    session: Session, resource: Resource[Any], query: Query, depth: int, *, closed: bool
) -> Iterator[Node]:
    """The nodes of so many levels: a country is not read for the names of its provinces."""
    caller, by = session.caller, "id"
    conditions(caller, resource, query)  # says so where no such community is in sight
    tops = (
        branches.trail(caller, query.within)[-1:]
        if query.within
        else branches.tops(caller, closed=closed)
    )
    level = [node.id for node in tops]
    for _level in range(depth):
        some = [tuple(level[start : start + MOST]) for start in range(0, len(level), MOST)]
        asked = [
            replace(query, filters=(*query.filters, (by, "", ids)), within=None) for ids in some
        ]
        found = [node for one in asked for node in reading.stream(caller, resource, one)]
        yield from found
        level, by = [node["id"] for node in found], "parent"


def planted(items: Iterable[Node]) -> list[Node]:
    """Nest every node under its parent, a closed one where it is seen; others stand at the top."""
    nodes = {item["id"]: {**item, "children": []} for item in items}
    roots: list[Node] = []
    for node in nodes.values():
        parent = nodes.get(node.pop("seen_from", None) or (node["parent"] or {}).get("id"))
        (parent["children"] if parent else roots).append(node)
    return roots


def drawn(roots: list[Node]) -> Iterator[str]:
    """Draw trees line by line."""
    for root in roots:
        yield named(root)
        yield from _branches(root["children"], "")


def _branches(level: list[Node], lead: str) -> Iterator[str]:
    for node in level:
        last = node is level[-1]
        yield f"{lead}{'└── ' if last else '├── '}{named(node)}"
        yield from _branches(node["children"], lead + ("    " if last else "│   "))


def named(node: Node) -> str:
    """A node in a drawing: its name and its code, of a closed one since when and where it went."""
    told = f"{node['name']}  {node['code']}"
    if day := node.get("valid_to"):
        taken = [(new, new["share"]) for new in node["successors"]]
        told += _("（{state}）", state=f"{day} {lineage.went(taken) if taken else _('停用')}")
    return widths.plain(told)
