"""Communities: the tree itself, as a resource."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import peewee as pw

from lifang.builtin.tree import close, merge, recode, rename, reopen, split, transfer
from lifang.entities.caller import Caller
from lifang.entities.community import EVERYDAY, KINDS, Community, CommunityCode, path_of
from lifang.entities.person import Affiliation
from lifang.kit.errors import Conflict, Invalid
from lifang.kit.words import _
from lifang.resources.reach import Itself, Linked
from lifang.resources.resource import Resource
from lifang.store.statements import padded

ORDER = tuple(KINDS)
Nodes = dict[int, dict[str, Any]]
"""What is told of new nodes, by their numbers."""


def lies_under_its_parent(community: Community, caller: Caller) -> None:
    """A node lies under one of a wider kind; its path follows from its parent's.

    A closed one stays where it was seen from last, or lies where it was merged into.
    """
    if community.path and community.valid_to is not None:
        return
    parent = community.parent
    if parent is not None and ORDER.index(parent.kind) >= ORDER.index(community.kind):
        raise Invalid.about("parent", "order", _("上级的类别必须比它大一级以上"))
    path = path_of(int(community.id), parent.path if parent is not None else "")
    if community.path and community.path != path:
        raise Invalid.about("parent", "locked", _("上级只能通过「划转」操作改变"))
    community.path = path


def opens_and_closes_by_decree(community: Community, caller: Caller) -> None:
    """A standing node is closed, and a closed one opened, by an action with its date and basis."""
    stored: Any = Community.select(Community.valid_to).where(Community.id == community.id).tuples()
    if any(row[0] != community.valid_to for row in stored):
        sentence = _("请用「停用」「重新启用」「并入」或「拆分」操作，写明日期和依据")
        raise Invalid.about("valid_to", "locked", sentence)


def is_remembered(community: Community, caller: Caller) -> None:
    """Where a new node lies and what it is called is kept by day; a correction is kept as such."""
    if community.version == 1:
        are_remembered({int(community.id): community.__data__}, caller)
        return
    last = CommunityCode.select(pw.fn.MAX(CommunityCode.id))
    of_it = last.where(CommunityCode.community == community)
    told = {"code": community.code, "name": community.name}
    CommunityCode.update(told).where(CommunityCode.id == of_it).execute()


def are_remembered(fresh: Nodes, caller: Caller) -> None:
    """The same of many new nodes; built with peewee each would cost more than all that it is."""
    database, day = caller.instance.database, CommunityCode.from_date.db_value
    edges = [(number, node.get("parent")) for number, node in fresh.items()]
    database.insert("core_community_edge", ("child_id", "parent_id"), edges)
    names = ("community_id", "code", "name", "from_date", "to_date")
    codes = [
        (number, node["code"], node["name"], day(node.get("valid_from")), day(node.get("valid_to")))
        for number, node in fresh.items()
    ]
    database.insert("core_community_code", names, codes)


def code_is_free(community: Community, caller: Caller) -> None:
    """A code is held by one node valid today; raises Conflict naming the holder's kind."""
    if community.valid_to is not None:
        return
    if _holding([community.code]).where(Community.id != community.id).exists():
        raise Conflict(_("代码「{code}」已被使用", code=community.code), reason="duplicate")


def _holding(codes: Sequence[str]) -> Any:
    standing = Community.valid_to.is_null() & Community.removed_at.is_null()
    return Community.select(Community.id).where(Community.code.in_(codes), standing)


def may_be_planted(fresh: Nodes, caller: Caller) -> None:
    """What the rules ask of a node, asked once for many new ones; says no without saying which."""
    above: Any = Community.select(Community.id, Community.kind, Community.path).where(
        Community.id.in_({node["parent"] for node in fresh.values() if node.get("parent")})
    )
    parents = {row[0]: row[1:] for row in above.tuples()}
    for number, node in fresh.items():
        kind, path = parents.get(node.get("parent"), (None, ""))
        if kind is not None and ORDER.index(kind) >= ORDER.index(node["kind"]):
            raise Invalid(_("上级的类别必须比它大一级以上"))
        node["path"] = path_of(number, path)
    codes = [node["code"] for node in fresh.values() if not node.get("valid_to")]
    held = caller.instance.database.ask("held", padded(codes), _holding) if codes else []
    if held or len(set(codes)) < len(codes):
        raise Conflict(_("已有相同的记录"), reason="duplicate")


communities = Resource(
    Community,
    label="社区",
    noun="communities",
    columns=["code", "name", "kind", "parent"],
    search=["name"],
    scope=Itself(),
    owner=Linked(Affiliation, here="community", there="person"),
    unit=Linked(Affiliation, here="community", there="organization"),
    hidden=["path"],
    checks={"kind": lambda said: EVERYDAY.get(said, said)},
    rules=[lies_under_its_parent, opens_and_closes_by_decree, code_is_free],
    saved=[is_remembered],
    at_once=(may_be_planted, are_remembered),
    dated="valid_from",
    actions=[rename, recode, transfer, merge, split, close, reopen],
    roles={
        "resident": "read:own",
        "unit_liaison": "read:unit",
        "grid_worker": "read",
        "community_secretary": "update",
        "subdistrict_admin": "create export",
        "district_admin": "import remove rename recode transfer merge split close reopen",
        "platform_administrator": "read create update import export",
    },
)
