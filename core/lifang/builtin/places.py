"""Communities: the tree itself, as a resource."""

from __future__ import annotations

from lifang.entities.caller import Caller
from lifang.entities.community import Community, path_of
from lifang.entities.person import Affiliation
from lifang.kit.errors import Conflict, FieldError, Invalid
from lifang.kit.words import _
from lifang.resources.reach import Itself, Linked
from lifang.resources.resource import Resource

ORDER = ("province", "city", "district", "subdistrict", "community", "grid", "building")


def lies_under_its_parent(community: Community, caller: Caller) -> None:
    """A node lies under one of a wider kind; its path follows from its parent's."""
    parent = community.parent
    if parent is not None and ORDER.index(parent.kind) >= ORDER.index(community.kind):
        sentence = _("上级的类别必须比它大一级以上")
        raise Invalid(sentence, errors=[FieldError("parent", "order", sentence)])
    path = path_of(int(community.id), parent.path if parent is not None else "")
    if community.path and community.path != path:
        sentence = _("上级只能通过「移动」操作改变")
        raise Invalid(sentence, errors=[FieldError("parent", "locked", sentence)])
    community.path = path


def code_is_free(community: Community, caller: Caller) -> None:
    """A code is held by one node valid today; raises Conflict naming the holder's kind."""
    if community.valid_to is not None:
        return
    taken = Community.select(Community.id).where(
        Community.code == community.code,
        Community.id != community.id,
        Community.valid_to.is_null(),
        Community.removed_at.is_null(),
    )
    if taken.exists():
        raise Conflict(_("编号「{code}」已被使用", code=community.code), reason="duplicate")


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
    rules=[lies_under_its_parent, code_is_free],
    roles={
        "resident": "read:own",
        "unit_liaison": "read:unit",
        "grid_worker": "read",
        "community_secretary": "update",
        "subdistrict_admin": "create export",
        "district_admin": "import remove",
        "platform_administrator": "read create update import export",
    },
)
