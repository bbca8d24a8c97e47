"""The tree changes by decree: from a day on, a node is called, lies, or is divided otherwise."""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from lifang.builtin import edges
from lifang.entities.caller import Caller
from lifang.entities.community import (
    Community,
    CommunityCode,
    CommunityEdge,
    CommunitySuccessor,
    path_end,
)
from lifang.events.event import Data
from lifang.kit import clock
from lifang.kit.errors import Conflict
from lifang.kit.words import _, _p
from lifang.plugins.tables import Activation, SettingRow, bump_epoch
from lifang.resources import schema
from lifang.resources.action import Lines, Preview, Section, action
from lifang.resources.resource import Resource
from lifang.services import reading
from lifang.services.auditing import Change
from lifang.services.checks import keep_rules, permit, save
from lifang.services.deeds import Deed, tell
from lifang.services.gateway import write
from lifang.services.offers import may
from lifang.services.places import places_of
from lifang.services.query import Query, find_community

Day = dt.date
PART = re.compile(r"(\S+)(?:\s+(.+?))??(?:\s+(\d+(?:\.\d+)?)\s*[%％])?")
HELP = (
    "每行一个：编号 名称: 下级编号 下级编号…；已有的社区只写编号。名称后可写比例，如 40%，合计 100%"
)


def _stands(view: Any) -> bool:
    return view.get("valid_to") is None


def decree(label: str, event: str, **more: Any) -> Callable[[Any], Any]:
    """Declare a change that concerns all that lies in a node: how much that is, is shown first."""

    def declare(run: Callable[..., Data]) -> Any:
        @functools.wraps(run)
        def preview(node: Community, caller: Caller, **given: Any) -> Preview:
            rows = tuple(_concerned(node, caller))
            run(node, caller, **given)
            keep_rules(_resource(caller), caller, node)
            return Preview((Section(_("涉及的记录"), (_("记录"), _("条数")), rows),))

        return action(label, event=event, preview=preview, **{"when": _stands, **more})(run)

    return declare


def _concerned(node: Community, caller: Caller) -> Iterator[tuple[str, str]]:
    """How many records of each kind lie in a node and below, within what the caller sees."""
    for resource in caller.instance.registry:
        if resource.scope is not None and may(caller, resource, "read"):
            found = reading.count(caller, resource, Query(within=node.code))
            if found:
                yield _p("plural", resource.label), str(found)


@action("更名", event="renamed", when=_stands)
def rename(
    node: Community,
    caller: Caller,
    *,
    name: Annotated[str, "新名称"],
    date: Day,
    basis: str,
    short_name: Annotated[str | None, "新简称"] = None,
) -> Data:
    """Call a community something else from a day on."""
    return _call(node, caller, date, {"name": name, "short_name": short_name})


@action("更换编号", event="recoded", when=_stands)
def recode(
    node: Community, caller: Caller, *, code: Annotated[str, "新编号"], date: Day, basis: str
) -> Data:
    """Give a community another code from a day on; the old one is free for others then."""
    return _call(node, caller, date, {"code": code})


def _call(node: Community, caller: Caller, date: Day, told: dict[str, Any]) -> Data:
    _demand_standing(node)
    resource = _resource(caller)
    told = schema.load(tuple(resource.by_name[name] for name in told), told, partial=True)
    old = {name: getattr(node, name) for name in told}
    if old == told:
        raise Conflict(_("与现在的相同，没有变化"))
    edges.demand_day(node, date, edges.called(node))
    for name, value in told.items():
        setattr(node, name, value)
    CommunityCode.update(to_date=date).where(*edges.called(node)).execute()
    edges.begin_to_be_called(node, date)
    return {f"old_{name}": value for name, value in old.items()}


@decree("划转", "transferred")
def transfer(
    node: Community,
    caller: Caller,
    *,
    parent: Annotated[Community, "新上级"],
    date: Day,
    basis: str,
) -> Data:
    """Move a community and all that lies in it under another one from a day on."""
    _demand_standing(node)
    permit(_resource(caller), "transfer", caller, parent)
    old = node.__data__["parent"]
    if old == parent.id:
        raise Conflict(_("「{name}」已在「{parent}」之下", name=node.name, parent=parent.name))
    edges.demand_day(node, date, edges.lies(node))
    edges.demand_day(parent, date)
    edges.lay(node, parent, date)
    node.parent = parent
    bump_epoch()
    return {"old": old, "new": parent.id}


@decree("并入", "merged")
def merge(
    node: Community,
    caller: Caller,
    *,
    into: Annotated[Community, "并入的社区"],
    date: Day,
    basis: str,
) -> Data:
    """Merge a community into another one of its kind, which takes over all that lies in it.

    Its records stay with it and are seen from the other one, where it lies from then on.
    """
    _demand_standing(node)
    _demand_heir(node, caller, "merge", into, date)
    edges.demand_day(node, date, edges.lies(node), edges.called(node), edges.lie_under(node))
    for child in _children(node):
        _hand_over(child, into, caller, date, basis)
    left: Any = CommunityEdge.select(CommunityEdge.child).where(*edges.lie_under(node))
    for (number,) in list(left.tuples()):
        edges.begin_to_lie(number, into, date)
    edges.rebase(node.path, path_end(node.path), into.path, beyond=node.path)
    edges.lay(node, into, date)
    edges.end(node, date)
    # a switch that says off would go on hiding what is the other one's now, for good
    Activation.delete().where(Activation.community == node, ~Activation.on).execute()
    CommunitySuccessor.create(old=node, new=into, date=date)
    bump_epoch()
    return {}


@dataclass(frozen=True)
class Part:
    """What a node is split into: a new node, or one that stands, and what lies in it."""

    code: str
    name: str | None
    share: float | None
    under: tuple[str, ...]


@decree("拆分", "split")
def split(
    node: Community,
    caller: Caller,
    *,
    into: Annotated[Lines, "拆分为", HELP],
    date: Day,
    basis: str,
) -> Data:
    """Split a community in several; what lies in it goes where it is told, its records wait."""
    _demand_standing(node)
    edges.demand_day(node, date, edges.lies(node), edges.called(node), edges.lie_under(node))
    parts, children = _parts(into), {child.code: child for child in _children(node)}
    told = [code for part in parts for code in part.under]
    if sorted(told) != sorted(children):
        wrong = set(told) ^ set(children) or {code for code in told if told.count(code) > 1}
        listed = _("、").join(sorted(wrong))
        raise edges.blame("into", _("每个下级须写且只写一次；请核对：{codes}", codes=listed))
    edges.end(node, date)
    heirs = [_heir(node, part, caller, date) for part in parts]
    if len({heir.id for heir in heirs}) < len(heirs):
        raise edges.blame("into", _("同一个社区写了两次"))
    for part, heir in zip(parts, heirs, strict=True):
        for code in part.under:
            _hand_over(children[code], heir, caller, date, basis)
        share = part.share if part.share is not None else 1 / len(parts)
        CommunitySuccessor.create(old=node, new=heir, date=date, share=share)
    bump_epoch()
    return {"into": [int(heir.id) for heir in heirs]}


def _parts(told: str) -> list[Part]:
    found = []
    for line in filter(None, map(str.strip, re.split(r"[\n;；]", told))):
        head, _sep, under = line.replace("：", ":").partition(":")
        match = PART.fullmatch(head.strip())
        if match is None:
            sentence = _("看不懂「{line}」；应为「编号 名称: 下级编号…」", line=line)
            raise edges.blame("into", sentence)
        code, name, share = match.groups()
        lying = tuple(re.findall(r"[^\s,，、]+", under))
        found.append(Part(code, name, float(share) / 100 if share else None, lying))
    shares = [part.share for part in found if part.share]
    given = any(part.share is not None for part in found)
    if len(found) < 2 or (given and (len(shares) < len(found) or abs(sum(shares) - 1) > 1e-6)):
        raise edges.blame("into", _("请写明至少两个社区；写比例时每个都写，合计 100%"))
    return found


def _heir(node: Community, part: Part, caller: Caller, date: Day) -> Community:
    """The node that takes over a part: one that stands, or a new one beside the old one."""
    resource = _resource(caller)
    if part.name is None:
        found = find_community(caller, part.code)
        if found is None:
            missing = _("没有代码为「{code}」的社区，或您看不到它；新设的请写名称", code=part.code)
            raise edges.blame("into", missing)
        _demand_heir(node, caller, "split", found, date)
        return found
    same = ("kind", "parent", "code_system", "class_code")
    told = {name: node.__data__[name] for name in same}
    told |= {"code": part.code, "name": part.name, "valid_from": date.isoformat()}
    made = write(resource, "create", caller, told)
    # before that day it was part of the old node: so records lie that tell of earlier days
    CommunityEdge.update(from_date=date).where(*edges.lies(made)).execute()
    CommunityEdge.create(child=made, parent=node, to_date=date)
    for switch in Activation.select().where(Activation.community == node):
        kept = {"plugin": switch.plugin, "on": switch.on}
        Activation.create(community=made, **kept, changed_at=clock.now())
    bump_epoch()  # before the first word: what was read of them holds no longer
    said: Any = SettingRow.select().where(SettingRow.community == node, SettingRow.sealed.is_null())
    for word in said.order_by(SettingRow.id).dicts():
        SettingRow.create(**{**word, "id": None, "community": made})
    return made


@decree("停用", "closed")
def close(node: Community, caller: Caller, *, date: Day, basis: str) -> Data:
    """Close a community that nothing lies under any more; its records are seen from above."""
    _demand_standing(node)
    if children := _children(node):
        names = _("、").join(child.name for child in children[:5])
        raise Conflict(_("还有 {n} 个下级没有停用：{names}", n=len(children), names=names))
    edges.demand_day(node, date, edges.lies(node), edges.called(node))
    edges.end(node, date)
    bump_epoch()
    return {}


@action("重新启用", event="opened", when=lambda view: not _stands(view))
def reopen(
    node: Community,
    caller: Caller,
    *,
    date: Day,
    basis: str,
    parent: Annotated[Community | None, "上级（不同于原来的）"] = None,
) -> Data:
    """Open a closed community again, where it was or under another one."""
    if node.valid_to is None:
        raise Conflict(_("「{name}」没有停用", name=node.name))
    if CommunitySuccessor.select().where(CommunitySuccessor.old == node).exists():
        raise Conflict(_("「{name}」已由别的社区接续，不能重新启用", name=node.name))
    under = parent or node.parent
    if under is not None and (under.valid_to is not None or under.removed_at is not None):
        raise edges.blame("parent", _("原来的上级已停用；请填写新的上级"))
    edges.demand_day(node, date, edges.lies(node))
    if parent is not None and parent.id != node.__data__["parent"]:
        permit(_resource(caller), "reopen", caller, parent)
        edges.lay(node, parent, date)
        node.parent = parent
    edges.mark(node, None)
    edges.begin_to_be_called(node, date)
    bump_epoch()
    return {}


def _resource(caller: Caller) -> Resource[Community]:
    return caller.instance.registry.of(Community)


def _demand_standing(node: Community) -> None:
    if node.valid_to is not None:
        day = node.valid_to
        raise Conflict(_("「{name}」已于 {day} 停用", name=node.name, day=day))


def _demand_heir(node: Community, caller: Caller, verb: str, heir: Community, date: Day) -> None:
    """Whoever lets a node take over may do so to both, and both are of one kind."""
    if heir.id == node.id or heir.kind != node.kind:
        raise edges.blame("into", _("须是另一个同类别的社区"))
    permit(_resource(caller), verb, caller, heir)
    edges.demand_day(heir, date, edges.lies(heir))


def _children(node: Community) -> list[Community]:
    standing = Community.valid_to.is_null() & Community.removed_at.is_null()
    return list(Community.select().where(Community.parent == node.id, standing))


def _hand_over(child: Community, under: Community, caller: Caller, date: Day, basis: str) -> None:
    """Let a node lie under the one that takes over from its parent, and tell of it."""
    resource, old = _resource(caller), child.__data__["parent"]
    before = places_of(caller, resource, child)
    edges.lay(child, under, date)
    child.parent = under
    save(resource, caller, child)
    data = {"old": old, "new": int(under.id), "date": date.isoformat(), "basis": basis}
    moved = [Change("parent", str(old), str(under.id))]
    tell(resource, caller, child, Deed("transfer", "transferred", moved, data, before))
