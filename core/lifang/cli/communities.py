"""Communities beside what every noun has: a file brings them, a tree shows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import click

from lifang.cli import showing, widths
from lifang.cli.frame import Command, Given
from lifang.cli.importing import blame, file_named
from lifang.cli.nouns import Noun
from lifang.cli.params import argument, flag, option, whole
from lifang.cli.session import Session
from lifang.cli.waiting import progress
from lifang.kit.errors import Invalid, NotFound
from lifang.kit.words import _, n_
from lifang.services import branches, lineage, reading
from lifang.services.query import Query

Node = dict[str, Any]


def command(name: str, help: str, session: Session) -> click.Command:
    """The noun with its two further verbs."""
    return Noun(session, name, help, extra=lambda session: [_import(), _tree()])


def _import() -> click.Command:
    params = [
        argument("file", metavar="FILE.csv"),
        flag("--dry-run", help=n_("只检查文件，什么都不写")),
    ]
    told = n_("列是 code,name,kind,parent_code。再次导入同一文件不改变任何内容。")
    return Command("import", n_("从 CSV 文件导入"), _import_file, params, epilog=told)


def _tree() -> click.Command:
    params = [
        argument("code", required=False, metavar="CODE"),
        option("--depth", metavar="N", callback=whole(1), help=n_("画几层；默认全部")),
        flag("--closed", help=n_("也画已停用的")),
    ]
    return Command("tree", n_("画出一个社区和它下面的"), _show_tree, params)


def _show_tree(session: Session, given: Given) -> None:
    resource = session.resource("core", "communities")
    standing = () if given["closed"] else (("valid_to", "isnull", (True,)),)
    query = Query(standing, within=given["code"], sort="code")
    items = list(reading.stream(session.caller, resource, query))
    _say_where_closed_ones_went(session, [item for item in items if item["valid_to"]])
    roots = planted(items, given["depth"])
    if given["code"] and not roots:
        raise NotFound(_("没有找到"))
    if not session.json:
        for line in drawn(roots):
            click.echo(line)
    elif given["code"]:
        showing.emit(roots[0])
    else:
        showing.emit({"items": roots, "next": None})


def _say_where_closed_ones_went(session: Session, closed: list[Node]) -> None:
    ids = [item["id"] for item in closed]
    under, heirs = branches.seen_from(ids), lineage.heirs(session.caller, ids)
    for item in closed:
        item["seen_from"] = under.get(item["id"])
        item["successors"] = [{**new, "share": share} for new, share in heirs[item["id"]]]


def planted(items: Iterable[Node], depth: int | None = None) -> list[Node]:
    """Nest every node under its parent, a closed one where it is seen; others stand at the top."""
    nodes = {item["id"]: {**item, "children": []} for item in items}
    roots: list[Node] = []
    for node in nodes.values():
        parent = nodes.get(node.pop("seen_from", None) or (node["parent"] or {}).get("id"))
        (parent["children"] if parent else roots).append(node)
    if depth is not None:
        _prune(roots, depth)
    return roots


def _prune(level: list[Node], depth: int) -> None:
    for node in level:
        if depth == 1:
            node["children"] = []
        _prune(node["children"], depth - 1)


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


def _import_file(session: Session, given: Given) -> int:
    from lifang.services.exchange import import_communities

    file = file_named(given["file"])
    with progress(_("导入")) as told:
        outcome = import_communities(session.caller, file, dry_run=given["dry_run"], progress=told)
    if session.json:
        showing.emit(outcome)
    elif outcome["failed"]:
        blame(outcome["failed"], outcome["errors"])
    else:
        click.echo(_summary(outcome["created"], outcome["updated"], outcome["unchanged"],
                            dry_run=given["dry_run"]))  # fmt: skip
    return Invalid.exit_code if outcome["failed"] else 0


def _summary(created: int, updated: int, unchanged: int, *, dry_run: bool) -> str:
    if not created and not updated:
        return _("没有变化：{n} 个社区与文件相同", n=unchanged)
    told = _("新建 {created} 个，修改 {updated} 个，{unchanged} 个没有变化",
             created=created, updated=updated, unchanged=unchanged)  # fmt: skip
    return _("只检查，没有写入：将{told}", told=told) if dry_run else told
